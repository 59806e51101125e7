"""Physics facts of the snatch: what a pull dislodges, what it cannot, and that action k touches where pixel k says."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from stage import OBJECT_QPOS, box, gripping, laid_at
from tiny import world_config

from sparring.actions.adversaries import ADVERSARIES, SNATCH
from sparring.actions.grasp import Grasp
from sparring.actions.snatch import SNATCHES_N, Snatch, index_of, pose, presented_pose, starting_pose, trajectory
from sparring.config import HIGH_FORCE, AttackConfig, NoiseConfig, PresentConfig, SecondHandConfig, SnatchConfig, WorldConfig
from sparring.evaluation.drawing import snatch_pixel
from sparring.game.jobs import AttackJob, AttackOutcomes, GraspJob, LookJob, _attacked, attack, grasp, look
from sparring.game.wave import world_grasp
from sparring.players.choosing import ImageGrasp
from sparring.world.hand import HAND_TARGETS_N
from sparring.world.mount import second_mount
from sparring.world.objects.model import ObjectModel, Part, assemble
from sparring.world.objects.named import NAMED_OBJECTS
from sparring.world.scene import Scene, SceneSpec, open_scene

BAR = box((0.02, 0.12, 0.03), 0.2)
"""Lies across the closing direction, so that only the middle column of grasp points meets it."""
THERE, TURNED = (0.02, -0.01), 0.3
QUIET = replace(world_config(), noise=NoiseConfig(0.0, 0.0))
PLAIN, RUBBER = gripping(QUIET, 7.0, 0.4), replace(QUIET, grip=HIGH_FORCE.grip)
PULLED = [index_of(Snatch(0, row, angle)) for row in (-1, 1) for angle in (0, 1, 3)]
BESIDE = [index_of(Snatch(column, row, angle)) for column in (-1, 1) for row in (-1, 0, 1) for angle in range(4)]


def ladder() -> ObjectModel:
    """A bar across the closing direction with a rung along it at each end."""
    wood = {"material": "wood", "colour": (0.9, 0.05, 0.05)}
    parts = [Part("box", (0.01, 0.036, 0.012), (0.0, 0.0, 0.012), **wood)]  # type: ignore[arg-type]
    parts += [Part("box", (0.045, 0.006, 0.012), (0.0, y, 0.012), **wood) for y in (-0.03, 0.03)]  # type: ignore[arg-type]
    return assemble("ladder", "ladder", parts, mass_kg=0.15)


@pytest.fixture(autouse=True)
def objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects of these tests are known by name."""
    for model in (BAR, ladder()):
        monkeypatch.setitem(NAMED_OBJECTS, model.name, model)


def laid(world: WorldConfig, name: str) -> tuple[SceneSpec, np.ndarray]:
    """An object at a place, turned as the grasp is."""
    spec = SceneSpec(name, 0)
    state = laid_at(open_scene(world, spec), *THERE)
    state[OBJECT_QPOS][3:] = [np.cos(TURNED / 2), 0, 0, np.sin(TURNED / 2)]
    return spec, state


def held_job(world: WorldConfig, name: str, config: SnatchConfig, actions: list[int], adversary: str = "snatch") -> AttackJob:
    """Attacks on the object, held in its middle."""
    spec, state = laid(world, name)
    outcome = grasp(GraspJob(world, spec, state, (Grasp(*THERE, TURNED),), (0,)))
    assert outcome.lifted[0]
    n = len(actions)
    states = np.repeat(outcome.states, n, axis=0)
    return AttackJob(world, AttackConfig(snatch=config), adversary, spec, states, outcome.executed * n, tuple(actions))


def snatched(world: WorldConfig, actions: list[int], *, pull_n: float, roll_deg: float = 0.0) -> AttackOutcomes:
    """What pulling at the held bar leads to."""
    second = SecondHandConfig(pull_n=pull_n, present=PresentConfig(roll_deg=roll_deg))
    outcomes = attack(held_job(world, BAR.name, SnatchConfig(second_hand=second), actions))
    assert not outcomes.invalid.any()
    return outcomes


def test_a_pull_at_a_grasp_of_seven_newtons_dislodges() -> None:
    assert snatched(PLAIN, PULLED, pull_n=15.0).dislodged.all()


