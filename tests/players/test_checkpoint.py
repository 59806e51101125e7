"""A checkpoint that is not whole, not ours or not sane is refused by its path, and nothing in it is executed."""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from sparring.config import NetworkConfig, PatchConfig
from sparring.errors import CheckpointError
from sparring.players.checkpoint import PlayerCard, load_player, save_player
from sparring.players.networks import new_network

pytestmark = pytest.mark.usefixtures("unchecked")

CARD = PlayerCard("start", "protagonist", "compact", 18, 0.0015, PatchConfig(size_m=0.144, feature_std=15.0), 128, 100)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A whole protagonist."""
    path = tmp_path / "start.safetensors"
    save_player(path, new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=0), CARD)
    return path


def rewritten(path: Path, *, tensors: dict[str, Any] | None = None, metadata: dict[str, str] | None = None) -> Path:
    """The checkpoint with some tensors or metadata replaced."""
    with safe_open(path, framework="pt") as file:
        kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        told = file.metadata()
    save_file(kept | (tensors or {}), path, told | (metadata or {}))
    return path


def with_card(path: Path, **changes: object) -> Path:
    """The checkpoint with some fields of its card replaced."""
    with safe_open(path, framework="pt") as file:
        card = json.loads(file.metadata()["card"])
    return rewritten(path, metadata={"card": json.dumps(card | changes)})


def refused(path: Path, said: str | None = None) -> None:
    """Loading is refused by the path."""
    with pytest.raises(CheckpointError, match=said) as caught:
        load_player(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_whole_checkpoint_is_read(checkpoint: Path) -> None:
    network, card = load_player(checkpoint, role="protagonist")
    assert card == CARD
    assert not network.training


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, 1000, 100_000, -1])
def test_a_truncated_checkpoint_is_refused(checkpoint: Path, kept: int) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:kept])
    refused(checkpoint)


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nobody.safetensors", "there is no checkpoint")


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    refused(tmp_path)


def test_foreign_safetensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(3)}, path)
    refused(path, "not a player of this version")


def test_a_pickle_is_refused_and_not_executed(tmp_path: Path) -> None:
    path, mark = tmp_path / "evil.safetensors", tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (mark,)

    path.write_bytes(pickle.dumps(Evil()))
    refused(path)
    torch.save({"weight": Evil()}, path)
    refused(path)
    assert not mark.exists()


def test_another_role_is_refused(checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match=r"start\.safetensors holds a player of role protagonist; a adversary is needed"):
        load_player(checkpoint, role="adversary")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(checkpoint: Path, value: float) -> None:
    with safe_open(checkpoint, framework="pt") as file:
        bias = file.get_tensor("head.0.bias")
    bias[3] = value
    refused(rewritten(checkpoint, tensors={"head.0.bias": bias}), "not finite")


def test_tensors_of_another_network_are_refused(checkpoint: Path) -> None:
    refused(rewritten(checkpoint, tensors={"head.0.bias": torch.zeros(3)}), "does not fit its own card")
    refused(rewritten(checkpoint, tensors={"surprise": torch.zeros(3)}), "does not fit its own card")


@pytest.mark.parametrize("card", ["", "{", "null", "[]", "3", '"card"', "{}", '{"patches": 3}', '{"patches": {}}'])
def test_a_damaged_card_is_refused(checkpoint: Path, card: str) -> None:
    refused(rewritten(checkpoint, metadata={"card": card}))


@pytest.mark.parametrize(
    "changes",
    [
        {"trunk": "resnet"},
        {"trunk": ["compact"]},
        {"trunk": None},
        {"actions_n": 0},
        {"actions_n": 15},
        {"actions_n": "18"},
        {"actions_n": 18.5},
        {"actions_n": 10**9},
        {"pixel_m": 0.0},
        {"pixel_m": float("nan")},
        {"pixel_m": float("inf")},
        {"pixel_m": "small"},
        {"patches_n": 0},
        {"patches_n": 2.5},
        {"patches_n": None},
        {"role": "referee"},
        {"role": None},
        {"patches": {"size_m": -1.0}},
        {"patches": {"size_m": "large"}},
        {"patches": {"surprise": 1}},
        {"surprise": 1},
    ],
    ids=str,
)
def test_an_impossible_card_is_refused(checkpoint: Path, changes: dict[str, object]) -> None:
    refused(with_card(checkpoint, **changes))


def test_another_format_is_refused(checkpoint: Path) -> None:
    refused(rewritten(checkpoint, metadata={"format": "sparring-player-99"}), "sparring-player-99")


def test_a_player_that_sees_heights_is_loaded_as_one_and_older_cards_see_colours(checkpoint: Path, tmp_path: Path) -> None:
    network = new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=0, channels_n=4)
    save_player(tmp_path / "deep.safetensors", network, replace(CARD, channels_n=4))
    loaded, card = load_player(tmp_path / "deep.safetensors")
    assert loaded.channels_n == card.channels_n == 4
    refused(with_card(tmp_path / "deep.safetensors", channels_n=3), "3 channels")
    refused(with_card(tmp_path / "deep.safetensors", channels_n=5), "impossible card")
    with safe_open(checkpoint, framework="pt") as file:
        older = {name: value for name, value in json.loads(file.metadata()["card"]).items() if name != "channels_n"}
    assert load_player(rewritten(checkpoint, metadata={"card": json.dumps(older)}))[1].channels_n == 3
