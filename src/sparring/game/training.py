"""Fitting the players: BCE on the acted action only, RMSProp, balanced batches (section V-G and the authors' code)."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from sparring.config import LearningConfig
from sparring.errors import TrainingError
from sparring.game.batches import Balanced, Batch, FrozenFeatures, Patches, Source
from sparring.game.fit_file import FitFile, FitState
from sparring.game.lessons import Lesson
from sparring.game.rmsprop import RmsProp
from sparring.players.device import Compute
from sparring.players.networks import PatchNet
from sparring.scoring import auc

POSITIVE_TARGET = 0.1
"""A target of at least this counts as a success in the train accuracy, since alpha lowers targets (authors' code)."""
PREDICTED = 0.5


@dataclass(frozen=True)
class Schedule:
    """How long, how fast, and how much of the network."""

    learning_rate: float
    epochs_n: int
    keep_best: bool
    """Whether to keep the epoch with the lowest loss on held-out objects rather than the last."""
    frozen: bool = False
    """Whether convolutions stay as they are; their features are then computed once."""


@dataclass(frozen=True)
class EpochMetrics:
    """One epoch, as `metrics.jsonl` has it."""

    epoch: int
    loss: float
    train_accuracy: float
    held_out_n: int
    held_out_loss: float | None
    held_out_auc: float | None
    images_per_s: float


EpochDone = Callable[[EpochMetrics], None]


def fit(
    network: PatchNet,
    lesson: Lesson,
    schedule: Schedule,
    *,
    learning: LearningConfig,
    compute: Compute,
    patch_px: float,
    seed: int,
    file: FitFile | None = None,
    epoch_done: EpochDone = lambda metrics: None,
) -> list[EpochMetrics]:
    """Trains a network in place until the train accuracy is reached or the epochs are over.

    Everything random comes from `seed`; on a CPU the same arguments give the same weights on the same machine, also when it
    was cut off and goes on from `file`.

    Raises:
        TrainingError: the loss is no longer finite.
        KeyboardInterrupt: the user wishes to stop; how far it has come is in `file`.
    """
    network.to(compute.device)
    jitter_px = learning.jitter_share * patch_px
    source: Source = Patches(lesson, compute.device, patch_px, network.input_px, learning.at_once_n)
    if schedule.frozen:
        source = FrozenFeatures(
            lesson, source, network, views_n=learning.frozen_views_n, jitter_px=jitter_px, seed=seed, compute=compute
        )
    batches = Balanced(lesson, learning.batch_n, jitter_px, seed)
    with torch.random.fork_rng(devices=[compute.device] if compute.device.type == "cuda" else []):
        torch.manual_seed(seed)
        fitting = _Fitting(network, lesson, schedule, source, batches, learning, compute, file, epoch_done)
        fitting.run()
    return fitting.history


class _Fitting:
    """A fit under way. All that decides how it goes on is in `state`."""

    def __init__(
        self,
        network: PatchNet,
        lesson: Lesson,
        schedule: Schedule,
        source: Source,
        batches: Balanced,
        learning: LearningConfig,
        compute: Compute,
        file: FitFile | None,
        epoch_done: EpochDone,
    ) -> None:
        self._network, self._lesson, self._schedule, self._source = network, lesson, schedule, source
        self._batches, self._learning, self._compute = batches, learning, compute
        self._file, self._epoch_done = file, epoch_done
        learned = network.head if schedule.frozen else network
        self._optimiser = RmsProp(learned.parameters(), schedule.learning_rate)
        self._epoch = self._step = 0
        self._sums = torch.zeros(2, device=compute.device)
        """Of losses and of right predictions, over the rows of this epoch so far."""
        self._best: dict[str, Tensor] | None = None
        self.history: list[EpochMetrics] = []

    def run(self) -> None:
        """Trains to the end."""
        found = self._file.load() if self._file else None
        if found is not None:
            self._restore(found)
        while self._epoch < self._schedule.epochs_n and not self._is_good_enough():
            self._one_epoch()
        if self._best is not None:
            self._network.load_state_dict(self._best)
        self._network.eval()

    def _is_good_enough(self) -> bool:
        return bool(self.history) and self.history[-1].train_accuracy >= self._learning.train_accuracy

    def _one_epoch(self) -> None:
        self._network.train()
        if self._schedule.frozen:
            self._network.convolutions.eval()
        draws, start, first = self._batches.epoch(self._epoch).to(self._compute.device), time.perf_counter(), self._step
        batch_n = draws.rows.shape[1]
        while self._step < len(draws):
            self._set_rate()
            parts = (self._source.batch(part) for part in draws.of(self._step).split(self._learning.at_once_n or batch_n))
            self._sums += train_step(self._network, parts, batch_n, self._optimiser, self._compute, self._source.score)
            self._step += 1
            if self._file is not None and self._file.is_due():
                self._file.save(self._state())
        loss, right = (self._sums / (len(draws) * batch_n)).tolist()
        images_per_s = (len(draws) - first) * batch_n / (time.perf_counter() - start)
        self._end_epoch(loss, right, images_per_s)

    def _set_rate(self) -> None:
        """Decayed to nothing along a cosine."""
        done = (self._epoch * self._batches.per_epoch + self._step) / (self._schedule.epochs_n * self._batches.per_epoch)
        self._optimiser.rate = self._schedule.learning_rate * (1 + math.cos(math.pi * done)) / 2

    def _end_epoch(self, loss: float, accuracy: float, images_per_s: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss became {loss} in epoch {self._epoch}; lower learning.learning_rate or learning.finetune_rate"
            )
        held_loss, held_auc = held_out_scores(self._network, self._lesson, self._source, self._compute)
        held_out_n = int(self._lesson.held_out.sum())
        metrics = EpochMetrics(self._epoch, loss, accuracy, held_out_n, held_loss, held_auc, images_per_s)
        self.history.append(metrics)
        self._epoch_done(metrics)
        if self._schedule.keep_best and self._is_best():
            self._best = {name: value.detach().clone() for name, value in self._network.state_dict().items()}
        self._epoch, self._step = self._epoch + 1, 0
        self._sums.zero_()

    def _is_best(self) -> bool:
        losses = [metrics.held_out_loss for metrics in self.history if metrics.held_out_loss is not None]
        return bool(losses) and losses[-1] == min(losses)

    def _state(self) -> FitState:
        return FitState(
            epoch=self._epoch,
            step=self._step,
            history=[asdict(metrics) for metrics in self.history],
            network=self._network.state_dict(),
            best=self._best or {},
            optimiser=self._optimiser.state(),
            sums=self._sums,
            generator=_generator(self._compute.device).get_state(),
        )

    def _restore(self, state: FitState) -> None:
        self._epoch, self._step = state.epoch, state.step
        self.history = [EpochMetrics(**row) for row in state.history]
        self._network.load_state_dict(state.network)
        self._best = {name: value.to(self._compute.device) for name, value in state.best.items()} or None
        self._optimiser.restore(state.optimiser)
        self._sums = state.sums.to(self._compute.device)
        _generator(self._compute.device).set_state(state.generator)
        for metrics in self.history:
            self._epoch_done(metrics)


def _generator(device: torch.device) -> torch.Generator:
    """The one that dropout draws from."""
    if device.type != "cuda":
        return torch.default_generator
    return torch.cuda.default_generators[device.index or 0]


def train_step(
    network: PatchNet,
    parts: Iterable[Batch],
    batch_n: int,
    optimiser: RmsProp,
    compute: Compute,
    score: Callable[[PatchNet, Tensor], Tensor] = PatchNet.__call__,
) -> Float[Tensor, "2"]:
    """One step of descent on a batch that comes in parts; the actions that were not tried get no gradient.

    Returns:
        Sums over the batch, on the device: of losses, and of right predictions.
    """
    optimiser.zero_grad()
    sums = torch.zeros(2, device=compute.device)
    for seen, actions, targets in parts:
        with compute.autocast():
            logits = score(network, seen)
        acted = logits.gather(1, actions[:, None])[:, 0].float()
        loss = functional.binary_cross_entropy_with_logits(acted, targets, reduction="sum")
        (loss / batch_n).backward()
        right = (torch.sigmoid(acted) >= PREDICTED) == (targets >= POSITIVE_TARGET)
        sums += torch.stack([loss.detach(), right.sum()])
    optimiser.step()
    return sums


def held_out_scores(network: PatchNet, lesson: Lesson, source: Source, compute: Compute) -> tuple[float | None, float | None]:
    """Loss and AUC on the held-out rows; None where there are none."""
    if not lesson.held_out.any():
        return None, None
    acted = _watched_logits(network, source, compute)
    loss = functional.binary_cross_entropy_with_logits(acted, torch.from_numpy(lesson.targets[lesson.held_out]))
    return float(loss), auc(acted.numpy(), lesson.positive[lesson.held_out])


def believed(network: PatchNet, lesson: Lesson, *, compute: Compute, patch_px: float) -> Float[np.ndarray, " held"]:
    """The probability of what was tried, on the held-out rows."""
    source = Patches(lesson.watched(), compute.device, patch_px, network.input_px)
    return torch.sigmoid(_watched_logits(network, source, compute)).numpy()


@torch.inference_mode()
def _watched_logits(network: PatchNet, source: Source, compute: Compute) -> Float[Tensor, " held"]:
    network.eval()
    logits: list[Tensor] = []
    for seen, actions, _ in source.watched():
        with compute.autocast():
            logits.append(source.score(network, seen).gather(1, actions[:, None])[:, 0].float())
    return torch.cat(logits).cpu()


def as_row(fit_name: str, metrics: EpochMetrics) -> dict[str, Any]:
    """One line of `metrics.jsonl`."""
    return {"fit": fit_name} | asdict(metrics)
