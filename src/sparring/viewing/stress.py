"""The page of a stress test: what an adversary leaves of a detector's grasps, where they fail, and the weakest of them."""

from collections.abc import Sequence
from itertools import pairwise

from sparring.actions.adversaries import ADVERSARIES
from sparring.evaluation.statistics import Estimate, Rate, estimate
from sparring.evaluation.wording import in_points, percent
from sparring.stress import summary
from sparring.stress.outcomes import Choice
from sparring.stress.results import Stressed
from sparring.stress.summary import Compared, FailureMap
from sparring.stress.trial import KINDS
from sparring.viewing.document import Chart, Commands, Document, Grid, Line, Listed, Part, Point, Section, Table, Text
from sparring.viewing.stress_pictures import picture_sections

SHOWN_ATTACKS_N = 15
"""Most attacks of a kind that are told."""
PICKED = {"random": "a random", "learned": "the learned", "worst": "the worst"}
KIND_TOLD = {"shake": "shake", "snatch": "snatch", "any": "attack"}
UNITS = {"mass": (1000.0, "g"), "distance from the centre of mass": (1000.0, "mm"), "friction": (1.0, "")}
HOW = """The detector sees an overhead picture of one object on a table, its camera, and the depth where it asks for it; never
a mask, a pose or a mass. Its grasp with the highest score is carried out with the hand's error ({position_mm:g} mm and
{angle_deg:g} degrees, one standard deviation), at {force_n:g} N a finger. The hand opens fully ({opening_mm:g} mm) whatever
width is asked for. Lifted means raised {lift_cm:g} cm and held {hold_s:g} s. Every lifted object then meets all 15 shakes and
all 36 snatches, each from the same state, so that chance, the learned adversary and the worst case are compared on the same
grasps."""
LEARNING = """The adversary is two small networks, one for shakes and one for snatches. They have learned from {attacks_n} random
attacks on what this detector lifted in {training_n} other scenes with other objects, and pick one attack from the picture
around the grasp. The learned attack of both kinds is the one that its network believes in more."""
INTERVALS = """Intervals are 95 %: Wilson's for shares of scenes, a bootstrap over objects for random attacks (a mean over all
of them) and for AUC. Differences of two detectors are on the same scenes (Agresti-Min; p by McNemar's exact test)."""
LIMITS = (
    "The worst of 51 known attacks is not the worst there is: what survives all of them may still fall.",
    "Simulation: rigid objects, a floating parallel-jaw hand, one object at a time, one camera from above.",
    "Pictures are procedural. A detector trained on photographs may fail for the look alone, which shows in what it lifts.",
    "Survival of what was lifted compares detectors on different objects, since each lifts others; the shares of all scenes, and "
    "differences, compare them on the same ones.",
    "The adversary has learned from few attacks. A better one would come closer to the worst.",
)


def stress_report(tested: Stressed, against: Stressed | None) -> Document:
    """Everything that a trial has to tell, beside another detector's where there is one."""
    sections = [
        _results(tested),
        *([] if against is None else [_comparison(tested, against)]),
        _attacks(tested),
        _failures(tested),
        *([_forces(tested, against)] if tested.swept else []),
        _objects(tested),
        *picture_sections(tested),
        _method(tested),
        _made_from([one for one in (tested, against) if one is not None]),
    ]
    return Document(f"`{tested.detector}` under stress", _headline(tested, against), tuple(sections))


def _headline(tested: Stressed, against: Stressed | None) -> str:
    lifted = summary.lifted_rate(tested.outcomes)
    told = f"Of {lifted.n} scenes, `{tested.detector}` lifts {_share(estimate(lifted))}."
    left = {one.choice: one.of_lifted for one in summary.survivals(tested.outcomes) if one.kind == "any"}
    if left["worst"] is not None:
        survived = {choice: "nothing known" if found is None else _share(found) for choice, found in left.items()}
        told += (
            f" Of what it lifts, {survived['random']} survives a random attack, {survived['learned']} the attack that a learned "
            f"adversary picks, and {survived['worst']} the worst of 51."
        )
    return told if against is None else f"{told} {_verdict(tested, against)}"


