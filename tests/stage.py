"""Scenes with an object of our own choosing, laid where we want it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sparring.config import GripConfig, WorldConfig
from sparring.world.carrier import PARKED_HAND_M
from sparring.world.hand import HAND_DOF_N
from sparring.world.objects.model import ObjectModel, Part, Vector, assemble
from sparring.world.objects.named import NAMED_OBJECTS
from sparring.world.scene import Scene, SceneSpec

OBJECT_QPOS = slice(1 + HAND_DOF_N, 1 + HAND_DOF_N + 7)
"""Where the object's pose stands in a state vector of a scene with the usual hand."""
RED = (0.9, 0.05, 0.05)
_NUMBERS = itertools.count()


def box(size_m: Vector, mass_kg: float) -> ObjectModel:
    """A wooden red box whose frame is in the middle of its bottom."""
    a, b, c = size_m
    part = Part("box", (a / 2, b / 2, c / 2), (0.0, 0.0, c / 2), "wood", RED)
    return assemble(f"box {next(_NUMBERS)}", "box", [part], mass_kg=mass_kg)


def scene_with(monkeypatch: pytest.MonkeyPatch, model: ObjectModel, world: WorldConfig, seed: int = 0) -> Scene:
    """A scene with that object."""
    monkeypatch.setitem(NAMED_OBJECTS, model.name, model)
    return Scene(world, SceneSpec(model.name, seed))


def laid_at(scene: Scene, x_m: float, y_m: float, z_m: float = 0.0) -> np.ndarray:
    """The object's frame at a place, upright and at rest; the hand parked."""
    state = scene.engine.initial_state()
    state[1 + 2] = PARKED_HAND_M
    state[OBJECT_QPOS] = [x_m, y_m, z_m, 1.0, 0.0, 0.0, 0.0]
    return state


def gripping(world: WorldConfig, force_n: float, pad_friction: float) -> WorldConfig:
    """The world with plain pads of that force and friction."""
    return replace(world, grip=GripConfig(force_n=force_n, pad_friction=pad_friction))
