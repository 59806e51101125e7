"""How well scores tell two classes apart."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata


def auc(scores: Float[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]) -> float | None:
    """Area under the ROC curve: the chance that a positive scores above a negative. None where a class is missing."""
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return None
    return float((rankdata(scores)[positive].sum() - n * (n + 1) / 2) / (n * m))
