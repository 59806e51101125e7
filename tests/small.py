"""A stress test in seconds, and a detector for it."""

from dataclasses import replace
from pathlib import Path

import tiny

from sparring.config import RunConfig, StressConfig
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.progress import Progress, Silent
from sparring.game.run_folder import RunFolder
from sparring.stress.policy import Policy, load_policy
from sparring.stress.results import Stressed, read_trial
from sparring.stress.trial import Trial

MIDDLE = f"{Path(__file__).parents[1] / 'examples' / '07_stress.py'}:middle"
SILENT = Silent()


def small_config() -> RunConfig:
    """Four test scenes, eight to learn on."""
    stress = StressConfig(
        objects=("novel-families",),
        scenes_n=4,
        training_scenes_n=8,
        training_attacks_n=2,
        forces_n=(7.0, 14.0),
        force_scenes_n=2,
        wave_scenes_n=3,
    )
    return replace(tiny.tiny_config(), stress=stress)


def stressed(
    path: Path,
    policy: Policy | None = None,
    *,
    config: RunConfig | None = None,
    executor: str = "serial",
    workers_n: int | None = None,
    progress: Progress = SILENT,
) -> Stressed:
    """Plays a trial, or what is missing of it."""
    run, config = RunFolder(path), config or small_config()
    with open_farm(FarmConfig(executor, workers_n)) as workforce:
        run.begin(config, {"command": "stress --policy middle"})
        Trial(policy or load_policy(MIDDLE), config, workforce, run, tiny.cpu(config), progress).play()
    return read_trial(run)
