"""A trained protagonist called on an image."""

from pathlib import Path

import numpy as np
import pytest
import torch
from lenses import lens
from PIL import Image

import sparring
from sparring.config import LearningConfig, NetworkConfig, PatchConfig
from sparring.errors import CheckpointError, ConfigError, DataError, DeviceError
from sparring.pinhole import UNDISTORTED, PinholeCamera
from sparring.players.checkpoint import PlayerCard, save_player
from sparring.players.device import device_named, resolved
from sparring.players.grasper import Grasper, read_image
from sparring.players.networks import new_network


@pytest.fixture(scope="module")
def grasper(tmp_path_factory: pytest.TempPathFactory) -> Grasper:
    path = tmp_path_factory.mktemp("player") / "start.safetensors"
    network = new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=0)
    save_player(path, network, PlayerCard("start", "protagonist", "compact", 18, 0.003, PatchConfig(size_m=0.144), 32, 100))
    return Grasper.load(path)


def picture(width: int = 160, height: int = 120) -> np.ndarray:
    """A picture full of features."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_grasps_come_best_first_and_lie_in_the_image(grasper: Grasper) -> None:
    grasps = grasper.predict(picture(), top_k=5)
    believed = [grasp.probability or 0.0 for grasp in grasps]
    assert believed == sorted(believed, reverse=True)
    assert all(24 <= grasp.column_px <= 135 and 24 <= grasp.row_px <= 95 for grasp in grasps)
    assert grasps == grasper.predict(picture(), top_k=5)
    assert grasps != grasper.predict(picture(), top_k=5, seed=1)


@pytest.mark.parametrize("apart_m", [0.0, 0.012, 0.03])
def test_grasps_lie_as_far_apart_as_asked(grasper: Grasper, apart_m: float) -> None:
    grasps = grasper.predict(picture(), top_k=6, apart_m=apart_m)
    places = np.array([[grasp.column_px, grasp.row_px] for grasp in grasps])
    distances_m = 0.003 * np.linalg.norm(places[:, None] - places, axis=-1)[np.triu_indices(len(grasps), 1)]
    assert len(grasps) == 6
    assert (distances_m >= apart_m - 1e-9).all()
    everything = grasper.predict(picture(), top_k=10_000, apart_m=0.0)
    assert len(everything) == 32 * 18
    assert grasps[0] == everything[0]
    assert grasper.predict(picture(), top_k=10_000, apart_m=10.0) == everything[:1]


def test_a_photo_is_turned_as_its_exif_says(grasper: Grasper, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(picture()))).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), picture())


def test_an_image_smaller_than_a_patch_is_refused(grasper: Grasper) -> None:
    with pytest.raises(DataError, match=r"40 x 40 px.*48 px \(a patch\).*--pixel-m"):
        grasper.predict(picture(40, 40))
    assert grasper.predict(picture(40, 40), pixel_m=0.006)


def test_an_image_of_one_colour_is_refused(grasper: Grasper) -> None:
    with pytest.raises(DataError, match="one colour"):
        grasper.predict(np.full((120, 160, 3), 90, np.uint8))


def test_an_adversary_is_no_grasper(tmp_path: Path) -> None:
    network = new_network(NetworkConfig("compact"), 15, dropout=0.5, seed=0)
    card = PlayerCard("adversary-shake-1", "adversary", "compact", 15, 0.003, PatchConfig(), 32, 100)
    save_player(tmp_path / "a.safetensors", network, card)
    with pytest.raises(CheckpointError, match="role adversary"):
        Grasper.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "CMYK", "I;16"])
def test_pictures_of_every_mode_are_read_as_rgb(tmp_path: Path, mode: str) -> None:
    name = "picture.tiff" if mode == "CMYK" else "picture.png"
    if mode == "I;16":
        Image.fromarray(257 * picture(64, 48)[..., 0].astype(np.uint16)).save(tmp_path / name)
    else:
        Image.fromarray(picture(64, 48)).convert(mode).save(tmp_path / name)
    read = read_image(tmp_path / name)
    assert read.shape == (48, 64, 3)
    assert read.dtype == np.uint8
    if mode in ("RGB", "RGBA"):
        assert np.array_equal(read, picture(64, 48))
    if mode == "I;16":
        assert np.array_equal(read[..., 1], picture(64, 48)[..., 0])


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"BM" + bytes(60), b"GIF89a" + bytes(20)])
def test_what_is_no_picture_is_refused_by_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"picture\.png") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "bmp", "gif", "webp"])
def test_a_truncated_picture_is_refused_by_its_path(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"picture.{kind}"
    Image.fromarray(picture()).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="picture"):
        read_image(path)


def test_a_huge_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.new("1", (9000, 8000)).save(path)
    with pytest.raises(DataError, match="at most 64 Mpx"):
        read_image(path)


def test_a_missing_picture_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no image"):
        read_image(tmp_path / "none.png")
    with pytest.raises(DataError):
        read_image(tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_asked_for_by_name_is_never_replaced_in_silence() -> None:
    with pytest.raises(DeviceError, match="--device cuda"):
        device_named("cuda")
    assert device_named("auto") == device_named("cpu") == torch.device("cpu")


def test_arithmetic_is_made_definite_once() -> None:
    cpu = torch.device("cpu")
    definite = resolved(LearningConfig(), cpu)
    assert definite.precision in ("fp32", "bf16")
    assert definite.threads_n in range(1, 9)
    assert resolved(definite, cpu) == definite


def test_a_run_goes_on_in_the_arithmetic_that_it_was_begun_in() -> None:
    begun = LearningConfig(precision="fp32", threads_n=7)
    assert resolved(LearningConfig(), torch.device("cpu"), begun) == begun
    assert resolved(LearningConfig(precision="bf16", threads_n=1), torch.device("cpu"), begun).threads_n == 1


def test_a_file_an_array_and_a_pil_image_are_alike(grasper: Grasper, tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "picture.png")
    expected = grasper.predict(picture())
    assert grasper.predict(tmp_path / "picture.png") == expected
    assert grasper.predict(str(tmp_path / "picture.png")) == expected
    assert grasper.predict(Image.fromarray(picture())) == expected
    assert grasper.predict(Image.fromarray(picture()).convert("RGBA")) == expected
    assert grasper.predict(np.dstack([picture(), np.full((120, 160), 255, np.uint8)])) == expected
    grey = picture()[..., 0]
    assert grasper.predict(grey) == grasper.predict(np.dstack([grey] * 3))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((120, 160, 3)), "uint8"),
        (np.zeros((120, 160, 2), np.uint8), r"shape.*\(120, 160, 2\)"),
        (np.zeros((3,), np.uint8), "shape"),
        (np.zeros((0, 160, 3), np.uint8), "shape"),
        ([[1, 2], [3, 4]], "list"),
        (Image.fromarray(np.zeros((120, 160), np.float32)), "floating-point"),
        (Image.fromarray(np.full((120, 160), -5, np.int32)), "-5"),
    ],
)
def test_an_array_that_is_no_image_is_refused(grasper: Grasper, image: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        grasper.predict(image)  # type: ignore[arg-type]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "wish",
    [
        {"top_k": 0},
        {"n_patches": -1},
        {"n_patches": 10**6},
        {"pixel_m": 0.0},
        {"pixel_m": float("nan")},
        {"seed": -1},
        {"top_k": 2.5},
        {"seed": 0.5},
        {"apart_m": -1.0},
        {"apart_m": float("nan")},
    ],
    ids=str,
)
def test_an_impossible_wish_is_refused_by_its_name(grasper: Grasper, wish: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ConfigError, match=next(iter(wish))):
        grasper.predict(picture(), **wish)


def test_a_camera_gives_the_size_of_pixels_and_poses_on_the_table(grasper: Grasper) -> None:
    above = ((1.0, 0.0, 0.0, 0.5), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, -1.0, 1.2), (0.0, 0.0, 0.0, 1.0))
    camera = PinholeCamera(400.0, 400.0, 79.5, 59.5, above)
    grasps = grasper.predict(picture(), camera=camera)
    for grasp, flat in zip(grasps, grasper.predict(picture(), pixel_m=0.003), strict=True):
        assert (grasp.angle, grasp.probability) == (flat.angle, flat.probability)
        assert (grasp.column_px, grasp.row_px) == pytest.approx((flat.column_px, flat.row_px))
        assert grasp.pose is not None
        assert grasp.pose.x_m == pytest.approx(0.5 + 0.003 * (grasp.column_px - 79.5))
        assert grasp.pose.y_m == pytest.approx(-0.003 * (grasp.row_px - 59.5))
        assert np.rad2deg(grasp.pose.theta_rad) == pytest.approx(grasp.angle_deg, abs=1e-6)
    with pytest.raises(ConfigError, match="not both"):
        grasper.predict(picture(), camera=camera, pixel_m=0.003)


def test_a_resampled_image_is_grasped_at_the_same_places(grasper: Grasper) -> None:
    """An image twice as fine is brought to the training's scale: patches are sampled where they were, to a pixel."""
    smooth = np.asarray(Image.fromarray(picture(20, 15)).resize((160, 120), Image.Resampling.BICUBIC))
    fine = np.asarray(Image.fromarray(smooth).resize((320, 240), Image.Resampling.BICUBIC))
    coarse = {(round(one.column_px, 3), round(one.row_px, 3)) for one in grasper.predict(smooth, top_k=400, apart_m=0.001)}
    found = {
        (round(one.column_px / 2 - 0.25, 3), round(one.row_px / 2 - 0.25, 3))
        for one in grasper.predict(fine, top_k=400, pixel_m=0.0015, apart_m=0.001)
    }
    assert len(coarse) >= 20
    assert len(found & coarse) > 0.8 * len(coarse)


