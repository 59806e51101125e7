"""Milliseconds to score one image's patches, 18 angles each: patch by patch and dense, fp32 and bf16, with peak memory.

Sampling the patches is included, as when a player chooses. Every figure comes from a process of its own. The last line is JSON.
"""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import tyro

from sparring.actions.grasp import ANGLES_N
from sparring.config import PRESETS, NetworkConfig, Scoring, WorldConfig
from sparring.farm.executors import SerialExecutor
from sparring.game.cell import SimulatedCell
from sparring.game.jobs import View
from sparring.players.choosing import Protagonist
from sparring.players.device import Compute, DeviceName, device_named
from sparring.players.networks import new_network
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec

WORLDS = {"compact": PRESETS["quarter"], "alexnet": PRESETS["paper"], "resnet18": PRESETS["paper"]}
"""Whose pictures each trunk sees, as in the presets."""


@dataclass(frozen=True)
class Case:
    """What is measured."""

    trunk: str
    patches: int
    scoring: Scoring
    bf16: bool
    compiled: bool = False


@dataclass(frozen=True)
class Figures:
    """What came of it."""

    ms: float
    ms_low: float
    ms_high: float
    memory_mib: float


def main(
    trunks: tuple[str, ...] = ("compact", "alexnet"),
    patches: tuple[int, ...] = (128, 1280),
    images: int = 12,
    device: DeviceName = "auto",
    compiled: bool = False,
    one: str | None = None,
) -> None:
    """Measures.

    Args:
        trunks: which trunks.
        patches: how many patches of an image.
        images: pictures of held-out objects; the first is scored once more before, to warm up.
        device: where.
        compiled: also through torch.compile (needs a C++ compiler on a CPU).
        one: a single case as JSON, as the benchmark calls itself.
    """
    if one is not None:
        print(json.dumps(asdict(measured(Case(**json.loads(one)), images, device))))
        return
    arithmetic, ways = (False, True), ("patches", "dense")
    found: list[dict[str, object]] = []
    print(f"{'trunk':9} {'patches':>7} {'scoring':8} {'precision':9} {'ms an image (lowest to highest)':>34} {'peak MiB':>9}")
    for trunk, n, way, bf16 in itertools.product(trunks, patches, ways, arithmetic):
        for case in [Case(trunk, n, way, bf16), *([Case(trunk, n, way, bf16, compiled=True)] if compiled else [])]:
            figures = _in_its_own_process(case, images, device)
            precision = ("bf16" if bf16 else "fp32") + ("+" if case.compiled else "")
            span = f"{figures.ms:.1f} ({figures.ms_low:.1f} to {figures.ms_high:.1f})"
            print(f"{trunk:9} {n:7} {way:8} {precision:9} {span:>34} {figures.memory_mib:9.0f}", flush=True)
            found.append(asdict(case) | asdict(figures))
    print(json.dumps({"device": str(device_named(device)), "threads": torch.get_num_threads(), "cases": found}))


def _in_its_own_process(case: Case, images: int, device: str) -> Figures:
    command = [
        sys.executable,
        str(Path(__file__)),
        "--one",
        json.dumps(asdict(case)),
        "--images",
        str(images),
        "--device",
        device,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{case}: {done.stderr}")
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def measured(case: Case, images: int, device: DeviceName) -> Figures:
    """Times every image once; median, lowest and highest."""
    config, place = WORLDS[case.trunk], device_named(device)
    network = new_network(NetworkConfig(case.trunk, pretrained=False), ANGLES_N, dropout=0.5, seed=0).to(place)
    if case.compiled:
        network.convolutions.compile(dynamic=True)
        network.head.compile(dynamic=True)
    player = Protagonist(
        network, Compute(place, case.bf16), config.patches, config.world.camera.pixel_m, case.patches, "greedy", case.scoring
    )
    pictures = [view.image for view in _views(config.world, images)]
    _forget_peak(place)
    before_mib, times = _peak_mib(place), []
    for picture in [pictures[0], *pictures]:
        start = time.perf_counter()
        player.choose(picture, 1, np.random.default_rng(0))
        times.append(1000 * (time.perf_counter() - start))
    times = times[1:]
    return Figures(float(np.median(times)), min(times), max(times), _peak_mib(place) - before_mib)


def _views(world: WorldConfig, n: int) -> Iterator[View]:
    names = names_in("held-out", world.objects)
    specs = [SceneSpec(names[index % len(names)], index) for index in range(n)]
    for view in SimulatedCell(world, PRESETS["paper"].attack, SerialExecutor()).look(specs):
        if isinstance(view, View):
            yield view


def _peak_mib(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _forget_peak(device: torch.device) -> None:
    """What came before, such as drawing the pictures, does not count."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    tyro.cli(main)
