"""What arms of one seed share is not played twice: the random grasps and P_0, taken over from the run that has them."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sparring.config import LearningConfig, LiftConfig, MatchConfig, NetworkConfig, RunConfig
from sparring.data.records import FORCE_COLUMNS
from sparring.data.store import read_shard, write_shard
from sparring.errors import RunFolderError
from sparring.game.plan import RANDOM, START
from sparring.game.run_folder import RunFolder


def shares_start(first: RunConfig, second: RunConfig) -> bool:
    """Whether two runs have the same random grasps and the same P_0."""
    return _until_start(first) == _until_start(second)


def shares_grasps(first: RunConfig, second: RunConfig) -> bool:
    """Whether two runs have the same random grasps, though the weak sensor may be read elsewhere, and other networks learn."""
    heights = {one.world.lift.sense_height_m for one in (first, second)}
    return heights <= FORCE_COLUMNS.keys() and _of_grasps(first) == _of_grasps(second)


def _until_start(config: RunConfig) -> RunConfig:
    """With what nothing depends on until P_0 is made as it is by default."""
    match, learning = MatchConfig(), LearningConfig()
    return replace(
        config,
        match=replace(
            config.match,
            bouts=match.bouts,
            collaborative_grasps_n=match.collaborative_grasps_n,
            arms=match.arms,
            attacks=match.attacks,
        ),
        learning=replace(
            config.learning,
            alpha=learning.alpha,
            falls=learning.falls,
            finetune_rate=learning.finetune_rate,
            finetune_epochs_n=learning.finetune_epochs_n,
            adversary_rate=learning.adversary_rate,
            adversary_epochs_n=learning.adversary_epochs_n,
        ),
        test=RunConfig().test,
    )


def _of_grasps(config: RunConfig) -> RunConfig:
    """The same without the sensor, and without networks, which random grasps do not ask."""
    world = replace(config.world, lift=replace(config.world.lift, sense_height_m=0.0))
    return replace(_until_start(config), world=world, network=NetworkConfig(), learning=LearningConfig())


def adopt_start(run: RunFolder, source: RunFolder) -> None:
    """Takes over what two runs share, as far as it is not here yet: the random grasps, and where it is the same P_0.

    Raises:
        RunFolderError: the source has not come so far, or a file cannot be written.
        CheckpointError, DataError: damaged.
    """
    if run.player(START).exists():
        return
    if not source.player(START).exists():
        raise RunFolderError(f"{source.path} has no player {START!r} yet; go on with it first")
    ours, theirs = run.config(), source.config()
    sensor = ours.world.lift
    for shard in sorted(source.stage(RANDOM).glob("wave-*.parquet")):
        here = run.stage(RANDOM) / shard.name
        if run.holds(here):
            continue
        source.require_undamaged(shard)
        _take(run, shard, here) if sensor == theirs.world.lift else _sense_again(run, shard, here, sensor)
    if shares_start(ours, theirs):
        source.require_undamaged(source.player(START))
        run.record_metrics(START, [row for row in source.metrics() if row["fit"] == START])
        _take(run, source.player(START), run.player(START))


def _sense_again(run: RunFolder, shard: Path, here: Path, lift: LiftConfig) -> None:
    """The same grasps, sensed at another height: forces were recorded there."""
    table = read_shard(shard)
    force_n = table[FORCE_COLUMNS[lift.sense_height_m]].to_numpy()
    valid = ~table["invalid"].to_numpy(zero_copy_only=False).astype(bool)
    sensed = valid & (np.nan_to_num(force_n) > lift.sense_force_n)
    at = table.schema.get_field_index("sensed")
    write_shard(here, table.set_column(at, table.schema.field(at), pa.array(sensed)))
    run.enter(here)


def _take(run: RunFolder, there: Path, here: Path) -> None:
    """A link where the disk allows it, else a copy."""
    try:
        here.parent.mkdir(parents=True, exist_ok=True)
        here.unlink(missing_ok=True)
        try:
            os.link(there, here)
        except OSError:  # another disk, or one without links
            part = here.with_name(here.name + ".part")
            shutil.copyfile(there, part)
            part.replace(here)
    except OSError as error:
        raise RunFolderError(f"could not write {here}: {error.strerror or error}; make room or choose another folder") from None
    run.enter(here)
