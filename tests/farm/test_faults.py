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
from pathlib import Path

import pytest
import tiny

from sparring.data.store import read_shard
from sparring.evaluation.integrity import verify
from sparring.game.run_folder import RunFolder

KILLS_N = 20


class Killer:
    """Kills a worker now and then, until it is told to end.

    Not so often that workers die as fast as they start: a job in whose hands three died would rightly be set aside.
    """

    def __init__(self, workers: Callable[[], list[int]], every_s: float) -> None:
        self._workers, self._every_s, self._rng = workers, every_s, random.Random(0)
        self._ended = threading.Event()
        self.killed: list[int] = []

    def run(self) -> None:
        """Until it is told to end."""
        while not self._ended.wait(self._rng.uniform(0.5, 1.5) * self._every_s):
            alive = [one for one in self._workers() if one not in self.killed]
            if alive:
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


def played_again_and_again(played: tiny.PlayedRun, path: Path, executor: str, killer: Killer) -> None:
    """Plays the shared run's match until enough workers have died over it; every time it ends the same."""
    number = 0
    with killer.at_work():
        while number == 0 or len(killer.killed) < KILLS_N:
            again = tiny.play(played.config, path / str(number), executor=executor, workers_n=2)
            assert again.digest == played.digest
            number += 1
    for run in (RunFolder(path / str(one)) for one in range(number)):
        assert not verify(run).damages
        for shard in sorted(run.path.glob("stages/*/*.parquet")):
            attempts = read_shard(shard)["attempt"].to_pylist()
            ours = read_shard(played.folder.path / shard.relative_to(run.path))["attempt"].to_pylist()
            assert Counter(attempts) == Counter(ours), "no record is lost or doubled"


def test_killed_processes_change_nothing(played: tiny.PlayedRun, tmp_path: Path) -> None:
    killer = Killer(children, every_s=0.8)
    played_again_and_again(played, tmp_path, "process", killer)
    assert len(killer.killed) >= KILLS_N


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to find Ray's workers in")
def test_killed_workers_and_a_lost_node_of_a_ray_cluster_change_nothing(played: tiny.PlayedRun, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    killer = Killer(ray_workers, every_s=1.0)

    def lose_a_node() -> None:
        while len(killer.killed) < 4:
            time.sleep(0.05)
        cluster.remove_node(second, allow_graceful=False)
        lost.append(len(killer.killed))

    lost: list[int] = []
    losing = threading.Thread(target=lose_a_node, daemon=True)
    try:
        losing.start()
        played_again_and_again(played, tmp_path, "ray", killer)
        losing.join(30)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert len(killer.killed) >= KILLS_N
    assert lost
