"""Attempts on one scene, played together; what the fingers feel is all that tells whether one is lost."""

from collections.abc import Sequence

import numpy as np

from sparring.actions.adversaries import SecondHand
from sparring.config import AttackConfig
from sparring.world.hand import HandSensors, second_mount
from sparring.world.physics import Played
from sparring.world.scene import Scene, open_scene

FORCE_WINDOW_STEPS = 10
"""A finger force is the mean over this many time steps."""


class Batch:
    """Attempts on one scene, played stage by stage."""

    def __init__(self, scene: Scene, states: np.ndarray) -> None:
        self._scene = scene
        self.states = states.copy()
        self.valid = np.ones(len(states), bool)
        self.force_n = np.zeros(len(states))
        self.closing_m = np.zeros(len(states))

    def holding(self) -> np.ndarray:
        """Rows that still feel something between the fingers."""
        return np.flatnonzero(self.valid & (self.force_n > self._scene.config.lift.sense_force_n))

    def has_object(self) -> np.ndarray:
        """Whether what the fingers feel is the object, for every row."""
        held = np.zeros(len(self.states), bool)
        for row in self.holding():
            held[row] = self._scene.is_between_fingers(self.states[row])
        return held

    def bring(self, second: SecondHand, config: AttackConfig, indices: Sequence[int]) -> np.ndarray:
        """Brings a second hand to where each action starts; returns how far each object reaches towards it."""
        hand = second.config(config)
        mount, alone = second_mount(hand), self._scene
        self._scene = open_scene(alone.config, alone.spec, hand)
        depths = np.array([alone.depth_m(state, mount) for state in self.states])
        starts = [second.start(config, index, depth)[:6] for index, depth in zip(indices, depths, strict=True)]
        self.states = np.stack(
            [self._scene.with_second_hand(state, start) for state, start in zip(self.states, starts, strict=True)]
        )
        return depths

    def play(self, rows: np.ndarray, trajectories: Sequence[np.ndarray] | np.ndarray, forces_n: np.ndarray | None = None) -> None:
        """Plays the trajectories of some rows; the others, lost, feel nothing from here on.

        Trajectories of different lengths do not wait for each other, so that no attempt depends on the others.
        `forces_n` [batch, steps, 3] push every row's object.
        """
        self.force_n[:] = 0.0
        lengths = np.array([len(path) for path in trajectories])
        for length in np.unique(lengths[rows]):
            together = rows[lengths[rows] == length]
            pushes = None if forces_n is None else forces_n[together]
            self._take(
                together, self._scene.engine.play(self.states[together], np.stack([trajectories[k] for k in together]), pushes)
            )

    def _take(self, rows: np.ndarray, played: Played) -> None:
        self.valid[rows] = played.valid
        keep = rows[played.valid]
        self.states[keep] = played.states[played.valid]
        window = played.sensors[played.valid, -FORCE_WINDOW_STEPS:]
        sensors = HandSensors()
        fingers = window[..., [sensors.left_force, sensors.right_force]].mean(axis=1)
        self.force_n[keep] = fingers.min(axis=1)
        self.closing_m[keep] = window[:, -1, sensors.closing]
