"""Smooth motions from rest to rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sparring.actions.trajectory import hold, minimum_jerk, move, ramp, steps_in

POSES = hnp.arrays(np.float64, 7, elements=st.floats(-1, 1))
STEPS = st.integers(1, 200)


def test_a_smooth_motion_begins_and_ends_at_rest() -> None:
    share = np.array([0.0, 1e-4, 0.5, 1 - 1e-4, 1.0])
    progress = minimum_jerk(share)
    assert progress[[0, 2, 4]] == pytest.approx([0.0, 0.5, 1.0])
    assert (progress[1] - progress[0]) / 1e-4 < 1e-6
    assert (progress[4] - progress[3]) / 1e-4 < 1e-6


@given(hnp.arrays(np.float64, 2, elements=st.floats(0, 1)))
def test_a_smooth_motion_never_goes_back(shares: np.ndarray) -> None:
    low, high = np.sort(shares)
    progress = minimum_jerk(np.array([low, high]))
    assert progress[0] <= progress[1] + 1e-12
    assert -1e-12 <= progress[0] <= 1 + 1e-12


@given(POSES, POSES, STEPS)
def test_motions_end_where_they_are_sent(start: np.ndarray, end: np.ndarray, steps: int) -> None:
    for path in (move(start, end, steps), ramp(start, end, steps)):
        assert path.shape == (steps, 7)
        assert path[-1] == pytest.approx(end)
    assert np.all(hold(end, steps) == end)


@given(POSES, POSES, STEPS)
def test_a_ramp_has_one_speed(start: np.ndarray, end: np.ndarray, steps: int) -> None:
    each = np.diff(np.concatenate([start[None], ramp(start, end, steps)]), axis=0)
    assert each == pytest.approx(np.tile((end - start) / steps, (steps, 1)), abs=1e-9)


@pytest.mark.parametrize(("duration_s", "steps"), [(1.0, 500), (0.0019, 1), (0.0, 1), (0.003, 2)])
def test_a_duration_is_whole_steps_and_at_least_one(duration_s: float, steps: int) -> None:
    assert steps_in(duration_s, 0.002) == steps
