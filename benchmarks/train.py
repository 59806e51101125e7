"""Images trained a second by `fit`, against the same network on synthetic tensors that already lie on the device.

Both run in turn, several rounds, and the ratio is the median over rounds. `of_matrix_rate` is how much of what the device does in
a large matrix product goes into the network's own multiplications (three times those of scoring). The last line is JSON.
"""

import json
import time

import numpy as np
import torch
import tyro
from torch.utils.flop_counter import FlopCounterMode

from sparring.actions.grasp import ANGLES_N, mirrored_angle
from sparring.config import LearningConfig, NetworkConfig
from sparring.game.lessons import Lesson, mirror_table
from sparring.game.rmsprop import RmsProp
from sparring.game.training import Schedule, fit, train_step
from sparring.players.device import Compute, DeviceName, compute_for, device_named
from sparring.players.networks import PatchNet, new_network
from sparring.players.patches import crop_side_px

EPOCHS_N = 2
PATCH_PX = {"compact": 96.0, "alexnet": 192.0, "resnet18": 192.0}
"""Patches in pixels of the camera, as in the presets."""


def main(
    trunks: tuple[str, ...] = ("compact", "alexnet"),
    images: int = 6144,
    large_images: int = 512,
    rounds: int = 3,
    device: DeviceName = "auto",
) -> None:
    """Measures.

    Args:
        trunks: which trunks.
        images: images a round.
        large_images: images a round for alexnet and resnet18, which are slow on a CPU.
        rounds: rounds of both.
        device: where.
    """
    learning = LearningConfig(train_accuracy=1.0)
    compute = compute_for(learning, device_named(device))
    matrix_rate = _matrix_rate(compute)
    figures: dict[str, object] = {
        "device": torch.cuda.get_device_name() if compute.device.type == "cuda" else "cpu",
        "bf16": compute.bf16,
        "threads": torch.get_num_threads(),
        "matrix_tflop_per_s": round(matrix_rate / 1e12, 3),
    }
    for trunk in trunks:
        n = images if trunk == "compact" else large_images
        network = new_network(NetworkConfig(trunk, pretrained=False), ANGLES_N, dropout=learning.dropout, seed=0).to(
            compute.device
        )
        lesson = _lesson(n, PATCH_PX[trunk])
        _fitted(network, lesson, learning, compute, PATCH_PX[trunk])
        pairs = [
            (_fitted(network, lesson, learning, compute, PATCH_PX[trunk]), _synthetic(network, n, learning, compute))
            for _ in range(rounds)
        ]
        figures[trunk] = {
            "images_per_s": round(float(np.median([fitted for fitted, _ in pairs])), 1),
            "synthetic_images_per_s": round(float(np.median([synthetic for _, synthetic in pairs])), 1),
            "ratio": round(float(np.median([fitted / synthetic for fitted, synthetic in pairs])), 3),
            "of_matrix_rate": round(
                float(np.median([fitted for fitted, _ in pairs])) * _flop_per_image(network, compute) / matrix_rate, 3
            ),
        }
        print(trunk, figures[trunk], flush=True)
    print(json.dumps(figures))


def _lesson(n: int, patch_px: float) -> Lesson:
    rng, side = np.random.default_rng(0), crop_side_px(patch_px)
    angles = rng.integers(ANGLES_N, size=n)
    positive = rng.random(n) < 0.3
    return Lesson(
        crops=rng.integers(256, size=(n, 3, side, side), dtype=np.uint8),
        offsets=rng.uniform(-0.5, 0.5, (n, 2)).astype(np.float32),
        grasp_angles=angles,
        actions=angles,
        targets=positive.astype(np.float32),
        positive=positive,
        held_out=np.zeros(n, bool),
        turned=True,
        mirrored=mirror_table(mirrored_angle, ANGLES_N),
    )


def _fitted(network: PatchNet, lesson: Lesson, learning: LearningConfig, compute: Compute, patch_px: float) -> float:
    start = time.perf_counter()
    fit(network, lesson, Schedule(1e-5, EPOCHS_N, keep_best=False), learning=learning, compute=compute, patch_px=patch_px, seed=0)
    _finish(compute)
    return EPOCHS_N * len(lesson.crops) / (time.perf_counter() - start)


def _synthetic(network: PatchNet, n: int, learning: LearningConfig, compute: Compute) -> float:
    patches = torch.rand(learning.batch_n, 3, network.input_px, network.input_px, device=compute.device) * 255
    actions = torch.randint(ANGLES_N, (learning.batch_n,), device=compute.device)
    targets = torch.rand(learning.batch_n, device=compute.device)
    optimiser = RmsProp(network.parameters(), 1e-5)
    network.train()
    steps = -(-n // learning.batch_n)
    _finish(compute)
    start = time.perf_counter()
    for _ in range(steps):
        train_step(network, [(patches, actions, targets)], learning.batch_n, optimiser, compute)
    _finish(compute)
    return steps * learning.batch_n / (time.perf_counter() - start)


def _matrix_rate(compute: Compute, side: int = 4096) -> float:
    """Floating-point operations a second of a square matrix product."""
    dtype = torch.bfloat16 if compute.bf16 else torch.float32
    first, second = (torch.rand(side, side, device=compute.device, dtype=dtype) for _ in range(2))
    times = []
    for _ in range(6):
        start = time.perf_counter()
        first @ second
        _finish(compute)
        times.append(time.perf_counter() - start)
    return 2 * side**3 / float(np.median(times[1:]))


def _flop_per_image(network: PatchNet, compute: Compute) -> float:
    """Operations of one image in training: forward, and twice as many backward."""
    patch = torch.zeros(1, 3, network.input_px, network.input_px, device=compute.device)
    network.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(patch)
    return 3.0 * counter.get_total_flops()


def _finish(compute: Compute) -> None:
    if compute.device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    tyro.cli(main)
