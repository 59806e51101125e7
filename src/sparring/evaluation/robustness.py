"""What cross-play came to: robust rates, whether the adversary learns, and what it picks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.stability import STABILITY_TESTS
from sparring.config import RunConfig
from sparring.data.store import read_shard
from sparring.evaluation.crossplay import TRIES
from sparring.evaluation.reading import Reading, Strictly
from sparring.evaluation.statistics import Rate
from sparring.game.plan import player_names
from sparring.game.run_folder import FOREIGN, RunFolder

Scene = tuple[str, str, int]
"""Run, object, scene seed."""
COLUMNS = ["object", "scene_seed", "lifted", "invalid", "action", "dislodged"]


@dataclass(eq=False)
class CrossPlayed:
    """What a protagonist lifted, and what became of that under every attacker."""

    lifted: dict[Scene, bool] = field(default_factory=dict)
    dislodged: dict[str, dict[Scene, bool]] = field(default_factory=dict)
    """By attacker, of what was lifted."""
    picks: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    """By attacker: action, and whether it dislodged."""

    def lifted_rate(self) -> Rate:
        """Success: lifted and held."""
        return Rate(sum(self.lifted.values()), len(self.lifted))

    def robust_rate(self, attacker: str) -> Rate:
        """Survived of lifted."""
        fell = self.dislodged.get(attacker, {})
        return Rate(len(fell) - sum(fell.values()), len(fell))

    def dislodge_rate(self, attacker: str) -> Rate:
        """Dislodged of lifted."""
        fell = self.dislodged[attacker]
        return Rate(sum(fell.values()), len(fell))


def crossplayed(runs: Sequence[RunFolder], protocol: str, objects: str, reading: Reading | None = None) -> dict[str, CrossPlayed]:
    """Everything on disk of runs that differ in their seed alone, by protagonist.

    Raises:
        DataError: damaged, where no `reading` is there to note it.
    """
    found: dict[str, CrossPlayed] = {}
    for run in runs:
        for name in player_names(run.config()):
            folder = run.crossplay(protocol, objects, name)
            if (folder / f"{TRIES}.parquet").exists():
                _add(found.setdefault(name, CrossPlayed()), run, folder, reading or Strictly())
    return found


def _add(into: CrossPlayed, run: RunFolder, folder: Path, reading: Reading) -> None:
    for path in sorted(folder.glob("*.parquet")):
        attacker, of, _ = path.stem.partition(FOREIGN)
        label = f"{attacker}{FOREIGN}other runs" if of else attacker
        for row in reading.tried(lambda path=path: read_shard(path, COLUMNS).to_pylist(), path) or []:
            scene = (f"{run.path}{path.stem if of else ''}", row["object"], row["scene_seed"])
            if row["invalid"]:
                continue
            if label == TRIES:
                into.lifted[scene] = row["lifted"]
                continue
            into.dislodged.setdefault(label, {})[scene] = row["dislodged"]
            if row["action"] is not None:
                into.picks.setdefault(label, []).append((row["action"], row["dislodged"]))


def kinds_of(config: RunConfig) -> dict[str, str]:
    """The kind of adversary behind the name of every attacker that has one."""
    learned = {name: bout.adversary for bout in config.match.bouts for name in bout.iterations}
    return learned | {f"random-{kind}": kind for kind in ADVERSARIES}


def in_order(attackers: Iterable[str], kinds: dict[str, str]) -> list[str]:
    """Attackers: none, then by adversary, random before learned and foreign ones, then the published tests."""

    def rank(name: str) -> tuple[int, str, bool, int, str]:
        if name in STABILITY_TESTS:
            return (0 if name == "none" else 2), "", False, 0, name
        attacker, foreign, _ = name.partition(FOREIGN)
        return 1, kinds.get(attacker, attacker), bool(foreign) or not name.startswith("random-"), len(name), name

    return sorted(set(attackers), key=rank)


def crossplay_rows(run: RunFolder, protocol: str, objects: str) -> list[dict[str, Any]]:
    """Machine-readable robust rates of one run."""
    rows: list[dict[str, Any]] = []
    kinds = kinds_of(run.config())
    for player, one in crossplayed([run], protocol, objects).items():
        for attacker in in_order(one.dislodged, kinds):
            rate = one.robust_rate(attacker)
            low, high = rate.interval
            rows.append(
                {
                    "player": player,
                    "attacker": attacker,
                    "protocol": protocol,
                    "objects": objects,
                    "tries": len(one.lifted),
                    "lifted": rate.n,
                    "survived": rate.successes,
                    "robust_rate": rate.rate,
                    "low": low,
                    "high": high,
                }
            )
    return rows
