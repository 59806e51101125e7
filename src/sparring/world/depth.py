"""Depth pictures: how far each pixel of the overhead camera sees, by the rays that colour pictures are cast by."""

import numpy as np
from jaxtyping import Float

from sparring.world.camera import SEEN_GROUPS, Calibration
from sparring.world.rays import intersect
from sparring.world.scene import Scene


def depth_m(scene: Scene, state: Float[np.ndarray, " state"], calibration: Calibration) -> Float[np.ndarray, "h w"]:
    """Depth along the optical axis, metres, of a scene in a state without the hand: a perfect sensor's, without noise."""
    columns, rows = np.meshgrid(np.arange(calibration.width_px), np.arange(calibration.height_px))
    ground = calibration.metres(np.stack([columns.ravel(), rows.ravel()], axis=1).astype(float))
    eye = np.array([calibration.centre_x_m, calibration.centre_y_m, calibration.height_m])
    rays = np.concatenate([ground, np.zeros((len(ground), 1))], axis=1) - eye  # to the table, each as deep as the camera is high
    geoms, reach, _ = intersect(scene, scene.engine.forward(state), eye, rays, SEEN_GROUPS)
    return np.where(geoms >= 0, reach, 1.0).reshape(rows.shape) * calibration.height_m
