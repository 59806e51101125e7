"""Protagonists by AUC on a run's random grasps of objects that none of them was trained on, with intervals over objects.

python experiments/held_out_auc.py runs/quarter runs/alexnet/imagenet.safetensors runs/alexnet/scratch.safetensors
"""

import json
from pathlib import Path

import numpy as np
import tyro
from tyro.conf import Positional

from sparring.data.store import read_stage
from sparring.data.targets import grasp_targets
from sparring.game.experience import COLUMNS, experience_of
from sparring.game.lessons import held_out_objects, protagonist_lesson
from sparring.game.plan import RANDOM
from sparring.game.run_folder import RunFolder
from sparring.game.training import believed
from sparring.players.checkpoint import load_player
from sparring.players.device import compute_for, device_named
from sparring.scoring import auc


def main(run: Positional[Path], players: Positional[tuple[Path, ...]], /, draws: int = 2000) -> None:
    """Prints one JSON object a player: its AUC, and what the first player has more. 95 % bootstrap intervals over objects.

    Args:
        run: whose random grasps, and whose objects held out.
        players: checkpoints of protagonists that were trained without those objects.
        draws: of the bootstrap.
    """
    config = RunFolder(run).config()
    known = experience_of(read_stage(RunFolder(run).stage(RANDOM), COLUMNS), patch_px=config.patch_px)
    held_out = held_out_objects(known.objects, config.learning.held_out_share, config.seed)
    watched = protagonist_lesson(known, grasp_targets(known.succeeded), held_out).watched()
    compute = compute_for(config.learning, device_named("auto"))
    scores = {}
    for path in players:
        network = load_player(path, role="protagonist")[0].to(compute.device)
        scores[str(path)] = believed(network, watched, compute=compute, patch_px=config.patch_px)
    objects = known.objects[held_out]
    rows_of = {name: np.flatnonzero(objects == name) for name in np.unique(objects)}
    rng = np.random.default_rng(0)
    samples = [np.concatenate([rows_of[name] for name in rng.choice(list(rows_of), len(rows_of))]) for _ in range(draws)]
    first = next(iter(scores.values()))
    for name, own in scores.items():
        drawn = np.array([[auc(one[rows], watched.positive[rows]) for one in (own, first)] for rows in samples], float)
        counts = {"n": len(own), "successes": int(watched.positive.sum()), "objects": len(rows_of)}
        low, high = np.nanquantile(drawn[:, 0], [0.025, 0.975])
        told = {"player": name, **counts, "auc": auc(own, watched.positive), "low": low, "high": high}
        if own is not first:
            low, high = np.nanquantile(drawn[:, 1] - drawn[:, 0], [0.025, 0.975])
            told |= {"first has more": auc(first, watched.positive) - told["auc"], "at least": low, "at most": high}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    tyro.cli(main)
