"""Fitting the players: BCE on the acted action only, RMSProp, balanced batches (section V-G and the authors' code)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from sparring.actions.adversaries import Mirrored
from sparring.actions.grasp import ANGLE_STEP_RAD, ANGLES_N
from sparring.config import LearningConfig
from sparring.errors import TrainingError
from sparring.players.device import Compute
from sparring.players.networks import PatchNet
from sparring.players.patches import turn
from sparring.scoring import auc
from sparring.seeding import rng_of

POSITIVE_TARGET = 0.1
"""A target of at least this counts as a success in the train accuracy, since alpha lowers targets (authors' code)."""
PREDICTED = 0.5
MIRRORS = ((False, False), (True, False), (False, True), (True, True))
"""Mirrored along x, along y. The first two keep y as it is."""
RMSPROP = {"alpha": 0.9, "momentum": 0.9}


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network is taught: crops, the action tried on each, and its target."""

    crops: UInt8[np.ndarray, "n 3 c c"]
    offsets: Float[np.ndarray, "n 2"]
    grasp_angles: Int[np.ndarray, " n"]
    actions: Int[np.ndarray, " n"]
    targets: Float[np.ndarray, " n"]
    positive: Bool[np.ndarray, " n"]
    """Which class a batch is balanced by."""
    held_out: Bool[np.ndarray, " n"]
    """Rows that are never trained on."""
    turned: bool
    """True for the protagonist, whose patches are turned so that the acted angle falls in a random bin; the adversary
    always sees the canonical view."""
    mirrored: Int[np.ndarray, "mirrors actions"]
    """Which action an action becomes in a patch under each of the first `MIRRORS`, as many as keep the world as it is."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    learning_rate: float
    epochs_n: int
    keep_best: bool
    """Whether to keep the epoch with the lowest loss on held-out objects rather than the last."""


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


def mirror_table(mirrored: Mirrored, actions_n: int, *, across: bool = True) -> Int[np.ndarray, "mirrors actions"]:
    """What every action becomes under each of `MIRRORS`; without `across` under those that keep y as it is."""
    mirrors = MIRRORS if across else MIRRORS[:2]
    return np.array([[mirrored(index, x=x, y=y) for index in range(actions_n)] for x, y in mirrors])


def held_out_objects(objects: np.ndarray, share: float, seed: int) -> Bool[np.ndarray, " n"]:
    """Rows of a share of the objects, the same objects for every player of a run."""
    names = np.unique(objects)
    kept = [name for name in names if rng_of(seed, "held out", str(name)).random() < share]
    return np.isin(objects, kept)


def fit(
    network: PatchNet,
    lesson: Lesson,
    schedule: Schedule,
    *,
    learning: LearningConfig,
    compute: Compute,
    patch_px: float,
    seed: int,
    epoch_done: EpochDone = lambda metrics: None,
) -> list[EpochMetrics]:
    """Trains a network in place until the train accuracy is reached or the epochs are over.

    Everything random comes from `seed`; the same arguments on the same machine give the same weights.
    """
    network.to(compute.device)
    data = _Resident(lesson, compute.device, patch_px, network.input_px)
    batches = _Batches(lesson, learning.batch_n, learning.jitter_share * patch_px, seed)
    optimiser = torch.optim.RMSprop(network.parameters(), lr=schedule.learning_rate, **RMSPROP)  # type: ignore[arg-type]
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, schedule.epochs_n * batches.per_epoch))
    history: list[EpochMetrics] = []
    best: dict[str, Tensor] | None = None
    with torch.random.fork_rng(devices=[compute.device] if compute.device.type == "cuda" else []):
        torch.manual_seed(seed)
        for epoch in range(schedule.epochs_n):
            metrics = _epoch(network, data, batches, optimiser, decay, compute, epoch)
            history.append(metrics)
            epoch_done(metrics)
            if schedule.keep_best and _is_best(history):
                best = {name: value.detach().clone() for name, value in network.state_dict().items()}
            if metrics.train_accuracy >= learning.train_accuracy:
                break
    if best is not None:
        network.load_state_dict(best)
    network.eval()
    return history


def _epoch(
    network: PatchNet,
    data: "_Resident",
    batches: "_Batches",
    optimiser: torch.optim.Optimizer,
    decay: torch.optim.lr_scheduler.LRScheduler,
    compute: Compute,
    epoch: int,
) -> EpochMetrics:
    network.train()
    start, seen = time.perf_counter(), 0
    loss_sum = torch.zeros((), device=compute.device)
    right = torch.zeros((), device=compute.device)
    for rows, change in batches.epoch():
        patches, actions, targets = data.batch(rows, change)
        loss, logits = train_step(network, patches, actions, targets, optimiser, compute)
        decay.step()
        loss_sum += loss * len(rows)
        right += ((torch.sigmoid(logits) >= PREDICTED) == (targets >= POSITIVE_TARGET)).sum()
        seen += len(rows)
    elapsed = time.perf_counter() - start
    if not torch.isfinite(loss_sum):
        raise TrainingError(
            f"the loss became {float(loss_sum)} in epoch {epoch}; lower learning.learning_rate or learning.finetune_rate"
        )
    held_loss, held_auc = _held_out(network, data, compute)
    return EpochMetrics(
        epoch=epoch,
        loss=float(loss_sum) / seen,
        train_accuracy=float(right) / seen,
        held_out_n=int(data.held_out.sum()),
        held_out_loss=held_loss,
        held_out_auc=held_auc,
        images_per_s=seen / elapsed,
    )


