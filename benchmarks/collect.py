"""Grasp attempts a second, everything included, against the bound: the same trajectories through mujoco.rollout alone.

Plays waves of random grasps as a match does (settle, render, choose, grasp, store) on worker processes, then replays the
very same states and controls with nothing around them, on as many processes. The last line is JSON.
"""

import json
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from sparring.config import QUARTER
from sparring.farm.executors import executor_named
from sparring.game import jobs
from sparring.game.cell import GraspRequest, SimulatedCell
from sparring.game.collect import Stage, collect
from sparring.game.jobs import GraspJob
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.players.choosing import RandomGrasps
from sparring.world.physics import Engine, Played
from sparring.world.scene import open_scene


def main(scenes: int = 1024, workers: int = 2, attempts_per_scene: int = 4) -> None:
    """Measures.

    Args:
        scenes: scenes to play; the first wave warms the workers up and is not counted.
        workers: worker processes.
        attempts_per_scene: grasps tried on one scene.
    """
    match = replace(QUARTER.match, attempts_per_scene_n=attempts_per_scene)
    config = replace(QUARTER, match=match)
    player = RandomGrasps(config.patches, config.world.camera.pixel_m)
    with tempfile.TemporaryDirectory() as folder, executor_named("process", workers) as executor:
        cell = _Recording(SimulatedCell(config.world, config.attack, executor))
        run = RunFolder(Path(folder))
        warm = match.wave_scenes_n * attempts_per_scene
        collect(Stage("warm", warm), player, None, config=config, cell=cell, run=run, progress=Silent())
        cell.requests.clear()
        attempts = scenes * attempts_per_scene
        start = time.perf_counter()
        collect(Stage("timed", attempts), player, None, config=config, cell=cell, run=run, progress=Silent())
        elapsed = time.perf_counter() - start
        todo = [GraspJob(config.world, one.view.spec, one.view.state, one.grasps, one.seeds) for one in cell.requests]
        seconds = sum(executor.map(rollout_seconds, todo))
    bound = attempts / (seconds / workers)
    figures = {
        "attempts": attempts,
        "workers": workers,
        "attempts_per_s": round(attempts / elapsed, 1),
        "bound_attempts_per_s": round(bound, 1),
        "ratio": round(attempts / elapsed / bound, 3),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }
    print(json.dumps(figures))


class _Recording:
    """A cell that remembers what it was asked to grasp."""

    def __init__(self, cell: SimulatedCell) -> None:
        self._cell, self.requests = cell, list[GraspRequest]()

    def look(self, specs: Sequence[Any]) -> Any:
        return self._cell.look(specs)

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Any:
        self.requests += requests
        return self._cell.grasp(requests, must_hold=must_hold)

    def attack(self, adversary: str, requests: Sequence[Any]) -> Any:
        return self._cell.attack(adversary, requests)


def rollout_seconds(job: GraspJob) -> float:
    """Time of the job's trajectories in the engine alone."""
    asked: list[tuple[np.ndarray, np.ndarray]] = []
    plain = Engine.play

    def recorded(engine: Engine, states: np.ndarray, controls: np.ndarray) -> Played:
        asked.append((states, controls))
        return plain(engine, states, controls)

    Engine.play = recorded  # type: ignore[method-assign]
    try:
        jobs.grasp(job)
    finally:
        Engine.play = plain  # type: ignore[method-assign]
    engine = open_scene(job.world, job.spec).engine
    start = time.perf_counter()
    for states, controls in asked:
        engine._rollout.rollout(engine.model, [engine.data], states, controls)
    return time.perf_counter() - start


if __name__ == "__main__":
    tyro.cli(main)
