"""Fitting: on a toy world with a known answer, reproducibly, and never on what is held out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from bars import angle_between_deg, bar_angle_deg, bar_image
from hypothesis import given
from hypothesis import strategies as st

from sparring.actions.grasp import ANGLES_N, mirrored_angle
from sparring.config import LearningConfig, NetworkConfig
from sparring.errors import SparringError
from sparring.game import training
from sparring.game.training import Lesson, Schedule, fit, held_out_objects
from sparring.players.device import Compute
from sparring.players.networks import PatchNet, new_network
from sparring.players.patches import crop_side_px

CPU = Compute(torch.device("cpu"), bf16=False)
PATCH_PX = 28.0
SIDE = crop_side_px(PATCH_PX)
MIRRORED = training.mirror_table(mirrored_angle, ANGLES_N)
LEARNING = LearningConfig(batch_n=32, dropout=0.2, train_accuracy=1.0, threads_n=2)


def bar_lesson(n: int, *, seed: int = 0, held_out_share: float = 0.2, turned: bool = True) -> Lesson:
    """Bars at known angles; a grasp succeeds where its angle is within ten degrees of the bar's."""
    rng = np.random.default_rng(seed)
    bars, angles = rng.uniform(0, 180, n), rng.integers(18, size=n)
    near = rng.random(n) < 0.4
    bars[near] = 10 * angles[near] + rng.uniform(-8, 8, near.sum())
    succeeded = np.abs((bars - 10 * angles + 90) % 180 - 90) < 10
    images = [bar_image(float(bar), SIDE, length_px=rng.uniform(16, 22), width_px=rng.uniform(4, 7)) for bar in bars]
    return Lesson(
        crops=np.stack([image.transpose(2, 0, 1) for image in images]),
        offsets=np.zeros((n, 2), np.float32),
        grasp_angles=angles,
        actions=angles,
        targets=succeeded.astype(np.float32),
        positive=succeeded,
        held_out=rng.random(n) < held_out_share,
        turned=turned,
        mirrored=MIRRORED,
    )


def pupil(seed: int = 0, actions_n: int = 18) -> PatchNet:
    """A compact network that knows nothing."""
    return new_network(NetworkConfig("compact"), actions_n, dropout=0.2, seed=seed)


def taught(lesson: Lesson, schedule: Schedule, *, seed: int = 0, network: PatchNet | None = None) -> tuple[PatchNet, list]:  # type: ignore[type-arg]
    """A network after a lesson, and the epochs."""
    network = network or pupil()
    torch.set_num_threads(LEARNING.threads_n)
    return network, fit(network, lesson, schedule, learning=LEARNING, compute=CPU, patch_px=PATCH_PX, seed=seed)


def same_weights(first: PatchNet, second: PatchNet) -> bool:
    """Whether all weights are equal bit by bit."""
    other = second.state_dict()
    return all(torch.equal(value, other[name]) for name, value in first.state_dict().items())


def test_a_protagonist_learns_a_toy_world_and_knows_bars_it_never_saw() -> None:
    _, history = taught(bar_lesson(1000), Schedule(1e-3, 5, keep_best=False))
    assert history[0].held_out_n > 150
    assert history[-1].held_out_auc is not None
    assert history[-1].held_out_auc > 0.9
    assert history[-1].loss < 0.7 * history[0].loss


def test_an_adversary_learns_from_the_canonical_view() -> None:
    """The attack along the bar, seen from the grasp, works: action 0 if the grasp lies along the bar, 1 across it."""
    lesson = bar_lesson(500, turned=False)
    rng = np.random.default_rng(1)
    actions = rng.integers(2, size=500)
    dislodged = lesson.positive == (actions == 0)
    same = np.tile(np.arange(2), (4, 1))
    lesson = replace(lesson, actions=actions, positive=dislodged, targets=dislodged.astype(np.float32), mirrored=same)
    _, history = taught(lesson, Schedule(1e-3, 6, keep_best=True), network=pupil(actions_n=2))
    assert max(epoch.held_out_auc or 0.0 for epoch in history) > 0.9


