"""Fitting: on a toy world with a known answer, reproducibly, and never on what is held out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from teaching import CPU, LEARNING, PATCH_PX, bar_lesson

from sparring.config import LearningConfig, NetworkConfig
from sparring.errors import SparringError
from sparring.game import training
from sparring.game.batches import Patches
from sparring.game.fit_file import FitFile
from sparring.game.lessons import Lesson
from sparring.game.training import EpochMetrics, Schedule, fit
from sparring.players.networks import PatchNet, new_network


def pupil(seed: int = 0, actions_n: int = 18) -> PatchNet:
    """A compact network that knows nothing."""
    return new_network(NetworkConfig("compact"), actions_n, dropout=0.2, seed=seed)


def taught(
    lesson: Lesson,
    schedule: Schedule,
    *,
    seed: int = 0,
    network: PatchNet | None = None,
    learning: LearningConfig = LEARNING,
    file: FitFile | None = None,
) -> tuple[PatchNet, list[EpochMetrics]]:
    """A network after a lesson, and the epochs."""
    network = network or pupil()
    torch.set_num_threads(2)
    return network, fit(network, lesson, schedule, learning=learning, compute=CPU, patch_px=PATCH_PX, seed=seed, file=file)


def same_weights(first: PatchNet, second: PatchNet) -> bool:
    """Whether all weights are equal bit by bit."""
    other = second.state_dict()
    return all(torch.equal(value, other[name]) for name, value in first.state_dict().items())


def test_a_protagonist_learns_a_toy_world_and_knows_bars_it_never_saw() -> None:
    _, history = taught(bar_lesson(1000), Schedule(3e-4, 5, keep_best=False))
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
    source = Patches(lesson, CPU.device, PATCH_PX, network.input_px)
    loss, _ = training.held_out_scores(network, lesson, source, CPU)
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


def test_a_lesson_with_one_class_only_is_still_taught() -> None:
    lesson = bar_lesson(64)
    only = replace(lesson, positive=np.ones(64, bool), targets=np.ones(64, np.float32))
    _, history = taught(only, Schedule(1e-3, 1, keep_best=False))
    assert np.isfinite(history[0].loss)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("keep_best", [False, True])
@pytest.mark.parametrize("steps", [0, 1, 4, 5, 11])
def test_a_fit_that_was_cut_off_ends_as_it_would_have(tmp_path: Path, steps: int, keep_best: bool, frozen: bool) -> None:
    lesson, schedule = bar_lesson(150, held_out_share=0.3), Schedule(1e-3, 3, keep_best=keep_best, frozen=frozen)
    whole, history = taught(lesson, schedule)
    calls = iter(range(1000))
    file = FitFile(tmp_path / "fit", "this", stopping=lambda: next(calls) >= steps)
    with pytest.raises(KeyboardInterrupt):
        taught(lesson, schedule, file=file)
    pieces, history_again = taught(lesson, schedule, file=FitFile(tmp_path / "fit", "this"))
    assert same_weights(whole, pieces)
    assert [replace(one, images_per_s=0.0) for one in history] == [replace(one, images_per_s=0.0) for one in history_again]


def test_a_fit_keeps_itself_every_now_and_then(tmp_path: Path) -> None:
    path = tmp_path / "fit"
    whole, _ = taught(bar_lesson(100), Schedule(1e-3, 2, keep_best=False))
    kept, _ = taught(bar_lesson(100), Schedule(1e-3, 2, keep_best=False), file=FitFile(path, "this", every_s=0.0))
    assert path.exists()
    assert same_weights(whole, kept)


def test_a_fit_of_another_lesson_is_not_gone_on_with(tmp_path: Path) -> None:
    lesson, schedule = bar_lesson(100), Schedule(1e-3, 1, keep_best=False)
    taught(bar_lesson(100, seed=5), schedule, file=FitFile(tmp_path / "fit", "that", every_s=0.0))
    assert same_weights(taught(lesson, schedule)[0], taught(lesson, schedule, file=FitFile(tmp_path / "fit", "this"))[0])


def truncated(content: bytes) -> bytes:
    """Half of it."""
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    """One bit of a weight is another."""
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def renamed(content: bytes) -> bytes:
    """One tensor has another name."""
    return content.replace(b"network/head.0.weight", b"network/heap.0.weight", 1)


def stepped(content: bytes) -> bytes:
    """Another step is told."""
    return content.replace(b'\\"step\\": ', b'\\"step\\":9', 1)


@pytest.mark.parametrize("damaged", [truncated, flipped, renamed, stepped, lambda content: b"", lambda content: content[:7]])
def test_a_damaged_fit_begins_anew(tmp_path: Path, damaged: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture) -> None:
    path, lesson, schedule = tmp_path / "fit", bar_lesson(100), Schedule(1e-3, 1, keep_best=False)
    whole, _ = taught(lesson, schedule, file=FitFile(path, "this", every_s=0.0))
    content = path.read_bytes()
    assert damaged(content) != content
    path.write_bytes(damaged(content))
    assert same_weights(whole, taught(lesson, schedule, file=FitFile(path, "this"))[0])
    assert "begins anew" in caplog.text


def test_a_batch_in_parts_teaches_the_same(unchecked: None) -> None:
    lesson, schedule, learning = bar_lesson(100), Schedule(1e-3, 1, keep_best=False), replace(LEARNING, dropout=0.0)
    pupils = [new_network(NetworkConfig("compact"), 18, dropout=0.0, seed=0) for _ in range(2)]
    whole, (once,) = taught(lesson, schedule, network=pupils[0], learning=learning)
    parts, (again,) = taught(lesson, schedule, network=pupils[1], learning=replace(learning, at_once_n=5))
    assert again.loss == pytest.approx(once.loss, rel=1e-4)
    for name, value in whole.state_dict().items():
        assert parts.state_dict()[name] == pytest.approx(value, abs=2e-4), name


def test_frozen_convolutions_stay_and_the_rest_learns() -> None:
    network = pupil()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    _, history = taught(bar_lesson(600), Schedule(1e-3, 8, keep_best=False, frozen=True), network=network)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]) == name.startswith("convolutions"), name
    assert history[-1].loss < history[0].loss
    assert history[-1].held_out_auc is not None
    assert history[-1].held_out_auc > 0.6


def test_what_a_network_believes_of_held_out_attempts_is_what_it_says_of_each() -> None:
    lesson, network = bar_lesson(60, held_out_share=0.4), pupil()
    believed = training.believed(network, lesson, compute=CPU, patch_px=PATCH_PX)
    source = Patches(lesson, CPU.device, PATCH_PX, network.input_px)
    (patches, actions, _) = next(source.watched())
    with torch.inference_mode():
        expected = torch.sigmoid(network(patches)).numpy()[np.arange(len(actions)), actions.numpy()]
    assert believed == pytest.approx(expected, abs=1e-6)
    assert len(believed) == lesson.held_out.sum()
