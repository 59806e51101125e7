"""Attempts a second, everything included, against the bound: the same trajectories through mujoco.rollout alone.

Plays waves of random grasps as a match does (settle, render, choose, grasp, attack, store) on worker processes, then replays the
very same states and controls with nothing around them, on as many processes. The last line is JSON.
"""

import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import mujoco
import numpy as np
import tyro

from sparring.config import QUARTER
from sparring.farm.executors import Executor, FarmConfig, open_farm
from sparring.game import jobs
from sparring.game.attackers import RandomAttacks
from sparring.game.cell import SimulatedCell
from sparring.game.collect import Stage, collect
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.players.choosing import RandomGrasps
from sparring.world.physics import Engine, Played

Job = tuple[Callable[[Any], Any], Any]


def main(
    scenes: int = 1024,
    workers: int = 2,
    attempts_per_scene: int = 4,
    adversary: Literal["nobody", "shake", "snatch", "mixed"] = "nobody",
) -> None:
    """Measures.

    Args:
        scenes: scenes to play; the first wave warms the workers up and is not counted.
        workers: worker processes.
        attempts_per_scene: grasps tried on one scene.
        adversary: who attacks, at random, every grasp that the weak sensor calls held.
    """
    match = replace(QUARTER.match, attempts_per_scene_n=attempts_per_scene)
    config = replace(QUARTER, match=match)
    player = RandomGrasps(config.patches, config.world.camera.pixel_m)
    attacker = None if adversary == "nobody" else RandomAttacks(adversary)
    with tempfile.TemporaryDirectory() as folder, open_farm(FarmConfig("process", workers)) as executor:
        watched = _Watched(executor)
        cell = SimulatedCell(config.world, config.attack, watched)
        run = RunFolder(Path(folder))
        warm = match.wave_scenes_n * attempts_per_scene
        collect(Stage("warm", warm), player, attacker, config=config, cell=cell, run=run, progress=Silent())
        watched.done.clear()
        attempts = scenes * attempts_per_scene
        start = time.perf_counter()
        collect(Stage("timed", attempts), player, attacker, config=config, cell=cell, run=run, progress=Silent())
        elapsed = time.perf_counter() - start
        grasped = [job for job in watched.done if job[0] is jobs.grasp]
        attacked = [job for job in watched.done if job[0] is jobs.attack]
        seconds = sum(executor.map(rollout_seconds, grasped + attacked))
        attacks, attack_seconds = sum(len(job.actions) for _, job in attacked), _time(executor, attacked)
    bound = attempts / (seconds / workers)
    figures = {
        "adversary": adversary,
        "attempts": attempts,
        "workers": workers,
        "attempts_per_s": round(attempts / elapsed, 1),
        "bound_attempts_per_s": round(bound, 1),
        "ratio": round(attempts / elapsed / bound, 3),
        "attacks": attacks,
        "attacks_per_s": round(attacks / attack_seconds, 1) if attacks else None,
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }
    print(json.dumps(figures))


class _Watched:
    """An executor that remembers what it was asked to do."""

    here = False

    def __init__(self, executor: Executor) -> None:
        self._executor, self.done = executor, list[Job]()

    def map(self, function: Callable[[Any], Any], jobs: Sequence[Any], *, key: Any = None) -> Iterator[Any]:
        """Results in the order of the jobs."""
        self.done += [(function, job) for job in jobs]
        return self._executor.map(function, jobs, key=key)


def _time(executor: Executor, todo: Sequence[Job]) -> float:
    """Seconds for some attack jobs on all workers, the scenes' compilation included."""
    start = time.perf_counter()
    list(executor.map(jobs.attack, [job for _, job in todo]))
    return time.perf_counter() - start


def rollout_seconds(work: Job) -> float:
    """Time of a job's trajectories in the engine alone."""
    asked: list[tuple[Engine, np.ndarray, np.ndarray]] = []
    plain = Engine.play

    def recorded(engine: Engine, states: np.ndarray, controls: np.ndarray, forces_n: np.ndarray | None = None) -> Played:
        asked.append((engine, states, controls))
        return plain(engine, states, controls, forces_n)

    function, job = work
    Engine.play = recorded  # type: ignore[method-assign]
    try:
        function(job)
    finally:
        Engine.play = plain  # type: ignore[method-assign]
    memory = {engine: mujoco.MjData(engine.model) for engine, _, _ in asked}
    start = time.perf_counter()
    for engine, states, controls in asked:
        engine._rollout.rollout(engine.model, [memory[engine]], states, controls)
    return time.perf_counter() - start


if __name__ == "__main__":
    tyro.cli(main)
