"""Records with every column filled."""

import numpy as np

from sparring.data.pictures import encode_image
from sparring.data.records import Row


def image_of(seed: int, side: int = 64) -> np.ndarray:
    """A picture that does not compress."""
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def row_of(index: int, *, png: bytes | None = None) -> Row:
    """An attempt whose numbers follow from its index."""
    attacked = index % 3 == 0
    return {
        "attempt": f"random/00000/{index:04d}-0",
        "stage": "random",
        "image": {"bytes": png or encode_image(image_of(index)), "path": None},
        "object": f"bar-{index:04d}",
        "family": "bar",
        "scene_seed": 2**62 + index,
        "noise_seed": index,
        "pixel_m": 0.0015,
        "camera_x_m": 0.001,
        "camera_y_m": -0.001,
        "camera_turn_rad": 0.01,
        "column_px": 100.5 + index,
        "row_px": 80.25,
        "angle": index % 18,
        "probability": None if index % 2 else 0.5,
        "x_m": 0.01 * index,
        "y_m": 0.02,
        "theta_rad": 0.3,
        "executed_x_m": 0.011,
        "executed_y_m": 0.021,
        "executed_theta_rad": 0.31,
        "gap_m": 0.02,
        "force_closing_n": 7.0,
        "force_5cm_n": 6.5,
        "force_20cm_n": 6.0,
        "force_30cm_n": 5.5,
        "sensed": True,
        "lifted": index % 2 == 0,
        "adversary": "shake" if attacked else None,
        "action": index % 15 if attacked else None,
        "action_probability": 0.25 if attacked else None,
        "dislodged": index % 2 == 0 if attacked else None,
        "dislodging": [0, index % 15] if attacked else None,
        "invalid": index == 4,
        "replay_state": [0.0, 1.0, float(index)] if index == 4 else None,
        "end_state": None if index == 4 else [2.0, float(index)],
        "slowdown": 1.0 + index,
        "attack_slowdown": 2.0 + index,
        "mass_kg": 0.2,
        "friction": 1.0,
        "com_x_m": 0.01,
        "com_y_m": 0.02,
    }
