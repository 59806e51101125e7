"""Building a gripper that was brought in onto a mount: its links and shapes, with our pads, force limit and sensors.

A servo pulls along the line from pad to pad, so that its force is the fingers', whatever linkage carries them (virtual work).
"""

from collections.abc import Sequence
from typing import Any

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np

from sparring.config import GripConfig, HandConfig
from sparring.errors import ConfigError
from sparring.world.grippers.model import PALM, Gripper, Joint, ShapeKind, Solid
from sparring.world.grippers.store import MEASURED, kept_gripper
from sparring.world.hand import (
    CLOSING_DAMPING_N_S_M,
    FINGER_ARMATURE_KG,
    FINGER_DAMPING_N_S_M,
    GRIP_STIFFNESS_N_M,
    HAND_GROUP,
    PAST_OPEN_M,
    SHAFT_FRICTION,
    STIFF_LIMIT,
    STIFF_SOLREF,
    TOUCH_MARGIN_M,
)
from sparring.world.mount import Mount, add_mount, add_servo

GEOMS: dict[ShapeKind, mujoco.mjtGeom] = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    "hull": mujoco.mjtGeom.mjGEOM_MESH,
}
SIDES: tuple[str, str] = ("left", "right")
HALF_ABOUT_Z = [0.0, 0.0, 0.0, 1.0]
BEHIND_M = 0.02
"""The servo is anchored this far behind the pads' faces, so that the line keeps its direction when the fingers are close."""


def add_gripper(spec: mujoco.MjSpec, hand: HandConfig, grip: GripConfig, mount: Mount, *, surface_friction: float) -> None:
    """Adds a gripper that was brought in on its mount, as `add_hand` adds our own.

    Raises:
        ConfigError: the config's numbers are not the gripper's.
        DataError: the gripper is not here.
    """
    gripper = kept_gripper(hand.model)
    _require_its_own_numbers(hand, gripper)
    palm = add_mount(spec, mount, carried_kg=gripper.mass_kg)
    bodies = {PALM: palm}
    for k, link in enumerate(gripper.links):
        bodies[k] = bodies[link.parent].add_body(name=f"{mount.prefix}link_{k}", gravcomp=1.0)
        if link.mass_kg:
            bodies[k].explicitinertial = True
            bodies[k].mass, bodies[k].ipos = link.mass_kg, list(link.centre_m)
            bodies[k].inertia = [link.mass_kg * 1e-4] * 3
    for k, joint in enumerate(gripper.joints):
        _add_joint(bodies[joint.link], f"{mount.prefix}joint_{k}", joint)
    for k, solid in enumerate(gripper.solids):
        _add_solid(spec, bodies[solid.link], k, solid, grip, mount, surface_friction)
    _add_ties(spec, gripper, mount.prefix, bodies)
    fingers = [bodies[_link_of_pad(gripper, side)] for side in SIDES]
    _add_touch(spec, gripper, mount.prefix, fingers)
    _add_closing(spec, gripper, grip, mount.prefix, fingers)


def _link_of_pad(gripper: Gripper, side: str) -> int:
    return next(solid.link for solid in gripper.solids if solid.role == f"{side} pad")


def _require_its_own_numbers(hand: HandConfig, gripper: Gripper) -> None:
    for name in MEASURED:
        wanted, own = getattr(hand, name), getattr(gripper, name)
        if wanted != own:
            raise ConfigError(f"world.hand.{name} is {wanted:g}, but the hand {hand.model} has {own:g}: leave that to --hand")


def _add_joint(body: mujoco.MjsBody, name: str, joint: Joint) -> None:
    slides = joint.kind == "slide"
    body.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE if slides else mujoco.mjtJoint.mjJNT_HINGE,
        axis=list(joint.axis),
        pos=list(joint.anchor_m),
        **(_as_our_own(joint) if joint.travel else _as_the_model_has_it(joint)),
    )


def _as_our_own(joint: Joint) -> dict[str, Any]:
    """A driven joint: at the pad, its armature and damping are those of our own hand's fingers."""
    past = -np.sign(joint.travel) * PAST_OPEN_M / joint.lever_m
    return {
        "limited": True,
        "range": sorted([float(past), joint.travel]),
        "solref_limit": STIFF_SOLREF,
        "solimp_limit": STIFF_LIMIT,
        "armature": FINGER_ARMATURE_KG * joint.lever_m**2,
        "damping": FINGER_DAMPING_N_S_M * joint.lever_m**2,
    }


def _as_the_model_has_it(joint: Joint) -> dict[str, Any]:
    limits = {} if joint.limits is None else {"limited": True, "range": list(joint.limits)}
    return limits | {
        "stiffness": joint.stiffness,
        "springref": joint.spring_at,
        "damping": joint.damping,
        "armature": joint.armature,
    }


