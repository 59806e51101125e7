"""TensorBoard and W&B are told what is so, are no part of the run, and end none when they fail."""

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import tiny
import wandb
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb.proto import wandb_internal_pb2

from sparring.cli import tracking
from sparring.cli.progress import Standing, progress_for
from sparring.config_file import to_json
from sparring.data.store import read_stage
from sparring.errors import ConfigError
from sparring.evaluation.integrity import verify
from sparring.evaluation.statistics import Rate
from sparring.game.run_folder import RunFolder

STAGES = ("random", "collaborative-1", "collaborative-2", "collaborative-3", "shake-1", "shake-2", "snatch-1")


@dataclass(frozen=True)
class Tracked:
    """A run that both trackers were told of."""

    played: tiny.PlayedRun
    told_wandb: list[dict[str, float]]

    @property
    def run(self) -> RunFolder:
        """Where it is."""
        return self.played.folder


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Tracked:
    """The tiny run, played with both trackers, W&B offline."""
    path = tmp_path_factory.mktemp("tracked") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        with progress_for(quiet=True, track=("tensorboard", "wandb"), folder=RunFolder(path).tracking_path) as progress:
            played = tiny.play(tiny.tiny_config(), path, progress=progress)
    wandb.teardown()  # its service writes the last of the file only now
    (file,) = path.glob("tracking/wandb/offline-run-*/*.wandb")
    return Tracked(played, list(history_of(file)))


def history_of(path: Path) -> Iterator[dict[str, float]]:
    """Records of metrics in a file of W&B, which is a log in blocks of 32 KiB (LevelDB's) of protobuf messages."""
    content, at, part = path.read_bytes(), 7, b""
    while at + 7 <= len(content):
        room = 32768 - at % 32768
        if room < 7:
            at += room
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        part += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last of its parts
            record = wandb_internal_pb2.Record.FromString(part)
            if record.history.item:
                yield {"/".join(item.nested_key) or item.key: float(item.value_json) for item in record.history.item}
            part = b""


