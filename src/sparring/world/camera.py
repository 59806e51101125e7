"""The overhead camera: calibrated pixel <-> metre maps, and pictures by ray casting.

Rays are cast by MuJoCo on the CPU, so pictures need no display, no GL library and no GPU, and are the same everywhere.
Pixel coordinates are (column, row) with (0, 0) at the centre of the top-left pixel.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from scipy import ndimage

from sparring.config import CameraConfig
from sparring.seeding import rng_of
from sparring.world.hand import HAND_GROUP
from sparring.world.rays import AMBIENT, DIFFUSE, intersect, lit, object_surface, shaded
from sparring.world.scene import HULL_GROUP, Scene

RENDERER = "ray"
"""Recorded with every run. There is one, so there is nothing to fall back to."""
MARGIN_M = 0.004
SEEN_GROUPS = np.array([group not in (HAND_GROUP, HULL_GROUP) for group in range(6)], np.uint8)


@dataclass(frozen=True)
class Calibration:
    """Where the camera stands and what its pixels mean on the table's plane. A similarity, hence exact both ways."""

    width_px: int
    height_px: int
    pixel_m: float
    centre_x_m: float
    centre_y_m: float
    height_m: float
    turn_rad: float
    """Rotation of the camera about its axis, counter-clockwise seen from above."""

    def metres(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """World x, y on the table of pixel coordinates (column, row)."""
        middle = np.array([self.width_px - 1, self.height_px - 1]) / 2
        flat = (pixels - middle) * np.array([self.pixel_m, -self.pixel_m])
        return flat @ self._turn().T + np.array([self.centre_x_m, self.centre_y_m])

    def pixels(self, metres: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Pixel coordinates (column, row) of world x, y on the table. Inverse of `metres`."""
        middle = np.array([self.width_px - 1, self.height_px - 1]) / 2
        flat = (metres - np.array([self.centre_x_m, self.centre_y_m])) @ self._turn()
        return flat * np.array([1.0, -1.0]) / self.pixel_m + middle

    def world_angle(self, image_angle_rad: float | np.ndarray) -> float | np.ndarray:
        """World angle of a direction in the image, both counter-clockwise."""
        return image_angle_rad + self.turn_rad

    def _turn(self) -> np.ndarray:
        c, s = np.cos(self.turn_rad), np.sin(self.turn_rad)
        return np.array([[c, -s], [s, c]])


def calibration_of(config: CameraConfig, seed: int) -> Calibration:
    """The camera of the scene with that seed: near its place, a little turned."""
    rng = rng_of(seed, "camera")
    x, y = rng.uniform(-config.shift_m, config.shift_m, 2)
    turn = np.deg2rad(rng.uniform(-config.turn_deg, config.turn_deg))
    return Calibration(config.width_px, config.height_px, config.pixel_m, float(x), float(y), config.height_m, float(turn))


def render(scene: Scene, state: Float[np.ndarray, " state"]) -> UInt8[np.ndarray, "h w 3"]:
    """The picture of a scene in a state, without the hand."""
    calibration = calibration_of(scene.config.camera, scene.spec.seed)
    rng = rng_of(scene.spec.seed, "look")
    light, strength = _light(scene.config.camera, rng)
    picture = _table(calibration, rng) * strength
    window = _window(scene, state, calibration, light)
    if window is not None:
        rows, columns = window
        picture[rows, columns] = _cast(scene, state, calibration, rows, columns, light, picture[rows, columns], strength)
    return (np.clip(picture, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def _light(config: CameraConfig, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    place = np.array([-0.35, 0.45, 1.2]) * (1 + rng.uniform(-1, 1, 3) * config.light_vary)
    return place, float(1 + rng.uniform(-1, 1) * config.light_vary)


def _table(calibration: Calibration, rng: np.random.Generator) -> np.ndarray:
    """Worn metal under uneven light: two scales of smooth stains and faint brush marks, shape [h, w, 3]."""
    h, w = calibration.height_px, calibration.width_px
    stains = _smooth(rng, h, w, 5) * 0.030 + _smooth(rng, h, w, 24) * 0.012
    brush = ndimage.gaussian_filter1d(rng.standard_normal(h), 0.8)[:, None] * 0.006
    slope = rng.uniform(-0.05, 0.05, 2)
    uneven = slope[0] * np.linspace(-1, 1, w)[None, :] + slope[1] * np.linspace(-1, 1, h)[:, None]
    grey = 0.56 + rng.uniform(-0.03, 0.03) + stains + brush + uneven
    return grey[..., None] * (np.array([0.98, 1.0, 1.03]) + rng.uniform(-0.01, 0.01, 3))


def _smooth(rng: np.random.Generator, h: int, w: int, cells: int) -> np.ndarray:
    """Smooth noise of unit strength with about `cells` bumps along the longer side."""
    rows = max(2, round(cells * h / max(h, w)) + 1)
    columns = max(2, round(cells * w / max(h, w)) + 1)
    coarse = rng.standard_normal((rows, columns))
    at_rows = np.linspace(0, rows - 1, h)
    at_columns = np.linspace(0, columns - 1, w)
    return _interpolate(_interpolate(coarse, at_rows).T, at_columns).T


def _interpolate(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Rows of `values` at fractional indices `at`, with a smooth step between them."""
    below = np.minimum(at.astype(int), len(values) - 2)
    part = (at - below)[:, None]
    part = part * part * (3 - 2 * part)
    return values[below] * (1 - part) + values[below + 1] * part


def _window(scene: Scene, state: np.ndarray, calibration: Calibration, light: np.ndarray) -> tuple[slice, slice] | None:
    """The pixels that the object or its shadow can reach; None when they lie outside the picture."""
    low, high = scene.object_bounds_m(state)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (max(low[2], 0.0), high[2])])
    eye = np.array([calibration.centre_x_m, calibration.centre_y_m, calibration.height_m])
    seen = np.concatenate([_onto_table(eye, corners), _onto_table(light, corners)])
    reached = np.concatenate([seen - MARGIN_M, seen + MARGIN_M])
    pixels = calibration.pixels(reached)
    first = np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 1, [calibration.width_px, calibration.height_px])
    if (last <= first).any():
        return None
    return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))


