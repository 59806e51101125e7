"""AlexNet on one run's random grasps: fine-tuned from ImageNet, from scratch, or frozen, by AUC on objects held out of all.

python experiments/alexnet_start.py runs/quarter --out runs/alexnet
"""

import json
from dataclasses import asdict
from pathlib import Path

import tyro

from sparring.actions.grasp import ANGLES_N
from sparring.cli.progress import progress_for
from sparring.config import NetworkConfig
from sparring.data.store import read_stage
from sparring.data.targets import grasp_targets
from sparring.game.experience import COLUMNS, experience_of
from sparring.game.fit_file import FitFile
from sparring.game.lessons import held_out_objects, protagonist_lesson
from sparring.game.plan import RANDOM
from sparring.game.run_folder import RunFolder
from sparring.game.training import EpochMetrics, Schedule, fit
from sparring.players.checkpoint import PlayerCard, save_player
from sparring.players.device import compute_for, device_named
from sparring.players.networks import new_network

STARTS = {
    "imagenet": NetworkConfig("alexnet"),
    "scratch": NetworkConfig("alexnet", pretrained=False),
    "frozen": NetworkConfig("alexnet", frozen=True),
}


def main(
    run: tyro.conf.Positional[Path],
    out: Path,
    starts: tuple[str, ...] = tuple(STARTS),
    epochs: int = 8,
    learning_rate: float = 1e-4,
    seed: int = 0,
) -> None:
    """Prints one JSON object a start, with the metrics of every epoch, and keeps the players.

    Killed, it goes on; a player that is there is not made again.

    Args:
        run: a run folder whose random grasps are learned from.
        out: where the players go.
        starts: which of imagenet, scratch and frozen.
        epochs: epochs of each.
        learning_rate: of each, decayed to nothing along a cosine.
        seed: of initial weights and batches.
    """
    config = RunFolder(run).config()
    learning, pixel_m = config.learning, config.world.camera.pixel_m
    patch_px = config.patch_px
    known = experience_of(read_stage(RunFolder(run).stage(RANDOM), COLUMNS), patch_px=patch_px)
    held_out = held_out_objects(known.objects, learning.held_out_share, config.seed)
    lesson = protagonist_lesson(known, grasp_targets(known.succeeded), held_out)
    compute, progress = compute_for(learning, device_named("auto")), progress_for(quiet=False)
    for name in starts:
        if (out / f"{name}.safetensors").exists():
            continue
        network = new_network(STARTS[name], ANGLES_N, dropout=learning.dropout, seed=seed)
        schedule = Schedule(learning_rate, epochs, keep_best=False, frozen=STARTS[name].frozen)
        file = FitFile(
            out / f"{name}.fit", f"{STARTS[name]} {schedule} {learning} {patch_px} {seed} {lesson.fingerprint()} {compute}"
        )
        with progress.task(f"fit {name}", epochs, "epochs") as task:

            def told(metrics: EpochMetrics) -> None:
                task.advance(1, loss=metrics.loss, auc=metrics.held_out_auc or 0.0)

            history = fit(
                network,
                lesson,
                schedule,
                learning=learning,
                compute=compute,
                patch_px=patch_px,
                seed=seed,
                file=file,
                epoch_done=told,
            )
        trained_n = int((~held_out).sum())
        card = PlayerCard(name, "protagonist", "alexnet", ANGLES_N, pixel_m, config.patches, config.match.patches_n, trained_n)
        save_player(out / f"{name}.safetensors", network, card)
        file.remove()
        print(json.dumps({"start": name, "trained_n": trained_n, "epochs": [asdict(one) for one in history]}), flush=True)


if __name__ == "__main__":
    tyro.cli(main)
