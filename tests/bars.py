"""Pictures of a bright bar at a known angle, and the angle of a bar in a picture."""

import numpy as np


def bar_image(
    angle_deg: float, side_px: int, *, length_px: float, width_px: float, centre: np.ndarray | None = None
) -> np.ndarray:
    """A soft white bar on black, [side, side, 3]; angles are counter-clockwise, rows go down."""
    middle = np.array([side_px - 1, side_px - 1]) / 2 if centre is None else centre
    column, row = np.meshgrid(np.arange(side_px) - middle[0], np.arange(side_px) - middle[1])
    angle = np.deg2rad(angle_deg)
    along = column * np.cos(angle) - row * np.sin(angle)
    across = column * np.sin(angle) + row * np.cos(angle)
    inside = np.clip(length_px / 2 - np.abs(along) + 0.5, 0, 1) * np.clip(width_px / 2 - np.abs(across) + 0.5, 0, 1)
    return np.repeat((255 * inside).astype(np.uint8)[..., None], 3, axis=2)


def bar_angle_deg(image: np.ndarray) -> float:
    """Angle of the brightness' long axis in an image [side, side], in 0..180."""
    weight = image.astype(float)
    row, column = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    x, y = column - np.average(column, weights=weight), -(row - np.average(row, weights=weight))
    xx, yy, xy = (np.average(product, weights=weight) for product in (x * x, y * y, x * y))
    return float(np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy)) % 180)


def angle_between_deg(first: float, second: float) -> float:
    """How far two lines are turned against each other."""
    return abs((first - second + 90) % 180 - 90)
