"""Writing is all or nothing."""

import errno
import os
from pathlib import Path

import pytest

from sparring.data.files import read_text, write_atomically, write_text
from sparring.errors import DataError, RunFolderError


def half_written(part: Path) -> None:
    """Fills the disk in the middle of writing."""
    part.write_text("half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def names_in(folder: Path) -> list[str]:
    """Names of all files of a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "file.txt", "grüße\n")
    assert read_text(tmp_path / "new" / "file.txt") == "grüße\n"
    assert names_in(tmp_path / "new") == ["file.txt"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with pytest.raises(RunFolderError, match=r"could not write .*file\.txt: No space left on device.*run the same command again"):
        write_atomically(path, half_written)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file.txt"]


def test_a_full_disk_leaves_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError):
        write_atomically(tmp_path / "file.txt", half_written)
    assert names_in(tmp_path) == []


def test_a_writer_that_fails_in_its_own_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def broken(part: Path) -> None:
        part.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_atomically(path, broken)
    assert path.read_text() == "old"


@pytest.mark.parametrize("there", ["folder", "device", "pipe"])
def test_what_is_no_file_is_left_alone(tmp_path: Path, there: str) -> None:
    path = tmp_path / "there"
    if there == "folder":
        path.mkdir()
    elif there == "pipe":
        os.mkfifo(path)
    else:
        path = Path("/dev/null")
    with pytest.raises(RunFolderError, match="is not a file"):
        write_text(path, "text")
    assert not path.is_file()


def test_what_a_link_leads_to_is_written_not_the_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_what_a_kill_left_behind_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "file.txt.part").write_text("left by a kill")
    write_text(tmp_path / "file.txt", "new")
    assert names_in(tmp_path) == ["file.txt"]
    assert (tmp_path / "file.txt").read_text() == "new"


def test_a_file_in_the_folders_place_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunFolderError, match=str(tmp_path / "run")):
        write_text(tmp_path / "run" / "config.json", "{}")


def test_a_file_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("sync"), sync(file))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append("rename"), rename(self, to))[1])
    write_text(tmp_path / "file.txt", "new")
    assert done == ["sync", "rename"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00\x80"])
def test_what_is_missing_or_no_text_is_refused_by_its_path(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=str(path)):
        read_text(path)
