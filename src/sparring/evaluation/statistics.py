"""Intervals and paired tests for success rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy import special

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Rate:
    """Successes of tries, with a 95 % interval."""

    successes: int
    n: int

    @property
    def rate(self) -> float:
        """Share of successes; 0 of 0 is 0."""
        return self.successes / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (1927); all of 0..1 when nothing was tried."""
        n, p, z = self.n, self.rate, Z95
        if not n:
            return 0.0, 1.0
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, min(p, float(middle - half))), min(1.0, max(p, float(middle + half)))  # rounding is not to exclude p


@dataclass(frozen=True)
class PairedDifference:
    """How much more often one player succeeds than another on the same scenes."""

    n: int
    difference: float
    """Rate of the first less rate of the second."""
    low: float
    high: float
    """95 % interval (Agresti and Min 2005)."""
    p: float
    """Exact McNemar test, two-sided."""


def paired_difference(first: Bool[np.ndarray, " n"], second: Bool[np.ndarray, " n"]) -> PairedDifference:
    """Compares two players on the same scenes, in the same order."""
    n = len(first)
    gained, lost = int((first & ~second).sum()), int((~first & second).sum())
    p = min(1.0, 2 * float(special.bdtr(min(gained, lost), gained + lost, 0.5)))
    b, c, m = gained + 0.5, lost + 0.5, n + 2
    middle = (b - c) / m
    half = Z95 * np.sqrt(b + c - (b - c) ** 2 / m) / m
    difference = (gained - lost) / n if n else 0.0
    return PairedDifference(n, difference, float(max(-1, middle - half)), float(min(1, middle + half)), p)


def unpaired_interval(first: Rate, second: Rate) -> tuple[float, float]:
    """95 % interval of the first rate less the second, of different tries (Newcombe 1998, method 10)."""
    difference = first.rate - second.rate
    below = np.hypot(first.rate - first.interval[0], second.interval[1] - second.rate)
    above = np.hypot(first.interval[1] - first.rate, second.rate - second.interval[0])
    return float(difference - below), float(difference + above)


def students_interval(values: Sequence[float]) -> tuple[float, float]:
    """Student's 95 % interval of a mean of at least two values."""
    mean = float(np.mean(values))
    half = float(special.stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean - half, mean + half


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of two, with a 95 % interval."""

    value: float
    low: float
    high: float
    n: int
    """Tries behind it."""
    seeds: tuple[float, ...] = ()
    """The value of every training run, where the interval is over them."""
    p: float | None = None
    """Of a difference that was tested on the same scenes."""


def estimate(rate: Rate) -> Estimate:
    """A rate of one training run, with Wilson's interval over its tries."""
    return Estimate(rate.rate, *rate.interval, rate.n)


def over_seeds(values: Sequence[float], alone: tuple[float, float], n: int) -> Estimate:
    """The mean over at least two training runs, with Student's interval over them: what another seed would do counts, too.

    Few seeds may agree by chance, so that it is never narrower than `alone`, the interval that the tries alone would have.
    """
    low, high = students_interval(values)
    low, high = min(low, alone[0]), max(high, alone[1])
    least = 0.0 if min(values) >= 0 and alone[0] >= 0 else -1.0
    return Estimate(float(np.mean(values)), max(least, low), min(1.0, high), n, seeds=tuple(values))
