"""How many attacks does an adversary need? On one frozen protagonist, in dislodge rates on objects it never saw.

Plays a run's P_0 by importance sampling with random attacks, trains adversaries anew on the first 100, 300, ... of them, and lets
each attack what P_0, now greedy, lifts of held-out objects of the training families; so do a random adversary, and nobody.

python experiments/adversary_learning.py runs/quarter --adversary snatch --out runs/snatch-learning
"""

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from sparring.cli.progress import progress_for
from sparring.config import ATTACKED_SHARE
from sparring.data.records import Row
from sparring.data.store import read_stage
from sparring.evaluation.crossplay import Adversarial, Attacker, Published, attacked
from sparring.evaluation.protocol import Test, greedy_player, paired, scenes_at_once, try_scenes
from sparring.evaluation.statistics import Rate, paired_difference
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.attackers import LearnedAttacks, RandomAttacks
from sparring.game.cell import SimulatedCell
from sparring.game.collect import Stage, collect
from sparring.game.experience import COLUMNS, Experience, experience_of
from sparring.game.lessons import adversary_lesson, held_out_objects
from sparring.game.match import Match
from sparring.game.run_folder import RunFolder
from sparring.game.training import Schedule, fit
from sparring.players.device import compute_for, device_named
from sparring.players.networks import PatchNet


@dataclass(frozen=True, eq=False)
class Arena:
    """A run's frozen P_0 and what is needed to attack it."""

    match: Match
    cell: SimulatedCell
    adversary: str


def main(
    run: tyro.conf.Positional[Path],
    out: Path,
    adversary: Literal["shake", "snatch", "mixed"] = "snatch",
    attacks: tuple[int, ...] = (100, 300, 1000, 3000),
    tries: int = 10,
) -> None:
    """Prints one JSON object an attacker.

    Args:
        run: a run folder with P_0.
        out: where the attacks are kept; the same command goes on with them.
        adversary: which adversary.
        attacks: sizes of its training sets, of which the config's held-out share only says when to stop.
        tries: tries an object, on the 130 held-out objects.
    """
    config = RunFolder(run).config()
    config = replace(config, match=replace(config.match, random_grasps_n=round(1.2 * max(attacks) / ATTACKED_SHARE)))
    progress, compute = progress_for(quiet=False), compute_for(config.learning, device_named("auto"))
    kept = RunFolder(out)
    kept.begin(config, {"made by": "experiments/adversary_learning.py"})
    with open_farm(FarmConfig("process")) as executor:
        cell = SimulatedCell(config.world, config.attack, executor)
        arena = Arena(Match(config, cell, RunFolder(run), compute, progress), cell, adversary)
        known = _random_attacks(arena, kept)
        if len(known) < max(attacks):
            raise SystemExit(
                f"P_0 held {len(known)} objects to attack, fewer than the {max(attacks)} asked for; ask for fewer --attacks"
            )
        attackers: list[Attacker] = [Published("none"), Adversarial(f"random-{adversary}", RandomAttacks(adversary))]
        for n in attacks:
            network = _trained(arena, known.where(np.arange(len(known)) < n))
            attackers.append(
                Adversarial(f"learned from {n}", LearnedAttacks(adversary, network, compute, arena.match.config.patch_px))
            )
        rows = _fought(arena, attackers, Test("low-force", "held-out", tries))
    _tell(rows, [attacker.name for attacker in attackers], f"random-{adversary}")


def _random_attacks(arena: Arena, kept: RunFolder) -> Experience:
    match = arena.match
    stage = Stage(f"attacks-{arena.adversary}", match.config.match.random_grasps_n)
    player, attacker = match.protagonist("start"), RandomAttacks(arena.adversary)
    collect(stage, player, attacker, config=match.config, cell=arena.cell, run=kept, progress=match.progress)
    known = experience_of(read_stage(kept.stage(stage.name), COLUMNS), patch_px=arena.match.config.patch_px)
    return known.where(known.adversaries == arena.adversary)


def _trained(arena: Arena, attacks: Experience) -> PatchNet:
    """An adversary trained as a match trains it."""
    config, learning = arena.match.config, arena.match.config.learning
    network = arena.match.new_adversary(arena.adversary, f"{arena.adversary}-learning", "start")
    held_out = held_out_objects(attacks.objects, learning.held_out_share, config.seed)
    lesson = adversary_lesson(attacks, arena.adversary, held_out, config.attack)
    schedule = Schedule(learning.adversary_rate, learning.adversary_epochs_n, keep_best=True)
    fit(
        network,
        lesson,
        schedule,
        learning=learning,
        compute=arena.match.compute,
        patch_px=arena.match.config.patch_px,
        seed=config.seed,
    )
    return network


def _fought(arena: Arena, attackers: list[Attacker], test: Test) -> list[Row]:
    """What became of everything that P_0 lifts in a test, under every attacker."""
    match, rows = arena.match, list[Row]()
    config, specs = test.config(match.config), test.specs(match.config)
    player = greedy_player(match.load("start", "protagonist"), match.compute, config)
    with match.progress.task("attack P_0", len(specs), "tries") as task:
        for some in scenes_at_once(specs, arena.cell):
            tried = try_scenes("start", player, some, config, arena.cell)
            rows += [row for attacker in attackers for row in attacked(attacker, tried, arena.cell) if not row["invalid"]]
            task.advance(len(tried), lifted=sum(one.row["lifted"] for one in tried))
    return rows


def _tell(rows: list[Row], attackers: list[str], random: str) -> None:
    fell = {
        name: {(row["object"], row["scene_seed"]): row["dislodged"] for row in rows if row["adversary"] == name}
        for name in attackers
    }
    for name, fallen in fell.items():
        rate, less = Rate(sum(fallen.values()), len(fallen)), paired_difference(*paired(fallen, fell[random]))
        picked = Counter(row["action"] for row in rows if row["adversary"] == name and "action" in row)
        figures = {
            "attacker": name,
            "dislodged": round(rate.rate, 4),
            "95 %": [round(end, 4) for end in rate.interval],
            "n": rate.n,
            "less random": [round(less.difference, 4), round(less.low, 4), round(less.high, 4)],
            "p": round(less.p, 6),
            "most picked": picked.most_common(3),
        }
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    tyro.cli(main)
