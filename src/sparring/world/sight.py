"""Where a camera's rays start and go: straight down on the overhead picture's pixels, or through a lens that stands anywhere."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from sparring.overhead import Calibration
from sparring.pinhole import PinholeCamera

MARGIN_M = 0.004
LATTICE = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3), axis=-1).reshape(-1, 3)
LENS_MARGIN_PX = 3.0
Window = tuple[slice, slice]
"""Rows and columns."""


class Sight(Protocol):
    """A camera that takes a picture, all of it or a part. Its pixels are counted in the picture as it is rendered."""

    @property
    def eye_m(self) -> Float[np.ndarray, " 3"]:
        """The optical centre, in the world."""
        ...

    def rays(self, window: Window) -> Float[np.ndarray, "n 3"]:
        """Directions of a window's pixels, row by row, in the world."""
        ...

    def window(
        self, low: Float[np.ndarray, " 3"], high: Float[np.ndarray, " 3"], light: Float[np.ndarray, " 3"]
    ) -> Window | None:
        """The pixels that a box, or its shadow, can reach; None when they lie outside the picture."""
        ...


@dataclass(frozen=True, eq=False)
class Overhead:
    """An ideal camera. Where it leans, its pictures are rectified without loss: its eye stands aside, its pixels stay."""

    calibration: Calibration
    eye_m: Float[np.ndarray, " 3"]

    def rays(self, window: Window) -> Float[np.ndarray, "n 3"]:
        """To the pixels' places on the table."""
        rows, columns = window
        column, row = np.meshgrid(np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop))
        ground = self.calibration.metres(np.stack([column.ravel(), row.ravel()], axis=1).astype(float))
        return np.concatenate([ground, np.zeros((len(ground), 1))], axis=1) - self.eye_m

    def window(
        self, low: Float[np.ndarray, " 3"], high: Float[np.ndarray, " 3"], light: Float[np.ndarray, " 3"]
    ) -> Window | None:
        """Between the corners of the box and of its shadow, on the table."""
        corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (max(low[2], 0.0), high[2])])
        seen = np.concatenate([_onto_table(self.eye_m, corners), _onto_table(light, corners)])
        pixels = self.calibration.pixels(np.concatenate([seen - MARGIN_M, seen + MARGIN_M]))
        return _inside(pixels, self.calibration.height_px, self.calibration.width_px)


@dataclass(frozen=True, eq=False)
class Through:
    """A real camera: a part of its photos."""

    camera: PinholeCamera
    own: Float[np.ndarray, "rows columns 3"]
    """The part's rays, in the camera's frame."""
    corner_px: tuple[int, int]
    """First column and row of the part."""

    @property
    def eye_m(self) -> Float[np.ndarray, " 3"]:
        """The optical centre, in the world."""
        return self.camera.eye_m

    def rays(self, window: Window) -> Float[np.ndarray, "n 3"]:
        """Through the undistorted pixels."""
        return self.own[window].reshape(-1, 3) @ self.camera.rotation.T

    def window(
        self, low: Float[np.ndarray, " 3"], high: Float[np.ndarray, " 3"], light: Float[np.ndarray, " 3"]
    ) -> Window | None:
        """About what a lattice in the box, and its shadow, are seen at: lines are bent by the lens."""
        low = np.maximum(low, [-np.inf, -np.inf, 0.0])
        inside = low - MARGIN_M + LATTICE * (high - low + 2 * MARGIN_M)
        shadow = np.concatenate([_onto_table(light, inside), np.zeros((len(inside), 1))], axis=1)
        pixels = self.camera.pixels(np.concatenate([inside, shadow])) - self.corner_px
        pixels = pixels[~np.isnan(pixels).any(axis=1)]
        if not len(pixels):
            return None
        return _inside(np.concatenate([pixels - LENS_MARGIN_PX, pixels + LENS_MARGIN_PX]), *self.own.shape[:2])


def _onto_table(origin: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where the lines from `origin` through `points` meet the table, shape [n, 2]."""
    reach = origin[2] / (origin[2] - points[:, 2:])
    return origin[:2] + (points[:, :2] - origin[:2]) * reach


def _inside(pixels: np.ndarray, rows_n: int, columns_n: int) -> Window | None:
    """The part of a picture between pixels."""
    first = np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 1, [columns_n, rows_n])
    if (last <= first).any():
        return None
    return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))
