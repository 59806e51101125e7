"""The moments of a replayed attempt that films, strips and recordings show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sparring.game.batch import FORCE_WINDOW_STEPS
from sparring.game.replay import Motion, Replay

GRASP_MOTIONS = ("closing", "raising", "holding")
"""Motions of the protagonist by itself; all others are of an attack or a published test."""
EARLY_S = 1e-6
"""Far below a time step, beyond what rounding does to a time."""


@dataclass(frozen=True, eq=False)
class Moment:
    """A state on the way through an attempt."""

    motion: Motion
    step: int
    """Of the motion."""

    @property
    def time_s(self) -> float:
        """Since the attempt began."""
        return float(self.motion.times_s[self.step])

    @property
    def state(self) -> Float[np.ndarray, " state"]:
        """The state then."""
        return self.motion.states[self.step]

    @property
    def is_attack(self) -> bool:
        """Whether somebody else than the protagonist has a part in the motion."""
        return is_attack(self.motion)


def is_attack(motion: Motion) -> bool:
    """Whether a motion is of an attack or of a published test."""
    return motion.name not in GRASP_MOTIONS


def moments_at(again: Replay, times_s: Iterable[float]) -> list[Moment]:
    """The moments at those times, each the last step that is not later; before the first step the first."""
    ends = np.array([motion.times_s[-1] for motion in again.motions])
    found: list[Moment] = []
    for time_s in times_s:
        motion = again.motions[min(int(np.searchsorted(ends, time_s - EARLY_S)), len(ends) - 1)]
        step = int(np.searchsorted(motion.times_s, time_s + EARLY_S, side="right")) - 1
        found.append(Moment(motion, max(0, step)))
    return found


def film_moments(again: Replay, fps: int) -> list[Moment]:
    """So many moments a second in real time, from the first step to the last, which is always among them."""
    frames_n = max(1, int(np.ceil(again.duration_s * fps)))
    return moments_at(again, [*(np.arange(frames_n) / fps), again.duration_s])


def telling_moments(again: Replay, frames_n: int) -> list[Moment]:
    """So many moments, evenly spaced, of which at least half are of the attack where there is one; the last is the end."""
    begins_s = next((float(motion.times_s[0]) for motion in again.motions if is_attack(motion)), None)
    if begins_s is None:
        return moments_at(again, np.linspace(0.0, again.duration_s, frames_n + 1)[1:])
    share = (again.duration_s - begins_s) / again.duration_s
    attack_n = min(frames_n, max(-(-frames_n // 2), round(frames_n * share)))
    before = np.linspace(0.0, begins_s, frames_n - attack_n + 2)[1:-1]
    return moments_at(again, [*before, *np.linspace(begins_s, again.duration_s, attack_n + 1)[1:]])


def times_of(motions: Sequence[Motion]) -> Float[np.ndarray, " steps"]:
    """All times of an attempt, seconds."""
    return np.concatenate([motion.times_s for motion in motions])


def smooth_forces_n(motion: Motion) -> Float[np.ndarray, "steps 2"]:
    """Finger forces of a motion as they are judged: each the mean over the time steps up to it. What is no number is zero."""
    felt = np.where(np.isfinite(motion.forces_n), motion.forces_n, 0.0)
    before = np.zeros((FORCE_WINDOW_STEPS - 1, 2))
    sums = np.lib.stride_tricks.sliding_window_view(np.vstack([before, felt]), FORCE_WINDOW_STEPS, axis=0).sum(axis=-1)
    return sums / np.minimum(np.arange(1, len(felt) + 1), FORCE_WINDOW_STEPS)[:, None]
