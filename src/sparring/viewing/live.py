"""A match as its run folder alone tells of it, read and never written: how far it is, and what it has come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sparring.config import RunConfig
from sparring.data.store import read_shard
from sparring.errors import DataError, RunFolderError
from sparring.evaluation.evaluate import tests_of
from sparring.evaluation.fits import number_of
from sparring.evaluation.statistics import Rate
from sparring.evaluation.wording import clock, with_n
from sparring.game.collect import Stage, waves_n
from sparring.game.plan import stages_of, steps_of, tested_names
from sparring.game.run_folder import RunFolder

RECENT_WAVES_N = 8
"""Speed is told of so many last waves: what was before a break does not count."""
Told = TypeVar("Told")
COUNTED = ["sensed", "lifted", "dislodged", "invalid"]


@dataclass(frozen=True)
class Wave:
    """What one shard came to."""

    stage: str
    path: Path
    attempts_n: int
    valid_n: int
    sensed_n: int
    attacked_n: int
    dislodged_n: int
    ended_s: float
    """When it was written, seconds since 1970."""


@dataclass(frozen=True)
class Standing:
    """A stage so far."""

    stage: Stage
    waves_n: int
    """Of all."""
    waves: tuple[Wave, ...]
    """Those that are done, in order."""

    @property
    def attempts_n(self) -> int:
        """Attempts made."""
        return sum(wave.attempts_n for wave in self.waves)

    @property
    def success(self) -> Rate:
        """Of valid attempts, what the weak sensor called a success."""
        return Rate(sum(wave.sensed_n for wave in self.waves), sum(wave.valid_n for wave in self.waves))

    @property
    def dislodged(self) -> Rate:
        """Of valid attempts that met an attack, what was dislodged."""
        return Rate(sum(wave.dislodged_n for wave in self.waves), sum(wave.attacked_n for wave in self.waves))

    @property
    def per_s(self) -> float | None:
        """Attempts a second, from when the last shards were written; None before the second wave."""
        waves = sorted(self.waves, key=lambda wave: wave.ended_s)[-RECENT_WAVES_N:]
        took_s = waves[-1].ended_s - waves[0].ended_s if waves else 0.0
        return sum(wave.attempts_n for wave in waves[1:]) / took_s if took_s > 0 else None

    def eta_s(self, now_s: float) -> float | None:
        """Seconds that the rest takes at this speed; None where it is not known, or nothing is left."""
        left_n, speed = self.stage.grasps_n - self.attempts_n, self.per_s
        if speed is None or left_n <= 0:
            return None
        return max(0.0, left_n / speed - (now_s - max(wave.ended_s for wave in self.waves)))


@dataclass(frozen=True)
class LastFit:
    """What the last fit that has ended told of its epochs."""

    name: str
    losses: tuple[float, ...]
    held_out_auc: float | None
    """After the last epoch; None where nothing was held out."""


@dataclass(frozen=True)
class Match:
    """A match at one look; two that are equal tell the same."""

    doing: str
    """The step that is next or under way, such as `stage shake-1`, `fit start`, `tests`, or what it waits for."""
    step: int
    steps_n: int
    stage: Standing | None = None
    """The last that has begun."""
    attempts_n: int = 0
    attempts_total_n: int = 0
    fit: LastFit | None = None
    tests_done: int = 0
    tests_n: int = 0
    complete: bool = False
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""


@dataclass
class Follower:
    """Looks at a run folder again and again; a shard is read once, as long as it does not change."""

    run: RunFolder
    waves: dict[Path, tuple[int, Wave]] = field(default_factory=dict[Path, tuple[int, Wave]])
    """By path, with the modification time in nanoseconds; in the order in which they were met."""
    _unread: list[str] = field(default_factory=list[str])

    def look(self) -> Match | None:
        """The match now; None where it has not begun.

        Raises:
            RunFolderError: the folder holds something else than a run.
        """
        if not self.run.is_ours():
            raise RunFolderError(f"{self.run.path} is not a run folder; name the folder that `sparring play` was given as --out")
        if not self.run.config_path.exists():
            return None
        config = self.run.config()
        self._unread.clear()
        stages = [self._standing(stage, config) for stage in stages_of(config)]
        steps, done = self._steps(config, stages)
        tests = [self.run.test(test.protocol, test.objects, name) for test in tests_of(config) for name in tested_names(config)]
        begun = [standing for standing in stages if standing.waves]
        complete = self._is_complete()
        return Match(
            doing="complete" if complete else self._doing(steps, done),
            step=min(done + 1, len(steps)),
            steps_n=len(steps),
            stage=begun[-1] if begun else None,
            attempts_n=sum(standing.attempts_n for standing in stages),
            attempts_total_n=sum(standing.stage.grasps_n for standing in stages),
            fit=self._last_fit(),
            tests_done=sum(path.exists() for path in tests),
            tests_n=len(tests),
            complete=complete,
            unread=tuple(self._unread),
        )

    def _standing(self, stage: Stage, config: RunConfig) -> Standing:
        waves = [self._wave(stage.name, path) for path in sorted(self.run.stage(stage.name).glob("wave-*.parquet"))]
        return Standing(stage, waves_n(stage, config), tuple(wave for wave in waves if wave is not None))

    def _wave(self, stage: str, path: Path) -> Wave | None:
        try:
            told = path.stat()
            known = self.waves.get(path)
            if known is None or known[0] != told.st_mtime_ns:
                known = self.waves[path] = told.st_mtime_ns, _wave_of(stage, path, told.st_mtime)
        except (DataError, FileNotFoundError) as error:
            self._unread.append(str(error))
            return None
        return known[1]

    def _steps(self, config: RunConfig, stages: Sequence[Standing]) -> tuple[list[str], int]:
        """All steps of the run, and how many at the beginning are done."""
        whole = {standing.stage.step: len(standing.waves) >= standing.waves_n for standing in stages}
        steps, tests = steps_of(config), tests_of(config)
        is_done = [whole[step] if step in whole else self.run.player(step.partition(" ")[2]).exists() for step in steps]
        for test in tests:
            is_done.append(all(self.run.test(test.protocol, test.objects, name).exists() for name in tested_names(config)))
        done = next((number for number, one in enumerate(is_done) if not one), len(is_done))
        return [*steps, *(test.step for test in tests)], done

    def _doing(self, steps: Sequence[str], done: int) -> str:
        fits = sorted(path.stem for path in self.run.fit("any").parent.glob("*.safetensors"))
        if fits:
            return f"fit {fits[-1]}"
        return steps[done] if done < len(steps) else "report"

    def _last_fit(self) -> LastFit | None:
        rows = self._read(self.run.metrics) or []
        if not rows:
            return None
        name = rows[-1]["fit"]
        epochs = [row for row in rows if row["fit"] == name and "loss" in row]
        auc = self._read(lambda: number_of(epochs[-1], "held_out_auc")) if epochs else None
        losses = (self._read(lambda row=row: number_of(row, "loss")) for row in epochs)
        return LastFit(name, tuple(loss for loss in losses if loss is not None), auc)

    def _is_complete(self) -> bool:
        return self._read(self.run.is_complete) is True

    def _read(self, reading: Callable[[], Told]) -> Told | None:
        """What a file tells; None, with the reason kept, where it cannot be read."""
        try:
            return reading()
        except DataError as error:
            self._unread.append(str(error))
            return None


def _wave_of(stage: str, path: Path, ended_s: float) -> Wave:
    rows = read_shard(path, COUNTED).to_pylist()
    valid = [row for row in rows if not row["invalid"]]
    return Wave(
        stage=stage,
        path=path,
        attempts_n=len(rows),
        valid_n=len(valid),
        sensed_n=sum(bool(row["sensed"]) for row in valid),
        attacked_n=sum(row["dislodged"] is not None for row in valid),
        dislodged_n=sum(bool(row["dislodged"]) for row in valid),
        ended_s=ended_s,
    )


def told(match: Match, now_s: float | None = None) -> list[str]:
    """What is known of a match, a field each; with the time now also when its stage will be done."""
    fields = [f"{match.attempts_n} of {match.attempts_total_n} attempts"]
    if match.stage is not None:
        standing = match.stage
        fields += [
            f"{standing.stage.name}: wave {len(standing.waves)} of {standing.waves_n}",
            f"success {with_n(standing.success)}",
        ]
        if standing.dislodged.n:
            fields.append(f"dislodged {with_n(standing.dislodged)}")
        if standing.per_s is not None and standing.attempts_n < standing.stage.grasps_n:
            fields.append(f"{standing.per_s:.3g} attempts/s")
            left_s = None if now_s is None else standing.eta_s(now_s)
            fields += [] if left_s is None else [f"stage done in {clock(left_s)}"]
    if match.fit is not None:
        fields.append(_fit(match.fit))
    fields.append(f"{match.tests_done} of {match.tests_n} players tested")
    return [*fields, *(f"could not read: {one}" for one in match.unread)]


def title(match: Match) -> str:
    """What it is doing, and how far along that is."""
    return "complete" if match.complete else f"step {match.step} of {match.steps_n}: {match.doing}"


def _fit(fit: LastFit) -> str:
    losses = ", ".join(f"{loss:.3f}" for loss in fit.losses[-5:])
    auc = "" if fit.held_out_auc is None else f", held-out AUC {fit.held_out_auc:.2f}"
    return f"last fit {fit.name}: loss {losses}{auc}" if losses else f"last fit {fit.name}: nothing to learn from"
