"""The shake adversary: 15 = 5 orientations x 3 directions, 2 Hz, 25 mm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from motions import whole_shake

from sparring.actions.shake import (
    DIRECTIONS,
    ORIENTATIONS,
    SHAKES_N,
    Shake,
    displacement_m,
    index_of,
    mirrored,
    shake_of,
)
from sparring.config import ShakeConfig
from sparring.world.frames import about_z, rotation

CONFIG = ShakeConfig(frequency_hz=2.0, amplitude_m=0.025, duration_s=1.5, tilt_deg=75.0, turn_s=0.5)
START = np.array([0.05, -0.02, 0.32, 0.6, 0.0, 0.0, 0.09])


def test_fifteen_shakes_and_their_indices_are_one() -> None:
    shakes = [shake_of(index) for index in range(SHAKES_N)]
    assert SHAKES_N == 15
    assert [index_of(shake) for shake in shakes] == list(range(15))
    assert set(shakes) == {Shake(orientation, direction) for orientation in ORIENTATIONS for direction in DIRECTIONS}


def test_a_shake_begins_at_rest_in_place_and_swings_25_millimetres_twice_a_second() -> None:
    times = np.linspace(0, 1.0, 100_001)
    swing = displacement_m(CONFIG, times)
    assert swing[0] == 0
    assert swing.max() == pytest.approx(0.025, abs=1e-9)
    assert swing.min() == pytest.approx(-0.025, abs=1e-9)
    assert times[np.argmax(swing)] == pytest.approx(0.125, abs=1e-4)
    assert displacement_m(CONFIG, times + 0.5) == pytest.approx(swing, abs=1e-9)


def test_all_shakes_take_as_long() -> None:
    paths = [whole_shake(CONFIG, index, START, dt=0.002) for index in range(SHAKES_N)]
    assert {path.shape for path in paths} == {(1000, 7)}


@pytest.mark.parametrize("index", range(SHAKES_N))
def test_a_shake_turns_the_hand_and_then_swings_it_along_one_of_its_axes(index: int) -> None:
    path, turned = whole_shake(CONFIG, index, START, dt=0.002), 250
    assert np.all(path[:, [3, 6]] == START[[3, 6]]), "neither the yaw nor the fingers move"
    assert path[turned - 1, :3] == pytest.approx(START[:3])
    assert np.all(path[turned:, 4:6] == path[turned - 1, 4:6])
    swing = path[turned:, :3] - START[:3]
    axes = about_z(START[3]) @ rotation(path[-1, 4], path[-1, 5])
    along = swing @ axes
    meant = DIRECTIONS.index(shake_of(index).direction)
    others = [axis for axis in range(3) if axis != meant]
    assert np.abs(along[:, meant]).max() == pytest.approx(0.025, abs=1e-4)
    assert np.abs(along[:, others]).max() < 1e-9


@pytest.mark.parametrize("index", range(SHAKES_N))
def test_only_the_turned_orientations_tilt_the_hand(index: int) -> None:
    tilt = whole_shake(CONFIG, index, START, dt=0.002)[-1, 4:6]
    expected = {
        "down": (0.0, 0.0),
        "pitched": (75.0, 0.0),
        "pitched back": (-75.0, 0.0),
        "rolled": (0.0, 75.0),
        "rolled back": (0.0, -75.0),
    }
    assert np.rad2deg(tilt) == pytest.approx(expected[shake_of(index).orientation])


@given(st.integers(0, SHAKES_N - 1), st.floats(-3, 3))
def test_a_shake_is_told_in_the_frame_of_the_grasp(index: int, yaw: float) -> None:
    there = START.copy()
    there[3] += yaw
    here, turned = (whole_shake(CONFIG, index, start, dt=0.01) - start for start in (START, there))
    assert turned[:, :3] == pytest.approx(here[:, :3] @ about_z(yaw).T, abs=1e-9)
    assert turned[:, 4:] == pytest.approx(here[:, 4:])


@pytest.mark.parametrize("index", range(SHAKES_N))
def test_a_shake_never_jumps(index: int) -> None:
    path = whole_shake(CONFIG, index, START, dt=0.002)
    steps = np.abs(np.diff(np.concatenate([START[None], path]), axis=0))
    assert steps[:, :3].max() <= 0.025 * 2 * np.pi * 2.0 * 0.002 * 1.01
    assert steps[:, 4:6].max() <= 1.9 * np.deg2rad(75) * 0.002 / 0.5


@pytest.mark.parametrize("index", range(SHAKES_N))
@pytest.mark.parametrize(("x", "y"), [(True, False), (False, True), (True, True)])
def test_a_mirrored_shake_does_the_same_in_a_mirrored_world(index: int, x: bool, y: bool) -> None:
    level = START.copy()
    level[3] = 0.0
    path, other = (whole_shake(CONFIG, k, level, dt=0.002) - level for k in (index, mirrored(index, x=x, y=y)))
    place = np.array([-1.0 if x else 1.0, -1.0 if y else 1.0, 1.0])
    turn = np.array([-1.0 if x else 1.0, -1.0 if y else 1.0])
    assert other[:, 4:6] == pytest.approx(path[:, 4:6] * turn)
    swing, meant = other[-700:, :3], path[-700:, :3] * place
    assert min(np.abs(swing - meant).max(), np.abs(swing + meant).max()) < 1e-9, "but for the phase"
