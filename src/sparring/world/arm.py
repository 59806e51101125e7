"""Where an arm's joints have to be for its hand to be somewhere, and how fast it can get there.

Inverse kinematics by mink, on a model of the arm alone. A parallel-jaw hand is the same after half a turn about its approach, so
every pose of it can be reached in two ways.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from sparring.errors import ConfigError
from sparring.world.baxter import FLANGE_M, JOINTS, MOUNTS, REST_RAD, Side, Vector
from sparring.world.frames import quat_of

JOINTS_N = len(JOINTS)
Joints = Float[np.ndarray, " 7"]
Pose = Float[np.ndarray, "4 4"]
"""World from hand."""
HALF_TURN = np.diag([-1.0, -1.0, 1.0, 1.0])
WAYPOINT_S = 0.02
"""Kinematics are solved this often on the way; between, joints move along a cubic spline."""
TOLERANCE_M, TOLERANCE_RAD = 0.001, 0.01
"""A pose is reached when the hand is this near to it."""
STEPS_N, STILL_RAD = 40, 1e-6
"""At most this many steps of the solver, or until it moves no joint by more than this."""
ORIENTATION_M_RAD = 0.3
"""What a radian weighs beside a metre."""
POSTURE_COST = 3e-3
ARMATURE_KG_M2 = 0.05
HAND_KG = 0.8
ARM_GROUP = 3
"""Geom group of arms: the camera leaves them out, as it does hands."""
SPEED_LIMITS_RAD_S = np.array([joint.speed_rad_s for joint in JOINTS])
RANGES_RAD = np.array([joint.range_rad for joint in JOINTS])


class Unreachable(Exception):  # noqa: N818  # no error: an outcome
    """The arm cannot bring its hand there."""


@dataclass(frozen=True)
class Placement:
    """Which arm, and where it stands."""

    side: Side
    base_m: Vector
    """Baxter's base in the world; it looks along x."""
    tool_m: float
    """From the flange to the origin of the hand frame."""
    speed_share: float
    """Of the published joint speeds, which it may move with."""


def add_chain(spec: mujoco.MjSpec, placement: Placement, prefix: str) -> mujoco.MjsBody:
    """Adds the arm's links, from the shoulder to the wrist, each with its hinge; the body at their end, for the hand.

    The model's angles are radians.
    """
    origin, turn = MOUNTS[placement.side]
    mount = np.add(placement.base_m, origin)
    body = spec.worldbody.add_body(name=f"{prefix}arm", pos=mount, quat=_quat(turn))
    for joint in JOINTS:
        body = body.add_body(
            name=f"{prefix}{joint.name}_link", pos=joint.origin_m, quat=_quat(joint.roll_pitch_yaw_rad), gravcomp=1.0
        )
        body.add_joint(
            name=f"{prefix}{joint.name}",
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=[0, 0, 1],
            limited=True,
            range=joint.range_rad,
            armature=ARMATURE_KG_M2,
        )
        body.add_geom(
            name=f"{prefix}{joint.name}_arm",
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=np.ravel(joint.capsule_m),
            size=[joint.radius_m, 0, 0],
            mass=joint.link_kg,
            group=ARM_GROUP,
            contype=0,
            conaffinity=0,
        )
    down = [0.0, 1.0, 0.0, 0.0]  # the flange's z axis points to the object, the hand's away from it
    return body.add_body(name=f"{prefix}hand", pos=[0, 0, FLANGE_M + placement.tool_m], quat=down, gravcomp=1.0)


def _mink() -> ModuleType:
    try:
        import mink
    except ModuleNotFoundError:
        raise ConfigError("an arm needs inverse kinematics, which are not installed: pip install 'sparring[arms]'") from None
    return mink


def _quat(roll_pitch_yaw_rad: Vector) -> list[float]:
    return quat_of(Rotation.from_euler("xyz", roll_pitch_yaw_rad).as_matrix())


