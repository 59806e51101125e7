"""Detectors that come along: pairs of edges, maps of grasps, GG-CNN, the player."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sparring.errors import CheckpointError, ConfigError
from sparring.pinhole import PinholeCamera
from sparring.stress.foreign import ggcnn
from sparring.stress.foreign.antipodal import antipodal
from sparring.stress.foreign.ggcnn import GgCnn, GgCnnDetector, prepared
from sparring.stress.foreign.maps import from_maps
from sparring.stress.foreign.player import Player
from sparring.stress.policy import load_policy

POSE = ((1, 0, 0, 0.0), (0, -1, 0, 0.0), (0, 0, -1, 1.1), (0, 0, 0, 1))
CAMERA = PinholeCamera(fx_px=1.1 / 0.0015, fy_px=1.1 / 0.0015, cx_px=159.5, cy_px=119.5, world_from_camera=POSE)


def bar(angle_deg: float, wide_px: float = 16, long_px: float = 90, colour: tuple[int, int, int] = (200, 60, 40)) -> np.ndarray:
    """A bar on a grey table, about column 180 and row 100; its long axis lies at the angle."""
    rows, columns = np.mgrid[:240, :320]
    x, y = columns - 180.0, -(rows - 100.0)
    c, s = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    inside = (np.abs(c * x + s * y) <= long_px / 2) & (np.abs(-s * x + c * y) <= wide_px / 2)
    return np.where(inside[..., None], np.array(colour), 140).astype(np.uint8)


@pytest.mark.parametrize("angle_deg", [0, 25, 90, 140])
@pytest.mark.parametrize("colour", [(200, 60, 40), (30, 30, 30), (240, 240, 240)])
def test_pairs_of_edges_close_across_a_bar_at_its_middle(angle_deg: float, colour: tuple[int, int, int]) -> None:
    found = antipodal(bar(angle_deg, colour=colour), CAMERA)
    column, row, closing_deg, score, width_m = found[0]
    assert np.hypot(column - 180, row - 100) < 25
    assert abs((closing_deg - angle_deg - 90 + 90) % 180 - 90) < 8
    assert abs(width_m - 16 * 0.0015) < 0.005
    assert score == max(one[3] for one in found)


def test_pairs_of_edges_find_nothing_on_an_empty_table_or_on_what_is_too_wide() -> None:
    assert antipodal(np.full((240, 320, 3), 140, np.uint8), CAMERA) == []
    wide = [one for one in antipodal(bar(0, wide_px=80, long_px=90), CAMERA) if one[4] > 0.055]
    assert wide == []


def test_the_player_is_a_detector() -> None:
    found = load_policy("player")
    best = found.best(bar(25), CAMERA, None, scene="", seed=0)
    assert best is not None
    assert best.score == max(one.probability for one in Player()(bar(25), CAMERA))


def maps(*peaks: tuple[int, int, float, float]) -> tuple[np.ndarray, ...]:
    """Maps with a smooth peak of quality at (column, row, quality), with an angle (degrees) around it."""
    rows, columns = np.mgrid[:120, :160]
    quality, angles = np.zeros((120, 160)), np.zeros((120, 160))
    for column, row, height, angle_deg in peaks:
        near = np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / (2 * 6.0**2))
        angles = np.where(near * height > quality, np.deg2rad(angle_deg), angles)
        quality = np.maximum(quality, height * near)
    return quality, np.cos(2 * angles), np.sin(2 * angles), np.full((120, 160), 30.0)


def test_peaks_of_maps_are_grasps_best_first_with_their_angles() -> None:
    found = from_maps(*maps((40, 30, 0.7, 20.0), (120, 90, 0.9, 179.0)))
    assert [(column, row) for column, row, *_ in found] == [(120, 90), (40, 30)]
    assert [angle for _, _, angle, _, _ in found] == pytest.approx([179.0, 20.0], abs=0.5)
    assert [width for *_, width in found] == pytest.approx([30.0, 30.0])
    assert found[0][3] > found[1][3] > 0.5


def test_low_peaks_and_near_ones_are_left_out() -> None:
    assert from_maps(*maps((40, 30, 0.15, 0.0))) == []
    assert len(from_maps(*maps((40, 30, 0.9, 0.0), (52, 30, 0.8, 0.0)))) == 1
    assert len(from_maps(*maps((20, 20, 0.9, 0.0), (60, 60, 0.8, 0.0), (100, 90, 0.7, 0.0)), best_n=2)) == 2


def test_angles_about_the_wrap_do_not_cancel() -> None:
    quality, *_ = maps((80, 60, 0.9, 0.0))
    angles = np.deg2rad(np.where(np.mgrid[:120, :160][1] % 2, 179.0, 1.0))
    ((_, _, angle, _, _),) = from_maps(quality, np.cos(2 * angles), np.sin(2 * angles), quality)
    assert min(angle, 180 - angle) < 1.1


def network(seed: int = 0) -> GgCnn:
    """GG-CNN with random weights."""
    torch.manual_seed(seed)
    return GgCnn()


def test_gg_cnn_has_the_published_size_and_keeps_the_size_of_a_picture() -> None:
    assert sum(one.numel() for one in network().parameters()) == 62_420
    with torch.no_grad():
        assert network()(torch.zeros(1, 1, 300, 396)).shape == (1, 4, 300, 396)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_gg_cnn_with_weights_from_a_file_finds_grasps_in_the_picture(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{suffix}"
    known = network()
    with torch.no_grad():
        known.pos_output.bias.fill_(0.6)
    if suffix == ".pt":
        torch.save(known.state_dict(), path)
    else:
        save_file(known.state_dict(), path)
    depth_m = np.full((240, 320), 1.1)
    depth_m[90:110, 150:200] = 1.05
    depth_m[0, :50] = np.nan
    found = GgCnnDetector(path)(bar(0), CAMERA, depth_m)
    assert found
    assert all(0 <= column <= 319 and 0 <= row <= 239 and width > 0 for column, row, _, _, width in found)
    assert GgCnnDetector(path)(bar(40), CAMERA, depth_m) == found


def test_depth_is_prepared_as_published() -> None:
    depth_m = np.full((240, 320), 1.0)
    depth_m[:, :160] = 0.5
    depth_m[100:110, 100:120] = 0.0  # a hole
    seen = prepared(depth_m)
    assert seen.shape == (300, 396)
    assert seen.mean() == pytest.approx(0, abs=1e-6)
    assert (seen.min(), seen.max()) == pytest.approx((-0.25, 0.25), abs=0.01)
    assert not prepared(np.full((240, 320), np.nan)).any()


def _tampered(path: Path) -> None:
    tensors = network().state_dict()
    tensors["conv1.weight"][0] = np.nan
    torch.save(tensors, path)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "there are no GG-CNN weights"),
        (lambda path: path.write_bytes(b"nonsense"), "is no state dict that can be read safely"),
        (lambda path: path.write_bytes(pickle.dumps({"conv1": print})), "is no state dict that can be read safely"),
        (lambda path: torch.save(network(), path), "is no state dict that can be read safely"),
        (lambda path: torch.save({"conv1.weight": torch.zeros(3)}, path), "does not hold GG-CNN's weights"),
        (lambda path: torch.save([1, 2], path), "does not hold GG-CNN's weights"),
        (_tampered, "not finite"),
    ],
)
def test_weights_that_are_not_gg_cnns_are_refused_unexecuted(write: object, said: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    write(path)  # type: ignore[operator]
    with pytest.raises(CheckpointError, match=said):
        GgCnnDetector(path)


def test_gg_cnn_without_weights_says_where_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ggcnn.WEIGHTS, raising=False)
    with pytest.raises(ConfigError, match="SPARRING_GGCNN_WEIGHTS; the authors publish them at"):
        load_policy("sparring.stress.foreign.ggcnn:GgCnnDetector")
