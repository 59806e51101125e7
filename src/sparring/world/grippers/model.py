"""A gripper as scenes are built from it: links, shapes and joints, all in the hand frame and with the hand open.

Hand frame: origin midway between the pads, x from the right pad to the left one, z away from the object (the approach is -z).
"""

from dataclasses import dataclass
from typing import Literal

from sparring.config import Point

ShapeKind = Literal["box", "cylinder", "capsule", "ellipsoid", "hull"]
Role = Literal["left pad", "right pad", "link"]
JointKind = Literal["slide", "hinge"]
PALM = -1
"""In place of the number of a link: what does not move, which the mount carries."""


@dataclass(frozen=True)
class Solid:
    """A convex part of a link."""

    link: int
    role: Role
    kind: ShapeKind
    size_m: Point
    """As MuJoCo has it: half sizes; radius and half length; of a hull nothing."""
    position_m: Point
    quat_wxyz: tuple[float, float, float, float]
    mass_kg: float
    corners_m: tuple[Point, ...] = ()
    """Of a hull, in its own frame."""


@dataclass(frozen=True)
class Link:
    """A body that moves."""

    parent: int
    mass_kg: float
    """Of what has no shape; the rest is its solids'."""
    centre_m: Point


@dataclass(frozen=True)
class Joint:
    """How a link moves against its parent; 0 is open. Metres or radians."""

    link: int
    kind: JointKind
    axis: Point
    anchor_m: Point
    travel: float
    """From open to closed of one that is driven; 0 of one that follows."""
    lever_m: float
    """How far a finger moves a unit of it, about; 1 of one that follows."""
    limits: tuple[float, float] | None = None
    stiffness: float = 0.0
    spring_at: float = 0.0
    damping: float = 0.0
    armature: float = 0.0


@dataclass(frozen=True)
class Pin:
    """Two links are joined at a point, as in a linkage with four bars."""

    first: int
    second: int
    at_m: Point


@dataclass(frozen=True)
class Gear:
    """One joint follows another, or stays: its value is a polynomial of the other's."""

    follower: int
    leader: int | None
    polynomial: tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Gripper:
    """All of it, with what was measured. Numbers as in `HandConfig`."""

    opening_m: float
    closed_gap_m: float
    finger_length_m: float
    pad_width_m: float
    pad_height_m: float
    fingertip_m: float
    force_limit_n: float
    mass_kg: float
    pad_bounds_m: tuple[tuple[Point, Point], tuple[Point, Point]]
    """Lowest and highest corner of the left and of the right pad, open."""
    links: tuple[Link, ...]
    joints: tuple[Joint, ...]
    solids: tuple[Solid, ...]
    pins: tuple[Pin, ...]
    gears: tuple[Gear, ...]
