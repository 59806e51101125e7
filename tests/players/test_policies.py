"""How a player chooses from its scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sparring.actions.grasp import ANGLES_N
from sparring.config import PatchConfig
from sparring.players.choosing import RandomGrasps
from sparring.players.policies import TOP_N, greedy_pairs, importance_pairs, sigmoid, smoothed

LOGITS = hnp.arrays(
    np.float64, st.tuples(st.integers(2, 12), st.just(ANGLES_N)), elements=st.floats(-8, 8, width=16), unique=True
)


def test_smoothing_goes_around_the_half_circle() -> None:
    logits = np.zeros((2, 18))
    logits[0, 0], logits[1, 17] = 4.0, 8.0
    expected = np.zeros((2, 18))
    expected[0, [17, 0, 1]] = 1.0, 2.0, 1.0
    expected[1, [16, 17, 0]] = 2.0, 4.0, 2.0
    assert smoothed(logits) == pytest.approx(expected)


@given(LOGITS, st.integers(0, 17))
def test_smoothing_knows_no_first_angle(logits: np.ndarray, shift: int) -> None:
    assert smoothed(np.roll(logits, shift, axis=1)) == pytest.approx(np.roll(smoothed(logits), shift, axis=1))
    assert smoothed(logits).sum(axis=1) == pytest.approx(logits.sum(axis=1))


@given(LOGITS)
def test_greedy_is_the_best_smoothed_pair(logits: np.ndarray) -> None:
    (patch, angle), *_ = greedy_pairs(logits, 1)
    assert smoothed(logits)[patch, angle] == smoothed(logits).max()


@given(LOGITS, st.integers(1, 30))
def test_greedy_pairs_come_best_first_and_once(logits: np.ndarray, k: int) -> None:
    pairs = greedy_pairs(logits, k)
    values = smoothed(logits)[tuple(pairs.T)]
    assert len({tuple(pair) for pair in pairs}) == k
    assert np.all(np.diff(values) <= 0)
    assert values[-1] >= np.sort(smoothed(logits), axis=None)[-k]


def test_greedy_prefers_a_good_neighbourhood_to_a_lone_peak() -> None:
    logits = np.zeros((2, 18))
    logits[0, 5] = 3.0
    logits[1, 9:12] = 2.0
    assert greedy_pairs(logits)[0].tolist() == [1, 10]


@given(LOGITS, st.integers(1, 10), st.integers(0, 2**32))
def test_importance_sampling_draws_different_pairs_of_the_top_20_only(logits: np.ndarray, k: int, seed: int) -> None:
    drawn = importance_pairs(logits, k, np.random.default_rng(seed))
    best = {tuple(pair) for pair in greedy_pairs(logits, TOP_N)}
    assert TOP_N == 20
    assert len({tuple(pair) for pair in drawn}) == k
    tied = smoothed(logits)[tuple(np.array(sorted(best)).T)].min()
    assert all(tuple(pair) in best or smoothed(logits)[tuple(pair)] == tied for pair in drawn)


def test_importance_sampling_draws_by_probability() -> None:
    logits = np.full((3, 18), -30.0)
    logits[0], logits[1] = np.log(0.6 / 0.4), np.log(0.2 / 0.8)
    rng = np.random.default_rng(0)
    drawn = np.array([importance_pairs(logits, 1, rng)[0, 0] for _ in range(4000)])
    expected = 18 * 0.6 / (18 * 0.6 + 2 * 0.2)
    assert np.mean(drawn == 0) == pytest.approx(expected, abs=0.015)
    assert not np.any(drawn == 2)


def test_importance_sampling_is_decided_by_its_generator() -> None:
    logits = np.random.default_rng(0).normal(size=(10, 18))
    first, again, other = (importance_pairs(logits, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@given(st.floats(-700, 700))
def test_sigmoid_is_a_probability(logit: float) -> None:
    low, high = sigmoid(np.array([-logit, logit]))
    assert 0 <= low <= 1
    assert low + high == pytest.approx(1.0)


def test_a_network_may_be_as_sure_as_it_likes() -> None:
    with np.errstate(over="raise"):
        assert sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]


def test_random_grasps_are_reproducible_and_have_no_opinion() -> None:
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    player = RandomGrasps(PatchConfig(size_m=0.144, random_window_m=0.06), 0.003)
    first, again, other = (player.choose(image, 40, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert {grasp.probability for grasp in first} == {None}
    assert len({grasp.angle for grasp in first}) > 8
    assert {grasp.angle for grasp in first} <= set(range(18))