def scalars_of(run: RunFolder) -> dict[str, list[tuple[int, float]]]:
    """All (step, value) by name in TensorBoard's event files."""
    events = EventAccumulator(str(run.tracking_path / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_tensorboard_is_told_what_the_records_say(tracked: Tracked) -> None:
    scalars, attempts_n = scalars_of(tracked.run), 0
    for stage in STAGES:
        rows = read_stage(tracked.run.stage(stage)).to_pylist()
        rate = Rate(sum(row["sensed"] for row in rows if not row["invalid"]), sum(not row["invalid"] for row in rows))
        attempts_n += len(rows)
        for name, value in (("", rate.rate), ("/low", rate.interval[0]), ("/high", rate.interval[1])):
            assert scalars[f"stage/{stage}/success{name}"][-1] == (attempts_n, pytest.approx(value))
    assert any(name.endswith("/dislodged") for name in scalars)
    assert all([step for step, _ in values] == sorted(step for step, _ in values) for values in scalars.values())


def test_losses_are_on_the_axis_of_all_epochs_so_far(tracked: Tracked) -> None:
    scalars, metrics = scalars_of(tracked.run), [row for row in tracked.run.metrics() if "epoch" in row]
    for epochs_n, row in enumerate(metrics, start=1):
        assert (epochs_n, pytest.approx(row["loss"])) in scalars[f"fit/{row['fit']}/loss"]


def test_wandb_is_told_the_same_without_a_network(tracked: Tracked) -> None:
    scalars, history = scalars_of(tracked.run), tracked.told_wandb
    told = {name for record in history for name in record} - {"grasps", "epochs", "tries", "_timestamp", "_runtime", "_step"}
    assert told == scalars.keys()
    for name, values in scalars.items():
        unit = {"stage": "grasps", "fit": "epochs", "test": "tries"}[name.split("/")[0]]
        assert [(record[unit], pytest.approx(record[name])) for record in history if name in record] == values


def test_tracking_decides_nothing_and_is_no_part_of_the_run(played: tiny.PlayedRun, tracked: Tracked, tmp_path: Path) -> None:
    assert tracked.played.digest == played.digest
    shutil.copytree(tracked.run.path, tmp_path / "run", symlinks=True)
    run = RunFolder(tmp_path / "run")
    assert list(run.tracking_path.rglob("*.wandb"))
    assert not [path for path in run.files() if "tracking" in path.parts]
    run.seal()
    assert "tracking" not in run.manifest_path.read_text()
    shutil.rmtree(run.tracking_path)
    found = verify(run)
    assert found.complete
    assert not found.damages


def test_a_run_that_was_killed_before_it_began_to_play_goes_on_beside_its_tracking(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.tracking_path.mkdir(parents=True)
    run.begin(tiny.tiny_config(), {"command": "test"})
    assert run.config() == tiny.tiny_config()


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_missing_package_is_one_line_before_anything_is_played(name: str, played: tiny.PlayedRun, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(to_json(played.config))
    arguments = ["sparring", "play", "config.json", "--out", "run", "--track", name, "--executor", "serial"]
    without = f"import sys; sys.modules[{name!r}] = None; sys.argv = {arguments}; from sparring.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", without], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"sparring: --track {name} needs {name}, which is not installed: pip install 'sparring[track]'\n"
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize("environment", [{"WANDB_MODE": "online"}, {"WANDB_MODE": "nonsense"}], ids=str)
def test_a_wandb_that_does_not_begin_is_one_line_before_anything_is_played(
    environment: dict[str, str], played: tiny.PlayedRun, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(to_json(played.config))
    arguments = ["play", "config.json", "--out", "run", "--track", "tensorboard", "--track", "wandb", "--executor", "serial"]
    keyless = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")} | {
        "NETRC": str(tmp_path / "no")
    }
    done = subprocess.run(
        [sys.executable, "-m", "sparring.cli.main", *arguments],
        cwd=tmp_path,
        env=keyless | {"HOME": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("sparring: --track wandb could not begin: ")
    assert "WANDB_MODE=offline" in line
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_folder_that_cannot_be_made_is_an_error_before_anything(name: tracking.TrackerName, tmp_path: Path) -> None:
    (tmp_path / "tracking").write_text("a file")
    with pytest.raises(ConfigError, match="choose another folder"):
        progress_for(quiet=True, track=(name,), folder=tmp_path / "tracking")


class Kept:
    """Keeps what it is told in memory."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[int, str, Mapping[str, float]]] = []

    def write(self, metrics: Mapping[str, float], *, at: int, unit: str) -> None:
        self.told.append((at, unit, metrics))

    def close(self) -> None:
        self.told.append((-1, "closed", {}))


class Failing(Kept):
    """One whose disk is full."""

    def write(self, metrics: Mapping[str, float], *, at: int, unit: str) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        raise AssertionError("it was given up")


def test_a_tracker_that_fails_is_given_up_and_work_and_the_other_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    kept = Kept(tmp_path)
    monkeypatch.setattr(tracking, "TRACKERS", {"tensorboard": Failing, "wandb": lambda folder: kept})
    with progress_for(quiet=True, track=("tensorboard", "wandb", "wandb"), folder=tmp_path) as progress:
        for name in ("fit start", "fit shake-1"):
            with progress.task(name, 9, "epochs") as task:
                task.advance(1, loss=0.5)
                task.advance(1, loss=0.25)
    assert [record.getMessage() for record in caplog.records] == [
        "--track tensorboard is given up, the run goes on without it: No space left on device"
    ]
    assert [(at, unit) for at, unit, _ in kept.told] == [*((at, "epochs") for at in (1, 2, 3, 4)), (-1, "closed")]
    assert kept.told[1][2]["fit/start/loss"] == 0.25
    assert kept.told[2][2]["fit/shake-1/loss"] == 0.5


def test_names_of_metrics_have_no_spaces() -> None:
    told = {"valid": 8, "lifted": 2, "invalid": 1}
    standing = Standing("test low-force on named", 9, "tries").after(9, found=False, elapsed_s=3.0, told=told)
    metrics = tracking.metrics_of(standing)
    assert metrics["test/low-force-on-named/success"] == 0.25
    assert metrics["test/low-force-on-named/invalid"] == 1
    assert metrics["test/low-force-on-named/per_s"] == pytest.approx(3.0)
    assert not any(" " in name for name in metrics)
