"""Players' outcomes as arrays, and signed sums of them: what a rate, a difference and a claim are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int

from sparring.study.summary import FAILED, INVALID, LIFTED, Played, Summary, Tested

LOW, HIGH = "low-force", "high-force"
NAMED, NOVEL = "named", "novel-families"
Arms = Mapping[str, Summary]
"""The arms of one preset by name."""
Outcomes = Mapping[str, str]
"""Object -> its scenes, one character each."""
ABSENT = " "
"""A scene that a seed did not meet."""


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
    """Scenes that count for a seed: the valid ones that it met, or of these the ones in which something was held."""
    valid: Bool[np.ndarray, "objects scenes"]
    objects: tuple[str, ...]
    """Their names."""

    def __eq__(self, other: object) -> bool:
        """By content."""
        return isinstance(other, Scores) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @cached_property
    def _content(self) -> tuple[object, ...]:
        return self.seeds, self.objects, self.values.shape, self.values.tobytes(), self.counting.tobytes(), self.valid.tobytes()

    @property
    def n(self) -> int:
        """Tries of one player that count: those of all seeds."""
        return int(self.counting.sum())

    @property
    def by_seed(self) -> dict[int, float]:
        """The sum of rates of every seed in which something counts."""
        parts = zip(self.seeds, self.values, self.counting, strict=True)
        return {seed: float(values.sum() / counting.sum()) for seed, values, counting in parts if counting.any()}

    @property
    def by_object(self) -> dict[str, tuple[int, int]]:
        """Of every object the sum over all seeds, and how many tries count."""
        sums, counts = self.values.sum(axis=(0, 2)), self.counting.sum(axis=(0, 2))
        return {name: (int(one), int(n)) for name, one, n in zip(self.objects, sums, counts, strict=True)}

    def without(self, name: str) -> "Scores":
        """The same but for one object."""
        kept = np.array([other != name for other in self.objects])
        names = tuple(other for other in self.objects if other != name)
        return Scores(self.seeds, self.values[:, kept], self.counting[:, kept], self.valid[kept], names)


def scores(arms: Arms, terms: Sequence[Term], objects: str = NAMED, seeds: Sequence[int] | None = None) -> Scores | None:
    """Puts the players of a sum side by side, on the seeds that have them all (of those that may be looked at).

    Returns:
        None where no seed has all players, or no scene was valid for all of them.
    """
    tests = {seed: of_seed for seed, of_seed in _tests(arms, terms, objects).items() if seeds is None or seed in seeds}
    outcomes = {seed: [test.outcomes for test in of_seed] for seed, of_seed in tests.items()}
    return side_by_side(outcomes, [term.sign for term in terms], LIFTED, counting=(LIFTED, FAILED))


def side_by_side(
    outcomes: Mapping[int, Sequence[Outcomes]], signs: Sequence[int], mark: str, *, counting: tuple[str, ...]
) -> Scores | None:
    """The signed sum of how often tests ended in `mark`, scene by scene.

    Scenes are told apart by their object and number. A scene that was invalid in any test is left out for all seeds; one that
    a seed did not meet in all of its tests does not count for that seed.

    Args:
        outcomes: of every seed its tests, in one order.
        signs: of the tests of a seed.
        mark: the outcome that is counted.
        counting: outcomes of which all of a seed's tests must have one, for the scene to count.

    Returns:
        None where nothing counts.
    """
    names, marks = _aligned(list(outcomes.values()))
    if not marks.size:
        return None
    valid = (marks != INVALID).all(axis=(0, 1)) & (marks != ABSENT).any(axis=(0, 1))
    kept = valid.any(axis=1)
    counts = np.isin(marks, counting).all(axis=1) & valid
    if not counts.any():
        return None
    values = np.tensordot(marks == mark, np.array(signs), axes=((1,), (0,))) * counts
    known = tuple(name for name, keep in zip(names, kept, strict=True) if keep)
    return Scores(tuple(outcomes), values[:, kept], counts[:, kept], valid[kept], known)


def _aligned(rows: Sequence[Sequence[Outcomes]]) -> tuple[list[str], np.ndarray]:
    """Names of objects, and marks [seeds, tests, objects, scenes] as characters."""
    names = list(dict.fromkeys(name for row in rows for name in row[0] if all(name in test for test in row)))
    met = [[min(len(test.get(name, "")) for test in row) for name in names] for row in rows]
    scenes_n = max((n for of_seed in met for n in of_seed), default=0)

    def padded(test: Outcomes, of_seed: list[int]) -> list[list[str]]:
        return [list(test.get(name, "")[:n].ljust(scenes_n, ABSENT)) for name, n in zip(names, of_seed, strict=True)]

    return names, np.array([[padded(test, of_seed) for test in row] for row, of_seed in zip(rows, met, strict=True)])


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
