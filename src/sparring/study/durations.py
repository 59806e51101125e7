"""How long a robot would be at work, in simulated seconds: the motions alone, without the way to the object and back."""

import numpy as np

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp, closing, lifted_pose, raising, start_height_m
from sparring.config import RunConfig

OBJECT_TOP_M, DEPTH_M = 0.05, 0.03
"""Of a middling object: its height on the table, and how far it reaches towards a second hand."""
_ANYWHERE = Grasp(0.0, 0.0, 0.0)


def grasp_s(config: RunConfig) -> float:
    """A grasp: descending, closing, squeezing, raising."""
    world = config.world
    tools, dt = (world.hand, world.grip, world.lift), world.timestep_s
    from_m = start_height_m(world.hand, world.lift, OBJECT_TOP_M)
    steps = len(closing(_ANYWHERE, *tools, from_m=from_m, dt=dt)) + len(raising(_ANYWHERE, *tools, dt=dt))
    return steps * dt


def attack_s(config: RunConfig, adversary: str) -> float:
    """An attack, on average over an adversary's actions."""
    kind = ADVERSARIES[adversary]
    return float(np.mean([_action_s(config, adversary, action) for action in range(kind.actions_n)]))


def _action_s(config: RunConfig, adversary: str, action: int) -> float:
    world, dt = config.world, config.world.timestep_s
    attack, index = ADVERSARIES[adversary].action(action)
    start = lifted_pose(_ANYWHERE, world.hand, world.grip, world.lift)
    prepared = attack.prepare(config.attack, index, start, dt=dt)
    played = attack.trajectory(config.attack, index, prepared[-1], depth_m=DEPTH_M, dt=dt)
    return (len(prepared) + len(played)) * dt
