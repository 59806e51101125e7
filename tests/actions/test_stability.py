"""The published tests push as they were published."""

import numpy as np
import pytest

from sparring.actions.stability import STABILITY_TESTS, forces_n_kg

DT = 0.002


@pytest.mark.parametrize("name", STABILITY_TESTS)
def test_forces_are_finite_and_last_as_long_as_told(name: str) -> None:
    test = STABILITY_TESTS[name]
    for trial, pushes in enumerate(test.trials):
        forces = forces_n_kg(test, trial, dt=DT)
        assert forces.shape == (round(sum(push.duration_s for push in pushes) / DT), 3)
        assert np.isfinite(forces).all()


def test_waiting_is_no_force_for_two_seconds() -> None:
    forces = forces_n_kg(STABILITY_TESTS["none"], 0, dt=DT)
    assert forces.shape == (1000, 3)
    assert not forces.any()


def test_axis_forces_are_ten_newtons_a_kilogram_along_six_axes_without_gravity() -> None:
    test = STABILITY_TESTS["axis-forces"]
    weight = np.array([0, 0, -9.81])
    net = [forces_n_kg(test, trial, dt=DT) + weight for trial in range(len(test.trials))]
    assert all(np.all(force == force[0]) and len(force) == 1000 for force in net)
    directions = {tuple(float(part) for part in np.round(force[0], 9)) for force in net}
    assert directions == {(10, 0, 0), (-10, 0, 0), (0, 10, 0), (0, -10, 0), (0, 0, 10), (0, 0, -10)}
    assert (test.shift_m, test.turn_deg) == (0.05, 15.0)


def test_tugs_are_the_weight_and_then_twice_the_weight_to_each_side() -> None:
    test = STABILITY_TESTS["tugs"]
    assert len(test.trials) == 1
    forces = forces_n_kg(test, 0, dt=DT).reshape(5, 250, 3)
    assert np.all(forces == forces[:, :1])
    assert forces[:, 0] / 9.81 == pytest.approx(np.array([[0, 0, 0], [0, 2, 0], [0, -2, 0], [2, 0, 0], [-2, 0, 0]]))
