"""Every row of the table of trunks keeps the same promises."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sparring.config import NetworkConfig, PatchConfig
from sparring.errors import ConfigError, SparringError
from sparring.game.rmsprop import RmsProp
from sparring.game.training import train_step
from sparring.players.checkpoint import PlayerCard, load_player, save_player
from sparring.players.device import Compute
from sparring.players.networks import PatchNet, new_network, require_weights
from sparring.players.onnx_model import onnx_model
from sparring.players.trunks import TRUNKS

CPU = Compute(torch.device("cpu"), bf16=False)
ACTIONS_N = 15


def network_of(trunk: str, seed: int = 0) -> PatchNet:
    """A fresh network that needs no download."""
    return new_network(NetworkConfig(trunk=trunk, pretrained=False), ACTIONS_N, dropout=0.0, seed=seed)


def patches_for(network: PatchNet, n: int = 4) -> torch.Tensor:
    """Random patches of the network's size."""
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.uniform(0, 255, (n, 3, network.input_px, network.input_px)).astype(np.float32))


@pytest.fixture(scope="module", params=list(TRUNKS))
def network(request: pytest.FixtureRequest) -> PatchNet:
    return network_of(request.param)


def test_a_patch_gets_a_logit_for_every_action(network: PatchNet) -> None:
    network.eval()
    with torch.inference_mode():
        logits = network(patches_for(network))
    assert logits.shape == (4, ACTIONS_N)
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


def test_logits_depend_on_what_is_seen(network: PatchNet) -> None:
    network.eval()
    with torch.inference_mode():
        logits = network(patches_for(network))
    assert not torch.allclose(logits[0], logits[1], atol=1e-7)


def test_a_patch_is_scored_alone_as_among_others(network: PatchNet) -> None:
    network.eval()
    patches = patches_for(network)
    with torch.inference_mode():
        assert network(patches)[2] == pytest.approx(network(patches[2:3])[0], abs=1e-4)


