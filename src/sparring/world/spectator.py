"""A spectator's view of a scene in any state, hands and all: for films. Players never see it."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float, UInt8

from sparring.config import Point
from sparring.world.hand import HAND_GROUP
from sparring.world.rays import AMBIENT, DIFFUSE, intersect, lit, object_surface, shaded
from sparring.world.scene import HULL_GROUP, Scene

ALL_GROUPS = np.array([group != HULL_GROUP for group in range(6)], np.uint8)
"""All that can be seen, hands included."""
LIGHT_M = np.array([-0.5, -0.7, 1.6])
SKY, TABLE, TABLE_LINES = np.array([0.93, 0.95, 0.97]), np.array([0.78, 0.80, 0.82]), np.array([0.70, 0.72, 0.75])
HAND, PADS, SECOND = np.array([0.42, 0.46, 0.53]), np.array([0.20, 0.21, 0.24]), np.array([0.78, 0.30, 0.24])
GRID_M, LINE_M = 0.1, 0.003
NEAR_M, FAR_M = 0.45, 0.95
"""Where the table begins to fade into the distance, and where it ends."""
GLOSS = 0.25


@dataclass(frozen=True)
class Spectator:
    """A pinhole camera that looks from a place at a point."""

    eye_m: Point
    target_m: Point
    width_px: int = 320
    height_px: int = 320
    view_deg: float = 40.0
    """Vertical opening angle."""

    @cached_property
    def rays(self) -> Float[np.ndarray, "pixels 3"]:
        """The direction of every pixel, row by row, in the world."""
        forward = np.array(self.target_m) - np.array(self.eye_m)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right = right / np.linalg.norm(right)
        up = np.cross(right, forward)
        half = np.tan(np.deg2rad(self.view_deg) / 2)
        columns = (np.arange(self.width_px) - (self.width_px - 1) / 2) / (self.height_px / 2)
        rows = ((self.height_px - 1) / 2 - np.arange(self.height_px)) / (self.height_px / 2)
        x, y = np.meshgrid(columns * half, rows * half)
        return forward + x.reshape(-1, 1) * right + y.reshape(-1, 1) * up


FIXED, FOLLOWING = (
    Spectator((0.80, -0.95, 0.55), (0.0, 0.0, 0.26)),
    Spectator((0.22, -0.42, 0.16), (0.0, 0.0, 0.0), view_deg=34.0),
)
"""One sees all that happens; the other moves along with the hand, and its places are told from there."""


def following(scene: Scene, state: Float[np.ndarray, " state"], *, side_px: int) -> Spectator:
    """The spectator that moves along with the protagonist's hand."""
    hand = scene.hand_m(state) - np.array([0.0, 0.0, 0.03])
    eye, target = hand + FOLLOWING.eye_m, hand + FOLLOWING.target_m
    return replace(
        FOLLOWING, eye_m=tuple(map(float, eye)), target_m=tuple(map(float, target)), width_px=side_px, height_px=side_px
    )


@lru_cache(maxsize=4)
def fixed(*, side_px: int) -> Spectator:
    """The spectator that stays where it is, and whose rays are the same in every frame."""
    return replace(FIXED, width_px=side_px, height_px=side_px)


def picture(scene: Scene, state: Float[np.ndarray, " state"], spectator: Spectator) -> UInt8[np.ndarray, "h w 3"]:
    """What a spectator sees of a scene in a state."""
    data = scene.engine.forward(state)
    eye, rays = np.array(spectator.eye_m), spectator.rays
    geoms, distance, normals = intersect(scene, data, eye, rays, ALL_GROUPS)
    colours = np.tile(SKY, (len(rays), 1))
    hit = np.flatnonzero(geoms >= 0)
    points, normals, geoms = eye + rays[hit] * distance[hit, None], normals[hit], geoms[hit]
    reached = lit(scene, data, LIGHT_M, points + normals * 1e-4, ALL_GROUPS)
    on_table = geoms == scene.engine.model.geom("table").id
    colours[hit[on_table]] = _table(points[on_table], reached[on_table])
    solid = ~on_table
    body, gloss = _surface(scene, data, geoms[solid], points[solid])
    seen = {"points": points[solid], "normals": normals[solid], "lit": reached[solid]}
    colours[hit[solid]] = shaded(body, gloss, **seen, light=LIGHT_M, eye=eye)
    pixels = (np.clip(colours, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    return pixels.reshape(spectator.height_px, spectator.width_px, 3)


def _table(points: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Grey, with a line every 10 cm, in light or shadow, fading into the distance."""
    x, y = points[:, 0], points[:, 1]
    near = np.minimum(*(np.abs(along - GRID_M * np.rint(along / GRID_M)) for along in (x, y))) < LINE_M / 2
    colour = np.where(near[:, None], TABLE_LINES, TABLE) * np.where(reached, 1.0, AMBIENT / (AMBIENT + DIFFUSE))[:, None]
    away = np.clip((np.hypot(x, y) - NEAR_M) / (FAR_M - NEAR_M), 0.0, 1.0)[:, None]
    return colour * (1 - away) + SKY * away


def _surface(scene: Scene, data: mujoco.MjData, geoms: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colour and gloss of points on hands and on the object."""
    palette = np.array([geom_colour(scene, index) for index in range(scene.engine.model.ngeom)])
    colours, gloss = palette[geoms], np.full(len(geoms), GLOSS)
    first = scene.object_geoms[0]
    on_object = (geoms >= first) & (geoms < first + len(scene.object_geoms))
    colours[on_object], gloss[on_object] = object_surface(scene, data, geoms[on_object] - first, points[on_object])
    return colours, gloss


def geom_colour(scene: Scene, index: int) -> np.ndarray:
    """Colour of a geom, RGB in 0..1; of an object's part without its pattern."""
    geom, first = scene.engine.model.geom(index), scene.object_geoms[0]
    if first <= index < first + len(scene.object_geoms):
        if scene.object.mesh is not None:
            return scene.object.mesh.mean_colour
        return np.array(scene.object.parts[index - first].colour)
    if int(geom.group[0]) != HAND_GROUP:
        return TABLE
    if geom.name.startswith("second_"):
        return SECOND
    return PADS if geom.name.endswith("pad") else HAND
