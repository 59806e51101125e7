# pyright: reportAttributeAccessIssue=false
# pyarrow makes its compute functions at run time.
"""A data set laid out like LeRobot's version 3.0: one attempt is one episode of one frame."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sparring.data.files import write_atomically, write_text
from sparring.data.pictures import decode_image
from sparring.data.records import IMAGE
from sparring.errors import DataError
from sparring.evaluation.dataset_card import LICENCE, LIMITS, TAGS, made_by, size_category
from sparring.evaluation.dataset_source import Shard, Source
from sparring.game.progress import Task
from sparring.players.choosing import ImageGrasp
from sparring.players.unit_actions import UNIT_ACTION, unit_action

VERSION = "v3.0"
TASK = "Grasp the object and lift it 30 cm."
FILES_PER_CHUNK_N, FPS = 1000, 1
PICTURES_PER_SHARD_N = 16
"""So many pictures of a shard, spread over it, are decoded for the statistics; LeRobot samples too."""
READ = ["attempt", "image", "column_px", "row_px", "angle", "lifted", "invalid"]
FEATURES: dict[str, pa.DataType] = {
    "observation.image": IMAGE,
    "action": pa.list_(pa.float32(), 3),
    "next.reward": pa.float32(),
    "next.done": pa.bool_(),
    "next.success": pa.bool_(),
    "attempt": pa.string(),
    "timestamp": pa.float32(),
    "frame_index": pa.int64(),
    "episode_index": pa.int64(),
    "index": pa.int64(),
    "task_index": pa.int64(),
}
CARD = """# Grasps played against an adversary, laid out like LeRobot's data sets

{episodes_n} attempts at grasping, in simulation (*Supervision via Competition*, Pinto, Davidson, Gupta, ICRA 2017). Resembles
`LeRobotDataset` **{version}**: `meta/info.json`, `meta/stats.json`, `meta/tasks.parquet`, `meta/episodes/`, and frames in
`data/chunk-*/file-*.parquet`. It was written from that format's description, not by the library, nor opened with it.

What differs from what one would record with a robot:

- An attempt is an episode of **one frame**: the picture, then one grasp, and the episode is over (a contextual bandit). `fps` is
  {fps} because the format wants a number; there is no motion to play back, no `observation.state` and no video.
- `action` is {action} in -1..1: left to right, bottom to top, and the angle of closing, 0 to 180 degrees counter-clockwise in the
  picture. It is the action of the environment `sparring/Grasp-v0`.
