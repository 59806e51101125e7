"""What a worker does for the simulated cell: look, grasp, attack. Pure functions of small jobs; no network, no torch."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from sparring.actions.adversaries import ADVERSARIES, Attack
from sparring.actions.grasp import (
    Grasp,
    closing,
    holding,
    lifted_pose,
    raising,
    raising_splits,
    sensing_heights_m,
    start_height_m,
)
from sparring.actions.stability import STABILITY_TESTS, StabilityTest, forces_n_kg
from sparring.actions.trajectory import hold
from sparring.config import AttackConfig, LiftConfig, WorldConfig
from sparring.data.pictures import decode_image, encode_image
from sparring.game.batch import Batch, Watch
from sparring.overhead import Calibration
from sparring.seeding import rng_of
from sparring.world.camera import calibration_of, render
from sparring.world.frames import about_z
from sparring.world.hand import gap_m
from sparring.world.scene import SceneSpec, open_scene


@dataclass(frozen=True)
class LookJob:
    """Place an object and take its picture."""

    world: WorldConfig
    spec: SceneSpec


@dataclass(frozen=True, eq=False)
class View:
    """A scene as the camera and the simulator know it. Players see the image and its calibration alone."""

    spec: SceneSpec
    png: bytes
    """The image as it is sent and stored."""
    calibration: Calibration
    state: Float[np.ndarray, " state"]
    mass_kg: float
    """Not a number where the cell does not know; likewise friction and centre of mass."""
    friction: float
    family: str
    centre_of_mass_m: tuple[float, float]

    @cached_property
    def image(self) -> UInt8[np.ndarray, "h w channels"]:
        """What the camera saw: RGB and, with `CameraConfig.depth`, height over the table in millimetres."""
        return decode_image(self.png)

    def __getstate__(self) -> dict[str, Any]:
        """Without the decoded image: five times smaller to send."""
        return {name: value for name, value in self.__dict__.items() if name != "image"}


@dataclass(frozen=True)
class Unseen:
    """In place of a view: the scene could not be looked at."""

    spec: SceneSpec
    fault: str
    """Why."""


@dataclass(frozen=True, eq=False)
class GraspJob:
    """Try some grasps on the same settled scene, each from the same state."""

    world: WorldConfig
    spec: SceneSpec
    state: Float[np.ndarray, " state"]
    grasps: tuple[Grasp, ...]
    seeds: tuple[int, ...]
    """Seed of each grasp's execution noise."""
    must_hold: bool = False
    """Whether the object must stay up for `lift.hold_s`, as in a test."""


@dataclass(frozen=True, eq=False)
class GraspOutcomes:
    """What the grasps of one job led to."""

    forces_n: Float[np.ndarray, "grasps heights"]
    """Smaller of both fingers' forces at each of `sensing_heights_m`; 0 once lost."""
    gap_m: Float[np.ndarray, " grasps"]
    """Gap between the pads after closing."""
    sensed: Bool[np.ndarray, " grasps"]
    """The weak sensor: force above the threshold at `lift.sense_height_m`."""
    lifted: Bool[np.ndarray, " grasps"]
    """Whether the object is held `lift.lift_height_m` up (for `lift.hold_s` in a test)."""
    invalid: Bool[np.ndarray, " grasps"]
    executed: tuple[Grasp, ...]
    """The grasps with their execution noise."""
    states: Float[np.ndarray, "grasps state"]
    """The last state of each; of an invalid one the state to replay it from."""
    slowdown: Float[np.ndarray, " grasps"] | None = None
    """By what factor an arm took longer than asked; infinite where the grasp is out of its reach. None: nothing is known."""
    fault: str | None = None
    """Why there is no outcome; all attempts are invalid then."""


@dataclass(frozen=True, eq=False)
class AttackJob:
    """Attack some held grasps of one scene."""

    world: WorldConfig
    attack: AttackConfig
    adversary: str
    spec: SceneSpec
    states: Float[np.ndarray, "attacks state"]
    grasps: tuple[Grasp, ...]
    actions: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class AttackOutcomes:
    """What the attacks of one job led to."""

    dislodged: Bool[np.ndarray, " attacks"]
    invalid: Bool[np.ndarray, " attacks"]
    states: tuple[Float[np.ndarray, " _"], ...] = ()
    """The last state of each; none where the cell does not know them. With a second hand in the scene they are longer."""
    slowdown: Float[np.ndarray, " attacks"] | None = None
    """By what factor arms took longer for the attack than asked; infinite where it is out of their reach and nothing happened.
    None: nothing is known."""
    fault: str | None = None
    """Why there is no outcome; all attacks are invalid then."""


