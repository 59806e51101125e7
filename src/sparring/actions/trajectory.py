"""Hand trajectories: arrays [steps, 7] of targets x, y, z (m), yaw, pitch, roll (rad), closing (m), one row a time step."""

import numpy as np
from jaxtyping import Float

Pose = Float[np.ndarray, " 7"]
Trajectory = Float[np.ndarray, "steps 7"]
TwoHanded = Float[np.ndarray, "steps 14"]
"""The protagonist's targets, then the second hand's in the frame of its mount."""


def steps_in(duration_s: float, timestep_s: float) -> int:
    """Time steps in a duration, at least one."""
    return max(1, round(duration_s / timestep_s))


def minimum_jerk(share: Float[np.ndarray, " steps"]) -> Float[np.ndarray, " steps"]:
    """Share of a smooth motion done at each share of its time: starts and ends at rest (Flash and Hogan 1985)."""
    return share**3 * (10 - 15 * share + 6 * share**2)


def move(start: Pose, end: Pose, steps: int) -> Trajectory:
    """A smooth motion from rest to rest; its last row is `end`."""
    progress = minimum_jerk(np.arange(1, steps + 1) / steps)
    return start + progress[:, None] * (end - start)


def ramp(start: Pose, end: Pose, steps: int) -> Trajectory:
    """A motion at constant speed; its last row is `end`."""
    return start + (np.arange(1, steps + 1) / steps)[:, None] * (end - start)


def hold(pose: Pose, steps: int) -> Trajectory:
    """Standing still."""
    return np.tile(pose, (steps, 1))