def train_step(
    network: PatchNet,
    patches: Float[Tensor, "batch 3 h w"],
    actions: Int[Tensor, " batch"],
    targets: Float[Tensor, " batch"],
    optimiser: torch.optim.Optimizer,
    compute: Compute,
) -> tuple[Float[Tensor, ""], Float[Tensor, " batch"]]:
    """One step of descent; returns the loss and the acted actions' logits. The other actions get no gradient."""
    with compute.autocast():
        logits = network(patches)
    acted = logits.gather(1, actions[:, None])[:, 0].float()
    loss = functional.binary_cross_entropy_with_logits(acted, targets)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.detach(), acted.detach()


@torch.inference_mode()
def _held_out(network: PatchNet, data: "_Resident", compute: Compute) -> tuple[float | None, float | None]:
    rows = np.flatnonzero(data.held_out)
    if not len(rows):
        return None, None
    network.eval()
    logits: list[Tensor] = []
    for start in range(0, len(rows), 512):
        part = rows[start : start + 512]
        patches, actions, _ = data.batch(part)
        with compute.autocast():
            logits.append(network(patches).gather(1, actions[:, None])[:, 0].float())
    acted = torch.cat(logits).cpu()
    loss = functional.binary_cross_entropy_with_logits(acted, torch.from_numpy(data.lesson.targets[rows]))
    return float(loss), auc(acted.numpy(), data.lesson.positive[rows])


def _is_best(history: list[EpochMetrics]) -> bool:
    losses = [metrics.held_out_loss for metrics in history if metrics.held_out_loss is not None]
    return bool(losses) and losses[-1] == min(losses)


class _Resident:
    """A lesson on the device, as bytes; batches are cut and turned there."""

    def __init__(self, lesson: Lesson, device: torch.device, patch_px: float, out_px: int) -> None:
        self.lesson, self.held_out = lesson, lesson.held_out
        self._patch_px, self._out_px = patch_px, out_px
        self._crops = torch.from_numpy(lesson.crops).to(device)
        self._offsets = torch.from_numpy(lesson.offsets).to(device)
        self._angles = torch.from_numpy(lesson.grasp_angles).to(device)
        self._actions = torch.from_numpy(lesson.actions).to(device)
        self._targets = torch.from_numpy(lesson.targets).to(device)
        self._mirrored = torch.from_numpy(lesson.mirrored).to(device)
        self._signs = torch.tensor([[-1.0 if x else 1.0, -1.0 if y else 1.0] for x, y in MIRRORS], device=device)

    def batch(self, rows: np.ndarray, change: "_Change | None" = None) -> tuple[Tensor, Tensor, Tensor]:
        """Patches, actions and targets of some rows, changed at random or as they are."""
        at = torch.from_numpy(rows).to(self._crops.device)
        angles, actions = self._angles[at], self._actions[at]
        if self.lesson.turned:
            if change is not None:
                actions = torch.from_numpy(change.bins).to(at.device)
            angles = angles - actions
        offsets, signs = self._offsets[at], None
        if change is not None:
            offsets = offsets + torch.from_numpy(change.shifts_px).to(at.device)
            mirrors = torch.from_numpy(change.mirrors).to(at.device)
            actions, signs = self._mirrored[mirrors, actions], self._signs[mirrors]
        patches = turn(
            self._crops[at],
            offsets,
            angles.float() * ANGLE_STEP_RAD,
            patch_px=self._patch_px,
            out_px=self._out_px,
            mirrors=signs,
        )
        return patches, actions, self._targets[at]


@dataclass(frozen=True, eq=False)
class _Change:
    """How the patches of a batch are changed at random."""

    bins: Int[np.ndarray, " batch"]
    """Angles that the protagonist's acted ones are turned to."""
    mirrors: Int[np.ndarray, " batch"]
    """Rows of `MIRRORS`."""
    shifts_px: Float[np.ndarray, "batch 2"]


class _Batches:
    """Row numbers of balanced batches: half successes, half failures, each class gone through in its own shuffled order."""

    def __init__(self, lesson: Lesson, batch_n: int, jitter_px: float, seed: int) -> None:
        trained = ~lesson.held_out
        self._classes = [
            rows for rows in (np.flatnonzero(trained & lesson.positive), np.flatnonzero(trained & ~lesson.positive)) if len(rows)
        ]
        self._batch_n, self._jitter_px, self._rng = batch_n, jitter_px, rng_of(seed, "batches")
        self._mirrors_n = len(lesson.mirrored)
        self.per_epoch = max(1, int(np.ceil(trained.sum() / batch_n)))

    def epoch(self) -> Iterator[tuple[np.ndarray, _Change]]:
        """Rows of every batch and how they are changed; as many draws as there are rows."""
        share = self._batch_n // len(self._classes)
        draws = [self._endless(rows, share * self.per_epoch) for rows in self._classes]
        for index in range(self.per_epoch):
            rows = np.concatenate([drawn[index * share : (index + 1) * share] for drawn in draws])
            yield rows, self._change(len(rows))

    def _change(self, n: int) -> _Change:
        return _Change(
            bins=self._rng.integers(ANGLES_N, size=n),
            mirrors=self._rng.integers(self._mirrors_n, size=n),
            shifts_px=(self._jitter_px * self._rng.standard_normal((n, 2))).astype(np.float32),
        )

    def _endless(self, rows: np.ndarray, n: int) -> np.ndarray:
        rounds = -(-n // len(rows))
        return np.concatenate([self._rng.permutation(rows) for _ in range(rounds)])[:n]


def as_row(fit_name: str, metrics: EpochMetrics) -> dict[str, Any]:
    """One line of `metrics.jsonl`."""
    return {"fit": fit_name} | asdict(metrics)