class Arm:
    """The kinematics of one arm."""

    def __init__(self, placement: Placement) -> None:
        """Builds the arm.

        Raises:
            ConfigError: mink is not installed.
        """
        self.placement = placement
        self._mink = _mink()
        spec = mujoco.MjSpec()
        spec.compiler.degree = False
        hand = add_chain(spec, placement, "")
        hand.mass, hand.inertia, hand.explicitinertial = HAND_KG, [0.002, 0.002, 0.002], True
        self._configuration = self._mink.Configuration(spec.compile())
        self._task = self._mink.FrameTask("hand", "body", position_cost=1.0, orientation_cost=ORIENTATION_M_RAD, lm_damping=1e-6)
        self._posture = self._mink.PostureTask(self._configuration.model, cost=POSTURE_COST)
        self._posture.set_target(self.rest)
        self._limits = [self._mink.ConfigurationLimit(self._configuration.model)]

    @cached_property
    def rest(self) -> Joints:
        """Where it waits."""
        return np.array(REST_RAD[self.placement.side])

    @cached_property
    def inertia_kg_m2(self) -> Joints:
        """What each joint has to move, where the arm rests."""
        self._configuration.update(self.rest)
        return np.diag(self._configuration.get_inertia_matrix()).copy()

    @cached_property
    def lever_m(self) -> Joints:
        """How far the hand moves when a joint turns by a radian, where the arm rests."""
        self._configuration.update(self.rest)
        return np.linalg.norm(self._configuration.get_frame_jacobian("hand", "body")[:3], axis=0)

    def hand(self, joints: Joints) -> Pose:
        """Where the hand is."""
        self._configuration.update(joints)
        return self._configuration.get_transform_frame_to_world("hand", "body").as_matrix()

    def reach(self, pose: Pose) -> Joints:
        """Joints that bring the hand to a pose, or to the same half a turn on: those farthest from their limits.

        Raises:
            Unreachable: there are none.
        """
        found = [*self._all_at(pose), *self._all_at(pose @ HALF_TURN)]
        if not found:
            raise Unreachable
        return max(found, key=_margin)

    def travel(self, joints: Joints, poses: Float[np.ndarray, "steps 4 4"], *, dt: float) -> Float[np.ndarray, "steps 7"]:
        """Joints on a way whose end alone matters: along the path, or where that leaves the arm's reach, straight in its joints.

        Raises:
            Unreachable: the end is out of reach.
        """
        try:
            return self.follow(joints, poses, dt=dt)
        except Unreachable:
            first, last = self._way_round(joints, poses)[[0, -1]]
            begun, ends = self._solved(first, joints), list(self._all_at(last))
            if not ends:
                raise
        nearest = min(ends, key=lambda end: float((np.abs(end - begun) / SPEED_LIMITS_RAD_S).max()))
        return _spline([-1, len(poses) - 1], [begun, nearest], np.arange(len(poses)), bc_type="clamped")

    def follow(self, joints: Joints, poses: Float[np.ndarray, "steps 4 4"], *, dt: float) -> Float[np.ndarray, "steps 7"]:
        """Joints along a path that begins where `joints` have the hand.

        Raises:
            Unreachable: somewhere on the way.
        """
        poses = self._way_round(joints, poses)
        every = max(1, round(WAYPOINT_S / dt))
        at = np.unique(np.append(np.arange(0, len(poses), every), len(poses) - 1))
        solved = [self._solved(poses[0], joints)]
        for before, step in itertools.pairwise(at):
            same = np.array_equal(poses[before], poses[step])
            solved.append(solved[-1] if same else self._solved(poses[step], solved[-1]))
        if len(at) == 1:
            return np.array(solved)
        path = _spline(at, np.array(solved), np.arange(len(poses)))
        return np.clip(path, *RANGES_RAD.T)

    def slowdown(self, path: Float[np.ndarray, "steps 7"], *, dt: float) -> float:
        """By what factor a path takes longer so that no joint is faster than it may; 1: it is not."""
        speeds = np.abs(np.diff(path, axis=0)) / dt
        return float(max(1.0, (speeds / (SPEED_LIMITS_RAD_S * self.placement.speed_share)).max(initial=0.0)))

    def _way_round(self, joints: Joints, poses: Float[np.ndarray, "steps 4 4"]) -> Float[np.ndarray, "steps 4 4"]:
        """The poses, or the same half a turn on if that is how the hand has begun."""
        return poses @ HALF_TURN if (self.hand(joints)[:3, 0] @ poses[0, :3, 0]) < 0 else poses

    def _all_at(self, pose: Pose) -> Iterator[Joints]:
        """All joints that are found for a pose."""
        for start in self._starts():
            with contextlib.suppress(Unreachable):
                yield self._solved(pose, start)

    def _starts(self) -> Iterator[Joints]:
        """Whence to look: the rest pose, and the same with the shoulder to either side."""
        for swing in (0.0, 0.7, -0.7):
            yield self.rest + np.array([swing, 0, 0, 0, 0, 0, 0])

    def _solved(self, pose: Pose, start: Joints) -> Joints:
        self._task.set_target(self._mink.SE3.from_matrix(pose))
        self._configuration.update(np.clip(start, *RANGES_RAD.T))
        tasks = [self._task, self._posture]
        for _ in range(STEPS_N):
            step = self._mink.solve_ik(self._configuration, tasks, 1.0, solver="daqp", damping=1e-6, limits=self._limits)
            self._configuration.integrate_inplace(step, 1.0)
            if np.abs(step).max() < STILL_RAD:
                break
        error = self._task.compute_error(self._configuration)
        if np.linalg.norm(error[:3]) > TOLERANCE_M or np.linalg.norm(error[3:]) > TOLERANCE_RAD:
            raise Unreachable
        return self._configuration.q.copy()


def _spline(at: Any, joints: Any, wanted: np.ndarray, *, bc_type: str = "not-a-knot") -> Float[np.ndarray, "steps 7"]:
    from scipy.interpolate import CubicSpline  # takes a tenth of a second to import, which a hand on axes is spared

    return CubicSpline(at, joints, bc_type=bc_type)(wanted)


def _margin(joints: Joints) -> float:
    """Smallest share of a joint's range that is left to either side."""
    low, high = RANGES_RAD.T
    return float((np.minimum(joints - low, high - joints) / (high - low)).min())


@lru_cache(maxsize=8)
def arm_at(placement: Placement) -> Arm:
    """The arm, built once a process."""
    return Arm(placement)
