"""How good probabilities are: whether they tell two classes apart, and whether what they say comes true."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

BINS_N = 10


@dataclass(frozen=True)
class Bin:
    """Predictions between two probabilities, and how often what they predict came true."""

    low: float
    high: float
    n: int
    predicted: float
    """Mean of the predictions."""
    observed: float


@dataclass(frozen=True)
class Judged:
    """Predictions held against what came true."""

    n: int
    auc: float | None
    """None where one of the classes is missing."""
    accuracy: float
    """Of calling it at a probability of a half."""
    brier: float
    """Mean squared distance of prediction and outcome."""
    calibration_error: float
    """Mean distance of predicted and observed over the bins, weighted by their predictions."""
    predicted: float
    observed: float
    bins: tuple[Bin, ...]
    """The reliability curve: equal intervals of probability, those without a prediction left out."""


def auc(scores: Float[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]) -> float | None:
    """Area under the ROC curve: the chance that a positive scores above a negative. None where a class is missing."""
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return None
    others, ours = np.sort(scores[~positive]), scores[positive]
    above = np.searchsorted(others, ours, "left") + np.searchsorted(others, ours, "right")  # twice, so that a tie counts half
    return float(above.sum() / (2 * n * m))


def judged(probabilities: Float[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]) -> Judged:
    """Holds at least one prediction against what came true."""
    bins = _reliability(probabilities, positive)
    n = len(probabilities)
    return Judged(
        n=n,
        auc=auc(probabilities, positive),
        accuracy=float(((probabilities >= 0.5) == positive).mean()),
        brier=float(np.square(probabilities - positive).mean()),
        calibration_error=sum(one.n * abs(one.predicted - one.observed) for one in bins) / n,
        predicted=float(probabilities.mean()),
        observed=float(positive.mean()),
        bins=bins,
    )


def _reliability(probabilities: np.ndarray, positive: np.ndarray) -> tuple[Bin, ...]:
    at = np.minimum((probabilities * BINS_N).astype(int), BINS_N - 1)
    return tuple(
        Bin(
            low=float(index / BINS_N),
            high=float((index + 1) / BINS_N),
            n=int((at == index).sum()),
            predicted=float(probabilities[at == index].mean()),
            observed=float(positive[at == index].mean()),
        )
        for index in np.unique(at)
    )
