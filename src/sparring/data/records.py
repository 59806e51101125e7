"""One row an attempt: everything that was decided, sensed and found out, and the image it was decided on."""

import json
from typing import Any

import pyarrow as pa

from sparring.data.pictures import MAX_PX

SCHEMA_VERSION = 5
ADDED_IN = {"fault": 2, "end_state": 3, "slowdown": 4, "attack_slowdown": 4, "dislodging": 5}
"""Version of the schema in which a column was added, for those that version 1 did not have."""
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""Hugging Face's `Image` feature: `datasets` decodes it."""

COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "attempt": (pa.string(), "name of the attempt within its run: stage/wave/scene-grasp"),
    "stage": (pa.string(), "part of the match, such as random, shake-1, collaborative-2"),
    "image": (IMAGE, "the scene as the players saw it (PNG; with world.camera.depth alpha is the height over the table in mm)"),
    "object": (pa.string(), "name of the object"),
    "family": (pa.string(), "family of the object"),
    "scene_seed": (pa.int64(), "what the scene was drawn from"),
    "noise_seed": (pa.int64(), "what the execution noise was drawn from"),
    "pixel_m": (pa.float64(), "calibration: size of a pixel on the table"),
    "camera_x_m": (pa.float64(), "calibration: world x of the image's middle"),
    "camera_y_m": (pa.float64(), "calibration: world y of the image's middle"),
    "camera_turn_rad": (pa.float64(), "calibration: turn of the camera, counter-clockwise"),
    "column_px": (pa.float32(), "patch centre, column"),
    "row_px": (pa.float32(), "patch centre, row"),
    "angle": (pa.int8(), "discrete grasp angle, 0..17, times 10 degrees in the image"),
    "probability": (pa.float32(), "the protagonist's probability of success; null when it did not choose"),
    "x_m": (pa.float64(), "commanded grasp, world"),
    "y_m": (pa.float64(), "commanded grasp, world"),
    "theta_rad": (pa.float64(), "commanded closing direction, world"),
    "executed_x_m": (pa.float64(), "grasp after execution noise"),
    "executed_y_m": (pa.float64(), "grasp after execution noise"),
    "executed_theta_rad": (pa.float64(), "closing direction after execution noise"),
    "gap_m": (pa.float32(), "gap between the pads after closing"),
    "force_closing_n": (pa.float32(), "finger force right after closing"),
    "force_5cm_n": (pa.float32(), "finger force 5 cm up"),
    "force_20cm_n": (pa.float32(), "finger force 20 cm up"),
    "force_30cm_n": (pa.float32(), "finger force 30 cm up"),
    "sensed": (pa.bool_(), "the weak sensor: what training calls success"),
    "lifted": (pa.bool_(), "held 30 cm up: what a test calls success"),
    "adversary": (
        pa.string(),
        "who attacked; in cross-play also random-KIND or a published test; null when none did",
    ),
    "action": (pa.int8(), "the adversary's action; null when none attacked"),
    "action_probability": (pa.float32(), "the adversary's probability for its action; null when it drew at random"),
    "dislodged": (
        pa.bool_(),
        "whether the fingers held nothing in the end, or a test was failed; null when none attacked",
    ),
    "dislodging": (
        pa.list_(pa.int8()),
        "where every action was tried: those that made the object fall, `action` being one of the tried; null otherwise",
    ),
    "invalid": (pa.bool_(), "the physics went wrong; the attempt counts for nobody"),
    "fault": (pa.string(), "why an attempt is invalid: physics, or what became of its job; null for a valid one"),
    "replay_state": (pa.list_(pa.float64()), "state to replay an invalid attempt from; null otherwise"),
    "end_state": (pa.list_(pa.float64()), "state in which a valid attempt ended; null where the cell does not know it"),
    "slowdown": (
        pa.float32(),
        "by what factor an arm took longer for the grasp than asked; infinite: out of its reach; null without an arm",
    ),
    "attack_slowdown": (pa.float32(), "the same for an attack: what is out of reach does nothing; null without one, or an arm"),
    "mass_kg": (pa.float32(), "of the object; no player sees it"),
    "friction": (pa.float32(), "surface factor of the object; no player sees it"),
    "com_x_m": (pa.float32(), "centre of mass at rest, world; no player sees it"),
    "com_y_m": (pa.float32(), "centre of mass at rest, world; no player sees it"),
}
"""Name -> (type, meaning)."""

NEVER_NULL = ("attempt", "stage", "object", "scene_seed", "sensed", "lifted", "invalid")
"""Columns that every attempt fills."""
NOT_NULL_IF_VALID = ("column_px", "row_px", "angle")
"""Columns that every valid attempt fills."""
RANGES = {"column_px": (0, MAX_PX), "row_px": (0, MAX_PX), "angle": (0, 17), "action": (0, 126)}
"""Least and largest value of columns that are used as indices."""
PHYSICS = "physics"
"""The fault of an attempt in which a body ran away, or was pressed into another."""
Row = dict[str, Any]
FORCE_COLUMNS = {0.0: "force_closing_n", 0.05: "force_5cm_n", 0.20: "force_20cm_n", 0.30: "force_30cm_n"}


def _features() -> dict[str, Any]:
    """The schema in Hugging Face's words."""
    features: dict[str, Any] = {}
    for name, (kind, _) in COLUMNS.items():
        if name == "image":
            features[name] = {"_type": "Image"}
        elif pa.types.is_list(kind):
            features[name] = {"feature": _value(kind.value_type), "_type": "List"}
        else:
            features[name] = _value(kind)
    return features


def _value(kind: pa.DataType) -> dict[str, str]:
    words = {"double": "float64", "float": "float32"}
    return {"dtype": words.get(str(kind), str(kind)), "_type": "Value"}


SCHEMA = pa.schema(
    [pa.field(name, kind, metadata={"meaning": meaning}) for name, (kind, meaning) in COLUMNS.items()],
    metadata={
        "sparring_schema": str(SCHEMA_VERSION),
        "huggingface": json.dumps({"info": {"features": _features()}}),
    },
)


def table_of(rows: list[Row]) -> pa.Table:
    """A table in the schema; a key that is left out is null, an unknown one is our mistake."""
    assert all(row.keys() <= COLUMNS.keys() for row in rows)
    return pa.Table.from_pylist(rows, schema=SCHEMA)
