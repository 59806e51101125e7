"""Cameras that look at the table from aside, through lenses that bend lines."""

import numpy as np
from scipy.spatial.transform import Rotation

from sparring.pinhole import Distortion, PinholeCamera, as_pose

BARREL: Distortion = (-0.25, 0.08, 0.001, -0.0005, 0.0)


def lens(
    tilt_deg: float = 30.0,
    yaw_deg: float = 0.0,
    distance_m: float = 0.9,
    focal_px: float = 300.0,
    size_px: tuple[int, int] = (320, 240),
    distortion: Distortion = BARREL,
) -> PinholeCamera:
    """It looks at the world's origin, which is on the table, from so far away."""
    turn = Rotation.from_euler("z", yaw_deg, degrees=True) * Rotation.from_euler("x", 180 + tilt_deg, degrees=True)
    pose = np.eye(4)
    pose[:3, :3] = turn.as_matrix()
    pose[:3, 3] = -distance_m * pose[:3, 2]
    cx, cy = (side / 2 + 3 for side in size_px)
    return PinholeCamera(focal_px, 1.01 * focal_px, cx, cy, as_pose(pose), 0.0, distortion, *size_px)
