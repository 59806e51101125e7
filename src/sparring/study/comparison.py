"""Players' outcomes as arrays, and signed sums of them: what a rate, a difference and a claim are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int

from sparring.study.summary import INVALID, LIFTED, Played, Summary, Tested

LOW, HIGH = "low-force", "high-force"
NAMED, NOVEL = "named", "novel-families"
Arms = Mapping[str, Summary]
"""The arms of one preset by name."""


@dataclass(frozen=True)
class Term:
    """A player's success rate, with the sign that it has in a sum."""

    arm: str
    player: str
    protocol: str = LOW
    sign: int = 1

    def __neg__(self) -> "Term":
        """The same rate, taken away."""
        return Term(self.arm, self.player, self.protocol, -self.sign)


@dataclass(frozen=True, eq=False)
class Scores:
    """Outcomes of compared players on the scenes that were valid for all of them in all runs."""

    seeds: tuple[int, ...]
    """Training seeds that have all the players."""
    values: Int[np.ndarray, "seeds objects scenes"]
    """Signed sum over the terms, a success being 1; 0 where a scene does not count."""
    counting: Bool[np.ndarray, "seeds objects scenes"]
    """Scenes that count for a seed: the valid ones, or of these the ones in which something was held."""
    valid: Bool[np.ndarray, "objects scenes"]

    def __eq__(self, other: object) -> bool:
        """By content."""
        return isinstance(other, Scores) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @cached_property
    def _content(self) -> tuple[object, ...]:
        return self.seeds, self.values.shape, self.values.tobytes(), self.counting.tobytes(), self.valid.tobytes()

    @property
    def n(self) -> int:
        """Tries of one player that count: those of all seeds."""
        return int(self.counting.sum())

    @property
    def by_seed(self) -> dict[int, float]:
        """The sum of rates of every seed in which something counts."""
        parts = zip(self.seeds, self.values, self.counting, strict=True)
        return {seed: float(values.sum() / counting.sum()) for seed, values, counting in parts if counting.any()}


def scores(arms: Arms, terms: Sequence[Term], objects: str = NAMED, seeds: Sequence[int] | None = None) -> Scores | None:
    """Puts the players of a sum side by side: on the seeds, objects and scenes that all of them have.

    Scenes are told apart by their number. A seed that was tested on fewer scenes than another is left out.

    `seeds` are those that may be looked at; all unless given.

    Returns:
        None where no seed has all players, or no scene was valid for all of them.
    """
    tests = {seed: of_seed for seed, of_seed in _tests(arms, terms, objects).items() if seeds is None or seed in seeds}
    every = [test for of_seed in tests.values() for test in of_seed]
    if not every:
        return None
    names = [name for name in every[0].outcomes if all(name in test.outcomes for test in every)]
    scenes_n = max((len(test.outcomes[name]) for test in every for name in names), default=0)
    tests = {
        seed: row for seed, row in tests.items() if all(len(test.outcomes[name]) == scenes_n for test in row for name in names)
    }
    told = np.array([[[list(test.outcomes[name]) for name in names] for test in row] for row in tests.values()])
    if not told.size:
        return None
    valid = (told != INVALID).all(axis=(0, 1))
    kept = valid.any(axis=1)
    if not kept.any():
        return None
    signs = np.array([term.sign for term in terms])
    values = np.tensordot(told == LIFTED, signs, axes=((1,), (0,))) * valid
    counting = np.broadcast_to(valid[kept], values[:, kept].shape)
    return Scores(tuple(tests), values[:, kept], counting, valid[kept])


def test_of(run: Played, player: str, protocol: str, objects: str) -> Tested | None:
    """A player's test in a run; None if there was none."""
    found = [one for one in run.tested if (one.player, one.protocol, one.objects) == (player, protocol, objects)]
    return found[0] if found else None


def _tests(arms: Arms, terms: Sequence[Term], objects: str) -> dict[int, list[Tested]]:
    """Every term's test, of the seeds that have them all."""
    runs = [{run.seed: run for run in arms[term.arm].runs} if term.arm in arms else {} for term in terms]
    found: dict[int, list[Tested]] = {}
    for seed in sorted(set(runs[0]).intersection(*runs)):
        tests = [test_of(of[seed], term.player, term.protocol, objects) for of, term in zip(runs, terms, strict=True)]
        whole = [test for test in tests if test is not None]
        if len(whole) == len(terms):
            found[seed] = whole
    return found
