"""A checkpoint is loaded or refused, whatever its header, its card and its tensors claim."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from hostile import JSON_TEXTS, JSON_VALUES, STRINGS, damaged, fuzzed, paths_in, read_or_refused, with_texts
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from sparring.config import NetworkConfig, PatchConfig
from sparring.errors import CheckpointError
from sparring.game.digest import _tensors_digest
from sparring.players import trunks
from sparring.players.checkpoint import FORMAT, MOST_PATCHES_N, PlayerCard, load_player
from sparring.players.networks import new_network
from sparring.players.trunks import Trunk

CARD = PlayerCard("start", "protagonist", "small", 18, 0.0015, PatchConfig(size_m=0.144, feature_std=15.0), 128, 100)
CARD_TREE = json.loads(CARD.to_json())
CARD_PATHS = [*paths_in(CARD_TREE), ("surprise",), ("patches", "surprise")]
BYTES = {
    "F64": 8,
    "I64": 8,
    "U64": 8,
    "C64": 8,
    "F32": 4,
    "I32": 4,
    "U32": 4,
    "F16": 2,
    "BF16": 2,
    "I16": 2,
    "U16": 2,
} | dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 1)
"""Size of a number of every type that safetensors knows."""


def _convolutions() -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3))


@pytest.fixture(scope="module", autouse=True)
def _small_trunk() -> Any:
    """A trunk of which thousands of checkpoints are written in a minute."""
    trunks.TRUNKS["small"] = Trunk(4, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), _convolutions, 2, 2, 1, (4,))
    yield
    del trunks.TRUNKS["small"]


@pytest.fixture(scope="module")
def whole(_small_trunk: None) -> bytes:
    """The bytes of a checkpoint."""
    network = new_network(NetworkConfig("small"), 18, dropout=0.5, seed=0)
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    return save(tensors, {"format": FORMAT, "card": CARD.to_json()})


def parted(checkpoint: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and tensors."""
    size = struct.unpack("<Q", checkpoint[:8])[0]
    return json.loads(checkpoint[8 : 8 + size]), checkpoint[8 + size :]


def joined(header: str, tensors: bytes) -> bytes:
    """A checkpoint of any header."""
    text = header.encode(errors="surrogatepass")
    return struct.pack("<Q", len(text)) + text + tensors


def used(folder: Path, content: bytes) -> None:
    """What is loaded is finite and of its card's shape; what is digested has a digest."""
    path = folder / "start.safetensors"
    path.write_bytes(content)
    loaded = read_or_refused(lambda: load_player(path))
    if loaded is not None:
        network, card = loaded
        assert network.actions_n == card.actions_n
        assert card.patches_n <= MOST_PATCHES_N
        assert card.patches.size_px(card.pixel_m) > 0
        assert all(value.dtype == torch.float32 and torch.isfinite(value).all() for value in network.state_dict().values())
    digest = read_or_refused(lambda: _tensors_digest(path))
    assert digest is None or len(digest) == 64


@fuzzed
@given(st.data())
def test_a_damaged_checkpoint_is_loaded_or_refused(whole: bytes, folder: Path, data: st.DataObject) -> None:
    _, tensors = parted(whole)
    content = data.draw(damaged(whole, lively=(0, len(whole) - len(tensors))))
    if data.draw(st.booleans()):  # the header's length is right again
        size = len(content) - len(tensors) - 8
        content = struct.pack("<Q", max(0, size)) + content[8:]
    used(folder, content)


@fuzzed
@given(st.lists(st.tuples(st.sampled_from(CARD_PATHS), JSON_TEXTS), min_size=1, max_size=3))
def test_a_card_with_any_values_is_read_or_refused(
    whole: bytes, folder: Path, changes: list[tuple[tuple[str, ...], str]]
) -> None:
    header, tensors = parted(whole)
    header["__metadata__"]["card"] = with_texts(CARD_TREE, changes)
    used(folder, joined(json.dumps(header), tensors))


@fuzzed
@given(
    st.dictionaries(STRINGS | st.sampled_from(["format", "card"]), STRINGS | JSON_TEXTS | st.just(FORMAT)) | JSON_VALUES, STRINGS
)
def test_any_metadata_are_read_or_refused(whole: bytes, folder: Path, metadata: Any, name: str) -> None:
    header, tensors = parted(whole)
    header["__metadata__"] = metadata
    header[name] = header.pop("head.0.bias")
    used(folder, joined(json.dumps(header), tensors))


