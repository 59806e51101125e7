"""`sparring dataset export` as its users meet it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny

pytestmark = pytest.mark.usefixtures("unchecked")
Here = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(("format", "first"), [("hf", "data/random/wave-00000.parquet"), ("lerobot-like", "meta/info.json")])
def test_a_run_is_exported_and_the_folder_named(
    played: tiny.PlayedRun, tmp_path: Path, here: Here, format: str, first: str
) -> None:
    done = here("dataset", "export", played.folder.path, "--format", format, "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'out'}\n")
    assert f"export {format}" in done.stderr
    assert (tmp_path / "out" / first).exists()


def test_what_cannot_be_exported_is_refused_in_one_line(played: tiny.PlayedRun, tmp_path: Path, here: Here) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for run, out, said in (
        (tmp_path / "none", tmp_path / "out", "is not a run folder"),
        (played.folder.path, tmp_path, "holds something else than an exported data set; choose another --out"),
    ):
        done = here("dataset", "export", run, "--out", out, "--quiet")
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
