"""Playing a recorded attempt again, motion by motion: from its seeds it must end in the recorded state, to the bit."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from sparring.actions.grasp import Grasp
from sparring.actions.stability import STABILITY_TESTS
from sparring.config import RunConfig
from sparring.data.pictures import decode_image
from sparring.data.records import PHYSICS, Row
from sparring.errors import DataError
from sparring.game import jobs
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, View
from sparring.world.hand import HandSensors
from sparring.world.physics import Played
from sparring.world.scene import Scene, SceneSpec


@dataclass(frozen=True, eq=False)
class Motion:
    """One of the motions that an attempt is made of."""

    name: str
    """closing, raising, holding, getting ready, attacking, or a trial of a published test."""
    scene: Scene
    """With the second hand where it takes part."""
    times_s: Float[np.ndarray, " steps"]
    """Since the attempt began."""
    states: Float[np.ndarray, "steps state"]
    forces_n: Float[np.ndarray, "steps 2"]
    """Of the left and the right finger."""


@dataclass(frozen=True)
class Attempt:
    """A recorded attempt, and what it was played with."""

    row: Row
    config: RunConfig
    """The run's; of a test the test's."""
    must_hold: bool = False
    """Whether it was a test's, in which the object must stay up for a while."""
    kind: str | None = None
    """Row of the table of adversaries, or of published tests; None where nobody attacked."""

    @property
    def name(self) -> str:
        """What the record is called."""
        return self.row["attempt"]


@dataclass(frozen=True, eq=False)
class Replay:
    """An attempt, played again."""

    attempt: Attempt
    view: View
    motions: Sequence[Motion]
    executed: Grasp
    sensed: bool
    lifted: bool
    dislodged: bool | None
    """None where nobody attacked."""
    invalid: bool
    end_state: Float[np.ndarray, " state"]
    """Of an invalid attempt the state to replay it from."""
    differences: tuple[str, ...]
    """In what it is not as recorded; nothing on the machine that it was recorded on."""

    @property
    def duration_s(self) -> float:
        """From the first motion to the last."""
        return float(self.motions[-1].times_s[-1])


@dataclass
class _Recorder:
    """Keeps what it watches; a batch here has one row."""

    motions: list[Motion] = field(default_factory=list[Motion])

    def __call__(self, name: str, scene: Scene, played: Played) -> None:
        known = np.isfinite(played.trace[0]).all(axis=1)
        states = played.trace[0][: int(np.argmin(known)) if not known.all() else None]
        if not len(states):
            return
        sensors = HandSensors()
        forces = played.sensors[0, : len(states)][:, [sensors.left_force, sensors.right_force]]
        before = self.motions[-1].times_s[-1] if self.motions else 0.0
        times = before + scene.config.timestep_s * np.arange(1, len(states) + 1)
        self.motions.append(Motion(name, scene, times, states.copy(), forces.copy()))


def replay(attempt: Attempt) -> Replay:
    """Plays an attempt again from its seeds.

    Raises:
        DataError: it was never played, or its record does not say how.
    """
    row, config = attempt.row, attempt.config
    _require_played(row)
    spec, recorder = SceneSpec(row["object"], row["scene_seed"]), _Recorder()
    view = jobs.look(jobs.LookJob(config.world, spec))
    commanded = Grasp(row["x_m"], row["y_m"], row["theta_rad"])
    job = jobs.GraspJob(config.world, spec, view.state, (commanded,), (row["noise_seed"],), attempt.must_hold)
    grasped = jobs.grasp(job, recorder)
    attacked = _attacked(attempt, spec, grasped, recorder)
    invalid = bool((grasped if attacked is None else attacked).invalid[0])
    end = attacked.states[0] if attacked is not None and not invalid else grasped.states[0]
    return _compared(
        Replay(
            attempt=attempt,
            view=view,
            motions=tuple(recorder.motions),
            executed=grasped.executed[0],
            sensed=bool(grasped.sensed[0]),
            lifted=bool(grasped.lifted[0]),
            dislodged=_dislodged(attempt, grasped, attacked),
            invalid=invalid,
            end_state=end,
            differences=(),
        )
    )


def _require_played(row: Row) -> None:
    if row["fault"] not in (None, PHYSICS):
        raise DataError(f"attempt {row['attempt']} was never played to its end ({row['fault']}): there is nothing to replay")
    missing = [name for name in ("x_m", "y_m", "theta_rad", "noise_seed") if row[name] is None]
    if missing:
        raise DataError(f"attempt {row['attempt']} cannot be replayed: its record lacks {', '.join(missing)}")


def _attacked(attempt: Attempt, spec: SceneSpec, grasped: GraspOutcomes, watch: _Recorder) -> AttackOutcomes | None:
    """What became of the attack; None where there was none, or nothing left to attack."""
    if attempt.kind is None or not grasped.lifted[0]:
        return None
    world, held = attempt.config.world, (spec, grasped.states, grasped.executed)
    if attempt.kind in STABILITY_TESTS:
        return jobs.stability(jobs.StabilityJob(world, attempt.kind, *held), watch)
    action = attempt.row["action"]
    if action is None:
        raise DataError(f"attempt {attempt.name} cannot be replayed: its record does not say which action it met")
    return jobs.attack(jobs.AttackJob(world, attempt.config.attack, attempt.kind, *held, (action,)), watch)


def _dislodged(attempt: Attempt, grasped: GraspOutcomes, attacked: AttackOutcomes | None) -> bool | None:
    if attacked is not None:
        return bool(attacked.dislodged[0])
    return True if attempt.kind is not None and grasped.sensed[0] else None


def _compared(again: Replay) -> Replay:
    """The replay with what differs from its record."""
    row, found = again.attempt.row, list[str]()
    for name in ("sensed", "lifted", "dislodged", "invalid"):
        if row[name] != getattr(again, name):
            found.append(f"{name} is {getattr(again, name)}, recorded was {row[name]}")
    if row["image"] is not None and not np.array_equal(decode_image(row["image"]["bytes"]), again.view.image):
        found.append("the picture is another one")
    recorded = row["replay_state" if again.invalid else "end_state"]
    if recorded is None:
        found.append("no end state was recorded to compare with (the run is of an earlier version, or not simulated)")
    elif not np.array_equal(recorded, again.end_state):
        found.append(_state_difference(np.array(recorded), again))
    return replace(again, differences=tuple(found))


def _state_difference(recorded: np.ndarray, again: Replay) -> str:
    ended = again.end_state
    if recorded.shape != ended.shape:
        return f"the end state has {len(ended)} numbers, the recorded one {len(recorded)}"
    at = again.motions[-1].scene.object_qpos
    apart_m = float(np.linalg.norm((recorded - ended)[at][:3]))
    most = float(np.abs(recorded - ended).max())
    return f"the end state differs: the object lies {1000 * apart_m:.3g} mm from where it was, numbers by up to {most:.3g}"
