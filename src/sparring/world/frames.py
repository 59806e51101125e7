"""Rotations of hands: yaw about z, then pitch about y, then roll about x, as the hand's hinges turn."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

Matrix = Float[np.ndarray, "3 3"]


def rotation(pitch: float, roll: float) -> Matrix:
    """World from hand at yaw 0, after pitch about y, then roll about x."""
    return Rotation.from_euler("YX", [pitch, roll]).as_matrix()


def about_z(yaw: float) -> Matrix:
    """Rotation about the world's z axis."""
    return Rotation.from_euler("Z", yaw).as_matrix()


def quat_of(matrix: Matrix) -> list[float]:
    """Quaternion (w, x, y, z) of a rotation."""
    x, y, z, w = Rotation.from_matrix(matrix).as_quat()
    return [float(w), float(x), float(y), float(z)]


def angle_between(first: Matrix, second: Matrix) -> float:
    """Angle of the turn from one rotation to another, radians."""
    return float(Rotation.from_matrix(first.T @ second).magnitude())
