"""Can what decides falling be seen? Run before playing in a world; docs/calibration.md holds the figures.

On random grasps and random shakes, with objects held out, how well (AUC) do these tell which sensed grasps are
dislodged, and which are never lifted: (i) the object's mass alone, (ii) its identity, leaving the attempt out, (iii)
the grasp's geometry, (iv) a network on the adversary's view. Wanted: (i) at most 0.70, (iii) at least 0.75, (iv) at
least 0.70. The last line is JSON.

The network of (iv) begins, as in a match, from the convolutions of a P_0 that saw all random grasps, those of the held-out
objects too; of the shakes on held-out objects it saw nothing.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import tyro
from scipy.optimize import minimize

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import QUARTER, RunConfig
from sparring.config_file import altered
from sparring.data.store import read_stage
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.attackers import RandomAttacks
from sparring.game.cell import SimulatedCell
from sparring.game.collect import Stage, collect
from sparring.game.experience import COLUMNS, Experience, experience_of
from sparring.game.match import Match
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.game.training import Schedule, fit
from sparring.players.choosing import RandomGrasps, attack_probabilities
from sparring.players.device import Compute, compute_for, device_named
from sparring.players.networks import PatchNet, new_network
from sparring.scoring import auc
from sparring.seeding import rng_of

FOLDS_N = 5
GEOMETRY = ["executed_x_m", "executed_y_m", "executed_theta_rad", "com_x_m", "com_y_m", "mass_kg", "gap_m"]


def main(grasps: int = 12_000, set: tuple[str, ...] = ()) -> None:
    """Plays random grasps and shakes, then probes.

    Args:
        grasps: random grasps; enough that the sensed ones are as many as in one of the paper's iterations (800).
        set: settings of the config, such as world.grip.pad_friction=0.3.
    """
    config = altered(QUARTER, set)
    config = replace(config, match=replace(config.match, random_grasps_n=grasps))
    compute = compute_for(config.learning, device_named("auto"))
    with tempfile.TemporaryDirectory() as folder, open_farm(FarmConfig("process")) as executor:
        run = RunFolder(Path(folder))
        cell = SimulatedCell(config.world, config.attack, executor)
        player = RandomGrasps(config.patches, config.world.camera.pixel_m)
        collect(Stage("random", grasps), player, RandomAttacks("shake"), config=config, cell=cell, run=run, progress=Silent())
        match = Match(config, cell, run, compute, Silent())
        match.start()
        table = read_stage(run.stage("random"), [*COLUMNS, *GEOMETRY, "lifted"])
        protagonist = match.load("start", "protagonist")
    rows = [row for row in table.drop(["image"]).to_pylist() if not row["invalid"]]
    kept = np.array([row["sensed"] for row in rows])
    known = experience_of(table, patch_px=config.patch_px).where(kept)
    rows = [row for row in rows if row["sensed"]]
    figures = {"set": set, "grasps": grasps, "sensed": len(rows)}
    dislodged = np.array([bool(row["dislodged"]) for row in rows])
    unlifted = np.array([not row["lifted"] for row in rows])
    for name, fell in (("dislodged", dislodged), ("sensed but not lifted", unlifted)):
        figures[name] = _probe(rows, known, fell, protagonist, config, compute)
    print(json.dumps(figures), flush=True)


def _probe(
    rows: list[dict], known: Experience, fell: np.ndarray, protagonist: PatchNet, config: RunConfig, compute: Compute
) -> dict[str, float | None]:
    mass = np.array([row["mass_kg"] for row in rows])
    folds = _folds(known.objects)
    geometry = np.stack([_geometry(row) for row in rows])
    return {
        "share": float(fell.mean()),
        "(i) mass": auc(mass, fell),
        "(ii) object": auc(_others_rate(known.objects, fell), fell),
        "(iii) geometry": _mean_auc(
            [(_logistic(geometry, fell, folds != fold)[folds == fold], fell[folds == fold]) for fold in range(FOLDS_N)]
        ),
        "(iv) adversary's view": _mean_auc(
            [(_network(known, fell, folds, fold, protagonist, config, compute), fell[folds == fold]) for fold in range(FOLDS_N)]
        ),
    }


def _mean_auc(scored: list[tuple[np.ndarray, np.ndarray]]) -> float | None:
    found = [value for value in (auc(scores, fell) for scores, fell in scored) if value is not None]
    return float(np.mean(found)) if found else None


def _folds(objects: np.ndarray) -> np.ndarray:
    """A fold for every row, the same for all rows of an object."""
    names = np.unique(objects)
    fold = dict(zip(names, rng_of(0, "folds").permutation(len(names)) % FOLDS_N, strict=True))
    return np.array([fold[name] for name in objects])


def _geometry(row: dict) -> list[float]:
    """Distance from the centre of mass, its parts along and across the closing direction, times the weight; contact width."""
    dx, dy = row["com_x_m"] - row["executed_x_m"], row["com_y_m"] - row["executed_y_m"]
    c, s = np.cos(row["executed_theta_rad"]), np.sin(row["executed_theta_rad"])
    along, across = abs(dx * c + dy * s), abs(-dx * s + dy * c)
    weight = 9.81 * row["mass_kg"]
    return [float(np.hypot(dx, dy)), across, along, across * weight, along * weight, row["gap_m"]]


def _others_rate(objects: np.ndarray, fell: np.ndarray) -> np.ndarray:
    """How often the object's other attempts fell, drawn in towards the mean."""
    scores = np.empty(len(fell))
    for row, name in enumerate(objects):
        others = (objects == name) & (np.arange(len(fell)) != row)
        scores[row] = (fell[others].sum() + fell.mean()) / (others.sum() + 1)
    return scores


def _logistic(features: np.ndarray, fell: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Scores of a ridge logistic regression on the features, their squares and products."""
    pairs = [features[:, i] * features[:, j] for i in range(features.shape[1]) for j in range(i, features.shape[1])]
    x = np.column_stack([features, *pairs])
    x = (x - x[train].mean(axis=0)) / (x[train].std(axis=0) + 1e-12)
    x, sign = np.column_stack([x, np.ones(len(x))]), np.where(fell, 1.0, -1.0)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign[train] * (x[train] @ w)
        slope = -sign[train] / (1 + np.exp(margin))
        return float(np.logaddexp(0, -margin).sum() + 1.0 * w @ w), x[train].T @ slope + 2.0 * w

    return x @ minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x


def _network(
    known: Experience, fell: np.ndarray, folds: np.ndarray, fold: int, protagonist: PatchNet, config: RunConfig, compute: Compute
) -> np.ndarray:
    """Scores of an adversary trained on the other folds, stopped on the next one."""
    train = folds != fold
    seen = known.where(train)
    network = new_network(config.network, ADVERSARIES["shake"].actions_n, dropout=config.learning.dropout, seed=fold)
    network.convolutions.load_state_dict(protagonist.convolutions.state_dict())
    lesson = adversary_lesson(replace(seen, dislodged=fell[train]), "shake", folds[train] == (fold + 1) % FOLDS_N, config.attack)
    patch_px = config.patch_px
    schedule = Schedule(config.learning.adversary_rate, config.learning.adversary_epochs_n, keep_best=True)
    fit(network, lesson, schedule, learning=config.learning, compute=compute, patch_px=patch_px, seed=fold)
    tested = np.flatnonzero(~train)
    believed = attack_probabilities(network, known.seen(tested), patch_px=patch_px, compute=compute)
    return believed[np.arange(len(tested)), known.actions[tested]]


if __name__ == "__main__":
    tyro.cli(main)
