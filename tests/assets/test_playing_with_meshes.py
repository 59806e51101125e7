"""Objects from meshes in the world: they weigh, lie, collide and look as they were brought in, and a match is played on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
from meshes import BLUE, RED, made, saved, small_set

from sparring.actions.grasp import Grasp
from sparring.assets.keeping import write_set
from sparring.config import NoiseConfig, RunConfig, WorldConfig
from sparring.data.store import read_stage
from sparring.evaluation.attempts import find_attempt
from sparring.evaluation.integrity import verify
from sparring.game import jobs
from sparring.game.replay import replay
from sparring.viewing.contact_sheet import LABEL_PX, TILE_PX, contact_sheet
from sparring.viewing.report import report
from sparring.world.camera import calibration_of, render
from sparring.world.objects.imported import ObjectSet
from sparring.world.scene import Scene, SceneSpec
from sparring.world.solids import solids

WORLD = replace(WorldConfig(), noise=NoiseConfig(0.0, 0.0))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ObjectSet:
    """A set of three objects, in the cache of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARRING_CACHE", str(tmp_path_factory.getbasetemp() / "sparring-cache"))
        return small_set(tmp_path_factory.mktemp("small"))


def scene_of(small: ObjectSet, name: str, seed: int = 0) -> Scene:
    """A scene with an object of the set."""
    return Scene(WORLD, SceneSpec(f"{small.name}:{name}", seed))


@pytest.mark.parametrize("name", ["box", "ell", "textured"])
def test_the_engine_knows_the_mass_that_the_card_tells(small: ObjectSet, name: str) -> None:
    scene = scene_of(small, name)
    card = next(one for one in small.card.objects if one.name == name)
    body = scene.engine.model.body("object")
    assert float(body.mass[0]) == pytest.approx(card.mass_kg)
    assert body.ipos == pytest.approx(card.centre_of_mass_m, abs=1e-9)
    assert sorted(body.inertia) == pytest.approx(sorted(np.linalg.eigvalsh(np.diag(card.inertia_kg_m2[:3]))), rel=0.3)
    assert scene.object.centre_of_mass_m == pytest.approx(card.centre_of_mass_m)


@pytest.mark.parametrize("seed", range(3))
def test_an_object_lies_still_on_the_table_in_a_stable_pose(small: ObjectSet, seed: int) -> None:
    scene = scene_of(small, "ell", seed)
    low, high = scene.object_bounds_m(scene.settled)
    assert low[2] == pytest.approx(0, abs=0.002)
    assert 0.018 < scene.object_top_m(scene.settled) < 0.125
    assert (np.abs((low + high)[:2] / 2) <= np.array(WORLD.spread_m) + 0.03).all()


def test_bounds_are_those_of_the_box(small: ObjectSet) -> None:
    scene = scene_of(small, "box")
    state = scene.engine.initial_state()
    state[scene.object_qpos] = [0.1, 0.2, 0.3, np.sqrt(0.5), 0, 0, np.sqrt(0.5)]
    low, high = scene.object_bounds_m(state)
    assert low == pytest.approx([0.08, 0.15, 0.285], abs=1e-6)
    assert high == pytest.approx([0.12, 0.25, 0.315], abs=1e-6)


def test_the_camera_sees_the_texture_where_it_is(small: ObjectSet) -> None:
    scene = scene_of(small, "textured")
    picture, calibration = render(scene, scene.settled), calibration_of(WORLD.camera, 0)
    body = scene.engine.forward(scene.settled).body("object")
    turn = body.xmat.reshape(3, 3)
    for x_m, colour in ((-0.025, RED), (0.025, BLUE)):
        place = body.xpos + turn @ [x_m, 0, 0]
        column, row = np.round(calibration.pixels(place[None, :2])[0]).astype(int)
        assert int(picture[row, column].argmax()) == int(np.argmax(colour))


