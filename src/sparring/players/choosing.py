"""Players at work: from an image to grasps, from a grasped patch to an attack."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from sparring.actions.grasp import ANGLES_N, angle_rad
from sparring.config import PatchConfig, Scoring
from sparring.players import patches as cutting
from sparring.players import policies
from sparring.players.dense import DenseView, Grids, sample_grids
from sparring.players.device import Compute
from sparring.players.networks import PatchNet

Policy = Literal["importance", "greedy"]
Scores = tuple[Float[np.ndarray, "patches 2"], Float[np.ndarray, "patches angles"]]
"""Centres (column, row) and logits of every angle there."""
SCORED_AT_ONCE_N = 256
"""So many patches' activations stay near a CPU's cache: a quarter faster than 1024."""


@dataclass(frozen=True)
class ImageGrasp:
    """A grasp as chosen in an image."""

    column_px: float
    row_px: float
    angle: int
    """Discrete angle, times 10 degrees counter-clockwise."""
    probability: float | None
    """Probability of success in the player's eyes; None when it did not look."""

    @property
    def angle_deg(self) -> float:
        """Angle of closing, counter-clockwise in the image."""
        return self.angle * 180.0 / ANGLES_N


def is_dense(scoring: Scoring, network: PatchNet) -> bool:
    """Whether patches are sampled on grids, to share their convolutions; `auto`: where their scores are the same so."""
    return scoring == "dense" or (scoring == "auto" and not network.kind.padded)


def grasps_of(
    pairs: policies.Choice, centres: Float[np.ndarray, "patches 2"], logits: Float[np.ndarray, "patches angles"]
) -> list[ImageGrasp]:
    """The grasps that pairs of patch and angle stand for."""
    probabilities = policies.sigmoid(policies.smoothed(logits))
    return [
        ImageGrasp(float(centres[patch, 0]), float(centres[patch, 1]), int(angle), float(probabilities[patch, angle]))
        for patch, angle in pairs
    ]


class GraspPlayer(Protocol):
    """Chooses grasps in an image."""

    def choose(self, image: UInt8[np.ndarray, "h w channels"], k: int, rng: np.random.Generator) -> list[ImageGrasp]:
        """`k` grasps, or fewer where there are not so many."""
        ...


@dataclass(frozen=True)
class RandomGrasps:
    """Random places in regions of interest, random angles: how the first data are gathered."""

    patches: PatchConfig
    pixel_m: float

    def choose(self, image: UInt8[np.ndarray, "h w channels"], k: int, rng: np.random.Generator) -> list[ImageGrasp]:
        """`k` random grasps."""
        centres = cutting.sample_centres(
            image,
            k,
            patch_px=self.patches.size_px(self.pixel_m),
            window_px=self.patches.random_window_m / self.pixel_m,
            feature_std=self.patches.feature_std,
            rng=rng,
        )
        angles = rng.integers(ANGLES_N, size=k)
        return [ImageGrasp(float(x), float(y), int(angle), None) for (x, y), angle in zip(centres, angles, strict=True)]


