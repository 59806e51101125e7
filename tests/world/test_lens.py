"""Scenes seen through a lens that stands aside, as photos and rectified; what a sensor and randomisation do to pictures."""

from dataclasses import fields, replace

import numpy as np
import pytest
from lenses import lens
from stage import box, laid_at, scene_with
from test_camera import red_pixels
from tiny import world_config

from sparring.config import CameraConfig, RandomiseConfig, WorldConfig
from sparring.errors import ConfigError
from sparring.world.camera import calibration_of, photograph, render
from sparring.world.looks import looks_of
from sparring.world.scene import Scene, SceneSpec

PLAIN = CameraConfig(width_px=160, height_px=120, pixel_m=0.003, shift_m=0.0, turn_deg=0.0)
OBLIQUE = replace(PLAIN, lens=lens(30.0, size_px=(320, 240), focal_px=300.0).over_table())
EVERYTHING = RandomiseConfig(
    light_m=0.3,
    light_share=0.3,
    table_colour=0.5,
    table_texture=0.3,
    object_colour=0.5,
    height_share=0.1,
    tilt_deg=10.0,
    exposure_share=0.2,
    noise=8.0,
)


def seen_by(camera: CameraConfig) -> WorldConfig:
    """The world with that camera."""
    return replace(world_config(), camera=camera)


def far_picture(monkeypatch: pytest.MonkeyPatch, camera: CameraConfig) -> np.ndarray:
    """A bare table: the object lies far outside."""
    scene = scene_with(monkeypatch, box((0.04, 0.04, 0.02), 0.2), seen_by(camera))
    return render(scene, laid_at(scene, 0.8, 0.8))


@pytest.mark.parametrize("jitter", [{}, {"shift_m": 0.02, "turn_deg": 5.0}], ids=["in its place", "moved"])
def test_a_rectified_photo_of_a_bare_table_is_the_overhead_picture(
    monkeypatch: pytest.MonkeyPatch, jitter: dict[str, float]
) -> None:
    straight, oblique = (far_picture(monkeypatch, replace(camera, **jitter)) for camera in (PLAIN, OBLIQUE))
    difference = np.abs(straight.astype(int) - oblique.astype(int))
    assert difference.max() <= 4
    assert difference.mean() < 1.0


@pytest.mark.parametrize(("shift_m", "turn_deg"), [(0.0, 0.0), (0.02, 8.0)])
def test_something_flat_is_seen_through_the_lens_where_it_lies(
    monkeypatch: pytest.MonkeyPatch, shift_m: float, turn_deg: float
) -> None:
    camera = replace(OBLIQUE, shift_m=shift_m, turn_deg=turn_deg)
    scene = scene_with(monkeypatch, box((0.08, 0.04, 0.002), 0.2), seen_by(camera), seed=5)
    found = red_pixels(render(scene, laid_at(scene, 0.05, -0.03))).mean(axis=0)
    wanted = calibration_of(camera, 5).pixels(np.array([[0.05, -0.03]]))[0]
    assert found == pytest.approx(wanted, abs=0.7)


def test_something_high_leans_away_from_the_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_with(monkeypatch, box((0.04, 0.04, 0.08), 0.2), seen_by(OBLIQUE))
    state = laid_at(scene, 0.0, 0.0)
    eye = OBLIQUE.lens.eye_m  # type: ignore[union-attr]
    _, high = scene.object_bounds_m(state)
    reach = eye[2] / (eye[2] - high[2])
    leaning = eye[1] + (high[1] - eye[1]) * reach
    assert leaning > high[1] + 0.02
    top_row = red_pixels(render(scene, state))[:, 1].min()
    assert top_row == pytest.approx(calibration_of(OBLIQUE, 0).pixels(np.array([[0.0, leaning]]))[0, 1], abs=1.0)


