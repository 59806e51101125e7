"""From a photo to the overhead picture that players see: undistorted, and looked at straight from above.

What lies on the table is where the overhead picture's pixels say; what is raised over it leans away from the camera, as in any
picture. Colours and heights are sampled together, so that they stay on one another.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from scipy.sparse import csr_array

from sparring.overhead import Calibration
from sparring.pinhole import PinholeCamera

STRAIGHT_PX = 2.0
"""A photo is taken as it is where no corner is further than this from where a straight, undistorted view has it."""
MOST_AVERAGED_PX = 16
"""At most so many by so many pixels of a photo that is finer than the overhead picture become one."""
FURTHEST_M = 1.0
"""The overhead picture ends this far from what the middle of the photo sees."""
HALVINGS_N, RIM_N = 24, 33
NEARLY = 0.999
"""A side is moved out so far of what is possible: only samples of the rim are looked at, and other ones when other sides move."""
Weights = Any
"""csr_array, which is generic or not by scipy's version: rows are pixels that come out, columns those that go in."""


@dataclass(frozen=True, eq=False)
class Rectification:
    """How the overhead picture's pixels come from a photo's."""

    rows: slice
    columns: slice
    """The part of the photo that is used."""
    side_px: int
    """So many by so many pixels of a finer photo are averaged first."""
    weights: Weights
    """[overhead pixels, averaged pixels of that part]."""
    shape: tuple[int, int]
    """Rows and columns of the overhead picture."""

    def __call__(self, part: UInt8[np.ndarray, "h w channels"]) -> UInt8[np.ndarray, "rows columns channels"]:
        """The overhead picture from the part of the photo that is used."""
        h, w, channels = part.shape
        side = self.side_px
        averaged = part.reshape(h // side, side, w // side, side, channels).mean(axis=(1, 3), dtype=np.float32)
        levels = self.weights @ averaged.reshape(-1, channels)
        return (levels + 0.5).astype(np.uint8).reshape(*self.shape, channels)


def rectification_of(camera: PinholeCamera, overhead: Calibration) -> Rectification:
    """From a camera's photos to an overhead picture of the same world; beyond a photo's rim it is continued."""
    side = int(np.clip(overhead.pixel_m / camera.pixel_m(*camera.size_px), 1, MOST_AVERAGED_PX))
    size_px = np.array(camera.size_px) // side
    row, column = np.mgrid[: overhead.height_px, : overhead.width_px].reshape(2, -1).astype(float)
    photo_px = camera.pixels(on_plane(overhead, np.stack([column, row], axis=1), camera.table_z_m))
    pixels = np.clip(np.nan_to_num((photo_px + 0.5) / side - 0.5), 0, size_px - 1)
    first = np.minimum(np.floor(pixels.min(axis=0)).astype(int), size_px - 2)
    last = np.minimum(np.floor(pixels.max(axis=0)).astype(int) + 2, size_px)
    columns, rows = (slice(int(start), int(stop)) for start, stop in zip(first * side, last * side, strict=True))
    weights = bilinear(pixels - first, *map(int, last - first))
    return Rectification(rows, columns, side, weights, (overhead.height_px, overhead.width_px))


def bilinear(pixels: Float[np.ndarray, "n 2"], width_px: int, height_px: int) -> Weights:
    """Weights of the four neighbours of places inside a picture, [n, pixels]."""
    corner = np.minimum(np.floor(pixels), [width_px - 2, height_px - 2]).astype(np.int32)
    first = corner[:, 1] * np.int32(width_px) + corner[:, 0]
    right, down = (pixels - corner).astype(np.float32).T
    values = np.stack([(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down], axis=1)
    places = first[:, None] + np.array([0, 1, width_px, width_px + 1], np.int32)
    ends = np.arange(0, values.size + 1, 4, dtype=np.int32)
    return csr_array((values.ravel(), places.ravel(), ends), shape=(len(pixels), width_px * height_px))


def is_straight(camera: PinholeCamera) -> bool:
    """Whether a camera looks straight down through a plain lens, so that its photos are overhead pictures as they are."""
    width_px, height_px = camera.size_px
    corners = np.array([[0.0, 0.0], [width_px - 1, 0.0], [0.0, height_px - 1], [width_px - 1, height_px - 1]])
    places = camera.meets_table(corners)[:, :2]
    straight = replace(
        _middle_of(camera),
        width_px=width_px,
        height_px=height_px,
        pixel_m=camera.pixel_m(*camera.size_px),
    )
    return bool((np.abs(straight.pixels(places) - corners) <= STRAIGHT_PX).all())


def overhead_of(camera: PinholeCamera, pixel_m: float) -> Calibration:
    """The overhead picture of a camera's photos: a rectangle of the table that is seen whole, with no room left on any side.

    The photo's right is its right. It ends a metre from what the middle of the photo sees.

    Raises:
        DataError: the middle of the photo does not see the table.
    """
    middle, size_px = _middle_of(camera), camera.size_px

    def is_seen(sides_m: tuple[float, ...]) -> bool:
        left, top, right, bottom = sides_m
        columns, rows = np.linspace(-left, right, RIM_N), np.linspace(-top, bottom, RIM_N)
        across = [np.stack([columns, np.full(RIM_N, row)], axis=1) for row in (-top, bottom)]
        down = [np.stack([np.full(RIM_N, column), rows], axis=1) for column in (-left, right)]
        return camera.sees(on_plane(middle, np.concatenate([*across, *down]), camera.table_z_m))

    shape = np.array([*size_px, *size_px]) / max(size_px)
    reach_m = _most(lambda one: is_seen(tuple(one * shape)), 0.0)
    sides_m = tuple(reach_m * shape)
    for k in range(len(sides_m)):
        before, after = sides_m[:k], sides_m[k + 1 :]
        most_m = _most(partial(lambda before, after, one: is_seen((*before, one, *after)), before, after), sides_m[k])
        sides_m = (*before, most_m, *after)
    left, top, right, bottom = sides_m
    (centre,) = middle.metres(np.array([[(right - left) / 2, (bottom - top) / 2]]))
    return replace(
        middle,
        width_px=max(1, int((left + right) / pixel_m)),
        height_px=max(1, int((top + bottom) / pixel_m)),
        pixel_m=pixel_m,
        centre_x_m=float(centre[0]),
        centre_y_m=float(centre[1]),
    )


def _most(is_possible: Callable[[float], bool], known: float) -> float:
    """Nearly the most of something, up to `FURTHEST_M`, of which so much is known to be possible; by halving."""
    low, high = known, FURTHEST_M
    if is_possible(high):
        return high
    for _ in range(HALVINGS_N):
        half = (low + high) / 2
        low, high = (half, high) if is_possible(half) else (low, half)
    return max(known, NEARLY * low)


def _middle_of(camera: PinholeCamera) -> Calibration:
    """An overhead picture of a single pixel, of a metre, at what the middle of a photo sees; its right is the photo's."""
    here, right = camera.on_table((np.array(camera.size_px) - 1) / 2 + np.array([[0.0, 0.0], [1.0, 0.0]]))
    x, y, _ = right - here
    return Calibration(1, 1, 1.0, float(here[0]), float(here[1]), float(camera.eye_m[2]), float(np.arctan2(y, x)))


def on_plane(overhead: Calibration, pixels: np.ndarray, z_m: float) -> np.ndarray:
    """Places on the table, in the world, of pixels of an overhead picture."""
    return np.concatenate([overhead.metres(pixels), np.full((len(pixels), 1), z_m)], axis=1)
