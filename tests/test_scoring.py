"""AUC."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.scoring import auc, judged

CASES = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=20)


def test_auc_of_four_scores_by_hand() -> None:
    scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert auc(scores, positive) == pytest.approx(0.75)


def test_auc_without_both_classes_is_none() -> None:
    assert auc(np.array([0.1, 0.2]), np.array([True, True])) is None
    assert auc(np.array([0.1, 0.2]), np.array([False, False])) is None


@given(CASES)
def test_auc_is_the_share_of_pairs_in_order_ties_half(cases: list[tuple[int, bool]]) -> None:
    scores = np.array([float(score) for score, _ in cases])
    positive = np.array([label for _, label in cases])
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    expected = float(np.mean(pairs)) if pairs else None
    assert auc(scores, positive) == (None if expected is None else pytest.approx(expected))


def test_reliability_holds_what_was_said_against_what_came_true() -> None:
    probabilities = np.array([0.0, 0.05, 0.31, 0.39, 0.99, 1.0, 1.0])
    positive = np.array([False, True, False, True, True, True, False])
    told = judged(probabilities, positive)
    low, middle, high = told.bins
    assert (low.n, low.predicted, low.observed) == (2, pytest.approx(0.025), 0.5)
    assert (middle.low, middle.high, middle.n, middle.predicted) == (0.3, 0.4, 2, pytest.approx(0.35))
    assert (high.low, high.high, high.n, high.observed) == (0.9, 1.0, 3, pytest.approx(2 / 3))
    assert told.accuracy == pytest.approx(4 / 7)
    assert told.brier == pytest.approx(np.mean((probabilities - positive) ** 2))
    errors = 2 * abs(0.025 - 0.5) + 2 * abs(0.35 - 0.5) + 3 * abs(2.99 / 3 - 2 / 3)
    assert told.calibration_error == pytest.approx(errors / 7)
    assert told.n == sum(one.n for one in told.bins) == 7


@given(st.integers(1, 200), st.integers(0, 100))
def test_probabilities_that_come_true_have_no_calibration_error_to_speak_of(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.random(n)
    told = judged(probabilities, rng.random(n) < probabilities)
    assert 0 <= told.calibration_error <= 1
    assert told.calibration_error < 0.1 + 4 / np.sqrt(n)
