"""Gathering attempts wave by wave. A wave is one shard, written whole; the next is under way while one is played."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sparring.config import RunConfig
from sparring.data.records import Row, table_of
from sparring.data.store import read_shard, shard_path, write_shard
from sparring.errors import ConfigError
from sparring.game.attackers import AttackPlayer
from sparring.game.cell import Cell
from sparring.game.progress import Progress, require_going_on
from sparring.game.run_folder import RunFolder
from sparring.game.wave import Wave, play_wave
from sparring.players.choosing import GraspPlayer
from sparring.seeding import rng_of, seed_of
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec

Done = TypeVar("Done")


@dataclass(frozen=True)
class Stage:
    """A part of the match that gathers attempts."""

    name: str
    grasps_n: int

    @property
    def step(self) -> str:
        """What it is announced as."""
        return f"stage {self.name}"


def collect(
    stage: Stage,
    player: GraspPlayer,
    attacker: AttackPlayer | None,
    *,
    config: RunConfig,
    cell: Cell,
    run: RunFolder,
    progress: Progress,
) -> None:
    """Plays every wave of a stage whose shard is not on disk yet, or no longer whole.

    Raises:
        ConfigError: the cell cannot try several grasps on one scene, and the config asks for it.
    """
    if cell.scenes_at_once is not None and config.match.attempts_per_scene_n > 1:
        raise ConfigError(
            "this cell has a scene before it but once, so that match.attempts_per_scene_n must be 1, "
            f"got {config.match.attempts_per_scene_n}"
        )
    todo = (
        partial(_counts_of, run, wave, player=player, attacker=attacker, config=config, cell=cell)
        for wave in waves_of(stage, config)
    )
    with progress.task(stage.step, stage.grasps_n, "grasps", waves_n=waves_n(stage, config)) as task:
        for played in overlapping(todo, cell.waves_at_once_n, progress):
            task.advance(played.attempts_n, found=played.found, **played.counts)


@dataclass(frozen=True)
class _Played:
    """What a wave came to."""

    attempts_n: int
    found: bool
    """Whether it was on disk already."""
    counts: dict[str, int]


def _counts_of(
    run: RunFolder, wave: Wave, *, player: GraspPlayer, attacker: AttackPlayer | None, config: RunConfig, cell: Cell
) -> _Played:
    """Plays a wave if need be; what it came to."""
    path = shard_path(run.stage(wave.stage), wave.number)
    found = run.holds(path)
    if found:
        rows = read_shard(path, ["sensed", "lifted", "dislodged", "invalid"]).to_pylist()
    else:
        rows = play_wave(wave, player, attacker, config=config, cell=cell)
        write_shard(path, table_of(rows))
        run.enter(path)
    return _Played(len(rows), found, _counts(rows))


def overlapping(todo: Iterable[Callable[[], Done]], at_once_n: int, progress: Progress) -> Iterator[Done]:
    """Results in order; the next is begun while one is under way, since players are frozen within a stage.

    Where the user wishes to stop, nothing new is begun, and what is under way is finished first.
    """
    waiting: deque[Future[Done]] = deque()
    pool = ThreadPoolExecutor(at_once_n, thread_name_prefix="wave")
    try:
        for one in todo:
            if progress.stopping:
                break
            waiting.append(pool.submit(one))
            if len(waiting) == at_once_n:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        require_going_on(progress)
    except Exception:  # whoever goes on after an error must not meet a wave that is still under way
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _counts(rows: list[Row]) -> dict[str, int]:
    valid = [row for row in rows if not row["invalid"]]
    return {
        "valid": len(valid),
        "invalid": len(rows) - len(valid),
        "sensed": sum(bool(row["sensed"]) for row in valid),
        "attacked": sum(row.get("dislodged") is not None for row in valid),
        "dislodged": sum(bool(row.get("dislodged")) for row in valid),
    }


def waves_n(stage: Stage, config: RunConfig) -> int:
    """Number of a stage's waves."""
    return math.ceil(math.ceil(stage.grasps_n / config.match.attempts_per_scene_n) / config.match.wave_scenes_n)


def waves_of(stage: Stage, config: RunConfig) -> Iterator[Wave]:
    """A stage's scenes with their numbers of grasps, cut into waves."""
    each, names = config.match.attempts_per_scene_n, names_in("training", config.world.objects)
    starts = range(0, stage.grasps_n, each)
    for number, first in enumerate(range(0, len(starts), config.match.wave_scenes_n)):
        scenes: list[tuple[SceneSpec, int]] = []
        for index in range(first, min(first + config.match.wave_scenes_n, len(starts))):
            seed = seed_of(config.seed, "scene", stage.name, index)
            name = names[int(rng_of(seed, "object").integers(len(names)))]
            scenes.append((SceneSpec(name, seed), min(each, stage.grasps_n - starts[index])))
        yield Wave(stage.name, number, tuple(scenes))
