"""A run on disk: config, provenance, stages of shards, players, metrics, tests, manifest."""

import hashlib
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sparring.config import RunConfig
from sparring.config_file import from_json, hash_of, to_json
from sparring.data.files import read_text, write_text
from sparring.errors import ConfigError, DataError, RunFolderError

FOREIGN = " of "
"""In the name of a cross-play shard: the attacker is of another run. Such are no part of this run's digest."""
NOT_DECIDING = ("images_per_s",)
"""Metrics that say how fast, not what; left out of the digest."""
VERSIONED = ("numpy", "mujoco", "torch", "pyarrow", "scipy", "pillow")


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

    def stage(self, name: str) -> Path:
        """Folder of a stage's shards."""
        return self.path / "stages" / name

    def player(self, name: str) -> Path:
        """Checkpoint of a player."""
        return self.path / "players" / f"{name}.safetensors"

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

    def begin(self, config: RunConfig, provenance: dict[str, Any]) -> None:
        """Makes the folder, or checks that it belongs to the same config.

        Raises:
            RunFolderError: it holds another run, or something else.
        """
        if self.config_path.exists():
            self._require_same(config)
            return
        if self.path.exists() and (not self.path.is_dir() or any(not _begun(file) for file in self.path.iterdir())):
            raise RunFolderError(f"{self.path} exists and is not a run folder; choose another --out")
        write_text(self.path / "provenance.json", json.dumps(provenance, indent=2, sort_keys=True) + "\n")
        write_text(self.config_path, to_json(config))

    def _require_same(self, config: RunConfig) -> None:
        ours, theirs = _flat(json.loads(to_json(config))), _flat(json.loads(to_json(self.config())))
        differing = [
            f"{name} ({theirs.get(name)!r} there, {ours.get(name)!r} asked)"
            for name in sorted(ours | theirs)
            if ours.get(name) != theirs.get(name)
        ]
        if differing:
            shown = "; ".join(differing[:4]) + ("; ..." if len(differing) > 4 else "")
            raise RunFolderError(f"{self.path} holds a run of another config: {shown}. Choose another --out")

    def metrics(self) -> list[dict[str, Any]]:
        """All rows of `metrics.jsonl`; none when there is no such file yet."""
        if not self.metrics_path.exists():
            return []
        try:
            return [json.loads(line) for line in read_text(self.metrics_path).splitlines()]
        except ValueError as error:
            raise DataError(f"{self.metrics_path} is damaged: {error}") from None

    def record_metrics(self, fit: str, rows: list[dict[str, Any]]) -> None:
        """Adds the rows of one fit, in place of any that it left before."""
        known = self.metrics()
        at = next((index for index, row in enumerate(known) if row.get("fit") == fit), len(known))
        after = [row for row in known[at:] if row.get("fit") != fit]
        write_text(self.metrics_path, "".join(json.dumps(row, sort_keys=True) + "\n" for row in known[:at] + rows + after))

    def unseal(self) -> None:
        """Removes the manifest before the folder changes."""
        self.manifest_path.unlink(missing_ok=True)

    def seal(self) -> None:
        """Writes the manifest."""
        files = sorted(p for p in self.path.rglob("*") if p.is_file() and p != self.manifest_path and p.suffix != ".part")
        sums = {str(p.relative_to(self.path)): _sha256(p) for p in files}
        write_text(
            self.manifest_path, json.dumps({"complete": True, "config": hash_of(self.config()), "sha256": sums}, indent=1) + "\n"
        )


def provenance(*, device: str, workers_n: int, executor: str, renderer: str, command: str) -> dict[str, Any]:
    """Where and with what a run began. Decides nothing."""
    return {
        "command": command,
        "sparring": version("sparring"),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "processor": _processor(),
        "device": device,
        "executor": executor,
        "workers_n": workers_n,
        "renderer": renderer,
        "packages": {name: version(name) for name in VERSIONED},
    }


def _begun(file: Path) -> bool:
    """Whether a file is what a run that was killed at its very beginning leaves behind."""
    return file.name.removesuffix(".part") in ("provenance.json", "config.json")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {prefix: tree}
    return {name: leaf for key, value in tree.items() for name, leaf in _flat(value, f"{prefix}.{key}".lstrip(".")).items()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
