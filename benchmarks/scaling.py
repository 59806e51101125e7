"""Attempts a second against workers, what an attempt costs where, and what that means for many cores.

Measures on this machine, in rounds, one setting after the other: random grasps as a match plays them (settle, picture, choose,
grasp, store), and the time of each part alone. Then *simulates* larger clusters with the measured figures: a queue of jobs,
workers, a driver that handles one job after the other, a network that chooses for one image after the other. The last line is
JSON.
"""

import heapq
import json
import pickle
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import tyro

from sparring.actions.grasp import ANGLES_N
from sparring.config import QUARTER, RunConfig
from sparring.data.records import table_of
from sparring.data.store import write_shard
from sparring.evaluation.markdown import markdown
from sparring.farm.executors import Executor, ExecutorName, FarmConfig, cores_n, open_farm
from sparring.game import jobs
from sparring.game.attackers import RandomAttacks
from sparring.game.cell import SimulatedCell
from sparring.game.collect import Stage, collect, waves_of
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.game.wave import play_wave
from sparring.players.choosing import Protagonist, RandomGrasps
from sparring.players.device import compute_for, device_named
from sparring.players.networks import new_network
from sparring.seeding import rng_of

CORES = (16, 256, 4096)
ATTEMPTS = (10**6, 10**8)
SIMULATED_WAVES, WAVES_AT_ONCE = 8, 2


@dataclass(frozen=True)
class Costs:
    """Seconds, of one core, for a scene or a job."""

    look_s: float
    grasp_s: float
    """All grasps of a scene."""
    attack_s: float
    """All random shakes of what random grasps hold, on average over scenes."""
    choose_s: float
    """The network, for a scene's image."""
    store_s: float
    """Records of a scene."""
    driver_s: float
    """Handing out one job and taking its result."""
    bytes_per_scene: int
    """What comes back to the driver."""


def main(
    workers: tuple[int, ...] = (1, 2),
    scenes: int = 512,
    rounds: int = 3,
    ray: bool = True,
) -> None:
    """Measures, then simulates.

    Args:
        workers: numbers of worker processes.
        scenes: scenes a measurement, of 4 attempts each.
        rounds: how often everything is measured.
        ray: whether Ray on this machine is measured too, with the most workers.
    """
    settings: list[tuple[ExecutorName, int]] = [("process", n) for n in workers] + ([("ray", max(workers))] if ray else [])
    rates: dict[tuple[ExecutorName, int], list[float]] = {one: [] for one in settings}
    for _ in range(rounds):
        for one in settings:
            rates[one].append(_attempts_per_s(FarmConfig(*one), scenes))
            print(f"{one[0]} {one[1]}: {rates[one][-1]:.1f} attempts/s", flush=True)
    figures = _summary(rates, max(workers)) | {"waves_at_once": _overlap(FarmConfig("process", max(workers)), rounds)}
    driver = {one[0]: _driver_s(FarmConfig(*one)) for one in settings if one[1] == max(workers)}
    costs = _costs(driver.get("ray", driver["process"]))
    print(_told(costs, driver))
    print(json.dumps({"cores": cores_n()} | figures | {"driver_s": driver, "costs": asdict(costs)}))


def _attempts_per_s(farm: FarmConfig, scenes: int) -> float:
    """A stage of random grasps, after a wave that warms the workers up."""
    config = QUARTER
    each = config.match.attempts_per_scene_n
    player = RandomGrasps(config.patches, config.world.camera.pixel_m)
    with tempfile.TemporaryDirectory() as folder, open_farm(farm) as executor:
        cell, run = SimulatedCell(config.world, config.attack, executor), RunFolder(Path(folder))
        for name, n in (("warm", config.match.wave_scenes_n), ("timed", scenes)):
            begun = time.perf_counter()
            collect(Stage(name, n * each), player, None, config=config, cell=cell, run=run, progress=Silent())
        return scenes * each / (time.perf_counter() - begun)


class _Waves(SimulatedCell):
    """A cell that lets so many waves be under way together."""

    waves_at_once_n = 0


