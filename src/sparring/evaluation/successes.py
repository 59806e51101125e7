"""What the players of one or several runs lifted in a test, and how much more than each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from sparring.config import PROTOCOLS, ObjectSet
from sparring.evaluation.arms import Arm
from sparring.evaluation.protocol import lifted_in, paired
from sparring.evaluation.reading import Reading
from sparring.evaluation.statistics import Estimate, Rate, estimate, over_seeds, paired_difference
from sparring.game.match import player_names
from sparring.game.run_folder import RunFolder

TESTED: tuple[ObjectSet, ...] = ("named", "novel-families", "held-out")
"""Sets of objects that players are tested with; first the paper's."""
Lifted = dict[tuple[str, int], bool]
"""Outcome of every valid try, by object and scene."""


@dataclass(frozen=True)
class Tested:
    """A test of the players of an arm."""

    arm: Arm
    protocol: str
    objects: ObjectSet
    lifted: dict[str, list[Lifted]]
    """By player: one a run that has tested it."""

    def success(self, player: str) -> Estimate:
        """Success rate; of several runs the mean over them."""
        rates = [Rate(sum(one.values()), len(one)) for one in self.lifted[player]]
        return estimate(rates[0]) if len(rates) == 1 else over_seeds([rate.rate for rate in rates], sum(rate.n for rate in rates))

    def less(self, player: str, other: str) -> Estimate | None:
        """How much more often a player succeeds than another on the same scenes; None where there is nothing to compare."""
        ours, theirs = self.lifted.get(player, []), self.lifted.get(other, [])
        if player == other or not ours or len(ours) != len(theirs):
            return None
        found = [paired_difference(*paired(first, second)) for first, second in zip(ours, theirs, strict=True)]
        n = sum(one.n for one in found)
        if len(found) > 1:
            return over_seeds([one.difference for one in found], n, floor=-1.0)
        return Estimate(found[0].difference, found[0].low, found[0].high, n, p=found[0].p)

    def of_group(self, player: str, objects: Sequence[str]) -> Rate:
        """Successes on some objects, of all runs."""
        oks = [ok for one in self.lifted[player] for (name, _), ok in one.items() if name in objects]
        return Rate(sum(oks), len(oks))


def tests_on_disk(runs: Sequence[RunFolder]) -> list[tuple[str, ObjectSet]]:
    """Protocols and sets of objects that some run was tested with, in the order of the paper's tables."""
    return [
        (protocol, objects)
        for protocol in PROTOCOLS
        for objects in TESTED
        if any((run.path / "evaluation" / protocol / objects).is_dir() for run in runs)
    ]


def tested(arm: Arm, protocol: str, objects: ObjectSet, reading: Reading) -> Tested:
    """A test of an arm, as far as it can be read: the players in the order of the paper's table."""
    lifted: dict[str, list[Lifted]] = {}
    for name in player_names(arm.config):
        paths = [run.test(protocol, objects, name) for run in arm.runs]
        read = [reading.tried(lambda path=path: lifted_in(path)) for path in paths if path.exists()]
        if found := [one for one in read if one]:
            lifted[name] = found
    return Tested(arm, protocol, objects, lifted)
