"""Attempts on one scene, played together; what the fingers feel is all that tells whether one is lost."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import numpy as np

from sparring.actions.trajectory import Pose
from sparring.config import SecondHandConfig
from sparring.world.arm import Unreachable
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
        self.slowdown = np.ones(len(states))
        """By what factor an arm took longer for the last motion than it was asked to; infinite where it cannot go there."""

    def begin_at(self, poses: Sequence[Pose]) -> None:
        """Puts the open hands, which were parked, where the first motion begins."""
        for row, pose in enumerate(poses):
            with self._within_reach(row):
                self.states[row] = self._scene.with_hand_at(self.states[row], pose)

    def in_reach(self) -> np.ndarray:
        """Whether everything so far was within reach, for every row."""
        return np.isfinite(self.slowdown)

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
        joined = np.tile(self._scene.engine.initial_state(), (len(self.states), 1))
        for row, start in enumerate(starts):
            with self._within_reach(row):
                joined[row] = self._scene.with_second_hand(self.states[row], start)
        for row in self.holding():
            if self.in_reach()[row]:
                self.valid[row] = self._scene.engine.penetration_m(joined[row]) < MAX_PENETRATION_M
        self.states = joined

    def play(
        self,
        motion: str,
        rows: np.ndarray,
        trajectories: Sequence[np.ndarray] | np.ndarray,
        forces_n: np.ndarray | None = None,
        *,
        freely: bool = False,
    ) -> None:
        """Plays the trajectories of some rows; the others, lost or out of reach, feel nothing from here on.

        Trajectories of different lengths do not wait for each other, so that no attempt depends on the others.
        `forces_n` [batch, steps, 3] push every row's object. `freely`: it matters where the hands end, not how they get there.
        """
        self.force_n[:] = 0.0
        controls = self._controls(rows, trajectories, freely=freely)
        lengths = {row: len(one) for row, one in controls.items()}
        for length in sorted(set(lengths.values())):
            together = np.array([row for row in lengths if lengths[row] == length])
            pushes = None if forces_n is None else forces_n[together]
            played = self._scene.engine.play(self.states[together], np.stack([controls[row] for row in together]), pushes)
            self._take(together, played)
            if self._watch is not None:
                self._watch(motion, self._scene, played)

    def _controls(
        self, rows: np.ndarray, trajectories: Sequence[np.ndarray] | np.ndarray, *, freely: bool
    ) -> dict[int, np.ndarray]:
        """What the engine is told for every row whose hands can follow."""
        found: dict[int, np.ndarray] = {}
        for row in rows[self.in_reach()[rows]].tolist():
            with self._within_reach(row):
                command = self._scene.command(self.states[row], trajectories[row], freely=freely)
                found[row], self.slowdown[row] = command.controls, command.slowdown
        return found

    @contextmanager
    def _within_reach(self, row: int) -> Generator[None]:
        """Notes what cannot be reached."""
        try:
            yield
        except Unreachable:
            self.slowdown[row] = np.inf

    def _take(self, rows: np.ndarray, played: Played) -> None:
        self.valid[rows] = played.valid
        keep = rows[played.valid]
        self.states[keep] = played.states[played.valid]
        window = played.sensors[played.valid, -FORCE_WINDOW_STEPS:]
        sensors = HandSensors()
        fingers = window[..., [sensors.left_force, sensors.right_force]].mean(axis=1)
        self.force_n[keep] = fingers.min(axis=1)
        self.closing_m[keep] = window[:, -1, sensors.closing]