def _overlap(farm: FarmConfig, rounds: int) -> dict[str, list[float]]:
    """Attempts a second where the network chooses, with one wave under way, and with two."""
    config, player = QUARTER, _protagonist(QUARTER)
    each, scenes = config.match.attempts_per_scene_n, 4 * config.match.wave_scenes_n
    rates: dict[str, list[float]] = {"1": [], "2": []}
    with open_farm(farm) as executor:
        cell = _Waves(config.world, config.attack, executor)
        for _ in range(rounds + 1):
            for at_once, found in rates.items():
                cell.waves_at_once_n = int(at_once)
                with tempfile.TemporaryDirectory() as folder:
                    begun = time.perf_counter()
                    run = RunFolder(Path(folder))
                    stage = Stage("overlap", scenes * each)
                    collect(stage, player, None, config=config, cell=cell, run=run, progress=Silent())
                    found.append(round(scenes * each / (time.perf_counter() - begun), 1))
    return {at_once: found[1:] for at_once, found in rates.items()}


def _protagonist(config: RunConfig) -> Protagonist:
    """One that has learned nothing yet, which costs as much."""
    compute = compute_for(config.learning, device_named("auto"))
    network = new_network(config.network, ANGLES_N, dropout=0.0, seed=0)
    network.to(compute.device)
    return Protagonist(network, compute, config.patches, config.world.camera.pixel_m, config.match.patches_n, "importance")


def _summary(rates: dict[tuple[ExecutorName, int], list[float]], most: int) -> dict[str, Any]:
    """Medians, and ratios round by round."""
    told: dict[str, Any] = {
        f"{name}_{n}": {"attempts_per_s": round(median(found), 1), "rounds": [round(one, 1) for one in found]}
        for (name, n), found in rates.items()
    }
    for n in {n for name, n in rates if name == "process" and n > 1}:
        shares = [many / (n * one) for many, one in zip(rates["process", n], rates["process", 1], strict=True)]
        told[f"efficiency_{n}"] = {"median": round(median(shares), 3), "rounds": [round(one, 3) for one in shares]}
    if ("ray", most) in rates:
        shares = [ray / ours for ray, ours in zip(rates["ray", most], rates["process", most], strict=True)]
        told["ray_over_process"] = {"median": round(median(shares), 3), "rounds": [round(one, 3) for one in shares]}
    return told


def _picture(job: int) -> bytes:
    """No work, but a result as large as a look's."""
    return bytes(60_000)


def _driver_s(farm: FarmConfig, n: int = 2000) -> float:
    """Time of this process itself for a job with a picture in its result."""
    with open_farm(farm) as executor:
        list(executor.map(_picture, range(50)))
        begun = time.process_time()
        for _ in executor.map(_picture, range(n)):
            pass
        return (time.process_time() - begun) / n


def _costs(driver_s: float) -> Costs:
    """Each part alone, on one core, of the scenes of a wave of an adversarial iteration."""
    config = QUARTER
    player = _protagonist(config)
    with open_farm(FarmConfig("serial")) as executor:
        timed = _Timed(executor)
        cell = SimulatedCell(config.world, config.attack, timed)
        wave = next(waves_of(Stage("costs", config.match.wave_scenes_n * config.match.attempts_per_scene_n), config))
        rows = play_wave(wave, RandomGrasps(config.patches, player.pixel_m), RandomAttacks("shake"), config=config, cell=cell)
        view = next(iter(cell.look([wave.scenes[0][0]])))
    n = len(wave.scenes)
    assert isinstance(view, jobs.View)
    seen = view.image
    choose_s = _seconds(lambda: player.choose(seen, 4, rng_of(0, "choose")), 10)
    with tempfile.TemporaryDirectory() as folder:
        store_s = _seconds(lambda: write_shard(Path(folder) / "wave.parquet", table_of(rows)), 3) / n
    look_s, grasp_s, attack_s = (timed.seconds.get(kind, 0.0) / n for kind in (jobs.look, jobs.grasp, jobs.attack))
    return Costs(look_s, grasp_s, attack_s, choose_s, store_s, driver_s, len(pickle.dumps(view)) + 4 * 600)


class _Timed:
    """The reference executor, with a clock for each kind of job."""

    here, workers_n = True, 1

    def __init__(self, executor: Executor) -> None:
        self._executor, self.seconds = executor, dict[Callable[[Any], Any], float]()

    def map(self, function: Callable[[Any], Any], todo: Any, *, key: Any = None) -> Any:
        """Results, timed."""
        for job in todo:
            begun = time.perf_counter()
            (result,) = self._executor.map(function, [job])
            self.seconds[function] = self.seconds.get(function, 0.0) + time.perf_counter() - begun
            yield result


def _seconds(do: Callable[[], Any], times: int) -> float:
    do()
    begun = time.perf_counter()
    for _ in range(times):
        do()
    return (time.perf_counter() - begun) / times


@dataclass(frozen=True)
class Cluster:
    """What is simulated."""

    cores: int
    scenes_per_wave: int
    costs: Costs
    attacked: bool = True


