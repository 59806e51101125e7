"""Grasps drawn on the image that they were chosen in, snatches on the patch that the adversary sees."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

from sparring.actions.snatch import SNATCHES_N, snatch_of
from sparring.config import SnatchConfig
from sparring.players.choosing import ImageGrasp

BEST, OTHERS = (0, 220, 60), (255, 160, 0)
DISLODGED, SURVIVED = (255, 60, 40), (90, 170, 255)
JAW_SHARE = 0.35
"""Length of a drawn jaw, as a share of the opening."""
ENLARGED_PX = 640
"""Smaller images are enlarged at least to this width, so that lines are readable."""


def draw_grasps(
    image: UInt8[np.ndarray, "h w 3"], grasps: Sequence[ImageGrasp], *, opening_px: float | Sequence[float]
) -> Image.Image:
    """The image with every grasp as two jaws and the line of closing; the first, the best, in green.

    Args:
        image: where the grasps were found.
        grasps: best first.
        opening_px: between the jaws; one for all, or one a grasp where the image is oblique.
    """
    openings_px = opening_px if isinstance(opening_px, Sequence) else [opening_px] * len(grasps)
    scale = max(1, -(-ENLARGED_PX // image.shape[1]))
    picture = Image.fromarray(image).resize((image.shape[1] * scale, image.shape[0] * scale), Image.Resampling.BICUBIC)
    pen, thick = ImageDraw.Draw(picture), max(1, round(picture.width / ENLARGED_PX))
    font = ImageFont.load_default(11 * thick)
    for rank, (grasp, wide_px) in reversed(list(enumerate(zip(grasps, openings_px, strict=True)))):
        colour = OTHERS if rank else BEST
        centre = (np.array([grasp.column_px, grasp.row_px]) + 0.5) * scale
        along, across = draw_jaws(
            picture, centre, float(np.deg2rad(grasp.angle_deg)), opening_px=wide_px * scale, colour=colour, thick=thick
        )
        if grasp.probability is not None:
            pen.text(tuple(centre + 0.2 * along + across), f"{grasp.probability:.2f}", fill=colour, font=font)
    return picture


def draw_jaws(
    picture: Image.Image,
    centre_px: Float[np.ndarray, " 2"],
    angle: float,
    *,
    opening_px: float,
    colour: tuple[int, int, int],
    thick: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Two jaws and the line of closing, drawn into a picture; half the opening along the line, and half a jaw across it.

    Args:
        picture: changed.
        centre_px: of the grasp, from the picture's corner.
        angle: of the line of closing, counter-clockwise, radians.
        opening_px: between the jaws.
        colour: of all lines.
        thick: of the thinnest line, in half pixels.
    """
    pen = ImageDraw.Draw(picture)
    along = np.array([np.cos(angle), -np.sin(angle)]) * opening_px / 2
    across = np.array([-along[1], along[0]]) * JAW_SHARE
    pen.line([tuple(centre_px - along), tuple(centre_px + along)], fill=colour, width=2 * thick)
    for jaw in (centre_px - along, centre_px + along):
        pen.line([tuple(jaw - across), tuple(jaw + across)], fill=colour, width=4 * thick)
    return along, across


def draw_snatches(
    view: UInt8[np.ndarray, "h w 3"], *, patch_m: float, config: SnatchConfig, dislodged: Sequence[bool] | None = None
) -> Image.Image:
    """All 36 snatches on the adversary's view s+, as in the paper's fig. 9; red ones made the object fall, blue ones did not.

    Args:
        view: the patch, its closing direction to the right; drawn as it is, so let it be large.
        patch_m: side of the patch.
        config: where the grasp points lie.
        dislodged: what each of the 36 led to; all are drawn alike when it is left out.
    """
    picture = Image.fromarray(view)
    pen = ImageDraw.Draw(picture)
    pixels_per_m = view.shape[1] / patch_m
    length_px = config.spacing_m * pixels_per_m * 0.36
    for index in range(SNATCHES_N):
        snatch = snatch_of(index)
        centre = snatch_pixel(config, index, side_px=view.shape[1], patch_m=patch_m)
        along = np.array([np.cos(snatch.angle_rad), -np.sin(snatch.angle_rad)]) * length_px
        across = np.array([-along[1], along[0]]) * JAW_SHARE / 2
        colour = OTHERS if dislodged is None else DISLODGED if dislodged[index] else SURVIVED
        pen.line([tuple(centre - along), tuple(centre + along)], fill=colour, width=2)
        for jaw in (centre - along, centre + along):
            pen.line([tuple(jaw - across), tuple(jaw + across)], fill=colour, width=3)
    return picture


def snatch_pixel(config: SnatchConfig, index: int, *, side_px: int, patch_m: float) -> np.ndarray:
    """Where a snatch's grasp point lies on a view s+ of so many pixels a side: column, row."""
    x_m, y_m = snatch_of(index).point_m(config)
    return (np.array([x_m, -y_m]) / patch_m + 0.5) * side_px - 0.5


def as_png(picture: Image.Image) -> bytes:
    """The picture as a file."""
    content = BytesIO()
    picture.save(content, "png", optimize=True)
    return content.getvalue()
