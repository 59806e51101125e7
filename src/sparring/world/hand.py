"""The floating parallel-jaw hand: six actuated axes, two coupled fingers, box pads, touch sensors.

Hand frame: origin midway between the pads, x the closing direction, z away from the object (the approach is -z).
The six axes are x, y, z of its mount, then yaw, pitch, roll in turn, so a pose is read off the joints directly. The
protagonist's mount is the world; the second hand's faces the object that the protagonist presents, from the far side.
"""

from dataclasses import dataclass

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float

from sparring.config import GripConfig, HandConfig, LiftConfig, Point, SecondHandConfig
from sparring.world.frames import about_z, quat_of, rotation

AXES = ("x", "y", "z", "yaw", "pitch", "roll")
AXIS_VECTORS = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0))
CONTROLS_N = 7
"""Six axes and the closing: what a hand trajectory has columns for."""
HAND_DOF_N = 8
"""Six axes and two fingers, which stand first in qpos and qvel."""
HAND_GROUP = 3
"""Geom group of the hands, which the camera leaves out."""
TABLE_BIT, HAND_BIT, SECOND_BIT = 1, 2, 4
"""Contact bits: what meets what. No hand meets itself."""
SLIDE_ARMATURE_KG = 0.5
HINGE_ARMATURE_KG_M2 = 0.05
SERVO_RAD_S = 120.0
"""Natural frequency of the axes' position servos, critically damped."""
HINGE_LIMIT_N_M = 4.0
PALM_KG = 0.6
FINGER_KG = 0.08
GRIP_STIFFNESS_N_M = 2000.0
FINGER_DEPTH_M = 0.012
PAD_PROUD_M = 0.001
SHAFT_FRICTION = 0.2
SECOND_DRAG_N_S_M = 10.0


@dataclass(frozen=True)
class HandSensors:
    """Columns of the sensor array that `add_hand` adds."""

    left_force: int = 0
    right_force: int = 1
    closing: int = 2
    """Sum of both fingers' travel, metres."""


def gap_m(hand: HandConfig, closing_m: np.ndarray) -> np.ndarray:
    """The gap between the pads, from the sensed closing."""
    return hand.opening_m - closing_m


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


def first_mount(lift: LiftConfig) -> Mount:
    """The protagonist's: the world."""
    force = (-lift.arm_force_n, lift.arm_force_n)
    return Mount("", (0.0, 0.0, 0.0), np.eye(3), HAND_BIT, TABLE_BIT, (force, force, force))


def second_mount(config: SecondHandConfig) -> Mount:
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
    )


def add_hand(spec: mujoco.MjSpec, hand: HandConfig, grip: GripConfig, mount: Mount, *, surface_friction: float) -> None:
    """Adds a hand to a scene. Pads and fingers take priority in contacts; their friction is that with the one object."""
    body = spec.worldbody.add_body(
        name=f"{mount.prefix}hand", gravcomp=1.0, pos=list(mount.position_m), quat=quat_of(mount.rotation)
    )
    for index, axis in enumerate(AXES):
        limits = mount.forces_n[index] if index < len(mount.forces_n) else (-HINGE_LIMIT_N_M, HINGE_LIMIT_N_M)
        drag = mount.drag_n_s_m if index < len(mount.forces_n) else 0.0
        _add_axis(spec, body, f"{mount.prefix}{axis}", AXIS_VECTORS[index], slides=axis in "xyz", limits=limits, drag=drag)
    top = hand.finger_length_m
    body.add_geom(
        name=f"{mount.prefix}palm",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[hand.opening_m / 2 + 0.02, 0.025, 0.015],
        pos=[0, 0, top + 0.015],
        mass=PALM_KG,
        **_contacts(mount),
    )
    for side, sign in (("left", 1.0), ("right", -1.0)):
        _add_finger(spec, body, side, sign, hand, grip, mount, surface_friction)
    _add_closing(spec, grip, mount.prefix)


def _contacts(mount: Mount) -> dict[str, int]:
    return {"group": HAND_GROUP, "contype": mount.contype, "conaffinity": mount.conaffinity}


