"""What experience teaches either player."""

import numpy as np

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import ANGLES_N, mirrored_angle
from sparring.config import AttackConfig
from sparring.data.targets import adversary_targets
from sparring.game.experience import Experience
from sparring.game.training import Lesson, mirror_table


def protagonist_lesson(known: Experience, targets: np.ndarray, held_out: np.ndarray) -> Lesson:
    """All grasps with their targets (eq. 3 or 5); patches are turned so that the acted angle falls anywhere."""
    return Lesson(
        crops=known.crops,
        offsets=known.offsets,
        grasp_angles=known.angles,
        actions=known.angles,
        targets=targets,
        positive=known.succeeded,
        held_out=held_out,
        turned=True,
        mirrored=mirror_table(mirrored_angle, ANGLES_N),
    )


def adversary_lesson(attacks: Experience, adversary: str, held_out: np.ndarray, config: AttackConfig) -> Lesson:
    """An adversary's attacks by eq. 4, seen in the canonical view s+."""
    kind = ADVERSARIES[adversary]
    return Lesson(
        crops=attacks.crops,
        offsets=attacks.offsets,
        grasp_angles=attacks.angles,
        actions=attacks.actions,
        targets=adversary_targets(attacks.dislodged),
        positive=attacks.dislodged,
        held_out=held_out,
        turned=False,
        mirrored=mirror_table(kind.mirrored, kind.actions_n, across=kind.mirrors_across(config)),
    )
