"""Bootstrap over groups."""

import numpy as np
import pytest

from sparring.evaluation.resampling import mean_over_groups, over_groups


def test_the_interval_holds_the_mean_as_often_as_it_says() -> None:
    rng, inside = np.random.default_rng(0), 0
    for trial in range(60):
        groups = np.repeat(np.arange(25), 6)
        values = rng.standard_normal(25)[groups] + 0.5 * rng.standard_normal(150)
        found = mean_over_groups(values, groups, seed=trial)
        assert found is not None
        inside += found.low <= 0 <= found.high
    assert inside >= 50


def test_rows_that_go_together_say_less_than_as_many_apart() -> None:
    values = np.repeat(np.random.default_rng(1).random(20), 10)
    together, apart = (mean_over_groups(values, groups) for groups in (np.repeat(np.arange(20), 10), np.arange(200)))
    assert together is not None
    assert apart is not None
    assert together.value == apart.value == pytest.approx(values.mean())
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_nothing_tells_nothing_and_one_group_hardly_anything() -> None:
    assert mean_over_groups(np.zeros(0), np.zeros(0)) is None
    assert over_groups(lambda rows: None, np.arange(3)) is None
    alone = mean_over_groups(np.array([0.2, 0.4]), np.array([1, 1]))
    assert alone is not None
    assert (alone.low, alone.high) == (0.0, 1.0)