def simulated(cluster: Cluster) -> tuple[float, dict[str, float]]:
    """Scenes a second, and the share of the time that workers, driver and network are busy.

    Two waves are under way together, as in `game/collect.py`; job times vary as lognormal with a spread of a half. Whatever is
    ready first is served first: jobs by the driver and then a worker, pictures by the network.
    """
    rng, costs, n = np.random.default_rng(0), cluster.costs, cluster.scenes_per_wave
    means = [costs.look_s, costs.grasp_s] + ([costs.attack_s] if cluster.attacked else [])
    free = [0.0] * cluster.cores
    driver = network = total_s = 0.0
    busy = {"workers": 0.0, "driver": 0.0, "network": 0.0}
    order = count()
    todo = [(0.0, next(order), "stage", wave, 0) for wave in range(WAVES_AT_ONCE)]
    left, begun_n = dict.fromkeys(range(WAVES_AT_ONCE), 0), WAVES_AT_ONCE
    while todo:
        now, _, what, wave, stage = heapq.heappop(todo)
        if what == "stage" and stage == len(means):  # all is done: store it, and begin the next wave
            driver = max(driver, now) + costs.store_s * n
            busy["driver"] += costs.store_s * n
            total_s = max(total_s, driver)
            if begun_n < SIMULATED_WAVES:
                heapq.heappush(todo, (driver, next(order), "stage", begun_n, 0))
                begun_n += 1
        elif what == "stage":
            left[wave] = n
            todo += [(now, next(order), "job", wave, stage) for _ in range(n)]
            heapq.heapify(todo)
        elif what == "job":
            driver = max(driver, now) + costs.driver_s
            took = means[stage] * float(rng.lognormal(-0.125, 0.5))
            done = max(driver, heapq.heappop(free)) + took
            heapq.heappush(free, done)
            busy["driver"] += costs.driver_s
            busy["workers"] += took
            heapq.heappush(todo, (done, next(order), "picture" if stage == 0 else "done", wave, stage))
        else:
            if what == "picture":
                network = now = max(network, now) + costs.choose_s
                busy["network"] += costs.choose_s
            left[wave] -= 1
            if left[wave] == 0:
                heapq.heappush(todo, (now, next(order), "stage", wave, stage + 1))
    shares = {"workers": busy["workers"] / cluster.cores, "driver": busy["driver"], "network": busy["network"]}
    return SIMULATED_WAVES * n / total_s, {name: used / total_s for name, used in shares.items()}


def _told(costs: Costs, driver: dict[str, float]) -> str:
    """The tables of `docs/scaling.md`."""
    parts = [
        ["look (compile, settle, picture, PNG)", costs.look_s, "worker"],
        ["grasp, 4 attempts", costs.grasp_s, "worker"],
        ["attack (shake), what the sensor calls held", costs.attack_s, "worker"],
        ["choose (compact network, 128 patches, this machine)", costs.choose_s, "network"],
        ["store", costs.store_s, "driver"],
        *([f"hand out and take back one job, {name}", seconds, "driver"] for name, seconds in driver.items()),
    ]
    header = ["part of a scene of 4 attempts", "ms", "who"]
    text = markdown((header, [[name, f"{1000 * seconds:.2f}", who] for name, seconds, who in parts]))
    return f"\n{text}\n\n{_simulated_table(costs)}\n"


def _simulated_table(costs: Costs) -> str:
    each = QUARTER.match.attempts_per_scene_n
    fast = replace(costs, choose_s=costs.choose_s / 50)
    header = ["cores", "scenes a wave", "network", "attempts/s", "workers busy", "driver busy", "network busy", "to the driver"]
    header += [f"{n:,} attempts" for n in ATTEMPTS]
    body = []
    for cores in CORES:
        for per_wave in sorted({QUARTER.match.wave_scenes_n, 4 * cores}):
            for name, one in (("CPU", costs), ("50 x faster", fast)):
                scenes_per_s, busy = simulated(Cluster(cores, per_wave, one))
                rate = each * scenes_per_s
                shares = [f"{100 * busy[part]:.0f} %" for part in ("workers", "driver", "network")]
                came = f"{scenes_per_s * costs.bytes_per_scene / 1e6:.0f} MB/s"
                spans = [_span(n / rate) for n in ATTEMPTS]
                body.append([str(cores), str(per_wave), name, f"{rate:,.0f}", *shares, came, *spans])
    return markdown((header, body))


def _span(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    tyro.cli(main)
