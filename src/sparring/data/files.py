"""Writing files so that a kill or a full disk leaves either the old file or the new one, never half of one."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from sparring.errors import DataError, RunFolderError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Lets `write` fill a temporary file beside `path`, syncs it and renames it.

    Raises:
        RunFolderError: the disk is full, the folder cannot be written, or something that is no file is there; `path` is as it
            was.
    """
    path = path.resolve()  # what a link leads to is replaced, not the link
    if path.exists() and not path.is_file():
        raise RunFolderError(f"could not write {path}: it exists and is not a file; choose another name")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        _discard(part)
        raise RunFolderError(
            f"could not write {path}: {error.strerror or error}; make room or choose another folder, "
            "then run the same command again; what is done already is not done again"
        ) from error
    except BaseException:  # an interrupt, or an error of what writes
        _discard(part)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes a text file atomically."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file atomically."""

    def write(part: Path) -> None:
        part.write_bytes(content)

    write_atomically(path, write)


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        DataError: it is missing or not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"could not read {path}: {error}") from None


def _discard(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
