"""The report's account of the match: what it gathered, why attempts failed, how the networks learned and what to believe."""

# pyright: reportAttributeAccessIssue=false
# pyarrow makes its compute functions at run time.
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sparring.data.store import read_shard
from sparring.evaluation import paper, reach
from sparring.evaluation.causes import COLUMNS, IN_ORDER, causes_of
from sparring.evaluation.fits import Fit, fits_of
from sparring.evaluation.markdown import Table as Rows
from sparring.evaluation.reading import Reading
from sparring.evaluation.statistics import Rate
from sparring.evaluation.successes import tests_on_disk
from sparring.evaluation.wording import percent, with_interval
from sparring.game.plan import player_names, stages_of
from sparring.game.run_folder import RunFolder
from sparring.scoring import Bin, Judged
from sparring.viewing.document import Chart, Grid, Line, Point, Section, Table, Text

BELIEF = """On attempts with objects that no player was trained on (an adversary's epoch was chosen on them), each player's on the
stages that it learned from. Points on the diagonal mean that a probability comes true as often as it says. Batches are half
successes, so that rarer events get too much probability, and protagonists that met an adversary were taught less than 1 for a
success (eq. 5). A greedy player uses the order of its probabilities alone; importance sampling and eq. 5 use their size too."""
REACH = """A grasp out of reach lifts nothing, and an attack out of reach does nothing. Where joints are too slow for a motion,
all of it takes longer: at full speed means by less than a twentieth."""


def learned_sections(run: RunFolder, of: str, reading: Reading) -> list[Section]:
    """The sections of one run; `of` names it in their titles where there are several."""
    attempts = _attempts(run, reading)
    fits = reading.tried(lambda: fits_of(run), run.metrics_path) or []
    return [
        Section(f"What the match gathered{of}", (Table(f"Yields, stage by stage{of}", _yields(attempts)),)),
        Section(f"Why attempts fail{of}", (_causes(run, of, attempts, reading),)),
        *_reach(attempts, of),
        Section(f"How the players learned{of}", (Table(f"Every network{of}", _learning(fits)),)),
        *_belief(fits, of),
    ]


def _attempts(run: RunFolder, reading: Reading) -> dict[str, pa.Table]:
    """What every stage gathered, as far as it can be read."""
    found: dict[str, pa.Table] = {}
    for stage in stages_of(run.config()):
        shards = sorted(run.stage(stage.name).glob("wave-*.parquet"))
        tables = [reading.tried(lambda path=path: read_shard(path, [*{*COLUMNS, *reach.COLUMNS}]), path) for path in shards]
        if kept := [table for table in tables if table is not None]:
            found[stage.name] = pa.concat_tables(kept)
    return found


def _reach(attempts: dict[str, pa.Table], of: str) -> list[Section]:
    """What arms could do, where there are arms."""
    columns = [table.select(reach.COLUMNS) for table in attempts.values()]
    asked = reach.reach_of(row for table in columns for row in table.to_pylist())
    if not asked:
        return []
    header = ["asked for", "n", "within reach", "and at full speed"]
    body = [
        [name, str(one.within().n), with_interval(one.within()), with_interval(one.at_speed())] for name, one in asked.items()
    ]
    table = Table(f"Grasps and attacks that the arms could carry out{of}", (header, body))
    return [Section(f"What the arms could do{of}", (Text(REACH), table))]


def _yields(attempts: dict[str, pa.Table]) -> Rows:
    header = ["stage", "grasps", "sensed", "lifted of sensed", "dislodged of sensed", "invalid", "paper"]
    body: list[list[str]] = []
    for stage, table in attempts.items():
        valid = table.filter(pc.invert(table["invalid"]))
        sensed = valid.filter(valid["sensed"])
        fought = sensed.filter(pc.is_valid(sensed["dislodged"]))
        body.append(
            [
                stage,
                str(len(table)),
                with_interval(Rate(_count(valid["sensed"]), len(valid))),
                with_interval(Rate(_count(sensed["lifted"]), len(sensed))),
                with_interval(Rate(_count(fought["dislodged"]), len(fought))) if len(fought) else "",
                str(len(table) - len(valid)),
                paper.YIELDS.get(stage.rpartition("-")[0], ""),
            ]
        )
    return header, body


