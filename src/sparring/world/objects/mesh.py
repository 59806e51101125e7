"""What an object brought in as a mesh consists of: convex parts that touch, a surface that is seen, and how its mass lies."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy.spatial import KDTree

Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True)
class StablePose:
    """A way in which an object can lie on a table."""

    quat_wxyz: Quaternion
    """Turn of the object's frame, z up."""
    probability: float
    """Share of drops that end so, by how much of the surface leads there."""


@dataclass(frozen=True, eq=False)
class MeshBody:
    """The shape of an object in its own frame, metres."""

    hulls: tuple[Float[np.ndarray, "_ 3"], ...]
    """Corners of the convex parts, which alone touch anything."""
    vertices: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]
    """Of the surface that cameras see; corners counter-clockwise from outside."""
    colour_points: Float[np.ndarray, "colours 3"]
    """Where on the surface its colour was sampled; one point for an object of one colour."""
    colours: UInt8[np.ndarray, "colours 3"]
    centre_of_mass_m: tuple[float, float, float]
    inertia_kg_m2: tuple[float, float, float, float, float, float]
    """About the centre of mass: xx, yy, zz, xy, xz, yz."""
    poses: tuple[StablePose, ...]
    """None where no stable pose is known."""

    @cached_property
    def corners(self) -> Float[np.ndarray, "corners 3"]:
        """Corners of all convex parts."""
        return np.concatenate(self.hulls)

    @property
    def mean_colour(self) -> Float[np.ndarray, " 3"]:
        """RGB in 0..1."""
        return self.colours.mean(axis=0) / 255

    def colours_at(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """RGB in 0..1 at points of the surface: that of the nearest sample."""
        _, nearest = self._tree.query(points)
        return self.colours[nearest] / 255

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.colour_points)
