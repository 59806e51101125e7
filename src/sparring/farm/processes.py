"""Worker processes on this machine. Each is started anew and has its own pipe, so that killing one leaves the others whole."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from sparring.errors import WorkerError
from sparring.farm.dispatch import Failed, WorkerLostError
from sparring.plugins import load_plugins

START_TIMEOUT_S = 120.0
_READY = "ready"
_STARTING = threading.Lock()


class ProcessWorker:
    """One worker process, ready."""

    def __init__(self) -> None:
        """Starts it and waits until it is there.

        Raises:
            WorkerLostError: it died or hung before.
        """
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
        with _STARTING, _without_interrupts():  # multiprocessing keeps a list of its children without a lock
            try:
                self._process.start()
            except OSError as error:
                raise WorkerLostError(f"could not be started: {error.strerror or error}") from None
            finally:
                theirs.close()
        self.receive(START_TIMEOUT_S)

    def send(self, function: Callable[[Any], Any], job: Any) -> None:
        """Gives it one more job."""
        try:
            self._connection.send((function, job))
        except OSError:
            raise WorkerLostError(self._how()) from None

    def receive(self, timeout_s: float) -> Any:
        """The result of the oldest job."""
        try:
            if self._connection.poll(timeout_s):
                return self._connection.recv()
        except (EOFError, OSError):
            raise WorkerLostError(self._how()) from None
        self.stop()
        raise WorkerLostError(f"gave no answer for {timeout_s:g} s")

    def stop(self) -> None:
        """Kills it."""
        self._process.kill()
        self._process.join(1.0)

    def _how(self) -> str:
        self._process.join(1.0)
        code = self._process.exitcode
        if code is not None and code < 0:
            hint = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
            return f"was killed by {signal.Signals(-code).name}{hint}"
        return f"ended with exit status {code}"


@contextmanager
def _without_interrupts() -> Generator[None]:
    """What is started now leaves interrupts to us from its first moment."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, parent_pid: int) -> None:
    """The life of a worker: leaves interrupts to its parent, does jobs, ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(parent_pid,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        connection.send(_READY)
        load_plugins()
        while True:
            function, job = connection.recv()
            connection.send(outcome_of(function, job))


def outcome_of(function: Callable[[Any], Any], job: Any) -> Any:
    """A job's result, or what it raised. One that runs out of memory ends its worker, so that it is done again elsewhere."""
    try:
        return function(job)
    except MemoryError:
        os._exit(1)
    except Exception as error:
        if _travels(error):
            return Failed(error)
        return Failed(WorkerError(f"a job failed: {type(error).__name__}: {error}"))


def _travels(error: Exception) -> bool:
    """Whether an error arrives as it was sent; some classes do not survive pickling."""
    import pickle

    try:
        return str(pickle.loads(pickle.dumps(error))) == str(error)
    except Exception:
        return False


def _end_with_parent(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(1.0)
    os._exit(1)


def cores_n() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
