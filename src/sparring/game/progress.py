"""What long work tells of itself, and whether it should go on. The command line draws it; a library user hears nothing."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Task(Protocol):
    """A piece of long work under way."""

    def advance(self, n: int, *, found: bool = False, **counts: float) -> None:
        """`n` more units are done. They were `found` where an earlier run of the command has left them, and took no time now.

        Of `counts`, whole numbers are added up (`sensed` of `valid`), fractions stand for now (a loss).
        """
        ...


class Progress(Protocol):
    """Where long work is announced."""

    @property
    def stopping(self) -> bool:
        """Whether the user wishes it to end after the step in hand: a wave, a fit, a test."""
        ...

    def task(self, name: str, total: int, unit: str, *, waves_n: int | None = None) -> AbstractContextManager[Task]:
        """Begins a task of `total` units; where it comes in waves, each of them is one advance.

        The first word of the name is its kind: `stage shake-1`, `fit start`, `test low-force on named`, `cross-play start`.
        """
        ...


class _SilentTask:
    def advance(self, n: int, *, found: bool = False, **counts: float) -> None:
        """Says nothing."""


class Silent:
    """No progress is shown."""

    @property
    def stopping(self) -> bool:
        """Nobody is there to wish for it."""
        return False

    def task(self, name: str, total: int, unit: str, *, waves_n: int | None = None) -> AbstractContextManager[Task]:
        """A task that says nothing."""
        return nullcontext(_SilentTask())


def require_going_on(progress: Progress) -> None:
    """Called between steps, when all that was done is on disk.

    Raises:
        KeyboardInterrupt: the user wishes to stop.
    """
    if progress.stopping:
        raise KeyboardInterrupt
