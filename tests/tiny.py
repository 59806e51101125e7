"""A whole run in a few seconds, with every number that calibration may move set here."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from sparring.config import (
    SMOKE,
    AttackConfig,
    BoutConfig,
    CameraConfig,
    GripConfig,
    HandConfig,
    LearningConfig,
    LiftConfig,
    MatchConfig,
    NoiseConfig,
    ObjectConfig,
    PresentConfig,
    RunConfig,
    SecondHandConfig,
    ShakeConfig,
    SnatchConfig,
    TestConfig,
    WorldConfig,
)
from sparring.evaluation.crossplay import Entrant, crossplay, entrants
from sparring.evaluation.evaluate import evaluate, tests_of
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import SimulatedCell, simulated_cells
from sparring.game.digest import digest_run
from sparring.game.match import Match
from sparring.game.progress import Progress, Silent
from sparring.game.run_folder import RunFolder
from sparring.players.device import Compute, compute_for


@dataclass(frozen=True)
class PlayedRun:
    """A finished run."""

    folder: RunFolder
    config: RunConfig
    digest: str


def world_config() -> WorldConfig:
    """A world in which grasps often hold."""
    return WorldConfig(
        objects=ObjectConfig(
            training_n=13,
            held_out_n=13,
            novel_n=3,
            mass_kg=(0.05, 0.5),
            mass_middle_kg=0.2,
            mass_exponent=0.3,
            mass_factor=(0.9, 1.1),
            friction_factor=(0.85, 1.15),
            painted_share=0.15,
        ),
        hand=HandConfig(
            opening_m=0.085,
            closed_gap_m=0.003,
            finger_length_m=0.09,
            pad_width_m=0.014,
            pad_height_m=0.024,
            closing_speed_m_s=0.1,
        ),
        grip=GripConfig(force_n=7.0, pad_friction=0.6, torsional_friction_m=0.003, pad_softness_s=0.004),
        noise=NoiseConfig(position_m=0.003, angle_deg=2.0),
        camera=CameraConfig(width_px=160, height_px=120, pixel_m=0.003),
        lift=LiftConfig(
            sense_height_m=0.05,
            sense_force_n=0.5,
            lift_height_m=0.3,
            speed_m_s=0.5,
            squeeze_s=0.15,
            hold_s=0.2,
            clearance_m=0.004,
        ),
        spread_m=(0.09, 0.05),
    )


def tiny_config(seed: int = 0) -> RunConfig:
    """Smaller than `smoke`: two waves at random, two shake iterations, one snatch iteration, a test on three objects."""
    return replace(
        SMOKE,
        seed=seed,
        world=world_config(),
        attack=AttackConfig(
            shake=ShakeConfig(duration_s=1.0, tilt_deg=75.0, turn_s=0.5),
            snatch=SnatchConfig(second_hand=SecondHandConfig(present=PresentConfig(duration_s=0.5))),
        ),
        learning=LearningConfig(epochs_n=1, finetune_epochs_n=1, adversary_epochs_n=1, batch_n=8, precision="fp32", threads_n=1),
        match=MatchConfig(
            random_grasps_n=16,
            bouts=(BoutConfig("shake", 2, 8), BoutConfig("snatch", 1, 8)),
            collaborative_grasps_n=36,
            patches_n=16,
            attempts_per_scene_n=4,
            wave_scenes_n=2,
        ),
        test=TestConfig(objects="novel-families", tries_n=1),
    )


SILENT = Silent()


def cpu(config: RunConfig) -> Compute:
    """The processor, as the config wants it used."""
    return compute_for(config.learning, torch.device("cpu"))


def play(
    config: RunConfig, path: Path, *, executor: str = "serial", workers_n: int | None = None, progress: Progress = SILENT
) -> PlayedRun:
    """Plays and tests a run, or what is missing of it."""
    run, compute = RunFolder(path), cpu(config)
    with open_farm(FarmConfig(executor, workers_n)) as workforce:
        run.begin(config, {"command": "test"})
        cell = SimulatedCell(config.world, config.attack, workforce)
        Match(config, cell, run, compute, progress).play()
        evaluate(run, tests_of(config), open_cell=simulated_cells(workforce), compute=compute, progress=progress)
    return PlayedRun(run, config, digest_run(run))


CROSSED_TRIES_N = 8


def taking_part(*runs: RunFolder, tries_n: int | None = CROSSED_TRIES_N) -> list[Entrant]:
    """Runs, read and checked."""
    return entrants(runs, "low-force", "novel-families", tries_n, torch.device("cpu"))


def cross(*runs: RunFolder, tries_n: int = CROSSED_TRIES_N, executor: str = "serial", workers_n: int | None = None) -> None:
    """Plays runs against each other."""
    with open_farm(FarmConfig(executor, workers_n)) as workforce:
        crossplay(taking_part(*runs, tries_n=tries_n), executor=workforce, device=torch.device("cpu"), progress=Silent())