- `next.reward` is 1 where the object was held 30 cm up, else 0; `next.success` says the same; `next.done` is always true.
- Pictures are PNG in the Parquet files (`dtype: image`); their statistics are from up to {pictures_n} pictures a file.
- `attempt` names the record in the run. Attempts that the physics invalidated are left out ({invalid_n}). Attacks, forces and the
  rest of the records are in `sparring dataset export --format hf`."""


@dataclass
class _Statistics:
    """Sums over what was written, for the mean and spread of every feature."""

    n: int = 0
    total: np.ndarray = field(default_factory=lambda: np.zeros(1))
    squares: np.ndarray = field(default_factory=lambda: np.zeros(1))
    low: np.ndarray = field(default_factory=lambda: np.array([np.inf]))
    high: np.ndarray = field(default_factory=lambda: np.array([-np.inf]))

    def add(self, values: np.ndarray) -> None:
        """Adds rows [n, numbers]."""
        if len(values):
            self.n += len(values)
            self.total, self.squares = self.total + values.sum(axis=0), self.squares + np.square(values).sum(axis=0)
            self.low, self.high = np.minimum(self.low, values.min(axis=0)), np.maximum(self.high, values.max(axis=0))

    def told(self, shape: tuple[int, ...], counted: int) -> dict[str, Any]:
        """As LeRobot writes them."""
        mean = self.total / max(self.n, 1)
        deviation = np.sqrt(np.maximum(self.squares / max(self.n, 1) - mean**2, 0.0))
        numbers = {"min": self.low, "max": self.high, "mean": mean, "std": deviation}
        return {name: value.reshape(shape).tolist() for name, value in numbers.items()} | {"count": [counted]}


@dataclass
class _Written:
    """What has been written so far."""

    episodes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    attempts_n: dict[str, int] = field(default_factory=dict[str, int])
    invalid_n: int = 0
    pictures_n: int = 0
    shape: tuple[int, ...] = ()
    """Of all pictures: height, width, channels."""
    actions: _Statistics = field(default_factory=_Statistics)
    rewards: _Statistics = field(default_factory=_Statistics)
    pixels: _Statistics = field(default_factory=_Statistics)


def write_lerobot(source: Source, shards: Sequence[Shard], out: Path, task: Task) -> None:
    """Writes pictures, actions and rewards, shard by shard, and then what the format says of them.

    Raises:
        DataError: a shard is damaged, or there is no valid attempt.
    """
    written, files_n = _Written(), 0
    for shard in shards:
        table = shard.read(READ)
        valid = table.filter(pc.invert(table["invalid"]))
        written.invalid_n += len(table) - len(valid)
        if len(valid):
            _write_frames(out, files_n, shard.stage, valid, written)
            files_n += 1
        task.advance(1)
    if not written.episodes:
        raise DataError(f"{source.run.path} has no valid attempt; nothing was exported")
    _write_meta(out, written)
    write_text(out / "README.md", _card(source, written))


def _write_frames(out: Path, number: int, stage: str, table: pa.Table, written: _Written) -> None:
    """One file of frames, and their episodes."""
    _add_pictures(table, written)
    first, n = len(written.episodes), len(table)
    chunk, file = divmod(number, FILES_PER_CHUNK_N)
    actions = np.stack([_action(row, written.shape) for row in table.select(["column_px", "row_px", "angle"]).to_pylist()])
    lifted = table["lifted"].to_numpy(zero_copy_only=False).astype(bool)
    at = np.arange(first, first + n)
    values: dict[str, Any] = {
        "observation.image": table["image"].combine_chunks(),
        "action": pa.FixedSizeListArray.from_arrays(pa.array(actions.ravel()), 3),
        "next.reward": lifted.astype(np.float32),
        "next.done": np.ones(n, bool),
        "next.success": lifted,
        "attempt": table["attempt"],
        "timestamp": np.zeros(n, np.float32),
        "frame_index": np.zeros(n, np.int64),
        "episode_index": at,
        "index": at,
        "task_index": np.zeros(n, np.int64),
    }
    _write_table(out / "data" / f"chunk-{chunk:03d}" / f"file-{file:03d}.parquet", pa.table(values, schema=_frame_schema()))
    written.attempts_n[stage] = written.attempts_n.get(stage, 0) + n
    written.actions.add(actions.astype(float))
    written.rewards.add(lifted.astype(float)[:, None])
    written.episodes += [
        {
            "episode_index": int(k),
            "tasks": [TASK],
            "length": 1,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": int(k),
            "dataset_to_index": int(k) + 1,
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
        }
        for k in at
    ]


def _action(row: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    grasp = ImageGrasp(row["column_px"], row["row_px"], row["angle"], None)
    return unit_action(grasp, width_px=shape[1], height_px=shape[0])


def _add_pictures(table: pa.Table, written: _Written) -> None:
    """Colours of some pictures, in 0..1.

    Raises:
        DataError: an attempt has none, or one of another size.
    """
    if table["image"].null_count:
        raise DataError(f"attempt {table['attempt'][0]} and those of its wave are not all with a picture; use --format hf")
    some = np.unique(np.linspace(0, len(table) - 1, PICTURES_PER_SHARD_N).astype(int))
    for picture in table["image"].take(some).to_pylist():
        pixels = decode_image(picture["bytes"])
        written.shape = written.shape or pixels.shape
        if pixels.shape != written.shape:
            raise DataError(
                f"there are pictures of {written.shape} and of {pixels.shape}, LeRobot takes one size; use --format hf"
            )
        written.pixels.add(pixels.reshape(-1, pixels.shape[-1]) / 255.0)
        written.pictures_n += 1


def _write_meta(out: Path, written: _Written) -> None:
    n = len(written.episodes)
    shapes: dict[str, tuple[list[int], list[str] | None]] = {
        "observation.image": ([*written.shape], ["height", "width", "channels"]),
        "action": ([3], list(UNIT_ACTION)),
    }
    info = {
        "codebase_version": VERSION,
        "robot_type": "parallel-jaw hand (simulated)",
        "total_episodes": n,
        "total_frames": n,
        "total_tasks": 1,
        "chunks_size": FILES_PER_CHUNK_N,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 0,
        "fps": FPS,
        "splits": {"train": f"0:{n}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "features": {
            name: {"dtype": _dtype(kind), "shape": shapes.get(name, ([1], None))[0], "names": shapes.get(name, ([1], None))[1]}
            for name, kind in FEATURES.items()
        },
    }
    statistics = {
        "observation.image": written.pixels.told((written.shape[2], 1, 1), written.pictures_n),
        "action": written.actions.told((3,), n),
        "next.reward": written.rewards.told((1,), n),
    }
    write_text(out / "meta" / "info.json", json.dumps(info, indent=4) + "\n")
    write_text(out / "meta" / "stats.json", json.dumps(statistics, indent=4) + "\n")
    _write_table(out / "meta" / "tasks.parquet", _tasks())
    _write_table(out / "meta" / "episodes" / "chunk-000" / "file-000.parquet", pa.Table.from_pylist(written.episodes))


def _dtype(kind: pa.DataType) -> str:
    """A type in LeRobot's words."""
    if pa.types.is_struct(kind):
        return "image"
    name = str(kind.value_type if pa.types.is_fixed_size_list(kind) else kind)
    return {"float": "float32"}.get(name, name)


