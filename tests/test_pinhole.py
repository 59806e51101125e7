"""From pixels to the table."""

import contextlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lenses import lens
from scipy.spatial.transform import Rotation

from sparring.errors import ConfigError, DataError
from sparring.pinhole import Distortion, PinholeCamera, heights_mm, rim

UPWARDS = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 0.0, 1.0))


def camera(tilt_deg: float = 0.0, yaw_deg: float = 0.0, height_m: float = 1.0, table_z_m: float = 0.0) -> PinholeCamera:
    """Over the origin, looking down, its image's right along the world's x at no yaw."""
    down = Rotation.from_euler("x", 180 + tilt_deg, degrees=True)
    turned = (Rotation.from_euler("z", yaw_deg, degrees=True) * down).as_matrix()
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turned, (0.1, -0.2, height_m)
    rows = tuple(tuple(map(float, row)) for row in pose)
    return PinholeCamera(800.0, 800.0, 319.5, 239.5, rows, table_z_m)  # type: ignore[arg-type]


def test_a_camera_that_looks_down_sees_what_is_below_it_in_its_middle() -> None:
    here, right, above = camera().on_table(np.array([[319.5, 239.5], [399.5, 239.5], [319.5, 159.5]]))
    assert here == pytest.approx([0.1, -0.2, 0.0])
    assert right == pytest.approx([0.2, -0.2, 0.0])
    assert above == pytest.approx([0.1, -0.1, 0.0])
    assert camera().pixel_m(640, 480) == pytest.approx(1 / 800)
    assert camera(table_z_m=0.2).pixel_m(640, 480) == pytest.approx(0.8 / 800)


@given(st.floats(-40, 40), st.floats(-180, 180), st.floats(0.3, 3.0), st.floats(10, 600), st.floats(10, 400))
def test_a_place_on_the_table_is_seen_where_it_came_from(
    tilt_deg: float, yaw_deg: float, height_m: float, column: float, row: float
) -> None:
    seen_from = camera(tilt_deg, yaw_deg, height_m)
    (place,) = seen_from.on_table(np.array([[column, row]]))
    assert place[2] == pytest.approx(0.0, abs=1e-9)
    pose = np.array(seen_from.world_from_camera)
    x, y, z = pose[:3, :3].T @ (place - pose[:3, 3])
    assert [800 * x / z + 319.5, 800 * y / z + 239.5] == pytest.approx([column, row], abs=1e-6)


@pytest.mark.parametrize("yaw_deg", [0.0, 30.0, -75.0])
@pytest.mark.parametrize("angle_deg", [0.0, 40.0, 90.0, 170.0])
def test_a_grasp_closes_along_its_angle_turned_with_the_camera(yaw_deg: float, angle_deg: float) -> None:
    pose = camera(yaw_deg=yaw_deg).pose(300.0, 200.0, np.deg2rad(angle_deg))
    off = (np.rad2deg(pose.theta_rad) - angle_deg - yaw_deg + 90) % 180 - 90
    assert off == pytest.approx(0.0, abs=1e-6)
    assert 0 <= pose.theta_rad <= np.pi


