"""Random generators named by what they are for, so that no draw depends on who else drew before."""

import hashlib

import numpy as np


def seed_of(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the purpose that `names` spell, such as `seed_of(0, "scene", 17)`.

    The same arguments give the same seed on every machine, in every process, in every order of calls.
    """
    text = "/".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def rng_of(seed: int, *names: str | int) -> np.random.Generator:
    """A generator for the purpose that `names` spell."""
    return np.random.default_rng(seed_of(seed, *names))
