"""From one mesh file to an object: read, checked, sized, taken apart, weighed, coloured. A worker's job."""

import hashlib
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

# pyright: reportMissingImports=false
# trimesh is an optional extra.
import numpy as np

from sparring.assets.colouring import drawn_colour, sampled
from sparring.assets.loading import pieces_of
from sparring.assets.options import ImportConfig
from sparring.assets.parts import convex_parts
from sparring.assets.sizing import scale_for
from sparring.assets.weighing import Weight, stable_poses, weighed
from sparring.config import HandConfig
from sparring.errors import DataError, SparringError
from sparring.world.objects.imported import ObjectCard, model_of
from sparring.world.scene import require_compiles

MEMORY_BYTES = 8 * 2**30
"""Address space of a worker: a hostile file ends its own import, not the machine."""
MOST_SEEN_FACES_N = 20_000
"""A finer surface is coarsened before it is seen."""
FLAT_SHARE = 1e-4
"""A mesh whose convex hull fills less of its bounding cube is flat."""


@dataclass(frozen=True)
class MeshJob:
    """A mesh to bring in."""

    path: Path
    name: str
    """What the object will be called."""
    config: ImportConfig
    colour: tuple[int, int, int] | None = None
    """Of a mesh without colours; None: drawn from the name."""


@dataclass(frozen=True, eq=False)
class BroughtIn:
    """An object as it will be written."""

    card: ObjectCard
    shape: bytes
    """Its .npz file."""
    took_s: float


@dataclass(frozen=True)
class Refused:
    """In place of an object: why there is none."""

    name: str
    reason: str
    took_s: float


def bring_in(job: MeshJob) -> BroughtIn | Refused:
    """Makes an object of a mesh file; never raises what a bad file leads to."""
    logging.getLogger("trimesh").setLevel(logging.CRITICAL)  # what matters is told in errors and warnings of ours
    begun_s = time.monotonic()
    try:
        card, shape = _object_of(job)
        return BroughtIn(card, shape, time.monotonic() - begun_s)
    except SparringError as error:
        return Refused(job.name, str(error), time.monotonic() - begun_s)
    except MemoryError:
        reason = f"{job.path}: it takes more memory than is allowed; simplify it first (Blender: Decimate)"
        return Refused(job.name, reason, time.monotonic() - begun_s)


def bring_in_within_bounds(job: MeshJob) -> BroughtIn | Refused:
    """The same in a worker process, whose memory is limited first."""
    with suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    return bring_in(job)