def _add_solid(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, number: int, solid: Solid, grip: GripConfig, mount: Mount, surface_friction: float
) -> None:
    kind = {"type": GEOMS[solid.kind], "size": list(solid.size_m)}
    if solid.kind == "hull":
        name = f"{mount.prefix}hull_{number}"
        spec.add_mesh(name=name, uservert=np.ravel(solid.corners_m), inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX)
        kind = {"type": GEOMS[solid.kind], "meshname": name}
    friction = [SHAFT_FRICTION * surface_friction, 0.001, 0.0001]
    if solid.role != "link":
        friction = [grip.pad_friction * surface_friction, grip.torsional_friction_m, 0.0001]
        kind["solref"] = [max(grip.pad_softness_s, 0.004), 1.0]
    body.add_geom(
        name=f"{mount.prefix}{number}_{solid.role.replace(' ', '_')}",
        pos=list(solid.position_m),
        quat=list(solid.quat_wxyz),
        mass=solid.mass_kg,
        friction=friction,
        priority=1,
        condim=4,
        group=HAND_GROUP,
        contype=mount.contype,
        conaffinity=mount.conaffinity,
        **kind,
    )


def _add_ties(spec: mujoco.MjSpec, gripper: Gripper, prefix: str, bodies: dict[int, mujoco.MjsBody]) -> None:
    """What makes links follow others."""
    for k, pin in enumerate(gripper.pins):
        spec.add_equality(
            name=f"{prefix}pin_{k}",
            type=mujoco.mjtEq.mjEQ_CONNECT,
            objtype=mujoco.mjtObj.mjOBJ_BODY,
            name1=bodies[pin.first].name,
            name2=bodies[pin.second].name,
            data=[*pin.at_m] + [0.0] * 9,
            solref=STIFF_SOLREF,
            solimp=STIFF_LIMIT,
        )
    for k, gear in enumerate(gripper.gears):
        spec.add_equality(
            name=f"{prefix}gear_{k}",
            type=mujoco.mjtEq.mjEQ_JOINT,
            objtype=mujoco.mjtObj.mjOBJ_JOINT,
            name1=f"{prefix}joint_{gear.follower}",
            name2="" if gear.leader is None else f"{prefix}joint_{gear.leader}",
            data=[*gear.polynomial] + [0.0] * 7,
            solref=STIFF_SOLREF,
            solimp=STIFF_LIMIT,
        )


def _add_touch(spec: mujoco.MjSpec, gripper: Gripper, prefix: str, fingers: Sequence[mujoco.MjsBody]) -> None:
    """A force sensor over each pad and a little around it."""
    for side, finger, (low, high) in zip(SIDES, fingers, gripper.pad_bounds_m, strict=True):
        name = f"{prefix}{side}_touch"
        middle, half = (np.array(low) + high) / 2, (np.array(high) - low) / 2
        finger.add_site(name=name, type=mujoco.mjtGeom.mjGEOM_BOX, pos=list(middle), size=list(half + TOUCH_MARGIN_M))
        force = f"{prefix}{side}_force"
        spec.add_sensor(name=force, type=mujoco.mjtSensor.mjSENS_TOUCH, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=name)


def _add_closing(spec: mujoco.MjSpec, gripper: Gripper, grip: GripConfig, prefix: str, fingers: Sequence[mujoco.MjsBody]) -> None:
    """The servo along the line from pad to pad, and the sensor of how much less than open the gap is."""
    closing = f"{prefix}closing"
    tendon = spec.add_tendon(name=closing)
    left, right = _anchors_m(gripper)
    for side, finger, at in zip(SIDES, fingers, (left, right), strict=True):
        finger.add_site(name=f"{prefix}{side}_anchor", pos=list(at))
        tendon.wrap_site(f"{prefix}{side}_anchor")
    limits = (-grip.force_n, grip.force_n)
    tendon_servo = mujoco.mjtTrn.mjTRN_TENDON
    servo = add_servo(spec, closing, tendon_servo, stiffness=GRIP_STIFFNESS_N_M, damping=CLOSING_DAMPING_N_S_M, limits=limits)
    gain, bias = servo.gainprm.copy(), servo.biasprm.copy()
    gain[0], bias[0] = -GRIP_STIFFNESS_N_M, GRIP_STIFFNESS_N_M * np.linalg.norm(left - right)
    servo.gainprm, servo.biasprm = gain, bias  # told the closing, it holds the length that is left
    fingers[1].add_site(name=f"{prefix}ruler", pos=list(left), quat=HALF_ABOUT_Z)
    spec.add_sensor(
        name=closing,
        type=mujoco.mjtSensor.mjSENS_FRAMEPOS,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        objname=f"{prefix}left_anchor",
        reftype=mujoco.mjtObj.mjOBJ_SITE,
        refname=f"{prefix}ruler",
    )


def _anchors_m(gripper: Gripper) -> tuple[np.ndarray, np.ndarray]:
    """Where the servo pulls at the left and at the right finger, open."""
    (left_low, left_high), (right_low, right_high) = (np.array(bounds) for bounds in gripper.pad_bounds_m)
    left, right = (left_low + left_high) / 2, (right_low + right_high) / 2
    left[0], right[0] = left_low[0] + BEHIND_M, right_high[0] - BEHIND_M
    return left, right
