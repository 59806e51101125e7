"""What is read when a player is used, or a fit goes on: cameras, pictures, folders of exports, fits on their way."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hostile import JSON_TEXTS, JSON_VALUES, STRINGS, damaged, fuzzed, read_or_refused
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sparring.evaluation.export import _require_ours
from sparring.game.fit_file import FitFile, FitState
from sparring.pinhole import PinholeCamera
from sparring.players.grasper import FORMATS, as_pixels, read_image

DOWN = ((1.0, 0.0, 0.0, 0.0), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, -1.0, 1.0), (0.0, 0.0, 0.0, 1.0))
CAMERA = PinholeCamera(700.0, 700.0, 160.0, 120.0, DOWN)
PIXELS = np.array([[0.0, 0.0], [1e6, -1e6], [160.0, 120.0]])


def seen_by(path: Path, text: str) -> None:
    """A camera that is read says where pixels lie, in finite numbers, or that they lie nowhere."""
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    camera = read_or_refused(lambda: PinholeCamera.read(path))
    if camera is not None:
        places = read_or_refused(lambda: camera.on_table(PIXELS))
        assert places is None or np.isfinite(places).all()


@fuzzed
@given(JSON_TEXTS | JSON_VALUES.map(json.dumps))
def test_any_json_is_a_camera_or_refused(folder: Path, text: str) -> None:
    seen_by(folder / "camera.json", text)


@fuzzed
@given(st.dictionaries(st.sampled_from(list(asdict(CAMERA))) | STRINGS, JSON_VALUES | st.floats(), max_size=3))
def test_a_camera_with_any_values_is_read_or_refused(folder: Path, changes: dict[str, Any]) -> None:
    seen_by(folder / "camera.json", json.dumps(asdict(CAMERA) | changes))


@fuzzed
@given(st.lists(st.lists(st.floats(), min_size=4, max_size=4), min_size=4, max_size=4), st.floats())
def test_a_camera_of_any_pose_is_read_or_refused(folder: Path, pose: list[list[float]], table_z_m: float) -> None:
    seen_by(folder / "camera.json", json.dumps(asdict(CAMERA) | {"world_from_camera": pose, "table_z_m": table_z_m}))


@pytest.fixture(scope="module", params=["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
def picture(request: pytest.FixtureRequest) -> bytes:
    """The bytes of a picture of every kind that is read."""
    assert request.param in FORMATS
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)).save(buffer, request.param)
    return buffer.getvalue()


@fuzzed
@given(st.data())
def test_a_damaged_picture_is_rgb_or_refused(picture: bytes, folder: Path, data: st.DataObject) -> None:
    path = folder / "picture"
    path.write_bytes(data.draw(damaged(picture)))
    pixels = read_or_refused(lambda: read_image(path))
    if pixels is not None:
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] == 3


@fuzzed
@given(st.lists(st.integers(0, 5), max_size=4), st.sampled_from(["uint8", "int32", "float64", "bool", "object", "U3", "c8"]))
def test_an_array_of_any_kind_is_rgb_or_refused(shape: list[int], kind: str) -> None:
    pixels = read_or_refused(lambda: as_pixels(np.zeros(shape, kind)))
    assert pixels is None or pixels.shape == (*shape[:2], 3)


@pytest.fixture(scope="module")
def fit(folder: Path) -> bytes:
    """The bytes of a fit on its way."""
    some = {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(3)}
    state = FitState(
        1, 2, [{"epoch": 0, "loss": 0.5}], some, {}, {0: {"square_avg": torch.ones(2, 3)}}, torch.zeros(2), torch.get_rng_state()
    )
    FitFile(folder / "fit", "this").save(state)
    return (folder / "fit").read_bytes()


@fuzzed
@given(st.data())
def test_a_damaged_fit_is_the_one_that_was_kept_or_none(fit: bytes, folder: Path, data: st.DataObject) -> None:
    (folder / "fit").write_bytes(data.draw(damaged(fit)))
    found = read_or_refused(lambda: FitFile(folder / "fit", "this").load())
    if found is not None:
        assert (found.epoch, found.step, found.history) == (1, 2, [{"epoch": 0, "loss": 0.5}])
        assert torch.equal(found.network["weight"], torch.arange(6.0).reshape(2, 3))


@fuzzed
@given(JSON_TEXTS | JSON_VALUES.map(json.dumps))
def test_a_folder_of_any_config_is_ours_or_left_alone(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    read_or_refused(lambda: _require_ours(folder))
    assert (folder / "config.json").exists()
