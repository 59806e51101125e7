"""Players at work."""

import numpy as np
import pytest
import torch
from bars import angle_between_deg, bar_angle_deg, bar_image

from sparring.config import NetworkConfig, PatchConfig
from sparring.players.choosing import ImageGrasp, Protagonist, attack_probabilities, grasped_patches
from sparring.players.device import Compute
from sparring.players.networks import PatchNet, new_network
from sparring.players.patches import turn

CPU = Compute(torch.device("cpu"), bf16=False)
PATCHES = PatchConfig(size_m=0.12)
PIXEL_M = 0.003


@pytest.fixture(scope="module")
def network() -> PatchNet:
    return new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=1)


def picture(seed: int = 0) -> np.ndarray:
    """A picture full of features."""
    return np.random.default_rng(seed).integers(0, 256, (120, 160, 3), dtype=np.uint8)


def protagonist(network: PatchNet, policy: str) -> Protagonist:
    """A player of that network."""
    return Protagonist(network, CPU, PATCHES, PIXEL_M, 64, policy)  # type: ignore[arg-type]


def test_greedy_grasps_come_best_first(network: PatchNet) -> None:
    grasps = protagonist(network, "greedy").choose(picture(), 10, np.random.default_rng(0))
    believed = [grasp.probability for grasp in grasps]
    assert None not in believed
    assert believed == sorted(believed, reverse=True)
    assert len(set(grasps)) == 10


@pytest.mark.parametrize("policy", ["greedy", "importance"])
def test_a_choice_is_decided_by_its_generator(network: PatchNet, policy: str) -> None:
    player = protagonist(network, policy)
    first, again, other = (player.choose(picture(), 4, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_greedy_player_takes_the_best_of_its_patches(network: PatchNet) -> None:
    best = protagonist(network, "greedy").choose(picture(), 1, np.random.default_rng(3))[0]
    others = protagonist(network, "importance").choose(picture(), 20, np.random.default_rng(3))
    assert best.probability == max(grasp.probability for grasp in others if grasp.probability is not None)


def test_scores_do_not_depend_on_how_many_are_scored_at_once(network: PatchNet, monkeypatch: pytest.MonkeyPatch) -> None:
    centres = np.random.default_rng(0).uniform(25, 90, (50, 2))
    player = protagonist(network, "greedy")
    at_once = player.score(picture(), centres)
    monkeypatch.setattr("sparring.players.choosing.SCORED_AT_ONCE_N", 7)
    assert player.score(picture(), centres) == pytest.approx(at_once, abs=1e-4)
    assert at_once.shape == (50, 18)


@pytest.mark.parametrize("angle", range(18))
def test_the_adversary_sees_the_grasp_turned_level(angle: int) -> None:
    centre = np.array([70.3, 60.8])
    image = bar_image(10 * angle, 140, length_px=24, width_px=5, centre=centre)
    seen = grasped_patches([image], [ImageGrasp(70.3, 60.8, angle, None)], patch_px=40.0)
    view = turn(
        torch.from_numpy(seen.crops).float(),
        torch.from_numpy(seen.offsets),
        torch.from_numpy(seen.angles),
        patch_px=40.0,
        out_px=64,
    )[0, 0].numpy()
    assert angle_between_deg(bar_angle_deg(view), 0.0) < 1.0
    row, column = np.mgrid[:64, :64]
    assert np.average(column, weights=view) == pytest.approx(31.5, abs=0.5)
    assert np.average(row, weights=view) == pytest.approx(31.5, abs=0.5)


def test_an_attack_has_a_probability_for_every_action(network: PatchNet) -> None:
    grasps = [ImageGrasp(60.0, 50.0, angle, None) for angle in (0, 5)]
    seen = grasped_patches([picture(), picture(1)], grasps, patch_px=40.0)
    believed = attack_probabilities(network, seen, patch_px=40.0, compute=CPU)
    assert believed.shape == (2, 18)
    assert np.all((believed > 0) & (believed < 1))


def test_bf16_changes_a_score_but_little(network: PatchNet) -> None:
    centres = np.random.default_rng(0).uniform(25, 90, (20, 2))
    full = protagonist(network, "greedy").score(picture(), centres)
    half = Protagonist(network, Compute(torch.device("cpu"), bf16=True), PATCHES, PIXEL_M, 64, "greedy").score(picture(), centres)
    assert np.abs(full - half).max() < 0.1 * np.abs(full).max() + 0.05
