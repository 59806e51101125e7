"""Rotations of hands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.world.frames import about_z, angle_between, quat_of, rotation


@given(st.floats(-3, 3), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_turns_are_rotations(yaw: float, pitch: float, roll: float) -> None:
    turned = about_z(yaw) @ rotation(pitch, roll)
    assert turned @ turned.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(turned) == pytest.approx(1.0)


def test_a_hand_turns_in_yaw_then_pitch_then_roll() -> None:
    assert about_z(np.pi / 2) @ [1, 0, 0] == pytest.approx([0, 1, 0])
    assert rotation(np.pi / 2, 0.0) @ [1, 0, 0] == pytest.approx([0, 0, -1])
    assert rotation(0.0, np.pi / 2) @ [0, 1, 0] == pytest.approx([0, 0, 1])
    assert rotation(0.3, 0.4) == pytest.approx(rotation(0.3, 0.0) @ rotation(0.0, 0.4))


def test_a_quaternion_begins_with_its_scalar() -> None:
    assert quat_of(about_z(np.pi)) == pytest.approx([0, 0, 0, 1])
    assert quat_of(np.eye(3)) == pytest.approx([1, 0, 0, 0])


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_the_angle_between_two_turns(first: float, second: float) -> None:
    turned = abs(first - second)
    assert angle_between(about_z(first), about_z(second)) == pytest.approx(min(turned, 2 * np.pi - turned), abs=1e-6)
