"""Reading what can be read of runs that may be unfinished or damaged, and keeping in mind what cannot."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from sparring.errors import SparringError

Read = TypeVar("Read")


class Reading:
    """What could not be read so far.

    Args:
        damaged: files that are known to be other than they were written; they are not read at all.
    """

    def __init__(self, damaged: Iterable[Path] = ()) -> None:
        self.missing: list[str] = []
        self._damaged = frozenset(damaged)

    def tried(self, read: Callable[[], Read], path: Path | None = None) -> Read | None:
        """What was read, from `path` where it is one file; None where it is damaged, which is noted."""
        if path in self._damaged:
            return None
        try:
            return read()
        except SparringError as error:
            if str(error) not in self.missing:
                self.missing.append(str(error))
            return None


class Strictly(Reading):
    """Anything that cannot be read is an error."""

    def tried(self, read: Callable[[], Read], path: Path | None = None) -> Read | None:
        """What was read.

        Raises:
            SparringError: it is damaged.
        """
        return read()
