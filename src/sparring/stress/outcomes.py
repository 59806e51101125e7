"""What a trial came to, scene by scene: lifted or not, and whether every single attack makes it fall."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from sparring.config import RunConfig
from sparring.data.records import Row
from sparring.data.store import read_shard, shards_of
from sparring.game.run_folder import RunFolder
from sparring.stress.rounds import NO_GRASP, WAITING
from sparring.stress.trial import ALL_ACTIONS, KINDS, TEST, force_stage

Choice = Literal["random", "learned", "worst"]
CHOICES: tuple[Choice, ...] = ("random", "learned", "worst")
"""Who picks the attack: chance, the adversary that has learned, or whoever knows what all of them do."""
MENU = [(kind, action) for kind in KINDS for action in ALL_ACTIONS[kind]]
"""The columns of the tables of attacks."""
COLUMNS_OF: dict[str, np.ndarray] = {
    **{kind: np.array([at for at, (own, _) in enumerate(MENU) if own == kind]) for kind in KINDS},
    "any": np.arange(len(MENU)),
}
"""By kind of attack; `any` is all of them."""
READ = [
    "attempt",
    "object",
    "family",
    "scene_seed",
    "noise_seed",
    "camera_turn_rad",
    "pixel_m",
    "column_px",
    "row_px",
    "angle",
    "probability",
    "x_m",
    "y_m",
    "theta_rad",
    "gap_m",
    "force_closing_n",
    "sensed",
    "lifted",
    "adversary",
    "action",
    "action_probability",
    "dislodged",
    "invalid",
    "fault",
    "mass_kg",
    "friction",
    "com_x_m",
    "com_y_m",
]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The test scenes of a detector that were played validly."""

    rows: tuple[Row, ...]
    """The records of the tries."""
    invalid_n: int
    """Scenes that the physics or a worker has spoiled; they count for nobody."""
    lifted: Bool[np.ndarray, " scenes"]
    waited: Bool[np.ndarray, " scenes"]
    """Lifted, and still held two seconds later."""
    fell: Float[np.ndarray, "scenes attacks"]
    """1 where an attack of `MENU` dislodges what was lifted, 0 where not; not a number where it was not played."""
    believed: Float[np.ndarray, "scenes attacks"]
    """The adversary's probability that it does; not a number where none has learned."""

    @property
    def objects(self) -> np.ndarray:
        """Name of every scene's object, shape [scenes]."""
        return np.array([row["object"] for row in self.rows], dtype=str)

    @property
    def found(self) -> Bool[np.ndarray, " scenes"]:
        """Where the detector has found a grasp at all."""
        return np.array([row["fault"] != NO_GRASP for row in self.rows], bool)

    def column(self, name: str) -> Float[np.ndarray, " scenes"]:
        """A column of the tries; not a number where it is not known."""
        return np.array([np.nan if row[name] is None else row[name] for row in self.rows], float)

    @property
    def from_centre_m(self) -> Float[np.ndarray, " scenes"]:
        """How far the commanded grasp is from the object's centre of mass, on the table."""
        return np.hypot(self.column("x_m") - self.column("com_x_m"), self.column("y_m") - self.column("com_y_m"))

    def fallen(self, kind: str, choice: Choice) -> Float[np.ndarray, " scenes"]:
        """How likely each lifted object falls when so attacked, 0 or 1 but for random; not a number elsewhere."""
        fell, believed = self.fell[:, COLUMNS_OF[kind]], self.believed[:, COLUMNS_OF[kind]]
        played = np.isfinite(fell)
        known = played.any(axis=1)
        result = np.full(len(fell), np.nan)
        match choice:
            case "random":
                result[known] = np.nanmean(fell[known], axis=1)
            case "worst":
                result[known] = np.nanmax(fell[known], axis=1)
            case "learned":
                trusted = np.where(played & np.isfinite(believed), believed, -1.0)
                picked = trusted.argmax(axis=1)
                at = np.flatnonzero(trusted.max(axis=1, initial=-1.0) >= 0)
                result[at] = fell[at, picked[at]]
        return result

    def picks(self, kind: str) -> Float[np.ndarray, " scenes"]:
        """Column of `MENU` that the learned adversary picks; not a number where it has nothing to attack."""
        columns = COLUMNS_OF[kind]
        trusted = np.where(np.isfinite(self.fell), self.believed, np.nan)[:, columns]
        result = np.full(len(trusted), np.nan)
        at = np.flatnonzero(np.isfinite(trusted).any(axis=1))
        result[at] = columns[np.nanargmax(trusted[at], axis=1)] if len(at) else []
        return result


def outcomes_in(run: RunFolder) -> Outcomes:
    """What a trial's test came to.

    Raises:
        DataError: not played yet, or damaged.
    """
    return outcomes_of(_rows(run, TEST))


def force_outcomes(run: RunFolder, config: RunConfig) -> dict[float, Outcomes]:
    """What the first test scenes came to under every grip force, the lowest first."""
    return {force_n: outcomes_of(_rows(run, force_stage(force_n))) for force_n in sorted(config.stress.forces_n)}


def _rows(run: RunFolder, stage: str) -> list[Row]:
    return [row for path in shards_of(run.stage(stage)) for row in read_shard(path, READ).to_pylist()]


def outcomes_of(rows: Sequence[Row]) -> Outcomes:
    """Tries and attacks, told apart."""
    tries = [row for row in rows if row["adversary"] is None]
    counted = [row for row in tries if not row["invalid"] or row["fault"] == NO_GRASP]
    at = {row["attempt"]: index for index, row in enumerate(counted)}
    n, columns = len(counted), {pair: column for column, pair in enumerate(MENU)}
    waited, fell, believed = np.zeros(n, bool), np.full((n, len(MENU)), np.nan), np.full((n, len(MENU)), np.nan)
    for row in rows:
        scene = at.get(row["attempt"].rpartition("/")[0])
        if row["adversary"] is None or scene is None or row["invalid"]:
            continue
        if row["adversary"] == WAITING:
            waited[scene] = not row["dislodged"]
        else:
            column = columns[row["adversary"], row["action"]]
            fell[scene, column] = row["dislodged"]
            believed[scene, column] = np.nan if row["action_probability"] is None else row["action_probability"]
    lifted = np.array([row["lifted"] for row in counted], bool)
    return Outcomes(tuple(counted), len(tries) - n, lifted, waited, fell, believed)
