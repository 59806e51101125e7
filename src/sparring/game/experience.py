"""Records as training sees them: the surroundings of every grasp as bytes in memory, and what became of it."""

# pyright: reportAttributeAccessIssue=false
# pyarrow makes its compute functions at run time.
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int, UInt8

from sparring.actions.adversaries import ADVERSARIES
from sparring.data.pictures import decode_image
from sparring.data.store import read_shard, shards_of
from sparring.errors import DataError, SparringError
from sparring.game.run_folder import RunFolder
from sparring.players.choosing import GraspedPatches, angles_rad
from sparring.players.patches import crop_about, crop_side_px

COLUMNS = [
    "image",
    "object",
    "scene_seed",
    "column_px",
    "row_px",
    "angle",
    "sensed",
    "adversary",
    "action",
    "dislodged",
    "dislodging",
    "invalid",
]
"""All that training may know."""


@dataclass(frozen=True, eq=False)
class Experience:
    """Valid attempts."""

    crops: UInt8[np.ndarray, "n channels c c"]
    offsets: Float[np.ndarray, "n 2"]
    angles: Int[np.ndarray, " n"]
    succeeded: Bool[np.ndarray, " n"]
    """By the weak sensor."""
    objects: np.ndarray
    """Names, shape [n]; to keep some objects out of training, never seen by a network."""
    adversaries: np.ndarray
    """Name of the adversary that attacked, shape [n]; empty where none did."""
    actions: Int[np.ndarray, " n"]
    dislodged: Bool[np.ndarray, " n"]
    fell_share: Float[np.ndarray, " n"]
    """Share of the attacks made on a grasp that dislodged it; 0 where none was made."""

    def __len__(self) -> int:
        return len(self.crops)

    def where(self, rows: np.ndarray) -> "Experience":
        """Some of the attempts, by mask or indices."""
        return Experience(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def seen(self, rows: np.ndarray) -> GraspedPatches:
        """What an adversary sees of some of the attempts."""
        return GraspedPatches(self.crops[rows], self.offsets[rows], angles_rad(self.angles[rows]))


def experience_of(table: pa.Table, *, patch_px: float, channels_n: int = 3) -> Experience:
    """The valid attempts of a table that holds `COLUMNS`.

    Raises:
        DataError: a picture that is none or of other channels, a grasp outside its picture, or an attack that its adversary does
            not have.
    """
    table = table.filter(pc.invert(table["invalid"]))
    side, n = crop_side_px(patch_px), len(table)
    crops, offsets = np.empty((n, channels_n, side, side), np.uint8), np.empty((n, 2), np.float32)
    centres = np.stack([table["column_px"].to_numpy(), table["row_px"].to_numpy()], axis=1).astype(float)
    pictures, seeds = table["image"], table["scene_seed"].to_pylist()
    image: np.ndarray | None = None
    for row in range(n):
        if row == 0 or seeds[row] != seeds[row - 1]:
            image = decode_image(pictures[row]["bytes"].as_py())
            if image.shape[2] != channels_n:
                raise DataError(f"a picture with {image.shape[2]} channels, where the run's camera has {channels_n}")
        assert image is not None
        if not (centres[row, 0] < image.shape[1] and centres[row, 1] < image.shape[0]):
            raise DataError(f"a grasp at {centres[row]} of a picture of {image.shape[1]} x {image.shape[0]} px")
        crops[row], offsets[row] = crop_about(image, centres[row], side)
    known = Experience(
        crops=crops,
        offsets=offsets,
        angles=table["angle"].to_numpy().astype(np.int64),
        succeeded=table["sensed"].to_numpy(zero_copy_only=False).astype(bool),
        objects=np.array(table["object"].to_pylist(), dtype=str),
        adversaries=np.array(pc.fill_null(table["adversary"], "").to_pylist(), dtype=str),
        actions=pc.fill_null(table["action"], -1).to_numpy().astype(np.int64),
        dislodged=pc.fill_null(table["dislodged"], False).to_numpy(zero_copy_only=False).astype(bool),
        fell_share=_fell_share(table),
    )
    _require_actions(known)
    return known


def _fell_share(table: pa.Table) -> np.ndarray:
    share = pc.fill_null(table["dislodged"], False).to_numpy(zero_copy_only=False).astype(np.float32)
    for row in np.flatnonzero(pc.is_valid(table["dislodging"]).to_numpy()):
        kind, actions = ADVERSARIES.get(table["adversary"][row].as_py()), table["dislodging"][row].as_py()
        if kind is None or not set(actions) <= set(range(kind.actions_n)):
            raise DataError(f"dislodging actions {actions} of no adversary that has them")
        share[row] = len(set(actions)) / kind.actions_n
    return share


def _require_actions(known: Experience) -> None:
    for name, kind in ADVERSARIES.items():
        actions = known.actions[known.adversaries == name]
        if not ((actions >= 0) & (actions < kind.actions_n)).all():
            raise DataError(f"actions of {name} outside 0..{kind.actions_n - 1}")


class Gathered:
    """Experience of stages, one after the other in memory: what both arms of a match build on is held once.

    Args:
        run: where the stages are.
        patch_px: side of a patch.
        most_n: attempts that all stages which are asked for together have.
        channels_n: of their pictures.
    """

    def __init__(self, run: RunFolder, *, patch_px: float, most_n: int, channels_n: int = 3) -> None:
        self._run, self._patch_px, self._channels_n = run, patch_px, channels_n
        side = crop_side_px(patch_px)
        self._crops = np.empty((most_n, channels_n, side, side), np.uint8)  # pages that nothing is written to take no memory
        self._stages: dict[str, list[Experience]] = {}
        """Shards of each stage, their crops in `_crops` one after the other."""

    def of(self, stages: Sequence[str]) -> Experience:
        """All attempts of some stages, in order (the paper aggregates its data). Good until other stages are asked for.

        Raises:
            DataError: no shards, damaged ones, or more attempts than were announced.
        """
        kept = list(takewhile(lambda pair: pair[0] == pair[1], zip(self._stages, stages, strict=False)))
        self._stages = {name: self._stages[name] for name, _ in kept}
        for name in stages[len(kept) :]:
            self._read(name)
        parts = [part for name in stages for part in self._stages[name]]
        others = [name for name in Experience.__dataclass_fields__ if name != "crops"]
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in others}
        return Experience(crops=self._crops[: self._filled_n()], **columns)

    def _read(self, name: str) -> None:
        self._stages[name] = []
        try:
            for shard in shards_of(self._run.stage(name)):
                table = read_shard(shard, COLUMNS)
                known = experience_of(table, patch_px=self._patch_px, channels_n=self._channels_n)
                self._stages[name].append(self._placed(known))
        except SparringError:
            del self._stages[name]  # half a stage is none
            raise

    def _filled_n(self) -> int:
        return sum(len(part) for parts in self._stages.values() for part in parts)

    def _placed(self, part: Experience) -> Experience:
        start = self._filled_n()
        room = self._crops[start : start + len(part)]
        if len(room) < len(part):
            raise DataError(f"the run's stages hold more than the {len(self._crops)} attempts that its config asks for")
        room[:] = part.crops
        return replace(part, crops=room)