def _verdict(tested: Stressed, against: Stressed) -> str:
    """Which of two detectors is better, if that can be told."""
    verdicts = [
        f"{one.what} {_points(one)} points ({'more' if low > 0 else 'less' if high < 0 else 'no difference beyond chance'})"
        for one in summary.compared(tested.outcomes, against.outcomes)
        for _, low, high, _ in [_difference(one)]
        if one.what in ("lifted", "lifted and survived the learned attack")
    ]
    return f"Less `{against.detector}` on the same scenes: {'; '.join(verdicts)}."


def _results(tested: Stressed) -> Section:
    outcomes = tested.outcomes
    lifted, (of_lifted, of_all) = summary.lifted_rate(outcomes), summary.waited(outcomes)
    survivals = summary.survivals(outcomes)
    rows = [
        ["lifted", _full(estimate(lifted)), ""],
        ["held 2 s more, without any attack", _rated(of_all), _rated(of_lifted)],
        *([_attacked(one.kind, one.choice), _full(one.of_all), _full(one.of_lifted)] for one in survivals),
    ]
    points = [Point("lifted", lifted.rate, _rated(lifted))]
    points += [
        Point(_attacked(one.kind, one.choice), one.of_all.value, _full(one.of_all)) for one in survivals if one.of_all is not None
    ]
    parts: list[Part] = [
        Table("Lifted, and lifted and still held after an attack", (["", "of all scenes", "of what was lifted"], rows)),
        Chart(
            name="survival",
            caption="Still held, of all scenes: lifted, then attacked",
            x_label="attack",
            y_label="share of all scenes",
            lines=(Line(tested.detector, tuple(points)),),
            kind="bars",
        ),
        Table("Does learning the attack pay? Dislodged by the learned attack less by a random one, in points", _gains(tested)),
    ]
    missing = int((~outcomes.found).sum())
    if missing:
        parts.insert(0, Text(f"In {missing} of {lifted.n} scenes the detector found no grasp; they count as failures."))
    if outcomes.invalid_n:
        parts.insert(0, Text(f"Scenes that went wrong in the physics or a worker, and count for nobody: {outcomes.invalid_n}."))
    return Section("What survives", tuple(parts))


def _attacked(kind: str, choice: Choice) -> str:
    if choice == "worst":
        return {"shake": "survived all 15 shakes", "snatch": "survived all 36 snatches", "any": "survived all 51 attacks"}[kind]
    return f"survived {PICKED[choice]} {KIND_TOLD[kind]}"


def _gains(tested: Stressed) -> tuple[list[str], list[list[str]]]:
    body = []
    for kind in summary.KINDS_TOLD:
        gain = summary.learned_gain(tested.outcomes, kind)
        body.append([KIND_TOLD[kind], "" if gain is None else in_points(gain.value, gain.low, gain.high, None), _n(gain)])
    return ["attack", "learned less random (points)", "n"], body


def _comparison(tested: Stressed, against: Stressed) -> Section:
    body = [
        [one.what, _share(one.first), _share(one.second), _points(one), _p(one), str(one.first.n)]
        for one in summary.compared(tested.outcomes, against.outcomes)
    ]
    header = ["of all scenes", tested.detector, against.detector, "difference (points)", "p", "n"]
    told = (
        "Both meet the same scenes with the same errors of the hand. Each has met an adversary that learned against it alone, "
        "with the same budget."
    )
    caption = f"`{tested.detector}` less `{against.detector}`"
    return Section("Compared", (Text(told), Table(caption, (header, body))))


def _difference(one: Compared) -> tuple[float, float, float, float | None]:
    if one.difference is not None:
        return one.difference.difference, one.difference.low, one.difference.high, one.difference.p
    assert one.shares is not None
    return one.shares.value, one.shares.low, one.shares.high, None


