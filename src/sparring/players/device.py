"""Where networks run and in what arithmetic, resolved once a run."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from sparring.config import LearningConfig, Precision
from sparring.errors import DeviceError

DeviceName = Literal["auto", "cpu", "cuda"]
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}


@dataclass(frozen=True)
class Compute:
    """A device with the precision used on it."""

    device: torch.device
    bf16: bool

    @contextmanager
    def autocast(self) -> Generator[None]:
        """Runs matrix work in bf16 where that was chosen; sums and losses stay fp32."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            yield


def device_named(name: DeviceName) -> torch.device:
    """The device; `auto` takes a GPU where there is one.

    Raises:
        DeviceError: `cuda` was asked for and is not there.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            f"--device cuda: this torch ({torch.__version__}) sees no CUDA device; "
            "use --device cpu or install a CUDA build of torch"
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def resolved_precision(precision: Precision, device: torch.device) -> Precision:
    """`auto` made definite: bf16 where the processor computes it natively."""
    if precision != "auto":
        return precision
    native = torch.cuda.is_bf16_supported() if device.type == "cuda" else _cpu_has_bf16()
    return "bf16" if native else "fp32"


def compute_for(learning: LearningConfig, device: torch.device) -> Compute:
    """The device and arithmetic of a run. Sets the number of CPU threads, on which the last bit of sums depends."""
    torch.set_num_threads(learning.threads_n)
    return Compute(device, resolved_precision(learning.precision, device) == "bf16")


def _cpu_has_bf16() -> bool:
    info = Path("/proc/cpuinfo")
    return info.exists() and not BF16_FLAGS.isdisjoint(info.read_text().split())
