"""What a worker does for the simulated cell: look, grasp, attack. Pure functions of small jobs; no network, no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from sparring.actions.adversaries import ADVERSARIES, Attack, SecondHand
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
from sparring.actions.trajectory import Trajectory
from sparring.config import AttackConfig, WorldConfig
from sparring.data.pictures import encode_image
from sparring.seeding import rng_of
from sparring.world.camera import Calibration, calibration_of, render
from sparring.world.hand import HandSensors, gap_m, second_mount
from sparring.world.scene import Scene, SceneSpec, open_scene

FORCE_WINDOW_STEPS = 10
"""A finger force is the mean over this many time steps."""


@dataclass(frozen=True)
class LookJob:
    """Place an object and take its picture."""

    world: WorldConfig
    spec: SceneSpec


@dataclass(frozen=True, eq=False)
class View:
    """A scene as the camera and the simulator know it. Players see the image and its calibration alone."""

    spec: SceneSpec
    image: UInt8[np.ndarray, "h w 3"]
    png: bytes
    """The same image, as it is stored."""
    calibration: Calibration
    state: Float[np.ndarray, " state"]
    mass_kg: float
    friction: float
    family: str
    centre_of_mass_m: tuple[float, float]


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


def look(job: LookJob) -> View:
    """Settles and pictures a scene."""
    scene = open_scene(job.world, job.spec)
    state = scene.settled
    com = scene.centre_of_mass_m(state)
    image = render(scene, state)
    return View(
        spec=job.spec,
        image=image,
        png=encode_image(image),
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


def grasp(job: GraspJob) -> GraspOutcomes:
    """Closes, raises and senses; an attempt that has lost the object is not played further."""
    world, dt = job.world, job.world.timestep_s
    scene = open_scene(world, job.spec)
    executed = tuple(with_noise(one, world, seed) for one, seed in zip(job.grasps, job.seeds, strict=True))
    from_m = start_height_m(world.hand, scene.object_top_m(job.state))
    batch = _Batch(scene, np.stack([_with_hand(job.state, one.pose(from_m)) for one in executed]))
    tools = world.hand, world.grip, world.lift
    everyone = np.arange(len(executed))
    batch.play(everyone, np.stack([closing(one, *tools, from_m=from_m, dt=dt) for one in executed]))
    gap = gap_m(world.hand, batch.closing_m)
    forces = [batch.force_n.copy()]
    splits = raising_splits(world.lift, dt=dt)
    raises = np.stack([raising(one, *tools, dt=dt) for one in executed])
    for start, stop in zip([0, *splits], splits, strict=False):
        if stop > start:
            batch.play(batch.holding(), raises[:, start:stop])
        forces.append(batch.force_n.copy())
    if job.must_hold:
        batch.play(batch.holding(), np.stack([holding(one, *tools, dt=dt) for one in executed]))
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
    )


def attack(job: AttackJob) -> AttackOutcomes:
    """Plays the adversary's actions; dislodged means that the fingers do not hold the object in the end."""
    adversary = ADVERSARIES[job.adversary]
    chosen = [adversary.action(index) for index in job.actions]
    held, valid = np.zeros(len(chosen), bool), np.ones(len(chosen), bool)
    for way in adversary.attacks:
        rows = np.array([row for row, (attack, _) in enumerate(chosen) if attack is way], int)
        if len(rows):
            batch = _attacked(job, way, rows, [chosen[row][1] for row in rows])
            held[rows], valid[rows] = batch.has_object(), batch.valid
    return AttackOutcomes(dislodged=~held, invalid=~valid)


def _attacked(job: AttackJob, way: Attack, rows: np.ndarray, indices: list[int]) -> "_Batch":
    """The end of attacks of one kind; an object lost while the hand gets ready is not attacked further."""
    world, dt = job.world, job.world.timestep_s
    batch = _Batch(open_scene(world, job.spec), job.states[rows])
    starts = [lifted_pose(job.grasps[row], world.hand, world.grip, world.lift) for row in rows]
    prepared = [way.prepare(job.attack, index, start, dt=dt) for index, start in zip(indices, starts, strict=True)]
    batch.play(np.arange(len(rows)), prepared)
    depths = np.zeros(len(rows))
    if way.second_hand is not None:
        depths = batch.bring(way.second_hand, job.attack, indices)
    paths = [
        way.trajectory(job.attack, index, ready[-1], depth_m=depth, dt=dt)
        for index, ready, depth in zip(indices, prepared, depths, strict=True)
    ]
    batch.play(batch.holding(), paths)
    return batch


class _Batch:
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

    def play(self, rows: np.ndarray, trajectories: Sequence[Trajectory] | np.ndarray) -> None:
        """Plays the trajectories of some rows; the others, lost, feel nothing from here on.

        Trajectories of different lengths do not wait for each other, so that no attempt depends on the others.
        """
        self.force_n[:] = 0.0
        lengths = np.array([len(path) for path in trajectories])
        for length in np.unique(lengths[rows]):
            together = rows[lengths[rows] == length]
            self._play(together, np.stack([trajectories[row] for row in together]))

    def _play(self, rows: np.ndarray, trajectories: np.ndarray) -> None:
        played = self._scene.engine.play(self.states[rows], trajectories)
        self.valid[rows] = played.valid
        keep = rows[played.valid]
        self.states[keep] = played.states[played.valid]
        window = played.sensors[played.valid, -FORCE_WINDOW_STEPS:]
        sensors = HandSensors()
        fingers = window[..., [sensors.left_force, sensors.right_force]].mean(axis=1)
        self.force_n[keep] = fingers.min(axis=1)
        self.closing_m[keep] = window[:, -1, sensors.closing]


def _with_hand(state: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """The state with the hand, open, at a pose."""
    placed = state.copy()
    placed[1:7] = pose[:6]
    return placed
