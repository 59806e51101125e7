"""The snatch adversary: 36 = 3 x 3 grasp points x 4 angles, told as the patch shows them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.actions.snatch import (
    SNATCHES_N,
    Snatch,
    index_of,
    mirrored,
    pose,
    presented_pose,
    presenting,
    snatch_of,
    starting_pose,
    trajectory,
)
from sparring.config import GripConfig, PresentConfig, SecondHandConfig, SnatchConfig
from sparring.world.frames import about_z, rotation
from sparring.world.hand import closed_target_m
from sparring.world.mount import second_mount

CONFIG = SnatchConfig(spacing_m=0.025)
HELD = np.array([0.05, -0.02, 0.32, 0.6, 0.0, 0.0, 0.09])
INDICES = pytest.mark.parametrize("index", range(SNATCHES_N))


def test_thirty_six_snatches_and_their_indices_are_one() -> None:
    snatches = [snatch_of(index) for index in range(SNATCHES_N)]
    assert SNATCHES_N == 36
    assert [index_of(snatch) for snatch in snatches] == list(range(36))
    assert {(one.column, one.row) for one in snatches} == {(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)}
    assert {round(np.rad2deg(one.angle_rad)) for one in snatches} == {0, 45, 90, 135}


def test_grasp_points_are_a_grid_of_the_configs_spacing() -> None:
    assert Snatch(1, -1, 0).point_m(CONFIG) == pytest.approx((0.025, -0.025))
    assert Snatch(0, 0, 2).point_m(CONFIG) == (0.0, 0.0)


@INDICES
def test_the_second_hand_sees_the_plane_from_the_far_side(index: int) -> None:
    """In the presented hand's own frame its closing direction and its grasp point are those of the patch."""
    mount, snatch, at = second_mount(CONFIG.second_hand), snatch_of(index), pose(CONFIG, index, 0.0)
    present = CONFIG.second_hand.present
    held = about_z(np.deg2rad(present.yaw_deg)) @ rotation(0.0, np.deg2rad(present.roll_deg))
    in_hand = held.T @ mount.rotation
    x, y = snatch.point_m(CONFIG)
    assert in_hand @ at[:3] == pytest.approx([x, y, 0.0], abs=1e-9)
    closing = in_hand @ about_z(at[3]) @ [1, 0, 0]
    assert closing == pytest.approx([np.cos(snatch.angle_rad), np.sin(snatch.angle_rad), 0.0], abs=1e-9)


@pytest.mark.parametrize("roll_deg", [0.0, 60.0, 90.0, -45.0])
def test_the_second_hand_comes_from_the_far_side_of_the_presented_object(roll_deg: float) -> None:
    present = PresentConfig(roll_deg=roll_deg)
    mount = second_mount(SecondHandConfig(present=present))
    fingers = about_z(np.deg2rad(present.yaw_deg)) @ rotation(0.0, np.deg2rad(roll_deg)) @ [0, 0, -1]
    assert mount.rotation @ [0, 0, 1] == pytest.approx(fingers), "beyond the protagonist's fingertips"
    assert np.linalg.det(mount.rotation) == pytest.approx(1.0)


@INDICES
def test_a_snatch_comes_advances_while_closing_and_pulls_straight_back(index: int) -> None:
    path = trajectory(CONFIG, index, HELD, depth_m=0.03, dt=0.002)
    assert np.all(path[:, :7] == HELD)
    second = path[:, 7:]
    assert np.all(second[:, [0, 1, 3, 4, 5]] == pose(CONFIG, index, 0.0)[[0, 1, 3, 4, 5]]), "along the normal of the plane alone"
    height, closing = second[:, 2], second[:, 6]
    plane = int(np.argmin(height))
    assert height[plane] == pytest.approx(0.0, abs=1e-12)
    advancing = (closing > 0) & (np.arange(len(height)) < plane)
    assert advancing.sum() > 10, "it closes on the way"
    assert np.all(np.diff(height[: plane + 1]) <= 0)
    assert height[-1] == pytest.approx(CONFIG.pull_m)
    pulling = np.flatnonzero(np.diff(height) > 0)
    second_hand = CONFIG.second_hand
    assert np.all(closing[pulling] == closed_target_m(second_hand.hand, second_hand.grip)), "it pulls with closed fingers"
    speed = np.diff(height[pulling[0] :]).sum() / (0.002 * len(pulling))
    assert speed == pytest.approx(CONFIG.pull_m_s, rel=0.05)


@given(st.integers(0, SNATCHES_N - 1), st.floats(-0.5, 0.3))
def test_the_second_hand_starts_beyond_the_object(index: int, depth_m: float) -> None:
    tip_m = CONFIG.second_hand.hand.pad_height_m / 2
    height_m = starting_pose(CONFIG, index, depth_m)[2]
    assert height_m - tip_m >= depth_m
    assert height_m >= CONFIG.push_m
    assert len(trajectory(CONFIG, index, HELD, depth_m=depth_m, dt=0.002)) >= 2


@pytest.mark.parametrize("push_m_s", [0.02, 0.1, 1.0])
def test_the_fingers_are_closed_before_they_pull_however_fast_they_advance(push_m_s: float) -> None:
    config = SnatchConfig(push_m_s=push_m_s)
    path = trajectory(config, 0, HELD, depth_m=0.0, dt=0.002)[:, 7:]
    closed = closed_target_m(config.second_hand.hand, config.second_hand.grip)
    last = np.flatnonzero(path[:, 2] < 1e-9)[-1]
    assert path[last, 6] == pytest.approx(closed)
    assert np.all(np.diff(path[:, 6]) >= 0)


def test_every_object_is_presented_at_the_same_pose() -> None:
    present = PresentConfig(position_m=(0.1, -0.1, 0.5), yaw_deg=30.0, roll_deg=45.0, duration_s=0.4)
    expected = [0.1, -0.1, 0.5, np.deg2rad(30), 0.0, np.deg2rad(45)]
    for yaw in (-0.4, 0.6, 3.0):
        start = HELD.copy()
        start[3] = yaw
        path = presenting(present, start, dt=0.002)
        assert len(path) == 200
        assert path[-1] == pytest.approx([*expected, HELD[6]])
        assert path[-1] == pytest.approx(presented_pose(present, start))


@INDICES
@pytest.mark.parametrize(("x", "y"), [(True, False), (False, True), (True, True)])
def test_a_mirrored_snatch_does_the_same_in_a_mirrored_world(index: int, x: bool, y: bool) -> None:
    here, there = snatch_of(index), snatch_of(mirrored(index, x=x, y=y))
    signs = np.array([-1.0 if x else 1.0, -1.0 if y else 1.0])
    assert there.point_m(CONFIG) == pytest.approx(signs * here.point_m(CONFIG))
    line = signs * [np.cos(here.angle_rad), np.sin(here.angle_rad)]
    other = np.array([np.cos(there.angle_rad), np.sin(there.angle_rad)])
    assert abs(line @ other) == pytest.approx(1.0), "fingers close along the mirrored line"


def test_the_paper_lowered_the_protagonists_force_alone() -> None:
    assert SnatchConfig().second_hand.grip.force_n == 35.0
    assert GripConfig().force_n == 7.0
