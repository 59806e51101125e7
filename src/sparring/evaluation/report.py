"""A run in words and tables, beside the paper's numbers, as Markdown."""

# pyright: reportAttributeAccessIssue=false
# pyarrow makes its compute functions at run time.
from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc

from sparring.config import PROTOCOLS, MatchConfig, RunConfig
from sparring.config_file import structured
from sparring.data.store import read_stage
from sparring.errors import ConfigError, DataError
from sparring.evaluation import paper
from sparring.evaluation.crossplay_tables import crossplay_sections
from sparring.evaluation.evaluate import all_results
from sparring.evaluation.markdown import Table, difference, markdown, percent, with_interval
from sparring.evaluation.protocol import lifted_in, paired
from sparring.evaluation.statistics import Rate, paired_difference
from sparring.game.match import COLLABORATIVE, START, stages_of
from sparring.game.run_folder import RunFolder
from sparring.scoring import BINS_N, Judged
from sparring.world.objects.catalogue import names_in

TABLES = {"low-force": "I", "high-force": "II"}
"""The paper's tables that a protocol's results on its own objects stand beside."""


def report(run: RunFolder) -> str:
    """The whole report of a run, as far as the run has come."""
    config = run.config()
    parts = [
        f"# Run `{run.path.name}`",
        _preamble(config),
        *_tests(run, config),
        *_side_by_side(run, config),
        *crossplay_sections([run]),
        "## What the match gathered",
        markdown(_yields(run, config)),
        "## How the players learned",
        markdown(_learning(run)),
        *_reliability(run),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _preamble(config: RunConfig) -> str:
    match, lift = config.match, config.world.lift
    return (
        f"Seed {config.seed}, trunk `{config.network.trunk}`, alpha {config.learning.alpha}; "
        f"{match.random_grasps_n} random grasps, "
        f"{_bouts(match)}, "
        f"{match.collaborative_grasps_n} more for the collaborative arm. Weak sensor read at {100 * lift.sense_height_m:g} cm."
    )


def _bouts(match: MatchConfig) -> str:
    bouts = [f"{bout.iterations_n} x {bout.grasps_per_iteration_n} against {bout.adversary}" for bout in match.bouts]
    return " then ".join(bouts) or "nobody to play against"


def _tests(run: RunFolder, config: RunConfig) -> list[str]:
    results = all_results(run, config)
    if not results:
        return [f"No player has been tested yet: run `sparring evaluate {run.path}`."]
    parts = []
    tests = {(row["protocol"], row["objects"]) for row in results}
    for protocol, objects in sorted(tests, key=lambda test: (list(PROTOCOLS).index(test[0]), test[1])):
        rows = [row for row in results if (row["protocol"], row["objects"]) == (protocol, objects)]
        tested = PROTOCOLS[protocol]
        parts += [
            f"## Test: {protocol}, {objects} objects" + (f" (table {TABLES[protocol]})" if objects == "named" else ""),
            f"Success: lifted {100 * config.world.lift.lift_height_m:g} cm and held {config.world.lift.hold_s:g} s, at "
            f"{(tested.grip or config.world.grip).force_n:g} N with {tested.patches_n} patches, greedily. "
            "Every player meets the same scenes. "
            "Intervals are 95 % (Wilson); differences are paired (Agresti-Min), p by McNemar's exact test.",
            markdown(_overall(run, protocol, objects, rows)),
            markdown(_by_object(run, config, protocol, objects, rows)),
        ]
    return parts


def _side_by_side(run: RunFolder, config: RunConfig) -> list[str]:
    """Tables I and II, laid out as the paper's table II, where both protocols were tested on its objects."""
    conditions = {"without adversary": COLLABORATIVE}
    conditions |= {f"with {bout.adversary}": bout.iterations[-1] for bout in config.match.bouts}
    columns = {
        (protocol, told): run.test(protocol, "named", player)
        for protocol in PROTOCOLS
        for told, player in conditions.items()
        if run.test(protocol, "named", player).exists()
    }
    if {protocol for protocol, _ in columns} != set(PROTOCOLS):
        return []
    lifted = {column: lifted_in(path) for column, path in columns.items()}
    paper_columns = [f"paper, high-force, {told}" for told in ("without adversary", "with shake", "with snatch")]
    body = [
        [name, *(_successes(oks, name) for oks in lifted.values()), *(f"{successes}/10" for successes in paper.TABLE_2[name])]
        for name in names_in("named", config.world.objects)
    ]
    ours = [percent(sum(oks.values()) / len(oks)) for oks in lifted.values()]
    body.append(["overall", *ours, *(f"{successes} %" for successes in paper.HIGH_FORCE.values())])
    header = ["object", *(f"{protocol}, {told}" for protocol, told in columns), *paper_columns]
    return ["## Tables I (low force) and II (high force) side by side", markdown((header, body))]


def _successes(lifted: dict[tuple[str, int], bool], name: str) -> str:
    oks = [ok for (which, _), ok in lifted.items() if which == name]
    return f"{sum(oks)}/{len(oks)}"


def _overall(run: RunFolder, protocol: str, objects: str, rows: list[dict[str, Any]]) -> Table:
    lifted = {row["player"]: lifted_in(run.test(protocol, objects, row["player"])) for row in rows}
    known = paper.OVERALL[protocol] if objects == "named" else {}
    header = ["player", "success", "95 %", "n", "less start", "less collaborative", "paper"]
    body = []
    for row in rows:
        name = row["player"]
        against = [_difference(lifted, name, other) for other in (START, COLLABORATIVE)]
        body.append(
            [
                name,
                percent(row["rate"]),
                f"{percent(row['low'])} to {percent(row['high'])}",
                str(row["n"]),
                *against,
                f"{known[name]} %" if name in known else "",
            ]
        )
    return header, body


def _difference(lifted: dict[str, dict[tuple[str, int], bool]], name: str, other: str) -> str:
    if name == other or other not in lifted:
        return ""
    return difference(paired_difference(*paired(lifted[name], lifted[other])))


def _by_object(run: RunFolder, config: RunConfig, protocol: str, objects: str, rows: list[dict[str, Any]]) -> Table:
    players = [row["player"] for row in rows]
    lifted = {name: lifted_in(run.test(protocol, objects, name)) for name in players}
    group: Callable[[str], str] = (lambda name: name) if objects == "named" else (lambda name: name.rpartition("-")[0])
    groups = list(dict.fromkeys(group(name) for name in names_in(rows[0]["objects"], config.world.objects)))
    body = []
    for label in groups:
        tried = {name: [ok for (which, _), ok in lifted[name].items() if group(which) == label] for name in players}
        if all(tried.values()):
            body.append([label, *(f"{sum(oks)}/{len(oks)}" for oks in tried.values())])
    body.append(["overall", *(f"{sum(oks.values())}/{len(oks)}" for oks in lifted.values())])
    return ["object" if objects == "named" else "family", *players], body


def _yields(run: RunFolder, config: RunConfig) -> Table:
    header = ["stage", "grasps", "sensed", "lifted of sensed", "dislodged of sensed", "invalid", "paper"]
    body = []
    for stage in (one.name for one in stages_of(config)):
        if not list(run.stage(stage).glob("wave-*.parquet")):
            continue
        table = read_stage(run.stage(stage), ["sensed", "lifted", "dislodged", "invalid"])
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


def _learning(run: RunFolder) -> Table:
    metrics = run.metrics()
    header = ["network", "trained on", "epochs", "train accuracy", "held out, n", "AUC", "accuracy", "calibration error"]
    header += ["mean belief / came true", "mean strongest belief"]
    body = []
    for summary in (row for row in metrics if "summary" in row):
        told, epochs = summary["summary"], [row for row in metrics if row["fit"] == summary["fit"] and "epoch" in row]
        accuracy = f"{epochs[-1]['train_accuracy']:.3f}" if epochs else ""
        strongest = told.get("mean_strongest_belief")
        held_out = [*_judged(held_out_of(told)), "" if strongest is None else f"{strongest:.2f}"]
        body.append([summary["fit"], str(told["trained_n"]), str(len(epochs)), accuracy, *held_out])
    return header, body


def held_out_of(summary: dict[str, Any]) -> Judged | None:
    """How a network did on objects that it was not trained on; None where that is not told.

    Raises:
        DataError: it is told in a way that no version does.
    """
    try:
        return structured(summary["held_out"], Judged) if "held_out" in summary else None
    except (ConfigError, TypeError) as error:
        raise DataError(f"metrics.jsonl is damaged: {error}") from None


def _judged(told: Judged | None) -> list[str]:
    if told is None:
        return [""] * 5
    return [
        str(told.n),
        "" if told.auc is None else f"{told.auc:.3f}",
        f"{told.accuracy:.3f}",
        f"{told.calibration_error:.3f}",
        f"{told.predicted:.2f} / {told.observed:.2f}",
    ]


def _reliability(run: RunFolder) -> list[str]:
    """Reliability curves of all players as a table: what came true of what they gave so much probability to."""
    told = {row["fit"]: held_out_of(row["summary"]) for row in run.metrics() if "summary" in row}
    curves = {name: {round(one.low * BINS_N): one for one in held.bins} for name, held in told.items() if held}
    if not curves:
        return []
    steps, wide = range(BINS_N), 100 // BINS_N
    header = ["network", *(f"{wide * step} to {wide * (step + 1)} %" for step in steps)]
    body = [
        [name, *(f"{percent(curve[step].observed)} ({curve[step].n})" if step in curve else "" for step in steps)]
        for name, curve in curves.items()
    ]
    return [
        "## How far their probabilities can be believed",
        "On attempts with objects that no player was trained on (an adversary's epoch was chosen on them), each player's on the "
        "stages that it learned from: what came true of the attempts that a network gave a probability in the column's interval, "
        "and their number. Batches are half successes, so that rarer events get too much probability, and protagonists that met "
        "an adversary were taught less than 1 for a success (eq. 5). A greedy player uses the order of its probabilities alone; "
        "importance sampling and eq. 5 use their size as well.",
        markdown((header, body)),
    ]


def _count(column: Any) -> int:
    return pc.sum(column).as_py() or 0
