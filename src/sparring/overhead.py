"""The overhead picture that players see: what its pixels mean on the table.

Pixel coordinates are (column, row) with (0, 0) at the centre of the top-left pixel.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sparring.pinhole import PinholeCamera


@dataclass(frozen=True)
class Calibration:
    """Where the camera stands and what its pixels mean on the table's plane. A similarity, hence exact both ways."""

    width_px: int
    height_px: int
    pixel_m: float
    centre_x_m: float
    centre_y_m: float
    height_m: float
    turn_rad: float
    """Rotation of the camera about its axis, counter-clockwise seen from above."""

    def metres(self, pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """World x, y on the table of pixel coordinates (column, row)."""
        middle = np.array([self.width_px - 1, self.height_px - 1]) / 2
        flat = (pixels - middle) * np.array([self.pixel_m, -self.pixel_m])
        return flat @ self._turn().T + np.array([self.centre_x_m, self.centre_y_m])

    def pixels(self, metres: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Pixel coordinates (column, row) of world x, y on the table. Inverse of `metres`."""
        middle = np.array([self.width_px - 1, self.height_px - 1]) / 2
        flat = (metres - np.array([self.centre_x_m, self.centre_y_m])) @ self._turn()
        return flat * np.array([1.0, -1.0]) / self.pixel_m + middle

    def world_angle(self, image_angle_rad: float | np.ndarray) -> float | np.ndarray:
        """World angle of a direction in the image, both counter-clockwise."""
        return image_angle_rad + self.turn_rad

    def as_pinhole(self) -> PinholeCamera:
        """The same as one would calibrate a real camera: it looks straight down on the table."""
        focal_px = self.height_m / self.pixel_m
        c, s = float(np.cos(self.turn_rad)), float(np.sin(self.turn_rad))
        return PinholeCamera(
            fx_px=focal_px,
            fy_px=focal_px,
            cx_px=(self.width_px - 1) / 2,
            cy_px=(self.height_px - 1) / 2,
            world_from_camera=(
                (c, s, 0.0, self.centre_x_m),
                (s, -c, 0.0, self.centre_y_m),
                (0.0, 0.0, -1.0, self.height_m),
                (0.0, 0.0, 0.0, 1.0),
            ),
        )

    def _turn(self) -> np.ndarray:
        c, s = np.cos(self.turn_rad), np.sin(self.turn_rad)
        return np.array([[c, -s], [s, c]])
