"""The colour of a mesh's surface: sampled from its texture, corners or faces; of a mesh without any, drawn from its name."""

import colorsys
from typing import Any

# pyright: reportMissingImports=false
# trimesh is an optional extra.
import numpy as np

from sparring.seeding import rng_of

SAMPLES_N = 20_000
"""Points at which a coloured surface is sampled: some 2 mm apart on a mug."""
SEED = 0
Colours = tuple[np.ndarray, np.ndarray]
"""Points on the surface, shape [n, 3], metres; their RGB bytes, shape [n, 3]."""


def sampled(pieces: list[Any], *, plain: tuple[int, int, int]) -> Colours:
    """Points on the surface and their colours; one point where all of it has one colour."""
    areas = np.array([piece.area for piece in pieces])
    counts = np.maximum(1, np.round(SAMPLES_N * areas / max(areas.sum(), 1e-30))).astype(int)
    found = [_of_piece(piece, int(n), plain) for piece, n in zip(pieces, counts, strict=True)]
    points, colours = (np.concatenate(some) for some in zip(*found, strict=True))
    if (colours == colours[0]).all():
        return points[:1].astype(np.float32), colours[:1]
    return points.astype(np.float32), colours


def drawn_colour(name: str) -> tuple[int, int, int]:
    """The colour of an object that has none: always the same for a name."""
    rng = rng_of(SEED, "colour", name)
    red, green, blue = colorsys.hsv_to_rgb(float(rng.random()), float(rng.uniform(0.45, 0.8)), float(rng.uniform(0.45, 0.85)))
    return round(255 * red), round(255 * green), round(255 * blue)


def _of_piece(piece: Any, n: int, plain: tuple[int, int, int]) -> Colours:
    visual = piece.visual
    kind = visual.kind if visual.defined else None
    if kind == "texture":
        piece = piece.copy()
        visual = piece.visual
        visual.material = getattr(visual.material, "to_simple", lambda: visual.material)()
        if visual.uv is None or visual.material.image is None:
            red, green, blue = map(int, visual.material.main_color[:3])
            kind, plain = None, (red, green, blue)
    if kind is None or piece.area <= 0:
        return piece.vertices[:1], np.array([plain], np.uint8)
    if kind == "texture":
        points, _, colours = _sampled(piece, n, sample_color=True)
        return points, np.asarray(colours)[:, :3].astype(np.uint8)
    points, faces = _sampled(piece, n)
    if kind == "face":
        return points, visual.face_colors[faces, :3].astype(np.uint8)
    from trimesh.triangles import points_to_barycentric

    shares = np.clip(points_to_barycentric(piece.triangles[faces], points), 0, 1)
    corners = visual.vertex_colors[piece.faces[faces], :3].astype(float)
    return points, np.clip(np.einsum("nk,nkc->nc", shares, corners), 0, 255).astype(np.uint8)


def _sampled(piece: Any, n: int, **options: bool) -> Any:
    """Points spread evenly over the surface, the faces that they lie on, and, where asked for, colours of the texture there."""
    from trimesh.sample import sample_surface

    return sample_surface(piece, n, seed=SEED, **options)
