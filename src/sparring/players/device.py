"""Where networks run and in what arithmetic, resolved once a run."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import torch

from sparring.config import LearningConfig, Precision
from sparring.errors import DeviceError, unknown_name
from sparring.farm.processes import cores_n

DeviceName = Literal["auto", "cpu", "cuda"]
MOST_THREADS_N = 8
"""More threads gain little on batches of this size."""
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
        DeviceError: no such name, or `cuda` was asked for and is not there.
    """
    if name not in get_args(DeviceName):
        raise DeviceError(unknown_name("device", name, get_args(DeviceName)))
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            f"--device cuda: this torch ({torch.__version__}) sees no CUDA device; "
            "use --device cpu or install a CUDA build of torch"
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _native_precision(device: torch.device) -> Precision:
    """bf16 where the processor computes it natively."""
    native = torch.cuda.is_bf16_supported() if device.type == "cuda" else _cpu_has_bf16()
    return "bf16" if native else "fp32"


def resolved(learning: LearningConfig, device: torch.device, begun: LearningConfig | None = None) -> LearningConfig:
    """Arithmetic and threads made definite: as a run was begun with, or as suits this machine.

    Args:
        learning: as asked.
        device: where networks run.
        begun: as the run was begun with, where it was.
    """
    precision, threads_n = learning.precision, learning.threads_n
    if precision == "auto":
        precision = begun.precision if begun else _native_precision(device)
    if threads_n is None:
        threads_n = begun.threads_n if begun else min(cores_n(), MOST_THREADS_N)
    return replace(learning, precision=precision, threads_n=threads_n)


def compute_for(learning: LearningConfig, device: torch.device) -> Compute:
    """The device and arithmetic of a run.

    Sets the number of CPU threads, on which the last bit of sums depends, and on a GPU lets products of fp32 run as TF32.
    """
    definite = resolved(learning, device)
    assert definite.threads_n is not None
    torch.set_num_threads(definite.threads_n)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    return Compute(device, definite.precision == "bf16")


def _cpu_has_bf16() -> bool:
    info = Path("/proc/cpuinfo")
    return info.exists() and not BF16_FLAGS.isdisjoint(info.read_text().split())
