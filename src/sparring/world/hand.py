"""The floating parallel-jaw hand: six actuated axes, two coupled fingers, box pads, touch sensors.

Hand frame: origin midway between the pads, x the closing direction, z away from the object (the approach is -z).
The six axes are x, y, z in the world, then yaw, pitch, roll in turn, so a pose is read off the joints directly.
"""

from dataclasses import dataclass

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np

from sparring.config import GripConfig, HandConfig

AXES = ("x", "y", "z", "yaw", "pitch", "roll")
AXIS_VECTORS = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0))
CONTROLS_N = 7
"""Six axes and the closing: what a hand trajectory has columns for."""
HAND_DOF_N = 8
"""Six axes and two fingers, which stand first in qpos and qvel."""
HAND_GROUP = 3
"""Geom group of the hand, which the camera leaves out."""
SLIDE_ARMATURE_KG = 0.5
HINGE_ARMATURE_KG_M2 = 0.05
SERVO_RAD_S = 120.0
"""Natural frequency of the axes' position servos, critically damped."""
SLIDE_LIMIT_N = 20.0
HINGE_LIMIT_N_M = 4.0
PALM_KG = 0.6
FINGER_KG = 0.08
GRIP_STIFFNESS_N_M = 2000.0
FINGER_DEPTH_M = 0.012
PAD_PROUD_M = 0.001


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


def add_hand(spec: mujoco.MjSpec, hand: HandConfig, grip: GripConfig, *, surface_friction: float) -> None:
    """Adds the hand to a scene. Pads and fingers take priority in contacts; their friction is that with the one object."""
    body = spec.worldbody.add_body(name="hand", gravcomp=1.0)
    for axis, vector in zip(AXES, AXIS_VECTORS, strict=True):
        _add_axis(spec, body, axis, vector)
    top = hand.finger_length_m
    body.add_geom(
        name="palm",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[hand.opening_m / 2 + 0.02, 0.025, 0.015],
        pos=[0, 0, top + 0.015],
        mass=PALM_KG,
        group=HAND_GROUP,
        contype=2,
        conaffinity=1,
    )
    for side, sign in (("left", 1.0), ("right", -1.0)):
        _add_finger(spec, body, side, sign, hand, grip, surface_friction)
    _add_closing(spec, grip)


def _add_axis(spec: mujoco.MjSpec, body: mujoco.MjsBody, axis: str, vector: tuple[int, int, int]) -> None:
    slides = axis in "xyz"
    inertia = PALM_KG + 2 * FINGER_KG + SLIDE_ARMATURE_KG if slides else HINGE_ARMATURE_KG_M2 * 1.1
    limit = SLIDE_LIMIT_N if slides else HINGE_LIMIT_N_M
    body.add_joint(
        name=axis,
        type=mujoco.mjtJoint.mjJNT_SLIDE if slides else mujoco.mjtJoint.mjJNT_HINGE,
        axis=list(vector),
        armature=SLIDE_ARMATURE_KG if slides else HINGE_ARMATURE_KG_M2,
    )
    _add_servo(
        spec,
        axis,
        mujoco.mjtTrn.mjTRN_JOINT,
        stiffness=inertia * SERVO_RAD_S**2,
        damping=2 * inertia * SERVO_RAD_S,
        limit=limit,
    )


def _add_servo(
    spec: mujoco.MjSpec, target: str, transmission: mujoco.mjtTrn, *, stiffness: float, damping: float, limit: float
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
        forcerange=[-limit, limit],
    )


def _add_finger(
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    side: str,
    sign: float,
    hand: HandConfig,
    grip: GripConfig,
    surface_friction: float,
) -> None:
    finger = body.add_body(name=f"{side}_finger", gravcomp=1.0)
    finger.add_joint(
        name=side,
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
    contact = {
        "group": HAND_GROUP,
        "contype": 2,
        "conaffinity": 1,
        "priority": 1,
        "condim": 4,
        "friction": [grip.pad_friction * surface_friction, grip.torsional_friction_m, 0.0001],
    }
    shaft = (hand.finger_length_m - low) / 2
    finger.add_geom(
        name=f"{side}_shaft",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[FINGER_DEPTH_M / 2, hand.pad_width_m / 2, shaft],
        pos=[face + sign * (FINGER_DEPTH_M / 2 + PAD_PROUD_M), 0, low + shaft],
        mass=FINGER_KG,
        **(contact | {"friction": [0.2 * surface_friction, 0.001, 0.0001]}),
    )
    pad = [FINGER_DEPTH_M / 4, hand.pad_width_m / 2, hand.pad_height_m / 2]
    at = [face + sign * FINGER_DEPTH_M / 4, 0, 0]
    finger.add_geom(
        name=f"{side}_pad",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=pad,
        pos=at,
        mass=0.002,
        solref=[max(grip.pad_softness_s, 0.004), 1.0],
        **contact,
    )
    finger.add_site(
        name=f"{side}_touch",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[size + 0.004 for size in pad],
        pos=at,
    )
    spec.add_sensor(
        name=f"{side}_force", type=mujoco.mjtSensor.mjSENS_TOUCH, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=f"{side}_touch"
    )


def _add_closing(spec: mujoco.MjSpec, grip: GripConfig) -> None:
    """One motor closes both fingers, which a rack and pinion keep level."""
    tendon = spec.add_tendon(name="closing")
    tendon.wrap_joint("left", 1.0)
    tendon.wrap_joint("right", 1.0)
    _add_servo(
        spec,
        "closing",
        mujoco.mjtTrn.mjTRN_TENDON,
        stiffness=GRIP_STIFFNESS_N_M,
        damping=20.0,
        limit=grip.force_n,
    )
    spec.add_equality(
        name="rack_and_pinion",
        type=mujoco.mjtEq.mjEQ_JOINT,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        name1="left",
        name2="right",
        data=[0.0, 1.0] + [0.0] * 10,
        solref=[0.004, 1.0],
    )
    spec.add_sensor(name="closing", type=mujoco.mjtSensor.mjSENS_TENDONPOS, objtype=mujoco.mjtObj.mjOBJ_TENDON, objname="closing")


def closed_target_m(hand: HandConfig, grip: GripConfig) -> float:
    """Closing target that saturates the force limit even on the thinnest object."""
    return hand.opening_m - hand.closed_gap_m + 1.5 * grip.force_n / GRIP_STIFFNESS_N_M


def grasp_height_m(hand: HandConfig) -> float:
    """Height of the hand frame over the table in a grasp: the fingertips just clear it."""
    return hand.clearance_m + hand.pad_height_m / 2
