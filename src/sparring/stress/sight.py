"""What a foreign detector is given of a scene: the picture, the camera that took it and, where it asks, the depth."""

import numpy as np
from jaxtyping import Float

from sparring.config import WorldConfig
from sparring.game.jobs import View
from sparring.pinhole import PinholeCamera
from sparring.world.camera import Calibration
from sparring.world.depth import depth_m
from sparring.world.scene import open_scene


def pinhole_of(calibration: Calibration) -> PinholeCamera:
    """The simulated camera as one would calibrate a real one: it looks straight down on the table."""
    focal_px = calibration.height_m / calibration.pixel_m
    c, s = float(np.cos(calibration.turn_rad)), float(np.sin(calibration.turn_rad))
    return PinholeCamera(
        fx_px=focal_px,
        fy_px=focal_px,
        cx_px=(calibration.width_px - 1) / 2,
        cy_px=(calibration.height_px - 1) / 2,
        world_from_camera=(
            (c, s, 0.0, calibration.centre_x_m),
            (s, -c, 0.0, calibration.centre_y_m),
            (0.0, 0.0, -1.0, calibration.height_m),
            (0.0, 0.0, 0.0, 1.0),
        ),
    )


def depth_of(view: View, world: WorldConfig) -> Float[np.ndarray, "h w"]:
    """The depth of a view's every pixel along the optical axis, metres."""
    return depth_m(open_scene(world, view.spec), view.state, view.calibration)
