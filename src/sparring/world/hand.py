"""The parallel-jaw hand: two coupled fingers, box pads, touch sensors.

Hand frame: origin midway between the pads, x the closing direction, z away from the object (the approach is -z).
"""

from dataclasses import dataclass

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np

from sparring.config import GripConfig, HandConfig, LiftConfig
from sparring.world.mount import Mount, add_mount, add_servo

HAND_TARGETS_N = 7
"""Six of its pose and the closing: what a hand trajectory has columns for."""
HAND_DOF_N = 8
"""Six axes and two fingers, which stand first in qpos and qvel."""
HAND_GROUP = 3
"""Geom group of hands and arms, which the camera leaves out."""
PALM_KG = 0.6
FINGER_KG = 0.08
GRIP_STIFFNESS_N_M = 2000.0
FINGER_DEPTH_M = 0.012
PAD_PROUD_M = 0.001
SHAFT_FRICTION = 0.2
FINGER_ARMATURE_KG, FINGER_DAMPING_N_S_M, CLOSING_DAMPING_N_S_M = 0.05, 2.0, 20.0
PAST_OPEN_M = 0.002
"""How far a finger may be pushed open beyond open."""
STIFF_SOLREF, STIFF_LIMIT = [0.004, 1.0], [0.99, 0.999, 0.0005, 0.5, 2.0]
TOUCH_MARGIN_M = 0.004
"""A pad's sensor feels what touches the finger within this of the pad."""


@dataclass(frozen=True)
class HandSensors:
    """Columns of the sensor array that `add_hand` adds."""

    left_force: int = 0
    right_force: int = 1
    closing: int = 2
    """How much less than open the gap is: the sum of both fingers' travel, metres."""


def gap_m(hand: HandConfig, closing_m: np.ndarray) -> np.ndarray:
    """The gap between the pads, from the sensed closing."""
    return hand.opening_m - closing_m


def add_hand(spec: mujoco.MjSpec, hand: HandConfig, grip: GripConfig, mount: Mount, *, surface_friction: float) -> None:
    """Adds a hand on its mount. Pads and fingers take priority in contacts; their friction is that with the one object."""
    body = add_mount(spec, mount, carried_kg=PALM_KG + 2 * FINGER_KG)
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
        range=[-PAST_OPEN_M, (hand.opening_m - hand.closed_gap_m) / 2],
        solref_limit=STIFF_SOLREF,
        solimp_limit=STIFF_LIMIT,
        armature=FINGER_ARMATURE_KG,
        damping=FINGER_DAMPING_N_S_M,
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
        size=[size + TOUCH_MARGIN_M for size in pad],
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
    add_servo(
        spec,
        closing,
        mujoco.mjtTrn.mjTRN_TENDON,
        stiffness=GRIP_STIFFNESS_N_M,
        damping=CLOSING_DAMPING_N_S_M,
        limits=(-grip.force_n, grip.force_n),
    )
    spec.add_equality(
        name=f"{prefix}rack_and_pinion",
        type=mujoco.mjtEq.mjEQ_JOINT,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        name1=f"{prefix}left",
        name2=f"{prefix}right",
        data=[0.0, 1.0] + [0.0] * 10,
        solref=STIFF_SOLREF,
    )
    spec.add_sensor(name=closing, type=mujoco.mjtSensor.mjSENS_TENDONPOS, objtype=mujoco.mjtObj.mjOBJ_TENDON, objname=closing)


def closed_target_m(hand: HandConfig, grip: GripConfig) -> float:
    """Closing target that saturates the force limit even on the thinnest object."""
    return hand.opening_m - hand.closed_gap_m + 1.5 * grip.force_n / GRIP_STIFFNESS_N_M


def grasp_height_m(hand: HandConfig, lift: LiftConfig) -> float:
    """Height of the hand frame over the table in a grasp: the fingertips just clear it."""
    return lift.clearance_m + hand.pad_height_m / 2 + hand.fingertip_m