def test_convex_parts_are_not_seen(small: ObjectSet) -> None:
    scene = scene_of(small, "ell")
    shown = [solid for solid in solids(scene, scene.settled) if solid.mesh is not None]
    assert len(shown) == 1
    assert shown[0].shape == "mesh"
    assert not [solid for solid in solids(scene, scene.settled) if solid.name.startswith("hull")]


def test_a_grasp_across_a_box_lifts_it_and_one_beside_it_does_not(small: ObjectSet) -> None:
    world, spec = WORLD, SceneSpec(f"{small.name}:box", 1)
    view = jobs.look(jobs.LookJob(world, spec))
    scene = Scene(world, spec)
    body = scene.engine.forward(view.state).body("object")
    axes = body.xmat.reshape(3, 3)
    narrow = axes[:, 1] if abs(axes[2, 1]) < 0.5 else axes[:, 2]
    theta = float(np.arctan2(narrow[1], narrow[0]))
    x, y = map(float, body.xpos[:2])
    grasps = (Grasp(x, y, theta), Grasp(x + 0.2, y, theta))
    outcomes = jobs.grasp(jobs.GraspJob(world, spec, view.state, grasps, (0, 0), must_hold=True))
    assert outcomes.lifted.tolist() == [True, False]
    assert not outcomes.invalid.any()


def config_on(small: ObjectSet) -> RunConfig:
    """A tiny run that is trained and tested on the set."""
    config = tiny.tiny_config()
    objects = replace(config.world.objects, train_on=small.name)
    return replace(config, world=replace(config.world, objects=objects), test=replace(config.test, objects=small.name))


def test_a_match_is_played_on_meshes_and_is_the_same_in_worker_processes(small: ObjectSet, tmp_path: Path) -> None:
    played = tiny.play(config_on(small), tmp_path / "serial")
    rows = read_stage(played.folder.stage("random")).to_pylist()
    assert {row["object"] for row in rows} <= set(small.object_names)
    assert {row["family"] for row in rows} == {"small"}
    assert not verify(played.folder).damages
    again = replay(find_attempt(played.folder, "random/00000/0000-0"))
    assert again.differences == ()
    tried = find_attempt(played.folder, f"low-force/{small.name}/start/{small.name}:box/{_seed(played, 'box')}")
    assert tried.row["object"] == f"{small.name}:box"
    told = [section.title for section in report([played.folder]).sections]
    assert any(small.name in title for title in told)
    assert tiny.play(config_on(small), tmp_path / "process", executor="process", workers_n=1).digest == played.digest


def _seed(played: tiny.PlayedRun, name: str) -> int:
    """Seed of the test's scene of an object."""
    from sparring.evaluation.evaluate import tests_of

    (test,) = tests_of(played.config)
    return next(spec.seed for spec in test.specs(played.config) if spec.object_name.endswith(f":{name}"))


def test_a_contact_sheet_has_a_tile_an_object(small: ObjectSet) -> None:
    sheet = contact_sheet(small.name, most_n=100, columns_n=2)
    assert sheet.size == (2 * TILE_PX, 2 * (TILE_PX + LABEL_PX))
    pixels = np.asarray(sheet)
    assert (pixels[TILE_PX + LABEL_PX :, TILE_PX:] == 255).all(), "three objects leave the fourth tile empty"
    assert all(pixels[: TILE_PX - 1, k * TILE_PX : (k + 1) * TILE_PX].std() > 5 for k in (0, 1))
    assert contact_sheet("named", most_n=1, columns_n=5).size == (TILE_PX, TILE_PX + LABEL_PX)


def test_a_ball_of_no_stable_pose_comes_to_rest(tmp_path: Path) -> None:
    import trimesh

    ball = write_set(tmp_path / "balls", "balls", [made(saved(trimesh.creation.icosphere(3, 0.02), tmp_path / "ball.stl"))])
    assert ball.card.objects[0].poses == ()
    scene = Scene(WORLD, SceneSpec(f"{ball.name}:ball", 2))
    assert scene.object_top_m(scene.settled) == pytest.approx(0.04, abs=0.002)
