"""What a run has on disk, with checksums: entered as each file is written, so that damage is known from what is missing."""

import hashlib
import json
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from sparring.config_file import structured
from sparring.data.files import read_text, write_text
from sparring.errors import ConfigError, DataError

_WRITING = threading.Lock()


@dataclass(frozen=True)
class Manifest:
    """Checksums of a run's files."""

    complete: bool = False
    """Whether all that the run's config asks for is there."""
    config: str = ""
    """Hash of the run's config, once it is complete."""
    sha256: dict[str, str] = field(default_factory=dict[str, str])
    """By path within the run, as the files were written. Of a run that is not complete: without those that are derived."""


def is_derived(name: str) -> bool:
    """Whether a file says only what others say, and is written anew whenever they change."""
    return name.endswith((".md", ".html")) or (name.endswith(".json") and name.startswith(("evaluation/", "crossplay/")))


def read_manifest(path: Path) -> Manifest:
    """The manifest; an empty one where there is none yet.

    Raises:
        DataError: damaged.
    """
    if not path.exists():
        return Manifest()
    try:
        return structured(json.loads(read_text(path)), Manifest)
    except (ValueError, RecursionError, ConfigError) as error:
        raise DataError(
            f"{path} is damaged ({error}); delete it and run the same command again: every file is then checked by itself"
        ) from None


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Writes it atomically."""
    write_text(path, json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n")


def enter(path: Path, name: str, checksum: str) -> None:
    """Adds a file; several threads may do so."""
    with _WRITING:
        known = read_manifest(path)
        write_manifest(path, replace(known, sha256=known.sha256 | {name: checksum}))


def sha256_of(path: Path) -> str:
    """The checksum of a file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"could not read {path}: {error.strerror or error}") from None
