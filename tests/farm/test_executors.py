"""Every row of the table of executors keeps the same promises."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from sparring.errors import ConfigError, WorkerError
from sparring.farm.executors import EXECUTORS, Executor, executor_named


def squared(job: int) -> int:
    """Later jobs are done sooner, so that order is not kept by chance."""
    time.sleep(0.002 * (12 - job % 12))
    return job * job


def refusing_seven(job: int) -> int:
    """Fails on one job."""
    if job == 7:
        raise ConfigError("seven is impossible")
    return job


def process_id(job: int) -> int:
    """Where a job runs."""
    time.sleep(0.05)
    return os.getpid()


def killed_at_three(job: int) -> int:
    """Loses its process on one job."""
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


@pytest.fixture(scope="module", params=list(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with executor_named(request.param, 2) as made:
        yield made


def test_results_come_in_the_order_of_the_jobs(executor: Executor) -> None:
    assert list(executor.map(squared, range(50))) == [job * job for job in range(50)]


def test_no_jobs_give_no_results(executor: Executor) -> None:
    assert list(executor.map(squared, [])) == []


def test_one_job_is_done(executor: Executor) -> None:
    assert list(executor.map(squared, [3])) == [9]


def test_an_error_in_a_job_comes_back_as_itself(executor: Executor) -> None:
    with pytest.raises(ConfigError, match="seven is impossible"):
        list(executor.map(refusing_seven, range(10)))


def test_an_executor_goes_on_after_a_failed_job(executor: Executor) -> None:
    with pytest.raises(ConfigError):
        list(executor.map(refusing_seven, range(10)))
    assert list(executor.map(squared, [4, 5])) == [16, 25]


def test_worker_processes_are_others_than_this_one() -> None:
    with executor_named("process", 2) as executor:
        ids = set(executor.map(process_id, range(6)))
    assert os.getpid() not in ids
    assert 1 <= len(ids) <= 2


def test_a_killed_worker_is_an_error_that_says_what_to_do() -> None:
    with (
        pytest.raises(WorkerError, match=r"worker process died.*run the same command again"),
        executor_named("process", 1) as made,
    ):
        list(made.map(killed_at_three, range(6)))


def test_an_unknown_executor_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'cloud'.*serial, process"):
        executor_named("cloud")


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize("workers_n", [0, -1])
def test_an_impossible_number_of_workers_is_refused(name: str, workers_n: int) -> None:
    with pytest.raises(ConfigError, match=f"--workers must be at least 1, got {workers_n}"):
        executor_named(name, workers_n)
