"""Draw Baxter at work for docs/own-robot.md: with an object that it has lifted, and presenting it while the other arm snatches.

python docs/make_robot_picture.py
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from sparring.actions.adversaries import SNATCH
from sparring.actions.grasp import Grasp
from sparring.config import QUARTER, ROBOTS
from sparring.game import jobs
from sparring.world.physics import Played
from sparring.world.scene import Scene, SceneSpec
from sparring.world.spectator import FIXED, picture

PICTURE = Path(__file__).parent / "pictures" / "robot.png"
SEEN = replace(FIXED, eye_m=(0.65, -1.15, 0.85), target_m=(-0.22, 0.10, 0.26), width_px=560, height_px=420)
SPEC, GRASPS_N = SceneSpec("ell-0002", 3), 30


def main() -> None:
    """Grasps until something is lifted, and has it snatched at."""
    config, seen = ROBOTS["baxter"](QUARTER), dict[str, tuple[Scene, np.ndarray]]()

    def watch(name: str, scene: Scene, played: Played) -> None:
        seen[name] = scene, played.trace[0, -1 if name == "raising" else int(0.4 * played.trace.shape[1])]

    view, rng = jobs.look(jobs.LookJob(config.world, SPEC)), np.random.default_rng(0)
    x_m, y_m = view.centre_of_mass_m
    grasps = tuple(Grasp(x_m + dx, y_m + dy, turn) for dx, dy, turn in rng.normal(0, [0.01, 0.01, 1.0], (GRASPS_N, 3)))
    outcome = jobs.grasp(jobs.GraspJob(config.world, SPEC, view.state, grasps, tuple(range(GRASPS_N))))
    row = int(np.flatnonzero(outcome.lifted)[0])
    jobs.grasp(jobs.GraspJob(config.world, SPEC, view.state, grasps[row : row + 1], (row,)), watch)
    held = outcome.states[row : row + 1], outcome.executed[row : row + 1]
    jobs.attack(jobs.AttackJob(config.world, config.attack, "snatch", SPEC, *held, (SNATCH.actions_n // 2,)), watch)
    panels = [picture(*seen[name], SEEN) for name in ("raising", "attacking")]
    Image.fromarray(np.concatenate(panels, axis=1)).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
