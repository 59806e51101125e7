"""The table's look: worn metal, or whatever domain randomisation makes of it."""

import numpy as np
from scipy import ndimage

from sparring.overhead import Calibration
from sparring.world.looks import Looks

STRIPES_M = (0.01, 0.08)
"""Widths of random stripes and checks."""


def table_picture(calibration: Calibration, rng: np.random.Generator, looks: Looks) -> np.ndarray:
    """The bare table under the overhead picture, [h, w, 3], in light of strength 1."""
    picture = _worn_metal(calibration, rng)
    if looks.table_share > 0:
        grey = picture.mean()
        picture = picture * (1 + looks.table_share * (looks.table_colour / grey - 1))
    if looks.texture > 0:
        picture = picture + looks.texture * _pattern(calibration, looks)[..., None]
    return picture


def _worn_metal(calibration: Calibration, rng: np.random.Generator) -> np.ndarray:
    """Worn metal under uneven light: two scales of smooth stains and faint brush marks, shape [h, w, 3]."""
    h, w = calibration.height_px, calibration.width_px
    stains = _smooth(rng, h, w, 5) * 0.030 + _smooth(rng, h, w, 24) * 0.012
    brush = ndimage.gaussian_filter1d(rng.standard_normal(h), 0.8)[:, None] * 0.006
    slope = rng.uniform(-0.05, 0.05, 2)
    uneven = slope[0] * np.linspace(-1, 1, w)[None, :] + slope[1] * np.linspace(-1, 1, h)[:, None]
    grey = 0.56 + rng.uniform(-0.03, 0.03) + stains + brush + uneven
    return grey[..., None] * (np.array([0.98, 1.0, 1.03]) + rng.uniform(-0.01, 0.01, 3))


def _pattern(calibration: Calibration, looks: Looks) -> np.ndarray:
    """A random pattern in -0.5..0.5, [h, w]: cloth, stripes or checks."""
    rng = np.random.default_rng(looks.texture_seed)
    h, w = calibration.height_px, calibration.width_px
    kind, width_px = rng.integers(3), rng.uniform(*STRIPES_M) / calibration.pixel_m
    angle, (row, column) = rng.uniform(0, np.pi), np.mgrid[:h, :w]
    along = (column * np.cos(angle) + row * np.sin(angle)) / width_px
    across = (row * np.cos(angle) - column * np.sin(angle)) / width_px
    if kind == 0:
        cloth = _smooth(rng, h, w, max(3, round(max(h, w) / width_px)))
        return np.clip(cloth / 4, -0.5, 0.5)
    if kind == 1:
        return 0.5 * np.sin(np.pi * along)
    return (np.floor(along) + np.floor(across)) % 2 - 0.5


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
