"""What a scene's camera sees: pictures by ray casting, with height where it is asked for, as players get them.

Rays are cast by MuJoCo on the CPU, so pictures need no display, no GL library and no GPU, and are the same everywhere.
"""

import numpy as np
from jaxtyping import Float, UInt8
from scipy import ndimage

from sparring.config import CameraConfig
from sparring.overhead import Calibration
from sparring.pinhole import heights_mm
from sparring.seeding import rng_of
from sparring.world.hand import HAND_GROUP
from sparring.world.lens import Rig, rig_of
from sparring.world.looks import Looks, looks_of
from sparring.world.rays import AMBIENT, DIFFUSE, intersect, lit, object_surface, shaded
from sparring.world.scene import HULL_GROUP, Scene
from sparring.world.sight import Overhead, Sight, Window
from sparring.world.table import table_picture

RENDERER = "ray"
"""Recorded with every run. There is one, so there is nothing to fall back to."""
SEEN_GROUPS = np.array([group not in (HAND_GROUP, HULL_GROUP) for group in range(6)], np.uint8)


def calibration_of(config: CameraConfig, seed: int) -> Calibration:
    """The camera of the scene with that seed: near its place, a little turned.

    It tells where the camera really is: what a calibration is off by is part of `NoiseConfig`.
    """
    rng = rng_of(seed, "camera")
    x, y = rng.uniform(-config.shift_m, config.shift_m, 2)
    turn = np.deg2rad(rng.uniform(-config.turn_deg, config.turn_deg))
    eye_m = _eye_m(config, looks_of(config.randomise, seed))
    return Calibration(config.width_px, config.height_px, config.pixel_m, float(x), float(y), float(eye_m[2]), float(turn))


def _eye_m(config: CameraConfig, looks: Looks) -> Float[np.ndarray, " 3"]:
    """The optical centre over the middle of the overhead picture."""
    if config.lens is not None:
        return rig_of(config, looks).camera.eye_m
    height_m, aside = config.height_m * looks.height, looks.tilt_towards_rad
    return height_m * np.array([np.tan(looks.tilt_rad) * np.cos(aside), np.tan(looks.tilt_rad) * np.sin(aside), 1.0])


def render(scene: Scene, state: Float[np.ndarray, " state"]) -> UInt8[np.ndarray, "h w channels"]:
    """The overhead picture of a scene in a state, without the hand, as players get it.

    Channels are RGB and, with `CameraConfig.depth`, height over the table in millimetres. With a lens its photo is rectified.
    """
    config, looks = scene.config.camera, looks_of(scene.config.camera.randomise, scene.spec.seed)
    if config.lens is not None:
        rig = rig_of(config, looks)
        return rig.rectification(_photo(scene, state, looks, rig))
    calibration = calibration_of(config, scene.spec.seed)
    light, strength, table = _surroundings(scene, looks, calibration)
    x, y, z = _eye_m(config, looks)
    sight = Overhead(calibration, np.array([calibration.centre_x_m + x, calibration.centre_y_m + y, z]))
    return _developed(*_seen(scene, state, sight, light, table, strength), scene, looks)


def photograph(scene: Scene, state: Float[np.ndarray, " state"]) -> UInt8[np.ndarray, "h w channels"]:
    """The whole photo that a scene's lens takes, as it is before it is rectified.

    Raises:
        ConfigError: the camera has no lens.
    """
    looks = looks_of(scene.config.camera.randomise, scene.spec.seed)
    return _photo(scene, state, looks, rig_of(scene.config.camera, looks, whole=True))


def _photo(scene: Scene, state: np.ndarray, looks: Looks, rig: Rig) -> UInt8[np.ndarray, "rows columns channels"]:
    calibration = calibration_of(scene.config.camera, scene.spec.seed)
    light, strength, table = _surroundings(scene, looks, calibration)
    return _developed(*_seen(scene, state, rig.at(calibration), light, rig.bare(table), strength), scene, looks)


def _surroundings(scene: Scene, looks: Looks, calibration: Calibration) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the light is, its strength in each colour, and the overhead picture of the bare table in it."""
    config, rng = scene.config.camera, rng_of(scene.spec.seed, "look")
    place = np.array([-0.35, 0.45, 1.2]) * (1 + rng.uniform(-1, 1, 3) * config.light_vary)
    strength = (1 + rng.uniform(-1, 1) * config.light_vary) * looks.light
    return place + looks.light_shift_m, strength, table_picture(calibration, rng, looks) * strength


def _seen(
    scene: Scene, state: np.ndarray, sight: Sight, light: np.ndarray, table: np.ndarray, strength: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Colours and heights over the table, metres, of a picture of which `table` is all but the object and its shadow."""
    picture, heights_m = table.copy(), np.zeros(table.shape[:2])
    window = sight.window(*scene.object_bounds_m(state), light)
    if window is not None:
        picture[window], heights_m[window] = _cast(scene, state, sight, window, light, table[window], strength)
    if scene.config.camera.depth_noise_m:
        heights_m += _height_errors_m(scene, sight, table.shape[:2])
    return picture, heights_m


def _cast(
    scene: Scene, state: np.ndarray, sight: Sight, window: Window, light: np.ndarray, table: np.ndarray, strength: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A window of pixels: the object where a ray meets it, elsewhere the table in light or shadow."""
    data = scene.engine.forward(state)
    eye, rays = sight.eye_m, sight.rays(window)
    geoms, distance, normals = intersect(scene, data, eye, rays, SEEN_GROUPS)
    points = eye + rays * distance[:, None]
    reached = lit(scene, data, light, points + normals * 1e-4, SEEN_GROUPS) | (geoms < 0)
    colours = table.reshape(-1, 3) * np.where(reached, 1.0, AMBIENT / (AMBIENT + DIFFUSE) + 0.1)[:, None]
    first = scene.object_geoms[0]
    on_object = geoms >= first
    hit = {"points": points[on_object], "normals": normals[on_object], "lit": reached[on_object]}
    surface = object_surface(scene, data, geoms[on_object] - first, hit["points"])
    colours[on_object] = shaded(*surface, **hit, light=light, eye=eye) * strength
    return colours.reshape(table.shape), np.where(on_object, points[:, 2], 0.0).reshape(table.shape[:2])


def _height_errors_m(scene: Scene, sight: Sight, shape: tuple[int, ...]) -> np.ndarray:
    """What an error of the measured distance does to heights: less, the flatter a ray falls."""
    rays = sight.rays((slice(0, shape[0]), slice(0, shape[1])))
    fall = np.abs(rays[:, 2]) / np.linalg.norm(rays, axis=1)
    errors = rng_of(scene.spec.seed, "depth").standard_normal(shape)
    return scene.config.camera.depth_noise_m * errors * fall.reshape(shape)


def _developed(picture: np.ndarray, heights_m: np.ndarray, scene: Scene, looks: Looks) -> UInt8[np.ndarray, "h w channels"]:
    """The picture as bytes: exposed, blurred, noisy; with its heights where players see them."""
    config = scene.config.camera
    if config.blur_px:
        picture = ndimage.gaussian_filter(picture, (config.blur_px, config.blur_px, 0))
    levels = np.clip(picture * looks.exposure, 0.0, 1.0) * 255
    noise = np.hypot(config.noise, looks.noise)
    if noise:
        errors = rng_of(scene.spec.seed, "sensor").standard_normal(levels.shape, np.float32)
        levels = np.clip(levels + noise * errors, 0, 255)
    colours = (levels + 0.5).astype(np.uint8)
    return np.dstack([colours, heights_mm(heights_m)]) if config.depth else colours
