"""What a detector is given matches the picture: the camera to the pixel, the depth to the table and the object."""

import numpy as np
import tiny

from sparring.game import jobs
from sparring.stress.sight import depth_of
from sparring.world.scene import SceneSpec, open_scene

WORLD = tiny.world_config()


def _view(name: str = "spoon-0001", seed: int = 7) -> jobs.View:
    return jobs.look(jobs.LookJob(WORLD, SceneSpec(name, seed)))


def test_the_camera_says_the_same_places_as_the_calibration() -> None:
    view = _view()
    pixels = np.array([[0.0, 0.0], [159.0, 119.0], [31.5, 77.25]])
    camera = view.calibration.as_pinhole()
    np.testing.assert_allclose(camera.on_table(pixels)[:, :2], view.calibration.metres(pixels), atol=1e-12)
    np.testing.assert_allclose(camera.pose(31.5, 77.25, 0.4).theta_rad, view.calibration.world_angle(0.4))


def test_the_depth_is_that_of_the_table_and_less_on_the_object() -> None:
    view = _view()
    depth_m = depth_of(view, WORLD)
    height_m = WORLD.camera.height_m
    assert depth_m.shape == view.image.shape[:2]
    table = np.isclose(depth_m, height_m, atol=1e-9)
    assert 0.8 < table.mean() < 0.999
    top_m = open_scene(WORLD, view.spec).object_top_m(view.state)
    assert height_m - top_m - 1e-6 <= depth_m.min() < height_m - 0.6 * top_m
    rows, columns = np.nonzero(~table)
    seen = np.abs(view.image.astype(float) - np.median(view.image.reshape(-1, 3), axis=0)).max(axis=2)
    assert seen[rows, columns].mean() > 2 * seen[table].mean()
