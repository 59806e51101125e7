"""The robot's workplace: whatever can look, grasp and attack. Here the simulated one; a real robot has the same calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from sparring.actions.grasp import Grasp
from sparring.config import AttackConfig, WorldConfig
from sparring.farm.executors import Executor
from sparring.game import jobs
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, View
from sparring.world.scene import SceneSpec


@dataclass(frozen=True, eq=False)
class GraspRequest:
    """Grasps to try on one scene that was looked at."""

    view: View
    grasps: tuple[Grasp, ...]
    seeds: tuple[int, ...]
    """Seed of each grasp's execution noise; a real robot has its own noise."""


@dataclass(frozen=True, eq=False)
class HeldRequest:
    """Grasps that still hold, of one scene."""

    view: View
    outcomes: GraspOutcomes
    rows: tuple[int, ...]
    """Which of the outcomes' grasps are meant."""

    @property
    def states(self) -> Float[np.ndarray, "held state"]:
        """Physics states of the held grasps."""
        return self.outcomes.states[list(self.rows)]

    @property
    def grasps(self) -> tuple[Grasp, ...]:
        """The held grasps as they were executed."""
        return tuple(self.outcomes.executed[row] for row in self.rows)


@dataclass(frozen=True, eq=False)
class AttackRequest(HeldRequest):
    """Attacks on grasps that still hold."""

    actions: tuple[int, ...]


class Cell(Protocol):
    """Looks, grasps and attacks; results come in the order of the requests."""

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View]:
        """Puts an object on the table and takes its picture."""
        ...

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Iterator[GraspOutcomes]:
        """Tries grasps; `must_hold` asks that the object stay up for `lift.hold_s`, as in a test."""
        ...

    def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
        """Plays an adversary's actions on held objects."""
        ...


class SimulatedCell:
    """The cell in physics simulation, spread over an executor's workers."""

    def __init__(self, world: WorldConfig, attack: AttackConfig, executor: Executor) -> None:
        self.world, self.attack_config, self._executor = world, attack, executor

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View]:
        """Settles and pictures scenes."""
        return self._executor.map(jobs.look, [jobs.LookJob(self.world, spec) for spec in specs])

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Iterator[GraspOutcomes]:
        """Simulates grasps."""
        todo = [jobs.GraspJob(self.world, one.view.spec, one.view.state, one.grasps, one.seeds, must_hold) for one in requests]
        return self._executor.map(jobs.grasp, todo)

    def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
        """Simulates attacks."""
        todo = [
            jobs.AttackJob(
                world=self.world,
                attack=self.attack_config,
                adversary=adversary,
                spec=one.view.spec,
                states=one.states,
                grasps=one.grasps,
                actions=one.actions,
            )
            for one in requests
        ]
        return self._executor.map(jobs.attack, todo)

    def stability(self, test: str, requests: Sequence[HeldRequest]) -> Iterator[AttackOutcomes]:
        """Simulates a published test of held objects; no robot can push like that, so it is no part of `Cell`."""
        todo = [jobs.StabilityJob(self.world, test, one.view.spec, one.states, one.grasps) for one in requests]
        return self._executor.map(jobs.stability, todo)
