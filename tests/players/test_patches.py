"""Patches: where they are sampled, and how they are turned."""

import numpy as np
import pytest
import torch
from bars import angle_between_deg, bar_angle_deg, bar_image
from hypothesis import given
from hypothesis import strategies as st

from sparring.players.patches import crop_about, crop_side_px, cut, sample_centres, turn

PATCH_PX, OUT_PX = 40.0, 64


def as_crops(*images: np.ndarray) -> torch.Tensor:
    """Pictures as a batch of crops."""
    return torch.from_numpy(np.stack([image.transpose(2, 0, 1) for image in images])).float()


def turned(image: np.ndarray, angle_deg: float, *, patch_px: float = PATCH_PX, out_px: int = OUT_PX) -> np.ndarray:
    """The middle of a picture as `turn` sees it, one channel."""
    angle = torch.tensor([np.deg2rad(angle_deg)], dtype=torch.float32)
    return turn(as_crops(image), torch.zeros(1, 2), angle, patch_px=patch_px, out_px=out_px)[0, 0].numpy()


@pytest.mark.parametrize("angle_deg", range(0, 180, 10))
def test_a_bar_turned_by_its_own_angle_lies_level(angle_deg: int) -> None:
    bar = bar_image(angle_deg, 61, length_px=30, width_px=6)
    assert angle_between_deg(bar_angle_deg(turned(bar, angle_deg)), 0.0) < 1.0


@given(st.floats(0, 180), st.floats(-180, 180))
def test_a_direction_at_a_is_seen_at_a_less_the_turn(bar_deg: float, turn_deg: float) -> None:
    bar = bar_image(bar_deg, 61, length_px=30, width_px=6)
    assert angle_between_deg(bar_angle_deg(turned(bar, turn_deg)), bar_deg - turn_deg) < 1.5


@given(st.floats(0, 180), st.floats(-180, 180), st.sampled_from([-1.0, 1.0]), st.sampled_from([-1.0, 1.0]))
def test_a_patch_is_mirrored_after_it_was_turned(bar_deg: float, turn_deg: float, x: float, y: float) -> None:
    bar = bar_image(bar_deg, 61, length_px=30, width_px=6)
    angle = torch.tensor([np.deg2rad(turn_deg)], dtype=torch.float32)
    mirrors = torch.tensor([[x, y]])
    patch = turn(as_crops(bar), torch.zeros(1, 2), angle, patch_px=PATCH_PX, out_px=OUT_PX, mirrors=mirrors)[0, 0].numpy()
    assert angle_between_deg(bar_angle_deg(patch), x * y * (bar_deg - turn_deg)) < 1.5


@pytest.mark.parametrize("angle_deg", [10.0, 45.0, 90.0, 133.0])
def test_a_turn_and_the_turn_back_are_nothing(angle_deg: float) -> None:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (1, 3, 9, 9)).astype(np.float32)
    smooth = torch.nn.functional.interpolate(torch.from_numpy(coarse), size=(81, 81), mode="bicubic").clamp(0, 255)
    angle, still = torch.tensor([np.deg2rad(angle_deg)], dtype=torch.float32), torch.zeros(1, 2)
    there = turn(smooth, still, angle, patch_px=81.0, out_px=81)
    back = turn(there, still, -angle, patch_px=81.0, out_px=81)
    disc = np.hypot(*np.mgrid[-40:41, -40:41]) < 35
    assert np.abs((back - smooth)[0].numpy()[:, disc]).mean() < 2.0
    assert np.abs((there - smooth)[0].numpy()[:, disc]).mean() > 10.0


@given(st.floats(50, 110), st.floats(50, 70), st.sampled_from([30.0, 48.0, 55.5]))
def test_an_upright_cut_is_a_turn_by_nothing(column: float, row: float, patch_px: float) -> None:
    image = np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    centre = np.array([column, row])
    crop, offset = crop_about(image, centre, crop_side_px(patch_px))
    by_turn = turn(
        torch.from_numpy(crop)[None].float(),
        torch.from_numpy(offset)[None].float(),
        torch.zeros(1),
        patch_px=patch_px,
        out_px=OUT_PX,
    )
    pixels = torch.from_numpy(image).permute(2, 0, 1).float()
    by_cut = cut(pixels, torch.from_numpy(centre)[None].float(), patch_px=patch_px, out_px=OUT_PX)
    assert by_turn.numpy() == pytest.approx(by_cut.numpy(), abs=0.1)


