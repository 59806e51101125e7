"""Intervals and paired tests against known values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.evaluation.statistics import Rate, estimate, over_seeds, paired_difference, unpaired_interval

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


def outcomes(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Paired outcomes: won by both, by the first only, by the second only, by neither."""
    pairs = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * neither
    return np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (8, 10, 0.4901625, 0.9433178),
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (43, 100, 0.3373, 0.5278),
        (1, 2, 0.0945, 0.9055),
    ],
)
def test_wilsons_interval_has_its_known_values(successes: int, n: int, low: float, high: float) -> None:
    assert Rate(successes, n).interval == pytest.approx((low, high), abs=1e-4)
    assert Rate(successes, n).rate == successes / n


def test_nothing_tried_says_nothing() -> None:
    assert Rate(0, 0).rate == 0
    assert Rate(0, 0).interval == (0.0, 1.0)


@given(st.integers(1, 5000))
def test_an_interval_holds_its_rate_where_all_or_none_succeed(n: int) -> None:
    assert Rate(n, n).interval[1] == 1.0
    assert Rate(0, n).interval[0] == 0.0


@given(st.integers(0, 200), st.integers(1, 200))
def test_an_interval_holds_its_rate_and_narrows_with_n(successes: int, more: int) -> None:
    n = successes + more
    low, high = Rate(successes, n).interval
    assert 0 <= low <= successes / n <= high <= 1
    wide = high - low
    low, high = Rate(4 * successes, 4 * n).interval
    assert high - low < wide


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 2 / 32), (0, 5, 2 / 32), (6, 1, 16 / 128), (3, 3, 1.0), (8, 2, 112 / 1024)],
)
def test_mcnemars_exact_test_by_hand(first: int, second: int, p: float) -> None:
    assert paired_difference(*outcomes(7, first, second, 9)).p == pytest.approx(p)


def test_a_paired_difference_by_hand() -> None:
    found = paired_difference(*outcomes(4, 5, 1, 10))
    assert (found.n, found.difference) == (20, pytest.approx(0.2))
    middle, spread = 4 / 22, np.sqrt(7 - 16 / 22) / 22
    assert found.low == pytest.approx(middle - 1.959964 * spread, abs=1e-6)
    assert found.high == pytest.approx(middle + 1.959964 * spread, abs=1e-6)


@given(PAIRS)
def test_comparing_the_other_way_around_changes_the_sign_only(pairs: list[tuple[bool, bool]]) -> None:
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
    assert there.p == pytest.approx(back.p)
    assert -1 <= there.low <= there.high <= 1
    assert 0 < there.p <= 1


def test_a_player_does_not_differ_from_itself() -> None:
    first, _ = outcomes(5, 3, 0, 4)
    found = paired_difference(first, first)
    assert (found.difference, found.p) == (0.0, 1.0)
    assert found.low < 0 < found.high


def test_newcombes_interval_has_its_known_values() -> None:
    assert unpaired_interval(Rate(56, 70), Rate(48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert unpaired_interval(Rate(10, 10), Rate(0, 10)) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_the_interval_over_seeds_is_students() -> None:
    found = over_seeds([0.2, 0.3, 0.4], (0.25, 0.35), 300)
    assert (found.value, found.n, found.seeds) == (pytest.approx(0.3), 300, (0.2, 0.3, 0.4))
    half = 4.302653 * 0.1 / np.sqrt(3)  # t of 0.975 with 2 degrees of freedom
    assert (found.low, found.high) == (pytest.approx(0.3 - half), pytest.approx(0.3 + half))


def test_the_interval_over_seeds_stays_a_share_or_a_difference() -> None:
    assert over_seeds([0.0, 0.9], (0.3, 0.6), 20).low == 0.0
    assert over_seeds([0.1, 1.0], (0.3, 0.6), 20).high == 1.0
    assert over_seeds([-0.9, 0.0], (-0.6, -0.3), 20).low == -1.0


def test_seeds_that_agree_by_chance_do_not_make_the_interval_narrower_than_the_tries() -> None:
    found = over_seeds([0.3, 0.3], (0.25, 0.36), 400)
    assert (found.low, found.high) == (0.25, 0.36)


def test_one_run_is_estimated_by_its_tries() -> None:
    rate = Rate(3, 10)
    found = estimate(rate)
    assert (found.value, (found.low, found.high), found.n, found.seeds) == (0.3, rate.interval, 10, ())
