"""A data set as Hugging Face's hub has them: Parquet files, a split a stage, and a card that `datasets.load_dataset` reads."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from sparring.data.files import write_text
from sparring.data.records import COLUMNS
from sparring.data.store import write_shard
from sparring.evaluation.dataset_card import LICENCE, LIMITS, TAGS, columns, made_by, size_category
from sparring.evaluation.dataset_source import Shard, Source
from sparring.game.progress import Task

HF_WORDS = {"double": "float64", "float": "float32"}
USE = """## Use it

```python
from datasets import load_dataset

stages = load_dataset("{folder}")  # a split a stage; or load_dataset("{folder}", "all", split="train")
attempt = stages["{first}"][0]
print(attempt["image"].size, attempt["column_px"], attempt["row_px"], 10 * attempt["angle"], attempt["sensed"])
```"""


def write_hf(source: Source, shards: Sequence[Shard], out: Path, task: Task) -> None:
    """Writes the records as they are, pictures and all, shard by shard, and then the card.

    Raises:
        DataError: a shard is damaged.
    """
    attempts_n, bytes_n = dict[str, int](), dict[str, int]()
    for shard in shards:
        table = shard.read()
        path = out / "data" / shard.stage / shard.path.name
        write_shard(path, table)
        attempts_n[shard.stage] = attempts_n.get(shard.stage, 0) + len(table)
        bytes_n[shard.stage] = bytes_n.get(shard.stage, 0) + path.stat().st_size
        task.advance(1)
    write_text(out / "README.md", _card(source, attempts_n, bytes_n))


def _card(source: Source, attempts_n: Mapping[str, int], bytes_n: Mapping[str, int]) -> str:
    total_n = sum(attempts_n.values())
    intro = (
        f"{total_n} attempts at grasping an object that lies on a table, by robots that learn by playing against an adversary "
        "(*Supervision via Competition*, Pinto, Davidson, Gupta, ICRA 2017), in physics simulation. A row is one attempt: the "
        "picture, the grasp that was chosen in it, what the fingers felt, and what an adversary's attack led to."
    )
    parts = [
        "\n".join(["---", *_front_matter(attempts_n, bytes_n), "---", "# Grasps played against an adversary"]),
        intro,
        USE.format(folder=".", first=split_name(next(iter(attempts_n)))),
        made_by(source, attempts_n),
        columns(),
        LIMITS,
        LICENCE,
    ]
    return "\n\n".join(parts) + "\n"


def split_name(stage: str) -> str:
    """A stage's name as the library takes it."""
    return stage.replace("-", "_")


def _front_matter(attempts_n: Mapping[str, int], bytes_n: Mapping[str, int]) -> Iterator[str]:
    """YAML: what the hub shows, and what `load_dataset` opens with."""
    stages = {split_name(stage): stage for stage in attempts_n}
    yield from ("license: apache-2.0", "task_categories: [robotics]", f"tags: {TAGS}")
    yield f"size_categories: ['{size_category(sum(attempts_n.values()))}']"
    yield from ("configs:", "- config_name: stages", "  default: true", "  data_files:")
    for split, stage in stages.items():
        yield from (f"  - split: {split}", f"    path: data/{stage}/*.parquet")
    yield from ("- config_name: all", "  data_files:", "  - split: train", "    path: data/*/*.parquet")
    yield "dataset_info:"
    yield from _info("stages", {split: (attempts_n[stage], bytes_n[stage]) for split, stage in stages.items()})
    yield from _info("all", {"train": (sum(attempts_n.values()), sum(bytes_n.values()))})


def _info(config: str, splits: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """Features and splits (attempts, bytes) of one config."""
    yield from (f"- config_name: {config}", "  features:")
    for name, (kind, _) in COLUMNS.items():
        yield f"  - name: {name}"
        yield f"    {_feature(kind)}"
    yield "  splits:"
    for split, (attempts_n, bytes_n) in splits.items():
        yield from (f"  - name: {split}", f"    num_bytes: {bytes_n}", f"    num_examples: {attempts_n}")
    total = sum(bytes_n for _, bytes_n in splits.values())
    yield from (f"  download_size: {total}", f"  dataset_size: {total}")


def _feature(kind: pa.DataType) -> str:
    """A column's type in the library's words."""
    if pa.types.is_struct(kind):
        return "dtype: image"
    if pa.types.is_list(kind):
        return f"list: {_word(kind.value_type)}"
    return f"dtype: {_word(kind)}"


def _word(kind: pa.DataType) -> str:
    return HF_WORDS.get(str(kind), str(kind))