def test_what_the_package_exports_is_loaded_when_asked_for() -> None:
    assert sparring.Grasper is Grasper
    assert sparring.PinholeCamera is PinholeCamera
    with pytest.raises(AttributeError, match="Gripper"):
        sparring.Gripper  # noqa: B018


def test_a_folder_that_holds_no_export_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"players/NAME\.safetensors"):
        Grasper.load(tmp_path)


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_device_or_way_of_scoring_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeviceError, match=r"'tpu'.*auto, cpu, cuda"):
        Grasper.load(device="tpu")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"'sparse'.*auto, patches, dense"):
        Grasper.load(scoring="sparse")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Grasper:
    """A player that sees heights."""
    path = tmp_path_factory.mktemp("deep") / "start.safetensors"
    network = new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=0, channels_n=4)
    save_player(path, network, PlayerCard("start", "protagonist", "compact", 18, 0.003, PatchConfig(size_m=0.144), 32, 100, 4))
    return Grasper.load(path)


def test_a_player_that_sees_heights_wants_four_channels(deep: Grasper, tmp_path: Path) -> None:
    seen = np.dstack([picture(), picture()[..., 0]])
    Image.fromarray(seen).save(tmp_path / "seen.png")
    expected = deep.predict(seen)
    assert deep.predict(tmp_path / "seen.png") == expected
    assert deep.predict(Image.fromarray(seen)) == expected
    assert deep.predict(np.dstack([picture(), np.zeros((120, 160), np.uint8)])) != expected
    for flat in (picture(), Image.fromarray(picture()), picture()[..., 0]):
        with pytest.raises(DataError, match=r"four channels, RGB and height.*RGBA or \[h, w, 4\]"):
            deep.predict(flat)


