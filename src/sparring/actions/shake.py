"""The shake adversary, section V-C: 15 = 5 orientations of the hand x 3 directions; 2 Hz, 25 mm.

All 15 are told in the frame of the grasp, as is the patch that the adversary sees.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sparring.actions.trajectory import Pose, Trajectory, move, steps_in
from sparring.config import ShakeConfig
from sparring.world.frames import about_z, rotation

Orientation = Literal["down", "pitched", "pitched back", "rolled", "rolled back"]
Direction = Literal["closing", "across", "approach"]
ORIENTATIONS: tuple[Orientation, ...] = ("down", "pitched", "pitched back", "rolled", "rolled back")
DIRECTIONS: tuple[Direction, ...] = ("closing", "across", "approach")
SHAKES_N = len(ORIENTATIONS) * len(DIRECTIONS)


@dataclass(frozen=True)
class Shake:
    """One of the 15 shakes."""

    orientation: Orientation
    """Pitched turns the closing direction towards the vertical; rolled turns the fingers about it."""
    direction: Direction
    """The hand axis along which the hand swings."""


def shake_of(index: int) -> Shake:
    """The shake with that index, 0..14."""
    orientation, direction = divmod(index, len(DIRECTIONS))
    return Shake(ORIENTATIONS[orientation], DIRECTIONS[direction])


def index_of(shake: Shake) -> int:
    """Inverse of `shake_of`."""
    return ORIENTATIONS.index(shake.orientation) * len(DIRECTIONS) + DIRECTIONS.index(shake.direction)


def description(index: int) -> str:
    """The shake in words."""
    shake = shake_of(index)
    return f"shake {shake.orientation}, {shake.direction}"


def mirrored(index: int, *, x: bool, y: bool) -> int:
    """The shake that does the same in a world mirrored along the closing direction (x), across it (y), or both."""
    shake = shake_of(index)
    swaps: dict[Orientation, Orientation] = {}
    if x:
        swaps |= {"pitched": "pitched back", "pitched back": "pitched"}
    if y:
        swaps |= {"rolled": "rolled back", "rolled back": "rolled"}
    return index_of(Shake(swaps.get(shake.orientation, shake.orientation), shake.direction))


def displacement_m(config: ShakeConfig, times_s: np.ndarray) -> np.ndarray:
    """Displacement along the shake axis at each time since the shake began, zero at time 0."""
    return config.amplitude_m * np.sin(2 * np.pi * config.frequency_hz * times_s)


def turning(config: ShakeConfig, index: int, start: Pose, *, dt: float) -> Trajectory:
    """Turns the hand into the shake's orientation."""
    pitch, roll = _tilt(config, shake_of(index).orientation)
    turned = start + np.array([0, 0, 0, 0, pitch, roll, 0])
    return move(start, turned, steps_in(config.turn_s, dt))


def swinging(config: ShakeConfig, index: int, turned: Pose, *, dt: float) -> Trajectory:
    """Swings the turned hand along one of its axes."""
    times = dt * np.arange(1, steps_in(config.duration_s, dt) + 1)
    axis = about_z(turned[3]) @ rotation(turned[4], turned[5])[:, DIRECTIONS.index(shake_of(index).direction)]
    swing = np.tile(turned, (len(times), 1))
    swing[:, :3] += displacement_m(config, times)[:, None] * axis
    return swing


def _tilt(config: ShakeConfig, orientation: Orientation) -> tuple[float, float]:
    tilt = float(np.deg2rad(config.tilt_deg))
    match orientation:
        case "down":
            return 0.0, 0.0
        case "pitched":
            return tilt, 0.0
        case "pitched back":
            return -tilt, 0.0
        case "rolled":
            return 0.0, tilt
        case "rolled back":
            return 0.0, -tilt
