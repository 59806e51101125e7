"""Intervals by resampling whole groups: scenes of one object go together, since another set of objects would be another world."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from sparring.evaluation.statistics import Estimate
from sparring.seeding import rng_of

RESAMPLES_N = 2000
LEAST_GROUPS_N = 2
Statistic = Callable[[Int[np.ndarray, " rows"]], float | None]
"""Of some rows, each as often as it was drawn; None where they do not tell."""


def over_groups(statistic: Statistic, groups: np.ndarray, *, seed: int = 0) -> Estimate | None:
    """A statistic of all rows, with the percentile interval of a bootstrap over groups (Efron and Tibshirani 1993).

    Args:
        statistic: what is estimated.
        groups: the group of every row, shape [n].
        seed: of the draws.

    Returns:
        The estimate; None where the rows do not tell. Of one group alone the interval is all there is: 0 to 1.
    """
    n = len(groups)
    value = statistic(np.arange(n)) if n else None
    if value is None:
        return None
    names, members = np.unique(groups, return_inverse=True)
    rows = [np.flatnonzero(members == index) for index in range(len(names))]
    if len(names) < LEAST_GROUPS_N:
        return Estimate(value, min(0.0, value), max(1.0, value), n)
    rng = rng_of(seed, "resampling", n)
    drawn = (np.concatenate([rows[at] for at in rng.integers(len(rows), size=len(rows))]) for _ in range(RESAMPLES_N))
    values = [one for some in drawn if (one := statistic(some)) is not None]
    low, high = np.percentile(values, [2.5, 97.5]) if values else (value, value)
    return Estimate(value, min(value, float(low)), max(value, float(high)), n)


def mean_over_groups(values: Float[np.ndarray, " n"], groups: np.ndarray, *, seed: int = 0) -> Estimate | None:
    """A mean with an interval over groups; None of nothing."""
    return over_groups(lambda rows: float(values[rows].mean()), groups, seed=seed)
