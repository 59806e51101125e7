"""Patches: where they are sampled, and how they are cut, turned and scaled on the network's device.

Pixel positions are (column, row); angles are counter-clockwise in the image.
"""

import numpy as np
import torch
from jaxtyping import Float, Num, UInt8
from torch import Tensor
from torch.nn import functional

CACHED_CROPS_N = 8
"""So many crops, as floats, stay in a CPU's cache while they are sampled: half the time of a whole batch at once."""
ROUND_PER_PATCH_N, ROUNDS_N = 4, 12
"""Centres are drawn in rounds of four a wanted patch, at most twelve rounds."""


def sample_centres(
    image: UInt8[np.ndarray, "h w 3"],
    n: int,
    *,
    patch_px: float,
    window_px: float,
    feature_std: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n 2"]:
    """Centres (column, row), uniform where the whole patch lies inside the image and a window about it has features.

    A window whose pixels' standard deviation is at most `feature_std` is drawn again (the authors: the patch itself,
    15). Where an image has too few such places, the most featured of all draws are taken.
    """
    h, w = image.shape[:2]
    margin = patch_px / 2
    std_at = WindowStd(image, window_px)
    centres, spread = np.empty((0, 2)), np.empty(0)
    for _ in range(ROUNDS_N):
        drawn = rng.uniform([margin, margin], [w - 1 - margin, h - 1 - margin], size=(ROUND_PER_PATCH_N * n, 2))
        centres, spread = np.concatenate([centres, drawn]), np.concatenate([spread, std_at(drawn)])
        featured = np.flatnonzero(spread > feature_std)
        if len(featured) >= n:
            return centres[featured[:n]]
    return centres[np.argsort(-spread, kind="stable")[:n]]


class WindowStd:
    """Standard deviation (0-255) of all pixels and channels in square windows of one image, by integral images."""

    def __init__(self, image: UInt8[np.ndarray, "h w 3"], window_px: float) -> None:
        pixels = image.astype(np.float32)
        self._size, self._window_px = np.array([image.shape[1], image.shape[0]]), window_px
        over_channels = np.ones(3, np.float32)
        self._sums, self._squares = _integral(pixels @ over_channels), _integral((pixels * pixels) @ over_channels)

    def __call__(self, centres: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"]:
        """The deviation in the window about each centre, as far as it lies in the image."""
        first = np.maximum(np.round(centres - self._window_px / 2).astype(int), 0)
        last = np.minimum(first + max(1, round(self._window_px)), self._size)
        count = (last - first).prod(axis=1) * 3
        mean = _window_sum(self._sums, first, last) / count
        square = _window_sum(self._squares, first, last) / count
        return np.sqrt(np.maximum(square - mean**2, 0.0))


def _integral(values: np.ndarray) -> np.ndarray:
    """Exact: whole numbers below 2^53."""
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    values.cumsum(axis=0, dtype=np.float64, out=table[1:, 1:])
    table[1:, 1:].cumsum(axis=1, out=table[1:, 1:])
    return table


def _window_sum(table: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    (x0, y0), (x1, y1) = first.T, last.T
    return table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]


def cut(
    image: Float[Tensor, "3 h w"], centres: Float[Tensor, "n 2"], *, patch_px: float, out_px: int
) -> Float[Tensor, "n 3 out out"]:
    """Upright patches of one image, scaled to the network's input."""
    n, angles = len(centres), torch.zeros(len(centres), device=image.device)
    grid = _grid(centres, angles, patch_px, out_px, image.shape[-2:])
    long = grid.reshape(1, n * out_px, out_px, 2)
    patches = functional.grid_sample(image[None], long, padding_mode="border", align_corners=True)
    return patches.reshape(3, n, out_px, out_px).transpose(0, 1)


def views(
    image: Float[Tensor, "3 h w"], origins: Float[Tensor, "n 2"], *, patch_px: float, out_px: int, shape: tuple[int, int]
) -> Float[Tensor, "n 3 rows columns"]:
    """As `cut`, but every view goes on to the right and below, at the patches' scale, until it has `shape`."""
    rows_n, columns_n = shape
    column = origins[:, 0, None] + _steps(columns_n, patch_px, out_px, image.device)
    row = origins[:, 1, None] + _steps(rows_n, patch_px, out_px, image.device)
    places = [column[:, None, :].expand(-1, rows_n, -1), row[:, :, None].expand(-1, -1, columns_n)]
    long = _normalised(places[0], places[1], image.shape[-2:]).reshape(1, len(origins) * rows_n, columns_n, 2)
    seen = functional.grid_sample(image[None], long, padding_mode="border", align_corners=True)
    return seen.reshape(3, len(origins), rows_n, columns_n).transpose(0, 1)


def turn(
    crops: Num[Tensor, "n 3 c c"],
    offsets: Float[Tensor, "n 2"],
    angles_rad: Float[Tensor, " n"],
    *,
    patch_px: float,
    out_px: int,
    mirrors: Float[Tensor, "n 2"] | None = None,
) -> Float[Tensor, "n 3 out out"]:
    """Patches about `offsets` (from each crop's centre), whose x axis lies along `angles_rad` in the image.

    So a direction at angle `a` in the image is at `a - angle` in the patch: turned by its grasp's angle, a patch is
    the adversary's canonical view s+ (section V-E), with the closing direction along its x axis. A -1 in `mirrors` then
    mirrors a patch's x or y axis.
    """
    middle = (crops.shape[-1] - 1) / 2
    grid = _grid(offsets + middle, angles_rad, patch_px, out_px, crops.shape[-2:], mirrors)
    if crops.device.type != "cpu":
        return _sampled(crops, grid)
    parts = zip(crops.split(CACHED_CROPS_N), grid.split(CACHED_CROPS_N), strict=True)
    return torch.cat([_sampled(some, at) for some, at in parts])


def _sampled(crops: Tensor, grid: Tensor) -> Tensor:
    return functional.grid_sample(crops.float(), grid, padding_mode="border", align_corners=True)


def _grid(
    centres: Tensor, angles_rad: Tensor, patch_px: float, out_px: int, shape: torch.Size, mirrors: Tensor | None = None
) -> Tensor:
    """Sampling grid [n, out, out, 2] in grid_sample's coordinates (-1..1 from the first to the last pixel's centre)."""
    steps = _steps(out_px, patch_px, out_px, centres.device)
    right, up = torch.meshgrid(steps, -steps, indexing="xy")
    if mirrors is not None:
        right, up = right * mirrors[:, 0, None, None], up * mirrors[:, 1, None, None]
    c, s = torch.cos(angles_rad)[:, None, None], torch.sin(angles_rad)[:, None, None]
    column = centres[:, 0, None, None] + right * c - up * s
    row = centres[:, 1, None, None] - right * s - up * c
    return _normalised(column, row, shape)


def _steps(n: int, patch_px: float, out_px: int, device: torch.device) -> Tensor:
    """Places of the first `n` samples of a patch, from its centre, in pixels of the image."""
    return ((torch.arange(n, device=device) + 0.5) / out_px - 0.5) * patch_px


def _normalised(column: Tensor, row: Tensor, shape: torch.Size) -> Tensor:
    h, w = shape
    return torch.stack([column * (2 / (w - 1)) - 1, row * (2 / (h - 1)) - 1], dim=-1)


def crop_side_px(patch_px: float) -> int:
    """Side of the square crop that holds a patch turned by any angle."""
    return 2 * int(np.ceil(patch_px * np.sqrt(0.5))) + 3


def crop_about(
    image: UInt8[np.ndarray, "h w 3"], centre: Float[np.ndarray, " 2"], side_px: int
) -> tuple[UInt8[np.ndarray, "3 c c"], Float[np.ndarray, " 2"]]:
    """A crop about the pixel nearest to `centre`, repeated at the image's edges, and the offset of `centre` in it."""
    nearest = np.round(centre).astype(int)
    half = side_px // 2
    h, w = image.shape[:2]
    rows = np.clip(np.arange(nearest[1] - half, nearest[1] + half + 1), 0, h - 1)
    columns = np.clip(np.arange(nearest[0] - half, nearest[0] + half + 1), 0, w - 1)
    return np.ascontiguousarray(image[rows[:, None], columns].transpose(2, 0, 1)), centre - nearest