def _causes(run: RunFolder, of: str, attempts: dict[str, pa.Table], reading: Reading) -> Grid:
    """What became of the attempts of every stage, and of every player's tries in the first test."""
    config = run.config()
    lift = config.world.lift
    counted = {stage: causes_of(table.to_pylist(), lift) for stage, table in attempts.items()}
    for protocol, objects in tests_on_disk([run])[:1]:
        for name in player_names(config):
            path = run.test(protocol, objects, name)
            table = (
                reading.tried(lambda path=path: read_shard(path, [*{*COLUMNS, *reach.COLUMNS}]), path) if path.exists() else None
            )
            if table is not None:
                counted[f"test of {name}"] = causes_of(table.to_pylist(), lift)
    every = Counter(cause for one in counted.values() for cause in one)
    columns = [*IN_ORDER, *sorted(set(every) - set(IN_ORDER))]
    rates = {row: [Rate(one[cause], one.total()) for cause in columns] for row, one in counted.items()}
    return Grid(
        name=f"causes{_slug(of)}",
        caption=f"What became of valid attempts{of}. Force threshold of the weak sensor: "
        f"{lift.sense_force_n:g} N; slipped later: after the sensor believed in the grasp",
        corner="stage",
        columns=tuple(columns),
        rows=tuple(rates),
        shares=tuple(tuple(rate.rate if rate.n else None for rate in row) for row in rates.values()),
        told=tuple(tuple(f"{percent(rate.rate)} ({rate.successes})" if rate.n else "" for rate in row) for row in rates.values()),
    )


def _learning(fits: list[Fit]) -> Rows:
    header = ["network", "trained on", "epochs", "train accuracy", "held out, n", "AUC", "accuracy", "calibration error"]
    header += ["mean belief / came true", "mean strongest belief"]
    body = [
        [
            fit.name,
            _told(fit.trained_n, "d"),
            str(fit.epochs_n),
            _told(fit.train_accuracy, ".3f"),
            *_judged(fit.held_out),
            _told(fit.mean_strongest_belief, ".2f"),
        ]
        for fit in fits
    ]
    return header, body


def _judged(told: Judged | None) -> list[str]:
    if told is None:
        return [""] * 5
    return [
        str(told.n),
        _told(told.auc, ".3f"),
        f"{told.accuracy:.3f}",
        f"{told.calibration_error:.3f}",
        f"{told.predicted:.2f} / {told.observed:.2f}",
    ]


def _told(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _belief(fits: list[Fit], of: str) -> list[Section]:
    """Reliability curves of protagonists and of adversaries."""
    parts = [
        _reliability(who, [fit for fit in fits if fit.held_out is not None and fit.name.startswith("adversary-") == attacks], of)
        for who, attacks in (("protagonists", False), ("adversaries", True))
    ]
    kept = [part for part in parts if part.lines]
    return [Section(f"How far their probabilities can be believed{of}", (Text(BELIEF), *kept))] if kept else []


def _reliability(who: str, fits: list[Fit], of: str) -> Chart:
    lines = [Line(fit.name, tuple(map(_bin, fit.held_out.bins))) for fit in fits if fit.held_out is not None]
    return Chart(
        name=f"belief-{who}{_slug(of)}",
        caption=f"What came true of what {who} believed{of}",
        x_label="mean probability given",
        y_label="came true",
        lines=tuple(lines),
        kind="reliability",
    )


def _bin(one: Bin) -> Point:
    return Point(one.predicted, one.observed, f"{percent(one.observed)} of {one.n}")


def _slug(of: str) -> str:
    """A run's name in the name of a file; nothing where there is but one."""
    return of.replace(", ", "-").replace("`", "")


def _count(column: Any) -> int:
    return pc.sum(column).as_py() or 0
