"""What the players of one or several runs lifted in a test, and how much more than each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparring.config import IMPORTED_SET, PROTOCOLS, TESTED_SETS
from sparring.evaluation.arms import Arm
from sparring.evaluation.protocol import lifted_in, paired
from sparring.evaluation.reading import Reading
from sparring.evaluation.statistics import Estimate, Rate, estimate, over_seeds, paired_difference
from sparring.game.plan import player_names
from sparring.game.run_folder import RunFolder

Lifted = dict[tuple[str, int], bool]
"""Outcome of every valid try, by object and scene."""


@dataclass(frozen=True)
class Tested:
    """A test of the players of an arm."""

    arm: Arm
    protocol: str
    objects: str
    lifted: dict[str, dict[RunFolder, Lifted]]
    """By player, of every run that has tested it."""

    def success(self, player: str) -> Estimate:
        """Success rate; of several runs the mean over them."""
        rates = [Rate(sum(one.values()), len(one)) for one in self.lifted[player].values()]
        if len(rates) == 1:
            return estimate(rates[0])
        together = Rate(sum(rate.successes for rate in rates), sum(rate.n for rate in rates))
        return over_seeds([rate.rate for rate in rates], together.interval, together.n)

    def less(self, player: str, other: str) -> Estimate | None:
        """How much more often a player succeeds than another of the same run on the same scenes; None where none has both."""
        ours, theirs = self.lifted.get(player, {}), self.lifted.get(other, {})
        pairs = [paired(ours[run], theirs[run]) for run in ours if run in theirs]
        if player == other or not pairs:
            return None
        together = paired_difference(*(np.concatenate(side) for side in zip(*pairs, strict=True)))
        if len(pairs) == 1:
            return Estimate(together.difference, together.low, together.high, together.n, p=together.p)
        return over_seeds([paired_difference(*pair).difference for pair in pairs], (together.low, together.high), together.n)

    def of_group(self, player: str, objects: Sequence[str]) -> Rate:
        """Successes on some objects, of all runs."""
        oks = [ok for one in self.lifted[player].values() for (name, _), ok in one.items() if name in objects]
        return Rate(sum(oks), len(oks))


def tests_on_disk(runs: Sequence[RunFolder]) -> list[tuple[str, str]]:
    """Protocols and sets of objects that some run was tested with, in the paper's order; imported sets last."""
    found = {path for run in runs for path in (run.path / "evaluation").glob("*/*/")}
    tests = {(path.parent.name, path.name) for path in found}
    imported = sorted({objects for _, objects in tests if IMPORTED_SET.fullmatch(objects)})
    return [
        (protocol, objects) for protocol in PROTOCOLS for objects in (*TESTED_SETS, *imported) if (protocol, objects) in tests
    ]


def tested(arm: Arm, protocol: str, objects: str, reading: Reading) -> Tested:
    """A test of an arm, as far as it can be read: the players in the order of the paper's table."""
    lifted: dict[str, dict[RunFolder, Lifted]] = {}
    for name in player_names(arm.config):
        for run in arm.runs:
            path = run.test(protocol, objects, name)
            found = reading.tried(lambda path=path: lifted_in(path), path) if path.exists() else None
            if found:
                lifted.setdefault(name, {})[run] = found
    return Tested(arm, protocol, objects, lifted)
