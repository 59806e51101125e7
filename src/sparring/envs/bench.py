"""Many scenes looked at, grasped and attacked at once: the batch path that every environment here plays on."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import UInt8

from sparring.actions.adversaries import ADVERSARIES
from sparring.assets.keeping import resolved_set
from sparring.config import RunConfig, WorldConfig, preset_named
from sparring.data.records import PHYSICS
from sparring.errors import ConfigError, WorkerError, unknown_name
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import AttackRequest, GraspRequest, SimulatedCell
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, LookJob, Unseen, View, look
from sparring.game.wave import world_grasp
from sparring.players.choosing import ImageGrasp, canonical_views, grasped_patches
from sparring.seeding import rng_of, seed_of
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec

SERIAL = FarmConfig("serial")
MOST_SEED = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Tried:
    """A grasp that was tried on a scene."""

    view: View
    grasp: ImageGrasp
    outcome: GraspOutcomes
    """Of this one grasp."""

    @property
    def invalid(self) -> bool:
        """Whether the physics went wrong."""
        return bool(self.outcome.invalid[0])

    @property
    def sensed(self) -> bool:
        """What the weak sensor says."""
        return bool(self.outcome.sensed[0])

    @property
    def lifted(self) -> bool:
        """Whether the object is held 30 cm up."""
        return bool(self.outcome.lifted[0])

    @property
    def info(self) -> dict[str, Any]:
        """What an environment tells of it, beyond the reward."""
        return scene_info(self.view) | {
            "sensed": self.sensed,
            "lifted": self.lifted,
            "invalid": self.invalid,
            "fault": (self.outcome.fault or PHYSICS) if self.invalid else None,
            "forces_n": self.outcome.forces_n[0].copy(),
            "gap_m": float(self.outcome.gap_m[0]),
            "slowdown": _told(self.outcome.slowdown),
        }


@dataclass(frozen=True, eq=False)
class Attacked:
    """A held object that was attacked."""

    action: int
    outcome: AttackOutcomes
    """Of this one attack."""

    @property
    def invalid(self) -> bool:
        """Whether the physics went wrong."""
        return bool(self.outcome.invalid[0])

    @property
    def dislodged(self) -> bool:
        """Whether the fingers hold nothing in the end."""
        return bool(self.outcome.dislodged[0])

    @property
    def info(self) -> dict[str, Any]:
        """What an environment tells of it, beyond the reward."""
        return {
            "action": self.action,
            "dislodged": self.dislodged,
            "invalid": self.invalid,
            "fault": (self.outcome.fault or PHYSICS) if self.invalid else None,
            "slowdown": _told(self.outcome.slowdown),
        }


def _told(slowdown: np.ndarray | None) -> float:
    """By what factor an arm took longer: 1 without one, infinite out of its reach."""
    return 1.0 if slowdown is None else float(slowdown[0])


class Bench:
    """A table for any number of scenes; each has one grasp and, if that lifts, one attack. Close it after use.

    Args:
        config: a run's config, or the name of a preset; its world, its attacks and its patches count.
        objects: what lies on the table: a set that comes along, or an imported one.
        farm: where the physics runs.

    Raises:
        ConfigError: no such preset, set of objects or executor.
    """

    def __init__(self, config: RunConfig | str, objects: str, farm: FarmConfig) -> None:
        self.config = preset_named(config) if isinstance(config, str) else config
        self._names = names_in(resolved_set(objects), self.config.world.objects)
        self.picture_shape = picture_shape(self.config.world)
        self._open = ExitStack()
        executor = self._open.enter_context(open_farm(farm))
        self._cell = SimulatedCell(self.config.world, self.config.attack, executor)

    def look(self, seeds: Sequence[int]) -> list[View]:
        """Scenes, each with the object and the pose that its seed decides.

        Raises:
            WorkerError: workers died of one.
        """
        views: list[View] = []
        for looked in self._cell.look([self._spec(seed) for seed in seeds]):
            if isinstance(looked, Unseen):
                raise WorkerError(f"scene {looked.spec.seed} with {looked.spec.object_name} was not seen: {looked.fault}")
            views.append(looked)
        return views

    def grasp(self, views: Sequence[View], grasps: Sequence[ImageGrasp], *, must_hold: bool = False) -> list[Tried]:
        """One grasp on each scene; `must_hold` asks that the object stay up for `lift.hold_s`, as in a test."""
        requests = [
            GraspRequest(view.spec, view.state, (world_grasp(view, grasp),), (seed_of(view.spec.seed, "noise", 0),))
            for view, grasp in zip(views, grasps, strict=True)
        ]
        outcomes = self._cell.grasp(requests, must_hold=must_hold)
        return [Tried(*one) for one in zip(views, grasps, outcomes, strict=True)]

    def seen(self, tried: Sequence[Tried]) -> UInt8[np.ndarray, "n side side channels"]:
        """What the adversary sees of each grasp (s+): the patch about it, turned so that fingers close from left and right."""
        patches = grasped_patches([one.view.image for one in tried], [one.grasp for one in tried], patch_px=self.config.patch_px)
        return canonical_views(patches, patch_px=self.config.patch_px, out_px=self.seen_shape[0])

    @property
    def seen_shape(self) -> tuple[int, int, int]:
        """Shape of one such view; its pixels are as large as the picture's."""
        side = round(self.config.patch_px)
        return side, side, self.picture_shape[2]

    def attack(self, adversary: str, tried: Sequence[Tried], actions: Sequence[int]) -> list[Attacked]:
        """One attack on each grasp; all of them have lifted."""
        requests = [
            AttackRequest(one.view.spec, one.outcome.states, one.outcome.executed, (action,))
            for one, action in zip(tried, actions, strict=True)
        ]
        outcomes = self._cell.attack(adversary, requests)
        return [Attacked(action, outcome) for action, outcome in zip(actions, outcomes, strict=True)]

    def close(self) -> None:
        """Ends the workers."""
        self._open.close()

    def _spec(self, seed: int) -> SceneSpec:
        return SceneSpec(self._names[int(rng_of(seed, "object").integers(len(self._names)))], seed)


def scene_info(view: View) -> dict[str, Any]:
    """What an environment tells of a scene. No player may see it: the object's name, mass and friction are not in the picture."""
    return {
        "object": view.spec.object_name,
        "scene_seed": view.spec.seed,
        "mass_kg": view.mass_kg,
        "friction": view.friction,
    }


@lru_cache
def picture_shape(world: WorldConfig) -> tuple[int, int, int]:
    """Height, width and channels of what the world's camera gives, as a picture of it tells."""
    first = names_in("training", world.objects)[0]
    height, width, channels = look(LookJob(world, SceneSpec(first, 0))).image.shape
    return height, width, channels


def require_adversary(name: str) -> None:
    """Checks that there is an adversary of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in ADVERSARIES:
        raise ConfigError(unknown_name("adversary", name, ADVERSARIES))
