"""A run's attempts as a data set: what others open is what the shards hold, and a folder is whole or not there."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny

from sparring.data.pictures import decode_image
from sparring.data.records import COLUMNS, table_of
from sparring.data.store import read_shard, read_stage, shards_of, write_shard
from sparring.errors import ConfigError, DataError, ExportError, RunFolderError
from sparring.evaluation import dataset_hf
from sparring.evaluation.dataset import WRITERS, export_dataset
from sparring.evaluation.dataset_card import PRIVILEGED, size_category
from sparring.game.plan import stages_of
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.players.unit_actions import grasp_of_unit

OPEN = """
import datasets, hashlib, json, numpy, sys
told = {}
for name, args in (("hf", [sys.argv[1]]), ("all", [sys.argv[1], "all"]), ("lerobot", [sys.argv[2]])):
    told[name] = {}
    for split, rows in datasets.load_dataset(*args).items():
        told[name][split] = []
        for row in rows:
            picture = "observation.image" if name == "lerobot" else "image"
            row[picture] = hashlib.sha256(numpy.asarray(row[picture]).tobytes()).hexdigest()
            told[name][split].append(row)
print(json.dumps(told))
"""
"""Opens both folders as a user would, and tells all rows, pictures as the digest of their pixels."""


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def exported(played: tiny.PlayedRun, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The shared run in every format."""
    before, folder = files_of(played.folder.path), tmp_path_factory.mktemp("exported")
    for name in WRITERS:
        export_dataset(played.folder, folder / name, format=name, progress=Silent())
    assert files_of(played.folder.path) == before, "an export changed the run"
    assert sorted(path.name for path in folder.iterdir()) == sorted(WRITERS)
    return {name: folder / name for name in WRITERS}


@pytest.fixture(scope="module")
def opened(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[dict[str, object]]]]:
    """What `datasets.load_dataset` makes of the folders, without a network."""
    pytest.importorskip("datasets")
    command = [sys.executable, "-c", OPEN, exported["hf"], exported["lerobot-like"]]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path_factory.mktemp("cache"))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def recorded(run: RunFolder, stage: str) -> list[dict[str, object]]:
    """A stage's rows, pictures as the digest of their pixels."""
    rows = read_stage(run.stage(stage)).to_pylist()
    return [row | {"image": hashlib.sha256(decode_image(row["image"]["bytes"]).tobytes()).hexdigest()} for row in rows]


def test_hugging_face_opens_it_row_by_row_as_the_shards_are(
    played: tiny.PlayedRun, opened: dict[str, dict[str, list[dict[str, object]]]]
) -> None:
    stages = [stage.name for stage in stages_of(played.config)]
    assert list(opened["hf"]) == [stage.replace("-", "_") for stage in stages]
    for stage in stages:
        rows = opened["hf"][stage.replace("-", "_")]
        assert rows == recorded(played.folder, stage)
    assert sorted(map(str, opened["all"]["train"])) == sorted(str(row) for rows in opened["hf"].values() for row in rows)


