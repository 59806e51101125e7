"""The report's results: what the players lift, beside the paper's numbers."""

from collections.abc import Sequence

from sparring.config import PROTOCOLS
from sparring.evaluation import paper
from sparring.evaluation.arms import Arm
from sparring.evaluation.reading import Reading
from sparring.evaluation.statistics import Estimate
from sparring.evaluation.successes import Tested, tested, tests_on_disk
from sparring.evaluation.wording import in_points, percent
from sparring.game.plan import COLLABORATIVE, START
from sparring.viewing.document import Chart, Grid, Line, Part, Point, Section, Table, Text
from sparring.world.objects.catalogue import kind_of, names_in

TABLES = {"low-force": "I", "high-force": "II"}
"""The paper's tables that a protocol's results on its own objects stand beside."""
OBJECTS = {
    "named": "the paper's ten novel objects",
    "novel-families": "objects of families never trained on",
    "held-out": "new objects of the training families",
}
SEEDS_NOTE = """ Of several training runs that differ in their seed alone the mean is told, with Student's 95 % interval over
them, but never a narrower one than the tries alone would have."""


def objects_told(objects: str) -> str:
    """What a set of objects is, in words."""
    return OBJECTS.get(objects) or f"objects of the imported set {objects}"


def all_tests(arms: Sequence[Arm], reading: Reading) -> list[list[Tested]]:
    """Every test that is on disk, of all arms that took it."""
    runs = [run for arm in arms for run in arm.runs]
    found = [[tested(arm, *test, reading) for arm in arms] for test in tests_on_disk(runs)]
    return [kept for of_arms in found if (kept := [one for one in of_arms if one.lifted])]


def headline(tests: Sequence[Sequence[Tested]], *, several: bool) -> str:
    """What it comes to: does playing against an adversary pay. With the arm's label where there are several."""
    if not tests:
        return "No player has been tested yet."
    return " ".join(_verdict(one, several=several) for one in tests[0])


def _verdict(test: Tested, *, several: bool) -> str:
    name = list(test.lifted)[-1]
    success = test.success(name)
    where = f"{f'{test.arm.label}: of' if several else 'Of'} {objects_told(test.objects)} at {test.protocol.replace('-', ' ')}, "
    told = f"{where}{name} lifts {estimate_told(success)}"
    less = test.less(name, COLLABORATIVE)
    if less is None:
        return f"{told}."
    verdict = "none beyond chance" if less.low <= 0 <= less.high else "a gain" if less.low > 0 else "a loss"
    known = paper.OVERALL[test.protocol] if test.objects == "named" else {}
    papers = f" The paper: {known[name]} % against {known[COLLABORATIVE]} %." if name in known else ""
    beside = f"the collaborative player {percent(test.success(COLLABORATIVE).value)}"
    return f"{told}, {beside}. Difference in points: {points_told(less)}, {verdict}.{papers}"


def results_sections(tests: Sequence[Sequence[Tested]], *, several: bool) -> list[Section]:
    """A section a test, and the paper's two tables side by side; with the arms' labels where there are several."""
    every = [one for row in tests for one in row]
    arms = list(dict.fromkeys(one.arm for one in every))
    beside = [_side_by_side([one for one in every if one.arm == arm], several) for arm in arms]
    return [_section(of_arms, several) for of_arms in tests] + [section for section in beside if section is not None]


def _conditions(test: Tested) -> str:
    """Under which conditions a player succeeds."""
    config, protocol = test.arm.config, PROTOCOLS[test.protocol]
    lift = config.world.lift
    return (
        f"lifted {100 * lift.lift_height_m:g} cm and held {lift.hold_s:g} s, at "
        f"{(protocol.grip or config.world.grip).force_n:g} N with {protocol.patches_n} patches, greedily"
    )


def _section(of_arms: Sequence[Tested], several: bool) -> Section:
    first = of_arms[0]
    conditions = {_conditions(one): one.arm.label for one in of_arms}
    labelled = [f"{label}: {told}" for told, label in conditions.items()]
    success = "; ".join(labelled if len(conditions) > 1 else conditions)
    table = f" (table {TABLES[first.protocol]})" if first.objects == "named" else ""
    parts: list[Part] = [
        Text(
            f"Success: {success}. Objects: {objects_told(first.objects)}. Every player of a run meets the same scenes. "
            "Intervals are 95 % (Wilson); differences are paired (Agresti-Min), p by McNemar's exact test."
            f"{SEEDS_NOTE if any(len(one.arm.runs) > 1 for one in of_arms) else ''}"
        ),
        _overall(of_arms, several),
        _curve(of_arms, several),
        *(_by_object(one, several) for one in of_arms),
    ]
    return Section(f"Test: {first.protocol}, {first.objects} objects{table}", tuple(parts))


def _overall(of_arms: Sequence[Tested], several: bool) -> Table:
    seeds = any(len(one.arm.runs) > 1 for one in of_arms)
    known = paper.OVERALL[of_arms[0].protocol] if of_arms[0].objects == "named" else {}
    header = ["player", "success", "95 %", "n", "less start", "less collaborative", "paper"]
    body: list[list[str]] = []
    for test in of_arms:
        for name in test.lifted:
            success = test.success(name)
            row = [
                name,
                percent(success.value),
                f"{percent(success.low)} to {percent(success.high)}",
                str(success.n),
                *(points_told(test.less(name, other)) for other in (START, COLLABORATIVE)),
                f"{known[name]} %" if name in known else "",
            ]
            body.append(row + ([", ".join(map(percent, success.seeds))] if seeds else []))
            if several:
                body[-1].insert(0, test.arm.label)
    header += ["every run"] if seeds else []
    caption = f"Success of every player, {of_arms[0].protocol}, {of_arms[0].objects} objects"
    return Table(caption, (["arm", *header] if several else header, body))


