"""Physics facts of the hand: what friction holds, what a force limit and a speed limit mean, what the hand traces."""

from dataclasses import replace

import numpy as np
import pytest
from motions import whole_shake
from stage import OBJECT_QPOS, box, gripping, laid_at, scene_with
from tiny import world_config

from sparring.actions.grasp import Grasp, closing, holding, lifted_pose, raising
from sparring.config import NoiseConfig, ShakeConfig, WorldConfig
from sparring.game import jobs
from sparring.world.hand import HandSensors, closed_target_m, gap_m, grasp_height_m
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import Scene, SceneSpec, open_scene

HERE = Grasp(0.0, 0.0, 0.0)
FORCES = [HandSensors.left_force, HandSensors.right_force]


def lifted(scene: Scene, grasp: Grasp = HERE, *, height_m: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """State and last sensors after closing on an object in the middle and raising it."""
    world = replace(scene.config, lift=replace(scene.config.lift, lift_height_m=height_m))
    tools, dt = (world.hand, world.grip, world.lift), world.timestep_s
    low = grasp_height_m(world.hand, world.lift)
    state = laid_at(scene, 0.0, 0.0)
    state[1:7] = grasp.pose(low)[:6]
    path = np.concatenate(
        [closing(grasp, *tools, from_m=low, dt=dt), raising(grasp, *tools, dt=dt), holding(grasp, *tools, dt=dt)]
    )
    played = scene.engine.play(state[None], path[None])
    assert played.valid[0]
    return played.states[0], played.sensors[0, -1]


def object_over_hand_m(state: np.ndarray) -> float:
    """Height of the object's frame over the hand's."""
    return float(state[OBJECT_QPOS][2] - state[1 + 2])


def held_world(friction: float = 0.6, force_n: float = 7.0) -> WorldConfig:
    """Raises so slowly that hardly more than the weight pulls, and holds long enough to come to rest."""
    world = gripping(world_config(), force_n, friction)
    return replace(world, lift=replace(world.lift, sense_height_m=0.05, speed_m_s=0.1, hold_s=0.5))


def test_a_box_under_the_friction_limit_slides_less_than_a_millimetre_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_with(monkeypatch, box((0.03, 0.05, 0.03), 0.2), held_world())
    state, sensors = lifted(scene)
    world = replace(scene.config, lift=replace(scene.config.lift, lift_height_m=0.1, hold_s=1.0))
    still = holding(HERE, world.hand, world.grip, world.lift, dt=world.timestep_s)
    later = scene.engine.play(state[None], still[None])
    assert sensors[FORCES] == pytest.approx([7.0, 7.0], rel=0.15)
    assert state[OBJECT_QPOS][2] > 0.08
    assert abs(object_over_hand_m(later.states[0]) - object_over_hand_m(state)) < 0.001


@pytest.mark.parametrize(("mass_kg", "held"), [(0.3, True), (0.6, True), (1.2, False), (2.0, False)])
def test_pads_hold_twice_mu_times_force_and_no_more(monkeypatch: pytest.MonkeyPatch, mass_kg: float, held: bool) -> None:
    limit_kg = 2 * 0.6 * 7.0 / 9.81
    assert held == (mass_kg < limit_kg)
    scene = scene_with(monkeypatch, box((0.03, 0.05, 0.03), mass_kg), held_world())
    state, _ = lifted(scene)
    assert (state[OBJECT_QPOS][2] > 0.05) == held


def test_rubber_pads_and_35_n_hold_what_plain_pads_and_7_n_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    model = box((0.03, 0.05, 0.03), 1.2)
    firm, gentle = held_world(friction=0.9, force_n=35.0), held_world(friction=0.6, force_n=7.0)
    state, sensors = lifted(scene_with(monkeypatch, model, firm))
    assert state[OBJECT_QPOS][2] > 0.08
    assert sensors[FORCES] == pytest.approx([35.0, 35.0], rel=0.15)
    assert lifted(scene_with(monkeypatch, model, gentle))[0][OBJECT_QPOS][2] < 0.05


@pytest.mark.parametrize("force_n", [7.0, 35.0])
def test_fingers_closed_on_nothing_feel_nothing(monkeypatch: pytest.MonkeyPatch, force_n: float) -> None:
    world = gripping(world_config(), force_n, 0.6)
    scene = scene_with(monkeypatch, box((0.03, 0.05, 0.03), 0.2), world)
    low = grasp_height_m(world.hand, world.lift)
    state = laid_at(scene, 0.4, 0.4)
    state[1:7] = HERE.pose(low)[:6]
    path = closing(HERE, world.hand, world.grip, world.lift, from_m=low, dt=world.timestep_s)
    sensors = scene.engine.play(state[None], path[None]).sensors[0]
    assert np.all(sensors[:, FORCES] == 0)
    gap = gap_m(world.hand, sensors[-1:, HandSensors.closing])
    assert gap == pytest.approx([world.hand.closed_gap_m], abs=0.001)


@pytest.mark.parametrize("force_n", [7.0, 35.0])
def test_fingers_close_no_faster_than_they_may(monkeypatch: pytest.MonkeyPatch, force_n: float) -> None:
    world = gripping(world_config(), force_n, 0.6)
    world = replace(world, hand=replace(world.hand, closing_speed_m_s=0.08))
    scene = scene_with(monkeypatch, box((0.03, 0.05, 0.03), 0.2), world)
    low = grasp_height_m(world.hand, world.lift)
    state = laid_at(scene, 0.4, 0.4)
    state[1:7] = HERE.pose(low)[:6]
    path = closing(HERE, world.hand, world.grip, world.lift, from_m=low, dt=world.timestep_s)
    travel = scene.engine.play(state[None], path[None]).sensors[0, :, HandSensors.closing]
    speeds = np.diff(travel) / world.timestep_s / 2
    assert speeds.max() < 1.1 * 0.08
    assert speeds.max() > 0.9 * 0.08


def test_the_closing_target_saturates_the_force_on_the_thinnest_object() -> None:
    world = held_world(force_n=35.0)
    assert closed_target_m(world.hand, world.grip) > world.hand.opening_m - world.hand.closed_gap_m


def held_of(world: WorldConfig) -> np.ndarray:
    """Which of some grasps near the objects' middles hold, without noise."""
    held = []
    for k, name in enumerate(names_in("training", world.objects)):
        spec = SceneSpec(name, k)
        scene = open_scene(world, spec)
        middle, rng = scene.centre_of_mass_m(scene.settled)[:2], np.random.default_rng(k)
        at, turn = middle + rng.uniform(-0.02, 0.02, (4, 2)), rng.uniform(0, np.pi, 4)
        grasps = tuple(Grasp(float(x), float(y), float(theta)) for (x, y), theta in zip(at, turn, strict=True))
        job = jobs.GraspJob(world, spec, scene.settled, grasps, (0, 1, 2, 3))
        held.append(jobs.grasp(job).lifted)
    return np.concatenate(held)


def test_35_newtons_never_do_worse_than_7_by_knocking_things_away() -> None:
    quiet = replace(world_config(), noise=NoiseConfig(position_m=0.0, angle_deg=0.0))
    gentle, firm = (held_of(gripping(quiet, force_n, 0.5)) for force_n in (7.0, 35.0))
    assert gentle.sum() > 5
    assert firm.sum() >= gentle.sum() - 0.05 * len(gentle)


def hand_trace(scene: Scene, path: np.ndarray, start: np.ndarray, *, every: int) -> np.ndarray:
    """The hand's axes after every few steps of a path."""
    state, trace = start[None], []
    for first in range(0, len(path), every):
        state = scene.engine.play(state, path[None, first : first + every]).states
        trace.append(state[0, 1:7].copy())
    return np.array(trace)


@pytest.mark.parametrize(("index", "axis"), [(0, 0), (1, 1), (2, 2)])
def test_the_hand_traces_25_millimetres_at_2_hertz(monkeypatch: pytest.MonkeyPatch, index: int, axis: int) -> None:
    scene = scene_with(monkeypatch, box((0.03, 0.05, 0.03), 0.2), held_world())
    world = scene.config
    state, _ = lifted(scene)
    config = ShakeConfig(frequency_hz=2.0, amplitude_m=0.025, duration_s=2.0, turn_s=0.2)
    pose = lifted_pose(HERE, world.hand, world.grip, replace(world.lift, lift_height_m=0.1))
    path = whole_shake(config, index, pose, dt=world.timestep_s)
    trace = hand_trace(scene, path, state, every=5)
    times = world.timestep_s * 5 * np.arange(1, len(trace) + 1)
    steady = times > 0.7
    waves = np.stack([f(2 * np.pi * 2.0 * times[steady]) for f in (np.sin, np.cos)] + [np.ones(steady.sum())], axis=1)
    fitted, *_ = np.linalg.lstsq(waves, trace[steady, axis])
    assert np.hypot(*fitted[:2]) == pytest.approx(0.025, abs=0.001)
    assert np.abs(trace[steady, axis] - waves @ fitted).max() < 0.001
    others = [other for other in range(3) if other != axis]
    assert np.ptp(trace[steady][:, others], axis=0).max() < 0.001


@pytest.mark.parametrize("index", [3, 6, 9, 12])
def test_the_hand_turns_as_far_as_the_shake_asks(monkeypatch: pytest.MonkeyPatch, index: int) -> None:
    scene = scene_with(monkeypatch, box((0.03, 0.05, 0.03), 0.2), held_world())
    world = scene.config
    state, _ = lifted(scene)
    config = ShakeConfig(duration_s=1.0, tilt_deg=60.0)
    pose = lifted_pose(HERE, world.hand, world.grip, replace(world.lift, lift_height_m=0.1))
    path = whole_shake(config, index, pose, dt=world.timestep_s)
    trace = hand_trace(scene, path, state, every=50)
    assert trace[-1, 3:] == pytest.approx(path[-1, 3:6], abs=np.deg2rad(2.0))
    assert np.abs(path[-1, 4:6]).max() == pytest.approx(np.deg2rad(60.0))
