"""A calibrated camera over a table, with lens distortion: from pixels to places and back. OpenCV's conventions.

Pixel coordinates are (column, row) with (0, 0) at the centre of the top-left pixel. `flat` places are those of an ideal picture
at distance 1 from the optical centre: (x, y), without units.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float, UInt8

from sparring.errors import ConfigError, DataError

Row = tuple[float, float, float, float]
Distortion = tuple[float, float, float, float, float]
Pose = tuple[Row, Row, Row, Row]
IDENTITY: Pose = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))
UNDISTORTED: Distortion = (0.0, 0.0, 0.0, 0.0, 0.0)
ORTHONORMAL = 1e-3
"""How far a rotation may be from one."""
STEPS_N, EXACT = 20, 1e-10
"""Newton's steps, and how near they have to come."""
MOST_SIDE_PX, MOST_DISTORTION = 16_384, 1e6
MOST_HEIGHT_MM = 255
"""Higher places are told as this: a byte holds no more."""
HIGHEST_M = 20.0
"""No camera that sees what is to be grasped is higher above its table."""


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
    """Intrinsics, distortion and pose of a camera."""

    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    """Pixel centres are at whole numbers."""
    world_from_camera: Pose
    """4 x 4, metres. The camera looks along its z axis; x is right and y down in the image."""
    table_z_m: float = 0.0
    """Height of the table in the world, whose z axis points up."""
    distortion: Distortion = UNDISTORTED
    """k1, k2, p1, p2, k3: OpenCV's model with five coefficients (Brown and Conrady)."""
    width_px: int | None = None
    height_px: int | None = None
    """Size of the pictures that the camera was calibrated with, where it is known."""

    def __post_init__(self) -> None:
        """Takes any 4 x 4 of numbers for the pose, any five for the distortion.

        Raises:
            ConfigError: impossible.
        """
        pose = _numbers("world_from_camera", self.world_from_camera, (4, 4), "4 x 4 numbers")
        object.__setattr__(self, "world_from_camera", as_pose(pose))
        told = _numbers("distortion", self.distortion, (5,), "five numbers: k1, k2, p1, p2, k3")
        object.__setattr__(self, "distortion", tuple(map(float, told)))
        numbers = [self.fx_px, self.fy_px, self.cx_px, self.cy_px, self.table_z_m, *pose.ravel(), *told]
        if not all(map(math.isfinite, numbers)) or min(self.fx_px, self.fy_px) <= 0:
            raise ConfigError("a camera's numbers must be finite, and its focal lengths positive")
        if max(map(abs, self.distortion)) > MOST_DISTORTION:
            raise ConfigError(f"coefficients of distortion lie within {MOST_DISTORTION:g}, got {self.distortion}")
        turned = self.rotation
        if np.abs(turned @ turned.T - np.eye(3)).max() > ORTHONORMAL or np.linalg.det(turned) < 0:
            raise ConfigError("the upper left 3 x 3 of world_from_camera must be a rotation")
        if self.world_from_camera[3] != IDENTITY[3]:
            raise ConfigError(f"the last row of world_from_camera must be 0 0 0 1, got {self.world_from_camera[3]}")
        height_m = self.world_from_camera[2][3]
        if height_m - self.table_z_m > HIGHEST_M:
            raise ConfigError(
                f"a camera is at most {HIGHEST_M:g} m above its table, this one {height_m - self.table_z_m:g} m: are lengths "
                "(tvec, world_from_camera) in millimetres? They have to be in metres, as the squares of the board"
            )
        if height_m <= self.table_z_m:
            raise ConfigError(
                f"a camera looks at the table from above; it is at {height_m:.3f} m, the table {self.table_z_m} m; the world's "
                "z axis points up (that of a board whose points were counted to the right and down points into the table)"
            )
        self._require_size()

    def _require_size(self) -> None:
        """A size that is possible, and a distortion that can be undone in all of the picture."""
        if (self.width_px is None) != (self.height_px is None):
            raise ConfigError("give both width_px and height_px of a camera's pictures, or neither")
        if self.width_px is None or self.height_px is None:
            return
        if not 2 <= min(self.width_px, self.height_px) <= max(self.width_px, self.height_px) <= MOST_SIDE_PX:
            raise ConfigError(f"a camera's pictures have 2 to {MOST_SIDE_PX} px a side, got {self.width_px} x {self.height_px}")
        if np.isnan(self._flat(rim(self.width_px, self.height_px))).any():
            raise ConfigError(
                f"the distortion {self.distortion} folds the rim of {self.width_px} x {self.height_px} px pictures over itself: "
                "calibrate with views of the board near the rim, or with k3 fixed to 0"
            )

    @classmethod
    def read(cls, path: Path) -> Self:
        """A camera from a calibration file: OpenCV's YAML or JSON, ROS's camera_info, or JSON with the fields' names.

        Raises:
            ConfigError: no such file, or not a camera.
            DataError: the file cannot be read.
        """
        from sparring.camera_file import read_camera  # it makes cameras

        return read_camera(path, cls)

    @property
    def rotation(self) -> Float[np.ndarray, "3 3"]:
        """World from camera."""
        return np.array(self.world_from_camera)[:3, :3]

    @property
    def eye_m(self) -> Float[np.ndarray, " 3"]:
        """The optical centre, in the world."""
        return np.array(self.world_from_camera)[:3, 3]

    @cached_property
    def reach(self) -> float:
        """Distance from the middle of the ideal picture at which the distortion folds over: nothing further out is seen."""
        k1, k2, _, _, k3 = self.distortion
        inverse_squares = np.roots([1.0, 3 * k1, 5 * k2, 7 * k3])  # where the derivative along the radius is zero
        nearest = max((float(root.real) for root in inverse_squares if abs(root.imag) < 1e-9), default=0.0)
        return 1 / math.sqrt(nearest) if nearest > 0 else math.inf

    def rays(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """Directions of the rays through pixels, in the world; not a number where the distortion cannot be undone."""
        return self.own_rays(pixels) @ self.rotation.T

    def own_rays(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """As `rays`, in the camera's own frame: they go on by 1 along its z axis."""
        flat = self._flat(pixels)
        return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)

    def _flat(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        flat = undistorted((pixels - [self.cx_px, self.cy_px]) / [self.fx_px, self.fy_px], self.distortion)
        flat[np.linalg.norm(flat, axis=1) > self.reach] = np.nan
        return flat

    def pixels(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
        """Where points of the world are seen; not a number behind the camera, and where its distortion folds over."""
        x, y, z = ((points - self.eye_m) @ self.rotation).T
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            flat = np.stack([x, y], axis=1) / np.where(z > 0, z, np.nan)[:, None]
            flat[np.linalg.norm(flat, axis=1) > self.reach] = np.nan
        return distorted(flat, self.distortion) * [self.fx_px, self.fy_px] + [self.cx_px, self.cy_px]

    def sees(self, points: Float[np.ndarray, "n 3"]) -> bool:
        """Whether all of some points of the world are in its pictures."""
        pixels = self.pixels(points)
        return bool(((pixels >= -0.5) & (pixels <= np.array(self.size_px) - 0.5)).all())

    def on_table(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """Where the rays through pixels (column, row) meet the table, in the world.

        Raises:
            DataError: a ray does not meet it.
        """
        places = self.meets_table(pixels)
        if not np.isfinite(places).all():
            raise DataError("the camera does not see the table there: check world_from_camera, table_z_m and distortion")
        return places

    def meets_table(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """As `on_table`, but not a number where a ray does not meet it."""
        return self.met(self.own_rays(pixels))

    def met(self, own_rays: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """Where rays, told in the camera's own frame, meet the table, in the world; not a number where they do not."""
        with np.errstate(all="ignore"):
            rays = own_rays @ self.rotation.T
            reach = (self.table_z_m - self.eye_m[2]) / rays[:, 2]
            places = self.eye_m + reach[:, None] * rays
        places[~((reach > 0) & np.isfinite(places).all(axis=1))] = np.nan
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

    def span_px(self, pose: TablePose, length_m: float) -> float:
        """Length in the picture of a line on the table, along a grasp's direction of closing, its middle at the grasp."""
        half = length_m / 2 * np.array([np.cos(pose.theta_rad), np.sin(pose.theta_rad), 0.0])
        one, other = self.pixels(np.array([pose.x_m, pose.y_m, pose.z_m]) + np.stack([-half, half]))
        return float(np.linalg.norm(other - one))

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures.

        Raises:
            ConfigError: not known.
        """
        if self.width_px is None or self.height_px is None:
            raise ConfigError("the size of the camera's pictures is not known: add width_px and height_px to its file")
        return self.width_px, self.height_px

    def of_size(self, width_px: int, height_px: int) -> Self:
        """The camera that took a picture of that size.

        Raises:
            ConfigError: it was calibrated with pictures of another size, or its distortion is nonsense at that size.
        """
        if self.width_px is not None and self.size_px != (width_px, height_px):
            raise ConfigError(
                f"the camera was calibrated with pictures of {self.width_px} x {self.height_px} px, this one has {width_px} x "
                f"{height_px}: give the whole picture in its first size, or calibrate for this one"
            )
        return replace(self, width_px=width_px, height_px=height_px)

    def over_table(self) -> Self:
        """The same camera in a world of its own: what its middle sees is the origin, on the table, and image right is along x.

        Raises:
            ConfigError: the size of its pictures is not known, or its middle does not see the table.
        """
        middle = (np.array(self.size_px) - 1) / 2
        try:
            here, right = self.on_table(middle + np.array([[0.0, 0.0], [1.0, 0.0]]))
        except DataError as error:
            raise ConfigError(str(error)) from None
        along = (right - here) / np.linalg.norm(right - here)
        turn = np.array([[along[0], along[1], 0.0], [-along[1], along[0], 0.0], [0.0, 0.0, 1.0]])
        return self.moved(turn, -turn @ here)

    def moved(self, turn: Float[np.ndarray, "3 3"], shift_m: Float[np.ndarray, " 3"]) -> Self:
        """The camera turned about the world's origin, then shifted, over a table at height zero."""
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = turn @ self.rotation, turn @ self.eye_m + shift_m
        return replace(self, world_from_camera=as_pose(pose), table_z_m=0.0)

    def with_heights(self, image: UInt8[np.ndarray, "h w 3"], depth_m: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 4"]:
        """A photo with its depth as players see them: RGB, and height over the table in millimetres, 0..255.

        Args:
            image: the photo, as the camera took it.
            depth_m: distance along the camera's z axis of every pixel, registered to the photo; where it is zero or not a
                number (holes), the table is taken to be there.
        """
        h, w = depth_m.shape
        column, row = np.meshgrid(np.arange(w, dtype=float), np.arange(h, dtype=float))
        rays = self.rays(np.stack([column.ravel(), row.ravel()], axis=1))
        known = np.isfinite(depth_m) & (depth_m > 0)
        height_m = self.eye_m[2] + np.where(known, depth_m, 0.0) * rays[:, 2].reshape(h, w) - self.table_z_m
        return np.dstack([image, heights_mm(np.where(known, height_m, 0.0))])


def as_pose(matrix: Float[np.ndarray, "4 4"]) -> Pose:
    """A pose as configs and files hold it."""
    one, two, three, four = (tuple(map(float, row)) for row in matrix)
    return one, two, three, four  # type: ignore[return-value]


def heights_mm(heights_m: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """Heights over the table as the fourth channel of an image holds them: whole millimetres in 0..255."""
    return (np.clip(np.nan_to_num(heights_m) * 1000, 0, MOST_HEIGHT_MM) + 0.5).astype(np.uint8)


def distorted(flat: Float[np.ndarray, "n 2"], coefficients: Distortion) -> Float[np.ndarray, "n 2"]:
    """Where a lens puts the places of an ideal picture."""
    k1, k2, p1, p2, k3 = coefficients
    x, y = flat.T
    square = x * x + y * y
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    return np.stack(
        [x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x), y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y], axis=1
    )


def undistorted(seen: Float[np.ndarray, "n 2"], coefficients: Distortion) -> Float[np.ndarray, "n 2"]:
    """Inverse of `distorted`, by Newton's method; not a number where there is none."""
    if coefficients == UNDISTORTED:
        return seen.copy()
    flat = seen.copy()
    with np.errstate(all="ignore"):
        for _ in range(STEPS_N):
            off = distorted(flat, coefficients) - seen
            if np.nanmax(np.abs(off), initial=0.0) < EXACT:
                break
            (a, b), (c, d) = _slopes(flat, coefficients)
            flat = (
                flat - np.stack([d * off[:, 0] - b * off[:, 1], a * off[:, 1] - c * off[:, 0]], axis=1) / (a * d - b * c)[:, None]
            )
        astray = ~(np.abs(distorted(flat, coefficients) - seen).max(axis=1) < 1e3 * EXACT)
    flat[astray] = np.nan
    return flat


def _slopes(flat: np.ndarray, coefficients: Distortion) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Derivatives of `distorted`: of x by x and y, of y by x and y."""
    k1, k2, p1, p2, k3 = coefficients
    x, y = flat.T
    square = x * x + y * y
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    steeper = k1 + square * (2 * k2 + square * 3 * k3)
    mixed = 2 * x * y * steeper + 2 * p1 * x + 2 * p2 * y
    return (
        (radial + 2 * x * x * steeper + 2 * p1 * y + 6 * p2 * x, mixed),
        (mixed, radial + 2 * y * y * steeper + 6 * p1 * y + 2 * p2 * x),
    )


def rim(width_px: int, height_px: int, *, per_side_n: int = 33) -> Float[np.ndarray, "n 2"]:
    """Pixels along the four sides of a picture, corners among them."""
    columns, rows = np.linspace(0, width_px - 1, per_side_n), np.linspace(0, height_px - 1, per_side_n)
    across = [np.stack([columns, np.full(per_side_n, row)], axis=1) for row in (0.0, height_px - 1.0)]
    down = [np.stack([np.full(per_side_n, column), rows], axis=1) for column in (0.0, width_px - 1.0)]
    return np.concatenate([*across, *down])


def _numbers(name: str, value: object, shape: tuple[int, ...], allowed: str) -> np.ndarray:
    try:
        found = np.asarray(value, float)
    except (ValueError, TypeError, OverflowError):
        found = np.empty(0)
    if found.shape != shape:
        raise ConfigError(f"{name} must be {allowed}, got {str(value)[:200]}")
    return found
