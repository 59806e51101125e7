"""Cross-play: every protagonist against every attack. What survives of what was lifted is its robust rate.

Protagonists meet the scenes of the test on novel objects; what they lift and hold there is attacked by nobody, at random, by the
learned adversaries, and pushed as two published tests push.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.stability import STABILITY_TESTS
from sparring.config import RunConfig
from sparring.config_file import hash_of
from sparring.data.records import Row, table_of
from sparring.data.store import read_shard, write_shard
from sparring.errors import CheckpointError
from sparring.evaluation.evaluate import trained_players
from sparring.evaluation.protocol import TRIES_AT_ONCE_N, Test, Tried, greedy_player, try_scenes
from sparring.farm.executors import Executor
from sparring.game.cell import AttackRequest, HeldRequest, SimulatedCell
from sparring.game.collect import AttackChoice, AttackPlayer, LearnedAttacks, RandomAttacks
from sparring.game.match import START, adversary_name
from sparring.game.progress import Progress
from sparring.game.run_folder import RunFolder
from sparring.players.checkpoint import load_player
from sparring.players.device import Compute
from sparring.seeding import rng_of

BASIC_ADVERSARIES = ("shake", "snatch")
"""At random these attack every run, whomever it has trained against."""
FROZEN = START
"""The protagonist that the adversaries of all iterations attack: is the adversary learning?"""


@dataclass(frozen=True, eq=False)
class Attacker:
    """A column of the table."""

    name: str
    player: AttackPlayer | None
    """None: a published test of that name."""


@dataclass(frozen=True, eq=False)
class Opponent:
    """Where learned attackers come from."""

    run: RunFolder
    config: RunConfig

    def iterations(self, adversary: str) -> list[str]:
        """Its adversaries of a kind that have learned from attacks, in order."""
        bouts = [bout for bout in self.config.match.bouts if bout.adversary == adversary]
        names = [f"{adversary}-{number}" for bout in bouts for number in range(1, bout.iterations_n + 1)]
        return [name for name in names if self._has_learned(name)]

    def _has_learned(self, name: str) -> bool:
        path = self.run.player(adversary_name(name))
        return path.exists() and load_player(path, role="adversary")[1].trained_n > 0

    @property
    def adversaries(self) -> list[str]:
        """Kinds of adversaries that the run has bouts with."""
        return [bout.adversary for bout in self.config.match.bouts]


def crossplay(runs: Sequence[RunFolder], test: Test, *, executor: Executor, compute: Compute, progress: Progress) -> None:
    """Plays all protagonists of some runs against all attacks; a protagonist is one shard, played whole or not at all.

    With several runs every protagonist also meets the other runs' last adversaries.

    Raises:
        RunFolderError: a run has no player yet.
        CheckpointError: a player is damaged.
    """
    opponents = [Opponent(run, run.config()) for run in runs]
    for run in opponents:
        config = test.config(run.config)
        cell = SimulatedCell(config.world, config.attack, executor)
        for name in trained_players(run.run, run.config):
            attackers = _attackers(run, opponents, name, compute)
            _play(run, name, attackers, test, config=config, cell=cell, compute=compute, progress=progress)


def _attackers(own: Opponent, opponents: Sequence[Opponent], player: str, compute: Compute) -> list[Attacker]:
    kinds = list(dict.fromkeys([*BASIC_ADVERSARIES, *own.adversaries]))
    found = [Attacker("none", None)]
    for kind in kinds:
        found.append(Attacker(f"random-{kind}", RandomAttacks(kind)))
        learned = own.iterations(kind)
        for name in learned if player == FROZEN else learned[-1:]:
            found.append(Attacker(name, _learned(own, kind, name, own.config, compute)))
        for other in (one for one in opponents if one is not own):
            for name in other.iterations(kind)[-1:]:
                found.append(Attacker(f"{name} of {hash_of(other.config)}", _learned(other, kind, name, own.config, compute)))
    return found + [Attacker(name, None) for name in STABILITY_TESTS if name != "none"]


def _learned(of: Opponent, kind: str, name: str, seen: RunConfig, compute: Compute) -> LearnedAttacks:
    """An adversary that looks at pictures of the config `seen`."""
    path = of.run.player(adversary_name(name))
    network, card = load_player(path, role="adversary")
    if network.actions_n != ADVERSARIES[kind].actions_n:
        raise CheckpointError(f"{path} chooses among {network.actions_n} actions; {kind} has {ADVERSARIES[kind].actions_n}")
    network.to(compute.device)
    return LearnedAttacks(kind, network, compute, card.patches.size_px(seen.world.camera.pixel_m))


def _play(
    own: Opponent,
    name: str,
    attackers: Sequence[Attacker],
    test: Test,
    *,
    config: RunConfig,
    cell: SimulatedCell,
    compute: Compute,
    progress: Progress,
) -> None:
    path = own.run.crossplay(test.protocol, test.objects, name)
    specs = test.specs(config)
    if path.exists() and _holds(path, {spec.seed for spec in specs}, {attacker.name for attacker in attackers}):
        return
    player = greedy_player(load_player(own.run.player(name), role="protagonist")[0], compute, config)
    rows: list[Row] = []
    with progress.task(f"cross-play {name}", len(specs), "tries") as task:
        for start in range(0, len(specs), TRIES_AT_ONCE_N):
            tried = try_scenes(name, player, list(cell.look(specs[start : start + TRIES_AT_ONCE_N])), config, cell)
            played = [row for attacker in attackers for row in attacked(attacker, tried, cell)]
            rows += [one.row | {"stage": "cross-play"} for one in tried] + played
            task.advance(len(tried), lifted=sum(one.row["lifted"] for one in tried))
    write_shard(path, table_of(rows))


def _holds(path: Path, seeds: set[int], attackers: set[str]) -> bool:
    table = read_shard(path, ["scene_seed", "adversary"])
    return seeds <= set(table["scene_seed"].to_pylist()) and attackers <= set(table["adversary"].to_pylist())


def attacked(attacker: Attacker, tried: Sequence[Tried], cell: SimulatedCell) -> list[Row]:
    """A row for every lifted try: what became of it."""
    held = [one for one in tried if one.row["lifted"]]
    choices: list[AttackChoice | None] = [None] * len(held)
    if attacker.player is None:
        played = cell.stability(attacker.name, [HeldRequest(one.view, one.outcome, (0,)) for one in held])
    else:
        rng = rng_of(held[0].view.spec.seed if held else 0, "cross-play", attacker.name)
        choices = list(attacker.player.choose([one.view for one in held], [one.grasp for one in held], rng))
        requests = [
            AttackRequest(one.view, one.outcome, (0,), (choice.action,))
            for one, choice in zip(held, choices, strict=True)
            if choice is not None
        ]
        played = cell.attack(attacker.player.adversary, requests)
    return [
        one.row
        | {
            "attempt": f"{one.row['attempt']}/{attacker.name}",
            "stage": "cross-play",
            "adversary": attacker.name,
            "action": choice.action if choice else None,
            "action_probability": choice.probability if choice else None,
            "dislodged": bool(result.dislodged[0]),
            "invalid": bool(result.invalid[0]),
        }
        for one, choice, result in zip(held, choices, played, strict=True)
    ]
