"""Every knob, with its unit and its source, and the presets. A run is one `RunConfig`; equal configs give equal results."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Literal, get_args

import numpy as np

from sparring.errors import ConfigError, unknown_name
from sparring.pinhole import PinholeCamera

FAMILIES_SET = "families"
"""Training on the procedural families, not on an imported set."""
TESTED_SETS = ("named", "novel-families", "held-out")
"""Sets of objects that come along and that players are tested with; first the paper's."""
OBJECT_SETS = ("training", *TESTED_SETS)
IMPORTED_SET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}@[0-9a-f]{12}")
"""What an imported set is called: a name, and the beginning of a sha256 over what is in it."""
Precision = Literal["auto", "fp32", "bf16"]
Scoring = Literal["auto", "patches", "dense"]
"""How a player scores an image: patches at random places one by one, or on grids where they share their convolutions.
`auto`: dense where a trunk's scores are the same so (`compact`). See docs/scoring.md."""
SCORINGS: tuple[Scoring, ...] = get_args(Scoring)
Interval = tuple[float, float]
Point = tuple[float, float, float]
HAND_NAME = re.compile(r"[a-zA-Z0-9][\w.-]{0,63}@[0-9a-f]{12}", re.ASCII)
MOST_FINGERTIP_M = 0.2
MOST_N, MOST_OBJECTS_N, MOST_ITERATIONS_N = 10**9, 10**6, 1000
"""No count is larger, no set of objects, and no bout: such a config would be read, and then nothing would come to an end."""
FURTHEST_ASIDE_DEG = 75.0
"""A lens that leans at random stays higher than this from straight above."""
PALM_ROOM_M = 0.05
"""Room that a palm takes behind its fingers."""
UNLIMITED_N = 1000.0
"""Force of a hand that nothing is known to limit."""
MOST_ATTACKS_N = 15
"""At most so many different random attacks of each kind on one held object: there are 15 shakes."""
ArmName = Literal["collaborative", "adversarial"]
ARMS: tuple[ArmName, ...] = get_args(ArmName)
Attacks = Literal["learned", "first", "random", "every"]
FallLabel = Literal["believed", "share", "worst"]
ATTACKED_SHARE = 0.45
"""At most about this share of grasps is sensed as held and attacked (docs/calibration.md)."""


def _require(condition: bool, name: str, value: object, allowed: str) -> None:
    if not condition:
        raise ConfigError(f"{name} must be {allowed}, got {value!r}")


def _require_set(name: str, value: str, known: tuple[str, ...]) -> None:
    allowed = f"{', '.join(known)}, or an imported set's NAME@DIGEST (`sparring objects list`)"
    _require(value in known or IMPORTED_SET.fullmatch(value) is not None, name, value, allowed)


