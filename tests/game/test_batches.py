"""Batches: balanced, drawn an epoch at once, and changed as the lesson says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from bars import angle_between_deg, bar_angle_deg, bar_image
from teaching import CPU, MIRRORED, PATCH_PX, SIDE, bar_lesson

from sparring.config import NetworkConfig
from sparring.game.batches import Balanced, Draws, FrozenFeatures, Patches
from sparring.game.lessons import Lesson
from sparring.players.networks import new_network


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_batches_are_half_successes(share: float) -> None:
    lesson = bar_lesson(200)
    positive = np.random.default_rng(0).random(200) < share
    batches = Balanced(replace(lesson, positive=positive), 32, 0.0, seed=0)
    draws = batches.epoch(0)
    assert len(draws) == batches.per_epoch == -(-int((~lesson.held_out).sum()) // 32)
    for rows in draws.rows.numpy():
        assert len(rows) == 32
        assert positive[rows].sum() == 16
        assert positive[rows[:8]].sum() == 4, "so that parts of a batch are balanced too"
        assert not lesson.held_out[rows].any()


def test_an_epoch_goes_through_every_row_of_the_rarer_class() -> None:
    lesson = bar_lesson(200, held_out_share=0.0)
    positive = np.arange(200) < 40
    draws = Balanced(replace(lesson, positive=positive), 32, 0.0, seed=0).epoch(0)
    assert set(range(40)) <= set(draws.rows.flatten().tolist())


def test_an_epoch_is_decided_by_its_number_and_the_seed() -> None:
    lesson = bar_lesson(100)
    first, again, other = (Balanced(lesson, 32, 1.0, seed).epoch(2) for seed in (0, 0, 1))
    assert torch.equal(first.rows, again.rows)
    assert torch.equal(first.shifts_px, again.shifts_px)
    assert not torch.equal(first.rows, other.rows)
    assert not torch.equal(first.rows, Balanced(lesson, 32, 1.0, 0).epoch(3).rows)


def test_shifts_have_the_asked_spread() -> None:
    shifts = Balanced(bar_lesson(200), 128, 4.0, seed=0).epoch(0).shifts_px
    assert float(shifts.std()) == pytest.approx(4.0, rel=0.15)
    assert abs(float(shifts.mean())) < 0.8


def draws_of(bins: np.ndarray, mirrors: np.ndarray) -> Draws:
    """All rows once, turned and mirrored, not shifted."""
    n = len(bins)
    numbers = (torch.from_numpy(values) for values in (np.arange(n), bins, mirrors))
    return Draws(*numbers, torch.zeros(n, 2), torch.zeros(n, dtype=torch.int64))


def lesson_of_bars(*, turned: bool) -> Lesson:
    """A bar at each of the 18 angles, grasped along itself."""
    angles, zeros = np.arange(18), np.zeros(18, bool)
    crops = np.stack([bar_image(10.0 * k, SIDE, length_px=20, width_px=5).transpose(2, 0, 1) for k in angles])
    return Lesson(crops, np.zeros((18, 2), np.float32), angles, angles, np.ones(18, np.float32), ~zeros, zeros, turned, MIRRORED)


@pytest.mark.parametrize("turned", [True, False])
def test_a_turned_patch_has_its_acted_angle_in_the_asked_bin(turned: bool) -> None:
    data = Patches(lesson_of_bars(turned=turned), CPU.device, PATCH_PX, 64)
    bins = np.random.default_rng(0).integers(18, size=18)
    patches, actions, _ = data.batch(draws_of(bins, np.zeros(18, int)))
    assert actions.tolist() == (bins if turned else np.arange(18)).tolist()
    expected = 10.0 * bins if turned else np.zeros(18)
    for patch, angle in zip(patches, expected, strict=True):
        assert angle_between_deg(bar_angle_deg(patch[0].numpy()), float(angle)) < 1.0


@pytest.mark.parametrize("mirror", range(4))
def test_a_mirrored_patch_has_its_acted_angle_where_the_table_says(mirror: int) -> None:
    data = Patches(lesson_of_bars(turned=True), CPU.device, PATCH_PX, 64)
    bins = np.random.default_rng(mirror).integers(18, size=18)
    patches, actions, _ = data.batch(draws_of(bins, np.full(18, mirror)))
    for patch, action in zip(patches, actions.tolist(), strict=True):
        assert angle_between_deg(bar_angle_deg(patch[0].numpy()), 10.0 * action) < 1.0


def test_a_watched_patch_is_seen_as_a_player_sees_it() -> None:
    lesson = replace(lesson_of_bars(turned=True), held_out=np.arange(18) % 2 == 0)
    ((patches, actions, _),) = Patches(lesson, CPU.device, PATCH_PX, 64).watched()
    assert actions.tolist() == list(range(0, 18, 2))
    for patch, crop in zip(patches, lesson.crops[::2], strict=True):
        assert angle_between_deg(bar_angle_deg(patch[0].numpy()), bar_angle_deg(crop[0])) < 1.0


def test_frozen_features_are_those_of_changed_views_of_the_drawn_rows() -> None:
    """A view is the row's patch with the bar turned to the kept action's angle; the drawn number says which of them."""
    lesson = replace(lesson_of_bars(turned=True), held_out=np.arange(18) < 4, mirrored=MIRRORED[:1])
    network = new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=0)
    patches = Patches(lesson, CPU.device, PATCH_PX, 64)
    frozen = FrozenFeatures(lesson, patches, network, views_n=3, jitter_px=0.0, seed=0, compute=CPU)
    rows, kept = torch.tensor([17, 17, 17, 17, 4, 9]), []
    for number in (0, 1, 2, 3, 7, 11):
        views = torch.full((6,), number)
        seen, actions, targets = frozen.batch(Draws(rows, rows, 0 * rows, torch.zeros(6, 2), views))
        turned, _, _ = patches.batch(Draws(rows, actions, 0 * rows, torch.zeros(6, 2), views))
        with torch.inference_mode():
            assert frozen.score(network, seen) == pytest.approx(network(turned), abs=1e-4)
        assert targets.tolist() == [1.0] * 6
        kept.append(actions.tolist())
    assert kept[0] == kept[3], "three views"
    assert len({tuple(actions) for actions in kept[:3]}) == 3, "different ones"
    ((watched, watched_actions, _),) = frozen.watched()
    ((whole, _, _),) = patches.watched()
    assert watched_actions.tolist() == [0, 1, 2, 3]
    with torch.inference_mode():
        assert frozen.score(network, watched) == pytest.approx(network(whole), abs=1e-4)
