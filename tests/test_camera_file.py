"""Calibration files: OpenCV's, ROS's and ours are read alike, and what is none is refused; nothing in them is executed."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lenses import lens

from sparring.camera_file import MOST_BYTES
from sparring.errors import ConfigError, DataError, SparringError
from sparring.pinhole import PinholeCamera

pytestmark = pytest.mark.usefixtures("unchecked")
CAMERA = lens(25.0, 40.0)


def opencv_file(path: Path, camera: PinholeCamera, *, distortion: np.ndarray | None = None) -> Path:
    """What OpenCV writes: YAML, JSON or XML by the suffix."""
    storage = cv2.FileStorage(str(path), cv2.FileStorage_WRITE)
    storage.write("calibration_time", "Tue 1 Apr 2025")
    storage.write("image_width", camera.size_px[0])
    storage.write("image_height", camera.size_px[1])
    storage.write("camera_matrix", np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]]))
    storage.write("distortion_coefficients", np.array([camera.distortion]) if distortion is None else distortion)
    storage.write("rvec", cv2.Rodrigues(camera.rotation.T)[0])
    storage.write("tvec", -camera.rotation.T @ camera.eye_m)
    storage.release()
    return path


def plain_tree(camera: PinholeCamera = CAMERA) -> dict[str, object]:
    """ROS's camera_info with a pose."""
    matrix = [camera.fx_px, 0, camera.cx_px, 0, camera.fy_px, camera.cy_px, 0, 0, 1]
    return {
        "image_width": camera.width_px,
        "image_height": camera.height_px,
        "camera_name": "head",
        "camera_matrix": {"rows": 3, "cols": 3, "data": matrix},
        "distortion_model": "plumb_bob",
        "distortion_coefficients": {"rows": 1, "cols": 5, "data": list(camera.distortion)},
        "world_from_camera": [list(row) for row in camera.world_from_camera],
    }


def require_alike(found: PinholeCamera, wanted: PinholeCamera) -> None:
    """Equal but for rounding."""
    assert found.size_px == wanted.size_px
    for name in ("fx_px", "fy_px", "cx_px", "cy_px", "distortion", "table_z_m"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name))
    assert np.array(found.world_from_camera) == pytest.approx(np.array(wanted.world_from_camera), abs=1e-9)


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json"])
def test_what_opencv_writes_is_read(tmp_path: Path, suffix: str) -> None:
    require_alike(PinholeCamera.read(opencv_file(tmp_path / f"camera.{suffix}", CAMERA)), CAMERA)


def test_the_first_line_of_older_opencv_is_read(tmp_path: Path) -> None:
    path = opencv_file(tmp_path / "camera.yaml", CAMERA)
    path.write_text("%YAML:1.0\n" + path.read_text().partition("\n")[2])
    require_alike(PinholeCamera.read(path), CAMERA)


def test_what_ros_writes_is_read_with_a_pose_added(tmp_path: Path) -> None:
    path = tmp_path / "head.yaml"
    path.write_text(yaml.safe_dump(plain_tree() | {"table_z_m": -0.25}))
    require_alike(PinholeCamera.read(path), replace(CAMERA, table_z_m=-0.25))


def test_a_camera_calibrated_by_opencv_sees_what_it_was_calibrated_with(tmp_path: Path) -> None:
    """The way of docs/own-camera.md: views of a board, the last of them flat on the table."""
    columns, rows, side_m = 9, 6, 0.03
    board = np.array([[x * side_m, -y * side_m, 0] for y in range(rows) for x in range(columns)], np.float32)
    views = [lens(tilt, yaw, 0.5) for tilt, yaw in ((25, 0), (-20, 60), (10, 140), (35, 250), (0, 20), (20, 330))]
    seen = [view.pixels(board.astype(float)).astype(np.float32) for view in views]
    error_px, matrix, distortion, turns, shifts = cv2.calibrateCamera([board] * len(views), seen, views[0].size_px, None, None)
    assert error_px < 0.01
    storage = cv2.FileStorage(str(tmp_path / "camera.yaml"), cv2.FileStorage_WRITE)
    for name, value in (("image_width", 320), ("image_height", 240), ("camera_matrix", matrix)):
        storage.write(name, value)
    for name, value in (("distortion_coefficients", distortion), ("rvec", turns[-1]), ("tvec", shifts[-1])):
        storage.write(name, value)
    storage.release()
    found = PinholeCamera.read(tmp_path / "camera.yaml")
    assert np.abs(found.on_table(seen[-1].astype(float)) - board).max() < 1e-4


