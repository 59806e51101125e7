"""Dense scoring: the same patches at the same places, with their convolutions shared."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from sparring.config import NetworkConfig, PatchConfig
from sparring.players.choosing import Protagonist, is_dense
from sparring.players.dense import FEW_GRIDS_N, DenseView, sample_grids
from sparring.players.device import Compute
from sparring.players.networks import new_network
from sparring.players.patches import WindowStd, cut, views
from sparring.players.trunks import TRUNKS

CPU = Compute(torch.device("cpu"), bf16=False)
PIXEL_M = 0.003
PATCHES = PatchConfig(size_m=0.144)
PATCH_PX = PATCHES.size_px(PIXEL_M)


def picture(seed: int = 0, shape: tuple[int, int] = (120, 160)) -> np.ndarray:
    """A smooth picture full of features."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (3, shape[0] // 6 + 2, shape[1] // 6 + 2)).astype(np.float32)
    fine = torch.nn.functional.interpolate(torch.from_numpy(coarse)[None], size=shape, mode="bilinear", align_corners=True)
    return fine[0].permute(1, 2, 0).to(torch.uint8).numpy()


def player_of(trunk: str, scoring: str = "dense", patches_n: int = 64) -> Protagonist:
    """A player that knows nothing but has its opinions."""
    network = new_network(NetworkConfig(trunk, pretrained=False), 18, dropout=0.5, seed=1)
    network.eval()
    return Protagonist(network, CPU, PATCHES, PIXEL_M, patches_n, "greedy", scoring)  # type: ignore[arg-type]


def grids_of(player: Protagonist, image: np.ndarray, n: int, seed: int = 0):  # type: ignore[no-untyped-def]
    """Centres on grids for that player."""
    rng = np.random.default_rng(seed)
    return sample_grids(image, n, patch_px=player.patch_px, step_px=player.grid_px, feature_std=5.0, rng=rng)


@pytest.mark.parametrize("seed", range(4))
def test_without_padding_a_dense_score_is_the_patchs_own_to_rounding(seed: int) -> None:
    player, image = player_of("compact"), picture(seed)
    grids = grids_of(player, image, 500, seed)
    assert len(grids.origins) > 1, "several grids"
    alone = player.score(image, grids.centres)
    assert DenseView(grids, player.network, PATCH_PX).logits(player.pixels(image), CPU) == pytest.approx(alone, abs=2e-6)


@pytest.mark.parametrize("trunk", [name for name, kind in TRUNKS.items() if kind.padded])
def test_with_padding_dense_scores_rank_patches_much_as_their_own_do(trunk: str) -> None:
    player, image = player_of(trunk), picture()
    grids = grids_of(player, image, 24)
    dense = DenseView(grids, player.network, PATCH_PX).logits(player.pixels(image), CPU)
    alone = player.score(image, grids.centres)
    other = player.score(picture(9), grids.centres)
    assert spearmanr(dense.ravel(), alone.ravel()).statistic > 0.6
    assert np.abs(dense - alone).mean() < np.abs(dense - other).mean()


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_patch_shifted_by_the_stride_has_its_features_shifted_by_one(trunk: str) -> None:
    """What dense scoring stands on. In the middle of a map, where no border is near, the features are the very same."""
    network, stride = player_of(trunk).network, TRUNKS[trunk].stride_px
    side = network.input_px + 6 * stride
    image = torch.from_numpy(picture(3, (side + stride, side + stride))).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        here = network.features(image[:, :, :side, :side])
        below = network.features(image[:, :, stride:, :side])
        right = network.features(image[:, :, :side, stride:])
    if TRUNKS[trunk].padded:
        here, below, right = (maps[:, :, 4:-4, 4:-4] for maps in (here, below, right))
    scale = float(here.abs().max())
    tolerance = {"resnet18": 0.01}.get(trunk, 1e-4)  # its receptive field of 435 px reaches the border from anywhere
    assert float((here[:, :, 1:] - below[:, :, :-1]).abs().mean()) < tolerance * scale
    assert float((here[..., 1:] - right[..., :-1]).abs().mean()) < tolerance * scale


@pytest.mark.parametrize("n", [1, 40, 300, 5000])
@pytest.mark.parametrize("shape", [(120, 160), (50, 160), (50, 50)])
def test_picked_patches_lie_whole_inside_the_image_and_on_their_grids(n: int, shape: tuple[int, int]) -> None:
    image = picture(1, shape)
    grids = grids_of(player_of("compact"), image, n)
    assert len(grids.centres) == n
    assert (grids.centres >= PATCH_PX / 2).all()
    assert (grids.centres <= np.array([shape[1], shape[0]]) - 1 - PATCH_PX / 2 + 1e-9).all()
    steps = (grids.centres - grids.origins[grids.picked[:, 0]]) / grids.step_px
    assert steps == pytest.approx(np.round(steps), abs=1e-9)
    assert len(np.unique(grids.picked, axis=0)) == len(grids.picked)


