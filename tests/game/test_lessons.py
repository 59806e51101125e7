"""What experience teaches: the acted action, its target, and the views that mean the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import AttackConfig, PresentConfig, SecondHandConfig, SnatchConfig
from sparring.game.experience import Experience
from sparring.game.lessons import MIRRORS, adversary_lesson, held_out_objects, protagonist_lesson

N = 12
LEVEL = AttackConfig(snatch=SnatchConfig(second_hand=SecondHandConfig(present=PresentConfig(roll_deg=90.0))))


def experience(actions_n: int) -> Experience:
    """Some attempts."""
    rng = np.random.default_rng(0)
    return Experience(
        crops=rng.integers(0, 256, (N, 3, 9, 9), dtype=np.uint8),
        offsets=np.zeros((N, 2), np.float32),
        angles=rng.integers(18, size=N),
        succeeded=rng.random(N) < 0.5,
        objects=np.array(["bar"] * N),
        adversaries=np.array(["any"] * N),
        actions=rng.integers(actions_n, size=N),
        dislodged=rng.random(N) < 0.5,
        fell_share=np.zeros(N, np.float32),
    )


@pytest.mark.parametrize("name", ADVERSARIES)
def test_an_adversary_learns_its_action_and_whether_the_object_fell(name: str) -> None:
    attacks = experience(ADVERSARIES[name].actions_n)
    lesson = adversary_lesson(attacks, name, np.zeros(N, bool), AttackConfig())
    assert np.array_equal(lesson.actions, attacks.actions)
    assert np.array_equal(lesson.targets, attacks.dislodged.astype(np.float32))
    assert np.array_equal(lesson.grasp_angles, attacks.angles)
    assert not lesson.turned, "it always sees the canonical view"
    assert lesson.mirrored.shape == (4, ADVERSARIES[name].actions_n)


@pytest.mark.parametrize("name", ADVERSARIES)
def test_views_are_mirrored_across_only_where_that_is_the_same_world(name: str) -> None:
    """Presented level, an object is pulled by gravity along the hand's y: up and down are not the same there."""
    lesson = adversary_lesson(experience(ADVERSARIES[name].actions_n), name, np.zeros(N, bool), LEVEL)
    mirrors = 4 if name == "shake" else 2
    assert len(lesson.mirrored) == mirrors
    assert all(not y for _, y in MIRRORS[:2])
    for (x, y), row in zip(MIRRORS[:mirrors], lesson.mirrored, strict=True):
        assert row.tolist() == [ADVERSARIES[name].mirrored(k, x=x, y=y) for k in range(ADVERSARIES[name].actions_n)]


def test_the_protagonist_learns_its_angle_and_the_target_it_is_given() -> None:
    known = replace(experience(15))
    targets = np.linspace(0, 1, N, dtype=np.float32)
    lesson = protagonist_lesson(known, targets, np.arange(N) < 3)
    assert np.array_equal(lesson.actions, known.angles)
    assert np.array_equal(lesson.targets, targets)
    assert np.array_equal(lesson.positive, known.succeeded)
    assert lesson.turned
    assert lesson.held_out.sum() == 3
    watched = lesson.watched()
    assert np.array_equal(watched.targets, targets[:3])
    assert watched.held_out.all()


def test_a_lesson_is_named_by_what_it_teaches() -> None:
    known, nobody = experience(15), np.zeros(N, bool)
    lesson = protagonist_lesson(known, np.ones(N, np.float32), nobody)
    assert lesson.fingerprint() == protagonist_lesson(known, np.ones(N, np.float32), nobody).fingerprint()
    assert lesson.fingerprint() != protagonist_lesson(known, np.zeros(N, np.float32), nobody).fingerprint()


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
