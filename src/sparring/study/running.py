"""Plays and tests one run of a study: in a worker, on one CPU thread, with a log beside its folder."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

from sparring.config import RunConfig
from sparring.errors import RunFolderError
from sparring.evaluation.crossplay import crossplay, entrants
from sparring.evaluation.evaluate import evaluate, is_whole, tests_of
from sparring.evaluation.protocol import Test
from sparring.farm.executors import SerialExecutor
from sparring.game.cell import Cell, SimulatedCell
from sparring.game.match import Match
from sparring.game.progress import Task
from sparring.game.run_folder import RunFolder, provenance
from sparring.players.device import DeviceName, compute_for, device_named, resolved
from sparring.study.arms import FEWER, StudyTest, players_of
from sparring.study.sharing import adopt_start
from sparring.study.views import RememberingCell
from sparring.world.camera import RENDERER


@dataclass(frozen=True)
class Run:
    """One arm with one seed: what a worker is given."""

    path: Path
    config: RunConfig
    shares: Path | None
    """The run whose random grasps and P_0 it takes over."""
    tests: tuple[StudyTest, ...]
    """Tests beside those of its config."""
    crossplay: bool
    """Whether its players meet its own adversaries."""
    device: DeviceName
    command: str

    @property
    def name(self) -> Path:
        """Its folder."""
        return self.path

    @property
    def after(self) -> Path | None:
        """It begins when the run that it shares with is done."""
        return self.shares


def log_of(path: Path) -> Path:
    """The log of a run, beside its folder."""
    return path.with_name(f"{path.name}.log")


def play_run(job: Run) -> str:
    """Plays and tests what is not on disk yet.

    Returns:
        The run's folder, as text.
    """
    run = RunFolder(job.path)
    job.path.parent.mkdir(parents=True, exist_ok=True)
    with run.locked(), log_of(job.path).open("a") as file:
        try:
            _play(job, run, LogProgress(file))
        except OSError as error:
            raise RunFolderError(f"could not write {job.path}: {error.strerror or error}; make room and run it again") from None
    return str(job.path)


def _play(job: Run, run: RunFolder, progress: "LogProgress") -> None:
    device = device_named(job.device)
    begun = run.config().learning if run.config_path.exists() else None
    config = replace(job.config, learning=resolved(job.config.learning, device, begun))
    compute = compute_for(config.learning, device)

    def open_cell(asked: RunConfig) -> Cell:
        return SimulatedCell(asked.world, asked.attack, SerialExecutor())

    match = Match(config, open_cell(config), run, compute, progress)
    run.begin(
        config,
        provenance(
            device=str(device),
            workers_n=1,
            executor="serial",
            cell=SimulatedCell.name,
            renderer=RENDERER,
            command=job.command,
        ),
    )
    run.unseal()
    if job.shares is not None:
        adopt_start(run, RunFolder(job.shares))
    match.play()

    def open_remembering(asked: RunConfig) -> Cell:
        return RememberingCell(open_cell(asked), asked.world)

    def put_to(tests: list[Test], players: tuple[str, ...]) -> None:
        evaluate(run, tests, players=players or None, open_cell=open_remembering, compute=compute, progress=progress)

    put_to(tests_of(config), ())
    for test in job.tests:
        tries_n = max(1, config.test.tries_n // test.tries_share)
        put_to([Test(test.protocol, test.objects, tries_n)], players_of(config, test.players))
    if job.crossplay:
        tries_n = max(1, config.test.tries_n // FEWER)
        taking_part = entrants([run], "low-force", config.test.objects, tries_n, device)
        crossplay(taking_part, executor=SerialExecutor(), device=device, progress=progress)
    if is_whole(run, config):
        run.seal()


class LogProgress:
    """A line in a log at the beginning and the end of each piece of work."""

    stopping = False

    def __init__(self, file: TextIO) -> None:
        self._file = file

    @contextmanager
    def task(self, name: str, total: int, unit: str, *, waves_n: int | None = None) -> Generator[Task]:
        """Tells of a task, and of how much of it was found done."""
        self._say(f"{name}, {total} {unit}")
        counted = _Counted()
        yield counted
        self._say(f"{name} done" + (f", {counted.found} found" if counted.found else ""))

    def _say(self, text: str) -> None:
        self._file.write(f"{datetime.now().isoformat(timespec='seconds')} {text}\n")
        self._file.flush()


class _Counted:
    def __init__(self) -> None:
        self.found = 0

    def advance(self, n: int, *, found: bool = False, **counts: float) -> None:
        """Counts what was found."""
        self.found += n * found
