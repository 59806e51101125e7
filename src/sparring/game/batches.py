"""Batches of a lesson: drawn for an epoch at once, cut and turned on the device, or looked up where convolutions are frozen."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparring.actions.grasp import ANGLE_STEP_RAD, ANGLES_N
from sparring.game.lessons import MIRRORS, Lesson
from sparring.players.device import Compute
from sparring.players.networks import PatchNet
from sparring.players.patches import turn
from sparring.seeding import rng_of

WATCHED_AT_ONCE_N = 512
"""Rows that are scored at once, where memory is not short."""
Batch = tuple[Tensor, Int[Tensor, " batch"], Float[Tensor, " batch"]]
"""What the network sees, actions, targets."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Rows that are drawn and how their patches are changed at random; of one batch, or of many with a further dimension."""

    rows: Int[Tensor, "*batch"]
    bins: Int[Tensor, "*batch"]
    """Angles that the protagonist's acted ones are turned to."""
    mirrors: Int[Tensor, "*batch"]
    """Indices of `MIRRORS`."""
    shifts_px: Float[Tensor, "*batch 2"]
    views: Int[Tensor, "*batch"]
    """Any number: which of the views that are kept, where convolutions are frozen."""

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, step: int) -> "Draws":
        """One batch."""
        return Draws(*(getattr(self, field.name)[step] for field in fields(self)))

    def split(self, n: int) -> list["Draws"]:
        """In parts of at most `n`."""
        return [Draws(*parts) for parts in zip(*(getattr(self, field.name).split(n) for field in fields(self)), strict=True)]

    def to(self, device: torch.device) -> "Draws":
        """On a device, so that no step waits for the host."""
        return Draws(*(getattr(self, field.name).to(device) for field in fields(self)))


class Balanced:
    """Batches half of successes and half of failures, each class gone through in its own shuffled order."""

    def __init__(self, lesson: Lesson, batch_n: int, jitter_px: float, seed: int) -> None:
        trained = ~lesson.held_out
        classes = (np.flatnonzero(trained & lesson.positive), np.flatnonzero(trained & ~lesson.positive))
        self._classes = [rows for rows in classes if len(rows)]
        self._share = batch_n // len(self._classes)
        self._jitter_px, self._seed, self._mirrors_n = jitter_px, seed, len(lesson.mirrored)
        self.per_epoch = max(1, int(np.ceil(trained.sum() / batch_n)))

    def epoch(self, number: int) -> Draws:
        """All batches of an epoch, [per_epoch, batch]; as many draws as there are rows."""
        rng = rng_of(self._seed, "epoch", number)
        drawn = [_endless(rows, self._share * self.per_epoch, rng) for rows in self._classes]
        rows = np.stack([one.reshape(self.per_epoch, self._share) for one in drawn], axis=-1).reshape(self.per_epoch, -1)
        return changed(rows, self._mirrors_n, self._jitter_px, rng)


def changed(rows: np.ndarray, mirrors_n: int, jitter_px: float, rng: np.random.Generator) -> Draws:
    """Rows, each with a change at random."""
    return Draws(
        rows=torch.from_numpy(rows),
        bins=torch.from_numpy(rng.integers(ANGLES_N, size=rows.shape)),
        mirrors=torch.from_numpy(rng.integers(mirrors_n, size=rows.shape)),
        shifts_px=torch.from_numpy((jitter_px * rng.standard_normal((*rows.shape, 2))).astype(np.float32)),
        views=torch.from_numpy(rng.integers(2**31, size=rows.shape)),
    )


