"""From maps of grasps to grasps: GG-CNN, GR-ConvNet and their kin return a quality, an angle and a width at every pixel."""

import numpy as np
from jaxtyping import Float
from scipy import ndimage

Map = Float[np.ndarray, "h w"]
ImageWidthGrasp = tuple[float, float, float, float, float]
"""Column, row (pixels), angle (degrees), score and width, in the unit of the map of widths."""
QUALITY_SMOOTHING_PX, WIDTH_SMOOTHING_PX = 2.0, 1.0
"""As GG-CNN and GR-ConvNet smooth their outputs before they look for peaks."""
APART_PX, LEAST_QUALITY, BEST_N = 20, 0.2, 5
"""Peaks of the quality that are taken: so far apart, at least so high, at most so many (GG-CNN)."""


def from_maps(
    quality: Map,
    cos2: Map,
    sin2: Map,
    width: Map,
    *,
    apart_px: int = APART_PX,
    least_quality: float = LEAST_QUALITY,
    best_n: int = BEST_N,
) -> list[ImageWidthGrasp]:
    """The grasps at the peaks of a map of qualities, the best first; none where no quality is high enough.

    Args:
        quality: of a grasp centred on each pixel, 0..1.
        cos2: cosine of twice the angle of closing there, counter-clockwise in the image.
        sin2: its sine. Both are smoothed before the angle is taken, so that 179 and 1 degrees are neighbours.
        width: how far the hand opens there.
        apart_px: between two peaks at least.
        least_quality: of a peak.
        best_n: at most so many peaks.
    """
    smooth = ndimage.gaussian_filter(quality, QUALITY_SMOOTHING_PX)
    cosines, sines = (ndimage.gaussian_filter(one, QUALITY_SMOOTHING_PX) for one in (cos2, sin2))
    widths = ndimage.gaussian_filter(width, WIDTH_SMOOTHING_PX)
    highest = ndimage.maximum_filter(smooth, size=2 * apart_px + 1)
    rows, columns = np.nonzero((smooth == highest) & (smooth >= least_quality))
    best = np.argsort(-smooth[rows, columns], kind="stable")[:best_n]
    angles_deg = np.rad2deg(np.arctan2(sines, cosines) / 2) % 180
    return [
        (float(column), float(row), float(angles_deg[row, column]), float(smooth[row, column]), float(widths[row, column]))
        for row, column in zip(rows[best], columns[best], strict=True)
    ]
