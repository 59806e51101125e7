"""Jobs that more than one file gives to workers."""

import time
from pathlib import Path


def hanging_once(job: tuple[int, str]) -> int:
    """Hangs on one job, the first time."""
    number, folder = job
    mark = Path(folder) / str(number)
    if number == 2 and not mark.exists():
        mark.touch()
        time.sleep(600)
    return number
