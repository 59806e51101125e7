"""Grasps a second in the Gymnasium environment: one by one in gymnasium's own vector, and in ours with worker processes.

python benchmarks/environments.py --workers 2
"""

import resource
import time
from collections.abc import Callable

import gymnasium
import numpy as np
import tyro
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

import sparring.envs
from sparring.farm.executors import FarmConfig


def main(envs: int = 64, steps: int = 8, workers: int = 2, repeats: int = 3) -> None:
    """Prints, for each kind, every repeat's grasps a second and processor milliseconds a grasp.

    Args:
        envs: grasps a step.
        steps: that are timed, after one that is not.
        workers: worker processes.
        repeats: kinds take turns so often.
    """
    kinds: dict[str, Callable[[], VectorEnv]] = {
        "SyncVectorEnv of single environments": lambda: SyncVectorEnv(
            [lambda: gymnasium.make(sparring.envs.GRASP)] * envs, autoreset_mode=AutoresetMode.SAME_STEP
        ),
        "make_vec, serial": lambda: gymnasium.make_vec(sparring.envs.GRASP, num_envs=envs, farm=FarmConfig("serial")),
        f"make_vec, {workers} processes": lambda: gymnasium.make_vec(
            sparring.envs.GRASP, num_envs=envs, farm=FarmConfig("process", workers)
        ),
    }
    print(f"{envs} environments, n = {envs * steps} grasps a figure")
    for repeat in range(repeats):
        for name, make in kinds.items():
            wall_s, processor_s = timed(make, envs, steps)
            told = f"{envs * steps / wall_s:.1f} a second, {1000 * processor_s / envs / steps:.1f} ms of processor"
            print(f"{repeat + 1}  {name}: {told}", flush=True)


def timed(make: Callable[[], VectorEnv], envs: int, steps: int) -> tuple[float, float]:
    """Seconds by the clock for the timed steps; processor seconds for them, workers included (their start and first step too)."""
    rng, before_s = np.random.default_rng(0), _processor_s()
    env = make()
    env.reset(seed=0)
    env.step(np.zeros((envs, 3), np.float32))
    begun = time.perf_counter()
    for _ in range(steps):
        env.step(rng.uniform(-0.3, 0.3, (envs, 3)).astype(np.float32))
    wall_s = time.perf_counter() - begun
    env.close()
    return wall_s, (_processor_s() - before_s) * steps / (steps + 1)


def _processor_s() -> float:
    """Of this process and of those that it has ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


if __name__ == "__main__":
    tyro.cli(main)
