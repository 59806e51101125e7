"""Grasps drawn on the image that they were chosen in."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from sparring.actions.grasp import angle_rad
from sparring.players.choosing import ImageGrasp

BEST, OTHERS = (0, 220, 60), (255, 160, 0)
JAW_SHARE = 0.35
"""Length of a drawn jaw, as a share of the opening."""
ENLARGED_PX = 640
"""Smaller images are enlarged at least to this width, so that lines are readable."""


def draw_grasps(image: UInt8[np.ndarray, "h w 3"], grasps: Sequence[ImageGrasp], *, opening_px: float) -> Image.Image:
    """The image with every grasp as two jaws and the line of closing; the first, the best, in green."""
    scale = max(1, -(-ENLARGED_PX // image.shape[1]))
    picture = Image.fromarray(image).resize((image.shape[1] * scale, image.shape[0] * scale), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for rank, grasp in reversed(list(enumerate(grasps))):
        colour = OTHERS if rank else BEST
        centre = (np.array([grasp.column_px, grasp.row_px]) + 0.5) * scale
        angle = float(angle_rad(grasp.angle))
        along = np.array([np.cos(angle), -np.sin(angle)]) * opening_px * scale / 2
        across = np.array([-along[1], along[0]]) * JAW_SHARE
        pen.line([tuple(centre - along), tuple(centre + along)], fill=colour, width=max(1, scale))
        for jaw in (centre - along, centre + along):
            pen.line([tuple(jaw - across), tuple(jaw + across)], fill=colour, width=2 * scale)
        if grasp.probability is not None:
            pen.text(tuple(centre + 0.2 * along + across), f"{grasp.probability:.2f}", fill=colour)
    return picture