COUNTS = st.sampled_from([0, 1, 2, 3, 18, 2**31, 2**32, 2**40, 2**62, 2**63, 2**64, -1]) | st.integers(0, 100)


@fuzzed
@given(
    st.sampled_from(["head.0.bias", "head.0.weight", "convolutions.0.weight", "surprise", "__metadata__", ""]),
    st.sampled_from([*BYTES, "F4", "F6_E2M3", "F128", "", "f32"]),
    st.lists(st.integers(0, 5), max_size=4) | st.lists(COUNTS, max_size=8) | JSON_VALUES,
    st.none() | st.lists(COUNTS, min_size=2, max_size=2) | JSON_VALUES,
)
def test_a_tensor_that_claims_anything_is_read_or_refused(
    whole: bytes, folder: Path, name: str, kind: str, shape: Any, offsets: Any
) -> None:
    header, tensors = parted(whole)
    size = 0
    if isinstance(shape, list) and all(isinstance(side, int) for side in shape):
        size = math.prod(shape) * BYTES.get(kind, 1)
    if offsets is None and 0 <= size < 10**6:  # room for it, at the end
        offsets = [len(tensors), len(tensors) + size]
        tensors += bytes(size)
    header[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
    used(folder, joined(json.dumps(header), tensors))


@fuzzed
@given(st.sampled_from(list(BYTES)), st.binary(min_size=1, max_size=16))
def test_weights_of_any_type_and_bits_are_read_or_refused(whole: bytes, folder: Path, kind: str, bits: bytes) -> None:
    used(folder, retyped(whole, kind, bits))


def retyped(whole: bytes, kind: str, bits: bytes) -> bytes:
    """The checkpoint with all tensors of another type, filled with the same bits again and again."""
    header, _ = parted(whole)
    end = 0
    for name, told in header.items():
        if name != "__metadata__":
            size = math.prod(told["shape"]) * BYTES[kind]
            told |= {"dtype": kind, "data_offsets": [end, end + size]}
            end += size
    return joined(json.dumps(header), (bits * (end // len(bits) + 1))[:end])


@pytest.mark.parametrize("kind", sorted(BYTES.keys() - {"F32"}))
def test_weights_of_another_type_are_refused(whole: bytes, folder: Path, kind: str) -> None:
    path = folder / "start.safetensors"
    path.write_bytes(retyped(whole, kind, b"\0"))
    with pytest.raises(CheckpointError, match=r"holds .* as torch\..*, it should be torch\.float32"):
        load_player(path)


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0"])
def test_what_numpy_cannot_hold_has_no_digest(whole: bytes, folder: Path, kind: str) -> None:
    path = folder / "start.safetensors"
    path.write_bytes(retyped(whole, kind, b"\0"))
    with pytest.raises(CheckpointError, match="is damaged"):
        _tensors_digest(path)


@pytest.mark.parametrize("shape", [[0, 2**63], [0, 2**40, 2**40, 2**40, 2**40]])
def test_an_empty_tensor_of_absurd_shape_is_refused(whole: bytes, folder: Path, shape: list[int]) -> None:
    header, tensors = parted(whole)
    header["surprise"] = {"dtype": "F32", "shape": shape, "data_offsets": [len(tensors)] * 2}
    path = folder / "start.safetensors"
    path.write_bytes(joined(json.dumps(header), tensors))
    for read in (load_player, _tensors_digest):
        with pytest.raises(CheckpointError):
            read(path)


@pytest.mark.parametrize(
    ("name", "value"), [("patches_n", 10**12), ("trained_n", -1), ("pixel_m", 10**400), ("actions_n", 10**400)]
)
def test_a_card_with_an_impossible_number_is_refused(whole: bytes, folder: Path, name: str, value: int) -> None:
    header, tensors = parted(whole)
    header["__metadata__"]["card"] = json.dumps(CARD_TREE | {name: value})
    path = folder / "start.safetensors"
    path.write_bytes(joined(json.dumps(header), tensors))
    with pytest.raises(CheckpointError, match="damaged card"):
        load_player(path)
