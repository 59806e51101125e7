"""The snatch adversary, section V-D: 36 = 3 x 3 grasp points x 4 angles; a push-grasp from the far side, then a pull.

All 36 are told in the frame of the grasp, as is the patch that the adversary sees: points and angles lie in the plane of the
object, x along the closing direction, y across it, both as the patch shows them.
"""

from dataclasses import dataclass

import numpy as np

from sparring.actions.trajectory import Pose, Trajectory, TwoHanded, hold, move, ramp, steps_in
from sparring.config import PresentConfig, SnatchConfig
from sparring.world.hand import closed_target_m

POINTS = (-1, 0, 1)
"""Columns and rows of the grid of grasp points, in units of `SnatchConfig.spacing_m`."""
ANGLES_N = 4
ANGLE_STEP_DEG = 180 // ANGLES_N
SNATCHES_N = len(POINTS) ** 2 * ANGLES_N
MARGIN_M = 0.01
"""The fingertips start this far beyond the object."""
SETTLING_S = 0.1
"""The arm, which is weak while it advances, catches up with its target before the push-grasp."""


@dataclass(frozen=True)
class Snatch:
    """One of the 36 snatches, as seen on the patch."""

    column: int
    """-1, 0, 1: left, middle, right."""
    row: int
    """-1, 0, 1: lower, middle, upper."""
    angle: int
    """Direction of closing, times 45 degrees counter-clockwise from the protagonist's."""

    def point_m(self, config: SnatchConfig) -> tuple[float, float]:
        """The grasp point on the patch: to the right of its middle, and above it."""
        return self.column * config.spacing_m, self.row * config.spacing_m

    @property
    def angle_rad(self) -> float:
        """Direction of closing on the patch, counter-clockwise."""
        return float(np.deg2rad(self.angle * ANGLE_STEP_DEG))


def snatch_of(index: int) -> Snatch:
    """The snatch with that index, 0..35: angles, then columns from the left, then rows from below."""
    point, angle = divmod(index, ANGLES_N)
    row, column = divmod(point, len(POINTS))
    return Snatch(POINTS[column], POINTS[row], angle)


def index_of(snatch: Snatch) -> int:
    """Inverse of `snatch_of`."""
    point = POINTS.index(snatch.row) * len(POINTS) + POINTS.index(snatch.column)
    return point * ANGLES_N + snatch.angle


def description(index: int) -> str:
    """The snatch in words, as seen on the patch."""
    snatch = snatch_of(index)
    row, column = ("lower", "middle", "upper")[snatch.row + 1], ("left", "middle", "right")[snatch.column + 1]
    return f"snatch {row} {column}, {snatch.angle * ANGLE_STEP_DEG} degrees"


def mirrored(index: int, *, x: bool, y: bool) -> int:
    """The snatch that does the same in a world mirrored along the closing direction (x), across it (y), or both."""
    snatch = snatch_of(index)
    angle = -snatch.angle % ANGLES_N if x != y else snatch.angle
    return index_of(Snatch(-snatch.column if x else snatch.column, -snatch.row if y else snatch.row, angle))


def presenting(config: PresentConfig, start: Pose, *, dt: float) -> Trajectory:
    """The protagonist brings the object to where the second hand expects it."""
    return move(start, presented_pose(config, start), steps_in(config.duration_s, dt))


def presented_pose(config: PresentConfig, start: Pose) -> Pose:
    """The protagonist's pose when it presents; its fingers stay as they are."""
    turn = np.deg2rad([config.yaw_deg, 0.0, config.roll_deg])
    return np.concatenate([config.position_m, turn, start[6:]])


def trajectory(config: SnatchConfig, index: int, held: Pose, *, depth_m: float, dt: float) -> TwoHanded:
    """Both hands' targets [steps, 14] while the second hand comes, push-grasps and pulls.

    Args:
        config: the motion.
        index: which snatch.
        held: the protagonist's pose, which it keeps.
        depth_m: how far the object reaches from its plane towards the second hand; it starts just beyond.
        dt: seconds a step.
    """
    second = config.second_hand
    near, plane = pose(config, index, config.push_m), pose(config, index, 0.0)
    start = starting_pose(config, index, depth_m)
    closed = closed_target_m(second.hand, second.grip)
    advance = steps_in(config.push_m / config.push_m_s, dt)
    closing = steps_in(closed / (2 * second.hand.closing_speed_m_s), dt)
    pushing = np.concatenate([ramp(near, plane, advance), hold(plane, max(0, closing - advance))])
    pushing[:, 6] = closed * np.minimum(np.arange(1, len(pushing) + 1) / closing, 1.0)
    grasped = pushing[-1]
    pulled = grasped + np.array([0, 0, config.pull_m, 0, 0, 0, 0])
    path = np.concatenate(
        [
            move(start, near, steps_in((start[2] - near[2]) / config.approach_m_s, dt)),
            hold(near, steps_in(SETTLING_S, dt)),
            pushing,
            hold(grasped, steps_in(config.squeeze_s, dt)),
            move(grasped, pulled, steps_in(config.pull_m / config.pull_m_s, dt)),
            hold(pulled, steps_in(config.rest_s, dt)),
        ]
    )
    return np.concatenate([np.tile(held, (len(path), 1)), path], axis=1)


def starting_pose(config: SnatchConfig, index: int, depth_m: float) -> Pose:
    """The open second hand in front of its grasp point, beyond the object. The way to there meets nothing and is left out."""
    hand = config.second_hand.hand
    beyond = depth_m + MARGIN_M + hand.pad_height_m / 2 + hand.fingertip_m
    return pose(config, index, max(config.push_m, beyond))


def pose(config: SnatchConfig, index: int, height_m: float) -> Pose:
    """The open second hand in its mount's frame, at a height over the object's plane.

    That frame sees the plane from the far side: the patch's y and its angles change sign.
    """
    snatch = snatch_of(index)
    x, y = snatch.point_m(config)
    return np.array([x, -y, height_m, -snatch.angle_rad, 0.0, 0.0, 0.0])
