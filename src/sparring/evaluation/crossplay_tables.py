"""The tables of cross-play: robust rates, whether the adversary learns, and what it picks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.stability import STABILITY_TESTS
from sparring.config import RunConfig
from sparring.data.store import read_shard
from sparring.evaluation.crossplay import FROZEN, TRIES, same_arms
from sparring.evaluation.markdown import Table, difference, markdown, percent, with_interval
from sparring.evaluation.protocol import paired
from sparring.evaluation.statistics import Rate, paired_difference
from sparring.game.match import player_names
from sparring.game.run_folder import FOREIGN, RunFolder

Scene = tuple[str, str, int]
"""Run, object, scene seed."""
COLUMNS = ["object", "scene_seed", "lifted", "invalid", "action", "dislodged"]
LEGEND = """Lifted: raised and held, as in the test. The other columns are robust rates: survived of lifted, with 95 % intervals
(Wilson). `none` waits for 2 s; `axis-forces` is 10 N/kg along six axes for 2 s each, without gravity, at most 5 cm and 15
degrees of slip (DexGraspBench); `tugs` pulls sideways with twice the weight, 0.5 s each (GraspDataGen). Learned adversaries
are named for the iteration they learned in."""
POOLED = """Runs that differ in their seed alone are put together. All runs share their test scenes, so that tries are not
independent across runs and the intervals are too narrow for a claim about the method."""
BAR, BAR_LENGTH = "█", 30


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


def crossplayed(runs: Sequence[RunFolder], protocol: str, objects: str) -> dict[str, CrossPlayed]:
    """Everything on disk of runs that differ in their seed alone, by protagonist."""
    found: dict[str, CrossPlayed] = {}
    for run in runs:
        for name in player_names(run.config()):
            folder = run.crossplay(protocol, objects, name)
            if (folder / f"{TRIES}.parquet").exists():
                _add(found.setdefault(name, CrossPlayed()), run, folder)
    return found


def _add(into: CrossPlayed, run: RunFolder, folder: Path) -> None:
    for path in sorted(folder.glob("*.parquet")):
        attacker, of, _ = path.stem.partition(FOREIGN)
        label = f"{attacker}{FOREIGN}other runs" if of else attacker
        for row in read_shard(path, COLUMNS).to_pylist():
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


def crossplay_sections(runs: Sequence[RunFolder]) -> list[str]:
    """Headings and tables for every test that was played; nothing where there was none."""
    tests = {(path.parent.name, path.name) for run in runs for path in run.path.glob("crossplay/*/*/")}
    return [part for protocol, objects in sorted(tests) for part in _sections(_arms(runs), protocol, objects)]


def _arms(runs: Sequence[RunFolder]) -> list[list[RunFolder]]:
    """The runs, those that differ in their seed alone together."""
    arms: list[list[RunFolder]] = []
    for run in runs:
        alike = next((arm for arm in arms if same_arms(arm[0].config(), run.config())), None)
        if alike is None:
            arms.append([run])
        else:
            alike.append(run)
    return arms


def _sections(arms: Sequence[Sequence[RunFolder]], protocol: str, objects: str) -> list[str]:
    parts: list[str] = []
    for arm in arms:
        played = crossplayed(arm, protocol, objects)
        if not played:
            continue
        of = f", {' and '.join(f'`{run.path.name}`' for run in arm)}" if len(arms) > 1 or len(arm) > 1 else ""
        parts += [f"## Cross-play: {protocol}, {objects} objects{of}", LEGEND, POOLED if len(arm) > 1 else ""]
        kinds = kinds_of(arm[0].config())
        parts.append(markdown(_matrix(played, kinds)))
        if FROZEN in played:
            parts += _learning(played[FROZEN], kinds)
    return [part for part in parts if part]


def _matrix(played: dict[str, CrossPlayed], kinds: dict[str, str]) -> Table:
    """Robust rates; the adversaries of earlier iterations, which the frozen protagonist alone has met, are left out."""
    rows = {name: one for name, one in played.items() if name != FROZEN} or played
    attackers = _in_order((name for one in rows.values() for name in one.dislodged), kinds)
    body = [
        [
            name,
            with_interval(one.lifted_rate()) + f", n={len(one.lifted)}",
            *(with_interval(one.robust_rate(k)) for k in attackers),
        ]
        for name, one in played.items()
    ]
    return ["protagonist", "lifted", *attackers], body


def _in_order(attackers: Iterable[str], kinds: dict[str, str]) -> list[str]:
    """None, then by adversary, random before learned and foreign ones, then the published tests."""

    def rank(name: str) -> tuple[int, str, bool, int, str]:
        if name in STABILITY_TESTS:
            return (0 if name == "none" else 2), "", False, 0, name
        attacker, foreign, _ = name.partition(FOREIGN)
        return 1, kinds.get(attacker, attacker), bool(foreign) or not name.startswith("random-"), len(name), name

    return sorted(set(attackers), key=rank)


def _learning(frozen: CrossPlayed, kinds: dict[str, str]) -> list[str]:
    """On one frozen protagonist: does a learned adversary dislodge more than a random one, and that more than none."""
    parts = [
        f"### Is the adversary learning? (all attack what `{FROZEN}` lifted; differences are paired, McNemar's exact test)",
        markdown(_dislodge_rates(frozen, kinds)),
    ]
    for attacker in _in_order(frozen.picks, kinds):
        if attacker in kinds and not attacker.startswith("random-"):
            parts += [f"### What `{attacker}` picks", markdown(_picks(kinds[attacker], frozen.picks[attacker]))]
    return parts


def _dislodge_rates(frozen: CrossPlayed, kinds: dict[str, str]) -> Table:
    body = []
    for name in _in_order(frozen.dislodged, kinds):
        fell = frozen.dislodged[name]
        against = ("none", f"random-{kinds.get(name)}")
        less = [_less(fell, frozen.dislodged.get(other, {})) if other != name else "" for other in against]
        body.append([name, with_interval(frozen.dislodge_rate(name)), str(len(fell)), *less])
    return ["attacker", "dislodged of lifted", "n", "less none", "less random"], body


def _less(fell: dict[Scene, bool], other: dict[Scene, bool]) -> str:
    return difference(paired_difference(*paired(fell, other))) if fell.keys() & other.keys() else ""


def _picks(kind: str, picks: list[tuple[int, bool]]) -> Table:
    counts = Counter(action for action, _ in picks)
    body = []
    for action, n in counts.most_common():
        fell = sum(dislodged for other, dislodged in picks if other == action)
        bar = BAR * max(1, round(BAR_LENGTH * n / len(picks)))
        body.append([ADVERSARIES[kind].description(action), f"{bar} {percent(n / len(picks))}", f"{fell}/{n}"])
    return ["action", f"picked (n={len(picks)}, of {ADVERSARIES[kind].actions_n} actions)", "dislodged"], body


def crossplay_rows(run: RunFolder, protocol: str, objects: str) -> list[dict[str, Any]]:
    """Machine-readable robust rates of one run."""
    rows: list[dict[str, Any]] = []
    kinds = kinds_of(run.config())
    for player, one in crossplayed([run], protocol, objects).items():
        for attacker in _in_order(one.dislodged, kinds):
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
