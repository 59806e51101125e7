"""What a data set is made from: the shards of a run, checked as they are read, and what is to be said of them."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from sparring.config import RunConfig
from sparring.data.records import SCHEMA_VERSION
from sparring.data.store import read_shard
from sparring.errors import DataError
from sparring.game.manifest import read_manifest, sha256_of
from sparring.game.plan import stages_of
from sparring.game.run_folder import RunFolder


@dataclass(frozen=True)
class Shard:
    """A wave on disk."""

    run: Path
    stage: str
    path: Path
    sha256: str | None
    """As it was written; None where that is not known."""

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Its attempts.

        Raises:
            DataError: it is damaged.
        """
        if self.sha256 is not None and sha256_of(self.path) != self.sha256:
            raise _damaged(self.run, self.path, "has another sha256 than when it was written")
        return read_shard(self.path, columns)


@dataclass(frozen=True)
class Source:
    """A run whose attempts are exported."""

    run: RunFolder
    config: RunConfig
    shards: tuple[Shard, ...]
    """Stage by stage in the order of the match, wave by wave."""
    complete: bool
    """Whether the run says that it is."""

    @property
    def origin(self) -> dict[str, Any]:
        """Where the data come from, in a folder's marker."""
        return {
            "made_by": "sparring",
            "sparring": version("sparring"),
            "schema": SCHEMA_VERSION,
            "config": self.run.config_hash(),
            "seed": self.config.seed,
            "complete": self.complete,
            "provenance": self.run.provenance(),
        }


def source_of(run: RunFolder) -> Source:
    """A run's shards, as far as it has come.

    Raises:
        DataError: it has none, or one that it had is missing.
        RunFolderError: this is no run.
    """
    config, manifest = run.config(), read_manifest(run.manifest_path)
    shards = [
        Shard(run.path, stage.name, path, manifest.sha256.get(path.relative_to(run.path).as_posix()))
        for stage in stages_of(config)
        for path in sorted(run.stage(stage.name).glob("wave-*.parquet"))
    ]
    there = {shard.path.relative_to(run.path).as_posix() for shard in shards}
    written = [name for name in manifest.sha256 if name.startswith("stages/") and name.endswith(".parquet")]
    for name in sorted(written):
        if name not in there:
            raise _damaged(run.path, run.path / name, "is missing")
    if not shards:
        raise DataError(f"{run.path} has no attempts yet; go on with the same `sparring play`")
    return Source(run, config, tuple(shards), manifest.complete)


def _damaged(run: Path, path: Path, what: str) -> DataError:
    return DataError(f"shard {path} {what}; nothing was exported: `sparring verify {run}` says how to mend it")
