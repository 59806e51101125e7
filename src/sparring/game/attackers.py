"""Who chooses the attacks: nobody's network at first, then an adversary that has learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sparring.actions.adversaries import ADVERSARIES
from sparring.game.jobs import View
from sparring.players.choosing import ImageGrasp, attack_probabilities, grasped_patches
from sparring.players.device import Compute
from sparring.players.networks import PatchNet


@dataclass(frozen=True, eq=False)
class AttackChoice:
    """An adversary's decision on one grasp."""

    action: int
    probability: float | None
    """Probability of dislodging in its eyes; None when it drew at random."""
    also: tuple[int, ...] = ()
    """Other actions that are tried on the same grasp, each from the same state."""


class AttackPlayer(Protocol):
    """Chooses attacks on grasped objects."""

    @property
    def adversary(self) -> str:
        """Its row in `ADVERSARIES`."""
        ...

    def choose(self, views: Sequence[View], grasps: Sequence[ImageGrasp], rng: np.random.Generator) -> list[AttackChoice]:
        """One attack a grasp."""
        ...


@dataclass(frozen=True)
class RandomAttacks:
    """Draws its actions: the adversary of the first iteration."""

    adversary: str

    def choose(self, views: Sequence[View], grasps: Sequence[ImageGrasp], rng: np.random.Generator) -> list[AttackChoice]:
        """Any action, with equal chance."""
        drawn = rng.integers(ADVERSARIES[self.adversary].actions_n, size=len(grasps))
        return [AttackChoice(int(action), None) for action in drawn]


@dataclass(frozen=True)
class EveryAttack:
    """Tries all actions; which of them counts as its choice is drawn at random."""

    adversary: str

    def choose(self, views: Sequence[View], grasps: Sequence[ImageGrasp], rng: np.random.Generator) -> list[AttackChoice]:
        """Every action for every grasp."""
        every = range(ADVERSARIES[self.adversary].actions_n)
        drawn = RandomAttacks(self.adversary).choose(views, grasps, rng)
        return [AttackChoice(one.action, None, tuple(other for other in every if other != one.action)) for one in drawn]


@dataclass(frozen=True, eq=False)
class LearnedAttacks:
    """Plays the action that its network believes in most (greedy sampling, section V-G)."""

    adversary: str
    network: PatchNet
    compute: Compute
    patch_px: float

    def choose(self, views: Sequence[View], grasps: Sequence[ImageGrasp], rng: np.random.Generator) -> list[AttackChoice]:
        """The best action for each grasp."""
        if not grasps:
            return []
        images = [view.image for view in views]
        seen = grasped_patches(images, grasps, patch_px=self.patch_px)
        believed = attack_probabilities(self.network, seen, patch_px=self.patch_px, compute=self.compute)
        return [AttackChoice(int(row.argmax()), float(row.max())) for row in believed]
