"""What dense scoring changes: rank correlation, agreement of the chosen grasp, and success in simulation.

On objects of the training families that no player was trained on; the test set is not touched. Three ways meet the same scenes:
patches at random places scored one by one (the paper's), patches on grids scored one by one, and the same patches scored densely.

python experiments/dense_agreement.py runs/alexnet/imagenet.safetensors --tries 2
"""

import json
from pathlib import Path

import numpy as np
import tyro
from scipy.stats import spearmanr

from sparring.config import QUARTER, Scoring
from sparring.evaluation.protocol import Test, paired, try_scenes
from sparring.evaluation.statistics import Rate, paired_difference
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import SimulatedCell
from sparring.game.jobs import View
from sparring.players.checkpoint import load_player
from sparring.players.choosing import Protagonist, Scores
from sparring.players.dense import DenseView, sample_grids
from sparring.players.device import Compute, DeviceName, device_named
from sparring.players.policies import greedy_pairs, smoothed
from sparring.seeding import rng_of


class OnGrids(Protagonist):
    """Samples on grids, and scores patch by patch or densely, whichever it was told."""

    def scored(self, image: np.ndarray, rng: np.random.Generator) -> Scores:
        """Centres and logits."""
        grids = sample_grids(
            image,
            self.patches_n,
            patch_px=self.patch_px,
            step_px=self.grid_px,
            feature_std=self.patches.feature_std,
            rng=rng,
        )
        if self.scoring == "patches":
            return grids.centres, self.score(image, grids.centres)
        return grids.centres, DenseView(grids, self.network, self.patch_px).logits(self.pixels(image), self.compute)


def main(
    player: tyro.conf.Positional[Path],
    tries: int = 2,
    patches: int = 128,
    device: DeviceName = "auto",
    bf16: bool = True,
) -> None:
    """Prints JSON.

    Args:
        player: a protagonist's checkpoint.
        tries: scenes of each of the 130 objects.
        patches: patches of an image.
        device: where the network runs.
        bf16: whether the network computes in bf16.
    """
    network, card = load_player(player, role="protagonist")
    place = device_named(device)
    network.to(place)
    test = Test("low-force", "held-out", tries)
    config, specs = test.config(QUARTER), test.specs(QUARTER)
    assert card.pixel_m == config.world.camera.pixel_m, "the world's camera must be the one that the player learned from"

    def way(kind: type[Protagonist], scoring: Scoring) -> Protagonist:
        return kind(network, Compute(place, bf16), card.patches, card.pixel_m, patches, "greedy", scoring)

    ways = {"random places": way(Protagonist, "patches"), "grids": way(OnGrids, "patches"), "grids, dense": way(OnGrids, "dense")}
    with open_farm(FarmConfig()) as executor:
        cell = SimulatedCell(config.world, config.attack, executor)
        print(json.dumps(_agreement(ways["grids"], ways["grids, dense"], cell, specs)), flush=True)
        lifted = {}
        for name, one in ways.items():
            tried = try_scenes("dense", one, specs, config, cell)
            lifted[name] = {
                (row.row["object"], row.row["scene_seed"]): bool(row.row["lifted"]) for row in tried if not row.row["invalid"]
            }
            low, high = (rate := Rate(sum(lifted[name].values()), len(lifted[name]))).interval
            print(json.dumps({"way": name, "lifted": rate.rate, "low": low, "high": high, "n": rate.n}), flush=True)
        for name in ("random places", "grids"):
            found = paired_difference(*paired(lifted["grids, dense"], lifted[name]))
            print(
                json.dumps(
                    {"dense less": name, "difference": found.difference, "low": found.low, "high": found.high, "p": found.p}
                )
            )


def _agreement(alone: Protagonist, dense: Protagonist, cell: SimulatedCell, specs: list) -> dict[str, float]:  # type: ignore[type-arg]
    """On every picture: how the scores of the same patches rank, and whether the same grasp is chosen."""
    correlations, same, near, regrets = [], [], [], []
    for view in cell.look(specs):
        if not isinstance(view, View):
            continue
        (centres, own), (_, shared) = (one.scored(view.image, rng_of(view.spec.seed, "dense")) for one in (alone, dense))
        correlations.append(spearmanr(own.ravel(), shared.ravel()).statistic)
        (((patch, angle),), ((other, other_angle),)) = greedy_pairs(own), greedy_pairs(shared)
        same.append((patch, angle) == (other, other_angle))
        apart_m = alone.pixel_m * np.linalg.norm(centres[patch] - centres[other])
        turned = abs((angle - other_angle + 9) % 18 - 9)
        near.append(apart_m <= 0.014 and turned <= 1)
        regrets.append((smoothed(own).ravel() < smoothed(own)[other, other_angle]).mean())
    return {
        "pictures": len(same),
        "rank correlation, median": float(np.median(correlations)),
        "rank correlation, 5 % lowest below": float(np.quantile(correlations, 0.05)),
        "same patch and angle": float(np.mean(same)),
        "within the hand's error, 14 mm and 10 degrees": float(np.mean(near)),
        "rank of the dense choice among the own scores, mean": float(np.mean(regrets)),
    }


if __name__ == "__main__":
    tyro.cli(main)
