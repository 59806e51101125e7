"""Published tests of how firmly a grasp holds: fixed forces on the held object instead of an adversary.

Forces are told in the axes of the hand, which points down, and in newtons per kilogram of the object.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sparring.actions.trajectory import steps_in

GRAVITY_N_KG = 9.81
"""As MuJoCo has it."""
_TUG = 2 * GRAVITY_N_KG


@dataclass(frozen=True)
class Push:
    """A constant force."""

    duration_s: float
    force_n_kg: tuple[float, float, float]


@dataclass(frozen=True)
class StabilityTest:
    """Trials that each begin with the object held; a grasp passes when it survives all of them."""

    trials: tuple[tuple[Push, ...], ...]
    gravity: bool = True
    """Whether the object's weight acts besides."""
    shift_m: float = math.inf
    """The object may move at most this far in the hand."""
    turn_deg: float = math.inf
    """It may turn at most this far in the hand."""


def _along_axes(force: float, duration_s: float) -> tuple[tuple[Push, ...], ...]:
    axes = ((force, 0.0, 0.0), (0.0, force, 0.0), (0.0, 0.0, force))
    return tuple((Push(duration_s, (sign * x, sign * y, sign * z)),) for x, y, z in axes for sign in (1, -1))


STABILITY_TESTS: dict[str, StabilityTest] = {
    "none": StabilityTest(((Push(2.0, (0.0, 0.0, 0.0)),),)),
    "axis-forces": StabilityTest(_along_axes(10.0, 2.0), gravity=False, shift_m=0.05, turn_deg=15.0),
    "tugs": StabilityTest(
        (tuple(Push(0.5, force) for force in ((0, 0, 0), (0, _TUG, 0), (0, -_TUG, 0), (_TUG, 0, 0), (-_TUG, 0, 0))),)
    ),
}
"""`none` just waits. `axis-forces` is DexGraspBench's: 10 N/kg along each axis for 2 s without gravity, at most 5 cm and 15
degrees. `tugs` is GraspDataGen's: the weight out of the hand, then twice the weight to each side as well, 0.5 s each."""


def forces_n_kg(test: StabilityTest, trial: int, *, dt: float) -> Float[np.ndarray, "steps 3"]:
    """The force on the object at every step of a trial, in the hand's axes."""
    lift = np.array([0.0, 0.0, 0.0 if test.gravity else GRAVITY_N_KG])
    return np.concatenate([np.tile(push.force_n_kg + lift, (steps_in(push.duration_s, dt), 1)) for push in test.trials[trial]])
