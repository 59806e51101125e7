"""The physics seam: `play(model, states, controls)` is all that the rest of the world asks of the engine.

Here MuJoCo's batched rollout stands behind it; another engine may, later.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Bool, Float
from mujoco import rollout

_LOG = logging.getLogger(__name__)
STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
MAX_SPEED = 250.0
"""Linear (m/s) or angular (rad/s) speed beyond which a state is a runaway."""
MAX_PENETRATION_M = 0.010


@dataclass(frozen=True, eq=False)
class Played:
    """What a batch of trajectories led to."""

    states: Float[np.ndarray, "batch state"]
    """Full physics state after the last step."""
    trace: Float[np.ndarray, "batch steps state"]
    """The state after every step."""
    sensors: Float[np.ndarray, "batch steps sensors"]
    """Sensor readings after every step."""
    valid: Bool[np.ndarray, " batch"]
    """False where the engine diverged, a body ran away or was pressed into another."""


class Engine:
    """A compiled model; plays batches of open-loop controls natively."""

    def __init__(self, model: mujoco.MjModel) -> None:
        mujoco.set_mju_user_warning(_LOG.debug)  # else MuJoCo writes a file wherever the user stands
        self.model = model
        self._rollout = rollout.Rollout(nthread=0)

    @property
    def state_size(self) -> int:
        """Length of a state vector: time, qpos, qvel."""
        return mujoco.mj_stateSize(self.model, STATE)

    def initial_state(self) -> Float[np.ndarray, " state"]:
        """The state at the model's reference pose."""
        data = self._cleared_memory()
        state = np.empty(self.state_size)
        mujoco.mj_getState(self.model, data, state, STATE)
        return state

    def forward(self, state: Float[np.ndarray, " state"]) -> mujoco.MjData:
        """The data in that state, with positions, contacts and sensors computed."""
        data = self._cleared_memory()
        mujoco.mj_setState(self.model, data, np.ascontiguousarray(state), STATE)
        mujoco.mj_forward(self.model, data)
        return data

    def play(
        self,
        states: Float[np.ndarray, "batch state"],
        controls: Float[np.ndarray, "batch steps controls"],
        forces_n: Float[np.ndarray, "batch steps 3"] | None = None,
    ) -> Played:
        """Plays each row of `controls` from the same row of `states`; one row's result never depends on another's.

        `forces_n` act on the object's centre of mass besides, in the world's axes.
        """
        data = self._cleared_memory()
        given = int(mujoco.mjtState.mjSTATE_CTRL)
        if forces_n is not None:
            given |= int(mujoco.mjtState.mjSTATE_XFRC_APPLIED)
            controls = np.concatenate([controls, self._wrenches(forces_n)], axis=-1)
        played = self._rollout.rollout(self.model, [data], states, controls, control_spec=given)
        trace, sensors = map(np.asarray, played)
        final = np.ascontiguousarray(trace[:, -1])
        valid = self._plausible(states, final, controls.shape[1])
        return Played(final, trace, sensors, valid)

    def _wrenches(self, forces_n: np.ndarray) -> np.ndarray:
        """Force and torque on every body, of which the object alone is pushed."""
        batch, steps, _ = forces_n.shape
        wrenches = np.zeros((batch, steps, self.model.nbody, 6))
        wrenches[:, :, self.model.body("object").id, :3] = forces_n
        return wrenches.reshape(batch, steps, -1)

    def _plausible(self, before: np.ndarray, after: np.ndarray, steps: int) -> np.ndarray:
        nq = self.model.nq
        elapsed = after[:, 0] - before[:, 0]
        on_time = np.abs(elapsed - steps * self.model.opt.timestep) < self.model.opt.timestep / 2
        finite = np.isfinite(after).all(axis=1)
        calm = np.abs(np.nan_to_num(after[:, 1 + nq : 1 + nq + self.model.nv], nan=np.inf)).max(axis=1) < MAX_SPEED
        valid = on_time & finite & calm
        for row in np.flatnonzero(valid):
            valid[row] = self.penetration_m(after[row]) < MAX_PENETRATION_M
        return valid

    def penetration_m(self, state: Float[np.ndarray, " state"]) -> float:
        """How deep bodies are pressed into each other, at most."""
        data = self.forward(state)
        return float(-data.contact.dist.min(initial=0.0))

    def _cleared_memory(self) -> mujoco.MjData:
        """Taken once in each use: another thread may make that of other engines meanwhile."""
        data = _working_memory(self)
        mujoco.mj_resetData(self.model, data)
        return data


@lru_cache(maxsize=8)
def _working_memory(engine: Engine) -> mujoco.MjData:
    """15 MB an engine, made in half a millisecond: held for those that were used last, not for all that are open."""
    return mujoco.MjData(engine.model)
