"""How a player chooses from its scores: by importance sampling or greedily (sections IV-B, V-B, V-G)."""

import numpy as np
from jaxtyping import Float, Int

SMOOTHING = (0.25, 0.5, 0.25)
"""Weights of an angle's neighbours and itself (the authors' code)."""
TOP_N = 20
"""Importance sampling draws among this many best patch-angle pairs (the authors' code)."""

Choice = Int[np.ndarray, "k 2"]
"""Rows of (patch, action)."""


def smoothed(logits: Float[np.ndarray, "patches angles"]) -> Float[np.ndarray, "patches angles"]:
    """Logits averaged over neighbouring angles, around the half circle."""
    before, here, after = SMOOTHING
    return before * np.roll(logits, 1, axis=1) + here * logits + after * np.roll(logits, -1, axis=1)


def importance_pairs(logits: Float[np.ndarray, "patches angles"], k: int, rng: np.random.Generator) -> Choice:
    """`k` different pairs drawn by their probability among the best `TOP_N`; the rest are never drawn."""
    probabilities = sigmoid(smoothed(logits))
    best = np.argsort(-probabilities, axis=None, kind="stable")[:TOP_N]
    weights = probabilities.ravel()[best]
    drawn = rng.choice(best, size=min(k, len(best)), replace=False, p=weights / weights.sum())
    return np.stack(np.unravel_index(drawn, logits.shape), axis=1)


def greedy_pairs(logits: Float[np.ndarray, "patches angles"], k: int = 1) -> Choice:
    """The `k` best pairs, best first (eq. 2)."""
    best = np.argsort(-smoothed(logits), axis=None, kind="stable")[:k]
    return np.stack(np.unravel_index(best, logits.shape), axis=1)


def distinct_pairs(
    logits: Float[np.ndarray, "patches angles"], centres: Float[np.ndarray, "patches 2"], k: int, *, apart_px: float
) -> Choice:
    """The best pairs, best first, none nearer than `apart_px` to a better one: at most `k`, or fewer where there is no room."""
    kept: list[np.ndarray] = []
    is_near_better = np.zeros(len(centres), bool)
    for pair in greedy_pairs(logits, logits.size):
        if not is_near_better[pair[0]]:
            kept.append(pair)
            is_near_better |= np.linalg.norm(centres - centres[pair[0]], axis=1) < apart_px
        if len(kept) == k:
            break
    return np.stack(kept)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probability of a logit."""
    with np.errstate(over="ignore"):  # infinite, and its inverse 0
        return 1.0 / (1.0 + np.exp(-np.asarray(logits, np.float64)))