@dataclass(frozen=True, eq=False)
class Protagonist:
    """A network that looks at patches, with a policy that chooses among its scores."""

    network: PatchNet
    compute: Compute
    patches: PatchConfig
    pixel_m: float
    patches_n: int
    policy: Policy
    scoring: Scoring = "patches"

    def __post_init__(self) -> None:
        self.network.eval()

    @property
    def patch_px(self) -> float:
        """Side of a patch in pixels of the image."""
        return self.patches.size_px(self.pixel_m)

    @property
    def grid_px(self) -> float:
        """Spacing of patches that can share their convolutions, in pixels of the image."""
        return self.patch_px * self.network.kind.stride_px / self.network.input_px

    def choose(self, image: UInt8[np.ndarray, "h w channels"], k: int, rng: np.random.Generator) -> list[ImageGrasp]:
        """`k` grasps by the policy; greedy ones come best first."""
        centres, logits = self.scored(image, rng)
        pairs = policies.greedy_pairs(logits, k) if self.policy == "greedy" else policies.importance_pairs(logits, k, rng)
        return grasps_of(pairs, centres, logits)

    def scored(self, image: UInt8[np.ndarray, "h w channels"], rng: np.random.Generator) -> Scores:
        """Samples patches, and scores every angle at each."""
        n, feature_std = self.patches_n, self.patches.feature_std
        if not is_dense(self.scoring, self.network):
            centres = cutting.sample_centres(
                image, n, patch_px=self.patch_px, window_px=self.patch_px, feature_std=feature_std, rng=rng
            )
            return centres, self.score(image, centres)
        grids = sample_grids(image, n, patch_px=self.patch_px, step_px=self.grid_px, feature_std=feature_std, rng=rng)
        return grids.centres, self.score_grids(image, grids)

    def score(
        self, image: UInt8[np.ndarray, "h w channels"], centres: Float[np.ndarray, "patches 2"]
    ) -> Float[np.ndarray, "patches angles"]:
        """Logits of success of every angle at every centre (column, row), patch by patch."""
        return self._score_alone(self.pixels(image), centres)

    def score_grids(self, image: UInt8[np.ndarray, "h w channels"], grids: Grids) -> Float[np.ndarray, "patches angles"]:
        """The same at centres on grids, with their convolutions shared where that is less work."""
        pixels, view = self.pixels(image), DenseView(grids, self.network, self.patch_px)
        return view.logits(pixels, self.compute) if view.pays else self._score_alone(pixels, grids.centres)

    def pixels(self, image: UInt8[np.ndarray, "h w channels"]) -> Float[Tensor, "channels h w"]:
        """An image on the network's device."""
        return torch.from_numpy(np.array(image)).to(self.compute.device).permute(2, 0, 1).float()

    @torch.inference_mode()
    def _score_alone(self, pixels: Tensor, centres: np.ndarray) -> np.ndarray:
        points = torch.from_numpy(centres).to(pixels.device, torch.float32)
        scores = []
        with self.compute.autocast():
            for part in points.split(SCORED_AT_ONCE_N):
                patches = cutting.cut(pixels, part, patch_px=self.patch_px, out_px=self.network.input_px)
                scores.append(self.network(patches).float().cpu())
        return torch.cat(scores).numpy()


@dataclass(frozen=True, eq=False)
class GraspedPatches:
    """What the adversary sees: where each grasp was, in crops of the image; turned by their angles they are its views s+."""

    crops: UInt8[np.ndarray, "n channels c c"]
    offsets: Float[np.ndarray, "n 2"]
    angles: Float[np.ndarray, " n"]
    """Image angle of each grasp, radians."""


def angles_rad(angles: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Image angles of discrete ones, as patches are turned by."""
    return np.asarray(angle_rad(angles), np.float32)


def grasped_patches(
    images: Sequence[UInt8[np.ndarray, "h w channels"]], grasps: Sequence[ImageGrasp], *, patch_px: float
) -> GraspedPatches:
    """The surroundings of grasps, one image each."""
    side = cutting.crop_side_px(patch_px)
    pairs = [
        cutting.crop_about(image, np.array([grasp.column_px, grasp.row_px]), side)
        for image, grasp in zip(images, grasps, strict=True)
    ]
    return GraspedPatches(
        crops=np.stack([crop for crop, _ in pairs]),
        offsets=np.stack([offset for _, offset in pairs]).astype(np.float32),
        angles=angles_rad(np.array([grasp.angle for grasp in grasps])),
    )


def canonical_views(seen: GraspedPatches, *, patch_px: float, out_px: int) -> UInt8[np.ndarray, "n h w channels"]:
    """The adversary's views s+ as pictures: the closing direction points right."""
    crops, offsets, angles = (torch.from_numpy(part) for part in (seen.crops, seen.offsets, seen.angles))
    views = cutting.turn(crops, offsets, angles, patch_px=patch_px, out_px=out_px)
    return (views + 0.5).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()


@torch.inference_mode()
def attack_probabilities(
    network: PatchNet, seen: GraspedPatches, *, patch_px: float, compute: Compute
) -> Float[np.ndarray, "n actions"]:
    """Probability that each action dislodges each grasp, from the canonical view s+ (section V-E)."""
    network.eval()
    device, parts = compute.device, []
    for start in range(0, len(seen.crops), SCORED_AT_ONCE_N):
        rows = slice(start, start + SCORED_AT_ONCE_N)
        views = cutting.turn(
            torch.from_numpy(seen.crops[rows]).to(device),
            torch.from_numpy(seen.offsets[rows]).to(device),
            torch.from_numpy(seen.angles[rows]).to(device),
            patch_px=patch_px,
            out_px=network.input_px,
        )
        with compute.autocast():
            parts.append(torch.sigmoid(network(views).float()).cpu())
    return torch.cat(parts).numpy() if parts else np.zeros((0, network.actions_n), np.float32)