def _add_axis(
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    name: str,
    vector: tuple[int, int, int],
    *,
    slides: bool,
    limits: tuple[float, float],
    drag: float,
) -> None:
    inertia = PALM_KG + 2 * FINGER_KG + SLIDE_ARMATURE_KG if slides else HINGE_ARMATURE_KG_M2 * 1.1
    body.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE if slides else mujoco.mjtJoint.mjJNT_HINGE,
        axis=list(vector),
        armature=SLIDE_ARMATURE_KG if slides else HINGE_ARMATURE_KG_M2,
        damping=drag,
    )
    _add_servo(
        spec,
        name,
        mujoco.mjtTrn.mjTRN_JOINT,
        stiffness=inertia * SERVO_RAD_S**2,
        damping=2 * inertia * SERVO_RAD_S,
        limits=limits,
    )


def _add_servo(
    spec: mujoco.MjSpec,
    target: str,
    transmission: mujoco.mjtTrn,
    *,
    stiffness: float,
    damping: float,
    limits: tuple[float, float],
) -> None:
    gain, bias = np.zeros(10), np.zeros(10)
    gain[0], bias[1], bias[2] = stiffness, -stiffness, -damping
    spec.add_actuator(
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


def _add_finger(
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    side: str,
    sign: float,
    hand: HandConfig,
    grip: GripConfig,
    mount: Mount,
    surface_friction: float,
) -> None:
    name = f"{mount.prefix}{side}"
    finger = body.add_body(name=f"{name}_finger", gravcomp=1.0)
    finger.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[-sign, 0, 0],
        limited=True,
        range=[-0.002, (hand.opening_m - hand.closed_gap_m) / 2],
        solref_limit=[0.004, 1.0],
        solimp_limit=[0.99, 0.999, 0.0005, 0.5, 2.0],
        armature=0.05,
        damping=2.0,
    )
    face, low = sign * hand.opening_m / 2, -hand.pad_height_m / 2
    contact = _contacts(mount) | {"priority": 1, "condim": 4}
    shaft = (hand.finger_length_m - low) / 2
    finger.add_geom(
        name=f"{name}_shaft",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[FINGER_DEPTH_M / 2, hand.pad_width_m / 2, shaft],
        pos=[face + sign * (FINGER_DEPTH_M / 2 + PAD_PROUD_M), 0, low + shaft],
        mass=FINGER_KG,
        friction=[SHAFT_FRICTION * surface_friction, 0.001, 0.0001],
        **contact,
    )
    pad = [FINGER_DEPTH_M / 4, hand.pad_width_m / 2, hand.pad_height_m / 2]
    at = [face + sign * FINGER_DEPTH_M / 4, 0, 0]
    finger.add_geom(
        name=f"{name}_pad",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=pad,
        pos=at,
        mass=0.002,
        friction=[grip.pad_friction * surface_friction, grip.torsional_friction_m, 0.0001],
        solref=[max(grip.pad_softness_s, 0.004), 1.0],
        **contact,
    )
    finger.add_site(
        name=f"{name}_touch",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[size + 0.004 for size in pad],
        pos=at,
    )
    spec.add_sensor(
        name=f"{name}_force", type=mujoco.mjtSensor.mjSENS_TOUCH, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=f"{name}_touch"
    )


def _add_closing(spec: mujoco.MjSpec, grip: GripConfig, prefix: str) -> None:
    """One motor closes both fingers, which a rack and pinion keep level."""
    closing = f"{prefix}closing"
    tendon = spec.add_tendon(name=closing)
    tendon.wrap_joint(f"{prefix}left", 1.0)
    tendon.wrap_joint(f"{prefix}right", 1.0)
    _add_servo(
        spec,
        closing,
        mujoco.mjtTrn.mjTRN_TENDON,
        stiffness=GRIP_STIFFNESS_N_M,
        damping=20.0,
        limits=(-grip.force_n, grip.force_n),
    )
    spec.add_equality(
        name=f"{prefix}rack_and_pinion",
        type=mujoco.mjtEq.mjEQ_JOINT,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        name1=f"{prefix}left",
        name2=f"{prefix}right",
        data=[0.0, 1.0] + [0.0] * 10,
        solref=[0.004, 1.0],
    )
    spec.add_sensor(name=closing, type=mujoco.mjtSensor.mjSENS_TENDONPOS, objtype=mujoco.mjtObj.mjOBJ_TENDON, objname=closing)


def closed_target_m(hand: HandConfig, grip: GripConfig) -> float:
    """Closing target that saturates the force limit even on the thinnest object."""
    return hand.opening_m - hand.closed_gap_m + 1.5 * grip.force_n / GRIP_STIFFNESS_N_M


def grasp_height_m(hand: HandConfig, lift: LiftConfig) -> float:
    """Height of the hand frame over the table in a grasp: the fingertips just clear it."""
    return lift.clearance_m + hand.pad_height_m / 2
