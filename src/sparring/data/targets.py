"""Training targets: equations 3, 4 and 5 of the paper, and nothing else."""

import numpy as np
from jaxtyping import Bool, Float


def grasp_targets(succeeded: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Eq. 3: 1 where the grasp succeeded, 0 where it failed."""
    return succeeded.astype(np.float32)


def adversary_targets(dislodged: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Eq. 4: 1 where the attack made the object fall, 0 where it failed to."""
    return dislodged.astype(np.float32)


def protagonist_targets(
    succeeded: Bool[np.ndarray, " n"], strongest_attack: Float[np.ndarray, " n"], *, alpha: float
) -> Float[np.ndarray, " n"]:
    """Eq. 5: 0 where the grasp failed, else 1 - alpha max_u adversary(s+, u).

    Args:
        succeeded: by the weak sensor.
        alpha: how strongly the adversary controls the protagonist's learning.
        strongest_attack: the adversary's largest probability over its actions; read only where the grasp succeeded.
    """
    return np.where(succeeded, 1.0 - alpha * strongest_attack, 0.0).astype(np.float32)
