"""Progress of long work: what a task has come to, and the announcer that tells it to displays and trackers."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, Self

from sparring.cli.options import TrackerName
from sparring.cli.stopping import stopping
from sparring.evaluation.statistics import Rate
from sparring.game.progress import Task

RATES = (("success", "sensed", "valid"), ("success", "lifted", "valid"), ("dislodged", "dislodged", "attacked"))
"""Name of a rate, and of the counts that it is the quotient of."""


@dataclass(frozen=True)
class Standing:
    """What a task has come to."""

    name: str
    total: int
    unit: str
    waves_n: int | None = None
    """Waves that the task comes in; None where it does not."""
    step: int | None = None
    """Which of the command's steps it is, from 1; None where that is not known."""
    steps_n: int = 0
    done: int = 0
    found: int = 0
    """How many of the done an earlier run of the command has left."""
    waves_done: int = 0
    elapsed_s: float = 0.0
    """From its beginning to when this was so."""
    found_s: float = 0.0
    """From its beginning to when all that was found had been told."""
    over: bool = False
    """Whether it has ended."""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sums over the task."""
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    """As they last were, such as losses."""

    def after(self, n: int, *, found: bool, elapsed_s: float, told: Mapping[str, float]) -> Self:
        """The standing when `n` more units are done."""
        sums, metrics = dict(self.counts), dict(self.metrics)
        for name, value in told.items():
            if isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
            else:
                metrics[name] = value
        return replace(
            self,
            done=self.done + n,
            found=self.found + n * found,
            waves_done=self.waves_done + 1,
            elapsed_s=elapsed_s,
            found_s=elapsed_s if found and self.found == self.done else self.found_s,
            counts=sums,
            metrics=metrics,
        )

    @property
    def per_s(self) -> float | None:
        """Units a second, without those that were found; None while there is none."""
        made, took_s = self.done - self.found, self.elapsed_s - self.found_s
        return made / took_s if made and took_s > 0 else None

    @property
    def eta_s(self) -> float | None:
        """Seconds that the rest takes at this speed; None while there is no speed, and when it is over."""
        speed = self.per_s
        return None if speed is None or self.over else (self.total - self.done) / speed

    @property
    def rates(self) -> dict[str, Rate]:
        """Rates so far, of what has been tried at all."""
        sums = self.counts
        return {name: Rate(sums[part], sums[whole]) for name, part, whole in RATES if part in sums and sums.get(whole)}


class Listener(Protocol):
    """Who is told of progress."""

    def begun(self, standing: Standing) -> None:
        """A task has begun; there is one at a time."""
        ...

    def advanced(self, standing: Standing) -> None:
        """It has come further."""
        ...

    def ended(self, standing: Standing) -> None:
        """It has ended; not always whole: a fit may be good enough early, and work may be stopped or fail."""
        ...

    def close(self) -> None:
        """There will be no more."""
        ...


class _UnderWay:
    """A task that keeps its standing and tells it to all listeners."""

    def __init__(self, standing: Standing, listeners: Sequence[Listener], clock: Callable[[], float]) -> None:
        self._standing, self._listeners, self._clock = standing, listeners, clock
        self._begun_s = clock()

    def begin(self) -> None:
        """Tells that it has begun."""
        for listener in self._listeners:
            listener.begun(self._standing)

    def advance(self, n: int, *, found: bool = False, **counts: float) -> None:
        """Tells how far it is."""
        self._standing = self._standing.after(n, found=found, elapsed_s=self._clock() - self._begun_s, told=counts)
        for listener in self._listeners:
            listener.advanced(self._standing)

    def end(self) -> None:
        """Tells what it came to."""
        self._standing = replace(self._standing, elapsed_s=self._clock() - self._begun_s, over=True)
        for listener in self._listeners:
            listener.ended(self._standing)


class Announcer:
    """Progress that is told to listeners, and that an interrupt may stop. As a context it closes them in the end.

    Args:
        listeners: displays and trackers; nobody where nothing is to be told.
        steps: names of the tasks that the command may come to, in order. A name that is not there just once has no number.
        clock: seconds, only forward.
    """

    def __init__(
        self, listeners: Sequence[Listener], steps: Sequence[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._listeners, self._steps, self._clock = listeners, steps, clock

    @property
    def stopping(self) -> bool:
        """Whether there was an interrupt."""
        return stopping()

    @contextmanager
    def task(self, name: str, total: int, unit: str, *, waves_n: int | None = None) -> Generator[Task]:
        """A task of which every listener is told, its end included, however it ends."""
        step = self._steps.index(name) + 1 if self._steps.count(name) == 1 else None
        under_way = _UnderWay(Standing(name, total, unit, waves_n, step, len(self._steps)), self._listeners, self._clock)
        under_way.begin()
        try:
            yield under_way
        finally:
            under_way.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for listener in self._listeners:
            listener.close()


def progress_for(
    *,
    quiet: bool = False,
    json_logs: bool = False,
    track: Sequence[TrackerName] = (),
    folder: Path | None = None,
    steps: Sequence[str] = (),
) -> Announcer:
    """Bars on a terminal, lines elsewhere or JSON where asked for, nothing when asked to be quiet; and the trackers.

    Args:
        quiet: show nothing.
        json_logs: one JSON object a line, in place of bars and lines.
        track: trackers to write to as well.
        folder: where trackers write; needed where there are such.
        steps: names of the tasks that the command may come to, in order.

    Raises:
        ConfigError: a tracker is not installed or cannot begin.
    """
    from sparring.cli.displays import display_for
    from sparring.cli.tracking import Tracking

    listeners: list[Listener] = []
    if track:
        assert folder is not None
        listeners.append(Tracking(track, folder))
    if not quiet:
        listeners.append(display_for(json_logs=json_logs))
    return Announcer(listeners, steps)