def test_a_camera_is_read_from_json(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(asdict(camera(10.0, 20.0))))
    assert PinholeCamera.read(path) == camera(10.0, 20.0)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON"),
        ("[" * 10_000, "not JSON"),
        ("{}", "no camera"),
        ("[]", "JSON object, this is a list"),
        ("null", "JSON object, this is a NoneType"),
        (json.dumps(asdict(camera()) | {"fx_px": "wide"}), "no camera"),
        (json.dumps(asdict(camera()) | {"fx_px": -1.0}), "focal lengths positive"),
        (json.dumps(asdict(camera()) | {"table_z_m": float("nan")}), "finite"),
        (json.dumps(asdict(camera()) | {"world_from_camera": np.zeros((4, 4)).tolist()}), "must be a rotation"),
        (json.dumps(asdict(camera()) | {"world_from_camera": np.diag([1.0, 1.0, -1.0, 1.0]).tolist()}), "must be a rotation"),
        (json.dumps(asdict(camera()) | {"world_from_camera": np.eye(3).tolist()}), "no camera"),
        (json.dumps(asdict(camera()) | {"world_from_camera": np.diag([1.0, 1.0, 1.0, 2.0]).tolist()}), "last row"),
    ],
)
def test_what_is_no_camera_is_refused_by_its_path(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "camera.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=said) as caught:
        PinholeCamera.read(path)
    assert str(path) in str(caught.value)


def test_a_camera_that_does_not_see_the_table_says_so() -> None:
    up = replace(camera(), world_from_camera=UPWARDS)
    with pytest.raises(DataError, match="does not see the table"):
        up.on_table(np.array([[10.0, 10.0]]))
    with pytest.raises(DataError, match="does not see the table"):
        camera(tilt_deg=80.0).on_table(np.array([[320.0, -4000.0], [320.0, 4000.0]]))


def test_a_camera_below_the_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="from above"):
        camera(height_m=-1.0)


@pytest.mark.usefixtures("unchecked")
def test_a_pose_may_be_an_array_or_lists() -> None:
    pose = np.array(camera(10.0).world_from_camera)
    assert replace(camera(), world_from_camera=pose) == camera(10.0)
    assert replace(camera(), world_from_camera=pose.tolist()) == camera(10.0)
    assert hash(replace(camera(), world_from_camera=pose.tolist()))
    for wrong in (np.eye(3), [[1.0, 2.0], [3.0]], "pose", None):
        with pytest.raises(ConfigError, match="4 x 4"):
            replace(camera(), world_from_camera=wrong)


COEFFICIENTS = st.tuples(
    st.floats(-0.3, 0.3), st.floats(-0.1, 0.1), st.floats(-2e-3, 2e-3), st.floats(-2e-3, 2e-3), st.floats(-0.05, 0.05)
)
RIM = rim(320, 240, per_side_n=5)


@given(COEFFICIENTS, st.floats(-40, 40), st.floats(-180, 180))
def test_pixels_to_the_table_and_back_through_a_bent_lens_is_nothing(
    distortion: Distortion, tilt_deg: float, yaw_deg: float
) -> None:
    with contextlib.suppress(ConfigError):  # some fold the rim over
        seen_from = lens(tilt_deg, yaw_deg, distortion=distortion)
        assert np.abs(seen_from.pixels(seen_from.on_table(RIM)) - RIM).max() < 1e-6


@given(COEFFICIENTS, st.floats(-40, 40), st.floats(-180, 180))
def test_opencv_projects_and_undistorts_alike(distortion: Distortion, tilt_deg: float, yaw_deg: float) -> None:
    try:
        seen_from = lens(tilt_deg, yaw_deg, distortion=distortion)
    except ConfigError:
        return
    matrix = np.array([[seen_from.fx_px, 0, seen_from.cx_px], [0, seen_from.fy_px, seen_from.cy_px], [0, 0, 1]])
    turn, shift = seen_from.rotation.T, -seen_from.rotation.T @ seen_from.eye_m
    places = seen_from.on_table(RIM)
    theirs, _ = cv2.projectPoints(places, Rotation.from_matrix(turn).as_rotvec(), shift, matrix, np.array(distortion))
    assert np.abs(theirs[:, 0] - seen_from.pixels(places)).max() < 1e-6
    exactly = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)
    flat = cv2.undistortPoints(RIM[:, None], matrix, np.array(distortion), criteria=exactly)
    assert np.abs(flat[:, 0] - seen_from.own_rays(RIM)[:, :2]).max() < 1e-5


