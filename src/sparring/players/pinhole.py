"""A pinhole camera over a table: from pixels of its pictures to places on the table. OpenCV's conventions."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float

from sparring.config_file import structured
from sparring.data.files import read_text
from sparring.errors import ConfigError, DataError

Row = tuple[float, float, float, float]
IDENTITY: tuple[Row, Row, Row, Row] = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))
ORTHONORMAL = 1e-3
"""How far a rotation may be from one."""


@dataclass(frozen=True)
class TablePose:
    """A grasp in the world."""

    x_m: float
    y_m: float
    z_m: float
    """Height of the table."""
    theta_rad: float
    """Direction of closing on the table, counter-clockwise from the world's x axis, in 0..pi."""


@dataclass(frozen=True)
class PinholeCamera:
    """Intrinsics of an undistorted image and the camera's pose."""

    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    """Pixel centres are at whole numbers."""
    world_from_camera: tuple[Row, Row, Row, Row]
    """4 x 4, metres. The camera looks along its z axis; x is right and y down in the image."""
    table_z_m: float = 0.0
    """Height of the table in the world, whose z axis points up."""

    def __post_init__(self) -> None:
        """Takes any 4 x 4 of numbers for the pose.

        Raises:
            ConfigError: impossible.
        """
        try:
            pose = np.asarray(self.world_from_camera, float)
        except (ValueError, TypeError, OverflowError):
            pose = np.empty(0)
        if pose.shape != (4, 4):
            raise ConfigError(f"world_from_camera must be 4 x 4 numbers, got {str(self.world_from_camera)[:200]}")
        rows = tuple(tuple(float(pose[row, column]) for column in range(4)) for row in range(4))
        object.__setattr__(self, "world_from_camera", rows)
        numbers = [self.fx_px, self.fy_px, self.cx_px, self.cy_px, self.table_z_m, *np.ravel(self.world_from_camera)]
        if not all(map(math.isfinite, numbers)) or min(self.fx_px, self.fy_px) <= 0:
            raise ConfigError("a camera's numbers must be finite, and its focal lengths positive")
        turned = self._rotation
        if np.abs(turned @ turned.T - np.eye(3)).max() > ORTHONORMAL or np.linalg.det(turned) < 0:
            raise ConfigError("the upper left 3 x 3 of world_from_camera must be a rotation")
        if self.world_from_camera[3] != IDENTITY[3]:
            raise ConfigError(f"the last row of world_from_camera must be 0 0 0 1, got {self.world_from_camera[3]}")
        if self.world_from_camera[2][3] <= self.table_z_m:
            height_m = self.world_from_camera[2][3]
            raise ConfigError(f"a camera looks at the table from above: it is at {height_m} m, the table at {self.table_z_m} m")

    @classmethod
    def read(cls, path: Path) -> Self:
        """A camera from a JSON file with the fields' names.

        Raises:
            ConfigError: not JSON, or not a camera.
            DataError: the file cannot be read.
        """
        try:
            told = json.loads(read_text(path))
            if not isinstance(told, dict):
                raise ConfigError(f"a camera is a JSON object, this is a {type(told).__name__}")
            return structured(told, cls)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path} is not JSON: {error}") from None
        except ConfigError as error:
            raise ConfigError(f"{path} is no camera: {error}") from None

    @property
    def _rotation(self) -> Float[np.ndarray, "3 3"]:
        return np.array(self.world_from_camera)[:3, :3]

    def on_table(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """Where the rays through pixels (column, row) meet the table, in the world.

        Raises:
            DataError: a ray does not meet it.
        """
        origin = np.array(self.world_from_camera)[:3, 3]
        with np.errstate(all="ignore"):
            x, y = (pixels - [self.cx_px, self.cy_px]).T / [[self.fx_px], [self.fy_px]]
            rays = np.stack([x, y, np.ones_like(x)], axis=1) @ self._rotation.T
            reach = (self.table_z_m - origin[2]) / rays[:, 2]
            places = origin + reach[:, None] * rays
        if not (np.isfinite(places).all() and (reach > 0).all()):
            raise DataError("the camera does not see the table there: check world_from_camera and table_z_m")
        return places

    def pixel_m(self, width: int, height: int) -> float:
        """Size of a pixel on the table in the middle of an image: the root of a pixel's area."""
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        here, right, below = self.on_table(middle + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        return float(np.sqrt(np.linalg.norm(np.cross(right - here, below - here))))

    def pose(self, column_px: float, row_px: float, angle_rad: float) -> TablePose:
        """A grasp at a pixel, closing along an angle counter-clockwise in the image, on the table."""
        step = np.array([np.cos(angle_rad), -np.sin(angle_rad)])
        before, here, after = self.on_table(np.array([column_px, row_px]) + np.array([-1.0, 0.0, 1.0])[:, None] * step)
        dx, dy, _ = after - before
        x_m, y_m, z_m = map(float, here)
        return TablePose(x_m, y_m, z_m, float(np.arctan2(dy, dx) % np.pi))
