"""Reading what can be read of a run that may be unfinished or damaged, and keeping in mind what cannot."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sparring.errors import SparringError

Read = TypeVar("Read")


@dataclass
class Reading:
    """What could not be read so far."""

    missing: list[str] = field(default_factory=list[str])

    def tried(self, read: Callable[[], Read]) -> Read | None:
        """What was read; None where it is damaged, which is noted."""
        try:
            return read()
        except SparringError as error:
            if str(error) not in self.missing:
                self.missing.append(str(error))
            return None


class Strictly(Reading):
    """Anything that cannot be read is an error."""

    def tried(self, read: Callable[[], Read]) -> Read | None:
        """What was read.

        Raises:
            SparringError: it is damaged.
        """
        return read()
