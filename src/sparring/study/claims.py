"""The claims of experiments/PREREGISTERED.md as values, and the rule by which they are judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sparring.config import PRESETS
from sparring.evaluation.paper import HIGH_FORCE, LOW_FORCE, TABLE_2
from sparring.study.arms import arm_config, settings_of
from sparring.study.bootstrap import Effect, bootstrapped
from sparring.study.comparison import HIGH, NAMED, Arms, Term, scores, test_of

Verdict = Literal[
    "confirmed", "confirmed, but small", "refuted", "undecided", "not the planned test", "not all seeds yet", "not run yet"
]
PRESET = "quarter"
"""The preset that the claims are about."""
SEEDS = (1, 2, 3, 4, 5)
"""Training seeds that the study was planned with."""
SCENES_N = 100
"""Scenes of each of the ten named objects that it was planned with."""
VALID_SHARE = 0.95
"""Where fewer of them are valid, some object may be missing: no verdict."""
PLAYERS = ("start", "collaborative", "shake-1", "shake-2", "shake-3", "snatch-1", "snatch-2")
"""Base's, in the order of the paper's table."""
MAIN = ("start", "collaborative", "shake-3", "snatch-2")
"""Of these the ones that the plan tests with both protocols and on novel objects, and of which one is shipped."""
WORTH = 0.02
"""The smallest gain that would be worth an adversary."""
COLLABORATIVE, SHAKE_3, SNATCH_2 = Term("base", "collaborative"), Term("base", "shake-3"), Term("base", "snatch-2")
AT_CLOSING = (Term("sensor-0", "shake-3"), -Term("sensor-0", "collaborative"))
AT_HIGH_FORCE = (Term("base", "snatch-2", HIGH), -Term("base", "collaborative", HIGH))


@dataclass(frozen=True)
class Claim:
    """That a signed sum of success rates on the ten named objects is above 0."""

    number: int
    words: str
    difference: str
    """The sum as a formula."""
    terms: tuple[Term, ...]
    paper: int | None
    """The paper's own sum in points."""


CLAIMS = (
    Claim(
        1,
        "the shake adversary helps",
        "`shake-3` - `collaborative`, low force",
        (SHAKE_3, -COLLABORATIVE),
        LOW_FORCE["shake-3"] - LOW_FORCE["collaborative"],
    ),
    Claim(
        2,
        "the snatch adversary helps further",
        "`snatch-2` - `shake-3`, low force",
        (SNATCH_2, -SHAKE_3),
        LOW_FORCE["snatch-2"] - LOW_FORCE["shake-3"],
    ),
    Claim(
        3,
        "the gain is larger at low force than at high",
        "(`snatch-2` - `collaborative`) at low force - the same at high force",
        (SNATCH_2, -COLLABORATIVE, *(-term for term in AT_HIGH_FORCE)),
        LOW_FORCE["snatch-2"] - LOW_FORCE["collaborative"] - (HIGH_FORCE["snatch-2"] - HIGH_FORCE["collaborative"]),
    ),
    Claim(
        4,
        "a learned adversary helps more than a random one",
        "`shake-3` - `shake-3` of `random`, low force",
        (SHAKE_3, -Term("random", "shake-3")),
        None,
    ),
    Claim(
        5,
        "the adversary helps more the weaker the sensor",
        "(`shake-3` - `collaborative`) of `sensor-0` - the same of base, low force",
        (*AT_CLOSING, -SHAKE_3, COLLABORATIVE),
        None,
    ),
)


@dataclass(frozen=True)
class Judged:
    """A claim and what the runs say of it."""

    claim: Claim
    effect: Effect | None
    """None while no seed has all that it needs."""
    is_as_planned: bool
    """Whether all that it needs was tested with all seeds on the scenes that were planned."""

    @property
    def verdict(self) -> Verdict:
        """Confirmed above 0, refuted below what would be worth an adversary; both can hold."""
        if self.effect is None:
            return "not run yet"
        if set(self.effect.by_seed) != set(SEEDS):
            return "not all seeds yet"
        if not self.is_as_planned or self.effect.n < VALID_SHARE * len(SEEDS) * len(TABLE_2) * SCENES_N:
            return "not the planned test"
        return verdict_of(self.effect.low, self.effect.high)


def verdict_of(low: float, high: float) -> Verdict:
    """What an interval of a gain decides."""
    if low > 0:
        return "confirmed, but small" if high < WORTH else "confirmed"
    return "refuted" if high < WORTH else "undecided"


def effect_of(arms: Arms, *terms: Term, objects: str = "named", seeds: Sequence[int] | None = None) -> Effect | None:
    """A sum of rates with its interval; None while no seed (of those that may be looked at) has all that it needs."""
    found = scores(arms, terms, objects, seeds)
    return None if found is None else bootstrapped(found)


def judged(arms: Arms) -> list[Judged]:
    """All claims, judged on the seeds that they were planned with."""
    return [
        Judged(claim, effect_of(arms, *claim.terms, seeds=SEEDS), all(_is_as_planned(arms, term) for term in claim.terms))
        for claim in CLAIMS
    ]


def _is_as_planned(arms: Arms, term: Term) -> bool:
    """Whether a player was trained as planned, and met the planned scenes of the named objects, with every seed."""
    preset = PRESETS[PRESET]
    if term.arm not in arms or arms[term.arm].settings != settings_of(preset, arm_config(preset, term.arm, seed=SEEDS[0])):
        return False
    runs = {run.seed: run for run in arms[term.arm].runs}
    tests = [test_of(runs[seed], term.player, term.protocol, NAMED) for seed in SEEDS if seed in runs]
    scenes = [{name: len(scenes) for name, scenes in test.outcomes.items()} for test in tests if test is not None]
    return scenes == [dict.fromkeys(TABLE_2, SCENES_N)] * len(SEEDS)
