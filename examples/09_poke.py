r"""A new adversary in 40 lines: a poke. The second hand comes closed, a fist, and punches the object at one of nine points.

    python examples/09_poke.py play smoke --out runs/poke --set match.collaborative_grasps_n=140 \
        'match.bouts=[{"adversary": "poke", "iterations_n": 2, "grasps_per_iteration_n": 48}]'
    python examples/09_poke.py crossplay runs/poke --tries 2
    python examples/09_poke.py report runs/poke

Nothing else changes: the match trains against it; tests, cross-play and the report know it. docs/own-adversary.md explains.
"""

from dataclasses import replace

import numpy as np

from sparring.actions import snatch
from sparring.actions.adversaries import ADVERSARIES, Adversary, Attack, SecondHand, Setting
from sparring.actions.trajectory import Pose, Trajectory, TwoHanded, hold, move, steps_in
from sparring.config import AttackConfig, SecondHandConfig
from sparring.world.hand import closed_target_m

FAR_M, FORCE_N = Setting("poke.far_m", 0.04), Setting("poke.force_n", 20.0)
"""How far beyond the object's plane the fist goes, and how hard. --set 'attack.own=[["poke.force_n", 10]]' changes it."""
FIST_S, PUNCH_S, ACROSS = 0.4, 0.15, 2


def fist(config: AttackConfig) -> SecondHandConfig:
    """The snatch's second hand, with a stronger arm."""
    return replace(config.snatch.second_hand, push_n=FORCE_N.of(config), pull_n=FORCE_N.of(config))


def prepare(config: AttackConfig, index: int, start: Pose, *, dt: float) -> Trajectory:
    """The protagonist presents the object, as for a snatch."""
    return snatch.presenting(config.snatch.second_hand.present, start, dt=dt)


def fist_at(config: AttackConfig, index: int, height_m: float) -> Pose:
    """Over a point of the object's plane, in the second hand's frame; turned by 90 degrees it passes between the fingers."""
    pose = snatch.pose(config.snatch, snatch.ANGLES_N * index + ACROSS, height_m)
    return np.append(pose[:6], closed_target_m(fist(config).hand, fist(config).grip))


def starting(config: AttackConfig, index: int, depth_m: float) -> Pose:
    """In front of its point, beyond the object."""
    return fist_at(config, index, snatch.starting_pose(config.snatch, snatch.ANGLES_N * index, depth_m)[2])


def poke(config: AttackConfig, index: int, held: Pose, *, depth_m: float, dt: float) -> TwoHanded:
    """Makes a fist, punches through the object's plane and draws back; the protagonist stays where it is."""
    start, beyond = starting(config, index, depth_m), fist_at(config, index, -FAR_M.of(config))
    there, back = move(start, beyond, steps_in(PUNCH_S, dt)), move(beyond, start, steps_in(2 * PUNCH_S, dt))
    path = np.concatenate([hold(start, steps_in(FIST_S, dt)), there, back])
    return np.concatenate([np.tile(held, (len(path), 1)), path], axis=1)


def mirrored(index: int, *, x: bool, y: bool) -> int:
    """The point on the other side."""
    return snatch.mirrored(snatch.ANGLES_N * index, x=x, y=y) // snatch.ANGLES_N


def description(index: int) -> str:
    """As it stands in reports."""
    return snatch.description(snatch.ANGLES_N * index).split(",")[0].replace("snatch", "poke")


HAND = SecondHand(fist, starting)
POKE = Attack(9, prepare, poke, mirrored, description, second_hand=HAND, taken="poked out", settings=(FAR_M, FORCE_N))
ADVERSARIES["poke"] = Adversary((POKE,))

if __name__ == "__main__":
    from sparring.cli.main import main

    main()
