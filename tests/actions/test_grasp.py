"""The planar grasp: 18 angles, and the hand's way down and up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import world_config

from sparring.actions.grasp import (
    ANGLE_STEP_RAD,
    ANGLES_N,
    Grasp,
    angle_index,
    angle_rad,
    closing,
    holding,
    lifted_pose,
    mirrored_angle,
    raising,
    raising_splits,
    sensing_heights_m,
    start_height_m,
)
from sparring.config import LiftConfig
from sparring.world.hand import grasp_height_m

GRASPS = st.builds(Grasp, st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-4, 4))
WORLD = world_config()
TOOLS = (WORLD.hand, WORLD.grip, WORLD.lift)


def test_there_are_18_angles_ten_degrees_apart() -> None:
    assert ANGLES_N == 18
    assert np.rad2deg(angle_rad(np.arange(18))) == pytest.approx(np.arange(0, 180, 10))


@pytest.mark.parametrize("index", range(ANGLES_N))
def test_an_angle_and_its_index_are_one(index: int) -> None:
    assert angle_index(float(angle_rad(index))) == index


@given(st.floats(-10, 10))
def test_an_angle_and_half_a_turn_more_are_the_same_grasp(theta: float) -> None:
    offset = theta / ANGLE_STEP_RAD
    if abs(offset - np.floor(offset) - 0.5) > 1e-6:
        assert angle_index(theta) == angle_index(theta + np.pi)
        nearest = float(angle_rad(angle_index(theta)))
        assert abs(np.sin(theta - nearest)) <= np.sin(ANGLE_STEP_RAD / 2) + 1e-9


@given(GRASPS, st.floats(0.03, 0.2))
def test_closing_comes_down_where_the_grasp_is_and_ends_closed(grasp: Grasp, from_m: float) -> None:
    path = closing(grasp, *TOOLS, from_m=from_m, dt=0.002)
    assert path[-1, :2] == pytest.approx([grasp.x_m, grasp.y_m])
    assert path[-1, 2] == pytest.approx(grasp_height_m(WORLD.hand, WORLD.lift))
    assert np.all(path[:, 3] == grasp.theta_rad)
    assert path[0, 2] == pytest.approx(from_m, abs=0.001)
    assert np.all(np.diff(path[:, 2]) <= 1e-12)
    assert np.all(np.diff(path[:, 6]) >= -1e-12)


@given(GRASPS)
def test_fingers_are_commanded_no_faster_than_they_may(grasp: Grasp) -> None:
    path = closing(grasp, *TOOLS, from_m=0.05, dt=0.002)
    assert np.diff(path[:, 6]).max() / 0.002 <= 2 * WORLD.hand.closing_speed_m_s * 1.01


def test_fingers_only_close_once_the_hand_is_down() -> None:
    path = closing(Grasp(0.0, 0.0, 0.0), *TOOLS, from_m=0.1, dt=0.002)
    moving_down = np.diff(path[:, 2]) < -1e-9
    assert np.all(path[1:][moving_down, 6] == 0)


@given(GRASPS)
def test_raising_ends_where_holding_and_an_attack_begin(grasp: Grasp) -> None:
    raised, held = raising(grasp, *TOOLS, dt=0.002), holding(grasp, *TOOLS, dt=0.002)
    assert raised[-1] == pytest.approx(lifted_pose(grasp, *TOOLS))
    assert held[0] == pytest.approx(raised[-1])
    assert raised[-1, 2] - grasp_height_m(WORLD.hand, WORLD.lift) == pytest.approx(WORLD.lift.lift_height_m)
    assert len(held) == round(WORLD.lift.hold_s / 0.002)


@given(st.floats(0.0, 0.3), st.sampled_from([0.001, 0.002, 0.005]))
def test_forces_are_read_in_rising_order_at_the_heights_that_are_meant(sense_height_m: float, dt: float) -> None:
    lift = replace(WORLD.lift, sense_height_m=sense_height_m)
    raised = raising(Grasp(0.0, 0.0, 0.0), WORLD.hand, WORLD.grip, lift, dt=dt)[:, 2] - grasp_height_m(WORLD.hand, WORLD.lift)
    splits, heights = raising_splits(lift, dt=dt), sensing_heights_m(lift)
    wanted = [height for height in heights if height > 0]
    assert heights == tuple(sorted(heights))
    assert {0.0, 0.05, 0.20, 0.30, sense_height_m} == set(heights)
    assert len(splits) == len(wanted)
    assert splits[-1] == len(raised)
    assert all(np.diff([0, *splits]) >= 0)
    for split, height in zip(splits, wanted, strict=True):
        assert raised[split - 1] >= height - 1e-6
        assert split == 1 or raised[split - 2] < height + 1e-6


@pytest.mark.parametrize("lift_height_m", [0.1, 0.2, 0.3, 0.5])
def test_no_force_is_read_above_the_lift(lift_height_m: float) -> None:
    lift = LiftConfig(sense_height_m=0.03, lift_height_m=lift_height_m)
    assert max(sensing_heights_m(lift)) == lift_height_m
    assert raising_splits(lift, dt=0.002)[-1] == len(raising(Grasp(0, 0, 0), WORLD.hand, WORLD.grip, lift, dt=0.002))


@given(st.floats(0.0, 0.15))
def test_the_descent_begins_over_the_object(top_m: float) -> None:
    fingertips = start_height_m(WORLD.hand, WORLD.lift, top_m) - WORLD.hand.pad_height_m / 2
    assert fingertips > top_m
    assert start_height_m(WORLD.hand, WORLD.lift, top_m) > grasp_height_m(WORLD.hand, WORLD.lift)


@pytest.mark.parametrize("index", range(ANGLES_N))
@pytest.mark.parametrize(("x", "y"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_mirrored_grasp_is_the_mirrored_line(index: int, x: bool, y: bool) -> None:
    theta, found = float(angle_rad(index)), float(angle_rad(mirrored_angle(index, x=x, y=y)))
    line = np.array([np.cos(theta) * (-1 if x else 1), np.sin(theta) * (-1 if y else 1)])
    assert abs(line[0] * np.sin(found) - line[1] * np.cos(found)) < 1e-9