@pytest.mark.parametrize("seed", range(4))
def test_casting_only_where_something_can_be_seen_misses_nothing(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The window of pixels that are cast is found from a box's corners; a lens bends what lies between them."""
    camera = replace(OBLIQUE, lens=lens(50.0, 40.0 * seed, 0.7, distortion=(-0.35, 0.12, 0.002, 0.002, 0.0)).over_table())
    scene = scene_with(monkeypatch, box((0.09, 0.03, 0.09), 0.2), seen_by(replace(camera, width_px=100, height_px=80)), seed)
    state = laid_at(scene, 0.02, 0.01)
    narrow = photograph(scene, state)
    everywhere = lambda self, *args: tuple(slice(0, n) for n in self.own.shape[:2])  # noqa: E731
    monkeypatch.setattr("sparring.world.sight.Through.window", everywhere)
    assert np.array_equal(photograph(scene, state), narrow)


def test_a_part_of_the_photo_is_rendered_as_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(OBLIQUE, width_px=90, height_px=60)
    scene = scene_with(monkeypatch, box((0.05, 0.03, 0.03), 0.2), seen_by(small))
    state = laid_at(scene, 0.01, 0.0)
    whole = photograph(scene, state)
    assert whole.shape == (240, 320, 3)
    from sparring.world.lens import rig_of

    part = rig_of(small, looks_of(small.randomise, 0)).rectification
    assert part.rows.stop - part.rows.start < 200
    assert np.array_equal(part(whole[part.rows, part.columns]), render(scene, state))


@pytest.mark.parametrize("camera", [PLAIN, OBLIQUE], ids=["straight", "lens"])
def test_the_fourth_channel_is_height_in_millimetres(monkeypatch: pytest.MonkeyPatch, camera: CameraConfig) -> None:
    scene = scene_with(monkeypatch, box((0.08, 0.06, 0.033), 0.2), seen_by(replace(camera, depth=True)))
    state = laid_at(scene, 0.0, 0.0)
    picture = render(scene, state)
    colours = render(scene_with(monkeypatch, scene.object, seen_by(camera)), state)
    assert np.array_equal(picture[..., :3], colours)
    heights, red = picture[..., 3], red_pixels(picture[..., :3])
    assert (heights == 33).sum() > 0.8 * (0.08 * 0.06) / 0.003**2
    assert heights.max() == 33
    assert (heights > 0).sum() <= 1.3 * len(red)
    assert heights[0, 0] == 0


def test_measured_heights_are_off_by_as_much_as_the_config_says(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = replace(PLAIN, depth=True, depth_noise_m=0.004)
    scene = scene_with(monkeypatch, box((0.2, 0.2, 0.05), 0.2), seen_by(camera))
    heights = render(scene, laid_at(scene, 0.0, 0.0))[40:80, 60:100, 3].astype(float)
    assert heights.mean() == pytest.approx(50, abs=1)
    assert heights.std() == pytest.approx(4, abs=0.6)


def test_noise_and_blur_are_as_strong_as_the_config_says(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, noisy, blurred = (
        far_picture(monkeypatch, replace(PLAIN, **change)).astype(float) for change in ({}, {"noise": 6.0}, {"blur_px": 3.0})
    )
    assert (noisy - plain).std() == pytest.approx(6.0, abs=0.3)
    assert np.diff(blurred, axis=0).std() < 0.6 * np.diff(plain, axis=0).std()


def test_the_same_scene_is_randomised_alike_and_another_differently() -> None:
    world = seen_by(replace(PLAIN, randomise=EVERYTHING, depth=True))
    first, again, other = (Scene(world, SceneSpec("hammer-0002", seed)) for seed in (3, 3, 4))
    assert np.array_equal(render(first, first.settled), render(again, again.settled))
    assert not np.array_equal(render(first, first.settled)[:20], render(other, other.settled)[:20])


@pytest.mark.parametrize("camera", [PLAIN, OBLIQUE], ids=["straight", "lens"])
@pytest.mark.parametrize("name", [field.name for field in fields(RandomiseConfig)])
def test_every_way_of_randomising_changes_pictures_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, name: str, camera: CameraConfig
) -> None:
    model = box((0.05, 0.03, 0.06), 0.2)
    plain = scene_with(monkeypatch, model, seen_by(camera), 2)
    only = RandomiseConfig(**{name: getattr(EVERYTHING, name)})
    changed = scene_with(monkeypatch, model, seen_by(replace(camera, randomise=only)), 2)
    state = laid_at(plain, 0.02, 0.01)
    assert not np.array_equal(render(plain, state), render(changed, state))
    if name not in ("object_colour",):
        assert changed.object == plain.object
    before, after = (calibration_of(one.config.camera, 2) for one in (plain, changed))
    assert replace(after, height_m=before.height_m) == before


def test_a_lens_that_leans_more_is_rectified_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    leaning = replace(OBLIQUE, randomise=RandomiseConfig(tilt_deg=10.0, height_share=0.05))
    difference = np.abs(far_picture(monkeypatch, PLAIN).astype(int) - far_picture(monkeypatch, leaning).astype(int))
    assert difference[10:-10, 10:-10].max() <= 6


def test_a_colour_of_an_object_stays_one_colour() -> None:
    world = seen_by(replace(PLAIN, randomise=RandomiseConfig(object_colour=1.0)))
    plain, other = Scene(seen_by(PLAIN), SceneSpec("hammer-0002", 1)), Scene(world, SceneSpec("hammer-0002", 1))
    pairs = {(one.colour, two.colour) for one, two in zip(plain.object.parts, other.object.parts, strict=True)}
    assert len(pairs) == len({one for one, _ in pairs})
    assert plain.object.masses_kg == other.object.masses_kg
    assert np.array_equal(plain.settled, other.settled)


def test_without_a_lens_there_is_no_photo() -> None:
    scene = Scene(seen_by(PLAIN), SceneSpec("hammer-0002", 1))
    with pytest.raises(ConfigError, match="no lens"):
        photograph(scene, scene.settled)


def test_a_lens_has_to_see_all_of_the_overhead_picture_from_over_its_table() -> None:
    with pytest.raises(ConfigError, match=r"does not see the whole.*160 x 120.*0\.48 x 0\.36 m.*width_px"):
        replace(OBLIQUE, lens=lens(focal_px=900.0).over_table())
    with pytest.raises(ConfigError, match="table at height 0"):
        replace(OBLIQUE, lens=replace(lens(), table_z_m=0.1))
    with pytest.raises(ConfigError, match="add width_px"):
        replace(OBLIQUE, lens=replace(lens(), width_px=None, height_px=None))
    with pytest.raises(ConfigError, match="at most 4 Mpx"):
        replace(OBLIQUE, lens=lens(size_px=(4000, 3000), focal_px=3500.0))
    for wrong in ({"noise": -1.0}, {"blur_px": 50.0}, {"depth_noise_m": float("nan")}):
        with pytest.raises(ConfigError, match=f"CameraConfig.{next(iter(wrong))}"):
            replace(PLAIN, **wrong)
    with pytest.raises(ConfigError, match=r"tilt_deg.*below 75.*stands 51 degrees aside"):
        replace(OBLIQUE, lens=lens(50.0).over_table(), width_px=100, height_px=80, randomise=RandomiseConfig(tilt_deg=30.0))
    for field in fields(RandomiseConfig):
        with pytest.raises(ConfigError, match=f"RandomiseConfig.{field.name}"):
            RandomiseConfig(**{field.name: -0.1})
