"""Hands jobs to workers: results in order, few jobs out at once, and what a lost worker had in hand is done by another."""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from sparring.errors import WorkerError

Job = TypeVar("Job")
Result = TypeVar("Result")
_LOG = logging.getLogger(__name__)
JOB_TIMEOUT_S = 120.0
"""A job takes some hundredths of a second; one that takes this long hangs."""
DEATHS_N = 3
"""A job in whose hands so many workers were lost is set aside."""
DEATHS_IN_A_ROW_N = 12
"""So many lost workers without one result between them are no accident; more in a larger crew, which may be lost together."""
IN_HAND_N = 2
"""Jobs that a worker has: the one it does, and the next, so that it never waits for this process."""
AHEAD_N = 64
"""How far work may run ahead of the result that is waited for, in jobs for every worker."""
WINDOW_N = 64
"""How far down the queue a worker looks, at most, for a job of a key that it knows."""
REMEMBERED_N = 128
"""Keys that are known of every worker; less than it keeps."""
WARMING_TIMEOUT_S = 300.0
PATIENCE_S = 0.2


class WorkerLostError(Exception):
    """A worker died, hung, or could not be started; says how."""


class NoRoomError(Exception):
    """There is no room for a worker yet; others may go on meanwhile."""


@dataclass(frozen=True)
class Lost:
    """In place of the result of a job that was set aside."""

    reason: str
    """The same wherever it ran, since it goes on record; the log says how the workers were lost."""


@dataclass(frozen=True, eq=False)
class Failed:
    """In place of the result of a job that raised an error of its own."""

    error: BaseException


class Worker(Protocol):
    """Does jobs one after the other, somewhere."""

    def send(self, function: Callable[[Any], Any], job: Any) -> None:
        """Gives it one more job.

        Raises:
            WorkerLostError: it is gone.
        """
        ...

    def receive(self, timeout_s: float) -> Any:
        """The result of the oldest job that it was given, or `Failed`.

        Raises:
            WorkerLostError: it is gone, or gave no answer in time.
        """
        ...

    def stop(self) -> None:
        """Ends it at once, whatever it does."""
        ...


@dataclass(eq=False)
class _Work:
    """One call of `map`."""

    function: Callable[[Any], Any]
    jobs: Sequence[Any]
    keys: Sequence[Hashable]
    waiting: deque[int]
    done: dict[int, Any] = field(default_factory=dict[int, Any])
    taken_n: int = 0
    deaths: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    """Of jobs that a lost worker had in hand: how those to blame for it died. They are done again with no other beside them."""
    dropped: bool = False


@dataclass(eq=False)
class _Seat:
    """A worker's place: who sits there now and what it has."""

    worker: Worker | None = None
    is_warm: bool = False
    in_hand: deque[tuple[_Work, int]] = field(default_factory=deque[tuple[_Work, int]])