@dataclass(frozen=True, eq=False)
class StabilityJob:
    """Put some held grasps of one scene to a published test."""

    world: WorldConfig
    test: str
    spec: SceneSpec
    states: Float[np.ndarray, "grasps state"]
    grasps: tuple[Grasp, ...]


def look(job: LookJob) -> View:
    """Settles and pictures a scene."""
    scene = open_scene(job.world, job.spec)
    state = scene.settled
    com = scene.centre_of_mass_m(state)
    return View(
        spec=job.spec,
        png=encode_image(render(scene, state)),
        calibration=calibration_of(job.world.camera, job.spec.seed),
        state=state,
        mass_kg=scene.object.mass_kg,
        friction=scene.object.friction,
        family=scene.object.family,
        centre_of_mass_m=(float(com[0]), float(com[1])),
    )


def with_noise(grasp: Grasp, world: WorldConfig, seed: int) -> Grasp:
    """The grasp as a real arm carries it out."""
    dx, dy, turn = rng_of(seed, "execution").standard_normal(3)
    spread = world.noise.position_m
    return Grasp(
        grasp.x_m + spread * dx,
        grasp.y_m + spread * dy,
        grasp.theta_rad + float(np.deg2rad(world.noise.angle_deg)) * turn,
    )


def grasp(job: GraspJob, watch: Watch | None = None) -> GraspOutcomes:
    """Closes, raises and senses; an attempt that has lost the object is not played further."""
    world, dt = job.world, job.world.timestep_s
    scene = open_scene(world, job.spec)
    executed = tuple(with_noise(one, world, seed) for one, seed in zip(job.grasps, job.seeds, strict=True))
    from_m = start_height_m(world.hand, world.lift, scene.object_top_m(job.state))
    batch = Batch(scene, np.tile(job.state, (len(executed), 1)), watch)
    batch.begin_at([one.pose(from_m) for one in executed])
    tools = world.hand, world.grip, world.lift
    everyone = np.arange(len(executed))
    batch.play("closing", everyone, np.stack([closing(one, *tools, from_m=from_m, dt=dt) for one in executed]))
    gap = gap_m(world.hand, batch.closing_m)
    forces, slowdown = [batch.force_n.copy()], batch.slowdown.copy()
    splits = raising_splits(world.lift, dt=dt)
    raises = np.stack([raising(one, *tools, dt=dt) for one in executed])
    for start, stop in zip([0, *splits], splits, strict=False):
        if stop > start:
            batch.play("raising", batch.holding(), raises[:, start:stop])
            slowdown = np.maximum(slowdown, batch.slowdown)
        forces.append(batch.force_n.copy())
    if job.must_hold:
        batch.play("holding", batch.holding(), np.stack([holding(one, *tools, dt=dt) for one in executed]))
    force_n = np.stack(forces, axis=1)
    at = sensing_heights_m(world.lift).index(world.lift.sense_height_m)
    held = batch.force_n > world.lift.sense_force_n
    return GraspOutcomes(
        forces_n=force_n,
        gap_m=gap,
        sensed=(force_n[:, at] > world.lift.sense_force_n) & batch.valid,
        lifted=held & batch.valid,
        invalid=~batch.valid,
        executed=executed,
        states=batch.states,
        slowdown=None if world.arms is None else slowdown,
    )


def grasps_set_aside(executed: tuple[Grasp, ...], state: np.ndarray, lift: LiftConfig, fault: str) -> GraspOutcomes:
    """In place of the outcomes of grasps that could not be tried: nothing is known, and all can be replayed."""
    n = len(executed)
    nothing = np.zeros(n, bool)
    return GraspOutcomes(
        forces_n=np.zeros((n, len(sensing_heights_m(lift)))),
        gap_m=np.zeros(n),
        sensed=nothing,
        lifted=nothing,
        invalid=~nothing,
        executed=executed,
        states=np.repeat(state[None], n, axis=0),
        fault=fault,
    )