def test_heights_are_resampled_apart_from_colours(deep: Grasper) -> None:
    """A picture library takes a fourth channel for opacity: where it is zero, colours would be lost."""
    seen = np.dstack([picture(), np.zeros((120, 160), np.uint8)])
    resized = deep._at_scale(seen, 0.5)
    assert np.array_equal(resized[..., :3], np.asarray(Image.fromarray(picture()).resize((80, 60), Image.Resampling.LANCZOS)))
    assert not resized[..., 3].any()


@pytest.mark.parametrize("tilt_deg", [0.0, 30.0])
def test_grasps_in_a_bent_photo_are_told_in_its_pixels_and_on_its_table(grasper: Grasper, tilt_deg: float) -> None:
    seen_from = lens(tilt_deg, 50.0, 0.6)
    smooth = np.asarray(Image.fromarray(picture(40, 30)).resize((320, 240), Image.Resampling.BICUBIC))
    grasps = grasper.predict(smooth, camera=seen_from, top_k=8)
    assert len(grasps) == 8
    for grasp in grasps:
        assert grasp.pose is not None
        (place,) = seen_from.on_table(np.array([[grasp.column_px, grasp.row_px]]))
        assert place == pytest.approx([grasp.pose.x_m, grasp.pose.y_m, grasp.pose.z_m], abs=1e-6)
        ahead = place + 0.005 * np.array([np.cos(grasp.pose.theta_rad), np.sin(grasp.pose.theta_rad), 0])
        ((column, row),) = seen_from.pixels(ahead[None])
        seen_deg = np.rad2deg(np.arctan2(grasp.row_px - row, column - grasp.column_px))
        assert (seen_deg - grasp.angle_deg + 90) % 180 - 90 == pytest.approx(0.0, abs=1.5)
        span_px = seen_from.span_px(grasp.pose, 0.01)
        assert span_px == pytest.approx(2 * np.hypot(column - grasp.column_px, row - grasp.row_px), rel=0.05)


def test_the_same_table_is_grasped_at_the_same_places_from_aside_as_from_above(grasper: Grasper) -> None:
    """What is painted on the table looks alike in both photos once they are rectified."""
    above, aside = lens(0.0, 0.0, 0.9, distortion=UNDISTORTED), lens(25.0, 0.0, 0.9)
    (best,) = grasper.predict(painted(above), camera=above, top_k=1, n_patches=2000)
    (other,) = grasper.predict(painted(aside), camera=aside, top_k=1, n_patches=2000)
    assert best.pose is not None
    assert other.pose is not None
    assert np.hypot(best.pose.x_m - other.pose.x_m, best.pose.y_m - other.pose.y_m) < 0.01
    off = np.rad2deg(best.pose.theta_rad - other.pose.theta_rad)
    assert abs((off + 90) % 180 - 90) <= 10.5


def painted(camera: PinholeCamera) -> np.ndarray:
    """What a camera sees of a table with one dark bar painted on it."""
    row, column = np.mgrid[:240, :320].reshape(2, -1).astype(float)
    x, y, _ = np.nan_to_num(camera.meets_table(np.stack([column, row], axis=1)), nan=9.0).T
    bar = (np.abs(x - 0.03) < 0.05) & (np.abs(y - 0.01) < 0.012)
    return np.where(bar[:, None], [30, 40, 160], 150).astype(np.uint8).reshape(240, 320, 3)


def test_a_photo_of_another_size_than_the_calibrations_or_from_too_near_is_refused(grasper: Grasper) -> None:
    with pytest.raises(ConfigError, match="calibrated with pictures of 320 x 240"):
        grasper.predict(picture(), camera=lens())
    with pytest.raises(DataError, match=r"straight from above.*longer than a patch"):
        grasper.predict(picture(320, 240), camera=lens(distance_m=0.1))
