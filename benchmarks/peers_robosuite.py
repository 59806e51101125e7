"""Attempts a second of robosuite's `Lift` with a Panda arm, for `peers.py`, in its own environment.

As one uses it without pictures: no renderer, no camera, the arm's default controller (operational space) at its default
20 Hz, 2 ms physics steps. An attempt is a reset and a script: reach the cube from some 18 cm above, close, raise the hand by
30 cm. Each motion ends as soon as the hand has arrived; closing takes the 0.4 s that the fingers need.

Variants: `hard-reset`, the default, which writes and compiles the model anew at every reset (another cube size), and
`soft-reset` (`hard_reset=False`), which keeps the model.
"""

from typing import Any

import numpy as np
import robosuite
from peers_stopwatch import Played, measure, options_of
from robosuite.utils.log_utils import ROBOSUITE_DEFAULT_LOGGER

VARIANTS = ("hard-reset", "soft-reset")
ACTION_N = 7
OPEN, CLOSE = -1.0, 1.0
REACHED_M = 0.01
FULL_ACTION_M = 0.05
"""Offset that the controller makes of an action of 1."""
MOTION_STEPS_N = 40
"""A motion takes at most so many control steps; some 15 and 26 are needed."""
CLOSING_STEPS_N = 8
RAISE_M = 0.30
LIFTED_M = 0.20
"""The cube counts as lifted from this height on; the hand stops up to `REACHED_M` early and still lags."""
WARM_UP_N = 3

Observation = dict[str, Any]


def main() -> None:
    options = options_of(__doc__, VARIANTS)
    ROBOSUITE_DEFAULT_LOGGER.setLevel("ERROR")  # else every hard reset prints a line
    env = robosuite.make(
        "Lift",
        robots="Panda",
        has_renderer=False,
        has_offscreen_renderer=False,
        use_camera_obs=False,
        hard_reset=options.variant == "hard-reset",
        horizon=2 * MOTION_STEPS_N + CLOSING_STEPS_N,
        seed=options.seed,
    )
    packages = ["robosuite", "mujoco", "numpy"]
    measure(lambda _: attempt(env), options, warm_up_n=WARM_UP_N, timestep_s=env.model_timestep, packages=packages)


def attempt(env: Any) -> Played:
    """Resets, and grasps the cube."""
    before = env.reset()
    reached = moved(env, before, before["cube_pos"], OPEN)
    closed = reached
    for _ in range(CLOSING_STEPS_N):
        closed, *_ = env.step(action(np.zeros(3), CLOSE))
    raised = moved(env, closed, closed["robot0_eef_pos"] + [0, 0, RAISE_M], CLOSE)
    lifted = raised["cube_pos"][2] - before["cube_pos"][2] > LIFTED_M
    return Played(attempts_n=1, lifted_n=int(lifted), steps_n=round(env.sim.data.time / env.model_timestep))


def moved(env: Any, observation: Observation, target_m: np.ndarray, fingers: float) -> Observation:
    """The observation once the hand is where it should be, or time is up."""
    for _ in range(MOTION_STEPS_N):
        offset_m = target_m - observation["robot0_eef_pos"]
        if np.linalg.norm(offset_m) < REACHED_M:
            break
        observation, *_ = env.step(action(offset_m, fingers))
    return observation


def action(offset_m: np.ndarray, fingers: float) -> np.ndarray:
    """The controller's input for an offset of the hand, without a turn."""
    chosen = np.zeros(ACTION_N)
    chosen[:3] = np.clip(offset_m / FULL_ACTION_M, -1, 1)
    chosen[-1] = fingers
    return chosen


if __name__ == "__main__":
    main()
