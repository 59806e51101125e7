"""What a worker does: look, grasp, attack."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import OBJECT_QPOS, box, laid_at
from tiny import world_config

from sparring.actions.grasp import Grasp, sensing_heights_m
from sparring.actions.shake import SHAKES_N
from sparring.config import AttackConfig, GripConfig, NoiseConfig, ShakeConfig, WorldConfig
from sparring.game.batch import Batch
from sparring.game.jobs import (
    AttackJob,
    GraspJob,
    GraspOutcomes,
    LookJob,
    StabilityJob,
    View,
    attack,
    grasp,
    look,
    stability,
    with_noise,
)
from sparring.world.objects.named import NAMED_OBJECTS
from sparring.world.scene import SceneSpec, open_scene

QUIET = replace(world_config(), noise=NoiseConfig(position_m=0.0, angle_deg=0.0))
ATTACK = AttackConfig(shake=ShakeConfig(duration_s=0.5, tilt_deg=75.0, turn_s=0.3))


def view_of(name: str = "hammer-0002", seed: int = 4, world: WorldConfig = QUIET) -> View:
    """A scene as it was looked at."""
    return look(LookJob(world, SceneSpec(name, seed)))


def some_grasps(view: View, n: int = 8) -> tuple[Grasp, ...]:
    """Grasps near the object."""
    rng = np.random.default_rng(view.spec.seed)
    at = np.array(view.centre_of_mass_m) + rng.uniform(-0.03, 0.03, (n, 2))
    return tuple(Grasp(float(x), float(y), float(t)) for (x, y), t in zip(at, rng.uniform(0, np.pi, n), strict=True))


def outcomes_of(view: View, world: WorldConfig = QUIET, *, must_hold: bool = False) -> GraspOutcomes:
    """What some grasps on a scene lead to."""
    grasps = some_grasps(view)
    return grasp(GraspJob(world, view.spec, view.state, grasps, tuple(range(len(grasps))), must_hold))


@pytest.fixture(scope="module")
def outcomes() -> list[GraspOutcomes]:
    """Of several objects, so that some grasps hold, some slip, some miss."""
    names = ("hammer-0002", "bar-0003", "ell-0001", "crate-0002", "dumbbell-0001")
    return [outcomes_of(view_of(name)) for name in names]


def test_a_look_is_the_same_every_time() -> None:
    first, again = view_of(), view_of()
    assert first.png == again.png
    assert np.array_equal(first.state, again.state)
    assert first.image.shape == (120, 160, 3)


def test_the_object_is_where_the_calibration_says(monkeypatch: pytest.MonkeyPatch) -> None:
    model = box((0.05, 0.05, 0.012), 0.2)
    monkeypatch.setitem(NAMED_OBJECTS, model.name, model)
    view = view_of(model.name, seed=9)
    red, green, _ = view.image.astype(int).transpose(2, 0, 1)
    row, column = np.nonzero(red - green > 40)
    (x, y), *_ = view.calibration.metres(np.array([[column.mean(), row.mean()]]))
    assert (x, y) == pytest.approx(view.centre_of_mass_m, abs=0.003)


def test_a_grasp_job_is_the_same_every_time() -> None:
    view = view_of()
    first, again = outcomes_of(view), outcomes_of(view)
    assert np.array_equal(first.states, again.states)
    assert np.array_equal(first.forces_n, again.forces_n)


def test_an_attempt_never_depends_on_the_others_of_its_job() -> None:
    view, grasps = view_of(), some_grasps(view_of())
    together = outcomes_of(view)
    for index in (7, 0, 3):
        alone = grasp(GraspJob(QUIET, view.spec, view.state, (grasps[index],), (index,)))
        assert np.array_equal(alone.states[0], together.states[index])
        assert np.array_equal(alone.forces_n[0], together.forces_n[index])


def test_some_grasps_hold_and_some_do_not(outcomes: list[GraspOutcomes]) -> None:
    held = np.concatenate([outcome.lifted for outcome in outcomes])
    assert 3 <= held.sum() <= len(held) - 3


def test_an_attempt_that_lost_its_object_feels_nothing_from_there_on(outcomes: list[GraspOutcomes]) -> None:
    forces = np.concatenate([outcome.forces_n for outcome in outcomes])
    lost = np.cumsum(forces <= QUIET.lift.sense_force_n, axis=1) > 0
    assert np.all(forces[:, 1:][lost[:, :-1]] == 0)
    assert (lost[:, :-1].any(axis=1)).sum() >= 3


def test_lifted_means_held_at_the_top(outcomes: list[GraspOutcomes]) -> None:
    for outcome in outcomes:
        top = outcome.forces_n[:, -1] > QUIET.lift.sense_force_n
        assert np.array_equal(outcome.lifted, top & ~outcome.invalid)
        height = outcome.states[:, OBJECT_QPOS][:, 2]
        assert np.all(height[outcome.lifted] > 0.2)
        assert not np.any(outcome.lifted & outcome.invalid)


def test_a_grasp_beside_the_object_closes_on_nothing() -> None:
    view = view_of()
    beside = Grasp(view.centre_of_mass_m[0] + 0.3, view.centre_of_mass_m[1], 0.0)
    outcome = grasp(GraspJob(QUIET, view.spec, view.state, (beside,), (0,)))
    assert outcome.forces_n.tolist() == [[0.0] * len(sensing_heights_m(QUIET.lift))]
    assert not outcome.sensed[0]
    assert not outcome.lifted[0]
    assert not outcome.invalid[0]


@pytest.mark.parametrize("sense_height_m", [0.0, 0.02, 0.05, 0.2, 0.3])
def test_the_weak_sensor_is_read_at_its_height(sense_height_m: float) -> None:
    world = replace(QUIET, lift=replace(QUIET.lift, sense_height_m=sense_height_m, sense_force_n=0.8))
    outcome = outcomes_of(view_of("dumbbell-0001", world=world), world)
    at = sensing_heights_m(world.lift).index(sense_height_m)
    assert np.array_equal(outcome.sensed, (outcome.forces_n[:, at] > 0.8) & ~outcome.invalid)


@settings(max_examples=8)
@given(st.floats(0.0, 0.3))
def test_any_sense_height_that_the_config_accepts_can_be_played(sense_height_m: float) -> None:
    world = replace(QUIET, lift=replace(QUIET.lift, sense_height_m=sense_height_m))
    assert outcomes_of(view_of(world=world), world).forces_n.shape[1] == len(sensing_heights_m(world.lift))


@pytest.mark.parametrize("sense_height_m", [1e-9, 0.0501, 0.2001, 0.29999])
def test_a_sense_height_beside_a_recorded_one_can_be_played(sense_height_m: float) -> None:
    world = replace(QUIET, lift=replace(QUIET.lift, sense_height_m=sense_height_m))
    outcome = outcomes_of(view_of(world=world), world)
    assert outcome.forces_n.shape[1] == len(sensing_heights_m(world.lift))


def test_sensing_later_never_senses_more(outcomes: list[GraspOutcomes]) -> None:
    forces = np.concatenate([outcome.forces_n for outcome in outcomes]) > QUIET.lift.sense_force_n
    assert np.all(forces[:, 1:] <= forces[:, :-1])


def test_a_test_asks_more_than_a_try() -> None:
    view = view_of("dumbbell-0001")
    held = outcomes_of(view, must_hold=True)
    tried = outcomes_of(view)
    assert np.all(held.lifted <= tried.lifted)
    assert np.array_equal(held.sensed, tried.sensed)
    assert held.states[held.lifted, 0] == pytest.approx(tried.states[held.lifted, 0] + QUIET.lift.hold_s)


def test_execution_noise_is_decided_by_its_seed_and_of_the_asked_size() -> None:
    world = replace(QUIET, noise=NoiseConfig(position_m=0.005, angle_deg=4.0))
    here = Grasp(0.01, -0.02, 0.5)
    drawn = [with_noise(here, world, seed) for seed in range(2000)]
    errors = np.array([[one.x_m - 0.01, one.y_m + 0.02, one.theta_rad - 0.5] for one in drawn])
    assert with_noise(here, world, 3) == drawn[3]
    assert errors.std(axis=0) == pytest.approx([0.005, 0.005, np.deg2rad(4.0)], rel=0.08)
    assert np.abs(errors.mean(axis=0) / errors.std(axis=0)).max() < 0.1
    assert with_noise(here, QUIET, 3) == here


def test_an_invalid_attempt_counts_for_nobody_and_keeps_its_state() -> None:
    view = view_of()
    wild = view.state.copy()
    wild[-6:] = 1e9
    outcome = grasp(GraspJob(QUIET, view.spec, wild, some_grasps(view, 2), (0, 1)))
    assert outcome.invalid.all()
    assert not outcome.sensed.any()
    assert not outcome.lifted.any()
    assert np.isfinite(outcome.states).all()
    assert np.array_equal(outcome.states[:, -6:], np.full((2, 6), 1e9))


def held_box(monkeypatch: pytest.MonkeyPatch, mass_kg: float, world: WorldConfig) -> AttackJob:
    """A box held in its middle, 15 times, to be shaken in all ways."""
    model = box((0.03, 0.06, 0.03), mass_kg)
    monkeypatch.setitem(NAMED_OBJECTS, model.name, model)
    spec = SceneSpec(model.name, 0)
    state = laid_at(open_scene(world, spec), 0.0, 0.0)
    outcome = grasp(GraspJob(world, spec, state, (Grasp(0.0, 0.0, 0.0),), (0,)))
    assert outcome.lifted.all()
    return AttackJob(
        world=world,
        attack=ATTACK,
        adversary="shake",
        spec=spec,
        states=np.repeat(outcome.states, SHAKES_N, axis=0),
        grasps=outcome.executed * SHAKES_N,
        actions=tuple(range(SHAKES_N)),
    )


def gripped(force_n: float, friction: float) -> WorldConfig:
    """The quiet world with that grip."""
    return replace(QUIET, grip=GripConfig(force_n=force_n, pad_friction=friction))


def test_no_shake_dislodges_a_light_box_from_a_firm_grip(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = attack(held_box(monkeypatch, 0.05, gripped(35.0, 0.9)))
    assert not outcome.invalid.any()
    assert not outcome.dislodged.any()


def test_some_shake_dislodges_a_box_that_is_just_held(monkeypatch: pytest.MonkeyPatch) -> None:
    job = held_box(monkeypatch, 0.34, gripped(7.0, 0.4))
    job = replace(job, attack=AttackConfig(shake=replace(ATTACK.shake, frequency_hz=4.0, amplitude_m=0.025, duration_s=1.0)))
    outcome = attack(job)
    assert outcome.dislodged.any()
    again = attack(replace(job, states=job.states[3:5], grasps=job.grasps[3:5], actions=job.actions[3:5]))
    assert np.array_equal(again.dislodged, outcome.dislodged[3:5])


def test_a_stronger_shake_dislodges_more(monkeypatch: pytest.MonkeyPatch) -> None:
    job = held_box(monkeypatch, 0.34, gripped(7.0, 0.4))
    shakes = (ShakeConfig(frequency_hz=hz, amplitude_m=0.025, duration_s=1.0, tilt_deg=75.0, turn_s=0.5) for hz in (0.5, 4.0))
    mild, wild = (attack(replace(job, attack=AttackConfig(shake=shake))).dislodged.sum() for shake in shakes)
    assert mild < wild


def put_to(test: str, job: AttackJob) -> bool:
    """Whether the first held grasp of a job survives a published test."""
    outcome = stability(StabilityJob(job.world, test, job.spec, job.states[:1], job.grasps[:1]))
    assert not outcome.invalid.any()
    return not outcome.dislodged[0]


@pytest.mark.parametrize("test", ["none", "axis-forces", "tugs"])
def test_a_firm_grip_survives_every_published_test(monkeypatch: pytest.MonkeyPatch, test: str) -> None:
    assert put_to(test, held_box(monkeypatch, 0.1, gripped(35.0, 0.9)))


@pytest.mark.parametrize(("mass_kg", "survived"), [(0.30, True), (0.50, False)])
def test_tugs_of_twice_the_weight_dislodge_what_friction_cannot_hold(
    monkeypatch: pytest.MonkeyPatch, mass_kg: float, survived: bool
) -> None:
    """Weight and a sideways tug together ask for sqrt(5) weights of 2 mu F = 8.4 N."""
    assert (np.sqrt(5) * mass_kg * 9.81 < 8.4) == survived
    job = held_box(monkeypatch, mass_kg, gripped(7.0, 0.6))
    assert put_to("none", job)
    assert put_to("tugs", job) == survived


def test_a_weak_grip_that_holds_the_weight_fails_the_axis_forces_by_slipping(monkeypatch: pytest.MonkeyPatch) -> None:
    """A box held off its middle turns in the pads when it is pushed, and 15 degrees are too many."""
    model = box((0.03, 0.12, 0.03), 0.3)
    monkeypatch.setitem(NAMED_OBJECTS, model.name, model)
    world, spec = gripped(7.0, 0.6), SceneSpec(model.name, 0)
    state = laid_at(open_scene(world, spec), 0.0, 0.0)
    outcome = grasp(GraspJob(world, spec, state, (Grasp(0.0, 0.0, 0.0), Grasp(0.0, 0.05, 0.0)), (0, 1)))
    assert outcome.lifted.all()
    tested = stability(StabilityJob(world, "axis-forces", spec, outcome.states, outcome.executed))
    assert tested.dislodged.tolist() == [False, True]
    waited = stability(StabilityJob(world, "none", spec, outcome.states, outcome.executed))
    assert waited.dislodged.tolist() == [False, False]


def test_a_batch_that_plays_nobody_feels_nothing() -> None:
    view = view_of()
    batch = Batch(open_scene(QUIET, view.spec), view.state[None])
    batch.play("closing", np.array([], int), np.zeros((1, 5, 7)))
    assert batch.force_n.tolist() == [0.0]
    assert np.array_equal(batch.states, view.state[None])
