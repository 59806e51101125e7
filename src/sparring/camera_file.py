"""Calibration files: OpenCV's YAML and JSON, ROS's camera_info, and JSON with the fields of `PinholeCamera`.

Nothing in a file is executed: YAML goes through PyYAML's safe loader, which is told of OpenCV's matrices and of nothing else.
"""

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import yaml
from yaml.constructor import ConstructorError

from sparring.config_file import structured
from sparring.errors import ConfigError, DataError
from sparring.pinhole import PinholeCamera

Camera = TypeVar("Camera", bound=PinholeCamera)
MOST_BYTES = 1_000_000
MATRIX, DISTORTION = "camera_matrix", "distortion_coefficients"
OPENCV_ONLY = (MATRIX, DISTORTION, "image_width", "image_height", "rvec", "tvec")
OPENCV_TAGS = ("tag:yaml.org,2002:opencv-matrix", "tag:yaml.org,2002:opencv-nd-matrix")
OUR_NAMES = tuple(field.name for field in fields(PinholeCamera))
POSE = "world_from_camera (4 x 4), or OpenCV's rvec and tvec of the table's board"


class _Loader(yaml.SafeLoader):
    """Plain values, and OpenCV's matrices as mappings."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As it is, but for aliases: a few lines of them grow to any size, and calibration files have none."""
        if self.check_event(yaml.AliasEvent):
            raise ConstructorError(None, None, "a calibration file holds no aliases", self.peek_event().start_mark)
        return super().compose_node(parent, index)


def _matrix(loader: _Loader, node: yaml.Node) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise ConstructorError(None, None, "a matrix is a mapping with rows, cols and data", node.start_mark)
    return cast(dict[Any, Any], loader.construct_mapping(node, deep=True))


for _tag in OPENCV_TAGS:
    _Loader.add_constructor(_tag, _matrix)


def read_camera(path: Path, kind: type[Camera]) -> Camera:
    """The camera of a file.

    Raises:
        ConfigError: neither JSON nor YAML, or not a camera.
        DataError: the file cannot be read.
    """
    content = _content(path)
    tree = _tree(path, content)
    try:
        return camera_of(tree, kind)
    except ConfigError as error:
        raise ConfigError(f"{path} is no camera: {error}") from None


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} has more than {MOST_BYTES} bytes, which no calibration file has")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"could not read {path}: {error}") from None


def _tree(path: Path, content: str) -> object:
    """What the file holds; JSON by its suffix or its first character, else YAML."""
    if path.suffix.lower() == ".json" or content.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path} is not JSON: {error}") from None
    first, _, rest = content.partition("\n")
    try:  # OpenCV 4 and before begin with "%YAML:1.0", which is no YAML
        return yaml.load(rest if first.startswith("%YAML:") else content, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not YAML: {error}") from None


def camera_of(tree: object, kind: type[Camera]) -> Camera:
    """A camera from plain values, by OpenCV's names or ours.

    Raises:
        ConfigError: something is missing or impossible.
    """
    if not isinstance(tree, dict):
        raise ConfigError(f"a camera is a YAML mapping or a JSON object, this is a {type(tree).__name__}")
    told = cast(dict[str, Any], tree)
    return structured(_by_our_names(told) if any(name in told for name in OPENCV_ONLY) else told, kind)


def _by_our_names(told: dict[str, Any]) -> dict[str, Any]:
    """OpenCV's calibration by our names; what else such a file tells (errors, flags, dates) is passed over."""
    model = told.get("distortion_model", "plumb_bob")
    if model != "plumb_bob":
        raise ConfigError(
            f"distortion_model {str(model)[:80]!r}: only plumb_bob (k1 k2 p1 p2 k3) is known; calibrate with that model"
        )
    if MATRIX not in told:
        raise ConfigError(f"it has no {MATRIX}")
    matrix = _array(told[MATRIX], MATRIX, (9,)).reshape(3, 3)
    if abs(matrix[0, 1]) > 1e-9 or abs(matrix[1, 0]) > 1e-9 or not np.allclose(matrix[2], [0, 0, 1]):
        raise ConfigError(f"{MATRIX} must be [fx 0 cx; 0 fy cy; 0 0 1], got {matrix.tolist()}")
    known = {name: told[name] for name in ("table_z_m",) if name in told}
    for ours, theirs in (("width_px", "image_width"), ("height_px", "image_height")):
        if theirs in told:
            known[ours] = told[theirs]
    return known | {
        "fx_px": float(matrix[0, 0]),
        "fy_px": float(matrix[1, 1]),
        "cx_px": float(matrix[0, 2]),
        "cy_px": float(matrix[1, 2]),
        "distortion": _distortion(told.get(DISTORTION)),
        "world_from_camera": _pose(told),
    }


def _distortion(told: object) -> list[float]:
    """k1, k2, p1, p2, k3 of OpenCV's 0, 4, 5 or more coefficients."""
    found = np.zeros(5) if told is None else _array(told, DISTORTION, (0, 4, 5, 8, 12, 14))
    if np.any(found[5:] != 0):
        raise ConfigError(
            f"{DISTORTION} has {len(found)} numbers; k1 k2 p1 p2 k3 are known, further ones must be 0: "
            "calibrate without CALIB_RATIONAL_MODEL, CALIB_THIN_PRISM_MODEL and CALIB_TILTED_MODEL"
        )
    return np.concatenate([found, np.zeros(5)])[:5].tolist()


def _pose(told: dict[str, Any]) -> list[list[float]]:
    """World from camera."""
    if "world_from_camera" in told:
        return _array(told["world_from_camera"], "world_from_camera", (16,)).reshape(4, 4).tolist()
    if "rvec" not in told or "tvec" not in told:
        raise ConfigError(f"it does not say where the camera is: add {POSE}")
    turn, shift = _array(told["rvec"], "rvec", (3, 9)), _array(told["tvec"], "tvec", (3,))
    camera_from_world = _rotation(turn) if len(turn) == 3 else turn.reshape(3, 3)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera_from_world.T, -camera_from_world.T @ shift
    return pose.tolist()


def _rotation(rvec: np.ndarray) -> np.ndarray:
    """The rotation about a vector by its length (Rodrigues)."""
    angle = float(np.linalg.norm(rvec))
    if angle == 0:
        return np.eye(3)
    x, y, z = rvec / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def _array(told: object, name: str, lengths: tuple[int, ...]) -> np.ndarray:
    """The numbers of a matrix, row by row: of OpenCV's mapping, or of a list of numbers or of rows."""
    data = cast(dict[str, Any], told).get("data") if isinstance(told, dict) else told
    try:
        found = np.asarray(data, float).ravel()
    except (ValueError, TypeError, OverflowError, RecursionError):
        found = None
    if found is None or len(found) not in lengths or not np.isfinite(found).all():
        wanted = " or ".join(map(str, lengths))
        raise ConfigError(f"{name} must be {wanted} finite numbers, got {str(told)[:120]}")
    return found
