"""A toy world with a known answer, for tests of what is taught and how."""

import numpy as np
import torch
from bars import bar_image

from sparring.actions.grasp import ANGLES_N, mirrored_angle
from sparring.config import LearningConfig
from sparring.game.lessons import Lesson, mirror_table
from sparring.players.device import Compute
from sparring.players.patches import crop_side_px

CPU = Compute(torch.device("cpu"), bf16=False)
PATCH_PX = 28.0
SIDE = crop_side_px(PATCH_PX)
MIRRORED = mirror_table(mirrored_angle, ANGLES_N)
LEARNING = LearningConfig(batch_n=32, dropout=0.2, train_accuracy=1.0, threads_n=2)


def bar_lesson(n: int, *, seed: int = 0, held_out_share: float = 0.2, turned: bool = True) -> Lesson:
    """Bars at known angles; a grasp succeeds where its angle is within ten degrees of the bar's."""
    rng = np.random.default_rng(seed)
    bars, angles = rng.uniform(0, 180, n), rng.integers(18, size=n)
    near = rng.random(n) < 0.4
    bars[near] = 10 * angles[near] + rng.uniform(-8, 8, near.sum())
    succeeded = np.abs((bars - 10 * angles + 90) % 180 - 90) < 10
    images = [bar_image(float(bar), SIDE, length_px=rng.uniform(16, 22), width_px=rng.uniform(4, 7)) for bar in bars]
    return Lesson(
        crops=np.stack([image.transpose(2, 0, 1) for image in images]),
        offsets=np.zeros((n, 2), np.float32),
        grasp_angles=angles,
        actions=angles,
        targets=succeeded.astype(np.float32),
        positive=succeeded,
        held_out=rng.random(n) < held_out_share,
        turned=turned,
        mirrored=MIRRORED,
    )
