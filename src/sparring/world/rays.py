"""Casting rays at a scene, and the colours of what they meet. MuJoCo casts them on the CPU: no display and no GL are needed."""

from collections.abc import Generator
from contextlib import contextmanager

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Bool, Float, Int

from sparring.world.objects.model import MATERIALS
from sparring.world.scene import Scene

AMBIENT, DIFFUSE = 0.45, 0.65
PAINT_GLOSS, MESH_GLOSS = 0.3, 0.2
Points = Float[np.ndarray, "n 3"]


def intersect(
    scene: Scene, data: mujoco.MjData, origin: Float[np.ndarray, " 3"], rays: Points, groups: np.ndarray
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"], Points]:
    """Geom ids (-1: nothing), distances in ray lengths and unit normals of the first hits among the geom groups that are seen."""
    n, model = len(rays), scene.engine.model
    geoms, distance, normals = np.full(n, -1, np.int32), np.full(n, -1.0), np.zeros(3 * n)
    with _whole_bodies(model):
        mujoco.mj_multiRay(model, data, origin, rays.ravel(), groups, 1, -1, geoms, distance, normals, n, mujoco.mjMAXVAL)
    return geoms, distance, normals.reshape(n, 3)


@contextmanager
def _whole_bodies(model: mujoco.MjModel) -> Generator[None]:
    """Bodies with bounds that hold all of them, while rays are cast.

    MuJoCo 3.17 leaves a body out where a ray misses a sphere about its centre of mass whose radius is that of its bounding box,
    wherever the box lies: lopsided objects lose the parts that are far from their centre of mass. So the box is grown until its
    centre is there. Contacts need the true bounds.
    """
    roots = model.body_bvhadr[model.body_bvhadr >= 0]
    bounds = model.bvh_aabb[roots].copy()
    centre, half = bounds[:, :3], bounds[:, 3:]
    model.bvh_aabb[roots] = np.hstack([np.zeros_like(centre), np.abs(centre) + half])
    try:
        yield
    finally:
        model.bvh_aabb[roots] = bounds


def lit(
    scene: Scene, data: mujoco.MjData, light: Float[np.ndarray, " 3"], points: Points, groups: np.ndarray
) -> Bool[np.ndarray, " n"]:
    """Which points the light reaches."""
    _, distance, _ = intersect(scene, data, light, points - light, groups)
    return (distance < 0) | (distance > 0.999)


def object_surface(
    scene: Scene, data: mujoco.MjData, parts: Int[np.ndarray, " n"], points: Points
) -> tuple[Points, Float[np.ndarray, " n"]]:
    """Colour and gloss of points on parts of the object, with each part's pattern; of a mesh as it was sampled."""
    if scene.object.mesh is not None:
        body = data.body("object")
        return scene.object.mesh.colours_at((points - body.xpos) @ body.xmat.reshape(3, 3)), np.full(len(points), MESH_GLOSS)
    looks = scene.object.parts
    colour = np.array([part.colour for part in looks])[parts]
    pattern = np.array([part.pattern for part in looks])[parts]
    hidden = scene.object.materials_hidden
    gloss = np.array([PAINT_GLOSS if hidden else MATERIALS[part.material].gloss for part in looks])[parts]
    ids = scene.object_geoms[parts]
    turned = data.geom_xmat[ids].reshape(-1, 3, 3)
    local = np.einsum("nji,nj->ni", turned, points - data.geom_xpos[ids])
    return colour * _pattern(pattern, local)[:, None], gloss


def shaded(
    body: Points,
    gloss: Float[np.ndarray, " n"],
    *,
    points: Points,
    normals: Points,
    lit: Bool[np.ndarray, " n"],
    light: Float[np.ndarray, " 3"],
    eye: Float[np.ndarray, " 3"],
) -> Points:
    """Colours of surface points by Blinn-Phong."""
    to_light = _unit(light - points)
    halfway = _unit(to_light + _unit(eye - points))
    facing = np.maximum(0.0, (normals * to_light).sum(axis=1)) * lit
    shine = gloss * lit * np.maximum(0.0, (normals * halfway).sum(axis=1)) ** 30
    return body * (AMBIENT + DIFFUSE * facing)[:, None] + 0.5 * shine[:, None]


def _pattern(pattern: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Brightness factor of each surface pattern at points in the part's own frame (metres)."""
    x, y, z = 2 * np.pi * local.T
    stripes = np.where(np.sin(x / 0.016) > 0, 1.0, 0.72)
    rings = np.where(np.sin(z / 0.022) > 0, 1.0, 0.75)
    speckle = 0.88 + 0.12 * np.sin(x / 0.009) * np.sin(y / 0.011 + z / 0.013)
    return np.choose(pattern, [np.ones(len(local)), stripes, rings, speckle])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