def _require_positive(config: object, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        label = f"{type(config).__name__}.{name}"
        _require(0 < value < math.inf, label, value, "positive")
        _require(isinstance(value, float) or value <= MOST_N, label, value, f"at most {MOST_N}")


def _require_interval(config: object, *names: str) -> None:
    for name in names:
        low, high = getattr(config, name)
        label = f"{type(config).__name__}.{name}"
        _require(0 <= low <= high < math.inf, label, (low, high), "two rising numbers, neither negative")


@dataclass(frozen=True)
class ObjectConfig:
    """Which objects there are, and how procedural ones vary; imported ones are as they were imported."""

    train_on: str = FAMILIES_SET
    """What players train on: `families`, or an imported set, NAME@DIGEST."""
    training_n: int = 260
    """Objects that players train on (the authors' earlier data used 150)."""
    held_out_n: int = 130
    """Further objects of the training families, for calibration."""
    novel_n: int = 100
    """Objects of families never trained on."""
    mass_kg: Interval = (0.05, 0.50)
    """No object is lighter or heavier."""
    mass_middle_kg: float = 0.27
    """Mass of an object of typical size and material."""
    mass_exponent: float = 0.1
    """How strongly mass follows size and material: 1 fully, 0 not at all. See docs/calibration.md."""
    mass_factor: Interval = (0.9, 1.1)
    """Hidden variation of the mass that the look suggests."""
    friction_factor: Interval = (0.85, 1.15)
    """Hidden variation of the surface."""
    painted_share: float = 0.15
    """Share of objects whose paint hides their material."""

    def __post_init__(self) -> None:
        _require_set("ObjectConfig.train_on", self.train_on, (FAMILIES_SET,))
        _require_positive(self, "training_n", "held_out_n", "novel_n", "mass_middle_kg")
        _require(self.training_n <= 65_000, "ObjectConfig.training_n", self.training_n, "at most 65000: later seeds are held out")
        for name in ("held_out_n", "novel_n"):
            _require(
                getattr(self, name) <= MOST_OBJECTS_N, f"ObjectConfig.{name}", getattr(self, name), f"at most {MOST_OBJECTS_N}"
            )
        _require(0 <= self.mass_exponent <= 1, "ObjectConfig.mass_exponent", self.mass_exponent, "in 0..1")
        _require_interval(self, "mass_kg", "mass_factor", "friction_factor")
        for name in ("mass_kg", "mass_factor", "friction_factor"):
            _require(getattr(self, name)[0] > 0, f"ObjectConfig.{name}", getattr(self, name), "above zero")
        _require(0 <= self.painted_share <= 1, "ObjectConfig.painted_share", self.painted_share, "in 0..1")


@dataclass(frozen=True)
class HandConfig:
    """The floating parallel-jaw hand: our own, or a gripper that was brought in and says these numbers itself."""

    model: str = ""
    """A gripper that was brought in (`--hand`): NAME@ and the first 12 digits of its sha256. Unless given, our own."""
    opening_m: float = 0.060
    """Largest gap between the pads."""
    closed_gap_m: float = 0.003
    """Gap at which the fingers stop: they never press on each other, so a force means an object."""
    finger_length_m: float = 0.09
    pad_width_m: float = 0.010
    """Along the fingers' plane, across the closing direction. Narrow pads have little moment capacity."""
    pad_height_m: float = 0.016
    """Along the approach."""
    closing_speed_m_s: float = 0.10
    """Speed of each finger; a real gripper closes at limited speed, then holds a force."""
    fingertip_m: float = 0.0
    """How far the fingertips reach beyond the pads, along the approach, at any opening."""
    force_limit_n: float = UNLIMITED_N
    """Most force that a finger can hold with."""

    def __post_init__(self) -> None:
        _require_positive(self, *(f.name for f in fields(self) if f.name not in ("model", "fingertip_m")))
        known = not self.model or HAND_NAME.fullmatch(self.model)
        _require(bool(known), "HandConfig.model", self.model, "empty, or NAME@ and 12 hexadecimal digits; --hand finds it")
        reach = -self.pad_height_m / 2 < self.fingertip_m <= MOST_FINGERTIP_M
        _require(
            reach, "HandConfig.fingertip_m", self.fingertip_m, f"above minus half of pad_height_m, at most {MOST_FINGERTIP_M}"
        )
        _require(self.closing_speed_m_s >= 0.001, "HandConfig.closing_speed_m_s", self.closing_speed_m_s, "at least 0.001")
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

    def require_within(self, hand: HandConfig, where: str) -> None:
        """Checks that a hand can grip so.

        Raises:
            ConfigError: it has not the force.
        """
        if self.force_n > hand.force_limit_n:
            raise ConfigError(
                f"{where} grips with {self.force_n:g} N, and the hand {hand.model or '(own)'} gives {hand.force_limit_n:g} N "
                "at most (its actuators at the pads, or force_n of its adapter): lower the force, or leave that out"
            )


@dataclass(frozen=True)
class NoiseConfig:
    """Execution error of arm and calibration, Gaussian, unknown to the player. See docs/calibration.md."""

    position_m: float = 0.014
    angle_deg: float = 10.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            _require(0 <= value < math.inf, f"NoiseConfig.{item.name}", value, "zero or positive")


@dataclass(frozen=True)
class RandomiseConfig:
    """Domain randomisation: how far every scene's light, surfaces and camera may differ. All zero: not at all."""

    light_m: float = 0.0
    """The light stands up to this far from its place, along each axis."""
    light_share: float = 0.0
    """The light's strength varies by up to this share, in each colour by up to a third of it."""
    table_colour: float = 0.0
    """The table's colour is mixed with a random one, at most in this share."""
    table_texture: float = 0.0
    """Contrast of a random pattern on the table, at most; 1 is from black to white."""
    object_colour: float = 0.0
    """The colour of each part of an object is mixed with a random one, at most in this share."""
    height_share: float = 0.0
    """The camera's height (a lens's distance) varies by up to this share."""
    tilt_deg: float = 0.0
    """The camera leans by up to this angle to any side, still looking at the middle of the table; pictures are rectified."""
    exposure_share: float = 0.0
    """The brightness of the picture varies by up to this share."""
    noise: float = 0.0
    """Noise of pixels is added, its standard deviation (0-255) drawn up to this."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value, name = getattr(self, item.name), f"RandomiseConfig.{item.name}"
            most = {"light_m": 0.5, "height_share": 0.5, "tilt_deg": 45.0, "noise": 255.0}.get(item.name, 1.0)
            _require(0 <= value <= most, name, value, f"in 0..{most:g}")


@dataclass(frozen=True)
class CameraConfig:
    """The overhead camera. Pixels per metre hold on the table's plane."""

    width_px: int = 320
    height_px: int = 240
    pixel_m: float = 0.0015
    height_m: float = 1.1
    """Height of the optical centre over the table, where there is no lens that says it."""
    shift_m: float = 0.004
    """The camera stands up to this far from its place, in x and y."""
    turn_deg: float = 1.5
    """The camera is turned by up to this angle about its axis (with a lens, about the table's middle)."""
    light_vary: float = 0.15
    """Relative variation of the light's strength and place."""
    lens: PinholeCamera | None = None
    """A real camera: photos are taken through its lens, from where it stands over the middle of the table, and rectified into
    the overhead picture. None: an ideal camera that looks straight down. See docs/own-camera.md."""
    depth: bool = False
    """Whether players see a fourth channel: height over the table in millimetres, 0..255."""
    noise: float = 0.0
    """Standard deviation of every pixel's noise, 0-255."""
    blur_px: float = 0.0
    """Standard deviation of the blur, in pixels of the photo."""
    depth_noise_m: float = 0.0
    """Standard deviation of every pixel's measured distance."""
    randomise: RandomiseConfig = field(default_factory=RandomiseConfig)

    def __post_init__(self) -> None:
        _require_positive(self, "width_px", "height_px", "pixel_m", "height_m")
        for name in ("shift_m", "turn_deg", "light_vary"):
            _require(0 <= getattr(self, name) < math.inf, f"CameraConfig.{name}", getattr(self, name), "zero or positive")
        for name, most in (("noise", 255.0), ("blur_px", 20.0), ("depth_noise_m", 1.0)):
            _require(0 <= getattr(self, name) <= most, f"CameraConfig.{name}", getattr(self, name), f"in 0..{most:g}")
        _require(self.width_px * self.height_px <= 4_000_000, "CameraConfig", (self.width_px, self.height_px), "at most 4 Mpx")
        if self.lens is not None:
            self._require_seen(self.lens)

    def _require_seen(self, lens: PinholeCamera) -> None:
        """The lens knows the size of its photos, and they show all of the overhead picture."""
        width_px, height_px = lens.size_px
        _require(width_px * height_px <= 4_000_000, "CameraConfig.lens", lens.size_px, "at most 4 Mpx")
        _require(lens.table_z_m == 0, "CameraConfig.lens", lens.table_z_m, "over a table at height 0 (PinholeCamera.over_table)")
        x_m, y_m, z_m = map(float, lens.eye_m)
        aside_deg, tilt_deg = math.degrees(math.atan2(math.hypot(x_m, y_m), z_m)), self.randomise.tilt_deg
        allowed = f"zero, or below {FURTHEST_ASIDE_DEG:g} together with the lens, which stands {aside_deg:.0f} degrees aside"
        _require(tilt_deg == 0 or aside_deg + tilt_deg < FURTHEST_ASIDE_DEG, "RandomiseConfig.tilt_deg", tilt_deg, allowed)
        half_m = np.array([self.width_px - 1, self.height_px - 1, 0]) / 2 * self.pixel_m
        rim_m = half_m * [(x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        if not lens.sees(rim_m):
            width_m, height_m = self.width_px * self.pixel_m, self.height_px * self.pixel_m
            raise ConfigError(
                f"the lens does not see the whole overhead picture of {self.width_px} x {self.height_px} px of {self.pixel_m} m "
                f"({width_m:.2f} x {height_m:.2f} m of table about what its middle sees): make it smaller with "
                "--set world.camera.width_px=.. world.camera.height_px=.., or its pixels with world.camera.pixel_m=.."
            )

    @property
    def channels_n(self) -> int:
        """Of the pictures that players see: red, green, blue, and perhaps height."""
        return 4 if self.depth else 3


@dataclass(frozen=True)
class LiftConfig:
    """How a grasp is carried out and sensed."""

    sense_height_m: float = 0.20
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
    clearance_m: float = 0.004
    """Fingertips stop this far above the table."""
    arm_force_n: float = 20.0
    """Force that the arm can exert along each axis (Baxter's payload is 2.2 kg)."""

    def __post_init__(self) -> None:
        positive = ("sense_force_n", "lift_height_m", "speed_m_s", "squeeze_s", "hold_s", "clearance_m", "arm_force_n")
        _require_positive(self, *positive)
        _require(self.speed_m_s >= 0.01, "LiftConfig.speed_m_s", self.speed_m_s, "at least 0.01")
        _require(max(self.squeeze_s, self.hold_s) <= 60, "LiftConfig times", (self.squeeze_s, self.hold_s), "at most 60 s")
        allowed = f"in 0..{self.lift_height_m} (lift_height_m)"
        _require(0 <= self.sense_height_m <= self.lift_height_m, "LiftConfig.sense_height_m", self.sense_height_m, allowed)


@dataclass(frozen=True)
class ArmsConfig:
    """Baxter's two arms, the right for the protagonist, the left for an adversary's hand (section VI)."""

    base_m: Point = (-0.62, 0.10, 0.10)
    """Of the robot's base in the world; it looks along x. 10 cm up: the table's top is below the base."""
    speed_share: float = 1.0
    """Of the published joint speeds. Motions that ask for more take longer."""

    def __post_init__(self) -> None:
        _require(all(abs(value) <= 2 for value in self.base_m), "ArmsConfig.base_m", self.base_m, "three numbers in -2..2")
        _require(0.01 <= self.speed_share <= 1, "ArmsConfig.speed_share", self.speed_share, "in 0.01..1")


@dataclass(frozen=True)
class WorldConfig:
    """Everything that the simulated cell is made of."""

    objects: ObjectConfig = field(default_factory=ObjectConfig)
    hand: HandConfig = field(default_factory=HandConfig)
    grip: GripConfig = field(default_factory=GripConfig)
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    lift: LiftConfig = field(default_factory=LiftConfig)
    arms: ArmsConfig | None = None
    """None: hands float, and go wherever they are told to."""
    timestep_s: float = 0.002
    table_friction: float = 0.6
    spread_m: Interval = (0.09, 0.05)
    """Objects are put within this distance of the middle of the table, in x and y."""

    def __post_init__(self) -> None:
        _require_positive(self, "timestep_s", "table_friction")
        _require(1e-4 <= self.timestep_s <= 0.005, "WorldConfig.timestep_s", self.timestep_s, "in 0.0001..0.005")
        _require(all(0 <= s <= 1 for s in self.spread_m), "WorldConfig.spread_m", self.spread_m, "two numbers in 0..1")
        self.grip.require_within(self.hand, "world.grip.force_n")


@dataclass(frozen=True)
class ShakeConfig:
    """The shake adversary's motion (section V-C, fig. 4 and 7)."""

    frequency_hz: float = 2.0
    amplitude_m: float = 0.025
    """Peak displacement from the hold pose."""
    duration_s: float = 1.5
    """Time of shaking, after the hand has turned."""
    tilt_deg: float = 60.0
    """How far the four turned orientations lean from pointing down."""
    turn_s: float = 0.5
    """Time taken to turn the hand."""

    def __post_init__(self) -> None:
        _require_positive(self, *(f.name for f in fields(self)))
        _require(max(self.duration_s, self.turn_s) <= 60, "ShakeConfig times", (self.duration_s, self.turn_s), "at most 60 s")
        _require(self.tilt_deg <= 90, "ShakeConfig.tilt_deg", self.tilt_deg, "at most 90")


@dataclass(frozen=True)
class PresentConfig:
    """Where and how the protagonist presents a lifted object to the second hand: the same for every object."""

    position_m: Point = (0.0, 0.0, 0.45)
    """Of the hand frame, in the world."""
    yaw_deg: float = 90.0
    """World angle of the closing direction."""
    roll_deg: float = 0.0
    """Turn of the hand about its closing direction. 0: the fingers point down and the second hand comes from below;
    90: they point level and it comes from beside."""
    duration_s: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, "duration_s")
        _require(self.duration_s <= 60, "PresentConfig.duration_s", self.duration_s, "at most 60")
        reach = all(abs(value) <= 2 for value in self.position_m)
        _require(reach, "PresentConfig.position_m", self.position_m, "three numbers in -2..2")
        _require(abs(self.yaw_deg) <= 180, "PresentConfig.yaw_deg", self.yaw_deg, "in -180..180")
        _require(abs(self.roll_deg) <= 90, "PresentConfig.roll_deg", self.roll_deg, "in -90..90")


@dataclass(frozen=True)
class SecondHandConfig:
    """The adversary's own hand, opposite to the protagonist's."""

    present: PresentConfig = field(default_factory=PresentConfig)
    hand: HandConfig = field(default_factory=HandConfig)
    grip: GripConfig = field(default_factory=lambda: GripConfig(force_n=35.0))
    """At full force: the paper lowered only the protagonist's (section VI-A)."""
    push_n: float = 3.0
    """Largest force of its arm while it advances, and to the sides, friction included: it yields where it meets something."""
    pull_n: float = 15.0
    """Largest force with which it pulls; 0: it never does. The protagonist's arm withstands `LiftConfig.arm_force_n`."""

    def __post_init__(self) -> None:
        _require_positive(self, "push_n")
        _require(0 <= self.pull_n < math.inf, "SecondHandConfig.pull_n", self.pull_n, "zero or positive")
        self.grip.require_within(self.hand, "attack.snatch.second_hand.grip.force_n")


@dataclass(frozen=True)
class SnatchConfig:
    """The snatch adversary's motion (section V-D, fig. 8 and 9)."""

    second_hand: SecondHandConfig = field(default_factory=SecondHandConfig)
    spacing_m: float = 0.03
    """Distance between neighbours of the 3 x 3 grasp points."""
    approach_m_s: float = 0.2
    """Mean speed with which the open hand comes near."""
    push_m: float = 0.02
    """The fingers begin to close this far before the object's plane, and advance to it meanwhile (a push-grasp)."""
    push_m_s: float = 0.10
    squeeze_s: float = 0.15
    """Time for which the fingers hold before they pull."""
    pull_m: float = 0.10
    pull_m_s: float = 0.25
    """Mean speed of pulling back."""
    rest_s: float = 0.1
    """Time after the pull at which the protagonist's fingers are read."""

    def __post_init__(self) -> None:
        _require_positive(self, *(f.name for f in fields(self) if f.name != "second_hand"))
        _require(self.push_m <= 0.2, "SnatchConfig.push_m", self.push_m, "at most 0.2")
        _require(self.pull_m <= 0.5, "SnatchConfig.pull_m", self.pull_m, "at most 0.5")
        for name in ("approach_m_s", "push_m_s", "pull_m_s"):
            _require(getattr(self, name) >= 0.01, f"SnatchConfig.{name}", getattr(self, name), "at least 0.01")
        _require(max(self.squeeze_s, self.rest_s) <= 60, "SnatchConfig times", (self.squeeze_s, self.rest_s), "at most 60 s")
        present = self.second_hand.present
        length_m = self.pull_m + self.second_hand.hand.finger_length_m + PALM_ROOM_M
        needed_m = length_m * math.cos(math.radians(present.roll_deg)) + self.second_hand.hand.opening_m
        allowed = f"at least {needed_m:.2f} high, so that the second hand has room over the table to pull back"
        _require(present.position_m[2] >= needed_m, "PresentConfig.position_m", present.position_m, allowed)


@dataclass(frozen=True)
class AttackConfig:
    """What the adversaries do; one field a way of attacking."""

    shake: ShakeConfig = field(default_factory=ShakeConfig)
    snatch: SnatchConfig = field(default_factory=SnatchConfig)
    own: tuple[tuple[str, float], ...] = ()
    """Settings of adversaries that were added from outside, by name: such as [["poke.far_m", 0.05]]. A match writes down all that
    its adversaries have, so that a run's digest knows them."""

    def __post_init__(self) -> None:
        names = [name for name, _ in self.own]
        _require(len(set(names)) == len(names), "AttackConfig.own", names, "different names")
        _require(all(math.isfinite(value) for _, value in self.own), "AttackConfig.own", self.own, "finite numbers")


@dataclass(frozen=True)
class PatchConfig:
    """Patches of an image, sampled as the authors did: uniform, whole inside the image, drawn again when featureless."""

    size_m: float = 0.144
    """Side of a patch on the table (the authors: 300 px of 1280 over about 60 cm)."""
    feature_std: float = 15.0
    """A patch whose pixels' standard deviation (0-255) is at most this is rejected."""
    random_window_m: float = 0.06
    """Random grasps are tried where a window of this size is not featureless (as in Pinto and Gupta 2016, who tried
    only in regions of interest)."""

    def __post_init__(self) -> None:
        _require_positive(self, "size_m", "feature_std", "random_window_m")

    def size_px(self, pixel_m: float) -> float:
        """Side of a patch in pixels of a camera."""
        return self.size_m / pixel_m


@dataclass(frozen=True)
class NetworkConfig:
    """The convolutional network of both players (section V-F)."""

    trunk: str = "compact"
    """`alexnet` is the paper's, `compact` trains on a laptop's CPU, `resnet18` is what many would take today."""
    pretrained: bool = True
    """Whether `alexnet` and `resnet18` start from ImageNet's convolutions (`sparring weights` gets them)."""
    frozen: bool = False
    """Whether convolutions stay as ImageNet made them. Their features are then computed once a fit: several times faster."""


@dataclass(frozen=True)
class LearningConfig:
    """How both players learn (sections IV-B, V-G; the authors' code where the paper is silent)."""

    alpha: float = 0.25
    """Weight of the adversary in eq. 5."""
    batch_n: int = 128
    learning_rate: float = 3e-4
    """RMSProp's rate for a network trained anew, decayed to nothing along a cosine."""
    finetune_rate: float = 1e-4
    """The rate for a protagonist that goes on from the iteration before."""
    falls: FallLabel = "believed"
    """What eq. 5 takes for max_u adversary(s+, u). believed: the adversary's largest probability (the paper). share: the share of
    the attacks really made on a grasp that dislodged it; worst: 1 if any did; both are 0 for grasps that were not attacked."""
    adversary_rate: float = 1e-4
    """The rate for an adversary."""
    epochs_n: int = 12
    """At most this many epochs for a network trained anew."""
    finetune_epochs_n: int = 4
    """At most this many when going on."""
    adversary_epochs_n: int = 30
    """At most this many for an adversary, which keeps its best epoch on held-out objects."""
    train_accuracy: float = 0.95
    """Training stops at this accuracy on the training set."""
    held_out_share: float = 0.15
    """Share of the objects kept out of training, to watch (protagonist) and to stop (adversary)."""
    dropout: float = 0.5
    jitter_share: float = 0.04
    """Patches are shifted by this share of their side (standard deviation) in training: the hand errs by more anyway."""
    precision: Precision = "auto"
    """Arithmetic of the networks; `auto` takes bf16 where the processor has it. Resolved once, when a run begins."""
    threads_n: int | None = None
    """CPU threads of the networks; None: one a core, at most 8. Resolved once, when a run begins, since sums depend on it in the
    last bit."""
    at_once_n: int | None = None
    """Images of a batch that are in memory at once, where memory is short: gradients are summed over such parts. None: all.
    A trunk that normalises over its batch (`resnet18`) then does so over a part."""
    frozen_views_n: int = 4
    """Views of every attempt, turned, shifted and mirrored at random, whose features are kept where convolutions are frozen."""

    def __post_init__(self) -> None:
        _require_positive(
            self,
            "batch_n",
            "learning_rate",
            "finetune_rate",
            "adversary_rate",
            "epochs_n",
            "finetune_epochs_n",
            "adversary_epochs_n",
            "frozen_views_n",
        )
        for name in ("threads_n", "at_once_n"):
            if getattr(self, name) is not None:
                _require_positive(self, name)
        _require(self.batch_n >= 2, "LearningConfig.batch_n", self.batch_n, "at least 2, for one success and one failure")
        for name in ("alpha", "held_out_share", "dropout", "jitter_share", "train_accuracy"):
            value = getattr(self, name)
            _require(0 <= value <= 1, f"LearningConfig.{name}", value, "in 0..1")
        _require(self.held_out_share <= 0.5, "LearningConfig.held_out_share", self.held_out_share, "at most 0.5")
        _require(self.dropout < 1, "LearningConfig.dropout", self.dropout, "below 1")
        _require(self.precision in ("auto", "fp32", "bf16"), "LearningConfig.precision", self.precision, "auto, fp32 or bf16")
        _require(
            self.falls in get_args(FallLabel), "LearningConfig.falls", self.falls, f"one of {', '.join(get_args(FallLabel))}"
        )


@dataclass(frozen=True)
class BoutConfig:
    """Iterations against one adversary."""

    adversary: str
    iterations_n: int
    grasps_per_iteration_n: int

    def __post_init__(self) -> None:
        _require_positive(self, "iterations_n", "grasps_per_iteration_n")
        _require(
            self.iterations_n <= MOST_ITERATIONS_N, "BoutConfig.iterations_n", self.iterations_n, f"at most {MOST_ITERATIONS_N}"
        )
        word = len(self.adversary) <= 80 and self.adversary.isascii() and self.adversary.replace("-", "_").isidentifier()
        _require(word, "BoutConfig.adversary", self.adversary, "a word, since stages and players are called after it")

    @property
    def iterations(self) -> list[str]:
        """Names of its iterations, which their stages and protagonists have too."""
        return [f"{self.adversary}-{number}" for number in range(1, self.iterations_n + 1)]


@dataclass(frozen=True)
class MatchConfig:
    """Budgets of a match (section VI-B)."""

    random_grasps_n: int = 40_000
    bouts: tuple[BoutConfig, ...] = (BoutConfig("shake", 3, 3_000), BoutConfig("snatch", 2, 1_000))
    """Adversaries met in turn; each begins from the player that the one before has made."""
    collaborative_grasps_n: int = 16_000
    """Further grasps of the arm without an adversary, in as many iterations."""
    arms: tuple[ArmName, ...] = ARMS
    """What is played after the random grasps; one alone is compared with another run's."""
    attacks: Attacks = "learned"
    """Who attacks after the first iteration of a bout, which is random. learned: the adversary that the iteration before has made
    (the paper). first: the first one, ever after; it is asked by eq. 5 as well. random: nobody's network. every: each grasp that
    is held meets every action, from the same state."""
    patches_n: int = 128
    """Patches sampled from an image when a player chooses."""
    scoring: Scoring = "auto"
    """How players score images while they explore."""
    attempts_per_scene_n: int = 4
    """Grasps tried on one image, each from the same state."""
    wave_scenes_n: int = 128
    """Scenes in one wave, which is one shard on disk."""

    def __post_init__(self) -> None:
        _require_positive(
            self,
            "random_grasps_n",
            "collaborative_grasps_n",
            "patches_n",
            "attempts_per_scene_n",
            "wave_scenes_n",
        )
        _require(self.scoring in SCORINGS, "MatchConfig.scoring", self.scoring, f"one of {', '.join(SCORINGS)}")
        adversaries = [bout.adversary for bout in self.bouts]
        _require(len(set(adversaries)) == len(adversaries), "MatchConfig.bouts", adversaries, "against different adversaries")
        _require(
            bool(self.arms) and len(set(self.arms)) == len(self.arms), "MatchConfig.arms", self.arms, f"of {', '.join(ARMS)}"
        )
        _require(set(self.arms) <= set(ARMS), "MatchConfig.arms", self.arms, f"of {', '.join(ARMS)}")
        _require(self.attacks in get_args(Attacks), "MatchConfig.attacks", self.attacks, f"one of {', '.join(get_args(Attacks))}")
        if set(self.arms) == set(ARMS):
            self._require_fair()

    def _require_fair(self) -> None:
        grasps = sum(bout.iterations_n * bout.grasps_per_iteration_n for bout in self.bouts)
        needed = math.ceil(grasps * (1 + ATTACKED_SHARE))
        allowed = f"at least {needed}: the {grasps} grasps of the adversarial arm and their attacks, or the comparison is unfair"
        name = "MatchConfig.collaborative_grasps_n"
        _require(self.collaborative_grasps_n >= needed, name, self.collaborative_grasps_n, allowed)

    @property
    def rounds_n(self) -> int:
        """Iterations of all bouts together, at least one; the collaborative arm plays as many."""
        return max(1, sum(bout.iterations_n for bout in self.bouts))


@dataclass(frozen=True)
class Protocol:
    """A way of testing: grip and patches (section VI-C)."""

    grip: GripConfig | None
    """None: the grip that the players were trained with."""
    patches_n: int


LOW_FORCE = Protocol(None, 128)
"""As in training (7 N, plain pads unless the config says otherwise), 128 patches: the paper's table I."""
HIGH_FORCE = Protocol(GripConfig(force_n=35.0, pad_friction=0.9, torsional_friction_m=0.006, pad_softness_s=0.01), 1280)
"""35 N, rubber pads, 1280 patches: the paper's table II."""
PROTOCOLS: dict[str, Protocol] = {"low-force": LOW_FORCE, "high-force": HIGH_FORCE}
BOTH_PROTOCOLS = tuple(PROTOCOLS)


@dataclass(frozen=True)
class TestConfig:
    """The test on novel objects (section VI-C)."""

    __test__ = False
    objects: str = "named"
    """The paper's ten, another set that comes along, or an imported set, NAME@DIGEST."""
    tries_n: int = 10
    """Tries an object. The paper: 10; small effects need far more."""
    protocols: tuple[str, ...] = ("low-force",)
    scoring: Scoring = "patches"
    """How players score images in tests: the paper's way, unless asked."""
    players: tuple[str, ...] = ()
    """Players that are tested, such as start and shake-3; all where none is named."""

    def __post_init__(self) -> None:
        _require_set("TestConfig.objects", self.objects, OBJECT_SETS)
        _require_positive(self, "tries_n")
        _require(self.scoring in SCORINGS, "TestConfig.scoring", self.scoring, f"one of {', '.join(SCORINGS)}")
        for protocol in self.protocols:
            if protocol not in PROTOCOLS:
                raise ConfigError(unknown_name("protocol", protocol, PROTOCOLS))


@dataclass(frozen=True)
class StressConfig:
    """The stress test of a foreign grasp detector (docs/stress.md). Other runs do not look at it."""

    objects: tuple[str, ...] = ("named", "novel-families")
    """Sets, also imported ones, that test scenes are drawn from, as many from each; the adversary never trains on them."""
    scenes_n: int = 160
    """Test scenes. What is lifted there meets all shakes and all snatches."""
    training_scenes_n: int = 320
    """Scenes with training objects on which the adversary learns."""
    training_attacks_n: int = 5
    """Random attacks of each kind on every object that is held up while the adversary learns."""
    forces_n: tuple[float, ...] = (3.5, 7.0, 14.0, 35.0)
    """Grip forces of each finger that the first test scenes are tried with; none: no sweep."""
    force_scenes_n: int = 40
    """Test scenes that are tried with every grip force, and then meet all shakes."""
    wave_scenes_n: int = 32
    """Scenes in one wave, which is one shard on disk."""

    def __post_init__(self) -> None:
        _require_positive(self, "scenes_n", "training_scenes_n", "training_attacks_n", "force_scenes_n", "wave_scenes_n")
        _require(self.scenes_n <= MOST_OBJECTS_N, "StressConfig.scenes_n", self.scenes_n, f"at most {MOST_OBJECTS_N}")
        _require(
            self.training_attacks_n <= MOST_ATTACKS_N,
            "StressConfig.training_attacks_n",
            self.training_attacks_n,
            f"at most {MOST_ATTACKS_N}, the shakes that there are",
        )
        for name in self.objects:
            _require_set("StressConfig.objects", name, TESTED_SETS)
        unlike = bool(self.objects) and len(set(self.objects)) == len(self.objects)
        _require(unlike, "StressConfig.objects", self.objects, "one or several different sets")
        forces = all(0 < force < math.inf for force in self.forces_n) and len(set(self.forces_n)) == len(self.forces_n)
        _require(forces, "StressConfig.forces_n", self.forces_n, "different positive forces")


@dataclass(frozen=True)
class RunConfig:
    """All that decides a run's results. Where it runs, on how many workers, does not."""

    seed: int = 0
    world: WorldConfig = field(default_factory=WorldConfig)
    attack: AttackConfig = field(default_factory=AttackConfig)
    patches: PatchConfig = field(default_factory=PatchConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    learning: LearningConfig = field(default_factory=LearningConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    test: TestConfig = field(default_factory=TestConfig)
    stress: StressConfig = field(default_factory=StressConfig)

    def __post_init__(self) -> None:
        _require(self.seed >= 0, "RunConfig.seed", self.seed, "zero or positive")
        camera = self.world.camera
        shorter = min(camera.width_px, camera.height_px) - 1
        _require(
            self.patch_px < shorter,
            "PatchConfig.size_m",
            self.patches.size_m,
            f"below the image's {shorter * camera.pixel_m:.3f} m",
        )
        for name in self.test.protocols:
            (PROTOCOLS[name].grip or self.world.grip).require_within(self.world.hand, f"the protocol {name} (test.protocols)")
        frozen = self.network.frozen and camera.depth
        _require(
            not frozen, "NetworkConfig.frozen", True, "false with world.camera.depth: ImageNet's convolutions see no heights"
        )

    @property
    def patch_px(self) -> float:
        """Side of a patch in pixels of the camera."""
        return self.patches.size_px(self.world.camera.pixel_m)


PAPER = RunConfig(
    world=WorldConfig(camera=CameraConfig(width_px=640, height_px=480, pixel_m=0.00075)),
    network=NetworkConfig(trunk="alexnet"),
    learning=LearningConfig(learning_rate=3e-5, finetune_rate=3e-5, adversary_rate=3e-5),
    test=TestConfig(protocols=BOTH_PROTOCOLS),
)
"""The paper's budgets and network."""
QUARTER = RunConfig(
    match=MatchConfig(
        random_grasps_n=10_000,
        bouts=(BoutConfig("shake", 3, 750), BoutConfig("snatch", 2, 250)),
        collaborative_grasps_n=4_000,
    ),
    test=TestConfig(tries_n=100, protocols=BOTH_PROTOCOLS),
)
"""A quarter of the paper's grasps with the compact network: under an hour on two cores."""
MIXED = replace(QUARTER, match=replace(QUARTER.match, bouts=(BoutConfig("mixed", 5, 550),)))
"""As many grasps, but shakes and snatches from the first iteration on, in one menu of 51; the paper did not try it."""
BAXTER_PRESENTS = PresentConfig(position_m=(0.0, 0.05, 0.40), yaw_deg=0.0, roll_deg=90.0)
"""Level, towards its left arm, which then reaches all 36 snatches; from below it reaches none."""


DEMO = RunConfig(
    match=MatchConfig(
        random_grasps_n=4_000, bouts=(BoutConfig("shake", 3, 300), BoutConfig("snatch", 1, 300)), collaborative_grasps_n=1_800
    ),
    test=TestConfig(tries_n=30),
)
"""The whole game in small, in minutes."""
SMOKE = RunConfig(
    world=WorldConfig(objects=ObjectConfig(training_n=26)),
    learning=LearningConfig(epochs_n=1, finetune_epochs_n=1, adversary_epochs_n=1, batch_n=16),
    match=MatchConfig(
        random_grasps_n=64,
        bouts=(BoutConfig("shake", 2, 24), BoutConfig("snatch", 1, 24)),
        collaborative_grasps_n=105,
        patches_n=32,
        wave_scenes_n=8,
    ),
    test=TestConfig(tries_n=1),
)
"""Seconds; for tests of the machinery. Its players learn nothing."""
PRESETS: dict[str, RunConfig] = {"smoke": SMOKE, "demo": DEMO, "quarter": QUARTER, "mixed": MIXED, "paper": PAPER}


def preset_named(name: str) -> RunConfig:
    """The preset of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PRESETS:
        raise ConfigError(unknown_name("preset", name, PRESETS))
    return PRESETS[name]


def _with_robot(config: RunConfig, arms: ArmsConfig | None, presents: PresentConfig) -> RunConfig:
    snatch = config.attack.snatch
    second = replace(snatch.second_hand, present=presents)
    attack = replace(config.attack, snatch=replace(snatch, second_hand=second))
    return replace(config, world=replace(config.world, arms=arms), attack=attack)


ROBOTS: dict[str, Callable[[RunConfig], RunConfig]] = {
    "floating": lambda config: _with_robot(config, None, PresentConfig()),
    "baxter": lambda config: _with_robot(config, ArmsConfig(), BAXTER_PRESENTS),
}
"""What carries the hands, and where they then meet: a config with that robot."""
