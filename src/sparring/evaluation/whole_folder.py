"""A folder that is there whole or not at all: it is filled beside its place and then takes it."""

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sparring.data.files import read_text, write_text
from sparring.errors import DataError, ExportError, RunFolderError

MARKER = "sparring.json"
"""In a folder that was exported: what it comes from. A folder with it may be replaced."""


@contextmanager
def made_whole(out: Path) -> Generator[Path]:
    """Gives a folder to fill; when that went well it is `out`, in place of one that was exported there before.

    What a kill leaves behind is `.NAME.part` beside it, which the next export to the same place clears away.

    Raises:
        ExportError: `out` holds something else.
        RunFolderError: the disk is full, or the place cannot be written.
    """
    out = out.resolve()
    part, old = (out.with_name(f".{out.name}.{ending}") for ending in ("part", "old"))
    for path in (out, part, old):
        require_ours(path)
    try:
        for path in (part, old):
            shutil.rmtree(path, ignore_errors=True)
        part.mkdir(parents=True)
        write_text(part / MARKER, json.dumps({"made_by": "sparring"}) + "\n")
        yield part
        if out.exists():
            out.rename(old)
        part.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise RunFolderError(f"could not write {out}: {error.strerror or error}; make room or choose another --out") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def require_ours(folder: Path) -> None:
    """A folder that is not there, is empty, or was exported to.

    Raises:
        ExportError: something else is there.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        ours = json.loads(read_text(folder / MARKER)).get("made_by") == "sparring"
    except (DataError, ValueError, AttributeError, RecursionError):
        ours = False
    if not ours:
        raise ExportError(f"{folder} exists and holds something else than an exported data set; choose another --out")
