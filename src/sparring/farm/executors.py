"""Where jobs run. Every executor gives the same results in the order of the jobs; only the time differs."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Literal, Protocol, Self, TypeVar

from sparring.errors import ConfigError, WorkerError, unknown_name

Job = TypeVar("Job")
Result = TypeVar("Result")
ExecutorName = Literal["serial", "process"]


class Executor(AbstractContextManager["Executor"], Protocol):
    """Maps pure functions over jobs."""

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """Results in the order of the jobs, as they come."""
        ...


class SerialExecutor:
    """One job after the other, in this process: the reference."""

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """Results in the order of the jobs."""
        return map(function, jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


class ProcessExecutor:
    """Worker processes on this machine, each started anew, so that they share nothing with the parent."""

    def __init__(self, workers_n: int | None = None) -> None:
        self.workers_n = workers_n or cores_n()
        self._pool = ProcessPoolExecutor(
            self.workers_n, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(os.getpid(),)
        )

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """Results in the order of the jobs, as they come.

        Raises:
            WorkerError: a worker died.
        """
        chunk = max(1, min(2, len(jobs) // (4 * self.workers_n)))  # small, so that no worker ends long before another
        try:
            yield from self._pool.map(function, jobs, chunksize=chunk)
        except BrokenProcessPool:
            raise WorkerError(
                "a worker process died (killed, or out of memory); nothing written is lost: "
                "run the same command again, with fewer --workers if memory was short"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(wait=error is None, cancel_futures=True)


def _start_worker(parent_pid: int) -> None:
    """A worker leaves interrupts to its parent, and ends when its parent has been killed."""
    import signal
    import threading
    import time

    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def cores_n() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


EXECUTORS: dict[str, Callable[[int | None], Executor]] = {
    "serial": lambda workers_n: SerialExecutor(),
    "process": ProcessExecutor,
}


def executor_named(name: str, workers_n: int | None = None) -> Executor:
    """The executor of that name.

    Raises:
        ConfigError: there is none, or the number of workers is impossible.
    """
    if name not in EXECUTORS:
        raise ConfigError(unknown_name("executor", name, EXECUTORS))
    if workers_n is not None and workers_n < 1:
        raise ConfigError(f"--workers must be at least 1, got {workers_n}")
    return EXECUTORS[name](workers_n)
