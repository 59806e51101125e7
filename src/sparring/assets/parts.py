"""Convex parts of a mesh, by CoACD (Wei et al. 2022), each taken apart once and kept by content."""

import hashlib
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

# pyright: reportMissingImports=false
# trimesh and coacd are an optional extra.
import numpy as np

from sparring.cache import cache_folder
from sparring.data.files import write_atomically
from sparring.errors import DataError

CORNERS_N = 64
"""Most corners of a part that CoACD makes."""
DIRECTIONS_N = 200
"""A ready-made part of more corners keeps those that are outermost in so many directions."""
CONVEX_SHARE = 0.97
"""A piece that fills at least this share of its convex hull is one part: its hull."""
SEARCH: dict[str, Any] = {
    "preprocess_resolution": 30,
    "resolution": 1000,
    "mcts_nodes": 8,
    "mcts_iterations": 30,
    "mcts_max_depth": 2,
}
"""CoACD's settings: coarse, seconds a mesh instead of minutes, and fine enough for handles."""
SEED = 0
Hull = np.ndarray
"""Corners of a convex part, shape [n, 3]."""


def convex_parts(pieces: list[Any], solid: Any, *, concavity_m: float, max_parts: int) -> tuple[list[Hull], bool]:
    """Corners of convex parts that make up a mesh and whether they came ready-made.

    Args:
        pieces: the meshes of the file, in metres, which are kept where all of them are convex.
        solid: all of them as one mesh.
        concavity_m: how finely it is taken apart.
        max_parts: how many are allowed.

    Raises:
        DataError: it would need more parts than allowed, or cannot be taken apart.
    """
    ready = _ready_made(pieces if len(pieces) > 1 else [solid], max_parts)
    hulls = ready or _taken_apart(solid, concavity_m)
    if len(hulls) > max_parts:
        raise DataError(
            f"it would need {len(hulls)} convex parts, and --max-parts is {max_parts}; allow more, take it apart more coarsely "
            f"(--concavity-m {2 * concavity_m:g}), or simplify the mesh"
        )
    return hulls, ready is not None


def _ready_made(pieces: list[Any], most_n: int) -> list[Hull] | None:
    """The pieces' hulls, where all are convex."""
    if len(pieces) > most_n or not all(map(_is_convex, pieces)):
        return None
    return [_few_corners(np.asarray(piece.convex_hull.vertices)) for piece in pieces]


def _is_convex(piece: Any) -> bool:
    return bool(piece.volume >= CONVEX_SHARE * piece.convex_hull.volume > 0)


def _few_corners(corners: Hull) -> Hull:
    """The corners that reach farthest in directions all around, where there are many."""
    if len(corners) <= CORNERS_N:
        return corners
    heights = np.linspace(1 - 1 / DIRECTIONS_N, 1 / DIRECTIONS_N - 1, DIRECTIONS_N)
    turns = np.pi * (1 + 5**0.5) * np.arange(DIRECTIONS_N)
    radii = np.sqrt(1 - heights**2)
    directions = np.stack([radii * np.cos(turns), radii * np.sin(turns), heights], axis=1)
    return corners[np.unique((corners @ directions.T).argmax(axis=0))]


def _taken_apart(solid: Any, concavity_m: float) -> list[Hull]:
    path = cache_folder() / "coacd" / f"{_key(solid, concavity_m)}.npz"
    kept = _kept(path)
    if kept is not None:
        return kept
    found = _by_coacd(solid, concavity_m)
    arrays: dict[str, Any] = {f"part_{number:04d}": hull for number, hull in enumerate(found)}

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, **arrays)

    write_atomically(path, write)
    return found


def _key(solid: Any, concavity_m: float) -> str:
    told = f"{version('coacd')} {concavity_m} {CORNERS_N} {sorted(SEARCH.items())} {SEED}"
    content = np.ascontiguousarray(solid.vertices, np.float64).tobytes() + np.ascontiguousarray(solid.faces, np.int64).tobytes()
    return hashlib.sha256(told.encode() + content).hexdigest()[:32]


def _kept(path: Path) -> list[Hull] | None:
    """What was found before; None where there is nothing, or it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return [arrays[name] for name in sorted(arrays.files)]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _by_coacd(solid: Any, concavity_m: float) -> list[Hull]:
    import coacd
    import trimesh

    coacd.set_log_level("off")
    try:
        found = coacd.run_coacd(
            coacd.Mesh(solid.vertices, solid.faces),
            threshold=concavity_m,
            real_metric=True,
            decimate=True,
            max_ch_vertex=CORNERS_N,
            seed=SEED,
            **SEARCH,
        )
        hulls = [np.asarray(trimesh.Trimesh(corners, faces).convex_hull.vertices) for corners, faces in found]
    except (RuntimeError, ValueError) as error:
        raise DataError(f"it could not be taken apart into convex parts ({error}); mend the mesh (Blender: Remesh)") from None
    if not hulls:
        raise DataError("it could not be taken apart into convex parts; mend the mesh (Blender: Remesh)")
    return hulls