def test_a_patch_is_centred_on_its_grasp() -> None:
    image = np.zeros((101, 101, 3), np.uint8)
    image[30:33, 60:63] = 255
    pixels = torch.from_numpy(image).permute(2, 0, 1).float()
    patch = cut(pixels, torch.tensor([[61.0, 31.0]]), patch_px=40.0, out_px=41)[0, 0].numpy()
    row, column = np.nonzero(patch > 128)
    assert (row.mean(), column.mean()) == pytest.approx((20.0, 20.0), abs=0.5)


def test_all_patches_of_an_image_are_cut_as_each_alone() -> None:
    image = torch.from_numpy(np.random.default_rng(2).uniform(0, 255, (3, 100, 120)).astype(np.float32))
    centres = torch.tensor([[50.0, 40.0], [60.5, 50.25], [70.0, 60.0]])
    together = cut(image, centres, patch_px=48.0, out_px=64)
    for row in range(3):
        assert torch.equal(cut(image, centres[row : row + 1], patch_px=48.0, out_px=64)[0], together[row])


@given(st.floats(-20, 180), st.floats(-20, 140), st.floats(10, 60))
def test_a_crop_holds_its_patch_at_any_angle_and_knows_its_centre(column: float, row: float, patch_px: float) -> None:
    image = np.random.default_rng(3).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    side = crop_side_px(patch_px)
    crop, offset = crop_about(image, np.array([column, row]), side)
    assert crop.shape == (3, side, side)
    assert np.abs(offset).max() <= 0.5
    assert (side - 1) / 2 >= patch_px * np.sqrt(0.5) + 0.5
    nearest = np.array([column, row]) - offset
    clipped = np.clip(nearest, 0, [159, 119]).astype(int)
    inside = np.array_equal(clipped, nearest.astype(int))
    assert not inside or np.array_equal(crop[:, side // 2, side // 2], image[clipped[1], clipped[0]])


def half_featured() -> np.ndarray:
    """Flat grey on the left, noise on the right half."""
    image = np.full((120, 160, 3), 128, np.uint8)
    image[:, 80:] = np.random.default_rng(0).integers(0, 256, (120, 80, 3), dtype=np.uint8)
    return image


@given(st.integers(1, 200), st.floats(10, 100), st.integers(0, 1000))
def test_sampled_patches_lie_whole_inside_the_image(n: int, patch_px: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centres = sample_centres(half_featured(), n, patch_px=patch_px, window_px=20.0, feature_std=15.0, rng=rng)
    assert centres.shape == (n, 2)
    assert np.all(centres - patch_px / 2 >= 0)
    assert np.all(centres + patch_px / 2 <= np.array([159, 119]))


def test_no_patch_is_sampled_where_there_is_nothing_to_see() -> None:
    rng = np.random.default_rng(0)
    centres = sample_centres(half_featured(), 300, patch_px=40.0, window_px=20.0, feature_std=15.0, rng=rng)
    assert centres[:, 0].min() > 80 - 10 - 1
    assert centres[:, 0].max() > 130
    assert np.ptp(centres[:, 1]) > 60


def test_an_image_with_hardly_a_feature_gives_its_most_featured_places() -> None:
    image = np.full((120, 160, 3), 128, np.uint8)
    image[60, 100] = 138
    rng = np.random.default_rng(0)
    centres = sample_centres(image, 20, patch_px=40.0, window_px=20.0, feature_std=15.0, rng=rng)
    assert np.abs(centres - [100, 60]).max() <= 11


def test_sampling_is_decided_by_its_generator() -> None:
    first, again, other = (
        sample_centres(half_featured(), 50, patch_px=40.0, window_px=20.0, feature_std=15.0, rng=np.random.default_rng(seed))
        for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
