"""GG-CNN (Morrison, Corke, Leitner, RSS 2018) with weights that the user supplies: depth in, a grasp at every pixel out.

A detector of your own is two lines, `mine.py`, for `sparring stress --policy mine.py:detector`:

    from sparring.stress.foreign.ggcnn import GgCnnDetector
    detector = GgCnnDetector("ggcnn_epoch_23_cornell_statedict.pt")
"""

import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file
from scipy import ndimage
from torch import Tensor, nn

from sparring.errors import CheckpointError, ConfigError
from sparring.pinhole import PinholeCamera
from sparring.stress.foreign.maps import from_maps

WEIGHTS = "SPARRING_GGCNN_WEIGHTS"
"""The environment variable that names the weights where the detector is made without arguments."""
WHERE = (
    "the authors publish them at https://github.com/dougsm/ggcnn (releases: ggcnn_weights_cornell.zip, the file that ends in "
    "statedict.pt)"
)
INPUT_PX, STRIDE_PX = 300, 12
"""The published input is 300 pixels square; sides must be multiples of the stride."""
WIDTH_PX = 150.0
"""Widths are learned as shares of so many pixels."""


class GgCnn(nn.Module):
    """The published network of 62,420 parameters, its layers called as in the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 9, stride=3, padding=3)
        self.conv2 = nn.Conv2d(32, 16, 5, stride=2, padding=2)
        self.conv3 = nn.Conv2d(16, 8, 3, stride=2, padding=1)
        self.convt1 = nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1)
        self.convt2 = nn.ConvTranspose2d(8, 16, 5, stride=2, padding=2, output_padding=1)
        self.convt3 = nn.ConvTranspose2d(16, 32, 9, stride=3, padding=3, output_padding=1)
        self.pos_output, self.cos_output, self.sin_output, self.width_output = (nn.Conv2d(32, 1, 2) for _ in range(4))

    def forward(self, depth: Float[Tensor, "batch 1 h w"]) -> Float[Tensor, "batch 4 h w"]:
        """Quality, cosine and sine of twice the angle, and width, at every pixel."""
        seen = depth
        for layer in (self.conv1, self.conv2, self.conv3, self.convt1, self.convt2, self.convt3):
            seen = torch.relu(layer(seen))
        heads = (self.pos_output, self.cos_output, self.sin_output, self.width_output)
        return torch.cat([head(seen) for head in heads], dim=1)


class GgCnnDetector:
    """GG-CNN as a detector.

    Args:
        weights: a state dict, .pt or .safetensors; unless given, what the environment variable SPARRING_GGCNN_WEIGHTS names.

    Raises:
        ConfigError: no weights are named.
        CheckpointError: they are missing, damaged, or of another network.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        path = weights or os.environ.get(WEIGHTS)
        if not path:
            raise ConfigError(f"GG-CNN needs weights: name their file in {WEIGHTS}; {WHERE}")
        self._network = network_from(Path(path))

    def __call__(
        self, image: UInt8[np.ndarray, "h w 3"], camera: PinholeCamera, depth_m: Float[np.ndarray, "h w"]
    ) -> list[tuple[float, float, float, float, float]]:
        """Grasps (column_px, row_px, angle_deg, quality, width_m) at the peaks of the quality; the picture is not looked at."""
        height, width = depth_m.shape
        seen = prepared(depth_m)
        with torch.inference_mode():
            quality, cos2, sin2, widths = self._network(torch.from_numpy(seen)[None, None])[0].numpy().astype(float)
        found = from_maps(quality, cos2, sin2, widths)
        scale_x, scale_y = width / seen.shape[1], height / seen.shape[0]
        pixel_m = camera.pixel_m(width, height)
        return [
            (
                min(max(0.0, (column + 0.5) * scale_x - 0.5), width - 1.0),
                min(max(0.0, (row + 0.5) * scale_y - 0.5), height - 1.0),
                angle_deg,
                score,
                max(share, 1e-3) * WIDTH_PX * scale_x * pixel_m,
            )
            for column, row, angle_deg, score, share in found
        ]


def prepared(depth_m: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "rows columns"]:
    """Depth as the network was trained on it: holes filled from beside, 300 pixels high or wide, less its mean, cut at 1 m.

    The published crop is square; the network is convolutional, and here sees the whole picture.
    """
    holes = ~np.isfinite(depth_m) | (depth_m <= 0)
    if holes.all():
        return np.zeros((INPUT_PX, INPUT_PX), np.float32)
    nearest: Any = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
    filled: np.ndarray = depth_m[tuple(nearest)]
    shorter = min(filled.shape)
    rows, columns = (max(1, round(side * INPUT_PX / shorter / STRIDE_PX)) * STRIDE_PX for side in filled.shape)
    known = torch.from_numpy(filled.astype(np.float32))[None, None]
    scaled = nn.functional.interpolate(known, (rows, columns), mode="bilinear", antialias=True)[0, 0].numpy()
    return np.clip(scaled - scaled.mean(), -1.0, 1.0)


def network_from(path: Path) -> GgCnn:
    """The network with weights from a file. Nothing in the file is executed.

    Raises:
        CheckpointError: missing, damaged, a pickled module instead of a state dict, or of another network.
    """
    if not path.is_file():
        raise CheckpointError(f"there are no GG-CNN weights {path}; {WHERE}")
    try:
        with warnings.catch_warnings(action="ignore"):  # of pickles in other protocols, which are refused or read all the same
            tensors = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, OSError, ValueError, RuntimeError, EOFError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path} is no state dict that can be read safely ({reason[:200]}); {WHERE}") from None
    network = GgCnn()
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    shapes = {name: tuple(value.shape) for name, value in tensors.items()} if _is_state_dict(tensors) else {}
    if shapes != wanted:
        differing = sorted(name for name in wanted.keys() | shapes.keys() if wanted.get(name) != shapes.get(name))
        raise CheckpointError(f"{path} does not hold GG-CNN's weights (differing: {', '.join(map(str, differing[:4]))}); {WHERE}")
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise CheckpointError(f"{path} holds weights that are not finite")
    network.load_state_dict(tensors)
    return network.eval()


def _is_state_dict(tensors: object) -> bool:
    return isinstance(tensors, dict) and all(isinstance(one, str) and isinstance(two, Tensor) for one, two in tensors.items())