def _curve(of_arms: Sequence[Tested], several: bool) -> Chart:
    """Success over the iterations; the collaborative player's as a level across them."""
    first = of_arms[0]
    lines: list[Line] = []
    for test in of_arms:
        steps = [name for name in test.lifted if name != COLLABORATIVE]
        of = f", {test.arm.label}" if several else ""
        lines.append(Line(f"against adversaries{of}", tuple(_point(name, test.success(name)) for name in steps)))
        if COLLABORATIVE in test.lifted and steps:
            level = test.success(COLLABORATIVE)
            points = tuple(_point(name, level, interval=name == steps[-1]) for name in steps)
            lines.append(Line(f"collaborative{of}", points, "dashed"))
    known = paper.OVERALL[first.protocol] if first.objects == "named" else {}
    names = {name for test in of_arms for name in test.lifted}
    beside = tuple(Point(name, share / 100, f"{share} %") for name, share in known.items() if name in names - {COLLABORATIVE})
    if beside:
        lines.append(Line("the paper", beside, "marks"))
    return Chart(
        name=f"curve-{first.protocol}-{first.objects}",
        caption=f"Success over the iterations, {first.protocol}, {first.objects} objects; bars are 95 % intervals",
        x_label="player after",
        y_label="success",
        lines=tuple(lines),
    )


def _point(name: str, share: Estimate, *, interval: bool = True) -> Point:
    return Point(name, share.value, estimate_told(share), *((share.low, share.high) if interval else (None, None)))


def _by_object(test: Tested, several: bool) -> Grid:
    """Tables I and II: successes of tries for every object, or family of objects."""
    names = _tried(test)
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(kind_of(name), []).append(name)
    rows: list[str] = []
    shares: list[tuple[float | None, ...]] = []
    told: list[tuple[str, ...]] = []
    for label, group in [*groups.items(), ("overall", names)]:
        rates = [test.of_group(player, group) for player in test.lifted]
        if any(rate.n for rate in rates):
            rows.append(label)
            shares.append(tuple(rate.rate if rate.n else None for rate in rates))
            told.append(tuple(f"{rate.successes}/{rate.n}" if rate.n else "" for rate in rates))
    kind = "object" if test.objects not in ("novel-families", "held-out") else "family"
    of = f", {test.arm.label}" if several else ""
    return Grid(
        name=f"by-object-{test.protocol}-{test.objects}{f'-{test.arm.label}' if several else ''}",
        caption=f"Successes of tries, {kind} by {kind}, {test.protocol}, {test.objects} objects{of}",
        corner=kind,
        columns=tuple(test.lifted),
        rows=tuple(rows),
        shares=tuple(shares),
        told=tuple(told),
    )


def _tried(test: Tested) -> Sequence[str]:
    """The objects of a test; of an imported set, which need not be here, those that were tried."""
    if test.objects in OBJECTS:
        return names_in(test.objects, test.arm.config.world.objects)
    return sorted({name for runs in test.lifted.values() for one in runs.values() for name, _ in one})


def _side_by_side(tests: Sequence[Tested], several: bool) -> Section | None:
    """Tables I and II of an arm, laid out as the paper's table II, where both protocols were tested on its objects."""
    named = {test.protocol: test for test in tests if test.objects == "named"}
    if set(named) != set(PROTOCOLS):
        return None
    config = named["low-force"].arm.config
    conditions = {"without adversary": COLLABORATIVE}
    conditions |= {f"with {bout.adversary}": bout.iterations[-1] for bout in config.match.bouts}
    columns = [
        (f"{protocol}, {told}", named[protocol], player)
        for protocol in PROTOCOLS
        for told, player in conditions.items()
        if player in named[protocol].lifted
    ]
    body: list[list[str]] = []
    for name in names_in("named", config.world.objects):
        rates = [test.of_group(player, [name]) for _, test, player in columns]
        ours = [f"{rate.successes}/{rate.n}" for rate in rates]
        body.append([name, *ours, *(f"{successes}/10" for successes in paper.TABLE_2[name])])
    overall = [percent(test.success(player).value) for _, test, player in columns]
    body.append(["overall", *overall, *(f"{share} %" for share in paper.HIGH_FORCE.values())])
    papers = [f"paper, high-force, {told}" for told in ("without adversary", "with shake", "with snatch")]
    header = ["object", *(told for told, _, _ in columns), *papers]
    of = f", {tests[0].arm.label}" if several else ""
    caption = f"Successes of tries, beside the paper's{of}"
    return Section(f"Tables I (low force) and II (high force) side by side{of}", (Table(caption, (header, body)),))


def estimate_told(share: Estimate) -> str:
    """A share in words, with interval and n."""
    over = f" over {len(share.seeds)} runs" if share.seeds else ""
    return f"{percent(share.value)} ({percent(share.low)} to {percent(share.high)}{over}, n = {share.n})"


def points_told(less: Estimate | None) -> str:
    """A difference in percentage points, with its interval and, of one run, p; empty where there is none."""
    return "" if less is None else in_points(less.value, less.low, less.high, less.p)
