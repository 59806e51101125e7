"""Every knob, with its unit and its source, and the presets. A run is one `RunConfig`; equal configs give equal results."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sparring.errors import ConfigError, unknown_name

ObjectSet = Literal["training", "held-out", "novel-families", "named"]
Precision = Literal["auto", "fp32", "bf16"]
Interval = tuple[float, float]


def _require(condition: bool, name: str, value: object, allowed: str) -> None:
    if not condition:
        raise ConfigError(f"{name} must be {allowed}, got {value!r}")


def _require_positive(config: object, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        label = f"{type(config).__name__}.{name}"
        _require(math.isfinite(value) and value > 0, label, value, "positive")


def _require_interval(config: object, *names: str) -> None:
    for name in names:
        low, high = getattr(config, name)
        label = f"{type(config).__name__}.{name}"
        _require(0 <= low <= high < math.inf, label, (low, high), "two rising numbers, neither negative")


@dataclass(frozen=True)
class ObjectConfig:
    """Which objects there are and how they vary."""

    training_n: int = 260
    """Objects that players train on (the authors' earlier data used 150)."""
    held_out_n: int = 130
    """Further objects of the training families, for calibration."""
    novel_n: int = 100
    """Objects of families never trained on."""
    mass_kg: Interval = (0.05, 0.50)
    """No object is lighter or heavier."""
    mass_middle_kg: float = 0.20
    """Mass of an object of typical size and material."""
    mass_exponent: float = 0.3
    """How strongly mass follows size and material: 1 fully, 0 not at all. See docs/calibration.md."""
    mass_factor: Interval = (0.9, 1.1)
    """Hidden variation of the mass that the look suggests."""
    friction_factor: Interval = (0.85, 1.15)
    """Hidden variation of the surface."""
    painted_share: float = 0.15
    """Share of objects whose paint hides their material."""

    def __post_init__(self) -> None:
        _require_positive(self, "training_n", "held_out_n", "novel_n")
        _require_interval(self, "mass_kg", "mass_factor", "friction_factor")
        _require(self.mass_kg[0] > 0, "ObjectConfig.mass_kg", self.mass_kg, "above zero")
        _require(0 <= self.painted_share <= 1, "ObjectConfig.painted_share", self.painted_share, "in 0..1")


@dataclass(frozen=True)
class HandConfig:
    """The floating parallel-jaw hand."""

    opening_m: float = 0.085
    """Largest gap between the pads."""
    closed_gap_m: float = 0.003
    """Gap at which the fingers stop: they never press on each other, so a force means an object."""
    finger_length_m: float = 0.09
    pad_width_m: float = 0.014
    """Along the fingers' plane, across the closing direction. Narrow pads have little moment capacity."""
    pad_height_m: float = 0.024
    """Along the approach."""
    closing_speed_m_s: float = 0.10
    """Speed of each finger; a real gripper closes at limited speed, then holds a force."""
    clearance_m: float = 0.004
    """Fingertips stop this far above the table."""

    def __post_init__(self) -> None:
        _require_positive(self, *(f.name for f in fields(self)))
        _require(self.closed_gap_m < self.opening_m, "HandConfig.closed_gap_m", self.closed_gap_m, "below opening_m")


@dataclass(frozen=True)
class GripConfig:
    """Force limit and pads: what differs between the paper's two protocols (section VI-A, VI-C)."""

    force_n: float = 7.0
    """Force each finger holds with. The paper: 7 N while training and in the low-force test, 35 N in the high-force test."""
    pad_friction: float = 0.4
    """Sliding friction coefficient of pad on a plain surface."""
    torsional_friction_m: float = 0.003
    """Radius-like coefficient of friction against twisting."""
    pad_softness_s: float = 0.004
    """Contact time constant of the pad; rubber gives more."""

    def __post_init__(self) -> None:
        _require_positive(self, *(f.name for f in fields(self)))


@dataclass(frozen=True)
class NoiseConfig:
    """Execution error of the arm, Gaussian, unknown to the player."""

    position_m: float = 0.005
    angle_deg: float = 4.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            _require(0 <= value < math.inf, f"NoiseConfig.{item.name}", value, "zero or positive")


@dataclass(frozen=True)
class CameraConfig:
    """The overhead camera. Pixels per metre hold on the table's plane."""

    width_px: int = 320
    height_px: int = 240
    pixel_m: float = 0.0015
    height_m: float = 1.1
    """Height of the optical centre over the table."""
    shift_m: float = 0.004
    """The camera stands up to this far from its place, in x and y."""
    turn_deg: float = 1.5
    """The camera is turned by up to this angle about its axis."""
    light_vary: float = 0.15
    """Relative variation of the light's strength and place."""

    def __post_init__(self) -> None:
        _require_positive(self, "width_px", "height_px", "pixel_m", "height_m")
        for name in ("shift_m", "turn_deg", "light_vary"):
            _require(0 <= getattr(self, name) < math.inf, f"CameraConfig.{name}", getattr(self, name), "zero or positive")
        _require(self.width_px * self.height_px <= 4_000_000, "CameraConfig", (self.width_px, self.height_px), "at most 4 Mpx")


@dataclass(frozen=True)
class LiftConfig:
    """How a grasp is carried out and sensed."""

    sense_height_m: float = 0.05
    """Where the weak sensor is read that training sees; 0 is right after closing. See docs/calibration.md."""
    sense_force_n: float = 0.5
    """A finger force above this counts as holding something."""
    lift_height_m: float = 0.30
    """A test succeeds when the object is lifted this high (the paper: 30 cm)."""
    speed_m_s: float = 0.5
    """Mean speed of raising."""
    squeeze_s: float = 0.15
    """Time for which the fingers hold before the hand is raised."""
    hold_s: float = 1.0
    """In a test the object must stay up this long."""

    def __post_init__(self) -> None:
        _require_positive(self, "sense_force_n", "lift_height_m", "speed_m_s", "squeeze_s", "hold_s")
        allowed = f"in 0..{self.lift_height_m} (lift_height_m)"
        _require(0 <= self.sense_height_m <= self.lift_height_m, "LiftConfig.sense_height_m", self.sense_height_m, allowed)


@dataclass(frozen=True)
class WorldConfig:
    """Everything that the simulated cell is made of."""

    objects: ObjectConfig = field(default_factory=ObjectConfig)
    hand: HandConfig = field(default_factory=HandConfig)
    grip: GripConfig = field(default_factory=GripConfig)
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    lift: LiftConfig = field(default_factory=LiftConfig)
    timestep_s: float = 0.002
    table_friction: float = 0.6
    spread_m: Interval = (0.09, 0.05)
    """Objects are put within this distance of the middle of the table, in x and y."""

    def __post_init__(self) -> None:
        _require_positive(self, "timestep_s", "table_friction")
        _require(self.timestep_s <= 0.005, "WorldConfig.timestep_s", self.timestep_s, "at most 0.005")
        _require(min(self.spread_m) >= 0, "WorldConfig.spread_m", self.spread_m, "zero or positive")


@dataclass(frozen=True)
class ShakeConfig:
    """The shake adversary's motion (section V-C, fig. 4 and 7)."""

    frequency_hz: float = 2.0
    amplitude_m: float = 0.025
    """Peak displacement from the hold pose."""
    duration_s: float = 1.5
    """Time of shaking, after the hand has turned."""
    tilt_deg: float = 75.0
    """How far the four turned orientations lean from pointing down."""
    turn_s: float = 0.5
    """Time taken to turn the hand."""

    def __post_init__(self) -> None:
        _require_positive(self, *(f.name for f in fields(self)))
        _require(self.tilt_deg <= 90, "ShakeConfig.tilt_deg", self.tilt_deg, "at most 90")


@dataclass(frozen=True)
class AttackConfig:
    """What the adversaries do; one field an adversary."""

    shake: ShakeConfig = field(default_factory=ShakeConfig)
