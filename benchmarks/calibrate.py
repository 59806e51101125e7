"""Yields without a learned adversary, for the world's free parameters; the search in docs/calibration.md used this.

Gathers random grasps, trains P_0, then measures on objects of the training families only:
what importance sampling senses, what random shakes dislodge, how greedy grasps of held-out objects fare at low and high
force. Never looks at what an adversary gains. `--set` changes the world: `--set world.noise.position_m=0.006`.
"""

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import tyro

from sparring.config import QUARTER
from sparring.config_file import altered
from sparring.data.store import read_stage
from sparring.evaluation.protocol import Test, greedy_player, lifted_in, run_test
from sparring.evaluation.statistics import Rate
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.attackers import RandomAttacks
from sparring.game.cell import SimulatedCell
from sparring.game.collect import Stage, collect
from sparring.game.match import Match
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.players.device import compute_for, device_named


def main(
    grasps: int = 4000,
    played: int = 1500,
    tries: int = 6,
    high_force: bool = True,
    adversary: tuple[str, ...] = ("shake",),
    set: tuple[str, ...] = (),
) -> None:
    """Prints the yields as one JSON object.

    Args:
        grasps: random grasps to train P_0 on.
        played: grasps by importance sampling, attacked at random.
        tries: tests an object, on the held-out objects of the training families; 0 for none.
        high_force: also test at high force.
        adversary: whose random attacks to try, each on grasps of its own.
        set: settings of the config, such as world.lift.sense_height_m=0.1.
    """
    config = altered(QUARTER, set)
    config = replace(config, match=replace(config.match, random_grasps_n=grasps))
    compute = compute_for(config.learning, device_named("auto"))
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, open_farm(FarmConfig("process")) as executor:
        run = RunFolder(Path(folder))
        cell = SimulatedCell(config.world, config.attack, executor)
        match = Match(config, cell, run, compute, Silent())
        match.start()
        player = match.protagonist("start")
        figures = {"set": set} | _yields(run, "random")
        for name in adversary:
            stage = Stage(f"played-{name}", played)
            collect(stage, player, RandomAttacks(name), config=config, cell=cell, run=run, progress=Silent())
            figures |= _yields(run, stage.name)
        fits = [row for row in run.metrics() if row.get("held_out_auc") is not None]
        figures |= {"P_0 held-out AUC": fits[-1]["held_out_auc"], "train accuracy": fits[-1]["train_accuracy"]}
        for protocol in ("low-force", "high-force")[: (1 + high_force) * (tries > 0)]:
            test = Test(protocol, "held-out", tries)
            of_test = test.config(config)
            path = run.test(protocol, "held-out", "start")
            tested = {path: greedy_player(match.load("start", "protagonist"), compute, of_test)}
            cell = SimulatedCell(of_test.world, of_test.attack, executor)
            run_test(test, tested, config=of_test, cell=cell, progress=Silent(), run=run)
            lifted = list(lifted_in(path).values())
            figures[f"start {protocol}"] = _told(sum(lifted), len(lifted))
    print(json.dumps(figures | {"seconds": round(time.perf_counter() - begun)}), flush=True)


def _yields(run: RunFolder, stage: str) -> dict[str, str]:
    rows = list(read_stage(run.stage(stage), ["sensed", "lifted", "dislodged", "invalid"]).to_pylist())
    valid = [row for row in rows if not row["invalid"]]
    sensed = [row for row in valid if row["sensed"]]
    attacked = [row for row in sensed if row["dislodged"] is not None]
    figures = {
        f"{stage} invalid": _told(len(rows) - len(valid), len(rows)),
        f"{stage} sensed": _told(len(sensed), len(valid)),
        f"{stage} lifted of sensed": _told(sum(row["lifted"] for row in sensed), len(sensed)),
    }
    if attacked:
        figures[f"{stage} dislodged of sensed"] = _told(sum(row["dislodged"] for row in attacked), len(attacked))
    return figures


def _told(successes: int, n: int) -> str:
    rate = Rate(successes, n)
    low, high = rate.interval
    return f"{100 * rate.rate:.1f} % ({100 * low:.1f}-{100 * high:.1f}, n={n})"


if __name__ == "__main__":
    tyro.cli(main)
