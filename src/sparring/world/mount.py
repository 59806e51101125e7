"""What a hand is mounted on: an arm, or six actuated axes, x, y, z, then yaw, pitch, roll in turn: their positions are the pose.

Targets are told in the mount's frame. The protagonist's is the world; the second hand's faces the object that the protagonist
presents, from the far side.
"""

from dataclasses import dataclass

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float

from sparring.config import PALM_ROOM_M, ArmsConfig, HandConfig, Point, SecondHandConfig, WorldConfig
from sparring.world.arm import Placement, add_chain, arm_at
from sparring.world.baxter import JOINTS, Side
from sparring.world.frames import about_z, quat_of, rotation

AXES = ("x", "y", "z", "yaw", "pitch", "roll")
AXIS_VECTORS = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0))
TABLE_BIT, HAND_BIT, SECOND_BIT = 1, 2, 4
"""Contact bits: what meets what. No hand meets itself."""
SLIDE_ARMATURE_KG = 0.5
HINGE_ARMATURE_KG_M2 = 0.05
SERVO_RAD_S = 120.0
"""Natural frequency of the axes' position servos, critically damped."""
HINGE_LIMIT_N_M = 4.0
SECOND_DRAG_N_S_M = 10.0
ARM_SERVO_RAD_S = 60.0
ARM_ACCELERATION_RAD_S2 = 5.0
"""Joints of a weak arm still move themselves with this."""
MEETING = ("w0", "w1", "w2")
"""Links that meet things as the hand does: forearm and wrist. The others are never near."""
PALM_HEIGHT_M = 0.03
"""From the flange to where the fingers of our own hand begin; of a gripper that was brought in, `finger_length_m` says it."""


@dataclass(frozen=True)
class Mount:
    """Where a hand's axes begin, what it meets, and how strong its arm is."""

    prefix: str
    """Of the names of its parts."""
    position_m: Point
    rotation: Float[np.ndarray, "3 3"]
    """World from mount."""
    contype: int
    conaffinity: int
    """MuJoCo's contact bits: what meets what."""
    forces_n: tuple[tuple[float, float], ...]
    """Force range along x, y and z."""
    drag_n_s_m: float = 0.0
    """Friction of its arm's slides, which stops the hand where no force may."""
    placement: Placement | None = None
    """Of the arm, where it is one."""
    arm_force_n: float | None = None
    """Largest force of such an arm at its hand, beyond what moves itself; its joints' efforts limit it besides, or alone."""


def first_mount(world: WorldConfig) -> Mount:
    """The protagonist's: the world."""
    force = (-world.lift.arm_force_n, world.lift.arm_force_n)
    placement = _placement(world.arms, "right", world.hand)
    return Mount("", (0.0, 0.0, 0.0), np.eye(3), HAND_BIT, TABLE_BIT, (force, force, force), placement=placement)


def second_mount(config: SecondHandConfig, arms: ArmsConfig | None = None) -> Mount:
    """The second hand's: the presented hand frame turned half about the closing direction.

    So its x is the closing direction and its z points from the object's plane to where the second hand comes from.
    """
    present = config.present
    held = about_z(np.deg2rad(present.yaw_deg)) @ rotation(0.0, np.deg2rad(present.roll_deg))
    yielding = (-config.push_n, config.push_n)
    return Mount(
        "second_",
        present.position_m,
        held @ np.diag([1.0, -1.0, -1.0]),
        SECOND_BIT,
        TABLE_BIT | HAND_BIT,
        (yielding, yielding, (-config.push_n, config.pull_n)),
        SECOND_DRAG_N_S_M,
        _placement(arms, "left", config.hand),
        config.pull_n,
    )


def _placement(arms: ArmsConfig | None, side: Side, hand: HandConfig) -> Placement | None:
    if arms is None:
        return None
    palm_m = PALM_ROOM_M if hand.model else PALM_HEIGHT_M
    return Placement(side, arms.base_m, hand.finger_length_m + palm_m, arms.speed_share)


def add_mount(spec: mujoco.MjSpec, mount: Mount, *, carried_kg: float) -> mujoco.MjsBody:
    """Adds the axes or the arm; the body at their end, which the hand is built on."""
    if mount.placement is not None:
        return _add_arm(spec, mount, mount.placement)
    body = spec.worldbody.add_body(
        name=f"{mount.prefix}hand", gravcomp=1.0, pos=list(mount.position_m), quat=quat_of(mount.rotation)
    )
    for index, axis in enumerate(AXES):
        limits = mount.forces_n[index] if index < len(mount.forces_n) else (-HINGE_LIMIT_N_M, HINGE_LIMIT_N_M)
        drag = mount.drag_n_s_m if index < len(mount.forces_n) else 0.0
        _add_axis(
            spec, body, f"{mount.prefix}{axis}", AXIS_VECTORS[index], carried_kg, slides=axis in "xyz", limits=limits, drag=drag
        )
    return body


def _add_arm(spec: mujoco.MjSpec, mount: Mount, placement: Placement) -> mujoco.MjsBody:
    arm, body = arm_at(placement), add_chain(spec, placement, mount.prefix)
    for joint, inertia, lever_m in zip(JOINTS, arm.inertia_kg_m2, arm.lever_m, strict=True):
        strongest = joint.effort_n_m
        if mount.arm_force_n is not None:
            strongest = min(strongest, mount.arm_force_n * lever_m + inertia * ARM_ACCELERATION_RAD_S2)
        add_servo(
            spec,
            f"{mount.prefix}{joint.name}",
            mujoco.mjtTrn.mjTRN_JOINT,
            stiffness=inertia * ARM_SERVO_RAD_S**2,
            damping=2 * inertia * ARM_SERVO_RAD_S,
            limits=(-strongest, strongest),
        )
    for name in MEETING:
        link = spec.geom(f"{mount.prefix}{name}_arm")
        link.contype, link.conaffinity = mount.contype, mount.conaffinity
    return body


def _add_axis(
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    name: str,
    vector: tuple[int, int, int],
    carried_kg: float,
    *,
    slides: bool,
    limits: tuple[float, float],
    drag: float,
) -> None:
    inertia = carried_kg + SLIDE_ARMATURE_KG if slides else HINGE_ARMATURE_KG_M2 * 1.1
    body.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE if slides else mujoco.mjtJoint.mjJNT_HINGE,
        axis=list(vector),
        armature=SLIDE_ARMATURE_KG if slides else HINGE_ARMATURE_KG_M2,
        damping=drag,
    )
    add_servo(
        spec,
        name,
        mujoco.mjtTrn.mjTRN_JOINT,
        stiffness=inertia * SERVO_RAD_S**2,
        damping=2 * inertia * SERVO_RAD_S,
        limits=limits,
    )


def add_servo(
    spec: mujoco.MjSpec,
    target: str,
    transmission: mujoco.mjtTrn,
    *,
    stiffness: float,
    damping: float,
    limits: tuple[float, float],
) -> mujoco.MjsActuator:
    """Adds a position servo with a force limit."""
    gain, bias = np.zeros(10), np.zeros(10)
    gain[0], bias[1], bias[2] = stiffness, -stiffness, -damping
    return spec.add_actuator(
        name=f"servo_{target}",
        target=target,
        trntype=transmission,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=gain,
        biasprm=bias,
        forcelimited=True,
        forcerange=list(limits),
    )
