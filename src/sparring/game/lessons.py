"""What experience teaches either player."""

import hashlib
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from sparring.actions.adversaries import ADVERSARIES, Mirrored
from sparring.actions.grasp import ANGLES_N, mirrored_angle
from sparring.config import AttackConfig
from sparring.data.targets import adversary_targets
from sparring.game.experience import Experience
from sparring.seeding import rng_of

MIRRORS = ((False, False), (True, False), (False, True), (True, True))
"""Mirrored along x, along y. The first two keep y as it is."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network is taught: crops, the action tried on each, and its target."""

    crops: UInt8[np.ndarray, "n channels c c"]
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

    def watched(self) -> "Lesson":
        """The held-out rows alone."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        rows = {name: column[self.held_out] for name, column in columns.items() if name not in ("turned", "mirrored")}
        return replace(self, **rows)

    def fingerprint(self) -> str:
        """Names what is learned, by all but the pictures."""
        total = hashlib.sha256()
        for name in ("offsets", "grasp_angles", "actions", "targets", "positive", "held_out", "mirrored"):
            total.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return total.hexdigest()


def protagonist_lesson(known: Experience, targets: np.ndarray, held_out: np.ndarray) -> Lesson:
    """All grasps with their targets (eq. 3 or 5); patches are turned so that the acted angle falls anywhere."""
    return Lesson(
        crops=known.crops,
        offsets=known.offsets,
        grasp_angles=known.angles,
        actions=known.angles,
        targets=targets,
        positive=known.succeeded,
        held_out=held_out,
        turned=True,
        mirrored=mirror_table(mirrored_angle, ANGLES_N),
    )


def adversary_lesson(attacks: Experience, adversary: str, held_out: np.ndarray, config: AttackConfig) -> Lesson:
    """An adversary's attacks by eq. 4, seen in the canonical view s+."""
    kind = ADVERSARIES[adversary]
    return Lesson(
        crops=attacks.crops,
        offsets=attacks.offsets,
        grasp_angles=attacks.angles,
        actions=attacks.actions,
        targets=adversary_targets(attacks.dislodged),
        positive=attacks.dislodged,
        held_out=held_out,
        turned=False,
        mirrored=mirror_table(kind.mirrored, kind.actions_n, across=kind.mirrors_across(config)),
    )


def mirror_table(mirrored: Mirrored, actions_n: int, *, across: bool = True) -> Int[np.ndarray, "mirrors actions"]:
    """What every action becomes under each of `MIRRORS`; without `across` under those that keep y as it is."""
    mirrors = MIRRORS if across else MIRRORS[:2]
    return np.array([[mirrored(index, x=x, y=y) for index in range(actions_n)] for x, y in mirrors])


def held_out_objects(objects: np.ndarray, share: float, seed: int) -> Bool[np.ndarray, " n"]:
    """Rows of a share of the objects, the same objects for every player of a run."""
    names = np.unique(objects)
    kept = [name for name in names if rng_of(seed, "held out", str(name)).random() < share]
    return np.isin(objects, kept)