def _frame_schema() -> pa.Schema:
    """With what `datasets` needs to decode the pictures."""
    features: dict[str, Any] = {}
    for name, kind in FEATURES.items():
        if pa.types.is_struct(kind):
            features[name] = {"_type": "Image"}
        elif pa.types.is_fixed_size_list(kind):
            features[name] = {"feature": {"dtype": "float32", "_type": "Value"}, "length": 3, "_type": "List"}
        else:
            features[name] = {"dtype": _dtype(kind), "_type": "Value"}
    return pa.schema(list(FEATURES.items()), metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _tasks() -> pa.Table:
    """The tasks as a table that pandas reads with the task as its index, which is how LeRobot looks it up."""
    columns = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy_kind, "metadata": None}
        for name, kind, numpy_kind in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
    ]
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": columns}
    schema = pa.schema([("task_index", pa.int64()), ("task", pa.string())], metadata={"pandas": json.dumps(pandas)})
    return pa.table({"task_index": [0], "task": [TASK]}, schema=schema)


def _write_table(path: Path, table: pa.Table) -> None:
    write_atomically(path, lambda part: pq.write_table(table, part, compression="zstd"))


def _card(source: Source, written: _Written) -> str:
    n = len(written.episodes)
    front = [
        "---",
        "license: apache-2.0",
        "task_categories: [robotics]",
        f"tags: {TAGS.replace('[', '[LeRobot, ', 1)}",
        f"size_categories: ['{size_category(n)}']",
        "configs:",
        "- config_name: default",
        "  data_files: data/*/*.parquet",
        "---",
    ]
    text = CARD.format(
        episodes_n=n,
        version=VERSION,
        fps=FPS,
        action=", ".join(f"`{name}`" for name in UNIT_ACTION),
        pictures_n=PICTURES_PER_SHARD_N,
        invalid_n=written.invalid_n,
    )
    return "\n\n".join(["\n".join(front) + "\n" + text, made_by(source, written.attempts_n), LIMITS, LICENCE]) + "\n"
