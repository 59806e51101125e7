"""Tensors to safetensors files."""

from pathlib import Path

from safetensors.torch import save
from torch import Tensor


def save_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Writes a safetensors file, readable as other files are (the library's own way makes it private).

    Raises:
        OSError: it could not be written.
    """
    path.write_bytes(save(tensors, metadata))