def test_a_pull_of_nothing_never_dislodges_what_is_well_held() -> None:
    assert not snatched(PLAIN, list(range(SNATCHES_N)), pull_n=0.0).dislodged.any()


def test_a_snatch_beside_the_object_dislodges_nothing() -> None:
    assert not snatched(PLAIN, BESIDE, pull_n=15.0).dislodged.any()


def test_a_pull_along_the_object_where_the_fingers_cannot_straddle_it_dislodges_nothing() -> None:
    along = [index_of(Snatch(0, row, 2)) for row in (-1, 1)]
    assert not snatched(PLAIN, along, pull_n=15.0).dislodged.any()


def test_rubber_pads_and_35_newtons_survive_the_pull_that_dislodges_at_seven_with_plain_pads() -> None:
    assert not snatched(RUBBER, PULLED, pull_n=15.0).dislodged.any()


def test_a_pull_weaker_than_the_friction_of_the_grip_dislodges_nothing() -> None:
    assert not snatched(PLAIN, PULLED, pull_n=1.0).dislodged.any()


def test_an_object_may_be_presented_level_and_is_snatched_from_beside() -> None:
    assert snatched(PLAIN, PULLED, pull_n=15.0, roll_deg=60.0).dislodged.all()
    assert not snatched(PLAIN, BESIDE, pull_n=15.0, roll_deg=60.0).dislodged.any()


def end_of(job: AttackJob) -> tuple[Scene, np.ndarray]:
    """The scene with both hands and the states in which snatches end."""
    batch = _attacked(job, SNATCH, np.arange(len(job.actions)), list(job.actions))
    return open_scene(job.world, job.spec, job.attack.snatch.second_hand), batch.states


def touched_m(scene: Scene, state: np.ndarray) -> np.ndarray:
    """Middle between where the second hand's fingers touch the object, in the object's frame."""
    data, model = scene.engine.forward(state), scene.engine.model
    body, middles = data.body("object"), []
    for side in ("left", "right"):
        finger = model.body(f"second_{side}_finger").id
        pairs = model.geom_bodyid[data.contact.geom]
        meets = [{finger, body.id} == set(pair) for pair in pairs.tolist()]
        assert any(meets), f"the {side} finger touches nothing"
        middles.append(data.contact.pos[meets].mean(axis=0))
    return body.xmat.reshape(3, 3).T @ (np.mean(middles, axis=0) - body.xpos)


@pytest.mark.parametrize(
    ("name", "snatch"),
    [(BAR.name, Snatch(0, row, 0)) for row in (-1, 1)]
    + [("ladder", Snatch(column, row, 2)) for column in (-1, 1) for row in (-1, 1)],
    ids=str,
)
def test_an_action_touches_the_object_where_its_pixel_says(name: str, snatch: Snatch) -> None:
    """From the pixel of the patch to the camera's image, the table, the lifted object, and the second hand's fingers."""
    config = SnatchConfig(second_hand=SecondHandConfig(pull_n=0.0))
    spec, state = laid(PLAIN, name)
    view = look(LookJob(PLAIN, spec))
    column, row = view.calibration.pixels(np.array([THERE]))[0]
    chosen = ImageGrasp(float(column), float(row), 2, None)
    aimed = replace(world_grasp(view, chosen), theta_rad=TURNED)
    outcome = grasp(GraspJob(PLAIN, spec, state, (aimed,), (0,)))
    assert outcome.lifted[0]
    job = AttackJob(PLAIN, AttackConfig(snatch=config), "snatch", spec, outcome.states, outcome.executed, (index_of(snatch),))
    scene, states = end_of(job)
    local = touched_m(scene, states[0])
    turn = np.array([[np.cos(TURNED), -np.sin(TURNED)], [np.sin(TURNED), np.cos(TURNED)]])
    on_table = np.array(THERE) + turn @ local[:2]
    touched_px = view.calibration.pixels(on_table[None])[0] - [column, row]
    patch_m, side_px = 0.144, 0.144 / view.calibration.pixel_m
    drawn_px = snatch_pixel(config, index_of(snatch), side_px=round(side_px), patch_m=patch_m) - (round(side_px) - 1) / 2
    image_angle = TURNED - view.calibration.turn_rad
    along, across = np.array([np.cos(image_angle), -np.sin(image_angle)]), np.array([np.sin(image_angle), np.cos(image_angle)])
    wanted_px = drawn_px[0] * along + drawn_px[1] * across
    assert np.linalg.norm(wanted_px) > 9
    free = along if snatch.angle == 0 else across
    assert abs((touched_px - wanted_px) @ free) < 1.5, "closed about the point, to a pixel and a half"
    assert np.linalg.norm(touched_px - wanted_px) < 2.5, "the pads are five pixels wide"


