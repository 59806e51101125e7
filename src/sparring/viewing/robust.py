"""The report's cross-play: robust rates as a heat map, whether the adversary is learning, and what it picks."""

from collections import Counter
from collections.abc import Sequence

from sparring.actions.adversaries import ADVERSARIES
from sparring.evaluation.arms import Arm
from sparring.evaluation.crossplay import FROZEN
from sparring.evaluation.protocol import paired
from sparring.evaluation.reading import Reading
from sparring.evaluation.robustness import CrossPlayed, Scene, crossplayed, in_order, kinds_of
from sparring.evaluation.statistics import Rate, paired_difference
from sparring.evaluation.wording import in_points, percent, with_interval
from sparring.viewing.document import Chart, Grid, Line, Part, Point, Section, Table, Text

LEGEND = """Lifted: raised and held, as in the test. The other columns are robust rates: survived of lifted, with 95 % intervals
(Wilson). `none` waits for 2 s; `axis-forces` is 10 N/kg along six axes for 2 s each, without gravity, at most 5 cm and 15
degrees of slip (DexGraspBench); `tugs` pulls sideways with twice the weight, 0.5 s each (GraspDataGen). Learned adversaries
are named for the iteration they learned in."""
POOLED = """Runs that differ in their seed alone are put together. All runs share their test scenes, so that tries are not
independent across runs: intervals are too narrow and p too small for a claim about the method."""
OUT_OF_REACH = "Attacks out of the arms' reach did nothing, and count as survived: see what the arms could do."
LIFTED = "lifted"


def crossplay_sections(arms: Sequence[Arm], reading: Reading) -> list[Section]:
    """A section for every test and arm that was played; nothing where there was none."""
    tests = {(path.parent.name, path.name) for arm in arms for run in arm.runs for path in run.path.glob("crossplay/*/*/")}
    return [
        section
        for protocol, objects in sorted(tests)
        for arm in arms
        for section in _sections(arm, len(arms) > 1, protocol, objects, reading)
    ]


def _sections(arm: Arm, several: bool, protocol: str, objects: str, reading: Reading) -> list[Section]:
    played = crossplayed(arm.runs, protocol, objects, reading)
    if not played:
        return []
    kinds, of = kinds_of(arm.config), f", {arm.label}" if several or len(arm.runs) > 1 else ""
    name = f"{protocol}-{objects}{f'-{arm.label}' if several else ''}"
    notes = [LEGEND, *([POOLED] if len(arm.runs) > 1 else []), *([OUT_OF_REACH] if arm.config.world.arms is not None else [])]
    parts: list[Part] = [*map(Text, notes), _matrix(played, kinds, name)]
    found = [Section(f"Cross-play: {protocol}, {objects} objects{of}", tuple(parts))]
    if FROZEN in played:
        found.append(_learning(played[FROZEN], kinds, name, pooled=len(arm.runs) > 1))
    return found


def _matrix(played: dict[str, CrossPlayed], kinds: dict[str, str], name: str) -> Grid:
    """Robust rates; the adversaries of earlier iterations, which the frozen protagonist alone has met, are left out."""
    rows = {player: one for player, one in played.items() if player != FROZEN} or played
    attackers = in_order((attacker for one in rows.values() for attacker in one.dislodged), kinds)
    rates = {
        player: [one.lifted_rate(), *(one.robust_rate(attacker) for attacker in attackers)] for player, one in played.items()
    }
    return Grid(
        name=f"crossplay-{name}",
        caption=f"Every protagonist (row) under every attack (column), {name}",
        corner="protagonist",
        columns=(LIFTED, *attackers),
        rows=tuple(played),
        shares=tuple(tuple(rate.rate if rate.n else None for rate in row) for row in rates.values()),
        told=tuple(tuple(_told(rate) for rate in row) for row in rates.values()),
    )


def _told(rate: Rate) -> str:
    return f"{with_interval(rate)}, n={rate.n}" if rate.n else ""


def _learning(frozen: CrossPlayed, kinds: dict[str, str], name: str, *, pooled: bool) -> Section:
    """On one frozen protagonist: does a learned adversary dislodge more than a random one, and that more than none."""
    learned = [one for one in in_order(frozen.picks, kinds) if one in kinds and not one.startswith("random-")]
    return Section(
        "Is the adversary learning?",
        (
            Text(f"All attack what `{FROZEN}` lifted; differences are paired, McNemar's exact test."),
            *([Text(POOLED)] if pooled else []),
            Table(f"Dislodged of lifted, by attacker, {name}", _dislodge_rates(frozen, kinds)),
            *(_picks(attacker, kinds[attacker], frozen.picks[attacker], name) for attacker in learned),
        ),
        level=3,
    )


def _dislodge_rates(frozen: CrossPlayed, kinds: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    body = []
    for name in in_order(frozen.dislodged, kinds):
        fell = frozen.dislodged[name]
        against = ("none", f"random-{kinds.get(name)}")
        less = [_less(fell, frozen.dislodged.get(other, {})) if other != name else "" for other in against]
        body.append([name, with_interval(frozen.dislodge_rate(name)), str(len(fell)), *less])
    return ["attacker", "dislodged of lifted", "n", "less none", "less random"], body


def _less(fell: dict[Scene, bool], other: dict[Scene, bool]) -> str:
    if not fell.keys() & other.keys():
        return ""
    found = paired_difference(*paired(fell, other))
    return in_points(found.difference, found.low, found.high, found.p)


def _picks(attacker: str, kind: str, picks: list[tuple[int, bool]], name: str) -> Chart:
    """How often each action was picked, most often first, and what came of it."""
    counts, fell = Counter(action for action, _ in picks), Counter(action for action, dislodged in picks if dislodged)
    known = ADVERSARIES.get(kind)
    of = f" of {known.actions_n}" if known else ""
    points = [
        Point(
            known.description(action) if known else f"action {action}",
            n / len(picks),
            f"{percent(n / len(picks))}, dislodged {fell[action]}/{n}",
        )
        for action, n in counts.most_common()
    ]
    return Chart(
        name=f"picks-{attacker}-{name}",
        caption=f"What {attacker} picks: {len(counts)}{of} actions in {len(picks)} attacks",
        x_label="action",
        y_label="share of its picks",
        lines=(Line(attacker, tuple(points)),),
        kind="bars",
    )