def test_an_attempt_is_an_episode_of_one_frame(
    played: tiny.PlayedRun, exported: dict[str, Path], opened: dict[str, dict[str, list[dict[str, object]]]]
) -> None:
    frames = opened["lerobot"]["train"]
    known = {row["attempt"]: row for stage in stages_of(played.config) for row in recorded(played.folder, stage.name)}
    valid = [name for name, row in known.items() if not row["invalid"]]
    assert [frame["attempt"] for frame in frames] == valid
    for index, frame in enumerate(frames):
        row = known[frame["attempt"]]
        assert (frame["index"], frame["episode_index"], frame["frame_index"], frame["task_index"]) == (index, index, 0, 0)
        assert (frame["next.reward"], frame["next.success"], frame["next.done"]) == (float(row["lifted"]), row["lifted"], True)
        assert frame["observation.image"] == row["image"]
        grasp = grasp_of_unit(np.array(frame["action"], np.float32), width_px=160, height_px=120)
        assert (grasp.column_px, grasp.row_px) == pytest.approx((row["column_px"], row["row_px"]), abs=1e-3)
        assert grasp.angle == row["angle"]
    episodes = pq.read_table(exported["lerobot-like"] / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    info = json.loads((exported["lerobot-like"] / "meta/info.json").read_text())
    assert len(episodes) == len(frames) == info["total_episodes"] == info["total_frames"]
    for episode in episodes:
        place = info["data_path"].format(chunk_index=episode["data/chunk_index"], file_index=episode["data/file_index"])
        inside = pq.read_table(exported["lerobot-like"] / place, columns=["episode_index"])["episode_index"].to_pylist()
        assert episode["episode_index"] in inside


def test_what_lerobot_s_files_say_is_what_the_frames_are(
    exported: dict[str, Path], opened: dict[str, dict[str, list[dict[str, object]]]]
) -> None:
    pandas = pytest.importorskip("pandas")
    folder, frames = exported["lerobot-like"], opened["lerobot"]["train"]
    info, stats = (json.loads((folder / "meta" / f"{name}.json").read_text()) for name in ("info", "stats"))
    assert info["codebase_version"] == "v3.0"
    assert list(info["features"]) == list(frames[0])
    assert info["features"]["observation.image"]["shape"] == [120, 160, 3]
    assert pandas.read_parquet(folder / "meta/tasks.parquet").iloc[0].name.startswith("Grasp the object")
    actions = np.array([frame["action"] for frame in frames])
    assert stats["action"]["mean"] == pytest.approx(actions.mean(axis=0).tolist(), abs=1e-6)
    assert stats["action"]["std"] == pytest.approx(actions.std(axis=0).tolist(), abs=1e-6)
    assert stats["action"]["max"] == pytest.approx(actions.max(axis=0).tolist(), abs=1e-6)
    assert stats["action"]["count"] == [len(frames)]
    assert np.shape(stats["observation.image"]["mean"]) == (3, 1, 1)
    assert 0.3 < np.mean(stats["observation.image"]["mean"]) < 0.7


def test_the_card_says_how_it_was_made_and_what_everything_means(played: tiny.PlayedRun, exported: dict[str, Path]) -> None:
    hf, lerobot = ((exported[name] / "README.md").read_text() for name in ("hf", "lerobot-like"))
    for card in (hf, lerobot):
        assert played.folder.config_hash() in card
        assert "license: apache-2.0" in card
        assert "size_categories: ['n<1K']" in card
        assert "| random | 16 |" in card
    assert all(f"| `{name}` | " in hf for name in COLUMNS)
    assert all("(privileged) |" in line for name in PRIVILEGED for line in hf.splitlines() if f"| `{name}` | " in line)
    assert "v3.0" in lerobot


def test_sizes_are_told_in_the_hub_s_words() -> None:
    assert [size_category(n) for n in (0, 999, 1_000, 10_000, 99_999, 100_000)] == [
        "n<1K",
        "n<1K",
        "1K<n<10K",
        "10K<n<100K",
        "10K<n<100K",
        "100K<n<1M",
    ]


def test_the_same_run_gives_the_same_folder_and_takes_the_place_of_the_one_before(
    played: tiny.PlayedRun, exported: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "again"
    export_dataset(played.folder, out, format="lerobot-like", progress=Silent())
    export_dataset(played.folder, out, format="hf", progress=Silent())
    assert files_of(out) == files_of(exported["hf"])
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


@pytest.mark.parametrize("format", WRITERS)
def test_a_damaged_shard_is_named_and_nothing_is_written(copied: RunFolder, tmp_path: Path, format: str) -> None:
    shard = shards_of(copied.stage("shake-1"))[0]
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(DataError, match=r"shard .*shake-1/wave-00000.parquet has another sha256.*sparring verify"):
        export_dataset(copied, tmp_path / "out", format=format, progress=Silent())
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_attempts_that_the_physics_invalidated_are_no_episodes(copied: RunFolder, tmp_path: Path) -> None:
    path = shards_of(copied.stage("shake-1"))[0]
    rows = read_shard(path).to_pylist()
    wrong = {"invalid": True, "fault": "physics", "image": None, "column_px": None, "row_px": None, "angle": None}
    rows[2] |= wrong
    write_shard(path, table_of(rows))
    copied.enter(path)
    export_dataset(copied, tmp_path / "out", format="lerobot-like", progress=Silent())
    frames = [
        name
        for file in sorted((tmp_path / "out/data").rglob("*.parquet"))
        for name in pq.read_table(file, columns=["attempt"])["attempt"].to_pylist()
    ]
    assert rows[2]["attempt"] not in frames
    assert {row["attempt"] for row in rows if row is not rows[2]} <= set(frames)
    assert "invalidated are left out (1)" in (tmp_path / "out/README.md").read_text()


def test_a_missing_shard_is_named(copied: RunFolder, tmp_path: Path) -> None:
    shards_of(copied.stage("random"))[1].unlink()
    with pytest.raises(DataError, match=r"random/wave-00001.parquet is missing; nothing was exported"):
        export_dataset(copied, tmp_path / "out", format="hf", progress=Silent())


def test_of_an_unfinished_run_there_is_what_there_is_and_the_card_says_so(copied: RunFolder, tmp_path: Path) -> None:
    copied.unseal()
    export_dataset(copied, tmp_path / "out", format="hf", progress=Silent())
    assert "The run was not finished" in (tmp_path / "out" / "README.md").read_text()


def test_a_folder_with_something_else_is_left_as_it_is(played: tiny.PlayedRun, tmp_path: Path) -> None:
    for name, content in (("notes.txt", "mine"), ("sparring.json", '{"made_by": "me"}'), ("sparring.json", "[")):
        out = tmp_path / f"other-{len(content)}"
        out.mkdir()
        (out / name).write_text(content)
        with pytest.raises(ExportError, match="holds something else"):
            export_dataset(played.folder, out, format="hf", progress=Silent())
        assert (out / name).read_text() == content


def test_it_is_not_put_into_the_run(copied: RunFolder) -> None:
    with pytest.raises(ExportError, match="choose another --out"):
        export_dataset(copied, copied.path / "dataset", format="hf", progress=Silent())


def test_what_is_no_run_has_no_attempts(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        export_dataset(RunFolder(tmp_path / "none"), tmp_path / "out", format="hf", progress=Silent())


@pytest.mark.usefixtures("exported")
def test_a_full_disk_leaves_the_folder_of_before(played: tiny.PlayedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    export_dataset(played.folder, out, format="hf", progress=Silent())
    before = files_of(out)

    def full(path: Path, table: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dataset_hf, "write_shard", full)
    with pytest.raises(RunFolderError, match=r"could not write .*out: No space left"):
        export_dataset(played.folder, out, format="hf", progress=Silent())
    assert files_of(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_kill_in_the_middle_leaves_no_folder_and_the_next_export_clears_up(played: tiny.PlayedRun, tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from sparring.evaluation import dataset, dataset_hf
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
write, written = dataset_hf.write_shard, []
def dying(path, table):
    write(path, table)
    written.append(path)
    if len(written) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
dataset_hf.write_shard = dying
dataset.export_dataset(RunFolder(Path({str(played.folder.path)!r})), Path("out"), format="hf", progress=Silent())
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".out.part"]
    export_dataset(played.folder, tmp_path / "out", format="hf", progress=Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_format_is_refused_by_name(played: tiny.PlayedRun, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no format is called 'csv'; there are: hf, lerobot-like"):
        export_dataset(played.folder, tmp_path / "out", format="csv", progress=Silent())
