"""Runs side by side, one a lane; a run begins when the one that it shares with is done."""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Protocol, TypeVar, runtime_checkable

from sparring.errors import ConfigError, WorkerError
from sparring.farm.dispatch import Lost
from sparring.farm.executors import Executor, FarmConfig, open_farm

RUN_TIMEOUT_S = 7 * 24 * 3600.0
"""A run may take days; one that takes a week hangs."""


@runtime_checkable
class Waiting(Protocol):
    """A job that may have to wait for another."""

    @property
    def name(self) -> Hashable:
        """What others wait for."""
        ...

    @property
    def after(self) -> Hashable | None:
        """The name of the job that must be done first, which stands before this one; None: it need not wait."""
        ...


Job = TypeVar("Job", bound=Waiting)


def in_lanes(function: Callable[[Job], object], jobs: Sequence[Job], *, lanes_n: int, done: Callable[[Job], None]) -> None:
    """Does all jobs, so many at a time, each lane in a process of its own; one lane alone does them here.

    Args:
        function: what is done. It travels to other processes by name, and is called again with a job whose process was lost.
        jobs: in the order in which they are begun, but for those that must wait.
        lanes_n: jobs at a time.
        done: called here after each.

    Raises:
        WorkerError: a job was set aside because processes died of it.
        SparringError: what a job raised; those under way are ended.
    """
    if lanes_n == 1:
        for job in jobs:
            function(job)
            done(job)
        return
    with ThreadPoolExecutor(lanes_n, thread_name_prefix="lane") as pool, ExitStack() as held:
        free: SimpleQueue[Executor] = SimpleQueue()
        for _ in range(lanes_n):
            free.put(held.enter_context(open_farm(FarmConfig("process", workers=1, job_timeout_s=RUN_TIMEOUT_S))))
        waiting, finished = list(jobs), set[Hashable]()
        under_way: dict[Future[None], Job] = {}
        while waiting or under_way:
            ready = [job for job in waiting if job.after is None or job.after in finished]
            for job in ready[: lanes_n - len(under_way)]:
                waiting.remove(job)
                under_way[pool.submit(_do, free, function, job)] = job
            if not under_way:
                raise ConfigError(f"{waiting[0].name} waits for {waiting[0].after}, which is not played")
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                job = under_way.pop(future)
                future.result()
                finished.add(job.name)
                done(job)


def _do(free: "SimpleQueue[Executor]", function: Callable[[Job], object], job: Job) -> None:
    executor = free.get()
    for result in executor.map(function, [job]):
        if isinstance(result, Lost):
            raise WorkerError(
                f"{job.name} was {result.reason}; run the same command again, with fewer --lanes if memory was short"
            )
    free.put(executor)
