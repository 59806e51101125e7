"""What a mount does so that its hand follows its targets: nothing for axes, which are the pose; inverse kinematics for an arm."""

from typing import Protocol

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from sparring.world.arm import JOINTS_N, Arm, arm_at
from sparring.world.mount import AXES, Mount

Joints = Float[np.ndarray, " joints"]
Poses = Float[np.ndarray, "steps 6"]
"""x, y, z (m), yaw, pitch, roll (rad) in the mount's frame."""
PARKED_HAND_M = 0.7


class Carrier(Protocol):
    """A mount's joints, which stand first among a hand's in states and controls."""

    @property
    def joints_n(self) -> int:
        """How many."""
        ...

    @property
    def parked(self) -> Joints:
        """Out of the way."""
        ...

    def joints_at(self, pose: Float[np.ndarray, " 6"]) -> Joints:
        """Where the joints are when the hand is at a pose.

        Raises:
            Unreachable: it cannot be there.
        """
        ...

    def follow(self, joints: Joints, path: Poses, *, dt: float, freely: bool) -> Float[np.ndarray, "steps joints"]:
        """Where the joints are along a path, `dt` seconds a step, that begins near where they are. `freely`: the end counts.

        Raises:
            Unreachable: the hand cannot go there.
        """
        ...

    def slowdown(self, path: Float[np.ndarray, "steps joints"], *, dt: float) -> float:
        """By what factor the path has to take longer, since joints are no faster; 1: it has not."""
        ...


class Axes:
    """Six axes: joints are the pose, and as fast as they are told."""

    joints_n = len(AXES)
    parked = np.array([0.0, 0.0, PARKED_HAND_M, 0.0, 0.0, 0.0])

    def joints_at(self, pose: Float[np.ndarray, " 6"]) -> Joints:
        """The pose."""
        return pose

    def follow(self, joints: Joints, path: Poses, *, dt: float, freely: bool) -> Float[np.ndarray, "steps joints"]:
        """The path."""
        return path

    def slowdown(self, path: Float[np.ndarray, "steps joints"], *, dt: float) -> float:
        """None."""
        return 1.0


class OnArm:
    """An arm of seven joints."""

    joints_n = JOINTS_N

    def __init__(self, arm: Arm, mount: Mount) -> None:
        self._arm, self._mount = arm, mount

    @property
    def parked(self) -> Joints:
        """The arm's rest pose."""
        return self._arm.rest

    def joints_at(self, pose: Float[np.ndarray, " 6"]) -> Joints:
        """By inverse kinematics."""
        return self._arm.reach(self._in_world(pose[None])[0])

    def follow(self, joints: Joints, path: Poses, *, dt: float, freely: bool) -> Float[np.ndarray, "steps joints"]:
        """By inverse kinematics along the path."""
        way = self._arm.travel if freely else self._arm.follow
        return way(joints, self._in_world(path), dt=dt)

    def slowdown(self, path: Float[np.ndarray, "steps joints"], *, dt: float) -> float:
        """As joint speeds ask."""
        return self._arm.slowdown(path, dt=dt)

    def _in_world(self, poses: Poses) -> Float[np.ndarray, "steps 4 4"]:
        found = np.tile(np.eye(4), (len(poses), 1, 1))
        found[:, :3, :3] = self._mount.rotation @ Rotation.from_euler("ZYX", poses[:, 3:]).as_matrix()
        found[:, :3, 3] = poses[:, :3] @ self._mount.rotation.T + np.array(self._mount.position_m)
        return found


def carrier_of(mount: Mount) -> Carrier:
    """What moves a mount."""
    return Axes() if mount.placement is None else OnArm(arm_at(mount.placement), mount)
