"""Whatever else was played: arms that the plan does not have, beside base, and presets other than the study's."""

from collections.abc import Iterator, Mapping

from sparring.evaluation.markdown import markdown
from sparring.study.arms import ARMS, BASE
from sparring.study.claims import effect_of
from sparring.study.comparison import HIGH, LOW, Arms, Term
from sparring.study.page_made import digests, notes
from sparring.study.page_tables import HOW, players_table, players_tested, terms_of
from sparring.study.telling import FORCES, Section, code, made_by, points_told, rate_told, seeds_of, single_runs, tries_of

ABOUT = (
    "Arms beside `base`, on the ten named objects: what each of their players lifts, and what it lifts more than the player of "
    "the same name in `base`, with the same seeds on the same scenes."
)


def other_arms(arms: Arms) -> list[Section]:
    """Arms of the study's preset that the plan does not have; none where there are none."""
    names = [name for name in arms if name not in ARMS]
    return [Section("Other arms", [ABOUT, _beside_base(arms, names)])] if names else []


def other_presets(presets: Mapping[str, Arms]) -> list[Section]:
    """The paper's tables of other presets, and their arms beside base; none where there are none."""
    blocks = [block for preset, arms in presets.items() for block in _preset(preset, arms)]
    return [Section("Other presets", blocks)] if blocks else []


def _preset(preset: str, arms: Arms) -> Iterator[str]:
    yield f"### {code(preset)}"
    for protocol in (LOW, HIGH):
        if players_tested(arms, BASE, protocol):
            yield f"{code(BASE)}, {FORCES[protocol]}: {HOW[protocol]}"
            yield players_table(arms, BASE, protocol)
            yield from single_runs(arms, terms_of(arms, BASE, protocol))
    others = [name for name in arms if name != BASE]
    if any(terms_of(arms, name, protocol) for name in others for protocol in (LOW, HIGH)):
        yield ABOUT
        yield _beside_base(arms, others)
    yield digests(arms)
    yield from notes(arms)
    if BASE in arms:
        yield made_by("table-1", preset=preset)


def _beside_base(arms: Arms, names: list[str]) -> str:
    header = ["arm and player", "success (95 %)", f"minus {code(BASE)}, points (95 %)", "seeds", "tries"]
    rows: list[list[str]] = []
    for protocol in (LOW, HIGH):
        for term in [term for name in names for term in terms_of(arms, name, protocol)]:
            rate, more = effect_of(arms, term), effect_of(arms, term, -Term(BASE, term.player, protocol))
            force = "" if protocol == LOW else f", {FORCES[protocol]}"
            told = ["" if more is None else points_told(more), seeds_of(more or rate), tries_of(more or rate)]
            rows.append([f"{code(term.arm)} {code(term.player)}{force}", rate_told(rate), *told])
    return markdown((header, rows))
