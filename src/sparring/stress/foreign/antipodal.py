"""A detector without learning: pairs of edge pixels that face each other, as grasp planners before networks had it.

Two edges within the hand's opening, with gradients along the line between them and against each other, are what two fingers
can close on (antipodal grasps; Nguyen 1988). Needs pip install 'sparring[stress]'.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from sparring.actions.grasp import ANGLES_N
from sparring.pinhole import PinholeCamera

OPENING_M, LEAST_M = 0.052, 0.008
"""Between the two edges: a little less than the hand opens, a little more than it closes to."""
FRICTION = 0.4
"""Gradients lean from the line of closing by at most the friction cone of this coefficient."""
EDGES_N = 700
"""At most so many of the strongest edge pixels are paired."""
BLUR_PX, SUPPORT_PX = 1.5, 4.0
"""Smoothing before gradients are taken, and how far around a grasp other pairs speak for it."""
NEAR_M = 0.04
"""A grasp so far from the middle of all pairs is worth 60 % of one there."""
WEAK_SHARE, STRONG_SHARE = 0.12, 0.3
"""Canny's two thresholds, as shares of the strongest gradient."""
BEST_N = 20


def antipodal(image: UInt8[np.ndarray, "h w 3"], camera: PinholeCamera) -> list[tuple[float, float, float, float, float]]:
    """Grasps (column_px, row_px, angle_deg, score, width_m), best first; none in a picture without pairs of edges."""
    pixel_m = camera.pixel_m(image.shape[1], image.shape[0])
    points, normals, strengths = _edges(image)
    first, second = _facing(points, normals, least_px=LEAST_M / pixel_m, most_px=OPENING_M / pixel_m)
    if not len(first):
        return []
    across, middles = points[second] - points[first], (points[first] + points[second]) / 2
    angles = np.arctan2(-across[:, 1], across[:, 0]) % np.pi
    weights = strengths[first] * strengths[second]
    apart_m = np.linalg.norm(middles - np.average(middles, axis=0, weights=weights), axis=1) * pixel_m
    ranks = _support(middles, angles, weights, (image.shape[0], image.shape[1])) * np.exp(-((apart_m / NEAR_M) ** 2) / 2)
    widths_m = np.linalg.norm(across, axis=1) * pixel_m
    best = np.argsort(-ranks, kind="stable")[:BEST_N]
    columns = (middles[:, 0], middles[:, 1], np.rad2deg(angles), ranks, widths_m)
    return [
        (float(x), float(y), float(angle), float(score), float(width))
        for x, y, angle, score, width in zip(*(one[best] for one in columns), strict=True)
    ]


def _edges(image: np.ndarray) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"], Float[np.ndarray, " n"]]:
    """The strongest edge pixels (column, row), their unit gradients and strengths; of each pixel its strongest colour's."""
    smooth = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32), (0, 0), BLUR_PX)
    steps = np.stack([cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1)])  # x or y, row, column, colour
    strongest = np.linalg.norm(steps, axis=0).argmax(axis=2)
    dx, dy = np.take_along_axis(steps, strongest[None, :, :, None], axis=3)[..., 0]
    most = float(np.hypot(dx, dy).max()) or 1.0
    scaled_x, scaled_y = ((1000 * part / most).astype(np.int16) for part in (dx, dy))
    thin = cv2.Canny(scaled_x, scaled_y, 1000 * WEAK_SHARE, 1000 * STRONG_SHARE, L2gradient=True) > 0
    rows, columns = np.nonzero(thin)
    strengths = np.hypot(dx, dy)[thin] / most
    kept = np.argsort(-strengths, kind="stable")[:EDGES_N]
    normals = np.stack([dx[thin], dy[thin]], axis=1) / np.maximum(strengths * most, 1e-9)[:, None]
    return np.stack([columns, rows], axis=1)[kept].astype(float), normals[kept].astype(float), strengths[kept].astype(float)


def _facing(points: np.ndarray, normals: np.ndarray, *, least_px: float, most_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices of pairs that two fingers can close on: within the opening, and both in the friction cone."""
    first, second = np.triu_indices(len(points), k=1)
    across = points[second] - points[first]
    apart = np.linalg.norm(across, axis=1)
    lines = across / np.maximum(apart, 1e-9)[:, None]
    lean = [(normals[side] * lines).sum(axis=1) for side in (first, second)]
    cone = np.cos(np.arctan(FRICTION))
    facing: Bool[np.ndarray, " pairs"] = (np.abs(lean[0]) > cone) & (np.abs(lean[1]) > cone) & (lean[0] * lean[1] < 0)
    kept = facing & (apart >= least_px) & (apart <= most_px)
    return first[kept], second[kept]


def _support(middles: np.ndarray, angles: np.ndarray, weights: np.ndarray, size: tuple[int, int]) -> Float[np.ndarray, " pairs"]:
    """How many pairs near by and of much the same angle speak for each pair, weighted by their strengths."""
    bins = np.round(angles / np.pi * ANGLES_N).astype(int) % ANGLES_N
    columns, rows = middles.astype(int).T
    votes = np.zeros((ANGLES_N, *size), np.float32)
    np.add.at(votes, (bins, rows, columns), weights)
    near = np.stack([cv2.GaussianBlur(one, (0, 0), SUPPORT_PX) for one in votes])
    around = 0.5 * near + 0.25 * np.roll(near, 1, axis=0) + 0.25 * np.roll(near, -1, axis=0)
    return around[bins, rows, columns].astype(float)