def _onto_table(origin: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where the lines from `origin` through `points` meet the table, shape [n, 2]."""
    reach = origin[2] / (origin[2] - points[:, 2:])
    return origin[:2] + (points[:, :2] - origin[:2]) * reach


def _cast(
    scene: Scene,
    state: np.ndarray,
    calibration: Calibration,
    rows: slice,
    columns: slice,
    light: np.ndarray,
    table: np.ndarray,
    strength: float,
) -> np.ndarray:
    """Colours of a window of pixels: the object where a ray meets it, elsewhere the table in light or shadow."""
    data = scene.engine.forward(state)
    column, row = np.meshgrid(np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop))
    ground = calibration.metres(np.stack([column.ravel(), row.ravel()], axis=1).astype(float))
    eye = np.array([calibration.centre_x_m, calibration.centre_y_m, calibration.height_m])
    rays = np.concatenate([ground, np.zeros((len(ground), 1))], axis=1) - eye
    geoms, distance, normals = intersect(scene, data, eye, rays, SEEN_GROUPS)
    points = eye + rays * distance[:, None]
    reached = lit(scene, data, light, points + normals * 1e-4, SEEN_GROUPS)
    colours = table.reshape(-1, 3) * np.where(reached, 1.0, AMBIENT / (AMBIENT + DIFFUSE) + 0.1)[:, None]
    first = scene.object_geoms[0]
    on_object = geoms >= first
    hit = {"points": points[on_object], "normals": normals[on_object], "lit": reached[on_object]}
    surface = object_surface(scene, data, geoms[on_object] - first, hit["points"])
    colours[on_object] = shaded(*surface, **hit, light=light, eye=eye) * strength
    return colours.reshape(table.shape)
