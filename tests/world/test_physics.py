"""What the engine must get right: rows apart from each other, divergence found out."""

import numpy as np
import pytest
from stage import OBJECT_QPOS, box, laid_at, scene_with
from tiny import world_config

from sparring.actions.grasp import Grasp, closing, start_height_m
from sparring.world.carrier import PARKED_HAND_M
from sparring.world.hand import HAND_DOF_N, HAND_TARGETS_N
from sparring.world.physics import Engine
from sparring.world.scene import Scene, SceneSpec

GRASPS = (Grasp(0.0, 0.0, 0.0), Grasp(0.01, 0.02, 0.7), Grasp(0.3, 0.3, 0.0))


def parked(steps: int) -> np.ndarray:
    """Controls that leave the hand where it is parked."""
    controls = np.zeros((1, steps, HAND_TARGETS_N))
    controls[..., 2] = PARKED_HAND_M
    return controls


def three_closings(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """States and controls of three grasps on one scene."""
    world, from_m = scene.config, start_height_m(scene.config.hand, scene.config.lift, scene.object_top_m(scene.settled))
    states = np.tile(scene.settled, (3, 1))
    for row, grasp in enumerate(GRASPS):
        states[row, 1:7] = grasp.pose(from_m)[:6]
    paths = [closing(grasp, world.hand, world.grip, world.lift, from_m=from_m, dt=world.timestep_s) for grasp in GRASPS]
    return states, np.stack(paths)


def test_a_row_never_depends_on_the_other_rows() -> None:
    scene = Scene(world_config(), SceneSpec("hammer-0001", 3))
    states, controls = three_closings(scene)
    together = scene.engine.play(states, controls)
    for row in (2, 0, 1):
        alone = scene.engine.play(states[row : row + 1], controls[row : row + 1])
        assert np.array_equal(alone.states[0], together.states[row])
        assert np.array_equal(alone.sensors[0], together.sensors[row])
        assert alone.valid[0] == together.valid[row]


def test_playing_does_not_change_what_it_is_given() -> None:
    scene = Scene(world_config(), SceneSpec("hammer-0001", 3))
    states, controls = three_closings(scene)
    before = states.copy(), controls.copy()
    scene.engine.play(states, controls)
    assert np.array_equal(states, before[0])
    assert np.array_equal(controls, before[1])


def test_playing_in_stages_ends_where_playing_at_once_does() -> None:
    scene = Scene(world_config(), SceneSpec("crate-0001", 3))
    whole = scene.engine.play(scene.settled[None], parked(200)).states
    half = scene.engine.play(scene.settled[None], parked(100)).states
    assert scene.engine.play(half, parked(100)).states == pytest.approx(whole, abs=1e-6)


@pytest.fixture
def boxed(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return scene_with(monkeypatch, box((0.08, 0.03, 0.03), 0.2), world_config())


def test_a_body_at_rest_is_valid(boxed: Scene) -> None:
    assert boxed.engine.play(laid_at(boxed, 0.0, 0.0)[None], parked(20)).valid.tolist() == [True]


@pytest.mark.parametrize("speed", [1e3, 1e6, np.inf, np.nan])
def test_a_runaway_is_marked_invalid(boxed: Scene, speed: float) -> None:
    state = laid_at(boxed, 0.0, 0.0, 0.2)
    state[1 + boxed.engine.model.nq + HAND_DOF_N] = speed
    assert boxed.engine.play(state[None], parked(20)).valid.tolist() == [False]


def test_a_diverged_row_leaves_its_neighbours_alone(boxed: Scene) -> None:
    calm, wild = laid_at(boxed, 0.0, 0.0), laid_at(boxed, 0.0, 0.0)
    wild[1 + boxed.engine.model.nq + HAND_DOF_N :] = 1e9
    played = boxed.engine.play(np.stack([calm, wild, calm]), np.tile(parked(20), (3, 1, 1)))
    assert played.valid.tolist() == [True, False, True]
    assert np.array_equal(played.states[0], played.states[2])
    assert np.array_equal(played.states[0], boxed.engine.play(calm[None], parked(20)).states[0])


def test_a_body_pressed_deep_into_another_is_marked_invalid(boxed: Scene) -> None:
    assert boxed.engine.play(laid_at(boxed, 0.0, 0.0, -0.02)[None], parked(1)).valid.tolist() == [False]


def test_forward_reads_a_state_without_moving_it(boxed: Scene) -> None:
    engine: Engine = boxed.engine
    state = laid_at(boxed, 0.01, 0.02)
    data = engine.forward(state)
    assert np.array_equal(data.qpos, state[1 : 1 + engine.model.nq])
    assert data.qpos[OBJECT_QPOS.start - 1 : OBJECT_QPOS.start + 1] == pytest.approx([0.01, 0.02])


@pytest.mark.parametrize("direction", np.eye(3).tolist())
def test_a_force_on_the_object_moves_its_centre_of_mass_as_newton_says(boxed: Scene, direction: list[float]) -> None:
    state = laid_at(boxed, 0.0, 0.0, 0.3)
    forces = np.tile(0.5 * np.array(direction) + [0, 0, 0.2 * 9.81], (1, 100, 1))
    before = boxed.centre_of_mass_m(state)
    after = boxed.centre_of_mass_m(boxed.engine.play(state[None], parked(100), forces).states[0])
    assert after - before == pytest.approx(0.5 * (0.5 / 0.2) * 0.2**2 * np.array(direction), abs=0.001)


def test_a_force_of_nothing_changes_nothing_and_none_stays_behind(boxed: Scene) -> None:
    state = laid_at(boxed, 0.0, 0.0, 0.3)[None]
    free = boxed.engine.play(state, parked(50)).states
    assert np.array_equal(boxed.engine.play(state, parked(50), np.zeros((1, 50, 3))).states, free)
    boxed.engine.play(state, parked(50), np.full((1, 50, 3), 3.0))
    assert np.array_equal(boxed.engine.play(state, parked(50)).states, free)
