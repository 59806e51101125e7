"""From pixels to the table."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sparring.errors import ConfigError, DataError
from sparring.pinhole import PinholeCamera

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
