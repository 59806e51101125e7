"""What long work tells of itself. The command line draws it; a library user hears nothing."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Task(Protocol):
    """A piece of long work under way."""

    def advance(self, n: int, **counts: float) -> None:
        """`n` more units are done; `counts` are added up (attempts) or shown as they are (losses)."""
        ...


class Progress(Protocol):
    """Where long work is announced."""

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Task]:
        """Begins a task of `total` units."""
        ...


class _SilentTask:
    def advance(self, n: int, **counts: float) -> None:
        """Says nothing."""


class Silent:
    """No progress is shown."""

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Task]:
        """A task that says nothing."""
        return nullcontext(_SilentTask())
