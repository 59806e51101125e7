"""Attempts a second of PyBullet's grasping of diverse objects, `KukaDiverseObjectEnv`, for `peers.py`, in its own environment.

The environment as it comes, without a window, but for one object in the tray instead of five: 240 Hz physics, 80 steps an
action, at most 8 actions. An attempt is a reset (it loads arm, tray and object, and lets the object fall for 500 steps) and
one episode: the environment itself descends, closes and raises by up to 50 cm in 1,000 steps; the actions steer the hand over
the object. Some episodes run out of actions before the hand is down; they are short, and count as attempts all the same.

Variants: `camera`, the default, which draws a picture of 48 x 48 at the reset and after every action, and `blind`, which draws
none.

`pybullet_envs` registers itself with a gym older than 0.26 only, hence the pinned gym and the warnings.
"""

import random
from collections import Counter

import numpy as np
import pybullet
from peers_stopwatch import Played, measure, options_of
from pybullet_envs.bullet.kuka_diverse_object_gym_env import KukaDiverseObjectEnv

VARIANTS = ("camera", "blind")
FULL_ACTION_M = 0.06
"""Offset that the environment makes of an action of 1."""
WARM_UP_N = 3


class BlindEnv(KukaDiverseObjectEnv):
    """The environment without its picture."""

    def _get_observation(self) -> np.ndarray:
        return np.zeros((0, 0, 3), np.uint8)


def main() -> None:
    options = options_of(__doc__, VARIANTS)
    random.seed(options.seed)
    np.random.seed(options.seed)  # noqa: NPY002, the environment draws from it
    steps = counted_steps()
    env = (BlindEnv if options.variant == "blind" else KukaDiverseObjectEnv)(numObjects=1, renders=False)

    def play(_: int) -> Played:
        before = steps.total()
        lifted = attempt(env)
        return Played(attempts_n=1, lifted_n=int(lifted), steps_n=steps.total() - before)

    env.reset()
    timestep_s = pybullet.getPhysicsEngineParameters()["fixedTimeStep"]
    measure(play, options, warm_up_n=WARM_UP_N, timestep_s=timestep_s, packages=["pybullet", "gym", "numpy"])


def attempt(env: KukaDiverseObjectEnv) -> bool:
    """Resets, and steers the hand over the object until the episode ends; whether it was lifted."""
    env.reset()
    lifted, done = 0, False
    while not done:
        object_m, _ = pybullet.getBasePositionAndOrientation(env._objectUids[0])
        offset_m = np.subtract(object_m[:2], env._kuka.endEffectorPos[:2])
        _, lifted, done, _ = env.step(np.append(np.clip(offset_m / FULL_ACTION_M, -1, 1), 0.0))
    return bool(lifted)


def counted_steps() -> Counter[str]:
    """A count of the physics steps from now on; it costs a thousandth of the time."""
    steps, plain = Counter[str](), pybullet.stepSimulation

    def counting() -> None:
        steps["played"] += 1
        plain()

    pybullet.stepSimulation = counting
    return steps


if __name__ == "__main__":
    main()