def test_a_lens_that_folds_the_rim_over_is_refused() -> None:
    with pytest.raises(ConfigError, match="folds the rim"):
        lens(distortion=(-0.9, 0.0, 0.0, 0.0, 0.0))
    assert lens(distortion=(-0.9, 0.0, 0.0, 0.0, 0.0), focal_px=600.0)


def test_what_lies_beyond_the_fold_or_behind_the_camera_is_not_seen() -> None:
    bent = lens(tilt_deg=0.0, distortion=(-0.3, 0.0, 0.0, 0.0, 0.0))
    assert bent.reach == pytest.approx(np.sqrt(1 / 0.9))
    beyond, behind = np.array([[2.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 2.0]])
    assert np.isnan(bent.pixels(np.concatenate([beyond, behind]))).all()
    assert not bent.sees(beyond)
    assert bent.sees(np.zeros((1, 3)))


def test_a_camera_knows_the_size_of_its_pictures_or_takes_any() -> None:
    anything = replace(lens(), width_px=None, height_px=None)
    assert anything.of_size(640, 480).size_px == (640, 480)
    with pytest.raises(ConfigError, match="calibrated with pictures of 320 x 240 px, this one has 640 x 480"):
        lens().of_size(640, 480)
    with pytest.raises(ConfigError, match="add width_px and height_px"):
        _ = anything.size_px
    with pytest.raises(ConfigError, match="both width_px and height_px"):
        replace(lens(), width_px=None)
    with pytest.raises(ConfigError, match="2 to 16384 px"):
        replace(lens(), width_px=0)


def test_over_the_table_the_middle_of_the_photo_is_the_origin_and_its_right_is_x() -> None:
    moved = replace(lens(25.0, 70.0), table_z_m=-0.02).over_table()
    middle = (np.array([320, 240]) - 1) / 2
    here, right = moved.on_table(middle + np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert here == pytest.approx(np.zeros(3), abs=1e-9)
    assert right[0] > 0
    assert right[1:] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert moved.table_z_m == 0.0
    before, after = (one.on_table(RIM) for one in (replace(lens(25.0, 70.0), table_z_m=-0.02), moved))
    assert np.linalg.norm(before[0] - before[-1]) == pytest.approx(np.linalg.norm(after[0] - after[-1]))


def test_depth_becomes_height_over_the_table() -> None:
    seen_from = replace(lens(30.0), table_z_m=-0.01)
    column, row = np.meshgrid(np.arange(320.0), np.arange(240.0))
    pixels = np.stack([column.ravel(), row.ravel()], axis=1)
    of_table = (seen_from.on_table(pixels) - seen_from.eye_m) @ seen_from.rotation[:, 2]
    lifted = replace(seen_from, table_z_m=0.03)
    of_plate = (lifted.on_table(pixels) - seen_from.eye_m) @ seen_from.rotation[:, 2]
    depth_m = np.where(column.ravel() < 160, of_table, of_plate).reshape(240, 320)
    depth_m[0, 0], depth_m[1, 319] = 0.0, np.nan
    colours = np.full((240, 320, 3), 77, np.uint8)
    seen = seen_from.with_heights(colours, depth_m)
    assert np.array_equal(seen[..., :3], colours)
    assert (seen[:, :160, 3] == 0).all()
    assert (seen[2:, 160:, 3] == 40).all()
    assert seen[1, 319, 3] == 0


def test_heights_are_whole_millimetres_in_a_byte() -> None:
    told = heights_mm(np.array([-0.1, 0.0, 0.0004, 0.0126, 0.255, 3.0, np.nan]))
    assert told.tolist() == [0, 0, 0, 13, 255, 255, 0]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("wrong", [(0.1,), (0.0,) * 8, "k1", None, (0.0, 0.0, 0.0, 0.0, float("nan"))])
def test_a_distortion_is_five_finite_numbers(wrong: object) -> None:
    with pytest.raises(ConfigError, match=r"five numbers|finite"):
        replace(lens(), distortion=wrong)
