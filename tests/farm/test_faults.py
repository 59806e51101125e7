"""Workers are killed at random while a match is played: it ends as if nobody had died."""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny

from sparring.config import SMOKE
from sparring.data.store import read_shard
from sparring.evaluation.integrity import verify
from sparring.farm import dispatch
from sparring.game.run_folder import RunFolder

KILLS_N = 12


class Killer:
    """Kills a worker now and then, until it is told to end. Never twice without a result in between, however slow the machine."""

    def __init__(self, workers: Callable[[], list[int]], results: list[int], every_s: float) -> None:
        self._workers, self._results, self._every_s, self._rng = workers, results, every_s, random.Random(0)
        self._ended, self._results_before = threading.Event(), -1
        self.killed: list[int] = []

    def run(self) -> None:
        """Until it is told to end."""
        while not self._ended.wait(self._rng.uniform(0.5, 1.5) * self._every_s):
            alive = [one for one in self._workers() if one not in self.killed]
            if alive and self._results[0] > self._results_before:
                self._results_before = self._results[0]
                victim = self._rng.choice(alive)
                os.kill(victim, signal.SIGKILL)
                self.killed.append(victim)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While something is done."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()


def children() -> list[int]:
    """Worker processes of this one."""
    return [one.pid for one in multiprocessing.active_children() if one.pid is not None]


def ray_workers() -> list[int]:
    """Processes in which a Ray that this process started runs our workers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::_Hand") and descends_from_us(int(process.name)):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def descends_from_us(process: int) -> bool:
    """Whether a process is a child of this one, or of its children."""
    while process > 1:
        if process == os.getpid():
            return True
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return False


@pytest.fixture(autouse=True)
def _no_job_is_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    """We kill, not the jobs: one in whose hands three workers happen to die is not set aside here."""
    monkeypatch.setattr(dispatch, "DEATHS_N", 1000)


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many results workers have given."""
    count, take_result = [0], dispatch.Crew._take_result

    def counted(*arguments: Any) -> None:
        take_result(*arguments)
        count[0] += 1

    monkeypatch.setattr(dispatch.Crew, "_take_result", counted)
    return count


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tiny.PlayedRun:
    """A run of the size of `smoke`, played in this process, where nobody dies."""
    config = replace(tiny.tiny_config(), match=SMOKE.match)
    return tiny.play(config, tmp_path_factory.mktemp("alone") / "run")


def played_among_deaths(alone: tiny.PlayedRun, path: Path, executor: str, killer: Killer) -> None:
    """Plays the same match while workers die over it, again if it ended before enough did; every time it ends the same."""
    number = 0
    with killer.at_work():
        while number == 0 or len(killer.killed) < KILLS_N:
            again = tiny.play(alone.config, path / str(number), executor=executor, workers_n=2)
            assert again.digest == alone.digest
            number += 1
    for run in (RunFolder(path / str(one)) for one in range(number)):
        assert not verify(run).damages
        for shard in sorted(run.path.glob("stages/*/*.parquet")):
            attempts = read_shard(shard)["attempt"].to_pylist()
            ours = read_shard(alone.folder.path / shard.relative_to(run.path))["attempt"].to_pylist()
            assert Counter(attempts) == Counter(ours), "no record is lost or doubled"


def test_killed_processes_change_nothing(alone: tiny.PlayedRun, results: list[int], tmp_path: Path) -> None:
    killer = Killer(children, results, every_s=0.8)
    played_among_deaths(alone, tmp_path, "process", killer)
    assert len(killer.killed) >= KILLS_N


def started_cluster(tries_n: int = 3) -> Any:
    """A Ray cluster of one node. Now and then Ray's own node does not come up, and says so after half a minute: then another."""
    from ray.cluster_utils import Cluster

    try:
        return Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    except Exception as error:  # Ray raises no narrower one
        if tries_n == 1 or "timed out during startup" not in str(error):
            raise
    return started_cluster(tries_n - 1)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to find Ray's workers in")
def test_killed_workers_and_a_lost_node_of_a_ray_cluster_change_nothing(
    alone: tiny.PlayedRun, results: list[int], tmp_path: Path
) -> None:
    ray = pytest.importorskip("ray")
    cluster = started_cluster()
    second = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    killer = Killer(ray_workers, results, every_s=1.0)

    def lose_a_node() -> None:
        while not list(tmp_path.glob("0/stages/random/*.parquet")):
            time.sleep(0.02)
        cluster.remove_node(second, allow_graceful=False)
        lost.append("in the midst of the random grasps")

    lost: list[str] = []
    losing = threading.Thread(target=lose_a_node, daemon=True)
    try:
        losing.start()
        played_among_deaths(alone, tmp_path, "ray", killer)
        losing.join(30)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert len(killer.killed) >= KILLS_N
    assert lost
