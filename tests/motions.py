"""Whole attacks: getting ready and attacking in one path."""

import numpy as np

from sparring.actions import shake
from sparring.actions.adversaries import Adversary
from sparring.config import AttackConfig, ShakeConfig


def whole_shake(config: ShakeConfig, index: int, start: np.ndarray, *, dt: float) -> np.ndarray:
    """The hand turns and swings."""
    turned = shake.turning(config, index, start, dt=dt)
    return np.concatenate([turned, shake.swinging(config, index, turned[-1], dt=dt)])


def attack_paths(adversary: Adversary, index: int, start: np.ndarray, *, depth_m: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """An action's preparation, and its attack."""
    attack, within = adversary.action(index)
    prepared = attack.prepare(AttackConfig(), within, start, dt=0.002)
    return prepared, attack.trajectory(AttackConfig(), within, prepared[-1], depth_m=depth_m, dt=0.002)
