"""Attempts on one scene, played together; what the fingers feel is all that tells whether one is lost."""

from collections.abc import Callable, Sequence

import numpy as np

from sparring.actions.trajectory import Pose
from sparring.config import SecondHandConfig
from sparring.world.hand import HandSensors
from sparring.world.mount import second_mount
from sparring.world.physics import MAX_PENETRATION_M, Played
from sparring.world.scene import Scene, open_scene

Watch = Callable[[str, Scene, Played], None]
"""Told of every motion that a batch has played: its name, the scene, and what it led to."""
FORCE_WINDOW_STEPS = 10
"""A finger force is the mean over this many time steps."""


class Batch:
    """Attempts on one scene, played stage by stage."""

    def __init__(self, scene: Scene, states: np.ndarray, watch: Watch | None = None) -> None:
        self._scene, self._watch = scene, watch
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

    def depths_m(self, second: SecondHandConfig) -> np.ndarray:
        """How far each object reaches towards a second hand."""
        mount = second_mount(second)
        return np.array([self._scene.depth_m(state, mount) for state in self.states])

    def add_second_hand(self, second: SecondHandConfig, starts: Sequence[Pose]) -> None:
        """Goes on in the scene with a second hand; where that has no room at its start, the attempt is invalid."""
        self._scene = open_scene(self._scene.config, self._scene.spec, second)
        joined = [self._scene.with_second_hand(state, start) for state, start in zip(self.states, starts, strict=True)]
        for row in self.holding():
            self.valid[row] = self._scene.engine.penetration_m(joined[row]) < MAX_PENETRATION_M
        self.states = np.stack(joined)

    def play(
        self,
        motion: str,
        rows: np.ndarray,
        trajectories: Sequence[np.ndarray] | np.ndarray,
        forces_n: np.ndarray | None = None,
    ) -> None:
        """Plays the trajectories of some rows; the others, lost, feel nothing from here on.

        Trajectories of different lengths do not wait for each other, so that no attempt depends on the others.
        `forces_n` [batch, steps, 3] push every row's object.
        """
        self.force_n[:] = 0.0
        lengths = np.array([len(path) for path in trajectories])
        for length in np.unique(lengths[rows]):
            together = rows[lengths[rows] == length]
            pushes = None if forces_n is None else forces_n[together]
            controls = np.stack([self._scene.controls(trajectories[k]) for k in together])
            played = self._scene.engine.play(self.states[together], controls, pushes)
            self._take(together, played)
            if self._watch is not None:
                self._watch(motion, self._scene, played)

    def _take(self, rows: np.ndarray, played: Played) -> None:
        self.valid[rows] = played.valid
        keep = rows[played.valid]
        self.states[keep] = played.states[played.valid]
        window = played.sensors[played.valid, -FORCE_WINDOW_STEPS:]
        sensors = HandSensors()
        fingers = window[..., [sensors.left_force, sensors.right_force]].mean(axis=1)
        self.force_n[keep] = fingers.min(axis=1)
        self.closing_m[keep] = window[:, -1, sensors.closing]