class Crew:
    """An executor over workers that may be lost; a thread attends to each."""

    here = False

    def __init__(self, start: Callable[[], Worker], workers_n: int, *, job_timeout_s: float = JOB_TIMEOUT_S) -> None:
        """`start` makes a worker that is ready, and is called again for every one that is lost."""
        self.workers_n = workers_n
        self._start, self._timeout_s = start, job_timeout_s
        self._changed = threading.Condition()
        self._works: list[_Work] = []
        self._function: Callable[[Any], Any] | None = None
        self._knowing: OrderedDict[Hashable, _Seat] = OrderedDict()
        self._deaths_in_a_row: list[str] = []
        self._end: Exception | None = None
        self._seats = [_Seat() for _ in range(workers_n)]
        self._threads = [
            threading.Thread(target=self._attend, args=(seat,), name=f"worker-{number}", daemon=True)
            for number, seat in enumerate(self._seats)
        ]
        for thread in self._threads:
            thread.start()

    def map(
        self, function: Callable[[Job], Result], jobs: Sequence[Job], *, key: Callable[[Job], Hashable] | None = None
    ) -> Iterator[Result | Lost]:
        """Results in the order of the jobs. Work begins at once, whether or not they are taken.

        Args:
            function: pure; a job that was under way when its worker was lost is done again.
            jobs: small.
            key: jobs of one key go to one worker where that costs nothing.

        Raises:
            WorkerError: so many workers were lost one after the other that it is no accident.
        """
        keys = [None if key is None else key(job) for job in jobs]
        work = _Work(function, jobs, keys, deque(range(len(jobs))))
        with self._changed:
            self._function = function
            self._works.append(work)
            self._changed.notify_all()
        return self._results(work)

    def _results(self, work: _Work) -> Iterator[Any]:
        try:
            for index in range(len(work.jobs)):
                result = self._result(work, index)
                if isinstance(result, Failed):
                    raise result.error
                yield result
        finally:
            with self._changed:
                work.dropped = True
                work.waiting.clear()
                self._works.remove(work)

    def _result(self, work: _Work, index: int) -> Any:
        with self._changed:
            self._changed.wait_for(lambda: index in work.done or self._end is not None)
            if index not in work.done:
                assert self._end is not None
                raise self._end
            work.taken_n = index + 1
            self._changed.notify_all()
            return work.done.pop(index)

    def _attend(self, seat: _Seat) -> None:
        try:
            self._keep_busy(seat)
        except Exception as error:  # a mistake of ours must not leave everybody waiting
            self._finish(error)
        if seat.worker is not None:
            seat.worker.stop()

    def _keep_busy(self, seat: _Seat) -> None:
        """The life of a seat: fill the worker's hands, take a result; when the worker is lost, seat another."""
        while self._end is None:
            try:
                if seat.worker is None:
                    seat.worker, seat.is_warm = self._start(), False
                self._warm(seat, seat.worker)
                self._fill(seat)
                if seat.in_hand:
                    self._take_result(seat, seat.worker)
            except NoRoomError:
                continue
            except WorkerLostError as loss:
                self._replace(seat, str(loss))

    def _warm(self, seat: _Seat, worker: Worker) -> None:
        """Lets a new worker import what it will need, so that no job is to blame if it dies over that."""
        if not seat.is_warm and self._function is not None:
            worker.send(_imported, self._function)
            worker.receive(WARMING_TIMEOUT_S)
            seat.is_warm = True

    def _fill(self, seat: _Seat) -> None:
        """Hands out jobs; waits a little where there are none and none is in hand."""
        while len(seat.in_hand) < IN_HAND_N:
            with self._changed:
                if any(index in work.deaths for work, index in seat.in_hand):
                    return
                found = self._next(seat)
                if found is None:
                    if not seat.in_hand and self._end is None:
                        self._changed.wait(PATIENCE_S)
                    return
                work, index = found
                seat.in_hand.append(found)
                self._remember(seat, work.keys[index])
            assert seat.worker is not None
            seat.worker.send(work.function, work.jobs[index])

    def _next(self, seat: _Seat) -> tuple[_Work, int] | None:
        """The next job: one that the worker knows, else one that nobody knows, else any. Call with the lock held."""
        if self._end is not None:
            return None
        for work in self._works:
            until = work.taken_n + AHEAD_N * self.workers_n
            if work.waiting and work.waiting[0] < until:
                index = self._preferred(seat, work, until)
                if seat.in_hand and index in work.deaths:
                    return None
                work.waiting.remove(index)
                return work, index
        return None

    def _preferred(self, seat: _Seat, work: _Work, until: int) -> int:
        first, free = work.waiting[0], None
        if work.keys[first] is None:
            return first
        for index in islice(work.waiting, min(WINDOW_N, 8 * self.workers_n)):
            if index >= until:
                break
            knows = self._knowing.get(work.keys[index])
            if knows is seat:
                return index
            if free is None and knows is None:
                free = index
        return first if free is None else free

    def _remember(self, seat: _Seat, key: Hashable) -> None:
        if key is None:
            return
        self._knowing[key] = seat
        self._knowing.move_to_end(key)
        if len(self._knowing) > REMEMBERED_N * self.workers_n:
            self._knowing.popitem(last=False)

    def _take_result(self, seat: _Seat, worker: Worker) -> None:
        result = worker.receive(self._timeout_s)
        with self._changed:
            work, index = seat.in_hand.popleft()
            if not work.dropped:
                work.done[index] = result
            self._deaths_in_a_row.clear()
            self._changed.notify_all()

    def _replace(self, seat: _Seat, how: str) -> None:
        """Puts back what a lost worker had in hand; the job that it was doing is to blame."""
        if self._end is None:
            _LOG.warning("a worker was lost: %s", how)
        if seat.worker is not None:
            seat.worker.stop()
        seat.worker = None
        with self._changed:
            for key in [key for key, knows in self._knowing.items() if knows is seat]:
                del self._knowing[key]
            self._deaths_in_a_row.append(how)
            in_hand = list(seat.in_hand)
            seat.in_hand.clear()
            for work, index in reversed(in_hand):
                if not work.dropped:
                    work.waiting.appendleft(index)
                    work.deaths.setdefault(index, [])
            if in_hand:
                self._blame(*in_hand[0], how)
            hopeless = len(self._deaths_in_a_row) >= max(DEATHS_IN_A_ROW_N, 4 * self.workers_n)
            self._changed.notify_all()
        if hopeless:
            self._finish(_hopeless(self._deaths_in_a_row))
        time.sleep(min(0.02 * len(self._deaths_in_a_row), PATIENCE_S))

    def _blame(self, work: _Work, index: int, how: str) -> None:
        """Counts a death against a job; call with the lock held."""
        if work.dropped:
            return
        deaths = work.deaths[index]
        deaths.append(how)
        if len(deaths) >= DEATHS_N:
            work.waiting.remove(index)
            work.done[index] = Lost(f"set aside: {len(deaths)} workers were lost over it")
            _LOG.warning("a job was %s: %s", work.done[index].reason, "; ".join(deaths))

    def _finish(self, error: Exception) -> None:
        with self._changed:
            self._end = self._end or error
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._finish(WorkerError("the executor was closed"))
        for seat in self._seats:
            if seat.worker is not None:
                seat.worker.stop()
        for thread in self._threads:
            thread.join(timeout=5.0)


def _imported(function: Callable[[Any], Any]) -> None:
    """A worker that has got this far has imported what the function needs."""


def _hopeless(deaths: Sequence[str]) -> WorkerError:
    return WorkerError(
        f"{len(deaths)} workers were lost one after the other, the last one because it {deaths[-1]}; nothing written is lost: "
        "run the same command again, with fewer --workers if memory was short"
    )
