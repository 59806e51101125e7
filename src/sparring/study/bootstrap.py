"""The hierarchical bootstrap of experiments/PREREGISTERED.md: training seeds, objects, and scenes of objects are drawn."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from sparring.evaluation.statistics import students_interval
from sparring.seeding import rng_of
from sparring.study.comparison import Scores

DRAWS_N = 4000
CHUNK_N = 500
"""Draws made at once: bounds the memory."""
COVERED_PERCENT = (2.5, 97.5)


@dataclass(frozen=True)
class Effect:
    """A rate, or a signed sum of rates, with its 95 % interval."""

    value: float
    """Over all tries that count; where seeds have as many of them, the mean over seeds."""
    low: float
    high: float
    p: float
    """Two-sided, that it is 0: twice the share of draws on its rarer side, those of 0 counted half. Of a rate: nothing."""
    n: int
    """Tries of one player: those of all seeds."""
    by_seed: dict[int, float]
    """What every training seed has; of one seed alone the interval covers objects and scenes, not what another would do."""
    objects_n: int

    @property
    def over_seeds(self) -> tuple[float, float] | None:
        """Student's 95 % interval over seeds alone: what another seed would give on these very objects and scenes."""
        return students_interval(list(self.by_seed.values())) if len(self.by_seed) > 1 else None


@lru_cache(maxsize=256)  # the page tells some effects in several places
def bootstrapped(scores: Scores, *, draws_n: int = DRAWS_N, seed: int = 0) -> Effect:
    """A rate or difference with the percentile interval of a bootstrap on three levels (Davison and Hinkley 1997, section 3.8).

    Seeds are drawn with replacement; objects are drawn with replacement, and of every drawn object its scenes. All players and
    all seeds of a draw have the same objects and scenes. Sums are of whole numbers, hence the same on every machine. A draw in
    which nothing counts tells nothing and is left out.
    """
    seeds_n = len(scores.seeds)
    counts = _drawn_scenes(scores.valid.tobytes(), scores.valid.shape, draws_n, seed)
    chosen = rng_of(seed, "study", "seeds", seeds_n).integers(seeds_n, size=(draws_n, seeds_n))
    sums, wholes = (
        np.take_along_axis(counts @ one.reshape(seeds_n, -1).T.astype(np.float32), chosen, axis=1).sum(axis=1, dtype=float)
        for one in (scores.values, scores.counting)
    )
    drawn = sums[wholes > 0] / wholes[wholes > 0]
    low, high = np.percentile(drawn, COVERED_PERCENT)
    rarer = min((drawn < 0).sum(), (drawn > 0).sum()) + (drawn == 0).sum() / 2
    return Effect(
        value=float(scores.values.sum() / scores.n),
        low=float(low),
        high=float(high),
        p=min(1.0, 2 * float(rarer + 1) / (len(drawn) + 1)),
        n=scores.n,
        by_seed=scores.by_seed,
        objects_n=len(scores.valid),
    )


@lru_cache(maxsize=4)
def _drawn_scenes(valid: bytes, shape: tuple[int, int], draws_n: int, seed: int) -> Float[np.ndarray, "draws tries"]:
    """How often a draw has each scene of each object, as floats, which multiply fast; the same for all comparisons on them."""
    known = np.frombuffer(valid, bool).reshape(shape)
    rng = rng_of(seed, "study", "scenes")
    sizes = [min(CHUNK_N, draws_n - begun) for begun in range(0, draws_n, CHUNK_N)]
    counts = np.concatenate([_chunk(known, draws, rng) for draws in sizes])
    counts.flags.writeable = False
    return counts


def _chunk(valid: Bool[np.ndarray, "objects scenes"], draws_n: int, rng: np.random.Generator) -> Float[np.ndarray, "draws tries"]:
    objects_n, scenes_n = valid.shape
    valid_first = np.argsort(~valid, axis=1, kind="stable")
    objects = rng.integers(objects_n, size=(draws_n, objects_n))
    known_n = valid.sum(axis=1)[objects][:, :, None]
    scenes = (rng.random((draws_n, objects_n, scenes_n)) * known_n).astype(np.int64)
    scenes = valid_first[objects[:, :, None], scenes]
    within = (np.arange(draws_n)[:, None, None] * objects_n + objects[:, :, None]) * scenes_n + scenes
    wanted = np.broadcast_to(np.arange(scenes_n) < known_n, within.shape)  # of every object as many scenes as it has
    counts = np.bincount(within[wanted], minlength=draws_n * objects_n * scenes_n)
    return counts.reshape(draws_n, -1).astype(np.float32)
