"""Mass, centre of mass and inertia of a mesh, and how it can lie."""

from dataclasses import dataclass
from typing import Any

# pyright: reportMissingImports=false
# trimesh is an optional extra.
import numpy as np

from sparring.errors import DataError
from sparring.world.frames import quat_of
from sparring.world.objects.imported import HEAVIEST_KG, LIGHTEST_KG, is_inertia
from sparring.world.objects.mesh import StablePose

PAYLOAD_KG = 2.2
"""Of the paper's robot."""
POSES_N, RAREST = 64, 0.002
"""At most so many stable poses are kept, and none that is rarer."""
COVERED = 0.5
"""Where those make up less than this share of all drops the object is round, and lies anyhow."""
Inertia = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Weight:
    """How much there is of an object, and where."""

    mass_kg: float
    mass_from: str
    centre_of_mass_m: tuple[float, float, float]
    inertia_kg_m2: Inertia
    warnings: tuple[str, ...]


def weighed(solid: Any, hulls: list[np.ndarray], *, density_kg_m3: float, mass_kg: float | None) -> Weight:
    """The weight of a mesh in metres: filled evenly where it is watertight, else that of its convex parts.

    Raises:
        DataError: it would weigh nothing, or more than anything here.
    """
    warnings: list[str] = []
    filled = solid if _is_filled(solid) else None
    if filled is None:
        filled = _together(hulls)
        warnings.append("not watertight: mass, centre of mass and inertia are those of its convex parts together")
    volume_m3, centre, inertia = filled.volume, filled.center_mass, filled.moment_inertia
    mass = density_kg_m3 * volume_m3 if mass_kg is None else mass_kg
    if not LIGHTEST_KG <= mass <= HEAVIEST_KG:
        raise DataError(f"it would weigh {mass:.3g} kg, of {LIGHTEST_KG:g} to {HEAVIEST_KG:g}; give --mass-kg or --density-kg-m3")
    if mass > PAYLOAD_KG:
        warnings.append(f"heavier ({mass:.2f} kg) than the robot's payload of {PAYLOAD_KG:g} kg")
    (xx, xy, xz), (_, yy, yz), (_, _, zz) = (inertia * (mass / volume_m3)).tolist()
    mass_from = "given" if mass_kg is not None else f"{density_kg_m3:g} kg/m3 times {1e6 * volume_m3:.1f} cm3"
    x, y, z = map(float, centre)
    return Weight(float(mass), mass_from, (x, y, z), (xx, yy, zz, xy, xz, yz), tuple(warnings))


def _is_filled(solid: Any) -> bool:
    """Whether a mesh bounds a volume of which mass and inertia follow."""
    if not solid.is_watertight or not solid.is_winding_consistent or solid.volume <= 0:
        return False
    (xx, xy, xz), (_, yy, yz), (_, _, zz) = solid.moment_inertia.tolist()
    within = ((solid.center_mass >= solid.bounds[0]) & (solid.center_mass <= solid.bounds[1])).all()
    return bool(within) and is_inertia((xx, yy, zz, xy, xz, yz))


def _together(hulls: list[np.ndarray]) -> Any:
    import trimesh

    return trimesh.util.concatenate([trimesh.convex.convex_hull(corners) for corners in hulls])


def stable_poses(hulls: list[np.ndarray], centre_of_mass_m: tuple[float, float, float]) -> tuple[StablePose, ...]:
    """How an object can lie on a table, the likeliest after a gentle drop first (Goldberg et al. 1999); none of round ones."""
    import trimesh

    try:
        hull = trimesh.convex.convex_hull(np.concatenate(hulls))
        turns, odds = trimesh.poses.compute_stable_poses(hull, center_mass=np.array(centre_of_mass_m), sigma=0.0, n_samples=1)
    except (ValueError, IndexError, RuntimeError):  # round things have no face to lie on
        return ()
    kept = [(turn, float(share)) for turn, share in zip(turns[:POSES_N], odds[:POSES_N], strict=True) if share >= RAREST]
    total = sum(share for _, share in kept)
    if total < COVERED:
        return ()
    return tuple(StablePose(_wxyz(turn[:3, :3]), share / total) for turn, share in kept)


def _wxyz(turn: np.ndarray) -> tuple[float, float, float, float]:
    w, x, y, z = map(float, quat_of(turn))
    return w, x, y, z
