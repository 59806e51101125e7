"""Ray's own ways: where it listens, what is said when it is not there, and what becomes of a job that hangs."""

import subprocess
import sys
from pathlib import Path

import pytest
from errands import hanging_once

from sparring.errors import ConfigError
from sparring.farm.executors import FarmConfig, open_farm

ray = pytest.importorskip("ray")


def squared(job: int) -> int:
    """Some work."""
    return job * job


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    with open_farm(FarmConfig("ray", 2, job_timeout_s=4.0)) as executor:
        assert list(executor.map(hanging_once, [(job, str(tmp_path)) for job in range(6)])) == list(range(6))


def listening() -> set[tuple[str, str]]:
    """Addresses and ports that anybody on this machine listens on, as the kernel writes them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A":
                found.add(tuple(local.split(":")))
    return found  # type: ignore[return-value]


def squared_by_ray() -> None:
    """A program that starts a Ray of its own; prints what it then listens on."""
    before = listening()
    with open_farm(FarmConfig("ray", 1)) as executor:
        assert list(executor.map(squared, [3])) == [9]
        print(*(address for address, _ in listening() - before))


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="no /proc/net/tcp to read")
def test_a_ray_of_our_own_listens_on_loopback_only() -> None:
    program = [sys.executable, "-c", "import test_ray; test_ray.squared_by_ray()"]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    assert done.stdout.split()
    assert set(done.stdout.split()) <= loopback


def test_ray_that_is_not_installed_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'sparring\[ray\]'"):
        open_farm(FarmConfig("ray"))


def test_a_ray_cluster_that_is_not_there_is_an_error_that_says_how_to_start_one() -> None:
    with pytest.raises(ConfigError, match="ray start --head"):
        open_farm(FarmConfig("ray", address="127.0.0.1:1"))
