"""The table of adversaries. A new one is a file beside this and a row here."""

from dataclasses import dataclass
from typing import Protocol

from sparring.actions import shake
from sparring.actions.trajectory import Pose, Trajectory
from sparring.config import AttackConfig


class AttackTrajectory(Protocol):
    """From an action's index and the hand's pose to the hand's motion."""

    def __call__(self, config: AttackConfig, index: int, start: Pose, *, dt: float) -> Trajectory:
        """All indices give trajectories of one length."""
        ...


class Mirrored(Protocol):
    """From an action's index to the index that does the same in a mirrored world."""

    def __call__(self, index: int, *, x: bool, y: bool) -> int:
        """Mirrored along the closing direction (x), across it (y), or both."""
        ...


@dataclass(frozen=True)
class Adversary:
    """What an adversary can do to a grasped object."""

    actions_n: int
    trajectory: AttackTrajectory
    mirrored: Mirrored


def _shake(config: AttackConfig, index: int, start: Pose, *, dt: float) -> Trajectory:
    return shake.trajectory(config.shake, index, start, dt=dt)


ADVERSARIES: dict[str, Adversary] = {"shake": Adversary(shake.SHAKES_N, _shake, shake.mirrored)}
