"""A run on disk: config, provenance, stages of shards, players, metrics, tests, manifest."""

import json
import logging
import platform
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sparring.config import RunConfig
from sparring.config_file import flat, from_json, hash_of_text, to_json
from sparring.data.files import read_text, write_text
from sparring.data.store import is_whole_shard
from sparring.errors import CheckpointError, ConfigError, DataError, RunFolderError
from sparring.game import manifest

FOREIGN = " of "
"""In the name of a cross-play shard: the attacker is of another run. Such are no part of this run's digest."""
LOCK, PROVENANCE, TRACKING = ".lock", "provenance.json", "tracking"
NOT_DECIDING = ("images_per_s",)
"""Metrics that say how fast, not what; left out of the digest."""
_LOG = logging.getLogger(__name__)
VERSIONED, VERSIONED_IF_THERE = ("numpy", "mujoco", "torch", "pyarrow", "scipy", "pillow"), ("mink", "daqp")
"""Packages that results depend on; the latter only where arms need inverse kinematics."""


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run and what is read and written there. Opening one changes nothing."""

    path: Path

    @property
    def config_path(self) -> Path:
        """What decides the results."""
        return self.path / "config.json"

    @property
    def metrics_path(self) -> Path:
        """One JSON object an epoch or fit."""
        return self.path / "metrics.jsonl"

    @property
    def manifest_path(self) -> Path:
        """Written last: says that the run is complete, and the checksum of every file."""
        return self.path / "manifest.json"

    @property
    def results_path(self) -> Path:
        """Rows of the test results."""
        return self.path / "evaluation" / "results.json"

    @property
    def tracking_path(self) -> Path:
        """Folder of what TensorBoard and W&B are told; no part of the run, and decides nothing."""
        return self.path / TRACKING

    def stage(self, name: str) -> Path:
        """Folder of a stage's shards."""
        return self.path / "stages" / name

    def player(self, name: str) -> Path:
        """Checkpoint of a player."""
        return self.path / "players" / f"{name}.safetensors"

    def fit(self, name: str) -> Path:
        """A player's fit under way; there only as long as it is."""
        return self.path / "fits" / f"{name}.safetensors"

    def test(self, protocol: str, objects: str, player: str) -> Path:
        """Shard of a player's attempts in a test."""
        return self.path / "evaluation" / protocol / objects / f"{player}.parquet"

    def crossplay(self, protocol: str, objects: str, player: str) -> Path:
        """Folder of a protagonist's cross-play, a shard an attacker."""
        return self.path / "crossplay" / protocol / objects / player

    def config(self) -> RunConfig:
        """The run's config.

        Raises:
            RunFolderError: this is no run folder.
        """
        if not self.config_path.exists():
            raise RunFolderError(
                f"{self.path} is not a run folder (no config.json); make one with `sparring play PRESET --out {self.path}`"
            )
        try:
            return from_json(read_text(self.config_path))
        except (ConfigError, DataError) as error:
            raise RunFolderError(f"{self.config_path}: {error}") from None

    def provenance(self) -> dict[str, Any]:
        """Where and with what the run began; nothing when that was not written.

        Raises:
            DataError: damaged.
        """
        path = self.path / PROVENANCE
        if not path.exists():
            return {}
        try:
            told = json.loads(read_text(path))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path} is damaged: {error}") from None
        if not isinstance(told, dict):
            raise DataError(f"{path} is damaged: it holds no names with values")
        return told

    def cell(self) -> str | None:
        """The name of the cell that it was played in; None where that is not known."""
        try:
            cell = self.provenance().get("cell")
        except DataError:
            return None  # it decides nothing; `sparring verify` tells of it
        return cell if isinstance(cell, str) else None

    def config_hash(self) -> str:
        """Names the config as it was written: settings that later versions know do not change it.

        Raises:
            DataError: it cannot be read.
        """
        return hash_of_text(read_text(self.config_path))

    def require_undamaged(self, player: Path) -> None:
        """Before a player is used elsewhere; changes nothing.

        Raises:
            CheckpointError: the file is known to be another than was written.
        """
        known = manifest.read_manifest(self.manifest_path).sha256.get(self._name(player))
        if known is not None and manifest.sha256_of(player) != known:
            raise CheckpointError(
                f"{player} is damaged (its sha256 is not the one in manifest.json); see `sparring verify {self.path}`"
            )

    def begin(self, config: RunConfig, provenance: dict[str, Any]) -> None:
        """Makes the folder, or checks that it belongs to the same config.

        Raises:
            RunFolderError: it holds another run, or something else.
        """
        if self.config_path.exists():
            self._require_same(config)
            self._require_same_cell(provenance.get("cell"))
            return
        self._require_ours()
        write_text(self.path / PROVENANCE, json.dumps(provenance, indent=2, sort_keys=True) + "\n")
        write_text(self.config_path, to_json(config))
        self.enter(self.path / PROVENANCE)
        self.enter(self.config_path)

    def is_ours(self) -> bool:
        """Whether this is a run, or nothing yet: not something else."""
        if self.config_path.exists() or not self.path.exists():
            return True
        return self.path.is_dir() and all(map(_begun, self.path.iterdir()))

    def _require_ours(self) -> None:
        if not self.is_ours():
            raise RunFolderError(f"{self.path} exists and is not a run folder; choose another --out")

    def _require_same_cell(self, asked: str | None) -> None:
        """No half of a run in simulation and half on a robot."""
        begun = self.cell()
        if asked is not None and begun is not None and asked != begun:
            raise RunFolderError(
                f"{self.path} was begun in the cell {begun!r}, not {asked!r}; go on there, or choose another --out"
            )

    def _require_same(self, config: RunConfig) -> None:
        ours, theirs = flat(json.loads(to_json(config))), flat(json.loads(to_json(self.config())))
        differing = [
            f"{name} ({theirs.get(name)!r} there, {ours.get(name)!r} asked)"
            for name in sorted(ours | theirs)
            if ours.get(name) != theirs.get(name)
        ]
        if differing:
            shown = "; ".join(differing[:4]) + ("; ..." if len(differing) > 4 else "")
            raise RunFolderError(f"{self.path} holds a run of another config: {shown}. Choose another --out")

    def metrics(self) -> list[dict[str, Any]]:
        """All rows of `metrics.jsonl`; none when there is no such file yet.

        Raises:
            DataError: damaged.
        """
        if not self.metrics_path.exists():
            return []
        try:
            rows = [json.loads(line) for line in read_text(self.metrics_path).splitlines()]
        except (ValueError, RecursionError) as error:
            raise DataError(f"{self.metrics_path} is damaged: {error}") from None
        if not all(
            isinstance(row, dict) and isinstance(row.get("fit"), str) and isinstance(row.get("summary", {}), dict) for row in rows
        ):
            raise DataError(f"{self.metrics_path} is damaged: it has a line that is no row of a fit")
        return rows

    def record_metrics(self, fit: str, rows: list[dict[str, Any]]) -> None:
        """Adds the rows of one fit, in place of any that it left before."""
        known = self.metrics()
        at = next((index for index, row in enumerate(known) if row.get("fit") == fit), len(known))
        after = [row for row in known[at:] if row.get("fit") != fit]
        write_text(self.metrics_path, "".join(json.dumps(row, sort_keys=True) + "\n" for row in known[:at] + rows + after))
        self.enter(self.metrics_path)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keeps other processes from writing here, until the end or the death of this one.

        Raises:
            RunFolderError: another process is at work here, or this is something else than a run.
        """
        self._require_ours()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / LOCK)
            lock.acquire(timeout=0)
        except Timeout:
            raise RunFolderError(
                f"another process is at work on {self.path}; wait until it has ended, end it, or choose another folder"
            ) from None
        except OSError as error:
            raise RunFolderError(f"could not lock {self.path}: {error.strerror or error}; choose another folder") from None
        try:
            yield
        finally:
            lock.release()

    def enter(self, path: Path) -> None:
        """Notes that a file was written, with its checksum."""
        manifest.enter(self.manifest_path, self._name(path), manifest.sha256_of(path))

    def holds(self, path: Path) -> bool:
        """Whether a shard is there and as it was written; says so where it is not, since it will be made again."""
        if not path.exists():
            return False
        if self.is_as_written(path):
            return True
        _LOG.warning("%s is damaged; it is made again", path)
        return False

    def is_as_written(self, path: Path) -> bool:
        """Whether a file has the checksum that it was entered with.

        What was written in the moment before a kill is not entered yet; a shard is then checked by itself.
        """
        known = manifest.read_manifest(self.manifest_path).sha256.get(self._name(path))
        if known is not None:
            return manifest.sha256_of(path) == known
        whole = path.suffix != ".parquet" or is_whole_shard(path)
        if whole:
            self.enter(path)
        return whole

    def is_complete(self) -> bool:
        """Whether all that the config asks for was there when the run was last sealed."""
        return manifest.read_manifest(self.manifest_path).complete

    def unseal(self) -> None:
        """Says that the run is not complete, before the folder changes."""
        known = manifest.read_manifest(self.manifest_path)
        kept = {name: checksum for name, checksum in known.sha256.items() if not manifest.is_derived(name)}
        manifest.write_manifest(self.manifest_path, manifest.Manifest(sha256=kept))

    def seal(self) -> None:
        """Says that the run is complete.

        What was entered when it was written keeps its checksum, so that damage since stays visible.
        """
        known = manifest.read_manifest(self.manifest_path).sha256
        sums = {
            name: known[name] if name in known and not manifest.is_derived(name) else manifest.sha256_of(self.path / name)
            for name in map(self._name, self.files())
        }
        manifest.write_manifest(self.manifest_path, manifest.Manifest(True, self.config_hash(), sums))

    def files(self) -> list[Path]:
        """All files of the run, but for the manifest, the lock, tracking, and parts of files that a kill left behind."""
        apart, tracking = {self.manifest_path, self.path / LOCK}, self.tracking_path
        found = (path for path in self.path.rglob("*") if path.is_file() and path.suffix != ".part")
        return sorted(path for path in found if path not in apart and not path.is_relative_to(tracking))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()


def provenance(*, device: str, workers_n: int, executor: str, cell: str, renderer: str, command: str) -> dict[str, Any]:
    """Where and with what a run began. Decides nothing."""
    return {
        "command": command,
        "sparring": version("sparring"),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "processor": _processor(),
        "device": device,
        "executor": executor,
        "cell": cell,
        "workers_n": workers_n,
        "renderer": renderer,
        "packages": {name: version(name) for name in (*VERSIONED, *filter(find_spec, VERSIONED_IF_THERE))},
    }


def _begun(file: Path) -> bool:
    """Whether a file is what a run that was killed at its very beginning leaves behind."""
    return file.name.removesuffix(".part") in (PROVENANCE, "config.json", "manifest.json", LOCK, TRACKING)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
