"""Calibrated pixel <-> metre maps, and pictures that need no display."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import box, laid_at, scene_with
from tiny import world_config

from sparring.config import CameraConfig, WorldConfig
from sparring.world.camera import Calibration, calibration_of, render
from sparring.world.scene import Scene, SceneSpec

PLACES = st.floats(-1000, 2000)
CALIBRATIONS = st.builds(
    Calibration,
    width_px=st.integers(2, 2000),
    height_px=st.integers(2, 2000),
    pixel_m=st.floats(1e-4, 1e-2),
    centre_x_m=st.floats(-0.1, 0.1),
    centre_y_m=st.floats(-0.1, 0.1),
    height_m=st.floats(0.5, 2.0),
    turn_rad=st.floats(-3.2, 3.2),
)
DRAWING = """
import hashlib, sys
sys.path[:0] = {path!r}
from tiny import world_config
from sparring.world.camera import render
from sparring.world.scene import Scene, SceneSpec
scene = Scene(world_config(), SceneSpec("hammer-0003", 11))
print(hashlib.sha256(render(scene, scene.settled).tobytes()).hexdigest())
"""


@given(CALIBRATIONS, PLACES, PLACES)
def test_pixels_to_metres_and_back_is_nothing(calibration: Calibration, column: float, row: float) -> None:
    pixels = np.array([[column, row]])
    assert calibration.pixels(calibration.metres(pixels)) == pytest.approx(pixels, abs=1e-6)


@given(CALIBRATIONS, st.floats(0, np.pi))
def test_an_angle_in_the_image_is_the_same_line_in_the_world(calibration: Calibration, angle: float) -> None:
    line = np.array([[0.0, 0.0], [np.cos(angle), -np.sin(angle)]]) * 10
    (x0, y0), (x1, y1) = calibration.metres(line)
    expected = calibration.world_angle(angle)
    assert np.cos(np.arctan2(y1 - y0, x1 - x0) - expected) == pytest.approx(1.0)
    assert np.hypot(x1 - x0, y1 - y0) == pytest.approx(10 * calibration.pixel_m)


def test_the_middle_of_the_image_is_the_camera_and_up_is_y() -> None:
    calibration = Calibration(161, 121, 0.002, 0.01, -0.02, 1.1, 0.0)
    found = calibration.metres(np.array([[80.0, 60.0], [81.0, 60.0], [80.0, 59.0]]))
    assert found == pytest.approx(np.array([[0.01, -0.02], [0.012, -0.02], [0.01, -0.018]]))


@given(st.integers(0, 2**62))
def test_the_camera_stands_near_its_place(seed: int) -> None:
    config = CameraConfig(shift_m=0.004, turn_deg=1.5)
    calibration = calibration_of(config, seed)
    assert max(abs(calibration.centre_x_m), abs(calibration.centre_y_m)) <= 0.004
    assert abs(calibration.turn_rad) <= np.deg2rad(1.5)
    assert calibration == calibration_of(config, seed)


def steady_world() -> WorldConfig:
    """A camera of good resolution that stands exactly in its place."""
    camera = CameraConfig(width_px=320, height_px=240, pixel_m=0.0015, shift_m=0.0, turn_deg=0.0)
    return replace(world_config(), camera=camera)


def red_pixels(image: np.ndarray) -> np.ndarray:
    """Column and row of the pixels that are the red box's; the table is grey."""
    red, green, blue = image.astype(int).transpose(2, 0, 1)
    rows, columns = np.nonzero(red - np.maximum(green, blue) > 40)
    return np.stack([columns, rows], axis=1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_scene_gives_the_same_picture(seed: int) -> None:
    spec = SceneSpec("hammer-0002", seed)
    first, second = (render(scene, scene.settled) for scene in (Scene(world_config(), spec), Scene(world_config(), spec)))
    assert first.shape == (120, 160, 3)
    assert np.array_equal(first, second)


def test_another_seed_gives_another_light_and_table(monkeypatch: pytest.MonkeyPatch) -> None:
    model = box((0.08, 0.04, 0.02), 0.2)
    first, second = (scene_with(monkeypatch, model, steady_world(), seed) for seed in (0, 1))
    pictures = [render(scene, laid_at(scene, 0.0, 0.0)) for scene in (first, second)]
    assert np.mean(pictures[0] != pictures[1]) > 0.5


@pytest.mark.parametrize(("x_m", "y_m"), [(0.0, 0.0), (0.09, 0.05), (-0.11, -0.06)])
def test_an_object_is_seen_where_it_is_and_nowhere_else(monkeypatch: pytest.MonkeyPatch, x_m: float, y_m: float) -> None:
    scene = scene_with(monkeypatch, box((0.08, 0.04, 0.02), 0.2), steady_world())
    state = laid_at(scene, x_m, y_m)
    calibration = calibration_of(scene.config.camera, 0)
    seen = red_pixels(render(scene, state))
    assert len(seen) > 0.9 * (0.08 * 0.04) / 0.0015**2
    low, high = scene.object_bounds_m(state)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    onto_table = corners[:, :2] * (1.1 / (1.1 - corners[:, 2:]))
    allowed = calibration.pixels(onto_table)
    assert np.all(seen >= allowed.min(axis=0) - 1)
    assert np.all(seen <= allowed.max(axis=0) + 1)


def test_an_object_moved_two_centimetres_is_seen_two_centimetres_further(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_with(monkeypatch, box((0.08, 0.04, 0.01), 0.2), steady_world())
    before, right, up = (
        red_pixels(render(scene, laid_at(scene, x, y))).mean(axis=0) for x, y in ((0.0, 0.0), (0.02, 0.0), (0.0, 0.02))
    )
    shift = 0.02 / 0.0015
    assert right - before == pytest.approx([shift, 0.0], abs=0.5)
    assert up - before == pytest.approx([0.0, -shift], abs=0.5)


def test_an_object_outside_the_picture_leaves_the_table_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_with(monkeypatch, box((0.08, 0.04, 0.02), 0.2), steady_world())
    assert len(red_pixels(render(scene, laid_at(scene, 0.8, 0.8)))) == 0


def test_an_object_throws_a_shadow(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_with(monkeypatch, box((0.04, 0.04, 0.08), 0.2), steady_world())
    bare = render(scene, laid_at(scene, 0.8, 0.8)).mean(axis=2)
    picture = render(scene, laid_at(scene, 0.0, 0.0))
    darker = bare - picture.mean(axis=2) > 30
    darker[tuple(red_pixels(picture).T[::-1])] = False
    assert darker.sum() > 50


@pytest.mark.parametrize("gl", [None, "disabled", "nonsense"])
def test_pictures_need_no_display_and_no_gl(gl: str | None) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(('OpenGL', 'glfw', 'mujoco.glfw', 'mujoco.egl', 'mujoco.osmesa')))\n"
    env = {key: value for key, value in os.environ.items() if key not in ("MUJOCO_GL", "PYOPENGL_PLATFORM", "DISPLAY")}
    if gl is not None:
        env["MUJOCO_GL"] = gl
    code = hidden + DRAWING.format(path=sys.path)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    here = Scene(world_config(), SceneSpec("hammer-0003", 11))

    assert done.stdout.strip() == hashlib.sha256(render(here, here.settled).tobytes()).hexdigest()
