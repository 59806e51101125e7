"""Sets of objects: named by content, kept whole, found by path and name; what is damaged or hostile is refused."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from meshes import box, made, saved, small_set

from sparring.assets.keeping import keep, kept_sets, name_of, resolved_set, write_set
from sparring.config import ObjectConfig
from sparring.errors import ConfigError, DataError, RunFolderError
from sparring.world.objects import imported
from sparring.world.objects.catalogue import kind_of, names_in, object_named
from sparring.world.objects.imported import ObjectSet, imported_set, read_set


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a set, made once; to be copied."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARRING_CACHE", str(tmp_path_factory.getbasetemp() / "sparring-cache"))
        small_set(folder)
    return folder / "set"


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache with nothing in it, as on another machine."""
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))
    imported_set.cache_clear()
    object_named.cache_clear()
    yield tmp_path / "cache"
    imported_set.cache_clear()
    object_named.cache_clear()


@pytest.fixture
def folder(made_once: Path, tmp_path: Path, empty_cache: Path) -> Path:
    """A copy of the set, which no cache knows."""
    return Path(shutil.copytree(made_once, tmp_path / "copy"))


def test_a_set_is_named_by_its_content_wherever_it_lies(folder: Path, made_once: Path) -> None:
    assert read_set(folder).name == read_set(made_once).name
    card = json.loads((folder / "set.json").read_text())
    card["objects"][0]["mass_kg"] *= 1.001
    (folder / "set.json").write_text(json.dumps(card))
    assert read_set(folder).name != read_set(made_once).name
    assert str(made_once.parent) not in (made_once / "set.json").read_text(), "no path of a machine"


def test_a_set_is_found_by_path_and_by_name_once_it_is_kept(folder: Path, empty_cache: Path) -> None:
    name = read_set(folder).name
    with pytest.raises(DataError, match=r"not on this machine.*sparring objects add"):
        resolved_set(name)
    with pytest.raises(ConfigError, match="no set of objects is called 'small'"):
        resolved_set("small")
    assert resolved_set(str(folder)) == name
    shutil.rmtree(folder)
    assert resolved_set(name) == resolved_set("small") == name
    assert [one.name for one in kept_sets()] == [name]
    assert names_in(name, ObjectConfig()) == tuple(f"{name}:{one}" for one in ("box", "ell", "textured"))
    assert names_in("training", ObjectConfig(train_on=name)) == names_in(name, ObjectConfig())
    assert object_named(f"{name}:box", ObjectConfig()).mass_kg == pytest.approx(0.036)
    assert kind_of(f"{name}:box") == "box"


def test_sets_that_come_along_are_themselves_and_others_are_refused(empty_cache: Path) -> None:
    assert resolved_set("named") == "named"
    with pytest.raises(ConfigError, match="sparring objects import ycb"):
        resolved_set("ycb")
    with pytest.raises(ConfigError, match="named, novel-families"):
        resolved_set("everything")
    with pytest.raises(ConfigError, match="set of objects"):
        names_in("everything", ObjectConfig())


def test_two_sets_of_one_name_are_told_apart_by_digest(folder: Path) -> None:
    first = keep(folder).name
    second = write_set(folder.with_name("other"), "small", [made(saved(box(), folder / "box.stl"))]).name
    assert resolved_set(first) == first
    with pytest.raises(ConfigError, match=rf"several.*{min(first, second)}"):
        resolved_set("small")


def test_a_set_written_again_leaves_nothing_of_the_one_before(folder: Path) -> None:
    found = write_set(folder, "small", [made(saved(box(), folder.parent / "box.stl"))])
    assert {path.name for path in folder.iterdir()} == {"set.json", "box.npz"}
    assert found.object_names == (f"{found.name}:box",)


def test_nothing_of_somebody_elses_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("precious")
    one = made(saved(box(), tmp_path / "box.stl"))
    for place in ("thesis", "thesis/thesis.txt"):
        with pytest.raises(RunFolderError, match="not a set of objects"):
            write_set(tmp_path / place, "small", [one])
    with pytest.raises(ConfigError, match="comes along"):
        write_set(tmp_path / "set", "held-out", [one])


def test_an_unknown_object_of_a_set_is_named(folder: Path) -> None:
    name = keep(folder).name
    with pytest.raises(ConfigError, match=r"'mug'.*box, ell, textured"):
        object_named(f"{name}:mug", ObjectConfig())


def test_a_changed_shape_is_refused(folder: Path) -> None:
    content = bytearray((folder / "ell.npz").read_bytes())
    content[-200] ^= 1
    (folder / "ell.npz").write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"ell\.npz.*another sha256"):
        keep(folder)
    (folder / "ell.npz").unlink()
    with pytest.raises(DataError, match=r"ell\.npz"):
        keep(folder)


