"""Patches: where they are sampled, and how they are cut, turned and scaled on the network's device.

Pixel positions are (column, row); angles are counter-clockwise in the image.
"""

import numpy as np
import torch
from jaxtyping import Float, Int, Num, UInt8
from torch import Tensor
from torch.nn import functional

CACHED_CROPS_N = 16
"""So many crops, as floats, stay in a CPU's cache while they are sampled: half the time of a whole batch at once."""
ROUND_PER_PATCH_N, ROUNDS_N = 4, 12
"""Centres are drawn in rounds of four a wanted patch, at most twelve rounds."""


def sample_centres(
    image: UInt8[np.ndarray, "h w channels"],
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
    """Standard deviation (0-255) of all pixels and colours in square windows of one image, by integral images."""

    def __init__(self, image: UInt8[np.ndarray, "h w channels"], window_px: float) -> None:
        pixels = image[..., :3].astype(np.float32)
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
    image: Float[Tensor, "channels h w"], centres: Float[Tensor, "n 2"], *, patch_px: float, out_px: int
) -> Float[Tensor, "n channels out out"]:
    """Upright patches of one image, scaled to the network's input."""
    n, angles = len(centres), torch.zeros(len(centres), device=image.device)
    grid = _grid(_affine(centres, angles, patch_px, image.shape[-2:]), out_px)
    long = grid.reshape(1, n * out_px, out_px, 2)
    patches = functional.grid_sample(image[None], long, padding_mode="border", align_corners=True)
    return patches.reshape(-1, n, out_px, out_px).transpose(0, 1)


def views(
    image: Float[Tensor, "channels h w"], origins: Float[Tensor, "n 2"], *, patch_px: float, out_px: int, shape: tuple[int, int]
) -> Float[Tensor, "n channels rows columns"]:
    """As `cut`, but every view goes on to the right and below, at the patches' scale, until it has `shape`."""
    rows_n, columns_n = shape
    column = origins[:, 0, None] + _steps(columns_n, patch_px, out_px, image.device)
    row = origins[:, 1, None] + _steps(rows_n, patch_px, out_px, image.device)
    h, w = image.shape[-2:]
    x, y = column * (2 / (w - 1)) - 1, row * (2 / (h - 1)) - 1
    grid = torch.stack([x[:, None, :].expand(-1, rows_n, -1), y[:, :, None].expand(-1, -1, columns_n)], dim=-1)
    long = grid.reshape(1, len(origins) * rows_n, columns_n, 2)
    seen = functional.grid_sample(image[None], long, padding_mode="border", align_corners=True)
    return seen.reshape(-1, len(origins), rows_n, columns_n).transpose(0, 1)


def turn(
    crops: Num[Tensor, "many channels c c"],
    offsets: Float[Tensor, "n 2"],
    angles_rad: Float[Tensor, " n"],
    *,
    patch_px: float,
    out_px: int,
    mirrors: Float[Tensor, "n 2"] | None = None,
    rows: Int[Tensor, " n"] | None = None,
) -> Float[Tensor, "n channels out out"]:
    """Patches about `offsets` (from each crop's centre), whose x axis lies along `angles_rad` in the image.

    So a direction at angle `a` in the image is at `a - angle` in the patch: turned by its grasp's angle, a patch is
    the adversary's canonical view s+ (section V-E), with the closing direction along its x axis. A -1 in `mirrors` then
    mirrors a patch's x or y axis. `rows` are the crops that are wanted, all in their order unless given.
    """
    rows = torch.arange(len(crops), device=crops.device) if rows is None else rows
    middle = (crops.shape[-1] - 1) / 2
    affine = _affine(offsets + middle, angles_rad, patch_px, crops.shape[-2:], mirrors)
    at_once_n = CACHED_CROPS_N if crops.device.type == "cpu" else max(1, len(rows))
    parts = zip(rows.split(at_once_n), affine.split(at_once_n), strict=True)
    return torch.cat([_sampled(crops[some], _grid(how, out_px)) for some, how in parts])


def _sampled(crops: Tensor, grid: Tensor) -> Tensor:
    return functional.grid_sample(crops.float(), grid, padding_mode="border", align_corners=True)


def _affine(
    centres: Tensor, angles_rad: Tensor, patch_px: float, shape: torch.Size, mirrors: Tensor | None = None
) -> Float[Tensor, "n 2 3"]:
    """From places in patches (-1..1, y down) to places in images as `grid_sample` counts them."""
    h, w = shape
    c, s = (patch_px * turned[:, None] for turned in (torch.cos(angles_rad), torch.sin(angles_rad)))
    right, down = torch.cat([c, -s], dim=1), torch.cat([s, c], dim=1)
    if mirrors is not None:
        right, down = right * mirrors[:, :1], down * mirrors[:, 1:]
    column, row = torch.stack([right, down, 2 * centres], dim=2).unbind(dim=1)
    places = torch.stack([column / (w - 1), row / (h - 1)], dim=1)
    places[..., 2] -= 1
    return places


def _grid(affine: Tensor, out_px: int) -> Float[Tensor, "n out out 2"]:
    return functional.affine_grid(affine, [len(affine), 1, out_px, out_px], align_corners=False)


def _steps(n: int, patch_px: float, out_px: int, device: torch.device) -> Tensor:
    """Places of the first `n` samples of a patch, from its centre, in pixels of the image."""
    return ((torch.arange(n, device=device) + 0.5) / out_px - 0.5) * patch_px


def crop_side_px(patch_px: float) -> int:
    """Side of the square crop that holds a patch turned by any angle."""
    return 2 * int(np.ceil(patch_px * np.sqrt(0.5))) + 3


def crop_about(
    image: UInt8[np.ndarray, "h w channels"], centre: Float[np.ndarray, " 2"], side_px: int
) -> tuple[UInt8[np.ndarray, "channels c c"], Float[np.ndarray, " 2"]]:
    """A crop about the pixel nearest to `centre`, repeated at the image's edges, and the offset of `centre` in it."""
    nearest = np.round(centre).astype(int)
    half = side_px // 2
    h, w = image.shape[:2]
    rows = np.clip(np.arange(nearest[1] - half, nearest[1] + half + 1), 0, h - 1)
    columns = np.clip(np.arange(nearest[0] - half, nearest[0] + half + 1), 0, w - 1)
    return np.ascontiguousarray(image[rows[:, None], columns].transpose(2, 0, 1)), centre - nearest