def test_gradients_are_finite_and_reach_every_layer(network: PatchNet) -> None:
    network.zero_grad()
    network(patches_for(network)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name
    network.zero_grad()


@pytest.mark.parametrize("trunk", TRUNKS)
def test_only_the_acted_actions_learn(trunk: str) -> None:
    network = network_of(trunk)
    last = network.head[-1]
    assert isinstance(last, torch.nn.Linear)
    before = last.weight.detach().clone()
    optimiser = RmsProp(network.parameters(), 0.1)
    network.train()
    actions = torch.tensor([2, 7, 7, 2])
    targets = torch.tensor([1.0, 0.0, 0.25, 1.0])
    loss, right = train_step(network, [(patches_for(network), actions, targets)], 4, optimiser, CPU)
    own = (last.weight.detach() != before).any(dim=1)[:ACTIONS_N]
    changed = own.nonzero()[:, 0].tolist()
    assert changed == [2, 7]
    assert 0 <= float(right) <= 4
    assert float(loss) > 0


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_seed_decides_the_first_weights(trunk: str) -> None:
    first, again, other = (network_of(trunk, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.0.weight"], other["head.0.weight"])


def test_making_a_network_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    network_of("compact", seed=9)
    assert torch.equal(torch.rand(3), expected)


def test_a_saved_player_scores_as_before(network: PatchNet, tmp_path: Path) -> None:
    card = PlayerCard("start", "adversary", network.trunk, ACTIONS_N, 0.0015, PatchConfig(), 128, 100)
    save_player(tmp_path / "player.safetensors", network, card)
    loaded, found = load_player(tmp_path / "player.safetensors", role="adversary")
    network.eval()
    patches = patches_for(network)
    with torch.inference_mode():
        assert torch.equal(loaded(patches), network(patches))
    assert found == card


def test_a_player_as_an_onnx_model_says_the_same(network: PatchNet) -> None:
    pytest.importorskip("onnxruntime")
    content, off = onnx_model(network)
    assert len(content) > 4 * sum(parameter.numel() for parameter in network.parameters())
    assert 0 <= off <= 1e-4


def test_logits_are_the_decision_on_the_features(network: PatchNet) -> None:
    network.eval()
    patches = patches_for(network)
    with torch.inference_mode():
        features = network.features(patches)
        assert features.shape == (4, network.kind.channels_n, network.kind.window, network.kind.window)
        seen = network.summed_up(features)
        assert seen.shape == (4, network.kind.features_n)
        assert torch.equal(network.decide(seen), network(patches))


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_skeleton_has_the_names_and_shapes_of_its_trunk(trunk: str) -> None:
    built, skeleton = TRUNKS[trunk].build().state_dict(), TRUNKS[trunk].skeleton().state_dict()
    assert {name: value.shape for name, value in built.items()} == {name: value.shape for name, value in skeleton.items()}
    assert all(value.is_meta for value in skeleton.values())


def test_the_alexnet_is_the_papers() -> None:
    network = PatchNet("alexnet", 18)
    widths = [layer.out_features for layer in network.head if isinstance(layer, torch.nn.Linear)]
    filters = [layer.out_channels for layer in network.convolutions if isinstance(layer, torch.nn.Conv2d)]
    assert widths[:-1] == [4096, 1024]
    assert filters == [64, 192, 384, 256, 256]
    assert network.input_px == 224


def test_the_compact_trunk_pads_nothing() -> None:
    convolutions = [layer for layer in PatchNet("compact", 18).convolutions if isinstance(layer, torch.nn.Conv2d)]
    assert {layer.padding for layer in convolutions} == {(0, 0)}


@pytest.mark.parametrize(("trunk", "pretrained"), [("compact", True), ("alexnet", False)])
def test_convolutions_that_never_learned_are_not_frozen(trunk: str, pretrained: bool) -> None:
    with pytest.raises(ConfigError, match=r"network\.frozen=true needs convolutions that have learned"):
        require_weights(NetworkConfig(trunk, pretrained, frozen=True))


def test_an_unknown_trunk_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'resnet'.*alexnet, compact, resnet18"):
        PatchNet("resnet", 18)


def test_the_papers_network_without_its_weights_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "empty"))
    with pytest.raises(SparringError, match=r"sparring weights.*network\.pretrained=false"):
        new_network(NetworkConfig(trunk="alexnet", pretrained=True), 18, dropout=0.5, seed=0)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_network_may_see_heights_too(trunk: str) -> None:
    network = new_network(NetworkConfig(trunk, pretrained=False), ACTIONS_N, dropout=0.0, seed=0, channels_n=4).eval()
    assert network.channels_n == 4
    side = network.input_px
    patches = torch.rand(2, 4, side, side) * 255
    higher = patches.clone()
    higher[:, 3] += 20
    assert network(patches).shape == (2, ACTIONS_N)
    assert not torch.allclose(network(patches), network(higher))


def test_heights_are_scaled_so_that_the_table_is_zero_and_five_centimetres_are_one() -> None:
    network = PatchNet("compact", 18, channels_n=4)
    assert network.mean.flatten().tolist() == [111.0, 111.0, 111.0, 0.0]
    assert network.std.flatten().tolist() == [144.0, 144.0, 144.0, 50.0]


def test_what_imagenet_taught_is_kept_and_blind_to_heights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned = {name: torch.randn_like(value) for name, value in TRUNKS["alexnet"].build().state_dict().items()}
    monkeypatch.setattr("sparring.players.networks.load_imagenet_convolutions", lambda trunk: learned)
    three, four = (
        new_network(NetworkConfig("alexnet", pretrained=True), 18, dropout=0.0, seed=0, channels_n=n).convolutions.state_dict()
        for n in (3, 4)
    )
    assert all(torch.equal(three[name], value) for name, value in learned.items())
    assert torch.equal(four["0.weight"][:, :3], learned["0.weight"])
    assert not four["0.weight"][:, 3:].any()
    assert torch.equal(four["3.weight"], learned["3.weight"])
