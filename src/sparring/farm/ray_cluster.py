"""The workers of a Ray cluster. The only importer of ray; `pip install 'sparring[ray]'`."""

# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false
# ray is an optional extra.
import contextlib
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from sparring.errors import ConfigError, WorkerError
from sparring.farm.dispatch import Crew, Failed, NoRoomError, Worker, WorkerLostError
from sparring.farm.processes import cores_n, outcome_of
from sparring.plugins import load_plugins

ROOM_TIMEOUT_S = 600.0
"""A cluster may have to start a machine for a worker; then it is asked for anew."""
START_TIMEOUT_S = 60.0
SLICE_S = 0.5
TELL_AFTER_S = 10.0
ANSWER_TIMEOUT_S = 5.0
_LOG = logging.getLogger(__name__)


class RayCrew(Crew):
    """Worker actors, one a core. One that dies, or whose machine does, is placed anew wherever there is room."""

    def __init__(self, address: str | None, workers_n: int | None, *, job_timeout_s: float) -> None:
        """Joins the cluster at an address; with none, starts a Ray on this machine that nobody else can reach.

        Raises:
            ConfigError: ray is not installed, or there is no such cluster, or it has no cores.
        """
        self._ray = _ray(alone=address is None)
        self._joined_only = bool(self._ray.is_initialized())
        if self._joined_only and address is not None:
            raise ConfigError("this process has joined a Ray cluster already; leave --address out, or call ray.shutdown() first")
        self._logs = TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
        try:
            if not self._joined_only:
                _connect(self._ray, address, workers_n, self._logs.name)
            cores = _cores_n(self._ray)
        except BaseException:
            self._close()
            raise
        super().__init__(self._place, workers_n or cores, job_timeout_s=job_timeout_s)

    def _place(self) -> Worker:
        return _RayWorker(self._ray, lambda: self._end is not None)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        super().__exit__(kind, error, trace)
        self._close()

    def _close(self) -> None:
        if not self._joined_only:
            self._ray.shutdown()
        self._logs.cleanup()


class _RayWorker:
    """An actor on one core of the cluster, ready."""

    def __init__(self, ray: Any, closing: Callable[[], bool]) -> None:
        """Places it and waits until it is there.

        Raises:
            WorkerLostError: it died.
            NoRoomError: there is no free core.
            WorkerError: its machine does not have this version of sparring.
        """
        self._ray = ray
        self._actor = ray.remote(num_cpus=1, max_restarts=0)(_Hand).remote()
        self._results = [self._actor.ready.remote()]
        begun, told = time.monotonic(), False
        while not ray.wait(self._results, timeout=SLICE_S)[0]:
            if not told and time.monotonic() - begun > TELL_AFTER_S:
                _LOG.warning("waiting for a free core in the Ray cluster")
                told = True
            if closing() or time.monotonic() - begun > ROOM_TIMEOUT_S:
                self.stop()
                raise NoRoomError
        theirs, ours = self.receive(START_TIMEOUT_S), _versions()
        if theirs != ours:
            raise WorkerError(f"a machine of the Ray cluster has {theirs}, this one {ours}; install the same on all of them")

    def send(self, function: Callable[[Any], Any], job: Any) -> None:
        """Gives it one more job."""
        try:
            self._results.append(self._actor.do.remote(function, job))
        except ConnectionError as error:
            raise WorkerLostError(f"could not be reached ({error})") from None

    def receive(self, timeout_s: float) -> Any:
        """The result of the oldest job."""
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(self._results.pop(0), timeout=timeout_s)
        except exceptions.GetTimeoutError:
            self.stop()
            raise WorkerLostError(f"gave no answer for {timeout_s:g} s") from None
        except exceptions.RayTaskError as error:  # jobs return what they raise, so that this is Ray's own doing
            return Failed(_unfit(str(error)))
        except ConnectionError as error:
            raise WorkerLostError(f"could not be reached ({error})") from None
        except exceptions.RayError as error:
            if "failed to import" in str(error) or "ModuleNotFoundError" in str(error):
                raise _unfit(str(error)) from None
            raise WorkerLostError(f"was lost by Ray ({type(error).__name__})") from None

    def stop(self) -> None:
        """Kills it."""
        with contextlib.suppress(Exception):  # Ray, or its cluster, may be gone
            self._ray.kill(self._actor)


class _Hand:
    """What runs in the cluster. Its machine needs the same version of sparring."""

    def ready(self) -> str:
        """What it has of all that decides results."""
        load_plugins()
        return _versions()

    def do(self, function: Callable[[Any], Any], job: Any) -> Any:
        """A job."""
        return outcome_of(function, job)


def _versions() -> str:
    return ", ".join(f"{name} {version(name)}" for name in ("sparring", "mujoco", "numpy"))


def _unfit(told: str) -> WorkerError:
    """A machine of the cluster that cannot do jobs."""
    reason = next((line.strip() for line in told.splitlines() if "Error: " in line), told.splitlines()[0])
    return WorkerError(
        f"a machine of the Ray cluster could not take a job ({reason}); install the same version of sparring on all of them"
    )


def _connect(ray: Any, address: str | None, workers_n: int | None, logs: str) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is not None:
        _require_answer(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    try:
        if address is None:
            ray.init(
                address="local",
                num_cpus=workers_n or cores_n(),
                include_dashboard=False,
                _temp_dir=logs,
                **quiet,
            )
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise _nobody(address, reason) from None


def _cores_n(ray: Any) -> int:
    """Cores of the cluster."""
    cores = int(ray.cluster_resources().get("CPU", 0))
    if cores < 1:
        raise ConfigError("the Ray cluster has no CPU to give; add a node: ray start --address=... --num-cpus=...")
    return cores


def _require_answer(address: str) -> None:
    """Ray itself would wait for minutes.

    Raises:
        ConfigError: nobody listens at a HOST:PORT.
    """
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_TIMEOUT_S).close()
    except (OSError, OverflowError) as error:
        raise _nobody(address, str(error)) from None


def _nobody(address: str | None, reason: str) -> ConfigError:
    return ConfigError(
        f"no Ray cluster at {address or 'this machine'} ({reason}); start one with `ray start --head`, or leave --address out"
    )


def _ray(*, alone: bool) -> Any:
    """Ray; one that is alone on this machine listens on loopback only, which this variable (of Ray) says on any system."""
    if alone:
        if "ray" in sys.modules and "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in os.environ:
            _LOG.warning("Ray was imported before, so that a Ray of this machine's own may listen beyond loopback")
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
    except ImportError:
        raise ConfigError("--executor ray needs Ray, which is not installed: pip install 'sparring[ray]'") from None
    return ray
