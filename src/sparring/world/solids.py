"""The solids that a scene is made of, with their colours, and where they are in a state: for those who draw it themselves."""

from dataclasses import dataclass
from typing import Literal

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float

from sparring.world.frames import quat_of
from sparring.world.objects.mesh import MeshBody
from sparring.world.objects.model import Shape
from sparring.world.scene import HULL_GROUP, SHAPES, SURFACE, Scene
from sparring.world.spectator import geom_colour

OF_GEOM: dict[int, Shape] = {int(geom): shape for shape, geom in SHAPES.items()}
TABLE_THICK_M = 0.01


@dataclass(frozen=True, eq=False)
class Solid:
    """One of the table, the object's parts and the hands' boxes."""

    name: str
    """table, part_0 and so on or surface (of a mesh), or of a hand: palm, left_shaft, left_pad, right_shaft, right_pad; second_
    before the second's."""
    shape: Shape | Literal["mesh"]
    half_size_m: Float[np.ndarray, " 3"]
    """Along its own axes; of a cylinder and of a capsule: radius, radius, half its length (of a capsule without its caps).
    Of a mesh: of its bounding box."""
    colour: Float[np.ndarray, " 3"]
    """RGB in 0..1, without a pattern."""
    position_m: Float[np.ndarray, " 3"]
    """Of its middle, in the world."""
    quat_wxyz: Float[np.ndarray, " 4"]
    mesh: MeshBody | None = None
    """The surface of a mesh, told from `position_m`."""


def solids(scene: Scene, state: Float[np.ndarray, " state"]) -> list[Solid]:
    """All solids of a scene in a state, the table first, always in the same order."""
    data = scene.engine.forward(state)
    groups = scene.engine.model.geom_group
    return [_solid(scene, data, index) for index in range(scene.engine.model.ngeom) if groups[index] != HULL_GROUP]


def _solid(scene: Scene, data: mujoco.MjData, index: int) -> Solid:
    geom, colour = scene.engine.model.geom(index), geom_colour(scene, index)
    if geom.name == "table":
        x_m, y_m, _ = geom.size
        under = np.array([0.0, 0.0, -TABLE_THICK_M / 2])
        return Solid("table", "box", np.array([x_m, y_m, TABLE_THICK_M / 2]), colour, under, np.array([1.0, 0.0, 0.0, 0.0]))
    if geom.name == SURFACE:
        body, mesh = data.body("object"), scene.object.mesh
        assert mesh is not None
        half = np.ptp(mesh.vertices, axis=0) / 2
        return Solid(SURFACE, "mesh", half, colour, body.xpos.copy(), body.xquat.copy(), mesh)
    turn = data.geom_xmat[index].reshape(3, 3)
    if geom.type[0] == mujoco.mjtGeom.mjGEOM_MESH:
        middle, half = np.split(scene.engine.model.geom_aabb[index], 2)
        return Solid(geom.name, "box", half, colour, data.geom_xpos[index] + turn @ middle, np.array(quat_of(turn)))
    shape = OF_GEOM[int(geom.type[0])]
    a, b, c = map(float, geom.size)
    size = np.array([a, a, b]) if shape in ("cylinder", "capsule") else np.array([a, b, c])
    return Solid(geom.name, shape, size, colour, data.geom_xpos[index].copy(), np.array(quat_of(turn)))