@pytest.mark.parametrize("depth_m", [0.0, 0.02, 0.06, 0.2])
def test_the_second_hand_is_where_its_path_is_however_weak_its_arm(depth_m: float) -> None:
    """In free air of the world as it is: when the fingers begin to close, at the plane, and after the pull."""
    config, world = SnatchConfig(), WorldConfig()
    scene, alone = open_scene(world, SceneSpec("bar-0003", 0), config.second_hand), open_scene(world, SceneSpec("bar-0003", 0))
    path = trajectory(config, 30, laid_at(alone, 0.0, 0.0)[1:8], depth_m=depth_m, dt=world.timestep_s)
    closing, plane = int(np.argmax(path[:, 13] > 0)), int(np.flatnonzero(path[:, 9] < 1e-9)[-1])
    state = scene.with_second_hand(laid_at(alone, 0.3, 0.3), starting_pose(config, 30, depth_m))[None]
    for first, last in ((0, closing), (closing, plane), (plane, len(path))):
        state = scene.engine.play(state, path[None, first:last]).states
        assert state[0, OBJECT_QPOS.stop :][:6] == pytest.approx(path[last - 1, 7:13], abs=0.0015)


def test_a_second_hand_without_room_at_its_start_is_invalid() -> None:
    """The object reaches so far that the second hand would start in the table."""
    job = held_job(PLAIN, BAR.name, SnatchConfig(), BESIDE[:1])
    far = replace(SNATCH.second_hand, start=lambda config, index, depth_m: pose(config.snatch, index, 0.4))  # type: ignore[type-var]
    batch = _attacked(job, replace(SNATCH, second_hand=far), np.arange(1), list(job.actions))
    assert not batch.valid[0]


def test_the_scene_without_a_snatch_does_not_pay_for_the_second_hand() -> None:
    spec = SceneSpec(BAR.name, 0)
    alone, both = open_scene(PLAIN, spec).engine.model, open_scene(PLAIN, spec, SecondHandConfig()).engine.model
    assert (alone.nu, both.nu) == (HAND_TARGETS_N, 2 * HAND_TARGETS_N)
    assert both.nv == alone.nv + 8


def meetings(scene: Scene, state: np.ndarray) -> set[frozenset[str]]:
    """Which of hand, second hand, object and table touch."""
    data, model = scene.engine.forward(state), scene.engine.model
    roots = [model.body(model.body_rootid[body]).name for body in range(model.nbody)]
    pairs = model.geom_bodyid[data.contact.geom].tolist()
    return {frozenset(roots[body] for body in pair) for pair in pairs}


@pytest.mark.parametrize(
    ("second_z_m", "hand_z_m", "meets"),
    [(0.44, 0.7, {"second_hand", "world"}), (-0.1, 0.45, {"hand", "second_hand"}), (-0.2, 0.9, set())],
)
def test_the_hands_meet_each_other_and_the_table_but_never_themselves(
    second_z_m: float, hand_z_m: float, meets: set[str]
) -> None:
    second = SecondHandConfig()
    scene, alone = open_scene(PLAIN, SceneSpec(BAR.name, 0), second), open_scene(PLAIN, SceneSpec(BAR.name, 0))
    state = laid_at(alone, 0.3, 0.3)
    state[3], state[4] = hand_z_m, np.pi / 2
    found = meetings(scene, scene.with_second_hand(state, np.array([0, 0, second_z_m, 0.3, 0, 0, 0])))
    assert found - {frozenset({"object", "world"})} == ({frozenset(meets)} if meets else set())


def test_the_second_hand_meets_the_object() -> None:
    scene, states = end_of(held_job(PLAIN, BAR.name, SnatchConfig(second_hand=SecondHandConfig(pull_n=0.0)), PULLED[:1]))
    assert frozenset({"object", "second_hand"}) in meetings(scene, states[0])
    assert frozenset({"object", "hand"}) in meetings(scene, states[0])


