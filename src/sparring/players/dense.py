"""Dense scoring: patches of one image that lie on a grid of the trunk's stride share their convolutions.

A trunk without padding gives every such patch the features that it gives it alone, to rounding. A trunk that pads sees
zeros around a patch that stands alone, and the rest of the image here; how far the scores agree is measured in
docs/scoring.md.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from sparring.players import patches as cutting
from sparring.players.device import Compute
from sparring.players.networks import PatchNet

FEW_GRIDS_N, MOST_PER_PATCH_N = 24, 4
"""In search of places with features, more grids than this are laid over an image only while they have fewer cells than four a
wanted patch."""
VIEWED_AT_ONCE_PX, MOST_VIEWED_PX = 2**19, 2**23
"""Pixels, in the network's scale, that go through the convolutions at once; and the most that one grid may span."""
DECIDED_AT_ONCE_N = 1024


@dataclass(frozen=True, eq=False)
class Grids:
    """Centres picked from square grids that were laid over an image."""

    origins: Float[np.ndarray, "grids 2"]
    """First centre (column, row) of each grid."""
    step_px: float
    """Spacing of each grid, in pixels of the image."""
    picked: Int[np.ndarray, "n 3"]
    """(grid, row, column)."""

    @property
    def centres(self) -> Float[np.ndarray, "n 2"]:
        """The picked centres (column, row), in pixels of the image."""
        return self.origins[self.picked[:, 0]] + self.step_px * self.picked[:, :0:-1]


def sample_grids(
    image: UInt8[np.ndarray, "h w channels"],
    n: int,
    *,
    patch_px: float,
    step_px: float,
    feature_std: float,
    rng: np.random.Generator,
) -> Grids:
    """As `patches.sample_centres`, but on grids at random places: every place is as likely as before.

    As many grids as it takes to find `n` patches with features; where there are not so many, the most featured of all.
    """
    h, w = image.shape[:2]
    room = np.array([w, h]) - 1 - patch_px
    std_at = cutting.WindowStd(image, patch_px)
    origins, cells, spreads, featured_n, cells_n = [], [], [], 0, 0
    while featured_n < n and (len(origins) < FEW_GRIDS_N or cells_n < MOST_PER_PATCH_N * n):
        start = rng.uniform(0, np.minimum(step_px, room))
        columns_n, rows_n = ((room - start) // step_px + 1).astype(int)
        row, column = (axis.ravel() for axis in np.mgrid[:rows_n, :columns_n])
        spread = std_at(patch_px / 2 + start + step_px * np.stack([column, row], axis=1))
        cells.append(np.stack([np.full(len(row), len(origins)), row, column], axis=1))
        spreads.append(spread)
        origins.append(patch_px / 2 + start)
        featured_n, cells_n = featured_n + int((spread > feature_std).sum()), cells_n + len(spread)
    spread = np.concatenate(spreads)
    if featured_n >= n:
        kept = np.sort(rng.permutation(np.flatnonzero(spread > feature_std))[:n])
    else:
        kept = np.sort(np.argsort(-spread, kind="stable")[:n])
    return Grids(np.array(origins), step_px, np.concatenate(cells)[kept])


class DenseView:
    """The part of an image that picked centres need, as many times as they lie on grids."""

    def __init__(self, grids: Grids, network: PatchNet, patch_px: float) -> None:
        self._network, self._patch_px = network, patch_px
        used, self._grid = np.unique(grids.picked[:, 0], return_inverse=True)
        first, last = grids.picked[:, 1:].min(axis=0), grids.picked[:, 1:].max(axis=0)
        self._cells = grids.picked[:, 1:] - first
        self._origins = grids.origins[used] + grids.step_px * first[::-1]
        rows, columns = (last - first) * network.kind.stride_px + network.input_px
        self.shape = int(rows), int(columns)

    @property
    def pays(self) -> bool:
        """Whether it is less work than the patches one by one, and fits into memory."""
        view_px = self.shape[0] * self.shape[1]
        alone_px = len(self._cells) * self._network.input_px**2
        return view_px <= MOST_VIEWED_PX and len(self._origins) * view_px < alone_px

    @torch.inference_mode()
    def logits(self, pixels: Float[Tensor, "channels h w"], compute: Compute) -> Float[np.ndarray, "n actions"]:
        """Scores at every picked centre."""
        found = np.empty((len(self._cells), self._network.actions_n), np.float32)
        at_once = max(1, VIEWED_AT_ONCE_PX // (self.shape[0] * self.shape[1]))
        windows: list[Tensor] = []
        rows: list[np.ndarray] = []
        with compute.autocast():
            for start in range(0, len(self._origins), at_once):
                maps = self._maps(pixels, self._origins[start : start + at_once])
                rows.append(np.flatnonzero((self._grid >= start) & (self._grid < start + at_once)))
                windows.append(self._windows(maps, self._grid[rows[-1]] - start, self._cells[rows[-1]]))
                is_last = start + at_once >= len(self._origins)
                if is_last or sum(map(len, rows)) >= DECIDED_AT_ONCE_N:  # large products use the weights best
                    found[np.concatenate(rows)] = self._decided(torch.cat(windows))
                    windows, rows = [], []
        return found

    def _maps(self, pixels: Tensor, origins: np.ndarray) -> Float[Tensor, "grids rows columns channels"]:
        at = torch.from_numpy(origins).to(pixels.device, torch.float32)
        views = cutting.views(pixels, at, patch_px=self._patch_px, out_px=self._network.input_px, shape=self.shape)
        return self._network.features(views).permute(0, 2, 3, 1).contiguous()

    def _decided(self, windows: Tensor) -> np.ndarray:
        return self._network.decide(self._network.summed_up(windows)).cpu().numpy()

    def _windows(self, maps: Tensor, grid: np.ndarray, cells: np.ndarray) -> Float[Tensor, "n channels window window"]:
        """The features of patches: windows of the maps."""
        reach = np.arange(self._network.kind.window)
        row, column = cells[:, 0, None, None] + reach[:, None], cells[:, 1, None, None] + reach
        at = [torch.from_numpy(index).to(maps.device) for index in (grid[:, None, None], row, column)]
        return maps[tuple(at)].permute(0, 3, 1, 2)