def attacks_set_aside(attacks_n: int, fault: str) -> AttackOutcomes:
    """In place of the outcomes of attacks that could not be carried out."""
    return AttackOutcomes(dislodged=np.zeros(attacks_n, bool), invalid=np.ones(attacks_n, bool), fault=fault)


def attack(job: AttackJob, watch: Watch | None = None) -> AttackOutcomes:
    """Plays the adversary's actions; dislodged means that the fingers do not hold the object in the end.

    What is out of an arm's reach is not done: the object stays where it is.
    """
    adversary = ADVERSARIES[job.adversary]
    chosen = [adversary.action(index) for index in job.actions]
    held, valid, states = np.zeros(len(chosen), bool), np.ones(len(chosen), bool), list(job.states)
    slowdown = np.ones(len(chosen))
    for kind in adversary.attacks:
        rows = np.array([row for row, (attack, _) in enumerate(chosen) if attack is kind], int)
        if len(rows):
            batch = _attacked(job, kind, rows, [chosen[row][1] for row in rows], watch)
            held[rows], valid[rows] = batch.has_object() | ~batch.in_reach(), batch.valid
            slowdown[rows] = batch.slowdown
            for row, state in zip(rows, batch.states, strict=True):
                states[row] = state
    told = None if job.world.arms is None else slowdown
    return AttackOutcomes(dislodged=~held, invalid=~valid, states=tuple(states), slowdown=told)


def _attacked(job: AttackJob, kind: Attack, rows: np.ndarray, indices: list[int], watch: Watch | None = None) -> Batch:
    """The end of attacks of one kind; an object lost while the hand gets ready is not attacked further."""
    world, config, dt = job.world, job.attack, job.world.timestep_s
    batch = Batch(open_scene(world, job.spec), job.states[rows], watch)
    starts = [lifted_pose(job.grasps[row], world.hand, world.grip, world.lift) for row in rows]
    prepared = [kind.prepare(config, index, start, dt=dt) for index, start in zip(indices, starts, strict=True)]
    batch.play("getting ready", np.arange(len(rows)), prepared, freely=True)
    depths = np.zeros(len(rows))
    if kind.second_hand is not None:
        second = kind.second_hand.config(config)
        depths = batch.depths_m(second)
        batch.add_second_hand(second, [kind.second_hand.start(config, k, d) for k, d in zip(indices, depths, strict=True)])
    paths = [
        kind.trajectory(config, index, ready[-1], depth_m=depth, dt=dt)
        for index, ready, depth in zip(indices, prepared, depths, strict=True)
    ]
    batch.play("attacking", batch.holding(), paths)
    return batch


def stability(job: StabilityJob, watch: Watch | None = None) -> AttackOutcomes:
    """Pushes held objects as a published test does; dislodged means that a trial was not survived."""
    test = STABILITY_TESTS[job.test]
    survived, valid, states = np.ones(len(job.grasps), bool), np.ones(len(job.grasps), bool), job.states.copy()
    for trial in range(len(test.trials)):
        rows = np.flatnonzero(survived & valid)
        if len(rows):
            batch, survived[rows] = _trial(job, test, trial, rows, watch)
            valid[rows], states[rows] = batch.valid, batch.states
    return AttackOutcomes(dislodged=~survived, invalid=~valid, states=tuple(states))


def _trial(job: StabilityJob, test: StabilityTest, trial: int, rows: np.ndarray, watch: Watch | None) -> tuple[Batch, np.ndarray]:
    """The end of one trial of some grasps, and which of them survive it."""
    world = job.world
    scene = open_scene(world, job.spec)
    batch = Batch(scene, job.states[rows], watch)
    pushes = scene.object.mass_kg * forces_n_kg(test, trial, dt=world.timestep_s)
    grasps = [job.grasps[row] for row in rows]
    still = [hold(lifted_pose(one, world.hand, world.grip, world.lift), len(pushes)) for one in grasps]
    turned = np.stack([pushes @ about_z(one.theta_rad).T for one in grasps])
    batch.play(f"trial {trial + 1} of {len(test.trials)}", np.arange(len(rows)), still, turned)
    survived = batch.has_object()
    for row in np.flatnonzero(survived):
        shift_m, turn_rad = scene.slip(job.states[rows[row]], batch.states[row])
        survived[row] = shift_m <= test.shift_m and np.rad2deg(turn_rad) <= test.turn_deg
    return batch, survived
