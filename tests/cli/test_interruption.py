"""Killed at any moment, or stopped by a full disk, a run goes on with the same command and ends the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny

from sparring.config_file import to_json
from sparring.game.digest import digest_run
from sparring.game.run_folder import RunFolder


def command(config: Path, out: Path, *more: str) -> list[str]:
    """The command line that plays a config."""
    return [sys.executable, "-m", "sparring.cli.main", "play", str(config), "--out", str(out), "--quiet", *more]


@pytest.fixture
def config(played: tiny.PlayedRun, tmp_path: Path) -> Path:
    """The shared run's config as a file."""
    path = tmp_path / "config.json"
    path.write_text(to_json(played.config))
    return path


def killed_when(there: Callable[[], bool], arguments: list[str]) -> None:
    """Starts the command and kills it with all of its workers as soon as something is there."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None and not there():
        time.sleep(0.002)
    assert process.poll() is None, "it ended before it was killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(
    ("executor", "moments"),
    [
        (("--executor", "serial"), ["config.json", "stages/random", "players/start*", "players/shake-2*", "evaluation/*/*/*"]),
        (("--executor", "process", "--workers", "2"), ["config.json", "stages/shake-1"]),
    ],
    ids=["serial", "process"],
)
def test_a_run_killed_again_and_again_ends_with_the_digest_of_one_left_alone(
    played: tiny.PlayedRun, config: Path, tmp_path: Path, executor: tuple[str, ...], moments: list[str]
) -> None:
    out = tmp_path / "run"
    for moment in moments:
        killed_when(lambda moment=moment: any(out.glob(moment)), command(config, out, *executor))  # type: ignore[misc]
    assert not RunFolder(out).is_complete()
    done = subprocess.run(command(config, out, *executor), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert digest_run(RunFolder(out)) == played.digest


def heeding_interrupts() -> None:
    """Undoes what a shell does to what it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("times", "executor"),
    [(1, ("serial",)), (1, ("process", "--workers", "2")), (2, ("process", "--workers", "2"))],
    ids=["once-serial", "once-process", "twice-process"],
)
def test_an_interrupt_says_how_to_go_on_and_loses_nothing(
    played: tiny.PlayedRun, config: Path, tmp_path: Path, times: int, executor: tuple[str, ...]
) -> None:
    out = tmp_path / "run"
    arguments = command(config, out, "--executor", *executor)
    process = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heeding_interrupts,
    )
    while process.poll() is None and not list(out.glob("stages/random/*.parquet")):
        time.sleep(0.002)
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.01)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines() == [
        "sparring: finishing what is under way; interrupt again to stop at once",
        "sparring: interrupted; run the same command again to go on",
    ]
    if times == 1:
        assert not list(out.rglob("*.part")), "what was under way was finished"
    assert subprocess.run(arguments, capture_output=True, check=False).returncode == 0
    assert digest_run(RunFolder(out)) == played.digest


def test_a_second_process_on_one_run_folder_is_refused_and_the_first_goes_on(
    played: tiny.PlayedRun, config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    first = subprocess.Popen(command(config, out, "--executor", "serial"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while first.poll() is None and not (out / "config.json").exists():
        time.sleep(0.002)
    first.send_signal(signal.SIGSTOP)  # however slow the others are here, it has not ended before they come
    try:
        for arguments in (command(config, out), [sys.executable, "-m", "sparring.cli.main", "evaluate", str(out)]):
            second = subprocess.run(arguments, capture_output=True, text=True, check=False)
            assert second.returncode == 1
            assert len(second.stderr.splitlines()) == 1
            assert "another process is at work on" in second.stderr
    finally:
        first.send_signal(signal.SIGCONT)
    assert first.wait() == 0
    assert digest_run(RunFolder(out)) == played.digest


def resized(mount: Path, kib: int) -> None:
    """Changes the size of a mounted disk."""
    subprocess.run(["mount", "-o", f"remount,size={kib}k", str(mount)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own."""
    mount = tmp_path / "disk"
    mount.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8k", "sparring-test", str(mount)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def stopped_by_the_disk(done: "subprocess.CompletedProcess[str]") -> None:
    """One line that says what to do."""
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "make room" in done.stderr
    assert "run the same command again" in done.stderr


def test_a_full_disk_is_one_line_and_with_room_the_run_goes_on(played: tiny.PlayedRun, config: Path, small_disk: Path) -> None:
    arguments = command(config, small_disk / "run", "--executor", "serial")
    for kib in (8, 1500, 9000):
        resized(small_disk, kib)
        stopped_by_the_disk(subprocess.run(arguments, capture_output=True, text=True, check=False))
        assert not list(small_disk.rglob("*.part"))
    resized(small_disk, 64_000)
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert digest_run(RunFolder(small_disk / "run")) == played.digest


def test_a_limit_on_file_sizes_is_one_line_and_without_it_the_run_goes_on(
    played: tiny.PlayedRun, config: Path, tmp_path: Path
) -> None:
    arguments = command(config, tmp_path / "run", "--executor", "serial")
    for limit in (1_000, 400_000):
        process = subprocess.run(
            ["bash", "-c", f"ulimit -f {limit // 1000}; trap '' XFSZ; exec \"$@\"", "bash", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        stopped_by_the_disk(process)
    assert subprocess.run(arguments, capture_output=True, check=False).returncode == 0
    assert digest_run(RunFolder(tmp_path / "run")) == played.digest
