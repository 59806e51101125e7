"""Every row of the table of executors keeps the same promises."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from errands import hanging_once

from sparring.errors import ConfigError, WorkerError
from sparring.farm.dispatch import AHEAD_N, Lost
from sparring.farm.executors import EXECUTORS, Executor, FarmConfig, open_farm


class OddError(Exception):
    """One that pickle cannot bring back."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def squared(job: int) -> int:
    """Later jobs are done sooner, so that order is not kept by chance."""
    time.sleep(0.002 * (12 - job % 12))
    return job * job


def refusing_seven(job: int) -> int:
    """Fails on one job."""
    if job == 7:
        raise ConfigError("seven is impossible")
    return job


def failing_oddly(job: int) -> int:
    """Fails with an error that does not travel."""
    raise OddError(job, job)


def process_id(job: int) -> int:
    """Where a job runs."""
    time.sleep(0.05)
    return os.getpid()


def loaded_modules(job: int) -> set[str]:
    """What the worker has imported."""
    return {name.partition(".")[0] for name in sys.modules}


def killed_at_three(job: int) -> int:
    """Loses its process on one job, every time."""
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def killed_once(job: tuple[int, str]) -> int:
    """Loses its process on some jobs, the first time."""
    number, folder = job
    mark = Path(folder) / str(number)
    if number % 4 == 0 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def out_of_memory_once(job: tuple[int, str]) -> int:
    """Finds no memory for one job, the first time."""
    number, folder = job
    mark = Path(folder) / str(number)
    if number == 2 and not mark.exists():
        mark.touch()
        raise MemoryError
    return number


def marking(job: tuple[int, str]) -> int:
    """Leaves a mark."""
    number, folder = job
    (Path(folder) / str(number)).touch()
    return number


def killed_always(job: int) -> int:
    """Loses its process."""
    os.kill(os.getpid(), signal.SIGKILL)
    return job


