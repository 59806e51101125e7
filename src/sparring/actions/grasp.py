"""The planar grasp (x, y, theta), section V-A: 18 angles, and the hand's motion from above the object to 30 cm over it."""

from dataclasses import dataclass

import numpy as np

from sparring.actions.trajectory import Pose, Trajectory, hold, minimum_jerk, move, ramp, steps_in
from sparring.config import GripConfig, HandConfig, LiftConfig
from sparring.world.hand import closed_target_m, grasp_height_m

ANGLES_N = 18
ANGLE_STEP_RAD = np.pi / ANGLES_N
"""Angles are 0, 10, ... 170 degrees: a parallel jaw is the same after half a turn."""
DESCENT_M_S = 0.4
HEADROOM_M = 0.01
SETTLING_S = 0.05
RECORDED_HEIGHTS_M = (0.0, 0.05, 0.20, 0.30)
"""Finger force is recorded here in every attempt; 0 is right after closing."""


@dataclass(frozen=True)
class Grasp:
    """Where and how the fingers close: centre in the world, direction of closing counter-clockwise from x."""

    x_m: float
    y_m: float
    theta_rad: float

    def pose(self, height_m: float, closing_m: float = 0.0) -> Pose:
        """The hand pose of this grasp at a height."""
        return np.array([self.x_m, self.y_m, height_m, self.theta_rad, 0.0, 0.0, closing_m])


def angle_rad(index: int | np.ndarray) -> float | np.ndarray:
    """Image angle of a discrete angle."""
    return index * ANGLE_STEP_RAD


def angle_index(theta_rad: float) -> int:
    """The nearest discrete angle."""
    return int(np.round(theta_rad / ANGLE_STEP_RAD)) % ANGLES_N


def mirrored_angle(index: int, *, x: bool, y: bool) -> int:
    """The discrete angle after mirroring an image along x, along y, or both."""
    return (-index) % ANGLES_N if x != y else index


def start_height_m(hand: HandConfig, lift: LiftConfig, object_top_m: float) -> float:
    """Height of the hand frame from which the descent is simulated: fingertips just over the object.

    The way down to there meets nothing, so it is left out.
    """
    return grasp_height_m(hand, lift) + max(object_top_m + HEADROOM_M - lift.clearance_m, HEADROOM_M)


def closing(grasp: Grasp, hand: HandConfig, grip: GripConfig, lift: LiftConfig, *, from_m: float, dt: float) -> Trajectory:
    """Descends from height `from_m`, closes at limited speed and squeezes."""
    above, low = grasp.pose(from_m), grasp.pose(grasp_height_m(hand, lift))
    closed = grasp.pose(grasp_height_m(hand, lift), closed_target_m(hand, grip))
    closing_s = closed[6] / (2 * hand.closing_speed_m_s)
    return np.concatenate(
        [
            move(above, low, steps_in((from_m - low[2]) / DESCENT_M_S, dt)),
            hold(low, steps_in(SETTLING_S, dt)),
            ramp(low, closed, steps_in(closing_s, dt)),
            hold(closed, steps_in(lift.squeeze_s, dt)),
        ]
    )


def raising(grasp: Grasp, hand: HandConfig, grip: GripConfig, lift: LiftConfig, *, dt: float) -> Trajectory:
    """One smooth motion from the table to `lift.lift_height_m`."""
    low = grasp.pose(grasp_height_m(hand, lift), closed_target_m(hand, grip))
    high = low + np.array([0, 0, lift.lift_height_m, 0, 0, 0, 0])
    return move(low, high, steps_in(lift.lift_height_m / lift.speed_m_s, dt))


def sensing_heights_m(lift: LiftConfig) -> tuple[float, ...]:
    """Heights over the table at which forces are read, rising: the recorded ones and the weak sensor's own."""
    heights = {height for height in RECORDED_HEIGHTS_M if height < lift.lift_height_m}
    return tuple(sorted(heights | {lift.sense_height_m, lift.lift_height_m}))


def raising_splits(lift: LiftConfig, *, dt: float) -> list[int]:
    """Step at which `raising` reaches each sensing height above zero."""
    steps = steps_in(lift.lift_height_m / lift.speed_m_s, dt)
    heights = minimum_jerk(np.arange(1, steps + 1) / steps) * lift.lift_height_m
    wanted = [height for height in sensing_heights_m(lift) if height > 0]
    return [int(np.searchsorted(heights, height - 1e-9)) + 1 for height in wanted]


def holding(grasp: Grasp, hand: HandConfig, grip: GripConfig, lift: LiftConfig, *, dt: float) -> Trajectory:
    """Stays up for `lift.hold_s`, as a test asks."""
    return hold(lifted_pose(grasp, hand, grip, lift), steps_in(lift.hold_s, dt))


def lifted_pose(grasp: Grasp, hand: HandConfig, grip: GripConfig, lift: LiftConfig) -> Pose:
    """The pose at the end of raising, where an attack begins."""
    return grasp.pose(grasp_height_m(hand, lift) + lift.lift_height_m, closed_target_m(hand, grip))
