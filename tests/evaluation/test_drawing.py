"""Pictures show grasps and snatches where they are."""

import numpy as np
import pytest

from sparring.actions.grasp import angle_rad
from sparring.actions.snatch import SNATCHES_N, snatch_of
from sparring.config import SnatchConfig
from sparring.evaluation.drawing import DISLODGED, OTHERS, SURVIVED, draw_grasps, draw_snatches, snatch_pixel
from sparring.players.choosing import ImageGrasp, canonical_views, grasped_patches

GREY = np.full((480, 480, 3), 128, np.uint8)


def pixels_of(picture: object, colour: tuple[int, int, int]) -> np.ndarray:
    """Columns and rows of a colour."""
    rows, columns = np.nonzero((np.asarray(picture) == colour).all(axis=2))
    return np.stack([columns, rows], axis=1)


def test_grasps_are_drawn_where_they_are() -> None:
    image = np.full((120, 160, 3), 128, np.uint8)
    picture = np.asarray(draw_grasps(image, [ImageGrasp(40.0, 80.0, 0, 0.9), ImageGrasp(120.0, 30.0, 9, None)], opening_px=20))
    scale = picture.shape[1] // 160
    assert picture.shape == (120 * scale, 160 * scale, 3)
    assert picture.shape[1] >= 640
    changed = np.argwhere(np.abs(picture.astype(int) - 128).max(axis=2) > 20) / scale
    best = changed[changed[:, 1] < 80]
    other = changed[changed[:, 1] >= 80]
    assert np.ptp(other[:, 0]) > np.ptp(other[:, 1]), "90 degrees closes up and down"
    assert (other.min(axis=0) + other.max(axis=0)) / 2 == pytest.approx([30.5, 120.5], abs=1.0)
    assert 28 < best[:, 1].min() < 32


def test_all_36_snatches_are_drawn_on_the_patch() -> None:
    drawn = pixels_of(draw_snatches(GREY, patch_m=0.144, config=SnatchConfig(spacing_m=0.03)), OTHERS)
    clusters = {tuple(np.round((one - 239.5) / 100).astype(int)) for one in drawn}
    assert clusters == {(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)}
    for x, y in clusters:
        around = drawn[(np.abs(drawn - 239.5 - 100 * np.array([x, y])) < 50).all(axis=1)]
        assert np.ptp(around, axis=0) == pytest.approx([72, 72], abs=8), "angles all round"


@pytest.mark.parametrize("index", range(SNATCHES_N))
def test_a_snatch_is_drawn_at_its_pixel_and_along_its_angle(index: int) -> None:
    config, fell = SnatchConfig(spacing_m=0.03), [k == index for k in range(SNATCHES_N)]
    drawn = pixels_of(draw_snatches(GREY, patch_m=0.144, config=config, dislodged=fell), DISLODGED).astype(float)
    centre = snatch_pixel(config, index, side_px=480, patch_m=0.144)
    offset = drawn - centre
    angle = snatch_of(index).angle_rad
    along = offset @ [np.cos(angle), -np.sin(angle)]
    across = offset @ [np.sin(angle), np.cos(angle)]
    assert np.abs(along).max() > 30
    assert np.abs(across).max() < 12


def test_what_survived_is_told_from_what_fell() -> None:
    picture = draw_snatches(GREY, patch_m=0.144, config=SnatchConfig(), dislodged=[False] * SNATCHES_N)
    assert len(pixels_of(picture, SURVIVED)) > 500
    assert not len(pixels_of(picture, DISLODGED))


def test_a_snatchs_pixel_is_the_patchs_pixel_of_its_point() -> None:
    """A dot on the table at a snatch's grasp point is seen in the adversary's view at the snatch's pixel."""
    config, patch_px, pixel_m = SnatchConfig(spacing_m=0.03), 96.0, 0.0015
    grasp, centre = ImageGrasp(150.0, 120.0, 4, None), np.array([150.0, 120.0])
    theta = float(angle_rad(grasp.angle))
    for index in range(0, SNATCHES_N, 4):
        x, y = (part / pixel_m for part in snatch_of(index).point_m(config))
        spot = centre + np.array([x * np.cos(theta) - y * np.sin(theta), -(x * np.sin(theta) + y * np.cos(theta))])
        columns, rows = np.meshgrid(np.arange(320), np.arange(240))
        dot = np.exp(-((columns - spot[0]) ** 2 + (rows - spot[1]) ** 2) / 18)
        image = np.repeat((255 * dot).astype(np.uint8)[..., None], 3, axis=2)
        view = canonical_views(grasped_patches([image], [grasp], patch_px=patch_px), patch_px=patch_px, out_px=192)[0]
        weight = view[..., 0].astype(float)
        seen = [np.average(np.arange(192), weights=weight.sum(axis=axis)) for axis in (0, 1)]
        assert seen == pytest.approx(snatch_pixel(config, index, side_px=192, patch_m=0.144).tolist(), abs=0.5)
