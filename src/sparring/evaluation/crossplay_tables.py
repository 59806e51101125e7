"""The tables of cross-play: robust rates, whether the adversary learns, and what it picks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sparring.actions.adversaries import ADVERSARIES
from sparring.data.store import read_shard
from sparring.evaluation.crossplay import FROZEN
from sparring.evaluation.markdown import Table, difference, markdown, percent, with_interval
from sparring.evaluation.protocol import paired
from sparring.evaluation.statistics import Rate, paired_difference
from sparring.game.match import player_names
from sparring.game.run_folder import RunFolder

Scene = tuple[str, str, int]
"""Run, object, scene seed."""
COLUMNS = ["object", "scene_seed", "lifted", "invalid", "adversary", "action", "dislodged"]
LEGEND = """Lifted: raised and held, as in the test. The other columns are robust rates: survived of lifted, with 95 % intervals
(Wilson). `none` waits for 2 s; `axis-forces` is 10 N/kg along six axes for 2 s each, without gravity, at most 5 cm and 15
degrees of slip (DexGraspBench); `tugs` pulls sideways with twice the weight, 0.5 s each (GraspDataGen). Learned adversaries
are named for the iteration they learned in."""
BAR = "█"
BAR_LENGTH = 30


@dataclass(eq=False)
class CrossPlayed:
    """What a protagonist lifted, and what became of that under every attack."""

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
    """Everything on disk, by protagonist; several runs are pooled, and adversaries of other runs put together."""
    found: dict[str, CrossPlayed] = {}
    for run in runs:
        for name in player_names(run.config()):
            path = run.crossplay(protocol, objects, name)
            if path.exists():
                into = found.setdefault(name, CrossPlayed())
                for row in read_shard(path, COLUMNS).to_pylist():
                    _add(into, str(run.path), row)
    return found


def _add(into: CrossPlayed, run: str, row: dict[str, Any]) -> None:
    scene = (run, row["object"], row["scene_seed"])
    if row["invalid"]:
        return
    if row["adversary"] is None:
        into.lifted[scene] = row["lifted"]
        return
    attacker, of, _ = row["adversary"].partition(" of ")
    name = f"{attacker} of other runs" if of else attacker
    place = (row["adversary"] + run, *scene[1:]) if of else scene
    into.dislodged.setdefault(name, {})[place] = row["dislodged"]
    if row["action"] is not None:
        into.picks.setdefault(name, []).append((row["action"], row["dislodged"]))


def crossplay_sections(runs: Sequence[RunFolder]) -> list[str]:
    """Headings and tables for every test that was played; nothing where there was none."""
    parts: list[str] = []
    for protocol, objects in sorted({(path.parent.name, path.name) for run in runs for path in run.path.glob("crossplay/*/*/")}):
        played = crossplayed(runs, protocol, objects)
        if not played:
            continue
        parts += [
            f"## Cross-play: {protocol}, {objects} objects",
            LEGEND,
            markdown(_matrix(played)),
        ]
        if FROZEN in played:
            parts += _learning(played[FROZEN])
    return parts


def _matrix(played: dict[str, CrossPlayed]) -> Table:
    shared = [name for name in _attackers(played) if all(name in one.dislodged for one in played.values() if one.dislodged)]
    body = [
        [name, with_interval(one.lifted_rate()) + f", n={len(one.lifted)}", *(with_interval(one.robust_rate(k)) for k in shared)]
        for name, one in played.items()
    ]
    return ["protagonist", "lifted", *shared], body


def _attackers(played: dict[str, CrossPlayed]) -> list[str]:
    return list(dict.fromkeys(name for one in played.values() for name in one.dislodged))


def _learning(frozen: CrossPlayed) -> list[str]:
    """On one frozen protagonist: does a learned adversary dislodge more than a random one, and that more than none."""
    parts = [
        f"### Is the adversary learning? (all attack what `{FROZEN}` lifted; differences are paired, McNemar's exact test)",
        markdown(_dislodge_rates(frozen)),
    ]
    for attacker in frozen.picks:
        if not attacker.startswith("random-") and " of " not in attacker:
            parts += [f"### What `{attacker}` picks", markdown(_picks(attacker, frozen.picks[attacker]))]
    return parts


def _dislodge_rates(frozen: CrossPlayed) -> Table:
    body = []
    for name, fell in frozen.dislodged.items():
        against = ("none", f"random-{name.rpartition('-')[0]}")
        less = [_less(fell, frozen.dislodged.get(other, {})) if other != name else "" for other in against]
        body.append([name, with_interval(frozen.dislodge_rate(name)), str(len(fell)), *less])
    return ["attacker", "dislodged of lifted", "n", "less none", "less random"], body


def _less(fell: dict[Scene, bool], other: dict[Scene, bool]) -> str:
    return difference(paired_difference(*paired(fell, other))) if fell.keys() & other.keys() else ""


def _picks(attacker: str, picks: list[tuple[int, bool]]) -> Table:
    kind = attacker.rpartition("-")[0]
    counts = Counter(action for action, _ in picks)
    body = []
    for action, n in counts.most_common():
        fell = [dislodged for other, dislodged in picks if other == action]
        share = n / len(picks)
        body.append(
            [
                ADVERSARIES[kind].told(action),
                f"{BAR * max(1, round(BAR_LENGTH * share))} {percent(share)}",
                f"{sum(fell)}/{n}",
            ]
        )
    return ["action", f"picked (n={len(picks)}, of {ADVERSARIES[kind].actions_n} actions)", "dislodged"], body


def crossplay_rows(run: RunFolder, protocol: str, objects: str) -> list[dict[str, Any]]:
    """Machine-readable robust rates of one run."""
    rows: list[dict[str, Any]] = []
    for player, one in crossplayed([run], protocol, objects).items():
        for attacker in one.dislodged:
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
