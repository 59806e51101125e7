"""Ctrl-C once: end after what is under way; twice: at once. Either way nothing that was written is lost."""

import contextlib
import os
import signal
import threading
from types import FrameType

_ASKED = threading.Event()


def heed_interrupts() -> None:
    """From here on the first interrupt is a wish. In the background of a shell, which ignores them, they stay ignored."""
    _ASKED.clear()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_interrupt)


def stopping() -> bool:
    """Whether there was an interrupt."""
    return _ASKED.is_set()


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    if _ASKED.is_set():
        signal.default_int_handler(number, frame)
    _ASKED.set()
    with contextlib.suppress(OSError):  # not through sys.stderr, which may be in the middle of something
        os.write(2, b"sparring: finishing what is under way; interrupt again to stop at once\n")