def test_a_set_in_the_cache_that_was_changed_is_refused(folder: Path) -> None:
    kept = keep(folder)
    card = json.loads((kept.folder / "set.json").read_text())
    card["objects"][0]["mass_kg"] = 1.0
    (kept.folder / "set.json").write_text(json.dumps(card))
    with pytest.raises(DataError, match="damaged"):
        resolved_set(kept.name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "../../evil"}, "letters, digits"),
        ({"name": "a/b"}, "letters, digits"),
        ({"name": "ell"}, "two objects of one name"),
        ({"mass_kg": float("nan")}, "not finite"),
        ({"mass_kg": 1e9}, "weighs"),
        ({"mass_kg": "heavy"}, "mass_kg"),
        ({"friction": 0.0}, "surface factor"),
        ({"parts_n": 10**9}, "parts"),
        ({"inertia_kg_m2": [1e-4, 1e-4, 9e-4, 0, 0, 0]}, "no body has"),
        ({"inertia_kg_m2": [0, 0, 0, 0, 0, 0]}, "no body has"),
        ({"poses": [{"quat_wxyz": [0, 0, 0, 0], "probability": 1.0}]}, "no rotation"),
        ({"poses": [{"quat_wxyz": [1, 0, 0, 0], "probability": 0.0}]}, "impossible"),
        ({"surprise": 1}, "surprise"),
    ],
    ids=str,
)
def test_a_hostile_card_is_refused(folder: Path, change: dict[str, object], said: str) -> None:
    card = json.loads((folder / "set.json").read_text())
    card["objects"][0] |= change
    (folder / "set.json").write_text(json.dumps(card))
    with pytest.raises(DataError, match=said):
        keep(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": 99, "name": "x", "objects": []}', b"[" * 20_000])
def test_a_card_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / "set.json").write_bytes(content)
    with pytest.raises(DataError, match=r"set\.json"):
        keep(folder)


SHAPES: dict[str, dict[str, np.ndarray]] = {
    "faces of corners that do not exist": {"faces": np.array([[0, 1, 10**6]], np.int32)},
    "negative faces": {"faces": np.array([[0, 1, -1]], np.int32)},
    "no faces": {"faces": np.zeros((0, 3), np.int32)},
    "hulls of more corners than there are": {"hull_sizes": np.array([2**31 - 1], np.int32)},
    "corners that are not finite": {"vertices": np.full((24, 3), np.nan, np.float32)},
    "a surface of kilometres": {"vertices": np.full((24, 3), 1e6, np.float32)},
    "another type": {"vertices": np.zeros((24, 3), np.float64)},
    "another shape": {"vertices": np.zeros((24, 2), np.float32)},
    "colours without places": {"colours": np.zeros((7, 3), np.uint8)},
    "objects": {"colours": np.array([[object()] * 3], dtype=object)},
}


@pytest.mark.parametrize("change", SHAPES)
def test_arrays_that_do_not_belong_together_are_refused(folder: Path, change: str) -> None:
    with np.load(folder / "box.npz") as arrays:
        shape = {name: arrays[name] for name in arrays.files} | SHAPES[change]
    _replace_shape(folder, shape)
    with pytest.raises(DataError, match=r"box\.npz"):
        keep(folder)


def test_an_array_that_tells_of_more_than_it_has_is_refused_before_room_is_made_for_it(folder: Path) -> None:
    with np.load(folder / "box.npz") as arrays:
        shape = {name: arrays[name] for name in arrays.files}
    with zipfile.ZipFile(folder / "box.npz", "w") as archive:
        for name, values in shape.items():
            file = io.BytesIO()
            told = (10**13, 3) if name == "vertices" else values.shape
            np.lib.format.write_array_header_1_0(file, {"descr": values.dtype.str, "fortran_order": False, "shape": told})
            archive.writestr(f"{name}.npy", file.getvalue() + values.tobytes())
    _enter(folder)
    with pytest.raises(DataError, match=r"vertices\.npy tells of \d+ bytes and has fewer"):
        keep(folder)


def _enter(folder: Path) -> None:
    """Writes the sha256 of the box's file into the card."""
    card = json.loads((folder / "set.json").read_text())
    card["objects"][0]["shape_sha256"] = imported.hashlib.sha256((folder / "box.npz").read_bytes()).hexdigest()
    (folder / "set.json").write_text(json.dumps(card))


def _replace_shape(folder: Path, shape: dict[str, np.ndarray], *, compressed: bool = False) -> None:
    """Writes arrays in place of the box's, and the sha256 that they have."""
    write = np.savez_compressed if compressed else np.savez
    with (folder / "box.npz").open("wb") as file:
        write(file, **shape)  # type: ignore[arg-type]
    _enter(folder)


def test_arrays_that_unpack_to_gigabytes_are_refused_unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _replace_shape(folder, {"vertices": np.zeros((4 * 10**6, 3), np.float32)}, compressed=True)
    monkeypatch.setattr(imported.np, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match="refused"):
        keep(folder)


def test_a_half_copied_set_in_the_cache_is_made_whole(folder: Path) -> None:
    kept = keep(folder)
    (kept.folder / "set.json").unlink()
    assert isinstance(again := keep(folder), ObjectSet)
    assert again.name == kept.name
    assert not list(kept.folder.parent.glob(".part-*"))


@pytest.mark.parametrize(
    ("text", "name"), [("my mug (2)", "my-mug-2"), ("025_mug", "025_mug"), ("a.b", "a.b"), ("--x", "x"), ("é", None), ("", None)]
)
def test_a_name_is_made_of_any_text(text: str, name: str | None) -> None:
    if name is None:
        with pytest.raises(ConfigError, match="letters and digits"):
            name_of(text)
    else:
        assert name_of(text) == name