@pytest.mark.parametrize("n", [4, 5, 8, 12, 14])
def test_coefficients_that_are_zero_are_not_missed(tmp_path: Path, n: int) -> None:
    known = np.zeros(n)
    known[:4] = (-0.25, 0.08, 0.001, -0.0005)
    found = PinholeCamera.read(opencv_file(tmp_path / "camera.yaml", CAMERA, distortion=known))
    assert found.distortion == (-0.25, 0.08, 0.001, -0.0005, 0.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"distortion_coefficients": [0.1] * 8}, "8 numbers.*CALIB_RATIONAL_MODEL"),
        ({"distortion_coefficients": [0.1] * 3}, "0 or 4 or 5"),
        ({"distortion_coefficients": "none"}, "finite numbers"),
        ({"distortion_model": "equidistant"}, "only plumb_bob"),
        ({"camera_matrix": None}, "camera_matrix must be 9"),
        ({"camera_matrix": {"data": [1, 2, 3]}}, "camera_matrix must be 9"),
        ({"camera_matrix": [[300, 5, 160], [0, 300, 120], [0, 0, 1]]}, r"fx 0 cx"),
        ({"camera_matrix": [[-300, 0, 160], [0, 300, 120], [0, 0, 1]]}, "focal lengths positive"),
        ({"camera_matrix": [[float("nan"), 0, 160], [0, 300, 120], [0, 0, 1]]}, "finite"),
        ({"world_from_camera": np.eye(3).tolist()}, "world_from_camera must be 16"),
        ({"world_from_camera": (2 * np.eye(4)).tolist()}, "rotation"),
        ({"image_width": 0}, "2 to 16384"),
        ({"image_width": "wide"}, "expected int"),
        ({"table_z_m": "low"}, "expected float"),
        ({"table_z_m": 3.0}, "from above.*z axis points up"),
    ],
    ids=str,
)
def test_an_impossible_calibration_is_refused_with_what_is_wrong(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(yaml.safe_dump(plain_tree() | change))
    with pytest.raises(ConfigError, match=said) as caught:
        PinholeCamera.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("missing", ["camera_matrix", "world_from_camera"])
def test_a_calibration_without_a_pose_or_a_matrix_says_what_to_add(tmp_path: Path, missing: str) -> None:
    tree = plain_tree()
    del tree[missing]
    (tmp_path / "camera.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(ConfigError, match=f"{missing}"):
        PinholeCamera.read(tmp_path / "camera.yaml")


@pytest.mark.parametrize(
    "content",
    [
        "!!python/object/apply:os.mkdir [executed]",
        "camera_matrix: !!python/object/apply:os.mkdir [executed]",
        "camera_matrix: !!opencv-matrix [1, 2, 3]",
        "a: &a [1]\nb: [*a, *a]",
        "a: [1, 2",
        "%YAML:1.0\n---\n\t- x",
        "\0",
        "[" * 5000,
        "a: " * 500,
    ],
)
def test_what_is_no_yaml_of_a_camera_is_refused_and_not_executed(tmp_path: Path, content: str) -> None:
    (tmp_path / "camera.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"camera\.yaml"):
        PinholeCamera.read(tmp_path / "camera.yaml")
    assert not (tmp_path / "executed").exists()


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.yaml").write_text("x" * (MOST_BYTES + 1))
    for name in ("none.yaml", "", "huge.yaml"):
        with pytest.raises(DataError):
            PinholeCamera.read(tmp_path / name)


SOUND = yaml.safe_dump(plain_tree())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=10) | st.dictionaries(st.sampled_from(["data", "rows"]), inner),
)


@given(st.sampled_from(sorted(plain_tree())), VALUES)
def test_any_value_makes_a_camera_or_is_refused(name: str, value: object) -> None:
    path = Path("camera.json")
    path.write_text(json.dumps(plain_tree() | {name: value}))
    try:
        assert PinholeCamera.read(path).fx_px > 0
    except SparringError as error:
        assert "\n" not in str(error)  # noqa: PT017


@given(st.integers(0, len(SOUND) - 1), st.text(max_size=4), st.integers(0, 40))
def test_damaged_yaml_makes_a_camera_or_is_refused(start: int, put: str, lost: int) -> None:
    path = Path("camera.yaml")
    path.write_text(SOUND[:start] + put + SOUND[start + lost :], errors="replace")
    try:
        assert PinholeCamera.read(path).fx_px > 0
    except SparringError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_our_own_names_are_read_from_yaml_too(tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text(json.dumps(asdict(CAMERA)))
    assert PinholeCamera.read(tmp_path / "camera.yaml") == CAMERA
