"""Rays meet all of an object, wherever its centre of mass lies."""

import mujoco
import numpy as np
import pytest

from sparring.config import ObjectConfig, WorldConfig
from sparring.world.objects.catalogue import FAMILIES, names_in
from sparring.world.rays import intersect
from sparring.world.scene import Scene, SceneSpec

ALL = np.ones(6, np.uint8)
NAMES = [f"{family}-{seed:04d}" for family in FAMILIES for seed in (0, 1, 2)] + list(names_in("named", ObjectConfig()))
EYE = np.array([0.02, -0.03, 1.1])


def one_by_one(scene: Scene, data: mujoco.MjData, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What MuJoCo's ray for a single ray says."""
    geoms, distance = np.full(len(rays), -1), np.full(len(rays), -1.0)
    geom = np.zeros(1, np.int32)
    for index, ray in enumerate(rays):
        distance[index] = mujoco.mj_ray(scene.engine.model, data, EYE, ray, ALL, 1, -1, geom)
        geoms[index] = geom[0]
    return geoms, distance


@pytest.mark.parametrize("name", NAMES)
def test_many_rays_at_once_meet_what_single_rays_meet(name: str) -> None:
    scene = Scene(WorldConfig(), SceneSpec(name, 3))
    data = scene.engine.forward(scene.settled)
    low, high = scene.object_bounds_m(scene.settled)
    x, y = np.meshgrid(np.linspace(low[0] - 0.01, high[0] + 0.01, 24), np.linspace(low[1] - 0.01, high[1] + 0.01, 24))
    rays = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1) - EYE
    geoms, distance, _ = intersect(scene, data, EYE, rays, ALL)
    expected_geoms, expected_distance = one_by_one(scene, data, rays)
    assert np.array_equal(geoms, expected_geoms)
    assert np.array_equal(distance, expected_distance)
    assert (geoms >= scene.object_geoms[0]).any()


def test_casting_rays_leaves_the_physics_as_it_was() -> None:
    """Contacts are found by the same bounds that rays are cast by."""
    scene = Scene(WorldConfig(), SceneSpec("bar-0000", 3))
    before = scene.engine.model.bvh_aabb.copy()
    data = scene.engine.forward(scene.settled)
    intersect(scene, data, EYE, np.array([[0.0, 0.0, -1.0]]), ALL)
    assert np.array_equal(scene.engine.model.bvh_aabb, before)
