"""How much do an adversary's labels tell? What one trial of a grasp says of the next ones, with and without shakes.

P_0 explores held-out objects of the training families. Every grasp that it proposes is tried several times, each time with other
execution noise. The first trial is what training sees: whether the weak sensor felt something right after closing, 5 cm and 20 cm
up, and how many of all 15 shakes the held object survived. The other trials say how good the grasp really is. A player that knew
its first trials by heart, and picked among the grasps of a scene by them, would lift so much. That is no bound:
a network averages over thousands of trials of grasps that look alike.

python experiments/headroom.py runs/study/quarter/seed-1/base --out runs/headroom.json
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from sparring.actions.adversaries import ADVERSARIES
from sparring.cli.progress import progress_for
from sparring.config import RunConfig
from sparring.data.files import write_text
from sparring.evaluation.resampling import mean_over_groups, over_groups
from sparring.evaluation.statistics import Estimate
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import AttackRequest, GraspRequest, SimulatedCell
from sparring.game.jobs import GraspOutcomes, View
from sparring.game.run_folder import RunFolder
from sparring.game.wave import world_grasp
from sparring.players.checkpoint import load_player
from sparring.players.choosing import Protagonist
from sparring.players.device import compute_for, device_named
from sparring.scoring import auc
from sparring.seeding import rng_of, seed_of
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec

HEIGHTS_M = {"closing": 0.0, "5 cm": 0.05, "20 cm": 0.20}
SHAKES_N = ADVERSARIES["shake"].actions_n
STEP = "headroom"


@dataclass(frozen=True)
class Grasped:
    """A grasp, its first trial, and how often the others lifted the object."""

    object: str
    scene: int
    sensed: dict[str, bool]
    """By where the sensor is read."""
    survived: float
    """Share of all shakes that the first trial survived; 0 where it lifted nothing."""
    lifts_again: float
    """Share of the other trials that lifted the object."""


def main(run: tyro.conf.Positional[Path], out: Path, scenes: int = 2, grasps: int = 8, trials: int = 6, workers: int = 2) -> None:
    """Prints what a perfect memory of first trials would lift, by what is known of them.

    Args:
        run: a run folder with P_0.
        out: a JSON file for every grasp.
        scenes: scenes an object, of the 130 held-out objects of the training families.
        grasps: grasps a scene, by importance sampling.
        trials: trials a grasp; the first is what training sees.
        workers: worker processes.
    """
    folder = RunFolder(run)
    config = folder.config()
    compute = compute_for(config.learning, device_named("auto"))
    network = load_player(folder.player("start"), role="protagonist")[0].to(compute.device)
    pixel_m, match = config.world.camera.pixel_m, config.match
    player = Protagonist(network, compute, config.patches, pixel_m, match.patches_n, "importance", match.scoring)
    names = names_in("held-out", config.world.objects)
    specs = [SceneSpec(name, seed_of(0, "headroom", name, index)) for name in names for index in range(scenes)]
    known: list[Grasped] = []
    with open_farm(FarmConfig("process", workers=workers)) as executor, progress_for(steps=[STEP]) as progress:
        cell = SimulatedCell(config.world, config.attack, executor)
        with progress.task(STEP, len(specs), "scenes") as task:
            for first in range(0, len(specs), 26):
                some = [view for view in cell.look(specs[first : first + 26]) if isinstance(view, View)]
                known += _tried(some, player, cell, config, grasps, trials)
                task.advance(len(some))
    write_text(out, json.dumps([asdict(one) for one in known]) + "\n")
    for line in told(known):
        print(line)


def _tried(
    views: list[View], player: Protagonist, cell: SimulatedCell, config: RunConfig, grasps_n: int, trials_n: int
) -> list[Grasped]:
    requests: list[GraspRequest] = []
    for view in views:
        chosen = player.choose(view.image, grasps_n, rng_of(view.spec.seed, "choose"))
        poses = tuple(world_grasp(view, grasp) for grasp in chosen for _ in range(trials_n))
        seeds = tuple(seed_of(view.spec.seed, "noise", index) for index in range(len(poses)))
        requests.append(GraspRequest(view.spec, view.state, poses, seeds))
    outcomes = list(cell.grasp(requests))
    held = [[index for index in range(0, len(one.lifted), trials_n) if one.lifted[index]] for one in outcomes]
    attacks = [
        AttackRequest(
            request.spec,
            outcome.states[np.repeat(rows, SHAKES_N)],
            tuple(outcome.executed[row] for row in rows for _ in range(SHAKES_N)),
            tuple(range(SHAKES_N)) * len(rows),
        )
        for request, outcome, rows in zip(requests, outcomes, held, strict=True)
        if rows
    ]
    results = iter(list(cell.attack("shake", attacks)))
    known: list[Grasped] = []
    for view, outcome, rows in zip(views, outcomes, held, strict=True):
        shares = 1 - next(results).dislodged.reshape(len(rows), SHAKES_N).mean(axis=1) if rows else np.zeros(0)
        survived = dict(zip(rows, map(float, shares), strict=True))
        known += [
            _grasped(view, outcome, row, trials_n, survived.get(row, 0.0), config)
            for row in range(0, len(outcome.lifted), trials_n)
            if not outcome.invalid[row : row + trials_n].any()
        ]
    return known


def _grasped(view: View, outcome: GraspOutcomes, row: int, trials_n: int, survived: float, config: RunConfig) -> Grasped:
    felt = outcome.forces_n[row] > config.world.lift.sense_force_n
    sensed = {name: bool(felt[index]) for index, name in enumerate(HEIGHTS_M)}
    again = float(outcome.lifted[row + 1 : row + trials_n].mean())
    return Grasped(view.spec.object_name, view.spec.seed, sensed, survived, again)


def told(known: list[Grasped]) -> list[str]:
    """Lines of a Markdown table, a row a place of the sensor."""
    lines = ["| sensor | sensed | a sensed one lifts again | picked by the sensor | picked by sensor and shakes | less | AUC |"]
    lines.append("|---|---|---|---|---|---|---|")
    groups = np.array([one.object for one in known])
    for name in HEIGHTS_M:
        sensed = np.array([one.sensed[name] for one in known], float)
        again, chosen = np.array([one.lifts_again for one in known]), sensed > 0
        by_sensor, by_both, objects = _picked(known, name)
        cells = [
            _share(mean_over_groups(sensed, groups)),
            _share(mean_over_groups(again[chosen], groups[chosen])),
            _share(mean_over_groups(by_sensor, objects)),
            _share(mean_over_groups(by_both, objects)),
            _share(mean_over_groups(by_both - by_sensor, objects)),
            _share(over_groups(lambda rows, chosen=chosen: _auc(known, rows, chosen), groups)),
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, f"n = {len(known)} grasps of {len(set(groups))} objects; intervals over objects"]


def _picked(known: list[Grasped], sensor: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per scene, what a grasp lifts that is picked by the sensor alone, and by the sensor and then by shakes; ties: the mean."""
    scenes: dict[int, list[Grasped]] = {}
    for one in known:
        scenes.setdefault(one.scene, []).append(one)
    by_sensor = [_best(some, lambda one: one.sensed[sensor]) for some in scenes.values()]
    by_both = [_best(some, lambda one: (one.sensed[sensor], one.survived)) for some in scenes.values()]
    return np.array(by_sensor), np.array(by_both), np.array([some[0].object for some in scenes.values()])


def _best(some: list[Grasped], key: Callable[[Grasped], Any]) -> float:
    best = max(map(key, some))
    return float(np.mean([one.lifts_again for one in some if key(one) == best]))


def _auc(known: list[Grasped], rows: np.ndarray, chosen: np.ndarray) -> float | None:
    """How well survived shakes tell, among the sensed, grasps that lift more often than not from the others."""
    some = [known[row] for row in rows if chosen[row]]
    survived, good = np.array([one.survived for one in some]), np.array([one.lifts_again > 0.5 for one in some])
    return auc(survived, good) if len(some) and 0 < good.sum() < len(good) else None


def _share(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


if __name__ == "__main__":
    tyro.cli(main)