def test_every_place_is_as_likely() -> None:
    player, image = player_of("compact"), picture(2)
    centres = np.concatenate([grids_of(player, image, 20, seed).centres for seed in range(300)])
    for axis, side in enumerate((160, 120)):
        counts, _ = np.histogram(centres[:, axis], bins=8, range=(PATCH_PX / 2, side - 1 - PATCH_PX / 2))
        assert counts.min() > 0.85 * counts.mean(), counts
        assert counts.max() < 1.15 * counts.mean(), counts


def test_places_without_features_are_left_out_while_there_are_others() -> None:
    image = np.full((120, 160, 3), 128, np.uint8)
    image[40:80, 100:140] = picture(0, (40, 40))
    player = player_of("compact")
    std_at = WindowStd(image, PATCH_PX)
    rng = np.random.default_rng(0)
    found = sample_grids(image, 60, patch_px=PATCH_PX, step_px=player.grid_px, feature_std=15.0, rng=rng)
    assert (std_at(found.centres) > 15.0).all()
    scarce = sample_grids(image, 4000, patch_px=PATCH_PX, step_px=player.grid_px, feature_std=15.0, rng=rng)
    assert len(scarce.origins) > FEW_GRIDS_N
    assert len(scarce.centres) == 4000
    assert (std_at(scarce.centres) > 15.0).mean() > 0.3


def test_an_image_without_features_is_scored_all_the_same() -> None:
    player = player_of("compact", patches_n=16)
    assert len(player.choose(np.full((120, 160, 3), 128, np.uint8), 3, np.random.default_rng(0))) == 3


@given(st.integers(0, 10_000))
def test_a_view_holds_every_patch_that_begins_in_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = torch.from_numpy(rng.uniform(0, 255, (3, 40, 60)).astype(np.float32))
    origin, out_px, patch_px = torch.tensor([[14.3, 12.9]]), 16, 20.0
    shape = (out_px + 5, out_px + 9)
    (view,) = views(image, origin, patch_px=patch_px, out_px=out_px, shape=shape)
    row, column = int(rng.integers(6)), int(rng.integers(10))
    centre = origin + torch.tensor([[column, row]]) * patch_px / out_px
    (patch,) = cut(image, centre, patch_px=patch_px, out_px=out_px)
    assert view[:, row : row + out_px, column : column + out_px] == pytest.approx(patch, abs=1e-2)


def test_whichever_is_less_work_is_done_and_says_the_same() -> None:
    image = picture(4)
    player = player_of("compact")
    few, many = grids_of(player, image, 2), grids_of(player, image, 200)
    assert not DenseView(few, player.network, PATCH_PX).pays
    assert DenseView(many, player.network, PATCH_PX).pays
    assert player.score_grids(image, few) == pytest.approx(player.score(image, few.centres), abs=2e-6)


def test_auto_is_dense_where_that_is_exact() -> None:
    for trunk, kind in TRUNKS.items():
        network = player_of(trunk).network
        assert is_dense("auto", network) == (not kind.padded)
        assert is_dense("dense", network)
        assert not is_dense("patches", network)


@pytest.mark.parametrize("policy", ["greedy", "importance"])
def test_a_dense_choice_is_decided_by_its_generator(policy: str) -> None:
    player = replace(player_of("compact"), policy=policy)  # type: ignore[arg-type]
    first, again, other = (player.choose(picture(), 4, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_bf16_changes_a_dense_score_but_little() -> None:
    player, image = player_of("compact"), picture()
    grids = grids_of(player, image, 100)
    full = player.score_grids(image, grids)
    half = replace(player, compute=Compute(torch.device("cpu"), bf16=True)).score_grids(image, grids)
    assert np.abs(full - half).max() < 0.1 * np.abs(full).max() + 0.05


def test_with_heights_a_dense_score_is_the_patchs_own_too() -> None:
    network = new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=1, channels_n=4)
    player = Protagonist(network, CPU, PATCHES, PIXEL_M, 64, "greedy", "dense")
    image = np.dstack([picture(), picture(7)[..., 0]])
    grids = grids_of(player, image, 300)
    alone = player.score(image, grids.centres)
    assert DenseView(grids, network, PATCH_PX).logits(player.pixels(image), CPU) == pytest.approx(alone, abs=2e-6)
    flat = np.dstack([picture(), np.zeros((120, 160), np.uint8)])
    assert np.array_equal(grids_of(player, flat, 300).centres, grids.centres), "places are sampled by colours"
    assert not np.allclose(player.score(flat, grids.centres), alone)
