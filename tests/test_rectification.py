"""Photos become overhead pictures in which a pixel is where it says, and which show nothing that the photo does not."""

from dataclasses import replace

import numpy as np
import pytest
from lenses import lens
from test_pinhole import UPWARDS

from sparring.errors import DataError
from sparring.overhead import Calibration
from sparring.pinhole import UNDISTORTED, PinholeCamera
from sparring.rectification import FURTHEST_M, is_straight, on_plane, overhead_of, rectification_of


def waves(places: np.ndarray) -> np.ndarray:
    """Smooth colours of places on the table, 0-255."""
    x, y = 20 * places[:, 0], 20 * places[:, 1]
    return 127 + 100 * np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=1)


def photo_of_waves(camera: PinholeCamera) -> np.ndarray:
    """What a camera sees of them."""
    width_px, height_px = camera.size_px
    row, column = np.mgrid[:height_px, :width_px].reshape(2, -1)
    places = np.nan_to_num(camera.meets_table(np.stack([column, row], axis=1).astype(float)))
    return (waves(places) + 0.5).astype(np.uint8).reshape(height_px, width_px, 3)


@pytest.mark.parametrize(
    ("camera", "pixel_m"),
    [
        (lens(), 0.003),
        (lens(0.0, distortion=UNDISTORTED), 0.003),
        (lens(40.0, 120.0), 0.004),
        (lens(20.0, size_px=(640, 480), focal_px=600.0), 0.004),
    ],
    ids=["oblique", "straight", "turned", "finer than wanted"],
)
def test_every_pixel_of_a_rectified_photo_shows_its_place_on_the_table(camera: PinholeCamera, pixel_m: float) -> None:
    overhead = overhead_of(camera, pixel_m)
    rectification, photo = rectification_of(camera, overhead), photo_of_waves(camera)
    seen = rectification(photo[rectification.rows, rectification.columns])
    row, column = np.mgrid[: overhead.height_px, : overhead.width_px].reshape(2, -1).astype(float)
    expected = waves(on_plane(overhead, np.stack([column, row], axis=1), 0.0)).reshape(seen.shape)
    assert np.abs(seen - expected)[1:-1, 1:-1].max() < 6
    assert np.abs(seen - expected).mean() < 1.0


def test_a_finer_photo_is_averaged_and_not_picked_from() -> None:
    camera = lens(10.0, size_px=(640, 480), focal_px=1200.0)
    overhead = overhead_of(camera, 0.004)
    rectification = rectification_of(camera, overhead)
    assert rectification.side_px >= 4
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert rectification(noise[rectification.rows, rectification.columns]).std() < noise.std() / 3


@pytest.mark.parametrize(
    ("tilt_deg", "yaw_deg", "distance_m"), [(0, 0, 0.5), (0, 33, 1.0), (20, 0, 0.8), (35, 100, 0.7), (45, -60, 0.4)]
)
def test_the_overhead_picture_is_seen_whole_and_has_no_room_left(tilt_deg: float, yaw_deg: float, distance_m: float) -> None:
    camera = lens(tilt_deg, yaw_deg, distance_m)
    overhead = overhead_of(camera, 0.002)
    right, bottom = overhead.width_px - 1.0, overhead.height_px - 1.0
    corners = np.array([[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]])
    assert camera.sees(on_plane(overhead, corners, 0.0))
    for side, outwards in enumerate([[0.0, -8.0], [8.0, 0.0], [0.0, 8.0], [-8.0, 0.0]]):
        moved = np.linspace(corners[side], corners[(side + 1) % 4], 101) + outwards
        assert not camera.sees(on_plane(overhead, moved, 0.0))


def test_the_overhead_picture_ends_before_the_horizon() -> None:
    overhead = overhead_of(lens(70.0, distance_m=0.5), 0.004)
    assert overhead.height_px * 0.004 <= 2 * FURTHEST_M
    assert overhead.width_px > 20


def test_straight_is_what_needs_no_rectifying() -> None:
    assert is_straight(lens(0.0, 30.0, distortion=UNDISTORTED))
    assert is_straight(lens(0.05, distortion=(1e-4, 0.0, 0.0, 0.0, 0.0)))
    assert not is_straight(lens(3.0, distortion=UNDISTORTED))
    assert not is_straight(lens(0.0))
    assert not is_straight(replace(lens(0.0, distortion=UNDISTORTED), fy_px=320.0))


def test_a_camera_that_looks_up_has_no_overhead_picture() -> None:
    up = replace(lens(), world_from_camera=UPWARDS)
    with pytest.raises(DataError, match="does not see the table"):
        overhead_of(up, 0.002)


def test_a_photo_and_its_heights_are_rectified_alike() -> None:
    camera = lens()
    rectification = rectification_of(camera, Calibration(80, 60, 0.003, 0.0, 0.0, 1.0, 0.0))
    photo = photo_of_waves(camera)[rectification.rows, rectification.columns]
    assert np.array_equal(rectification(np.dstack([photo, photo[..., 1]]))[..., 3], rectification(photo)[..., 1])
