"""The study: all runs of its arms, side by side, and the summaries of those that are done."""

from dataclasses import dataclass
from pathlib import Path

from sparring.config import PRESETS, RunConfig, preset_named
from sparring.errors import ConfigError
from sparring.evaluation.evaluate import is_whole
from sparring.game.progress import Progress
from sparring.game.run_folder import RunFolder
from sparring.players.device import DeviceName
from sparring.study.arms import BASE, Study, arm_config
from sparring.study.lanes import in_lanes
from sparring.study.outcomes import summary_of
from sparring.study.running import Run, play_run
from sparring.study.sharing import shares_grasps
from sparring.study.summary import write_summary

STEP = "study"


@dataclass(frozen=True)
class Asked:
    """What is played of a study, and where."""

    study: Study
    preset: str
    seeds: tuple[int, ...]
    out: Path
    tries_n: int | None = None
    """Tries an object in tests; the preset's unless given."""
    device: DeviceName = "auto"
    command: str = ""

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            ConfigError: unknown preset, no seeds, impossible numbers, or a file in the folder's place.
        """
        preset_named(self.preset)
        if not self.seeds or min(self.seeds) < 0 or len(set(self.seeds)) != len(self.seeds):
            raise ConfigError(f"--seeds must be different numbers from 0 on, got {' '.join(map(str, self.seeds)) or 'none'}")
        if self.tries_n is not None and self.tries_n < 1:
            raise ConfigError(f"--tries must be at least 1, got {self.tries_n}")
        for path in (self.out, *self.out.parents):
            if path.exists() and not path.is_dir():
                raise ConfigError(f"--out must be a folder, new or of a study; {path} is a file")

    def folder(self, seed: int, arm: str) -> Path:
        """Where a run lies."""
        return self.out / self.preset / f"seed-{seed}" / arm

    def config(self, seed: int, arm: str) -> RunConfig:
        """What a run plays."""
        return arm_config(PRESETS[self.preset], arm, seed=seed, tries_n=self.tries_n)


def runs_of(asked: Asked) -> list[Run]:
    """All runs, those first that others take their random grasps and P_0 from."""
    runs = [_run(asked, seed, arm) for arm in asked.study.arms for seed in asked.seeds]
    return sorted(runs, key=lambda run: run.shares is not None)


def _run(asked: Asked, seed: int, arm: str) -> Run:
    config, base = asked.config(seed, arm), asked.config(seed, BASE)
    first = arm == asked.study.arms[0]
    shares = arm != BASE and BASE in asked.study.arms and shares_grasps(config, base)
    return Run(
        path=asked.folder(seed, arm),
        config=config,
        shares=asked.folder(seed, BASE) if shares else None,
        tests=asked.study.tests if first else (),
        crossplay=asked.study.crossplay and first,
        device=asked.device,
        command=asked.command,
    )


def play_study(asked: Asked, *, lanes_n: int, progress: Progress) -> list[Path]:
    """Plays what is missing, and writes a summary of every arm of the study.

    Returns:
        The summaries.

    Raises:
        SparringError: a folder holds something else, is at work elsewhere, or a run cannot go on.
    """
    runs = runs_of(asked)
    with progress.task(STEP, len(runs), "runs") as task:

        def done(run: Run) -> None:
            _summarise(asked, run.path.name)
            task.advance(1)

        in_lanes(play_run, runs, lanes_n=lanes_n, done=done)
    return [_summarise(asked, arm) for arm in asked.study.arms]


def _summarise(asked: Asked, arm: str) -> Path:
    """Of all seeds that are played, also by other commands."""
    path = asked.out / "results" / asked.preset / f"{arm}.json"
    folders = sorted((asked.out / asked.preset).glob("seed-*"))
    whole = [run for folder in folders if is_played(run := RunFolder(folder / arm))]
    write_summary(path, summary_of(asked.preset, PRESETS[asked.preset], arm, whole))
    return path


def is_played(run: RunFolder) -> bool:
    """Whether a run was played to the end and lies where its seed says; a copy of a folder is no seed more."""
    if not run.config_path.exists():
        return False
    config = run.config()
    return run.path.parent.name == f"seed-{config.seed}" and is_whole(run, config)
