"""A grasp in a picture as three numbers in -1..1, which is how learning libraries like their actions."""

import numpy as np
from jaxtyping import Float

from sparring.actions.grasp import ANGLES_N
from sparring.players.choosing import ImageGrasp

UNIT_ACTION = ("x", "y", "angle")
"""What the numbers are: left to right, bottom to top, and the angle of closing from 0 (-1) to 180 degrees (1)."""


def unit_action(grasp: ImageGrasp, *, width_px: int, height_px: int) -> Float[np.ndarray, " 3"]:
    """The numbers of a grasp in a picture of that size; places outside it lie beyond -1..1."""
    x = 2 * grasp.column_px / (width_px - 1) - 1
    y = 1 - 2 * grasp.row_px / (height_px - 1)
    return np.array([x, y, 2 * grasp.angle / ANGLES_N - 1], np.float32)


def grasp_of_unit(action: Float[np.ndarray, " 3"], *, width_px: int, height_px: int) -> ImageGrasp:
    """Inverse of `unit_action`; the angle is the nearest of the 18."""
    x, y, turn = map(float, action)
    return ImageGrasp(
        column_px=(x + 1) / 2 * (width_px - 1),
        row_px=(1 - y) / 2 * (height_px - 1),
        angle=round((turn + 1) / 2 * ANGLES_N) % ANGLES_N,
        probability=None,
    )
