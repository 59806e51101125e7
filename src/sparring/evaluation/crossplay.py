"""Cross-play: every protagonist against every attack. What survives of what was lifted is its robust rate.

Protagonists meet the scenes of the test on novel objects; what they lift and hold there is attacked at random, by the learned
adversaries of their own run and of others, and put to published tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.stability import STABILITY_TESTS
from sparring.config import RunConfig
from sparring.config_file import hash_of
from sparring.data.records import Row, table_of
from sparring.data.store import write_shard
from sparring.errors import CheckpointError, ConfigError
from sparring.evaluation.evaluate import trained_players
from sparring.evaluation.protocol import Test, Tried, counts_of_tries, greedy_player, holds_scenes, scenes_at_once, try_scenes
from sparring.farm.executors import Executor
from sparring.game.attackers import AttackPlayer, LearnedAttacks, RandomAttacks
from sparring.game.cell import AttackRequest, HeldRequest, SimulatedCell
from sparring.game.jobs import GraspOutcomes, View
from sparring.game.match import require_adversary
from sparring.game.plan import START, adversary_name
from sparring.game.progress import Progress, require_going_on
from sparring.game.run_folder import FOREIGN, RunFolder
from sparring.game.wave import attack_row
from sparring.players.checkpoint import load_player
from sparring.players.choosing import ImageGrasp
from sparring.players.device import Compute, compute_for
from sparring.seeding import rng_of

BASIC_ADVERSARIES = ("shake", "snatch")
"""At random these attack every run, whomever it has trained against."""
FROZEN = START
"""The protagonist that the adversaries of all iterations attack: is the adversary learning?"""
TRIES = "tries"
"""Name of the shard that says what was lifted."""


@dataclass(frozen=True, eq=False)
class Held:
    """What a protagonist lifted, and is about to be attacked."""

    view: View
    grasp: ImageGrasp
    outcome: GraspOutcomes


class Attacker(Protocol):
    """A column of the table."""

    @property
    def name(self) -> str:
        """What it is called in records: `none`, `random-shake`, `shake-3`, `shake-3 of HASH`, `tugs`."""
        ...

    def attack(self, held: Sequence[Held], cell: SimulatedCell) -> list[Row]:
        """What became of every held object, as columns of a record."""
        ...


@dataclass(frozen=True, eq=False)
class Adversarial:
    """An adversary, random or learned."""

    name: str
    player: AttackPlayer

    def attack(self, held: Sequence[Held], cell: SimulatedCell) -> list[Row]:
        """Attacks each held object; a choice depends on its scene alone, not on what else is held."""
        choices = [
            self.player.choose([one.view], [one.grasp], rng_of(one.view.spec.seed, "cross-play", self.name))[0] for one in held
        ]
        requests = [
            AttackRequest(one.view.spec, one.outcome.states, one.outcome.executed, (choice.action,))
            for one, choice in zip(held, choices, strict=True)
        ]
        results = cell.attack(self.player.adversary, requests)
        return [
            {"action": choice.action, "action_probability": choice.probability} | attack_row(result, 0, one.outcome.states[0])
            for one, choice, result in zip(held, choices, results, strict=True)
        ]


@dataclass(frozen=True)
class Published:
    """A published test of stability."""

    name: str

    def attack(self, held: Sequence[Held], cell: SimulatedCell) -> list[Row]:
        """Puts every held object to the test."""
        results = cell.stability(
            self.name, [HeldRequest(one.view.spec, one.outcome.states, one.outcome.executed) for one in held]
        )
        return [attack_row(result, 0, one.outcome.states[0]) for one, result in zip(held, results, strict=True)]


@dataclass(frozen=True, eq=False)
class Entrant:
    """A run that takes part: its protagonists, and its adversaries as others meet them."""

    run: RunFolder
    config: RunConfig
    test: Test
    protagonists: tuple[str, ...]
    adversaries: dict[str, list[Adversarial]]
    """By kind: those of all iterations that have learned from attacks, in order."""


def entrants(runs: Sequence[RunFolder], protocol: str, objects: str, tries_n: int | None, device: torch.device) -> list[Entrant]:
    """The runs with their players, all of them read and checked, so that nothing is played before all is known to be possible.

    Args:
        runs: run folders.
        protocol: low-force or high-force.
        objects: which objects.
        tries_n: tries an object; None: as each run's config says.
        device: where networks run.

    Raises:
        RunFolderError: a run has no player yet.
        CheckpointError: a player is damaged or missing.
        ConfigError: the runs' worlds or attacks differ, so that their attacks would mean different things; or an adversary of
            theirs is not known here.
    """
    configs = [run.config() for run in runs]
    _require_one_world(runs, configs)
    for bout in (bout for config in configs for bout in config.match.bouts):
        require_adversary(bout.adversary)
    found = []
    for run, config in zip(runs, configs, strict=True):
        test = Test(protocol, objects, tries_n or config.test.tries_n)
        names = trained_players(run, config)
        learned = {
            bout.adversary: _learned(run, config, bout.adversary, [name for name in bout.iterations if name in names], device)
            for bout in config.match.bouts
        }
        found.append(Entrant(run, config, test, tuple(names), learned))
    return found


def _require_one_world(runs: Sequence[RunFolder], configs: Sequence[RunConfig]) -> None:
    for run, config in zip(runs, configs, strict=True):
        for part in ("world", "attack", "patches"):
            if getattr(config, part) != getattr(configs[0], part):
                raise ConfigError(
                    f"{runs[0].path} and {run.path} cannot meet: their configs differ in `{part}`, so that what one has learned "
                    "means something else to the other; cross-play them apart"
                )


def _learned(run: RunFolder, config: RunConfig, kind: str, iterations: Sequence[str], device: torch.device) -> list[Adversarial]:
    found, compute = [], compute_for(config.learning, device)
    for name in iterations:
        path = run.player(adversary_name(name))
        network, card = load_player(path, role="adversary")
        if network.actions_n != ADVERSARIES[kind].actions_n:
            raise CheckpointError(f"{path} chooses among {network.actions_n} actions; {kind} has {ADVERSARIES[kind].actions_n}")
        if card.trained_n:
            patch_px = card.patches.size_px(config.world.camera.pixel_m)
            found.append(Adversarial(name, LearnedAttacks(kind, network.to(device), compute, patch_px)))
    return found


def steps_of(taking_part: Sequence[Entrant]) -> list[str]:
    """What a cross-play announces, in order; of a protagonist that has met everybody already, nothing."""
    return [_step(name) for own in taking_part for name in own.protagonists]


def _step(protagonist: str) -> str:
    return f"cross-play {protagonist}"


def crossplay(taking_part: Sequence[Entrant], *, executor: Executor, device: torch.device, progress: Progress) -> None:
    """Plays all protagonists against all attacks. A shard is one protagonist and one attacker, and is played but once."""
    for own in taking_part:
        others = [entrant for entrant in taking_part if entrant is not own]
        config = own.test.config(own.config)
        cell, compute = SimulatedCell(config.world, config.attack, executor), compute_for(own.config.learning, device)
        for name in own.protagonists:
            _play(own, name, _attackers(own, others, name), config=config, cell=cell, compute=compute, progress=progress)


def _attackers(own: Entrant, others: Sequence[Entrant], protagonist: str) -> list[Attacker]:
    kinds = dict.fromkeys([*BASIC_ADVERSARIES, *(kind for entrant in (own, *others) for kind in entrant.adversaries)])
    found: list[Attacker] = [Published("none")]
    for kind in kinds:
        found.append(Adversarial(f"random-{kind}", RandomAttacks(kind)))
        learned = own.adversaries.get(kind, [])
        found += learned if protagonist == FROZEN else learned[-1:]
        for other in others:
            for last in other.adversaries.get(kind, [])[-1:]:
                found.append(replace(last, name=f"{last.name}{FOREIGN}{hash_of(other.config)}"))
    return found + [Published(name) for name in STABILITY_TESTS if name != "none"]


def _play(
    own: Entrant,
    name: str,
    attackers: Sequence[Attacker],
    *,
    config: RunConfig,
    cell: SimulatedCell,
    compute: Compute,
    progress: Progress,
) -> None:
    """One protagonist against whom it has not met yet."""
    specs, folder = own.test.specs(config), own.run.crossplay(own.test.protocol, own.test.objects, name)
    tried_already = holds_scenes(own.run, folder / f"{TRIES}.parquet", specs)
    todo = [one for one in attackers if not (tried_already and own.run.holds(folder / f"{one.name}.parquet"))]
    if not todo:
        return
    network = load_player(own.run.player(name), role="protagonist")[0]
    player = greedy_player(network, compute, config)
    rows: dict[str, list[Row]] = {TRIES: [], **{attacker.name: [] for attacker in todo}}
    with progress.task(_step(name), len(specs), "tries") as task:
        for some in scenes_at_once(specs, cell):
            tried = try_scenes(name, player, some, config, cell)
            rows[TRIES] += [one.row | {"stage": "cross-play"} for one in tried]
            met = {attacker.name: attacked(attacker, tried, cell) for attacker in todo}
            for attacker, some_rows in met.items():
                rows[attacker] += some_rows
            task.advance(len(tried), found=False, **counts_of_tries(tried), **_counts_of_attacks(met))
    for part in [attacker.name for attacker in todo] + ([] if tried_already else [TRIES]):
        write_shard(folder / f"{part}.parquet", table_of(rows[part]))
        own.run.enter(folder / f"{part}.parquet")
    require_going_on(progress)


def _counts_of_attacks(met: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """How many attacks there were, by whomever, and how many of them dislodged; `met` has rows by attacker."""
    valid = [row for attacker, rows in met.items() if attacker != "none" for row in rows if not row["invalid"]]
    return {"attacked": len(valid), "dislodged": sum(bool(row["dislodged"]) for row in valid)}


def attacked(attacker: Attacker, tried: Sequence[Tried], cell: SimulatedCell) -> list[Row]:
    """A record for every lifted try: what became of it."""
    lifted = [one for one in tried if one.row["lifted"]]
    held = [Held(*one.attempt) for one in lifted if one.attempt is not None]
    return [
        one.row | {"attempt": f"{one.row['attempt']}/{attacker.name}", "stage": "cross-play", "adversary": attacker.name} | result
        for one, result in zip(lifted, attacker.attack(held, cell), strict=True)
    ]