@pytest.fixture(scope="module", params=list(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "ray":
        pytest.importorskip("ray")
    with open_farm(FarmConfig(request.param, 2)) as made:
        yield made


@pytest.fixture
def with_workers(executor: Executor) -> Executor:
    """One whose jobs can lose their process."""
    if executor.here:
        pytest.skip("it has no workers that could be lost")
    return executor


def test_results_come_in_the_order_of_the_jobs(executor: Executor) -> None:
    assert list(executor.map(squared, range(50))) == [job * job for job in range(50)]


def test_the_keys_of_jobs_change_nothing_but_where_they_run(executor: Executor) -> None:
    assert list(executor.map(squared, range(50), key=lambda job: job % 5)) == [job * job for job in range(50)]


def test_jobs_of_one_key_go_to_the_worker_that_knows_it(with_workers: Executor) -> None:
    first = list(with_workers.map(process_id, range(4), key=lambda job: job))
    again = list(with_workers.map(process_id, range(4), key=lambda job: job))
    assert len(set(first)) == 2
    assert sum(before == after for before, after in zip(first, again, strict=True)) >= 3


def test_no_jobs_give_no_results(executor: Executor) -> None:
    assert list(executor.map(squared, [])) == []


def test_one_job_is_done(executor: Executor) -> None:
    assert list(executor.map(squared, [3])) == [9]


def test_an_error_in_a_job_comes_back_as_itself(executor: Executor) -> None:
    with pytest.raises(ConfigError, match="seven is impossible"):
        list(executor.map(refusing_seven, range(10)))


def test_an_error_that_cannot_travel_is_told(with_workers: Executor) -> None:
    with pytest.raises(WorkerError, match="OddError: 5 and 5"):
        list(with_workers.map(failing_oddly, [5]))


def test_an_executor_goes_on_after_a_failed_job(executor: Executor) -> None:
    with pytest.raises(ConfigError):
        list(executor.map(refusing_seven, range(10)))
    assert list(executor.map(squared, [4, 5])) == [16, 25]


def test_two_may_be_mapped_at_once(executor: Executor) -> None:
    first, second = executor.map(squared, range(20)), executor.map(squared, range(20, 40))
    assert list(second) == [job * job for job in range(20, 40)]
    assert list(first) == [job * job for job in range(20)]


def test_two_threads_may_map_at_once(executor: Executor) -> None:
    results: dict[int, list[int]] = {}

    def mapped(start: int) -> None:
        results[start] = list(executor.map(squared, range(start, start + 20)))  # type: ignore[arg-type]

    threads = [threading.Thread(target=mapped, args=(start,)) for start in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {start: [job * job for job in range(start, start + 20)] for start in (0, 100)}


def test_work_begins_before_a_result_is_asked_for(with_workers: Executor, tmp_path: Path) -> None:
    results = with_workers.map(killed_once, [(4, str(tmp_path))])
    until = time.monotonic() + 30
    while not (tmp_path / "4").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert (tmp_path / "4").exists()
    assert list(results) == [4]


def test_work_does_not_run_far_ahead_of_what_is_taken(tmp_path: Path) -> None:
    with open_farm(FarmConfig("process", 1)) as executor:
        results = executor.map(marking, [(job, str(tmp_path)) for job in range(AHEAD_N + 40)])
        assert next(results) == 0
        until = time.monotonic() + 30
        while len(list(tmp_path.iterdir())) < AHEAD_N + 1 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.3)
        assert {int(path.name) for path in tmp_path.iterdir()} == set(range(AHEAD_N + 1))
        assert list(results) == list(range(1, AHEAD_N + 40))


def test_workers_are_other_processes_than_this_one(with_workers: Executor) -> None:
    ids = set(with_workers.map(process_id, range(6)))
    assert os.getpid() not in ids
    assert 1 <= len(ids) <= 2


def test_a_worker_knows_no_torch(with_workers: Executor) -> None:
    (loaded,) = with_workers.map(loaded_modules, [0])
    assert "sparring" in loaded
    assert "torch" not in loaded


def test_what_a_killed_worker_had_is_done_by_another(with_workers: Executor, tmp_path: Path) -> None:
    assert list(with_workers.map(killed_once, [(job, str(tmp_path)) for job in range(20)])) == list(range(20))


def test_a_worker_without_memory_is_replaced(with_workers: Executor, tmp_path: Path) -> None:
    assert list(with_workers.map(out_of_memory_once, [(job, str(tmp_path)) for job in range(6)])) == list(range(6))


def test_a_job_that_kills_three_workers_is_set_aside_and_the_others_are_done(with_workers: Executor) -> None:
    results = list(with_workers.map(killed_at_three, range(8)))
    (lost,) = [one for one in results if isinstance(one, Lost)]
    assert results == [0, 1, 2, lost, 4, 5, 6, 7]
    assert "3 workers were lost" in lost.reason


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    with open_farm(FarmConfig("process", 2, job_timeout_s=2.0)) as executor:
        assert list(executor.map(hanging_once, [(job, str(tmp_path)) for job in range(6)])) == list(range(6))


def test_workers_that_all_die_at_once_are_replaced(tmp_path: Path) -> None:
    with open_farm(FarmConfig("process", 4)) as executor:
        jobs = [(4 * job, str(tmp_path)) for job in range(16)]  # each kills its worker once: 16 in a row at worst
        assert list(executor.map(killed_once, jobs)) == [job for job, _ in jobs]


def test_workers_that_all_die_are_an_error_that_says_what_to_do() -> None:
    with (
        pytest.raises(WorkerError, match=r"1[2-9] workers were lost.*run the same command again"),
        open_farm(FarmConfig("process", 2)) as made,
    ):
        list(made.map(killed_always, range(40)))


def test_a_closed_executor_leaves_no_worker_behind() -> None:
    with open_farm(FarmConfig("process", 2)) as made:
        ids = set(made.map(process_id, range(4)))
    until = time.monotonic() + 10
    while any(Path(f"/proc/{one}").exists() for one in ids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [one for one in ids if Path(f"/proc/{one}").exists()]


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_executor_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'cloud'.*serial, process, ray"):
        FarmConfig("cloud")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize("workers_n", [0, -1])
def test_an_impossible_number_of_workers_is_refused(name: str, workers_n: int) -> None:
    with pytest.raises(ConfigError, match=f"--workers must be at least 1, got {workers_n}"):
        FarmConfig(name, workers_n)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("inf"), float("nan")])
def test_an_impossible_timeout_is_refused(timeout_s: float) -> None:
    with pytest.raises(ConfigError, match="--job-timeout-s must be positive"):
        FarmConfig(job_timeout_s=timeout_s)


def test_an_address_is_refused_where_nothing_would_use_it() -> None:
    with pytest.raises(ConfigError, match="--address is for --executor ray"):
        FarmConfig("process", address="auto")
