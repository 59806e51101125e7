"""Baxter, as Rethink Robotics published it: `baxter.urdf` in baxter_common.

Numbers only: where the joints are, how far and how fast they turn, how strong and heavy they are. Shapes are our own capsules.
"""

from dataclasses import dataclass
from typing import Literal

Side = Literal["right", "left"]
Vector = tuple[float, float, float]
QUARTER = 1.570796326794897


@dataclass(frozen=True)
class Joint:
    """A hinge about its own z axis, and the link that it carries."""

    name: str
    origin_m: Vector
    """In the frame of the link before."""
    roll_pitch_yaw_rad: Vector
    """About the fixed axes x, y, z of the link before, in turn."""
    range_rad: tuple[float, float]
    speed_rad_s: float
    effort_n_m: float
    link_kg: float
    capsule_m: tuple[Vector, Vector]
    """Ends of the axis of the link's capsule, in its own frame."""
    radius_m: float


MOUNTS: dict[Side, tuple[Vector, Vector]] = {
    "right": ((0.024645, -0.219645, 0.118588), (0.0, 0.0, -QUARTER / 2)),
    "left": ((0.024645, 0.219645, 0.118588), (0.0, 0.0, QUARTER / 2)),
}
"""Where the arms are mounted on the torso: origin and turn, as of a joint. Baxter looks along x; z is up."""
UP, DOWN = (QUARTER, 0.0, QUARTER), (-QUARTER, -QUARTER, 0.0)
JOINTS = (
    Joint("s0", (0.055695, 0, 0.011038), (0, 0, 0), (-1.70168, 1.70168), 1.5, 50.0, 5.70044, ((0, 0, 0.04), (0, 0, 0.27)), 0.06),
    Joint("s1", (0.069, 0, 0.27035), (-QUARTER, 0, 0), (-2.147, 1.047), 1.5, 50.0, 3.22698, ((0, 0, 0), (0.102, 0, 0)), 0.06),
    Joint("e0", (0.102, 0, 0), UP, (-3.05418, 3.05418), 1.5, 50.0, 4.31272, ((0, 0, 0), (0, 0, 0.262)), 0.06),
    Joint("e1", (0.069, 0, 0.26242), DOWN, (-0.05, 2.618), 1.5, 50.0, 2.07206, ((0, 0, 0), (0.104, 0, 0)), 0.055),
    Joint("w0", (0.10359, 0, 0), UP, (-3.059, 3.059), 4.0, 15.0, 2.24665, ((0, 0, 0), (0, 0, 0.27)), 0.05),
    Joint("w1", (0.01, 0, 0.2707), DOWN, (-1.5708, 2.094), 4.0, 15.0, 1.60979, ((0, 0, 0), (0.116, 0, 0)), 0.05),
    Joint("w2", (0.115975, 0, 0), UP, (-3.059, 3.059), 4.0, 15.0, 0.54218, ((0, 0, 0.02), (0, 0, 0.07)), 0.045),
)
"""From the shoulder to the wrist; the last link carries the masses of wrist and hand flange."""
FLANGE_M = 0.11355
"""From the last joint to the flange that grippers are mounted on, along its z axis, which points to the object."""
REST_RAD: dict[Side, tuple[float, ...]] = {
    "right": (0.08, -1.0, 1.19, 1.94, -0.67, 1.03, 0.5),
    "left": (-0.08, -1.0, -1.19, 1.94, 0.67, 1.03, -0.5),
}
"""As Rethink's untucked pose, elbows out: where arms wait, and what they keep near to while the hand leaves a choice."""
