"""`sparring objects`: meshes to a set, a set to a sheet, and a set's name to play and test on."""

import json
from pathlib import Path

import pytest
from conftest import Here
from PIL import Image

trimesh = pytest.importorskip("trimesh", reason="needs trimesh: pip install '.[mesh]'")
pytest.importorskip("coacd", reason="needs CoACD: pip install '.[mesh]'")


@pytest.fixture
def meshes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two good meshes and a bad one; a cache of the test's own."""
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "meshes"
    folder.mkdir()
    trimesh.creation.box((0.1, 0.03, 0.02)).export(folder / "bar.stl")
    trimesh.creation.box((0.05, 0.05, 0.02)).export(folder / "tile.ply")
    (folder / "bad.stl").write_text("no mesh")
    return folder


def test_meshes_become_a_set_that_can_be_seen_listed_and_moved(
    here: Here, meshes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, good = tmp_path / "mine", (meshes / "bar.stl", meshes / "tile.ply")
    command = ("objects", "import", *good, meshes / "bad.stl", "--out", out, "--workers", 1, "--quiet")
    done = here(*command)
    assert done.returncode == 1
    assert "1 of 3 meshes failed" in done.stderr
    assert "--skip-failures" in done.stderr
    assert f"failed: {meshes / 'bad.stl'}" in done.stdout
    assert not out.exists()
    done = here(*command, "--skip-failures", "--name", "bars", "--density-kg-m3", 1000)
    assert done.returncode == 0, done.stderr
    name = done.stdout.splitlines()[-1].partition(":")[0]
    assert name.startswith("bars@")
    assert "bar: 60 g, 10.0 x 3.0 x 2.0 cm, 1 parts" in done.stdout
    assert f"{name}: 2 objects" in here("objects", "list").stdout
    done = here("objects", "show", out, "--out", tmp_path / "sheet.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > sheet.height > 100
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "another machine"))
    assert here("objects", "list").stdout == ""
    assert here("objects", "add", out).stdout.startswith(f"{name}: 2 objects")
    assert f"{name}: 2 objects" in here("objects", "list").stdout


def refused(here: Here, *arguments: object, said: str) -> None:
    """The command ends at once, in one line that says why."""
    done = here(*arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_cannot_be_is_one_line(here: Here, meshes: Path, tmp_path: Path) -> None:
    bar = meshes / "bar.stl"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    (tmp_path / "other").mkdir()
    bar.with_name("bar.obj").write_text("")
    refused(here, "objects", "import", "--out", tmp_path / "set", said="name mesh files")
    refused(here, "objects", "import", bar, "--out", tmp_path / "full", said="not a set of objects")
    refused(here, "objects", "import", bar, bar.with_name("bar.obj"), "--out", tmp_path / "set", said="both be called 'bar'")
    refused(here, "objects", "import", bar, "--out", tmp_path / "set", "--units", "m", "--scale", -1, said="--scale")
    refused(here, "objects", "show", "nowhere", said="no set of objects is called 'nowhere'")
    refused(here, "objects", "show", "named", "--out", "sheet.jpg", said=".png")
    refused(here, "objects", "show", "named", "--columns", 0, said="--columns")
    refused(here, "objects", "add", tmp_path / "other", said="set.json")


def test_a_set_that_is_not_here_is_told_before_anything_is_played(here: Here, meshes: Path, tmp_path: Path) -> None:
    away = "mugs@0123456789ab"
    refused(here, "play", "smoke", "--out", tmp_path / "run", "--objects", away, said="sparring objects add")
    refused(here, "play", "smoke", "--out", tmp_path / "run", "--set", f"test.objects={away}", said="sparring objects add")
    refused(here, "play", "smoke", "--out", tmp_path / "run", "--objects", "named", said="train_on")
    refused(here, "evaluate", tmp_path / "run", "--objects", away, said="sparring objects add")
    refused(here, "crossplay", tmp_path / "run", "--objects", "everything", said="no set of objects")
    assert not (tmp_path / "run").exists()


def test_set_json_tells_what_there_is_and_where_it_came_from(here: Here, meshes: Path, tmp_path: Path) -> None:
    done = here("objects", "import", meshes / "bar.stl", "--out", tmp_path / "bars", "--workers", 1, "--quiet")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "bars" / "set.json").read_text())
    assert [one["name"] for one in told["objects"]] == ["bar"]
    assert told["objects"][0]["source"] == "bar.stl"