def _points(one: Compared) -> str:
    value, low, high, _ = _difference(one)
    return in_points(value, low, high, None)


def _p(one: Compared) -> str:
    return "" if one.difference is None else f"{one.difference.p:.2g}"


def _attacks(tested: Stressed) -> Section:
    """Which attacks dislodge most, and which the adversary picks."""
    parts: list[Part] = []
    for kind in KINDS:
        picked = dict(summary.picked(tested.outcomes, kind))
        rates = [(index, rate) for index, rate in summary.actions_told(tested.outcomes, kind) if rate.n]
        shown = rates[:SHOWN_ATTACKS_N]
        if not shown:
            parts.append(Text(f"No {kind} was played, since nothing was lifted."))
            continue
        of = f"the {len(shown)} worst of {len(rates)}" if len(shown) < len(rates) else f"all {len(rates)}"
        points = [
            Point(
                ADVERSARIES[kind].description(index),
                rate.rate,
                f"{_rated(rate)}, picked {picked.get(index, 0)} times",
            )
            for index, rate in shown
        ]
        parts.append(
            Chart(
                name=f"attacks-{kind}",
                caption=f"How often each {kind} dislodges what was lifted ({of}), and how often the learned adversary picks it",
                x_label=kind,
                y_label="dislodged of lifted",
                lines=(Line(kind, tuple(points)),),
                kind="bars",
            )
        )
    return Section("Which attacks dislodge most", tuple(parts))


def _failures(tested: Stressed) -> Section:
    maps = [_map(one) for one in summary.failure_maps(tested.outcomes)]
    body = [
        [one.failure, one.prop, "" if one.auc is None else f"{one.auc.value:.2f}", _auc_interval(one.auc), _n(one.auc)]
        for one in summary.what_tells(tested.outcomes)
    ]
    told = (
        "AUC: the chance that a scene that fails has more of a property than one that does not; 0.5 tells nothing. Friction is "
        "the object's surface relative to a plain one. No detector knows mass, friction or centre of mass."
    )
    header = ["failure", "property", "AUC", "95 %", "n"]
    return Section("Where it fails", (*maps, Text(told), Table("Which property tells failures", (header, body))))


def _map(one: FailureMap) -> Grid:
    rows, columns = _ranges(one.rows, one.row_edges), _ranges(one.columns, one.column_edges)
    return Grid(
        name=f"map-{one.failure}-{one.columns}".replace(" ", "-"),
        caption=f"Share that failed ({one.failure}), by {one.rows} (rows) and {one.columns} (columns)",
        corner=one.rows,
        columns=columns,
        rows=rows,
        shares=tuple(tuple(cell.failed / cell.n if cell.n else None for cell in row) for row in one.cells),
        told=tuple(tuple(_rated(Rate(cell.failed, cell.n)) for cell in row) for row in one.cells),
    )


def _ranges(name: str, edges: Sequence[float]) -> tuple[str, ...]:
    scale, unit = UNITS[name]
    told = [f"{scale * edge:.3g}" for edge in edges]
    return tuple(f"{low} to {high} {unit}".rstrip() for low, high in pairwise(told))


def _auc_interval(found: Estimate | None) -> str:
    return "" if found is None else f"{found.low:.2f} to {found.high:.2f}"


def _forces(tested: Stressed, against: Stressed | None) -> Section:
    charts = [_force_chart(one) for one in (tested, against) if one is not None]
    told = f"The first {tested.config.stress.force_scenes_n} test scenes, with the same grasps, at every grip force."
    return Section("Grip force", (Text(told), *charts, *(_force_table(one) for one in (tested, against) if one is not None)))


