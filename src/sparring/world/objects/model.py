"""What an object is: convex parts of known material, in the object's own frame."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from sparring.world.objects.mesh import MeshBody

Shape = Literal["box", "cylinder", "capsule", "ellipsoid"]
Vector = tuple[float, float, float]
UPRIGHT = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Material:
    """A material as seen and as weighed."""

    density_kg_m3: float
    """Mean density of a part made of it; hollow things are light."""
    colours: tuple[Vector, ...]
    """Typical colours, linear RGB in 0..1."""
    gloss: float
    """Strength of the specular highlight, 0..1."""
    friction: float
    """Surface factor that multiplies the pad's friction coefficient."""


MATERIALS: dict[str, Material] = {
    "wood": Material(650.0, ((0.55, 0.36, 0.18), (0.70, 0.52, 0.30), (0.40, 0.24, 0.12)), 0.1, 1.0),
    "plastic": Material(500.0, ((0.80, 0.10, 0.10), (0.10, 0.25, 0.75), (0.90, 0.70, 0.05), (0.10, 0.55, 0.20)), 0.5, 0.95),
    "foam": Material(120.0, ((0.90, 0.45, 0.70), (0.45, 0.80, 0.85), (0.85, 0.85, 0.40)), 0.0, 1.15),
    "rubber": Material(1000.0, ((0.06, 0.06, 0.07), (0.16, 0.10, 0.08)), 0.1, 1.25),
    "steel": Material(5200.0, ((0.30, 0.31, 0.33), (0.22, 0.23, 0.25)), 1.0, 0.85),
    "brass": Material(4800.0, ((0.60, 0.42, 0.10), (0.45, 0.28, 0.10)), 0.9, 0.85),
    "cardboard": Material(250.0, ((0.60, 0.46, 0.30), (0.72, 0.62, 0.46)), 0.0, 1.05),
    "plush": Material(150.0, ((0.50, 0.30, 0.15), (0.75, 0.60, 0.45), (0.55, 0.55, 0.60)), 0.0, 1.2),
}
"""Densities are of parts as they are made (hollow plastic, steel with holes), not of the bare stuff."""


@dataclass(frozen=True)
class Part:
    """One convex piece of an object."""

    shape: Shape
    half_size_m: Vector
    """box, ellipsoid: half lengths; cylinder, capsule: (radius, half length of the straight part, 0), axis z."""
    position_m: Vector
    """Centre in the object frame."""
    material: str
    colour: Vector
    quat_wxyz: tuple[float, float, float, float] = UPRIGHT
    """Orientation in the object frame."""
    pattern: int = 0
    """Surface pattern: 0 plain, 1 stripes, 2 rings, 3 speckle."""

    @property
    def volume_m3(self) -> float:
        """Volume of the part."""
        a, b, c = self.half_size_m
        match self.shape:
            case "box":
                return 8 * a * b * c
            case "ellipsoid":
                return 4 / 3 * np.pi * a * b * c
            case "cylinder":
                return 2 * np.pi * a * a * b
            case "capsule":
                return np.pi * a * a * (2 * b + 4 / 3 * a)


@dataclass(frozen=True)
class ObjectModel:
    """A graspable object, lying as its family draws it with z up."""

    name: str
    family: str
    parts: tuple[Part, ...]
    """None where it was brought in as a mesh."""
    masses_kg: tuple[float, ...]
    """Mass of each part; of a mesh the one mass."""
    friction: float
    """Surface factor that multiplies the pad's friction coefficient."""
    softness_s: float = 0.0
    """Contact time constant added by a soft body; 0 is rigid."""
    materials_hidden: bool = field(default=False)
    """Whether paint hides what the parts are made of, so that mass cannot be seen."""
    mesh: MeshBody | None = None
    """What it consists of instead of parts, where it was brought in as a mesh."""

    @property
    def mass_kg(self) -> float:
        """Total mass."""
        return float(sum(self.masses_kg))

    @property
    def centre_of_mass_m(self) -> np.ndarray:
        """Centre of mass in the object frame, shape [3]."""
        if self.mesh is not None:
            return np.array(self.mesh.centre_of_mass_m)
        positions = np.array([part.position_m for part in self.parts])
        return np.average(positions, axis=0, weights=self.masses_kg)


def quat_about(axis: Literal["x", "y", "z"], angle_rad: float) -> tuple[float, float, float, float]:
    """Quaternion (wxyz) of a rotation by `angle_rad` about one axis."""
    half = angle_rad / 2
    components = [float(np.cos(half)), 0.0, 0.0, 0.0]
    components["xyz".index(axis) + 1] = float(np.sin(half))
    return components[0], components[1], components[2], components[3]


def assemble(
    name: str,
    family: str,
    parts: Iterable[Part],
    *,
    mass_kg: float,
    friction_factor: float = 1.0,
    softness_s: float = 0.0,
    materials_hidden: bool = False,
) -> ObjectModel:
    """An object from its parts, which share `mass_kg` by material and volume.

    Its surface is the mean of the materials' friction by volume, times `friction_factor`.
    """
    parts = tuple(parts)
    masses = _weights_kg(parts)
    masses *= mass_kg / masses.sum()
    volumes = np.array([part.volume_m3 for part in parts])
    surface = float(np.average([MATERIALS[part.material].friction for part in parts], weights=volumes))
    return ObjectModel(
        name=name,
        family=family,
        parts=parts,
        masses_kg=tuple(float(mass) for mass in masses),
        friction=surface * friction_factor,
        softness_s=softness_s,
        materials_hidden=materials_hidden,
    )


def looks_like_kg(parts: Iterable[Part]) -> float:
    """What the parts would weigh by their volume and material."""
    return float(_weights_kg(tuple(parts)).sum())


def _weights_kg(parts: tuple[Part, ...]) -> np.ndarray:
    return np.array([part.volume_m3 * MATERIALS[part.material].density_kg_m3 for part in parts])


def recoloured(part: Part, colour: Vector, pattern: int) -> Part:
    """The same part under paint."""
    return replace(part, colour=colour, pattern=pattern)
