"""From run folders to the summary of an arm."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import RunConfig
from sparring.data.records import Row
from sparring.data.store import read_shard, read_stage
from sparring.errors import DataError
from sparring.evaluation.crossplay import TRIES
from sparring.evaluation.fits import fits_of
from sparring.evaluation.robustness import in_order, kinds_of
from sparring.game.digest import digest_run
from sparring.game.plan import player_names, stages_of
from sparring.game.run_folder import FOREIGN, RunFolder
from sparring.scoring import auc
from sparring.study.arms import settings_of
from sparring.study.summary import (
    FAILED,
    FELL,
    INVALID,
    LIFTED,
    NOT_HELD,
    SURVIVED,
    Attacked,
    Fitted,
    Gained,
    Played,
    Summary,
    Tested,
)

COUNTED = ["sensed", "lifted", "invalid", "adversary", "action_probability", "dislodged", "dislodging"]


def summary_of(preset: str, preset_config: RunConfig, arm: str, runs: Sequence[RunFolder]) -> Summary:
    """What is kept of an arm's finished runs.

    Raises:
        SparringError: a run is damaged, or was played with other settings than the rest.
    """
    played = sorted((_played(run) for run in runs), key=lambda run: run.seed)
    settings = {run.path: settings_of(preset_config, run.config()) for run in runs}
    for path, changed in settings.items():
        first, *_ = settings
        if changed != settings[first]:
            raise DataError(
                f"{path} and {first} were played differently: {_difference(changed, settings[first])}; keep one of them"
            )
    return Summary(preset, arm, next(iter(settings.values()), {}), tuple(played))


def _difference(one: dict[str, str], other: dict[str, str]) -> str:
    names = sorted(name for name in one | other if one.get(name) != other.get(name))
    return ", ".join(f"{name} {one.get(name, 'as in the preset')} and {other.get(name, 'as in the preset')}" for name in names)


def _played(run: RunFolder) -> Played:
    config, told = run.config(), run.provenance()
    return Played(
        seed=config.seed,
        config_hash=run.config_hash(),
        digest=digest_run(run),
        packages={"sparring": told.get("sparring", "")} | told.get("packages", {}),
        processor=told.get("processor", ""),
        gained=tuple(_gained(run, stage.name) for stage in stages_of(config)),
        fitted=tuple(_fitted(run)),
        tested=tuple(_tested(run, config)),
        attacked=tuple(_attacked(run, config)),
    )


def _gained(run: RunFolder, stage: str) -> Gained:
    table = read_stage(run.stage(stage), COUNTED)
    rows = [row for row in table.to_pylist() if not row["invalid"]]
    sensed = [row for row in rows if row["sensed"]]
    met = [row for row in sensed if row["adversary"] is not None]
    attacked = [row for row in met if row["lifted"]]
    return Gained(
        stage=stage,
        grasps_n=len(rows),
        invalid_n=len(table) - len(rows),
        sensed_n=len(sensed),
        lifted_n=sum(row["lifted"] for row in sensed),
        fell_before_n=len(met) - len(attacked),
        attacked_n=len(attacked),
        attacks_n=sum(1 if row["dislodging"] is None else ADVERSARIES[row["adversary"]].actions_n for row in attacked),
        dislodged_n=sum(row["dislodged"] for row in attacked),
        belief_auc=_rounded(_belief_auc([row for row in attacked if row["action_probability"] is not None])),
    )


def _belief_auc(chosen: list[Row]) -> float | None:
    beliefs = np.array([row["action_probability"] for row in chosen], float)
    return auc(beliefs, np.array([row["dislodged"] for row in chosen], bool))


def _fitted(run: RunFolder) -> list[Fitted]:
    positives = {row["fit"]: row["summary"].get("positives_n", 0) for row in run.metrics() if "summary" in row}
    return [
        Fitted(
            player=fit.name,
            trained_n=fit.trained_n or 0,
            positives_n=positives[fit.name],
            epochs_n=fit.epochs_n,
            train_accuracy=_rounded(fit.train_accuracy),
            held_out_auc=_rounded(fit.held_out.auc if fit.held_out else None),
            mean_strongest_belief=_rounded(fit.mean_strongest_belief),
        )
        for fit in fits_of(run)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _tested(run: RunFolder, config: RunConfig) -> list[Tested]:
    """All tests on disk, in a fixed order."""
    found: list[Tested] = []
    for folder in sorted(path for path in (run.path / "evaluation").glob("*/*/") if path.is_dir()):
        for player in player_names(config):
            shard = folder / f"{player}.parquet"
            if shard.exists():
                outcomes = _outcomes(read_shard(shard, ["object", "scene_seed", "lifted", "invalid"]))
                found.append(Tested(player, folder.parent.name, folder.name, outcomes))
    return found


def _attacked(run: RunFolder, config: RunConfig) -> Iterator[Attacked]:
    """All of the run's own cross-play on disk, in a fixed order."""
    for folder in sorted(path for path in (run.path / "crossplay").glob("*/*/") if path.is_dir()):
        for player in player_names(config):
            tries = folder / player / f"{TRIES}.parquet"
            shards = [path for path in tries.parent.glob("*.parquet") if path != tries and FOREIGN not in path.stem]
            if not tries.exists():
                continue
            lifted = read_shard(tries, ["object", "scene_seed", "lifted", "invalid"])
            for name in in_order((path.stem for path in shards), kinds_of(config)):
                fell = read_shard(tries.with_name(f"{name}.parquet"), ["object", "scene_seed", "dislodged", "invalid"])
                yield Attacked(player, name, folder.parent.name, folder.name, _survived(lifted, fell))


def _survived(tries: pa.Table, attacks: pa.Table) -> dict[str, str]:
    """By object, in the order of the scenes."""
    fell = {(row["object"], row["scene_seed"]): row for row in attacks.to_pylist()}
    told: dict[str, str] = {}
    for row in tries.to_pylist():
        attack = fell.get((row["object"], row["scene_seed"]))
        if row["invalid"] or (attack is not None and attack["invalid"]):
            mark = INVALID
        else:
            mark = NOT_HELD if attack is None else FELL if attack["dislodged"] else SURVIVED
        told[row["object"]] = told.get(row["object"], "") + mark
    return told


def _outcomes(table: pa.Table) -> dict[str, str]:
    """By object, in the order of the scenes: the order of the rows."""
    told: dict[str, str] = {}
    for row in table.to_pylist():
        told[row["object"]] = told.get(row["object"], "") + (INVALID if row["invalid"] else LIFTED if row["lifted"] else FAILED)
    return told
