"""The test on novel objects (section VI-C): greedy grasps, lifted 30 cm and held; every player meets the same scenes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from sparring.config import PROTOCOLS, RunConfig
from sparring.data.records import Row, table_of
from sparring.data.store import read_shard, write_shard
from sparring.errors import DataError
from sparring.game.cell import Cell, GraspRequest
from sparring.game.jobs import GraspOutcomes, Unseen, View
from sparring.game.progress import Progress, require_going_on
from sparring.game.run_folder import RunFolder
from sparring.game.wave import attempt_row, unseen_row, world_grasp
from sparring.players.choosing import GraspPlayer, ImageGrasp, Protagonist
from sparring.players.device import Compute
from sparring.players.networks import PatchNet
from sparring.seeding import rng_of, seed_of
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec

TEST_SCENES = 20170529
"""Seed of all test scenes: the same for every run, so that runs can be compared scene by scene."""
TRIES_AT_ONCE_N = 250
Scene = TypeVar("Scene", bound=tuple[str | int, ...])
"""What names a scene, such as object and seed."""


@dataclass(frozen=True)
class Test:
    """Which objects, under which protocol."""

    __test__ = False
    protocol: str
    objects: str
    """A set that comes along, or an imported one, NAME@DIGEST."""
    tries_n: int

    @property
    def step(self) -> str:
        """What it is announced as."""
        return f"test {self.protocol} on {self.objects}"

    def config(self, config: RunConfig) -> RunConfig:
        """The run's config with the protocol's grip and patches."""
        protocol = PROTOCOLS[self.protocol]
        return replace(
            config,
            world=replace(config.world, grip=protocol.grip or config.world.grip),
            match=replace(config.match, patches_n=protocol.patches_n),
        )

    def specs(self, config: RunConfig) -> list[SceneSpec]:
        """The scenes of the test: every object `tries_n` times."""
        names = names_in(self.objects, config.world.objects)
        return [SceneSpec(name, seed_of(TEST_SCENES, name, index)) for name in names for index in range(self.tries_n)]


def greedy_player(network: PatchNet, compute: Compute, config: RunConfig) -> Protagonist:
    """A protagonist as it is tested; `config` is the test's."""
    network.to(compute.device)
    pixel_m, patches_n = config.world.camera.pixel_m, config.match.patches_n
    return Protagonist(network, compute, config.patches, pixel_m, patches_n, "greedy", config.test.scoring)


def run_test(
    test: Test, players: Mapping[Path, GraspPlayer], *, config: RunConfig, cell: Cell, progress: Progress, run: RunFolder
) -> None:
    """Tests players whose shard (the key) does not hold the test's scenes yet, and perhaps more of them.

    `config` and `cell` are of the test's protocol.
    """
    specs = test.specs(config)
    todo = {path: player for path, player in players.items() if not holds_scenes(run, path, specs)}
    if not todo:
        return
    with progress.task(test.step, len(specs) * len(todo), "tries") as task:
        for path, player in todo.items():
            rows: list[Row] = []
            for some in scenes_at_once(specs, cell):
                tried = try_scenes(path.stem, player, some, config, cell)
                rows += [one.row for one in tried]
                task.advance(len(tried), found=False, **counts_of_tries(tried))
            write_shard(path, table_of(rows))
            run.enter(path)
            require_going_on(progress)


def holds_scenes(run: RunFolder, path: Path, specs: Sequence[SceneSpec]) -> bool:
    """Whether a shard is there, whole, and has all of these scenes, and perhaps more."""
    if not run.holds(path):
        return False
    tried = set(read_shard(path, ["scene_seed"])["scene_seed"].to_pylist())
    return tried.issuperset(spec.seed for spec in specs)


def scenes_at_once(specs: Sequence[SceneSpec], cell: Cell) -> Iterator[Sequence[SceneSpec]]:
    """The scenes of a test in parts that fit memory and the cell."""
    at_once = cell.scenes_at_once or TRIES_AT_ONCE_N
    return (specs[start : start + at_once] for start in range(0, len(specs), at_once))


@dataclass(frozen=True, eq=False)
class Tried:
    """A try of a test and its record."""

    row: Row
    attempt: tuple[View, ImageGrasp, GraspOutcomes] | None
    """What was seen, chosen and found out; None where the scene could not be looked at."""


def try_scenes(name: str, player: GraspPlayer, specs: Sequence[SceneSpec], config: RunConfig, cell: Cell) -> list[Tried]:
    """A player's best grasp on every scene, carried out; `config` and `cell` are of the test's protocol."""
    tried = [Tried({"attempt": f"{name}/{spec.object_name}/{spec.seed}", "stage": "test"}, None) for spec in specs]
    asked: list[tuple[int, View, ImageGrasp, GraspRequest]] = []
    for number, looked in enumerate(cell.look(specs)):
        if isinstance(looked, Unseen):
            tried[number] = Tried(tried[number].row | unseen_row(looked), None)
            continue
        grasp = player.choose(looked.image, 1, rng_of(looked.spec.seed, "test"))[0]  # while others are looked at
        noise = seed_of(looked.spec.seed, "noise")
        asked.append((number, looked, grasp, GraspRequest(looked.spec, looked.state, (world_grasp(looked, grasp),), (noise,))))
    outcomes = cell.grasp([request for *_, request in asked], must_hold=True)
    for (number, view, grasp, request), outcome in zip(asked, outcomes, strict=True):
        row = tried[number].row | attempt_row(view, grasp, request, outcome, 0, config)
        tried[number] = Tried(row, (view, grasp, outcome))
    return tried


def counts_of_tries(tried: Sequence[Tried]) -> dict[str, int]:
    """How many were valid, and how many of these lifted."""
    valid = [one.row for one in tried if not one.row["invalid"]]
    return {"valid": len(valid), "invalid": len(tried) - len(valid), "lifted": sum(bool(row["lifted"]) for row in valid)}


def lifted_in(path: Path) -> dict[tuple[str, int], bool]:
    """Outcome of every valid try in a test's shard, by object and scene."""
    table: pa.Table = read_shard(path, ["object", "scene_seed", "lifted", "invalid"])
    if not len(table):
        raise DataError(f"{path} holds no tries")
    return {(row["object"], row["scene_seed"]): row["lifted"] for row in table.to_pylist() if not row["invalid"]}


def paired(first: dict[Scene, bool], second: dict[Scene, bool]) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of two players on the scenes that both tried validly."""
    both = sorted(first.keys() & second.keys())
    return np.array([first[scene] for scene in both], bool), np.array([second[scene] for scene in both], bool)
