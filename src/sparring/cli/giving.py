"""Subcommand that gives a run's attempts to others. Its docstring is its help."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional


def dataset(
    action: Positional[Literal["export"]],
    run: Positional[Path],
    /,
    out: Path,
    format: Literal["hf", "lerobot-like"] = "hf",
    quiet: bool = False,
) -> None:
    """Write a run's attempts as a data set for others: Parquet files with pictures, and a card that says how they were made.

    The folder appears when it is whole. A damaged shard is named, and nothing is written. The run is not changed.

    Args:
        action: export.
        run: a run folder; of an unfinished one the waves that there are.
        out: the folder, made anew; one that holds something else is refused.
        format: hf opens with datasets.load_dataset(OUT), a split a stage, every column of the records; lerobot-like is laid out
            as LeRobot's version 3.0, one attempt an episode of one frame: picture, action, reward.
        quiet: show no progress.
    """
    from sparring.cli.progress import progress_for
    from sparring.evaluation.dataset import export_dataset
    from sparring.game.run_folder import RunFolder

    with progress_for(quiet=quiet, steps=[f"export {format}"]) as progress:
        export_dataset(RunFolder(run), out, format=format, progress=progress)
    print(out)
