"""The robot's workplace: whatever can look, grasp and attack. Here the simulated one; a real robot has the same calls."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from sparring.actions.grasp import Grasp
from sparring.config import AttackConfig, RunConfig, WorldConfig
from sparring.farm.dispatch import Lost
from sparring.farm.executors import Executor
from sparring.game import jobs
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View
from sparring.world.scene import SceneSpec

Job = TypeVar("Job", jobs.LookJob, jobs.GraspJob, jobs.AttackJob, jobs.StabilityJob)
Attacked = TypeVar("Attacked", jobs.AttackJob, jobs.StabilityJob)
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class GraspRequest:
    """Grasps to try on one scene that was looked at."""

    spec: SceneSpec
    state: Float[np.ndarray, " state"]
    """As it was in the view. A robot's is its own affair, and may be empty."""
    grasps: tuple[Grasp, ...]
    seeds: tuple[int, ...]
    """Seed of each grasp's execution noise; a real robot has its own noise."""


@dataclass(frozen=True, eq=False)
class HeldRequest:
    """Objects of one scene that are held up."""

    spec: SceneSpec
    states: Float[np.ndarray, "held state"]
    """As they were in the outcomes."""
    grasps: tuple[Grasp, ...]
    """As they were executed."""


@dataclass(frozen=True, eq=False)
class AttackRequest(HeldRequest):
    """Attacks on objects that are held up."""

    actions: tuple[int, ...]


class Cell(Protocol):
    """Looks, grasps and attacks; results come in the order of the requests. Whatever keeps this can play the match."""

    @property
    def name(self) -> str:
        """What it is called: `simulated`, or a robot's name. A run goes on only in the cell that it was begun in."""
        ...

    @property
    def scenes_at_once(self) -> Literal[1] | None:
        """1 for a robot, which has one table, and every scene but once.

        None: any number can wait to be grasped, again and again, as in simulation.
        """
        ...

    @property
    def waves_at_once_n(self) -> int:
        """Waves that may be under way together: 2, so that networks think for one while another is played; a robot plays 1."""
        ...

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View | Unseen]:
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

    name = "simulated"
    scenes_at_once = None

    def __init__(self, world: WorldConfig, attack: AttackConfig, executor: Executor) -> None:
        self.world, self.attack_config, self._executor = world, attack, executor

    @property
    def waves_at_once_n(self) -> int:
        """One where there is but this process to do it all."""
        return 1 if self._executor.here else 2

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View | Unseen]:
        """Settles and pictures scenes."""
        views = self._map(jobs.look, [jobs.LookJob(self.world, spec) for spec in specs])
        return (Unseen(spec, view.reason) if isinstance(view, Lost) else view for spec, view in zip(specs, views, strict=True))

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Iterator[GraspOutcomes]:
        """Simulates grasps."""
        todo = [jobs.GraspJob(self.world, one.spec, one.state, one.grasps, one.seeds, must_hold) for one in requests]
        outcomes = self._map(jobs.grasp, todo)
        return (
            self._set_aside(job, outcome.reason) if isinstance(outcome, Lost) else outcome
            for job, outcome in zip(todo, outcomes, strict=True)
        )

    def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
        """Simulates attacks."""
        todo = [
            jobs.AttackJob(
                world=self.world,
                attack=self.attack_config,
                adversary=adversary,
                spec=one.spec,
                states=one.states,
                grasps=one.grasps,
                actions=one.actions,
            )
            for one in requests
        ]
        return self._attacked(jobs.attack, todo)

    def stability(self, test: str, requests: Sequence[HeldRequest]) -> Iterator[AttackOutcomes]:
        """Simulates a published test of held objects; no robot can push like that, so it is no part of `Cell`."""
        return self._attacked(
            jobs.stability,
            [jobs.StabilityJob(self.world, test, one.spec, one.states, one.grasps) for one in requests],
        )

    def _set_aside(self, job: jobs.GraspJob, fault: str) -> GraspOutcomes:
        executed = tuple(jobs.with_noise(one, self.world, seed) for one, seed in zip(job.grasps, job.seeds, strict=True))
        return jobs.grasps_set_aside(executed, job.state, self.world.lift, fault)

    def _attacked(self, function: Callable[[Attacked], AttackOutcomes], todo: Sequence[Attacked]) -> Iterator[AttackOutcomes]:
        outcomes = self._map(function, todo)
        return (
            jobs.attacks_set_aside(len(job.grasps), outcome.reason) if isinstance(outcome, Lost) else outcome
            for job, outcome in zip(todo, outcomes, strict=True)
        )

    def _map(self, function: Callable[[Job], Result], todo: Sequence[Job]) -> Iterator[Result | Lost]:
        """Jobs of one scene go to the worker that has compiled it, if need not wait."""
        return self._executor.map(function, todo, key=lambda job: job.spec)


def simulated_cells(executor: Executor) -> Callable[[RunConfig], Cell]:
    """What gives a simulated cell with the world of a config."""
    return lambda config: SimulatedCell(config.world, config.attack, executor)
