"""The attempts of a run as a data set for others: a folder in Hugging Face's or LeRobot's layout, with a card."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from sparring.data.files import write_text
from sparring.errors import ConfigError, ExportError, unknown_name
from sparring.evaluation.dataset_hf import write_hf
from sparring.evaluation.dataset_lerobot import write_lerobot
from sparring.evaluation.dataset_source import Shard, Source, source_of
from sparring.evaluation.whole_folder import MARKER, made_whole
from sparring.game.progress import Progress, Task
from sparring.game.run_folder import RunFolder

DatasetFormat = Literal["hf", "lerobot-like"]
WRITERS: dict[str, Callable[[Source, Sequence[Shard], Path, Task], None]] = {"hf": write_hf, "lerobot-like": write_lerobot}


def export_dataset(run: RunFolder, out: Path, *, format: DatasetFormat, progress: Progress) -> Source:
    """Writes the attempts of all stages of a run, in place of any data set that was exported there before.

    One shard is in memory at a time. The folder appears when it is whole; whatever stops this leaves nothing there. Tests and
    cross-play are no part of it: they are for comparing players, not for learning from.

    Args:
        run: finished or not; of one under way, the waves that there are. It is not changed.
        out: the folder.
        format: hf or lerobot-like.
        progress: where it is announced.

    Raises:
        ConfigError: there is no such format.
        DataError: a shard is damaged or missing; which, and what to do.
        ExportError: the folder holds something else, or lies in the run.
        RunFolderError: this is no run, or the folder cannot be written.
    """
    if format not in WRITERS:
        raise ConfigError(unknown_name("format", format, WRITERS))
    source = source_of(run)
    if out.resolve().is_relative_to(run.path.resolve()):
        raise ExportError(f"{out} lies in the run {run.path}, which an export does not change; choose another --out")
    with made_whole(out) as part:
        with progress.task(f"export {format}", len(source.shards), "shards") as task:
            WRITERS[format](source, source.shards, part, task)
        write_text(part / MARKER, json.dumps(source.origin | {"format": format}, indent=2, sort_keys=True) + "\n")
    return source