def _object_of(job: MeshJob) -> tuple[ObjectCard, bytes]:
    pieces = pieces_of(job.path)
    try:
        return _checked(job, pieces)
    except DataError as error:
        raise DataError(f"{job.path}: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # geometry of a kind that nobody thought of
        raise DataError(f"{job.path}: it could not be worked on ({type(error).__name__}: {error}); mend the mesh") from None


def _checked(job: MeshJob, pieces: list[Any]) -> tuple[ObjectCard, bytes]:
    config = job.config
    scale, warnings = _to_metres(pieces, config)
    solid = _whole(pieces)
    _require_solid(solid)
    if not solid.is_watertight and solid.fill_holes():
        warnings.append("had small holes, which were closed")
    if _is_inside_out(solid):
        _turn(pieces, solid, config)
    hulls, ready_made = convex_parts(pieces, solid, concavity_m=config.concavity_m, max_parts=config.max_parts)
    if not ready_made and solid.body_count > 1:
        warnings.append(f"in {solid.body_count} pieces that do not touch; they move as one")
    weight = weighed(solid, hulls, density_kg_m3=config.density_kg_m3, mass_kg=config.mass_kg)
    warnings += [*weight.warnings, *_as_grasped(hulls)]
    shape = _shape(hulls, _seen(solid), *sampled(pieces, plain=job.colour or drawn_colour(job.name)))
    content = _packed(shape)
    card = _card(job, solid, weight, scale=scale, hulls=hulls, shape=content, warnings=warnings, ready_made=ready_made)
    require_compiles(model_of(card, shape, family="tried", within="tried"))
    return card, content


def _to_metres(pieces: list[Any], config: ImportConfig) -> tuple[float, list[str]]:
    """Scales the pieces; metres a unit of the file, and what is to be told of it."""
    corners = np.concatenate([piece.bounds for piece in pieces])
    scale = scale_for(float(np.ptp(corners, axis=0).max()), config.units, config.scale)
    for piece in pieces:
        piece.apply_scale(scale)
    guessed = config.units == "auto" and config.scale is None
    return scale, [f"taken to be in units of {scale:g} m"] if guessed else []


def _turn(pieces: list[Any], solid: Any, config: ImportConfig) -> None:
    """Turns what is inside out, where that was asked for.

    Raises:
        DataError: it was not.
    """
    if not config.flip:
        raise DataError(
            "it is inside out: its faces look inwards (its signed volume is negative); pass --flip to turn it, or "
            "recalculate its normals (Blender: Mesh > Normals > Recalculate Outside)"
        )
    for mesh in (*pieces, solid):
        mesh.invert()


def _whole(pieces: list[Any]) -> Any:
    """All pieces as one mesh, its corners shared."""
    import trimesh

    bare = [trimesh.Trimesh(piece.vertices, piece.faces, process=False) for piece in pieces]
    whole = trimesh.util.concatenate(bare) if len(bare) > 1 else bare[0]
    whole.merge_vertices()
    whole.update_faces(whole.nondegenerate_faces())
    whole.remove_unreferenced_vertices()
    return whole


def _require_solid(solid: Any) -> None:
    extents = solid.extents
    fills = 0.0
    if extents is not None and len(solid.faces) >= 4 and extents.min() > 0:
        with suppress(Exception):  # Qhull says in its own ways that there is no hull
            fills = float(solid.convex_hull.volume / extents.max() ** 3)
    if not fills > FLAT_SHARE:
        raise DataError("it is flat: it encloses no volume; give it a thickness (Blender: Solidify)")


def _is_inside_out(solid: Any) -> bool:
    """Whether most of what it encloses counts as negative, which says nothing where faces disagree."""
    return bool(solid.is_winding_consistent and solid.volume < 0)


def _as_grasped(hulls: list[np.ndarray]) -> list[str]:
    """A warning where no part is narrow enough to be grasped, whichever way it is turned."""
    opening_m = HandConfig().opening_m
    narrowest = min(_width_m(corners) for corners in hulls)
    if narrowest <= opening_m:
        return []
    return [f"wider than the hand opens everywhere: no part is narrower than {100 * narrowest:.1f} cm, of {100 * opening_m:g} cm"]


def _width_m(corners: np.ndarray) -> float:
    """The least distance between two parallel planes that hold a convex part: both lie against it, one with a face."""
    import trimesh

    hull = trimesh.convex.convex_hull(corners)
    heights = hull.vertices @ hull.face_normals.T
    return float(np.ptp(heights, axis=0).min())


def _seen(solid: Any) -> Any:
    """The surface, coarsened to cells of a grid where it is too fine to be seen anyway."""
    import trimesh

    cells_n = 128
    while len(solid.faces) > MOST_SEEN_FACES_N:
        cells = np.round((solid.vertices - solid.bounds[0]) / solid.extents.max() * cells_n).astype(np.int64)
        _, first, cell_of = np.unique(cells, axis=0, return_index=True, return_inverse=True)
        faces = cell_of.reshape(-1)[solid.faces]
        kept = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
        coarse = trimesh.Trimesh(solid.vertices[first], faces[kept], process=False)
        if len(coarse.faces) <= MOST_SEEN_FACES_N:
            return coarse
        cells_n = cells_n * 3 // 4
    return solid


def _shape(hulls: list[np.ndarray], seen: Any, colour_points: np.ndarray, colours: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "hull_corners": np.concatenate(hulls).astype(np.float32),
        "hull_sizes": np.array([len(corners) for corners in hulls], np.int32),
        "vertices": np.asarray(seen.vertices, np.float32),
        "faces": np.asarray(seen.faces, np.int32),
        "colour_points": colour_points,
        "colours": colours,
    }


def _packed(shape: dict[str, np.ndarray]) -> bytes:
    file = BytesIO()
    np.savez(file, **shape)  # type: ignore[arg-type]
    return file.getvalue()


def _card(
    job: MeshJob,
    solid: Any,
    weight: Weight,
    *,
    scale: float,
    hulls: list[np.ndarray],
    shape: bytes,
    warnings: list[str],
    ready_made: bool,
) -> ObjectCard:
    x_m, y_m, z_m = map(float, solid.extents)
    return ObjectCard(
        name=job.name,
        source=job.path.name,
        source_sha256=hashlib.sha256(job.path.read_bytes()).hexdigest(),
        shape_sha256=hashlib.sha256(shape).hexdigest(),
        scale=scale,
        mass_kg=weight.mass_kg,
        mass_from=weight.mass_from,
        centre_of_mass_m=weight.centre_of_mass_m,
        inertia_kg_m2=weight.inertia_kg_m2,
        friction=job.config.friction,
        size_m=(x_m, y_m, z_m),
        parts_n=len(hulls),
        parts_from="convex already" if ready_made else f"CoACD, concavity {1000 * job.config.concavity_m:g} mm",
        poses=stable_poses(hulls, weight.centre_of_mass_m),
        warnings=tuple(warnings),
    )
