"""What a hand makes of the same scenes: random grasps near each object's middle, how many are lifted, and how fast.

python benchmarks/hands.py --hand own franka rethink robotiq-2f85 --scenes 100
"""

import time
from dataclasses import replace

import numpy as np
import tyro

from sparring.actions.adversaries import SHAKE
from sparring.actions.grasp import Grasp
from sparring.config import AttackConfig, GripConfig, HandConfig, NoiseConfig, WorldConfig
from sparring.evaluation.statistics import Rate
from sparring.evaluation.wording import with_n
from sparring.game.jobs import AttackJob, GraspJob, attack, grasp
from sparring.seeding import rng_of
from sparring.world.grippers.store import bring_in
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec, open_scene

ATTEMPTS_N = 4


def main(hand: tuple[str, ...] = ("own", "franka", "rethink", "robotiq-2f85"), scenes: int = 100) -> None:
    """Prints a row a hand.

    Args:
        hand: names or paths of grippers; own is our parametric hand, wide-own the same with an opening of 80 mm.
        scenes: how many, with four grasps each.
    """
    print("hand | lifted | invalid | shaken loose | attempts a CPU second")
    for name in hand:
        print(" | ".join([name, *measured(hand_named(name), scenes)]), flush=True)


def hand_named(name: str) -> HandConfig:
    if name.endswith("own"):
        return replace(HandConfig(), opening_m=0.08) if name == "wide-own" else HandConfig()
    return bring_in(name)


def measured(hand: HandConfig, scenes_n: int) -> list[str]:
    world = replace(WorldConfig(hand=hand, grip=GripConfig()), noise=NoiseConfig(0.003, 3.0))
    names = names_in("training", world.objects)
    lifted = invalid = loose = shaken = 0
    elapsed_s = 0.0
    for number in range(scenes_n):
        spec = SceneSpec(names[number % len(names)], number)
        scene = open_scene(world, spec)
        middle, rng = scene.centre_of_mass_m(scene.settled)[:2], rng_of(number, "hands")
        at, turns = middle + rng.uniform(-0.02, 0.02, (ATTEMPTS_N, 2)), rng.uniform(0, np.pi, ATTEMPTS_N)
        grasps = tuple(Grasp(float(x), float(y), float(turn)) for (x, y), turn in zip(at, turns, strict=True))
        began = time.process_time()
        outcome = grasp(GraspJob(world, spec, scene.settled, grasps, tuple(range(ATTEMPTS_N))))
        held = np.flatnonzero(outcome.lifted)
        if len(held):
            actions = tuple(int(action) for action in rng.integers(SHAKE.actions_n, size=len(held)))
            executed = tuple(outcome.executed[k] for k in held)
            shakes = attack(AttackJob(world, AttackConfig(), "shake", spec, outcome.states[held], executed, actions))
            loose, shaken = loose + int(shakes.dislodged.sum()), shaken + len(held)
            invalid += int(shakes.invalid.sum())
        elapsed_s += time.process_time() - began
        lifted, invalid = lifted + int(outcome.lifted.sum()), invalid + int(outcome.invalid.sum())
    n = scenes_n * ATTEMPTS_N
    rates = [with_n(Rate(lifted, n)), str(invalid), with_n(Rate(loose, shaken))]
    return [*rates, f"{(n + shaken) / elapsed_s:.1f}"]


if __name__ == "__main__":
    tyro.cli(main)