def test_the_same_lesson_gives_the_same_weights() -> None:
    lesson, schedule = bar_lesson(128), Schedule(1e-3, 2, keep_best=False)
    (first, history), (again, history_again) = taught(lesson, schedule), taught(lesson, schedule)
    assert same_weights(first, again)
    assert [epoch.loss for epoch in history] == [epoch.loss for epoch in history_again]
    assert not same_weights(first, taught(lesson, schedule, seed=1)[0])


def test_fitting_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    taught(bar_lesson(64), Schedule(1e-3, 1, keep_best=False))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("keep_best", [False, True])
def test_held_out_objects_are_never_trained_on(keep_best: bool) -> None:
    lesson = bar_lesson(160)
    poisoned = replace(
        lesson,
        crops=np.where(lesson.held_out[:, None, None, None], 255 - lesson.crops, lesson.crops),
        grasp_angles=np.where(lesson.held_out, 0, lesson.grasp_angles),
    )
    schedule = Schedule(1e-3, 1, keep_best=keep_best)
    assert same_weights(taught(lesson, schedule)[0], taught(poisoned, schedule)[0])


def held_out_loss(network: PatchNet, lesson: Lesson) -> float:
    """Loss of a network on the held-out rows."""
    data = training._Resident(lesson, CPU.device, PATCH_PX, network.input_px)
    loss, _ = training._held_out(network, data, CPU)
    assert loss is not None
    return loss


def test_an_adversary_keeps_its_best_epoch_on_held_out_objects() -> None:
    lesson = bar_lesson(400, held_out_share=0.3)
    contrary = lesson.positive ^ lesson.held_out
    lesson = replace(lesson, positive=contrary, targets=contrary.astype(np.float32))
    network, history = taught(lesson, Schedule(1e-3, 6, keep_best=True))
    losses = [epoch.held_out_loss or np.inf for epoch in history]
    assert min(losses) < losses[-1], "what is learned is wrong of the objects held out"
    assert held_out_loss(network, lesson) == pytest.approx(min(losses), abs=1e-5)


def test_a_protagonist_keeps_its_last_epoch() -> None:
    lesson = bar_lesson(96, held_out_share=0.5)
    network, history = taught(lesson, Schedule(3e-3, 3, keep_best=False))
    assert held_out_loss(network, lesson) == pytest.approx(history[-1].held_out_loss, abs=1e-5)


def test_training_stops_at_the_wanted_accuracy() -> None:
    learning = replace(LEARNING, train_accuracy=0.3)
    history = fit(
        pupil(), bar_lesson(64), Schedule(1e-3, 5, keep_best=False), learning=learning, compute=CPU, patch_px=PATCH_PX, seed=0
    )
    assert len(history) < 5


