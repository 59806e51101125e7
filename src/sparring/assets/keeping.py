"""Writing sets of objects, keeping them in the cache, and finding them by path or name."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from sparring.assets.bringing_in import BroughtIn
from sparring.assets.known import KNOWN_SETS
from sparring.cache import cache_folder
from sparring.config import IMPORTED_SET, OBJECT_SETS
from sparring.data.files import write_bytes
from sparring.errors import ConfigError, DataError, RunFolderError
from sparring.world.objects.imported import (
    CARD,
    FORMAT,
    OBJECT_NAME,
    SET_NAME,
    ObjectSet,
    SetCard,
    imported_set,
    kept_folder,
    read_set,
    shape_of,
    shape_path,
)


def name_of(text: str, *, of_set: bool = False) -> str:
    """A name that sets and files can have, made from any text.

    Raises:
        ConfigError: nothing is left of it.
    """
    kept = re.sub(r"[^A-Za-z0-9_-]+" if of_set else r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")[: 40 if of_set else 80]
    if not (SET_NAME if of_set else OBJECT_NAME).fullmatch(kept):
        raise ConfigError(f"{text!r} makes no name; name it in letters and digits")
    return kept


def require_free(folder: Path) -> None:
    """Before work whose result goes there.

    Raises:
        RunFolderError: something else than a set of objects is there.
    """
    if folder.exists() and not (folder.is_dir() and ((folder / CARD).is_file() or not any(folder.iterdir()))):
        raise RunFolderError(f"{folder} exists and is not a set of objects; choose another --out")


def set_in(folder: Path) -> ObjectSet | None:
    """The set in a folder; None where there is none that can be read."""
    try:
        return read_set(folder) if (folder / CARD).is_file() else None
    except DataError:
        return None


def write_set(folder: Path, name: str, objects: Sequence[BroughtIn]) -> ObjectSet:
    """Writes a set, in place of the one that may be there, and keeps a copy in the cache; set.json is written last.

    Raises:
        ConfigError: the name is that of a set that comes along.
        RunFolderError: it cannot be written there.
    """
    if name in OBJECT_SETS:
        raise ConfigError(f"a set called {name!r} comes along; choose another --name")
    require_free(folder)
    for stale in {path.name for path in folder.glob("*.npz")} - {shape_path(folder, one.card.name).name for one in objects}:
        (folder / stale).unlink()
    for one in objects:
        write_bytes(shape_path(folder, one.card.name), one.shape)
    card = SetCard(FORMAT, name, tuple(one.card for one in objects))
    write_bytes(folder / CARD, (json.dumps(asdict(card), indent=1, sort_keys=True) + "\n").encode())
    return keep(folder)


def keep(folder: Path) -> ObjectSet:
    """Copies a set into the cache, whole or not at all, so that jobs find it by its name; it is checked first.

    Raises:
        DataError: it is no set, or damaged.
        RunFolderError: the cache cannot be written.
    """
    found = read_set(folder)
    for card in found.card.objects:
        shape_of(shape_path(folder, card.name), card)
    kept = kept_folder(found.digest)
    if not (kept / CARD).is_file():
        _copy(found, kept)
    return read_set(kept)


def _copy(found: ObjectSet, kept: Path) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=kept.parent, ignore_cleanup_errors=True) as part:
            whole = Path(part) / kept.name
            whole.mkdir()
            for name in (CARD, *(shape_path(found.folder, card.name).name for card in found.card.objects)):
                shutil.copyfile(found.folder / name, whole / name)
            if kept.is_dir():  # what was left of a set that somebody deleted in part
                shutil.rmtree(kept)
            whole.rename(kept)
    except OSError as error:
        if not (kept / CARD).is_file():  # else somebody else has just kept the same
            raise RunFolderError(f"could not keep the set in {kept}: {error.strerror or error}") from None


def kept_sets() -> Iterator[ObjectSet]:
    """All sets in the cache that can be read, by name."""
    found: list[ObjectSet] = []
    for path in sorted((cache_folder() / "objects").glob(f"*/{CARD}")):
        try:
            found.append(read_set(path.parent))
        except DataError:
            continue  # whoever asks for it by name is told
    yield from sorted(found, key=lambda one: one.name)


def resolved_set(text: str) -> str:
    """The name of a set as configs hold it: of one that comes along, or NAME@DIGEST.

    Args:
        text: such a name, the folder of a set, or the NAME alone of a set that was imported here.

    Raises:
        ConfigError: there is no such set, or there are several of that name.
        DataError: it is not on this machine, or damaged.
    """
    if text in OBJECT_SETS:
        return text
    if IMPORTED_SET.fullmatch(text):
        return imported_set(text).name
    if (Path(text) / CARD).is_file():
        return keep(Path(text)).name
    named = [one.name for one in kept_sets() if one.card.name == text]
    if len(named) == 1:
        return named[0]
    if named:
        raise ConfigError(f"several sets are called {text!r}; give one of {', '.join(named)}")
    if text in KNOWN_SETS:
        raise ConfigError(f"the set {text} was not imported on this machine yet: sparring objects import {text} --out {text}")
    raise ConfigError(
        f"no set of objects is called {text!r}; there are: {', '.join(OBJECT_SETS)}; the folder of an imported set; "
        f"what `sparring objects list` lists; and, once imported, {', '.join(KNOWN_SETS)}"
    )