def _endless(rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    rounds = -(-n // len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(rounds)])[:n]


class Source(Protocol):
    """Where batches come from, and what of the network they go through."""

    def batch(self, draws: Draws) -> Batch:
        """A batch to train on."""
        ...

    def watched(self) -> Iterator[Batch]:
        """The held-out rows as players see them, in order."""
        ...

    def score(self, network: PatchNet, seen: Tensor) -> Float[Tensor, "batch actions"]:
        """Logits of what a batch holds."""
        ...


class Patches:
    """A lesson on the device, as bytes; patches are cut, turned, shifted and mirrored there."""

    def __init__(self, lesson: Lesson, device: torch.device, patch_px: float, out_px: int, at_once_n: int | None = None) -> None:
        self._lesson, self._patch_px, self._out_px = lesson, patch_px, out_px
        self._crops = torch.from_numpy(lesson.crops).to(device)
        self._offsets = torch.from_numpy(lesson.offsets).to(device)
        self._angles = torch.from_numpy(lesson.grasp_angles).to(device)
        self._actions = torch.from_numpy(lesson.actions).to(device)
        self._targets = torch.from_numpy(lesson.targets).to(device)
        self._mirrored = torch.from_numpy(lesson.mirrored).to(device)
        self._signs = torch.tensor([[-1.0 if x else 1.0, -1.0 if y else 1.0] for x, y in MIRRORS], device=device)
        self._watched = torch.from_numpy(np.flatnonzero(lesson.held_out)).to(device)
        self.at_once_n = min(at_once_n or WATCHED_AT_ONCE_N, WATCHED_AT_ONCE_N)

    def batch(self, draws: Draws) -> Batch:
        """Patches, the acted angle of a protagonist's in the drawn bin."""
        at, actions = draws.rows, draws.bins if self._lesson.turned else self._actions[draws.rows]
        patches = self._turned(at, actions, self._offsets[at] + draws.shifts_px, self._signs[draws.mirrors])
        return patches, self._mirrored[draws.mirrors, actions], self._targets[at]

    def watched(self) -> Iterator[Batch]:
        """Patches as players see them."""
        for at in self._watched.split(self.at_once_n):
            actions = self._actions[at]
            yield self._turned(at, actions, self._offsets[at], None), actions, self._targets[at]

    def _turned(self, at: Tensor, actions: Tensor, offsets: Tensor, mirrors: Tensor | None) -> Tensor:
        angles = self._angles[at] - actions if self._lesson.turned else self._angles[at]
        return turn(
            self._crops,
            offsets,
            angles.float() * ANGLE_STEP_RAD,
            patch_px=self._patch_px,
            out_px=self._out_px,
            mirrors=mirrors,
            rows=at,
        )

    def score(self, network: PatchNet, seen: Tensor) -> Float[Tensor, "batch actions"]:
        """Logits of patches."""
        return network(seen)


class FrozenFeatures:
    """What frozen convolutions make of a lesson: some changed views of every row, computed once."""

    def __init__(
        self, lesson: Lesson, patches: Patches, network: PatchNet, *, views_n: int, jitter_px: float, seed: int, compute: Compute
    ) -> None:
        trained = np.flatnonzero(~lesson.held_out)
        place = np.zeros(len(lesson.targets), int)
        place[trained] = np.arange(len(trained))
        self._place, self._views_n = torch.from_numpy(place).to(compute.device), views_n
        rng = rng_of(seed, "views")
        views = [changed(trained, len(lesson.mirrored), jitter_px, rng).to(compute.device) for _ in range(views_n)]
        drawn = (patches.batch(part) for view in views for part in view.split(patches.at_once_n))
        self._seen, self._actions, self._targets = _features(drawn, views_n * len(trained), network, compute)
        self._watched = [_features(iter([batch]), len(batch[1]), network, compute) for batch in patches.watched()]

    def batch(self, draws: Draws) -> Batch:
        """Features of one of the views of each row."""
        at = self._place[draws.rows] + (draws.views % self._views_n) * (len(self._targets) // self._views_n)
        return self._seen[at], self._actions[at], self._targets[at]

    def watched(self) -> Iterator[Batch]:
        """Features of rows as players see them."""
        yield from self._watched

    def score(self, network: PatchNet, seen: Tensor) -> Float[Tensor, "batch actions"]:
        """Logits of features."""
        return network.decide(seen)


@torch.no_grad()
def _features(batches: Iterator[Batch], n: int, network: PatchNet, compute: Compute) -> Batch:
    """Batches that hold features instead of patches, as one; what they take is taken once."""
    network.eval()
    device, dtype = compute.device, torch.bfloat16 if compute.bf16 else torch.float32
    seen = torch.empty(n, network.kind.features_n, dtype=dtype, device=device)
    actions, targets = torch.empty(n, dtype=torch.int64, device=device), torch.empty(n, device=device)
    filled = 0
    for patches, *told in batches:
        rows = slice(filled, filled + len(patches))
        with compute.autocast():
            seen[rows] = network.summed_up(network.features(patches))
        actions[rows], targets[rows] = told
        filled = rows.stop
    return seen, actions, targets
