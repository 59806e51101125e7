"""AUC."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.scoring import auc

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
