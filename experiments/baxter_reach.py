"""Which grasps, shakes and snatches Baxter's arms can carry out at all, and at the speed that is asked for.

    python experiments/baxter_reach.py --n 100

Motions only, without an object: grasps all over the workspace, then all 15 shakes and 36 snatches after each.
"""

from collections.abc import Iterator

import numpy as np
import tyro

from sparring.actions.adversaries import ADVERSARIES, Attack
from sparring.actions.grasp import Grasp, closing, lifted_pose, raising
from sparring.config import ROBOTS, RunConfig
from sparring.evaluation.reach import GRASP, Reach
from sparring.evaluation.wording import with_interval
from sparring.world.arm import Unreachable
from sparring.world.scene import Scene, SceneSpec, open_scene

DEPTH_M = 0.06
"""How far an object reaches towards the second hand."""


def main(n: int = 100, seed: int = 0) -> None:
    """Prints the shares, of `n` grasps and the attacks after them."""
    config, rng = ROBOTS["baxter"](RunConfig()), np.random.default_rng(seed)
    scene = open_scene(config.world, SceneSpec("bar-0003", 3))
    asked: dict[str, Reach] = {}
    for _ in range(n):
        x_m, y_m = rng.uniform(-1, 1, 2) * (np.array(config.world.spread_m) + 0.04)
        for name, slowdown in _tried(scene, config, Grasp(float(x_m), float(y_m), float(rng.uniform(0, np.pi)))):
            asked.setdefault(name, Reach()).slowdowns.append(slowdown)
    print("| asked for | n | within reach | and at full speed |\n| --- | --- | --- | --- |")
    for name, one in asked.items():
        print(f"| {name} | {one.within().n} | {with_interval(one.within())} | {with_interval(one.at_speed())} |")


def _tried(scene: Scene, config: RunConfig, grasp: Grasp) -> Iterator[tuple[str, float]]:
    """Slowdowns of a grasp and of all attacks after it, infinite where out of reach."""
    world, dt = config.world, config.world.timestep_s
    tools = world.hand, world.grip, world.lift
    try:
        down = closing(grasp, *tools, from_m=0.1, dt=dt)
        state = scene.with_hand_at(scene.settled, down[0])
        path = scene.command(state, np.concatenate([down, raising(grasp, *tools, dt=dt)]))
    except Unreachable:
        yield GRASP, np.inf
        return
    yield GRASP, path.slowdown
    lifted = _after(scene, state, path.controls)
    for kind in ADVERSARIES["mixed"].attacks:
        for index in range(kind.actions_n):
            slowdown = _attacked(scene, config, kind, index, lifted, lifted_pose(grasp, *tools))
            name = kind.description(index)
            yield from ((label, slowdown) for label in (name.split()[0], name.split(",")[0]))


def _attacked(scene: Scene, config: RunConfig, kind: Attack, index: int, state: np.ndarray, start: np.ndarray) -> float:
    dt = config.world.timestep_s
    try:
        ready = kind.prepare(config.attack, index, start, dt=dt)
        state = _after(scene, state, scene.command(state, ready, freely=True).controls)
        if kind.second_hand is not None:
            second = kind.second_hand.config(config.attack)
            scene = open_scene(config.world, scene.spec, second)
            state = scene.with_second_hand(state, kind.second_hand.start(config.attack, index, DEPTH_M))
        return scene.command(state, kind.trajectory(config.attack, index, ready[-1], depth_m=DEPTH_M, dt=dt)).slowdown
    except Unreachable:
        return np.inf


def _after(scene: Scene, state: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """The state with the arm where its last command has it."""
    moved = state.copy()
    moved[1 : controls.shape[1]] = controls[-1, :-1]
    return moved


if __name__ == "__main__":
    tyro.cli(main)
