"""Runs side by side: in order where they must wait, ended where one fails."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparring.errors import ConfigError, WorkerError
from sparring.study.lanes import in_lanes


@dataclass(frozen=True)
class Job:
    """Writes its name at the end of a file."""

    name: str
    after: str | None
    file: Path
    ends: str = ""


def note(job: Job) -> None:
    """What the lanes do: a line, or an end of some kind."""
    if job.ends == "error":
        raise ConfigError(f"{job.name} cannot be played")
    if job.ends == "death":
        os._exit(9)
    with job.file.open("a") as file:
        file.write(job.name + "\n")


@pytest.mark.parametrize("lanes_n", [1, 2])
def test_all_are_done_once_and_none_before_what_it_waits_for(lanes_n: int, tmp_path: Path) -> None:
    file, told = tmp_path / "order", []
    jobs = [Job("a", None, file), Job("a-1", "a", file), Job("b", None, file), Job("a-2", "a", file), Job("b-1", "b", file)]
    in_lanes(note, jobs, lanes_n=lanes_n, done=lambda job: told.append(job.name))
    order = file.read_text().split()
    assert sorted(order) == sorted(told) == sorted(job.name for job in jobs)
    for names in (order, told):
        assert all(names.index(job.after) < names.index(job.name) for job in jobs if job.after)


@pytest.mark.parametrize("lanes_n", [1, 2])
def test_an_error_of_one_ends_all_and_says_what_it_was(lanes_n: int, tmp_path: Path) -> None:
    jobs = [Job("a", None, tmp_path / "order", "error"), Job("a-1", "a", tmp_path / "order")]
    with pytest.raises(ConfigError, match="a cannot be played"):
        in_lanes(note, jobs, lanes_n=lanes_n, done=lambda _: None)
    assert not (tmp_path / "order").exists()


def test_a_job_that_waits_for_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a-1 waits for a, which is not played"):
        in_lanes(note, [Job("a-1", "a", tmp_path / "order")], lanes_n=2, done=lambda _: None)


def test_a_job_that_its_processes_die_of_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"a was set aside: 3 workers were lost.*--lanes"):
        in_lanes(note, [Job("a", None, tmp_path / "order", "death")], lanes_n=2, done=lambda _: None)
