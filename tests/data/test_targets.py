"""Equations 3, 4 and 5."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.data.targets import adversary_targets, grasp_targets, protagonist_targets

SHARES = st.floats(0, 1)
ROWS = st.lists(st.tuples(st.booleans(), SHARES, SHARES), min_size=1, max_size=8)


def test_eq_3_is_one_where_the_grasp_succeeded() -> None:
    assert grasp_targets(np.array([True, False, True])).tolist() == [1.0, 0.0, 1.0]


def test_eq_4_is_one_where_the_attack_dislodged() -> None:
    assert adversary_targets(np.array([False, True, False])).tolist() == [0.0, 1.0, 0.0]


def test_eq_5_on_three_rows_by_hand() -> None:
    succeeded, strongest = np.array([True, False, True]), np.array([0.8, 0.8, 0.1])
    assert protagonist_targets(succeeded, strongest, alpha=0.25) == pytest.approx([0.8, 0.0, 0.975])
    assert protagonist_targets(succeeded, strongest, alpha=1.0) == pytest.approx([0.2, 0.0, 0.9])


def test_eq_5_without_an_adversary_is_eq_3() -> None:
    succeeded, strongest = np.array([True, False, True]), np.array([0.8, 0.3, 0.1])
    assert np.array_equal(protagonist_targets(succeeded, strongest, alpha=0.0), grasp_targets(succeeded))


def columns(rows: list[tuple[bool, float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Successes, and the weaker and the stronger of two adversaries."""
    pair = np.array([[first, second] for _, first, second in rows])
    return np.array([ok for ok, _, _ in rows]), pair.min(axis=1), pair.max(axis=1)


@given(ROWS, SHARES)
def test_a_stronger_adversary_never_raises_a_target(rows: list[tuple[bool, float, float]], alpha: float) -> None:
    succeeded, weaker, stronger = columns(rows)
    against_weaker = protagonist_targets(succeeded, weaker, alpha=alpha)
    assert np.all(protagonist_targets(succeeded, stronger, alpha=alpha) <= against_weaker)


@given(ROWS, SHARES, SHARES)
def test_a_larger_alpha_never_raises_a_target(rows: list[tuple[bool, float, float]], one: float, other: float) -> None:
    succeeded, strongest, _ = columns(rows)
    smaller, larger = sorted((one, other))
    mild = protagonist_targets(succeeded, strongest, alpha=smaller)
    assert np.all(protagonist_targets(succeeded, strongest, alpha=larger) <= mild)


@given(ROWS, SHARES)
def test_a_target_is_a_probability_and_a_failure_stays_one(rows: list[tuple[bool, float, float]], alpha: float) -> None:
    succeeded, strongest, _ = columns(rows)
    targets = protagonist_targets(succeeded, strongest, alpha=alpha)
    assert targets.dtype == np.float32
    assert np.all((targets >= 0) & (targets <= 1))
    assert np.all(targets[~succeeded] == 0)
