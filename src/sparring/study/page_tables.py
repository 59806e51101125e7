"""The paper's tables I and II, with intervals, single runs, and 100 novel objects beside the ten named ones."""

from collections.abc import Sequence

from sparring.evaluation.markdown import markdown
from sparring.evaluation.paper import OVERALL, TABLE_2
from sparring.evaluation.statistics import Rate
from sparring.study.claims import effect_of
from sparring.study.comparison import HIGH, LOW, NAMED, NOVEL, Arms, Term, test_of
from sparring.study.page_claims import PLAYERS
from sparring.study.summary import FAILED, LIFTED, Summary
from sparring.study.telling import (
    NONE_YET,
    Section,
    code,
    made_by,
    missing,
    points_told,
    rate_told,
    seeds_of,
    single_runs,
    tries_of,
)

BESIDE = ("collaborative", "start")
"""Whom every player is compared with."""
TESTED = ("start", "collaborative", "shake-3", "snatch-2")
"""Players that the plan tests with both protocols and on novel objects."""
TABLES = {LOW: "Table I: low force", HIGH: "Table II: high force"}
HOW = {
    LOW: "7 N, plain pads, 128 patches, as in training; a success is an object lifted 30 cm and held for a second.",
    HIGH: "35 N, rubber pads, 1,280 patches; else as above.",
}
WITHOUT, WITH_SHAKE, WITH_SNATCH = "collaborative", "shake-3", "snatch-2"


def table(arms: Arms, protocol: str) -> Section:
    """A table of the paper, whole."""
    planned = [Term("base", player, protocol) for player in (PLAYERS if protocol == LOW else TESTED)]
    blocks = [HOW[protocol], *missing(arms, planned)]
    if players_of(arms, "base", protocol):
        blocks += [players_table(arms, "base", protocol), *single_runs(arms, terms_of(arms, "base", protocol))]
    blocks += _novel(arms, protocol)
    if protocol == HIGH:
        blocks += _by_object(arms)
    return Section(TABLES[protocol], [*blocks, made_by({LOW: "table-1", HIGH: "table-2"}[protocol])])


def players_of(arms: Arms, arm: str, protocol: str, objects: str = NAMED) -> list[str]:
    """Players that an arm has tested, in the order of the paper's table."""
    runs = arms[arm].runs if arm in arms else ()
    found = {test.player: None for run in runs for test in run.tested if (test.protocol, test.objects) == (protocol, objects)}
    return [player for player in PLAYERS if player in found] + [player for player in found if player not in PLAYERS]


def terms_of(arms: Arms, arm: str, protocol: str) -> list[Term]:
    """The rates of an arm's players on the ten named objects."""
    return [Term(arm, player, protocol) for player in players_of(arms, arm, protocol)]


def players_table(arms: Arms, arm: str, protocol: str, objects: str = NAMED) -> str:
    """A row a player: its rate, and what it has more than the collaborative one and than the first."""
    players = players_of(arms, arm, protocol, objects)
    beside = [player for player in BESIDE if player in players]
    header = ["player", "success (95 %)", *(f"less {code(player)}, points (95 %)" for player in beside)]
    paper = OVERALL.get(protocol, {}) if objects == NAMED else {}
    header += (["the paper"] if paper else []) + ["seeds", "tries"]
    rows: list[list[str]] = []
    for player in players:
        term = Term(arm, player, protocol)
        rate = effect_of(arms, term, objects=objects)
        less = [
            "" if other == player else points_told(effect_of(arms, term, -Term(arm, other, protocol), objects=objects))
            for other in beside
        ]
        told = ([f"{paper[player]} %" if player in paper else ""] if paper else []) + [seeds_of(rate), tries_of(rate)]
        rows.append([code(player), rate_told(rate), *less, *told])
    return markdown((header, rows))


def _novel(arms: Arms, protocol: str) -> list[str]:
    """The same beside it, on objects of families that nothing is trained on."""
    players = players_of(arms, "base", protocol, NOVEL)
    rate = effect_of(arms, Term("base", players[0], protocol), objects=NOVEL) if players else None
    if rate is None:
        return [f"Novel objects of other families: {NONE_YET}."]
    words = f"**{rate.objects_n} novel objects** of families that nothing is trained on; they decide no claim."
    lacking = missing(arms, [Term("base", player, protocol) for player in TESTED], NOVEL)
    return [words, *lacking, players_table(arms, "base", protocol, NOVEL)]


def _by_object(arms: Arms) -> list[str]:
    """The paper's table II, object by object."""
    if "base" not in arms:
        return []
    ours = [_successes(arms["base"], player) for player in (WITHOUT, WITH_SHAKE, WITH_SNATCH)]
    names = [*TABLE_2, *(name for name in dict.fromkeys(name for one in ours for name in one) if name not in TABLE_2)]
    if not any(ours):
        return []
    header = ["object", "without adversary", "the paper", "with shake", "the paper", "with snatch", "the paper"]
    rows: list[list[str]] = []
    for name in names:
        paper = [f"{of_10} / 10" for of_10 in TABLE_2[name]] if name in TABLE_2 else [""] * 3
        rows.append([name if name in TABLE_2 else code(name), *_woven([_of(one, name) for one in ours], paper)])
    told = [_of_all(one) for one in ours], [f"{OVERALL[HIGH][player]} %" for player in (WITHOUT, WITH_SHAKE, WITH_SNATCH)]
    rows.append(["**overall**", *_woven(*told)])
    players = ", ".join(map(code, (WITHOUT, WITH_SHAKE, WITH_SNATCH)))
    return [f"**Object by object** ({players}), successes of the valid tries of all seeds:", markdown((header, rows))]


def _successes(summary: Summary, player: str) -> dict[str, Rate]:
    """Of every object the tries of all seeds at high force."""
    found: dict[str, Rate] = {}
    for run in summary.runs:
        test = test_of(run, player, HIGH, NAMED)
        for name, scenes in (test.outcomes if test is not None else {}).items():
            before, lifted_n = found.get(name, Rate(0, 0)), scenes.count(LIFTED)
            found[name] = Rate(before.successes + lifted_n, before.n + lifted_n + scenes.count(FAILED))
    return found


def _of(rates: dict[str, Rate], name: str) -> str:
    return f"{rates[name].successes} / {rates[name].n}" if name in rates else ""


def _of_all(rates: dict[str, Rate]) -> str:
    whole = Rate(sum(rate.successes for rate in rates.values()), sum(rate.n for rate in rates.values()))
    return f"{100 * whole.rate:.1f} %" if whole.n else ""


def _woven(ours: Sequence[str], paper: Sequence[str]) -> list[str]:
    return [cell for pair in zip(ours, paper, strict=True) for cell in pair]
