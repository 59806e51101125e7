"""A trained protagonist called on an image."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sparring.config import LearningConfig, NetworkConfig, PatchConfig
from sparring.errors import CheckpointError, DataError, DeviceError
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
        Image.fromarray(np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)).save(tmp_path / name)
    else:
        Image.fromarray(picture(64, 48)).convert(mode).save(tmp_path / name)
    read = read_image(tmp_path / name)
    assert read.shape == (48, 64, 3)
    assert read.dtype == np.uint8


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
