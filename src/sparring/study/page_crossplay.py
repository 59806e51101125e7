"""Cross-play: what survives of what a player lifts under every attack of its own run, and whether the adversary is learning."""

from collections.abc import Iterator, Sequence

import numpy as np

from sparring.evaluation.markdown import markdown
from sparring.study.bootstrap import Effect, bootstrapped
from sparring.study.comparison import LOW, NAMED, Arms, Scores
from sparring.study.summary import FELL, INVALID, NOT_HELD, SURVIVED, Attacked, Summary
from sparring.study.telling import NONE_YET, Section, code, made_by, p_told, points_told, rate_told, seeds_told

FROZEN = "start"
"""The player that the adversaries of all iterations attack."""
TOLD = ("start", "collaborative", "shake-3", "snatch-2")
RANDOM = "random-"
ABOUT = (
    "Of what a player lifts of the named objects at low force, what every attack of its own run leaves: random ones, the last "
    "adversaries, and two published tests (six axis forces, tugs). Attacks begin in the state in which the lift ended. "
    "Intervals by the same bootstrap; a scene counts where the object was lifted."
)


def crossplay(arms: Arms) -> Section:
    """Both tables."""
    base = arms.get("base")
    if base is None or not any(run.attacked for run in base.runs):
        return Section("Cross-play", [f"Base's cross-play is {NONE_YET}."])
    seeds = seeds_told(run.seed for run in base.runs if run.attacked)
    blocks = [f"{ABOUT} Training seeds {seeds}.", "**What survives**, of the lifted:", _survival(base)]
    blocks += ["**Is the adversary learning?** What it dislodges of what the frozen `start` lifts:", _learning(base)]
    return Section("Cross-play", [*blocks, made_by("crossplay")])


def _survival(base: Summary) -> str:
    """A row an attacker, a column a player."""
    attackers = list(dict.fromkeys(one.attacker for run in base.runs for one in run.attacked if one.player != FROZEN))
    rows = [[code(name), *(rate_told(_effect(base, player, {name: 1}, SURVIVED)) for player in TOLD)] for name in attackers]
    return markdown((["attack", *map(code, TOLD)], rows))


def _learning(base: Summary) -> str:
    """A row an attacker of the frozen player, with what it dislodges more than a random one of its kind."""
    attackers = list(dict.fromkeys(one.attacker for run in base.runs for one in run.attacked if one.player == FROZEN))
    rows: list[list[str]] = []
    for kind in [name.removeprefix(RANDOM) for name in attackers if name.startswith(RANDOM)]:
        rows.append(_learning_row(base, RANDOM + kind, None))
        rows += [_learning_row(base, name, RANDOM + kind) for name in attackers if name.startswith(f"{kind}-")]
    return markdown((["attack", "dislodges (95 %)", "minus random, points (95 %)", "p", "held, all seeds"], rows))


def _learning_row(base: Summary, name: str, beside: str | None) -> list[str]:
    rate = _effect(base, FROZEN, {name: 1}, FELL)
    less = _effect(base, FROZEN, {name: 1, beside: -1}, FELL) if beside else None
    return [code(name), rate_told(rate), points_told(less) if beside else "", p_told(less), f"{rate.n:,}" if rate else ""]


def _effect(base: Summary, player: str, signs: dict[str, int], outcome: str) -> Effect | None:
    """A signed sum of the shares of one outcome, of what was held under all of these attackers; None where nothing was."""
    seeds, told = _told(base, player, list(signs))
    if not seeds:
        return None
    valid = (told != INVALID).all(axis=(0, 1))
    held = (told != NOT_HELD).all(axis=1) & valid
    parts = np.tensordot(told == outcome, np.array(list(signs.values())), axes=((1,), (0,))) * held
    return bootstrapped(Scores(tuple(seeds), parts, held, valid)) if held.any() else None


def _told(base: Summary, player: str, attackers: Sequence[str]) -> tuple[list[int], np.ndarray]:
    """Seeds that have met all of the attackers, and outcomes [seeds, attackers, objects, scenes] as characters."""
    found = {run.seed: list(_met(run.attacked, player, attackers)) for run in base.runs}
    whole = {seed: met for seed, met in found.items() if len(met) == len(attackers)}
    scenes_n = min((len(scenes) for met in whole.values() for one in met for scenes in one.outcomes.values()), default=0)
    every = [one for met in whole.values() for one in met]
    names = [name for name in every[0].outcomes if all(name in one.outcomes for one in every)] if every else []
    if not names or not scenes_n:
        return [], np.empty((0, 0, 0, 0), str)
    return list(whole), np.array(
        [[[list(one.outcomes[name][:scenes_n]) for name in names] for one in met] for met in whole.values()]
    )


def _met(attacked: Sequence[Attacked], player: str, attackers: Sequence[str]) -> Iterator[Attacked]:
    for name in attackers:
        yield from (
            one for one in attacked if (one.player, one.attacker, one.protocol, one.objects) == (player, name, LOW, NAMED)
        )