def _force_chart(tested: Stressed) -> Chart:
    found = summary.by_force(tested.swept)
    columns = {
        "lifted": [(one.force_n, one.lifted) for one in found],
        "survived a random shake": [(one.force_n, one.random_shake) for one in found],
        "survived all 15 shakes": [(one.force_n, one.worst_shake) for one in found],
    }
    lines = tuple(
        Line(
            name,
            tuple(
                Point(f"{force_n:g} N", one.value, _full(one), one.low, one.high) for force_n, one in values if one is not None
            ),
        )
        for name, values in columns.items()
    )
    return Chart(
        name=f"force-{tested.detector}".replace(":", "-").replace("/", "-"),
        caption=f"`{tested.detector}` by grip force of each finger",
        x_label="grip force",
        y_label="share of all scenes",
        lines=lines,
    )


def _force_table(tested: Stressed) -> Table:
    body = [
        [f"{one.force_n:g} N", _full(one.lifted), _full(one.random_shake), _full(one.worst_shake)]
        for one in summary.by_force(tested.swept)
    ]
    header = ["force", "lifted", "survived a random shake", "survived all 15 shakes"]
    return Table(f"`{tested.detector}` by grip force, of all scenes", (header, body))


def _objects(tested: Stressed) -> Section:
    body = [
        [
            one.name,
            f"{one.lifted.successes}/{one.lifted.n}",
            "" if one.dislodged is None else percent(1 - one.dislodged.value),
            f"{one.survived_learned.successes}/{one.survived_learned.n}",
            f"{one.survived_worst.successes}/{one.survived_worst.n}",
        ]
        for one in summary.by_object(tested.outcomes)
    ]
    header = ["object or family", "lifted", "survived a random attack", "survived the learned attack", "survived all 51"]
    return Section("By object", (Table("Survived: of what was lifted. Least robust first", (header, body)),))


def _method(tested: Stressed) -> Section:
    world, stress = tested.config.world, tested.config.stress
    how = HOW.format(
        position_mm=1000 * world.noise.position_m,
        angle_deg=world.noise.angle_deg,
        force_n=world.grip.force_n,
        opening_mm=1000 * world.hand.opening_m,
        lift_cm=100 * world.lift.lift_height_m,
        hold_s=world.lift.hold_s,
    )
    trained_n = sum(_trained_n(tested, kind) for kind in KINDS)
    learning = LEARNING.format(attacks_n=trained_n, training_n=stress.training_scenes_n)
    return Section("How, and what it does not say", (Text(how), Text(learning), Text(INTERVALS), Listed(LIMITS)))


def _trained_n(tested: Stressed, kind: str) -> int:
    """Attacks that an adversary has learned from, or was watched on."""
    rows = [row for row in tested.run.metrics() if row["fit"] == f"adversary-{kind}" and "summary" in row]
    told = rows[-1]["summary"] if rows else {}
    return int(told.get("trained_n", 0)) + int(told.get("held_out", {}).get("n", 0))


def _made_from(trials: Sequence[Stressed]) -> Section:
    body: list[list[str]] = []
    for one in trials:
        told = one.run.provenance()
        about = {
            "sha256 of its file": one.sha256 or "unknown",
            "seed": one.config.seed,
            "objects": ", ".join(one.config.stress.objects),
        }
        known = {name: told[name] for name in ("sparring", "python", "processor", "workers_n") if name in told}
        packages = {str(name): value for name, value in dict(told.get("packages", {})).items()}
        body += [[f"`{one.detector}`", name, str(value)] for name, value in (about | known | packages).items()]
    commands = [f"sparring {command}" for one in trials[:1] for command in (one.run.provenance().get("command"),) if command]
    return Section("Made from", (Commands(tuple(commands)), Table("Provenance", (["detector", "what", "value"], body))))


def _share(found: Estimate) -> str:
    return f"{percent(found.value)} ({100 * found.low:.0f} to {100 * found.high:.0f})"


def _full(found: Estimate | None) -> str:
    return "" if found is None else f"{percent(found.value)} ({percent(found.low)} to {percent(found.high)}), n={found.n}"


def _rated(rate: Rate) -> str:
    return _full(estimate(rate)) if rate.n else ""


def _n(found: Estimate | None) -> str:
    return "0" if found is None else str(found.n)
