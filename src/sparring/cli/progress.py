"""Progress on a terminal as bars, elsewhere as a line now and then."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from sparring.cli.stopping import stopping
from sparring.game.progress import Progress, Silent, Task

LINE_EVERY_S = 20.0


class _Counts:
    """Whole numbers are added up, fractions shown as they last were."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}

    def add(self, counts: dict[str, float]) -> None:
        for name, value in counts.items():
            self._values[name] = self._values.get(name, 0) + value if isinstance(value, int) else value

    def __str__(self) -> str:
        return ", ".join(f"{name} {value if isinstance(value, int) else f'{value:.4g}'}" for name, value in self._values.items())


class _BarTask:
    def __init__(self, bars: Bars, total: int, name: str, unit: str) -> None:
        self._bars, self._counts, self._start, self._unit = bars, _Counts(), time.monotonic(), unit
        self._id, self._done = bars.add_task(name, total=total, told=""), 0

    def advance(self, n: int, **counts: float) -> None:
        """Moves the bar."""
        self._counts.add(counts)
        self._done += n
        rate = self._done / max(1e-9, time.monotonic() - self._start)
        self._bars.update(self._id, advance=n, told=f"{rate:.3g} {self._unit}/s  {self._counts}")


class _Interruptible:
    """Work that an interrupt may stop."""

    @property
    def stopping(self) -> bool:
        """Whether there was an interrupt."""
        return stopping()


class QuietProgress(_Interruptible, Silent):
    """Nothing is shown."""


class BarProgress(_Interruptible):
    """Bars for a terminal."""

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Generator[Task]:
        """A bar that stays when it is full."""
        columns = (
            TextColumn("{task.description:<18}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}"),
        )
        with Bars(*columns) as bars:
            yield _BarTask(bars, total, name, unit)


class _LineTask:
    def __init__(self, name: str, total: int, unit: str) -> None:
        self._name, self._total, self._unit = name, total, unit
        self._counts, self._done, self._start = _Counts(), 0, time.monotonic()
        self._told = self._start

    def advance(self, n: int, **counts: float) -> None:
        """Says how far it is, if it has not for a while."""
        self._counts.add(counts)
        self._done += n
        if time.monotonic() - self._told > LINE_EVERY_S:
            self.tell()

    def tell(self) -> None:
        """Says how far it is."""
        self._told = time.monotonic()
        rate = self._done / max(1e-9, self._told - self._start)
        line = f"{self._name}: {self._done}/{self._total} {self._unit}, {rate:.3g}/s, {self._counts}"
        print(line.rstrip(", "), file=sys.stderr, flush=True)


class LineProgress(_Interruptible):
    """Lines for a pipe or a file."""

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Generator[Task]:
        """Lines while it runs and one at its end."""
        task = _LineTask(name, total, unit)
        yield task
        task.tell()


def progress_for(*, quiet: bool) -> Progress:
    """Bars on a terminal, lines elsewhere, nothing when asked to be quiet."""
    if quiet:
        return QuietProgress()
    return BarProgress() if sys.stdout.isatty() else LineProgress()