def test_a_diverged_training_is_an_error_that_says_what_to_lower() -> None:
    with pytest.raises(SparringError, match=r"learning_rate"):
        taught(bar_lesson(64), Schedule(1e30, 3, keep_best=False))


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_batches_are_half_successes(share: float) -> None:
    lesson = bar_lesson(200)
    positive = np.random.default_rng(0).random(200) < share
    batches = training._Batches(replace(lesson, positive=positive), 32, 0.0, seed=0)
    drawn = [rows for rows, *_ in batches.epoch()]
    assert len(drawn) == batches.per_epoch == -(-int((~lesson.held_out).sum()) // 32)
    for rows in drawn:
        assert len(rows) == 32
        assert positive[rows].sum() == 16
        assert not lesson.held_out[rows].any()


def test_an_epoch_goes_through_every_row_of_the_rarer_class() -> None:
    lesson = bar_lesson(200, held_out_share=0.0)
    positive = np.arange(200) < 40
    batches = training._Batches(replace(lesson, positive=positive), 32, 0.0, seed=0)
    rows = np.concatenate([rows for rows, *_ in batches.epoch()])
    assert set(range(40)) <= set(rows.tolist())


def test_a_lesson_with_one_class_only_is_still_taught() -> None:
    lesson = bar_lesson(64)
    only = replace(lesson, positive=np.ones(64, bool), targets=np.ones(64, np.float32))
    _, history = taught(only, Schedule(1e-3, 1, keep_best=False))
    assert np.isfinite(history[0].loss)


def unshifted(bins: np.ndarray, mirrors: np.ndarray) -> training._Change:
    """Patches turned and mirrored, not shifted."""
    return training._Change(bins, mirrors, np.zeros((len(bins), 2), np.float32))


def test_shifts_have_the_asked_spread() -> None:
    batches = training._Batches(bar_lesson(200), 128, 4.0, seed=0)
    shifts = np.concatenate([change.shifts_px for _, change in batches.epoch()])
    assert shifts.std() == pytest.approx(4.0, rel=0.15)
    assert abs(shifts.mean()) < 0.8


@pytest.mark.parametrize("turned", [True, False])
def test_a_turned_patch_has_its_acted_angle_in_the_asked_bin(turned: bool) -> None:
    angles = np.arange(18)
    crops = np.stack([bar_image(10.0 * k, SIDE, length_px=20, width_px=5).transpose(2, 0, 1) for k in angles])
    zeros = np.zeros(18, bool)
    lesson = Lesson(
        crops, np.zeros((18, 2), np.float32), angles, angles, np.ones(18, np.float32), ~zeros, zeros, turned, MIRRORED
    )
    data = training._Resident(lesson, CPU.device, PATCH_PX, 64)
    bins = np.random.default_rng(0).integers(18, size=18)
    patches, actions, _ = data.batch(angles, unshifted(bins, np.zeros(18, int)))
    assert actions.tolist() == (bins if turned else angles).tolist()
    expected = 10.0 * bins if turned else np.zeros(18)
    for patch, angle in zip(patches, expected, strict=True):
        assert angle_between_deg(bar_angle_deg(patch[0].numpy()), float(angle)) < 1.0


@pytest.mark.parametrize("mirror", range(4))
def test_a_mirrored_patch_has_its_acted_angle_where_the_table_says(mirror: int) -> None:
    angles = np.arange(18)
    crops = np.stack([bar_image(10.0 * k, SIDE, length_px=20, width_px=5).transpose(2, 0, 1) for k in angles])
    zeros = np.zeros(18, bool)
    lesson = Lesson(crops, np.zeros((18, 2), np.float32), angles, angles, np.ones(18, np.float32), ~zeros, zeros, True, MIRRORED)
    data = training._Resident(lesson, CPU.device, PATCH_PX, 64)
    bins = np.random.default_rng(mirror).integers(18, size=18)
    patches, actions, _ = data.batch(angles, unshifted(bins, np.full(18, mirror)))
    for patch, action in zip(patches, actions.tolist(), strict=True):
        assert angle_between_deg(bar_angle_deg(patch[0].numpy()), 10.0 * action) < 1.0


def test_a_watched_patch_is_seen_as_a_player_sees_it() -> None:
    lesson = bar_lesson(18)
    data = training._Resident(lesson, CPU.device, PATCH_PX, 64)
    patches, actions, _ = data.batch(np.arange(18))
    assert actions.tolist() == lesson.actions.tolist()
    for patch, crop in zip(patches, lesson.crops, strict=True):
        assert angle_between_deg(bar_angle_deg(patch[0].numpy()), bar_angle_deg(crop[0])) < 1.0


@given(st.integers(0, 1000), st.floats(0.0, 0.5))
def test_an_object_is_held_out_whole_and_from_every_player_alike(seed: int, share: float) -> None:
    objects = np.array([f"bar-{k % 40:04d}" for k in range(120)])
    held = held_out_objects(objects, share, seed)
    names = set(objects[held])
    assert names.isdisjoint(objects[~held])
    fewer = objects[:70]
    assert set(fewer[held_out_objects(fewer, share, seed)]) == names & set(fewer)


def test_the_share_of_held_out_objects_is_the_asked_one() -> None:
    objects = np.array([f"bar-{k:04d}" for k in range(2000)])
    assert held_out_objects(objects, 0.15, 0).mean() == pytest.approx(0.15, abs=0.03)
    assert not held_out_objects(objects, 0.0, 0).any()
