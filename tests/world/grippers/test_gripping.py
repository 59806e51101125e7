"""Conformance: what every hand must do, whoever has drawn it."""

from dataclasses import replace

import numpy as np
import pytest
from stage import box, scene_with

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp, closing, lifted_pose, raising
from sparring.actions.trajectory import hold
from sparring.config import (
    AttackConfig,
    GripConfig,
    HandConfig,
    LiftConfig,
    NoiseConfig,
    ObjectConfig,
    SecondHandConfig,
    ShakeConfig,
    SnatchConfig,
    WorldConfig,
)
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import AttackRequest, GraspRequest, SimulatedCell
from sparring.world.hand import HandSensors, gap_m, grasp_height_m
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import Scene, SceneSpec, open_scene

HERE = Grasp(0.0, 0.0, 0.0)
FORCES = [HandSensors.left_force, HandSensors.right_force]
CUBE_M = 0.03


def world_with(hand: HandConfig) -> WorldConfig:
    lift = LiftConfig(lift_height_m=0.1, sense_height_m=0.05, speed_m_s=0.1)
    return WorldConfig(hand=hand, grip=GripConfig(force_n=7.0, pad_friction=0.6), lift=lift, objects=ObjectConfig(training_n=13))


def played(scene: Scene, state: np.ndarray, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last state and all sensors."""
    done = scene.engine.play(state[None], scene.command(state, path).controls[None])
    assert done.valid[0]
    return done.states[0], done.sensors[0]


def standing(scene: Scene, x_m: float) -> np.ndarray:
    """The cube on the table, the open hand around the middle of it."""
    state = scene.with_hand_at(scene.engine.initial_state(), HERE.pose(grasp_height_m(scene.config.hand, scene.config.lift)))
    state[scene.object_qpos] = [x_m, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    return state


def closed_on(scene: Scene, x_m: float) -> tuple[np.ndarray, np.ndarray]:
    world = scene.config
    tools, low = (world.hand, world.grip, world.lift), grasp_height_m(world.hand, world.lift)
    return played(scene, standing(scene, x_m), closing(HERE, *tools, from_m=low, dt=world.timestep_s))


def test_a_cube_is_held_with_the_force_that_was_asked_for_and_does_not_creep(
    hand: HandConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with(hand)
    scene = scene_with(monkeypatch, box((CUBE_M, CUBE_M, CUBE_M), 0.2), world)
    state, sensors = closed_on(scene, 0.0)
    assert gap_m(hand, sensors[-1:, HandSensors.closing]) == pytest.approx([CUBE_M], abs=0.001)
    tools, dt = (hand, world.grip, world.lift), world.timestep_s
    up = lifted_pose(HERE, *tools)
    raised, sensors = played(scene, state, np.concatenate([raising(HERE, *tools, dt=dt), hold(up, round(0.3 / dt))]))
    assert sensors[-1, FORCES] == pytest.approx([7.0, 7.0], rel=0.07)  # pads on arcs rub on what they close on
    assert raised[scene.object_qpos][2] > 0.09
    assert scene.is_between_fingers(raised)
    later, _ = played(scene, raised, hold(up, round(2.0 / dt)))
    shift_m, turn_rad = scene.slip(raised, later)
    assert shift_m < 0.001
    assert turn_rad < 0.02


def test_fingers_open_and_close_as_far_as_they_say_and_feel_nothing(hand: HandConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_with(monkeypatch, box((CUBE_M, CUBE_M, CUBE_M), 0.2), world_with(hand))
    _, sensors = closed_on(scene, 0.5)
    gaps = gap_m(hand, sensors[:, HandSensors.closing])
    assert gaps[0] == pytest.approx(hand.opening_m, abs=0.0005)
    assert gaps[-1] == pytest.approx(hand.closed_gap_m, abs=0.0005)
    assert gaps.min() > 0
    assert not sensors[:, FORCES].any()
    assert np.diff(gaps).min() / -scene.config.timestep_s < 2.4 * hand.closing_speed_m_s


def test_the_hand_frame_is_midway_between_the_pads_with_x_from_one_to_the_other(
    hand: HandConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_with(monkeypatch, box((CUBE_M, CUBE_M, CUBE_M), 0.2), world_with(hand))
    data = scene.engine.forward(scene.with_hand_at(scene.engine.initial_state(), HERE.pose(0.3)))
    left, right = (data.site(f"{side}_touch").xpos for side in ("left", "right"))
    middle = (left + right) / 2
    assert middle[:2] == pytest.approx([0.0, 0.0], abs=0.001)
    assert (left - right)[1:] == pytest.approx([0.0, 0.0], abs=1e-5)
    assert (left - right)[0] > hand.opening_m
    assert abs(middle[2] - 0.3) < 0.02


def hand_touches_something(scene: Scene, state: np.ndarray, down_m: float) -> bool:
    """Whether the hand would, so much lower."""
    lower = state.copy()
    lower[3] -= down_m
    data, model = scene.engine.forward(lower), scene.engine.model
    bodies = model.geom_bodyid[data.contact.geom]
    return bool(((bodies != model.body("object").id) & (bodies != 0)).any())


def test_open_or_closed_the_fingertips_clear_the_table_and_nearly_touch_it(
    hand: HandConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with(hand)
    scene = scene_with(monkeypatch, box((CUBE_M, CUBE_M, CUBE_M), 0.2), world)
    low = grasp_height_m(hand, world.lift)
    path = closing(HERE, hand, world.grip, world.lift, from_m=low, dt=world.timestep_s)
    state = standing(scene, 0.5)
    trace = scene.engine.play(state[None], scene.command(state, path).controls[None]).trace[0, ::20]
    for down_m, touches in ((0.0, False), (world.lift.clearance_m + 0.001, True)):
        assert any(hand_touches_something(scene, state, down_m) for state in trace) == touches


def attempts(hand: HandConfig, executor: str) -> list[np.ndarray]:
    """States in which grasps, shakes and snatches end, of a few objects, all drawn at random."""
    world = replace(world_with(hand), lift=LiftConfig(lift_height_m=0.1, sense_height_m=0.1), noise=NoiseConfig(0.003, 3.0))
    second = SecondHandConfig(hand=hand if hand.force_limit_n >= 35 else HandConfig())
    config = AttackConfig(shake=ShakeConfig(duration_s=0.5), snatch=SnatchConfig(second_hand=second))
    rng, ends = np.random.default_rng(0), list[np.ndarray]()
    with open_farm(FarmConfig(executor, 1)) as workforce:
        cell = SimulatedCell(world, config, workforce)
        requests, held = [], []
        for seed, name in enumerate(names_in("training", world.objects)[:6]):
            spec = SceneSpec(name, seed)
            scene = open_scene(world, spec)
            middle = scene.centre_of_mass_m(scene.settled)[:2]
            at, turns = middle + rng.uniform(-0.015, 0.015, (4, 2)), rng.uniform(0, np.pi, 4)
            grasps = tuple(Grasp(float(x), float(y), float(turn)) for (x, y), turn in zip(at, turns, strict=True))
            requests.append(GraspRequest(spec, scene.settled, grasps, (0, 1, 2, 3)))
        for request, outcome in zip(requests, cell.grasp(requests), strict=True):
            assert outcome.fault is None
            assert not outcome.invalid.any()
            ends += list(outcome.states)
            rows = np.flatnonzero(outcome.lifted)
            if len(rows):
                executed = tuple(outcome.executed[row] for row in rows)
                held.append((request.spec, outcome.states[rows], executed))
        assert held
        for name in ("shake", "snatch"):
            actions = [tuple(int(k) for k in rng.integers(ADVERSARIES[name].actions_n, size=len(one[2]))) for one in held]
            asked = [AttackRequest(*one, chosen) for one, chosen in zip(held, actions, strict=True)]
            for outcome in cell.attack(name, asked):
                assert outcome.fault is None
                assert outcome.invalid.mean() < 0.5
                ends += list(outcome.states)
    return ends


def test_grasps_shakes_and_snatches_end_somewhere_and_everywhere_alike(hand: HandConfig) -> None:
    here, there = attempts(hand, "serial"), attempts(hand, "process")
    assert all(np.isfinite(state).all() for state in here)
    assert len(here) == len(there)
    assert all(np.array_equal(one, other) for one, other in zip(here, there, strict=True))
