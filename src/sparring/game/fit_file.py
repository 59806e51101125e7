"""A fit that is under way, on disk: enough to go on from the very step, with the same result."""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from sparring.data.files import write_atomically
from sparring.game.rmsprop import State
from sparring.players.tensors import save_tensors

KEPT_EVERY_S = 120.0
"""A fit that is shorter leaves nothing behind and is begun anew."""
FORMAT = "sparring-fit-2"
_LOG = logging.getLogger(__name__)
Named = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class FitState:
    """How far a fit has come."""

    epoch: int
    step: int
    """Within the epoch."""
    history: list[dict[str, Any]]
    network: Named
    best: Named
    """The network at its best epoch; empty where that is not kept."""
    optimiser: State
    sums: Tensor
    generator: Tensor
    """State of the generator that dropout draws from."""


class FitFile:
    """Where a fit keeps its state now and then, and at once where the user wishes to stop.

    Args:
        path: the file; it is there only while the fit is under way.
        belongs_to: names the fit by all that decides it; the state of another is not taken.
        stopping: whether the user wishes to stop.
        every_s: how often the state is kept.
    """

    def __init__(
        self, path: Path, belongs_to: str, *, stopping: Callable[[], bool] = lambda: False, every_s: float = KEPT_EVERY_S
    ) -> None:
        self._path, self._stopping, self._every_s = path, stopping, every_s
        self._belongs_to = f"{FORMAT} {version('torch')} {belongs_to}"
        self._kept_at = time.monotonic()

    def is_due(self) -> bool:
        """Whether it is time to keep the state."""
        return self._stopping() or time.monotonic() - self._kept_at >= self._every_s

    def save(self, state: FitState) -> None:
        """Keeps the state.

        Raises:
            KeyboardInterrupt: the user wishes to stop, and the state is kept.
        """
        tensors = {f"network/{name}": value for name, value in state.network.items()}
        tensors |= {f"best/{name}": value for name, value in state.best.items()}
        for index, values in state.optimiser.items():
            tensors |= {f"optimiser/{index}/{name}": value for name, value in values.items()}
        tensors |= {"sums": state.sums, "generator": state.generator}
        held = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        told = json.dumps({"epoch": state.epoch, "step": state.step, "history": state.history})
        metadata = {"belongs_to": self._belongs_to, "state": told, "sha256": _checksum(told, held)}
        write_atomically(self._path, lambda part: save_tensors(held, part, metadata))
        self._kept_at = time.monotonic()
        if self._stopping():
            raise KeyboardInterrupt

    def load(self) -> FitState | None:
        """The state that was kept; None where there is none, or none of this fit, and it begins anew."""
        if not self._path.exists():
            return None
        try:
            with safe_open(self._path, framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if metadata["sha256"] != _checksum(metadata["state"], tensors):
                raise ValueError("checksum")
            if metadata["belongs_to"] != self._belongs_to:
                return None
            return FitState(
                **json.loads(metadata["state"]),
                network=_below("network/", tensors),
                best=_below("best/", tensors),
                optimiser=_by_parameter(_below("optimiser/", tensors)),
                sums=tensors["sums"],
                generator=tensors["generator"],
            )
        except (SafetensorError, OSError, ValueError, TypeError, KeyError, RuntimeError, RecursionError) as error:
            _LOG.warning(
                "%s is damaged (%s); that fit begins anew", self._path, str(error).splitlines()[0] if str(error) else "?"
            )
            return None

    def remove(self) -> None:
        """The fit is done."""
        self._path.unlink(missing_ok=True)


def _checksum(told: str, tensors: Named) -> str:
    total = hashlib.sha256(told.encode())
    for name, value in sorted(tensors.items()):
        total.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        total.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def _below(prefix: str, tensors: Named) -> Named:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _by_parameter(tensors: Named) -> State:
    state: State = {}
    for name, value in tensors.items():
        index, _, called = name.partition("/")
        state.setdefault(int(index), {})[called] = value
    return state
