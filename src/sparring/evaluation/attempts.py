"""Finding a recorded attempt in a run by its name, with what it was played with."""

from collections.abc import Iterator
from pathlib import Path

# pyright: reportAttributeAccessIssue=false
# pyarrow makes its compute functions at run time.
import pyarrow.compute as pc

from sparring.actions.adversaries import ADVERSARIES, Attack
from sparring.actions.stability import STABILITY_TESTS
from sparring.config import PROTOCOLS, RunConfig
from sparring.data.records import Row
from sparring.data.store import read_shard, shard_path
from sparring.errors import DataError, RunFolderError
from sparring.evaluation.crossplay import TRIES
from sparring.evaluation.protocol import Test
from sparring.evaluation.reading import Reading
from sparring.game.plan import stages_of
from sparring.game.replay import Attempt
from sparring.game.run_folder import FOREIGN, RunFolder

FEW = ("attempt", "dislodged", "lifted", "invalid")


def find_attempt(run: RunFolder, name: str) -> Attempt:
    """The attempt of that name: STAGE/WAVE/SCENE-GRASP of a stage, or PROTOCOL/OBJECTS/ and the name of a try or of an attack.

    Raises:
        DataError: there is none, or its shard is damaged.
    """
    config = run.config()
    for shard in _shards(run, name):
        found = _row(shard, name.removeprefix(f"{_test_of(run, shard)}/"))
        if found is not None:
            return attempt_of(run, config, shard, found)
    raise DataError(
        f"{run.path} has no attempt called {name!r}. Names are like random/00000/0003-1 for an attempt of a stage, and like "
        "low-force/named/start/ring-toy/SEED for a try of a test; column `attempt` of the shards holds them"
    )


def telling_attempt(run: RunFolder) -> Attempt:
    """An attempt worth seeing: the last stage's first that an adversary dislodged; without one the last that was lifted, or any.

    Raises:
        RunFolderError: the run has no attempts that can be read.
    """
    config, reading = run.config(), Reading()
    shards = [shard for stage in reversed(stages_of(config)) for shard in sorted(run.stage(stage.name).glob("wave-*.parquet"))]
    for wanted in (("dislodged", "lifted"), ("lifted",), ()):
        for shard in shards:
            rows = reading.tried(lambda path=shard: read_shard(path, [*FEW]).to_pylist(), shard) or []
            for row in rows:
                if not row["invalid"] and all(row[name] for name in wanted):
                    return find_attempt(run, row["attempt"])
    raise RunFolderError(f"{run.path} has no attempts to replay yet; go on with `sparring play`")


def attempt_of(run: RunFolder, config: RunConfig, shard: Path, row: Row) -> Attempt:
    """A row of a shard as an attempt."""
    test = _test_of(run, shard)
    if test is not None:
        protocol, _, objects = test.partition("/")
        config = Test(protocol, objects, config.test.tries_n).config(config)
    return Attempt(row, config, must_hold=test is not None, kind=kind_of(row["adversary"]))


def kind_of(adversary: str | None) -> str | None:
    """What lies behind a record's adversary: `shake`, `random-shake`, `shake-3`, `shake-3 of HASH`, `tugs`.

    Raises:
        DataError: nothing that is known here.
    """
    if adversary is None or adversary in STABILITY_TESTS:
        return adversary
    name = adversary.partition(FOREIGN)[0].removeprefix("random-")
    for kind in (name, name.rpartition("-")[0]):
        if kind in ADVERSARIES:
            return kind
    raise DataError(f"no adversary is behind the name {adversary!r}; there are: {', '.join(ADVERSARIES)}")


def attack_of(row: Row) -> tuple[Attack, int] | None:
    """The attack that a record tells of, and its index; None where its adversary is not in the table here."""
    try:
        kind = kind_of(row["adversary"])
    except DataError:
        return None
    return ADVERSARIES[kind].action(row["action"]) if kind in ADVERSARIES and row["action"] is not None else None


def action_told(row: Row) -> str:
    """The action that a record tells of, in words."""
    found = attack_of(row)
    return f"action {row['action']} of {row['adversary']}" if found is None else found[0].description(found[1])


def _test_of(run: RunFolder, shard: Path) -> str | None:
    """`PROTOCOL/OBJECTS` of a shard of a test or of cross-play; None for a stage's."""
    parts = shard.relative_to(run.path).parts
    return f"{parts[1]}/{parts[2]}" if parts[0] in ("evaluation", "crossplay") else None


def _shards(run: RunFolder, name: str) -> Iterator[Path]:
    """Where an attempt of that name is to be found."""
    parts = name.split("/")
    if not all(part and part.isprintable() and part not in (".", "..") for part in parts):
        return
    match parts:
        case [stage, wave, _] if stage not in PROTOCOLS and wave.isdecimal():
            shards = [shard_path(run.stage(stage), int(wave))]
        case [protocol, objects, player, _, _] if protocol in PROTOCOLS:
            shards = [run.test(protocol, objects, player), run.crossplay(protocol, objects, player) / f"{TRIES}.parquet"]
        case [protocol, objects, player, _, _, attacker] if protocol in PROTOCOLS:
            shards = [run.crossplay(protocol, objects, player) / f"{attacker}.parquet"]
        case _:
            shards = []
    yield from (shard for shard in shards if shard.exists())


def _row(shard: Path, name: str) -> Row | None:
    names = read_shard(shard, ["attempt"])["attempt"]
    at = pc.index(names, name).as_py()
    return None if at < 0 else read_shard(shard).slice(at, 1).to_pylist()[0]
