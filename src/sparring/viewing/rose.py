"""A player's scores of all angles as a fan: every wedge lies in the direction in which the fingers would close."""

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont

from sparring.actions.grasp import ANGLES_N
from sparring.viewing.tones import BAR, CHOSEN, DIM, FAINT, INK, PAPER, Box

FINER = 3
"""Drawn so many times larger, then reduced, for smooth edges."""
STEP_DEG = 180 / ANGLES_N
RINGS = (0.5, 1.0)


def rose(scores: Float[np.ndarray, " angles"], chosen: int, player: str, box: Box) -> Image.Image:
    """The fan with the chosen angle in green, as large as the box; directions are as in the image that the player saw."""
    side = FINER
    drawn = Image.new("RGB", (box.width * side, box.height * side), PAPER)
    pen = ImageDraw.Draw(drawn)
    small, large = ImageFont.load_default(12 * side), ImageFont.load_default(15 * side)
    pen.text((0, 8 * side), f"{player} scores this patch", fill=INK, font=large, anchor="lm")
    pen.text(
        (drawn.width, 8 * side), f"{scores[chosen]:.2f} at {round(chosen * STEP_DEG)}°", fill=CHOSEN, font=large, anchor="rm"
    )
    x, y = drawn.width // 2, drawn.height - 24 * side
    radius = min(x - 30 * side, y - 46 * side)
    for index, score in enumerate(map(float, scores)):
        _wedge(pen, (x, y), radius * score, index, CHOSEN if index == chosen else BAR)
    for ring in RINGS:
        reach = radius * ring
        pen.arc((x - reach, y - reach, x + reach, y + reach), 180, 360, fill=FAINT if ring < 1 else DIM, width=side)
        pen.text((x + reach, y + 12 * side), f"{ring:g}", fill=DIM, font=small, anchor="mm")
    pen.line((x - radius, y, x + radius, y), fill=DIM, width=side)
    pen.text((x - radius / 2, y + 12 * side), "probability of success", fill=DIM, font=small, anchor="mm")
    for degrees in (0, 30, 60, 90, 120, 150):
        at = np.deg2rad(degrees)
        place = (x + np.cos(at) * (radius + 16 * side), y - np.sin(at) * (radius + 12 * side))
        pen.text(place, f"{degrees}°", fill=DIM, font=small, anchor="mm")
    return drawn.reduce(side)


def _wedge(pen: ImageDraw.ImageDraw, centre: tuple[int, int], reach: float, index: int, colour: tuple[int, int, int]) -> None:
    """One angle; that of 0 degrees has its lower half at 180."""
    x, y = centre
    frame = (x - reach, y - reach, x + reach, y + reach)
    half = STEP_DEG / 2 - 0.6
    middle = index * STEP_DEG
    parts = ((middle - half, middle + half),) if index else ((0.0, half), (180.0 - half, 180.0))
    for low, high in parts:
        if reach >= 1:
            pen.pieslice(frame, 360 - high, 360 - low, fill=colour)
