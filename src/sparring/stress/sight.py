"""What a foreign detector is given of a scene besides the picture and its camera: where it asks, the depth."""

import numpy as np
from jaxtyping import Float

from sparring.config import WorldConfig
from sparring.game.jobs import View
from sparring.world.depth import depth_m
from sparring.world.scene import open_scene


def depth_of(view: View, world: WorldConfig) -> Float[np.ndarray, "h w"]:
    """The depth of a view's every pixel along the optical axis, metres."""
    return depth_m(open_scene(world, view.spec), view.state, view.calibration)
