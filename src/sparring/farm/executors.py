"""Where jobs run. Every executor gives the same results in the order of the jobs; only the time differs."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self, TypeVar

from sparring.errors import ConfigError, unknown_name
from sparring.farm.dispatch import JOB_TIMEOUT_S, Crew, Lost
from sparring.farm.processes import ProcessWorker, cores_n
from sparring.plugins import load_plugins

Job = TypeVar("Job")
Result = TypeVar("Result")
ExecutorName = Literal["serial", "process", "ray"]


class Executor(AbstractContextManager["Executor"], Protocol):
    """Maps pure functions over jobs."""

    @property
    def workers_n(self) -> int:
        """Jobs that are done at the same time."""
        ...

    @property
    def here(self) -> bool:
        """Whether this process does the jobs itself."""
        ...

    def map(
        self, function: Callable[[Job], Result], jobs: Sequence[Job], *, key: Callable[[Job], Hashable] | None = None
    ) -> Iterator[Result | Lost]:
        """Results in the order of the jobs, as they come; `Lost` where a job was set aside because workers died of it.

        Jobs of one `key` share what a worker keeps, such as a compiled scene.
        """
        ...


class SerialExecutor:
    """One job after the other, in this process: the reference."""

    here = True
    workers_n = 1

    def map(
        self, function: Callable[[Job], Result], jobs: Sequence[Job], *, key: Callable[[Job], Hashable] | None = None
    ) -> Iterator[Result | Lost]:
        """Results in the order of the jobs."""
        return map(function, jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


@dataclass(frozen=True)
class FarmConfig:
    """Where the physics runs. Decides the time that a run takes, never its results."""

    executor: ExecutorName = "process"
    """serial: in this process; process: worker processes on this machine; ray: the workers of a Ray cluster."""
    workers: int | None = None
    """Number of workers; all cores of the machine or cluster unless given."""
    address: str | None = None
    """Ray cluster to join, such as auto or ray://host:10001; a Ray on this machine alone unless given."""
    job_timeout_s: float = JOB_TIMEOUT_S
    """A worker that is silent over one job for so long is replaced."""

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            ConfigError: unknown executor, an impossible number, or an address that nothing would use.
        """
        if self.executor not in EXECUTORS:
            raise ConfigError(unknown_name("executor", self.executor, EXECUTORS))
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"--workers must be at least 1, got {self.workers}")
        if not 0 < self.job_timeout_s < float("inf"):
            raise ConfigError(f"--job-timeout-s must be positive, got {self.job_timeout_s}")
        if self.address is not None and self.executor != "ray":
            raise ConfigError(f"--address is for --executor ray; the executor here is {self.executor}")


def _serial(farm: FarmConfig) -> Executor:
    return SerialExecutor()


def _process(farm: FarmConfig) -> Executor:
    return Crew(ProcessWorker, farm.workers or cores_n(), job_timeout_s=farm.job_timeout_s)


def _ray(farm: FarmConfig) -> Executor:
    from sparring.farm.ray_cluster import RayCrew

    return RayCrew(farm.address, farm.workers, job_timeout_s=farm.job_timeout_s)


EXECUTORS: dict[str, Callable[[FarmConfig], Executor]] = {"serial": _serial, "process": _process, "ray": _ray}


def open_farm(farm: FarmConfig) -> Executor:
    """The executor that a config asks for; close it after use.

    Raises:
        ConfigError: Ray was asked for and is not installed, or its cluster is not there; or a plugin cannot be imported.
    """
    load_plugins()
    return EXECUTORS[farm.executor](farm)