def test_a_blocked_approach_stops_and_is_a_failed_snatch() -> None:
    """In the middle, closing as the protagonist does, the second hand's fingers meet the protagonist's."""
    wide = [index_of(Snatch(0, 0, 2))]
    config = SnatchConfig(second_hand=SecondHandConfig(pull_n=0.0))
    scene, states = end_of(held_job(PLAIN, BAR.name, config, wide))
    data = scene.engine.forward(states[0])
    mount = second_mount(config.second_hand)
    height = float((data.body("second_hand").xpos - np.array(mount.position_m)) @ mount.rotation[:, 2])
    assert height > 0.01, "it could not come to the plane"
    assert scene.is_between_fingers(states[0])


@pytest.mark.parametrize("roll_deg", [0.0, 45.0])
def test_the_object_is_presented_where_the_config_says(roll_deg: float) -> None:
    present = PresentConfig(position_m=(0.05, 0.03, 0.5), yaw_deg=60.0, roll_deg=roll_deg)
    config = SnatchConfig(second_hand=SecondHandConfig(present=present))
    scene, states = end_of(held_job(PLAIN, BAR.name, config, BESIDE[:1]))
    assert states[0, 1:7] == pytest.approx(presented_pose(present, np.zeros(7))[:6], abs=0.003)
    assert scene.is_between_fingers(states[0])


def test_one_attack_never_depends_on_the_others_of_its_job() -> None:
    actions = [0, 20, 4, 31, 14, 50, 19, 40]
    together = attack(held_job(PLAIN, "ladder", SnatchConfig(), actions, "mixed"))
    for index, action in enumerate(actions):
        alone = attack(held_job(PLAIN, "ladder", SnatchConfig(), [action], "mixed"))
        assert alone.dislodged[0] == together.dislodged[index]
    shakes = ADVERSARIES["shake"].actions_n
    assert any(action < shakes for action in actions)
    job = held_job(PLAIN, "ladder", SnatchConfig(), [4, 16, 30])
    _, states = end_of(job)
    for index, action in enumerate(job.actions):
        _, (alone_state,) = end_of(replace(job, states=job.states[:1], grasps=job.grasps[:1], actions=(action,)))
        assert np.array_equal(alone_state, states[index])


def test_how_far_an_object_reaches_towards_the_second_hand() -> None:
    second = SecondHandConfig()
    scene = open_scene(PLAIN, SceneSpec(BAR.name, 0))
    height_m = second.present.position_m[2]
    assert scene.depth_m(laid_at(scene, 0.0, 0.0, height_m - 0.1), second_mount(second)) == pytest.approx(0.1)
    level = replace(second, present=replace(second.present, roll_deg=90.0, yaw_deg=0.0))
    state = laid_at(scene, 0.0, 0.2, height_m)
    assert scene.depth_m(state, second_mount(level)) == pytest.approx(0.2 + 0.06, abs=1e-6)


def test_fingers_that_feel_the_second_hand_do_not_hold_the_object() -> None:
    scene = open_scene(PLAIN, SceneSpec(BAR.name, 0))
    job = held_job(PLAIN, BAR.name, SnatchConfig(), [0])
    assert scene.is_between_fingers(job.states[0])
    gone = job.states[0].copy()
    gone[OBJECT_QPOS][:3] = [0.3, 0.3, 0.0]
    assert not scene.is_between_fingers(gone)


def test_a_state_goes_on_unchanged_when_the_second_hand_comes() -> None:
    job = held_job(PLAIN, BAR.name, SnatchConfig(), [0])
    alone = open_scene(PLAIN, job.spec)
    both = open_scene(PLAIN, job.spec, SecondHandConfig())
    joined = both.with_second_hand(job.states[0], np.array([0.0, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0]))
    before, after = alone.engine.forward(job.states[0]), both.engine.forward(joined)
    for name in ("hand", "left_finger", "object"):
        velocities = np.zeros((2, 6))
        for row, (data, model) in enumerate(((before, alone.engine.model), (after, both.engine.model))):
            mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_BODY, model.body(name).id, velocities[row], 0)  # type: ignore[attr-defined]
        assert before.body(name).xpos == pytest.approx(after.body(name).xpos)
        assert velocities[0] == pytest.approx(velocities[1])
