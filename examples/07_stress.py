"""Your detector under stress: two detectors of a few lines, which look at the picture alone, beside each other.

sparring stress --policy examples/07_stress.py:far_end --against examples/07_stress.py:middle --out runs/far-end

`middle` closes across the object at its middle, `far_end` near the end of its long axis, where every swing has a longer lever.
Called as a program, this file draws what both would do: python examples/07_stress.py --out stress.png
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from scipy import ndimage

from sparring import PinholeCamera
from sparring.config import QUARTER
from sparring.evaluation.drawing import draw_jaws
from sparring.farm.executors import SerialExecutor
from sparring.game.cell import SimulatedCell
from sparring.game.jobs import View
from sparring.world.scene import SceneSpec

EDGE = 10.0
"""Change of a colour from a pixel to the next beyond which there is an edge; the table's stains change more slowly."""
GREY = 8.0
"""Distance of a shadow's colour from the table's hue at most."""
NARROW_M, MARGIN_M = 0.045, 0.01
"""The hand opens 6 cm; grasps keep off the object's ends by so much."""
Grasps = list[tuple[float, float, float, float]]


def middle(image: UInt8[np.ndarray, "h w 3"], camera: PinholeCamera) -> Grasps:
    """One grasp across the object, where it is narrow enough for the hand and nearest to its middle."""
    return _across(image, camera, lambda along_m: -abs(along_m))


def far_end(image: UInt8[np.ndarray, "h w 3"], camera: PinholeCamera) -> Grasps:
    """One grasp across the object, where it is narrow enough for the hand and farthest from its middle."""
    return _across(image, camera, abs)


def _across(image: UInt8[np.ndarray, "h w 3"], camera: PinholeCamera, preference: Callable[[float], float]) -> Grasps:
    """The preferred grasp across the long axis (column, row, degrees, score); none where nothing fits between the fingers."""
    rows, columns = np.nonzero(_object(image))
    if len(rows) < 3:
        return []
    pixel_m = camera.pixel_m(image.shape[1], image.shape[0])
    points = np.stack([columns, -rows], axis=1).astype(float)  # x to the right, y up
    centre = points.mean(axis=0)
    axis = np.linalg.eigh(np.cov((points - centre).T))[1][:, 1]
    along, beside = (points - centre) @ axis, (points - centre) @ np.array([-axis[1], axis[0]])
    angle_deg = float(np.rad2deg(np.arctan2(axis[1], axis[0])) + 90) % 180
    found: Grasps = []
    for at in np.arange(along.min() + MARGIN_M / pixel_m, along.max() - MARGIN_M / pixel_m, 2.0):
        cut = np.abs(along - at) < 1.5
        if cut.any() and np.ptp(beside[cut]) * pixel_m < NARROW_M:
            place = points[cut].mean(axis=0)
            found.append((float(place[0]), float(-place[1]), angle_deg, preference(float(at * pixel_m))))
    return sorted(found, key=lambda one: -one[3])[:1]


def _object(image: UInt8[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
    """Pixels of the largest thing that has edges, which stains of the table have not; its shadow, dark and grey, is left out."""
    colours: Float[np.ndarray, "h w 3"] = image.astype(float)
    steps = np.max([ndimage.gaussian_gradient_magnitude(colours[..., band], 1.0) for band in range(3)], axis=0)
    thing = _largest(ndimage.binary_fill_holes(ndimage.binary_closing(steps > EDGE, iterations=2)))
    table = np.median(colours[~thing], axis=0)
    brightness = colours.mean(axis=2)
    off_hue = np.abs(colours - brightness[..., None] * table / table.mean()).max(axis=2)
    shadow = (off_hue < GREY) & (brightness < 0.85 * table.mean()) & (brightness > 0.4 * table.mean())
    bright = _largest(ndimage.binary_opening(thing & ~shadow))
    return bright if bright.sum() > thing.sum() / 5 else thing  # a grey object is much like a shadow


def _largest(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """The largest connected part of a mask."""
    labels, n = ndimage.label(mask)
    return labels == 1 + np.argmax(np.bincount(labels.ravel())[1:]) if n else mask


def main(out: Path, object: str = "spoon-0003", seed: int = 3) -> None:
    """Draws both grasps of an object.

    Args:
        out: the picture; green is the middle, orange the far end.
        object: what lies on the table.
        seed: how it lies.
    """
    cell = SimulatedCell(QUARTER.world, QUARTER.attack, SerialExecutor())
    (view,) = cell.look([SceneSpec(object, seed)])
    assert isinstance(view, View)
    camera, picture = view.calibration.as_pinhole(), Image.fromarray(view.image)
    opening_px = QUARTER.world.hand.opening_m / view.calibration.pixel_m
    for detector, colour in ((middle, (0, 220, 60)), (far_end, (255, 160, 0))):
        for column, row, angle_deg, _ in detector(view.image, camera):
            place = np.array([column, row]) + 0.5
            draw_jaws(picture, place, float(np.deg2rad(angle_deg)), opening_px=opening_px, colour=colour)
            print(f"{detector.__name__}: column {column:.0f}, row {row:.0f}, {angle_deg:.0f} degrees")
    picture.save(out)


if __name__ == "__main__":
    tyro.cli(main)
