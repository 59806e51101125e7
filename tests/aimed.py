"""A world in which objects lie near the middle of the table, so that many a random grasp about it holds."""

from dataclasses import replace

import numpy as np
import tiny
from gymnasium.spaces import Box

from sparring.config import RunConfig

MOST = np.array([0.06, 0.08, 1], np.float32)


def space() -> Box:
    """Actions about the middle of the picture."""
    return Box(-MOST, MOST)


def config() -> RunConfig:
    """The small run's config, with objects in the middle."""
    whole = tiny.tiny_config()
    return replace(whole, world=replace(whole.world, spread_m=(0.002, 0.002)))


def actions(n: int, seed: int = 0) -> np.ndarray:
    """Random ones near the middle."""
    return np.random.default_rng(seed).uniform(-MOST, MOST, (n, 3)).astype(np.float32)
