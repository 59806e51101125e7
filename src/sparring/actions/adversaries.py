"""The table of adversaries. A new way of attacking is a file beside this and a row here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sparring.actions import shake, snatch
from sparring.actions.trajectory import Pose, Trajectory, TwoHanded
from sparring.config import AttackConfig, RunConfig, SecondHandConfig
from sparring.errors import ConfigError, unknown_name


class Preparation(Protocol):
    """From an action's index and the hand's pose to the motion that the attack begins with; the object is at stake already."""

    def __call__(self, config: AttackConfig, index: int, start: Pose, *, dt: float) -> Trajectory:
        """The hand's targets [steps, 7]."""
        ...


class AttackTrajectory(Protocol):
    """From an action's index and the prepared hand's pose to the attack itself."""

    def __call__(self, config: AttackConfig, index: int, start: Pose, *, depth_m: float, dt: float) -> Trajectory | TwoHanded:
        """The hands' targets; `depth_m` is how far the object reaches towards a second hand."""
        ...


class Mirrored(Protocol):
    """From an action's index to the index that does the same in a mirrored world."""

    def __call__(self, index: int, *, x: bool, y: bool) -> int:
        """Mirrored along the closing direction (x), across it (y), or both."""
        ...


@dataclass(frozen=True)
class Setting:
    """A number that an adversary from outside lets users set: `attack.own` in the config holds it."""

    name: str
    """With the adversary's own before it, such as `poke.far_m`; the unit is part of it."""
    default: float

    def of(self, config: AttackConfig) -> float:
        """Its value."""
        return dict(config.own).get(self.name, self.default)


@dataclass(frozen=True)
class SecondHand:
    """That an attack has a hand of its own."""

    config: Callable[[AttackConfig], SecondHandConfig]
    start: Callable[[AttackConfig, int, float], Pose]
    """Where it starts for an action's index, given how far the object reaches towards it."""


@dataclass(frozen=True)
class Attack:
    """A way of attacking a grasped object: what it can do, and how that is played."""

    actions_n: int
    prepare: Preparation
    trajectory: AttackTrajectory
    mirrored: Mirrored
    description: Callable[[int], str]
    """An action in words."""
    mirrors_across: Callable[[AttackConfig], bool] = lambda config: True
    """Whether the world mirrored across the closing direction (y) is the same world. Along it (x) it always is."""
    second_hand: SecondHand | None = None
    taken: str = "dislodged by an attack"
    """What became of an object that it has dislodged, in words."""
    settings: tuple[Setting, ...] = ()
    """Of an attack that has no field of its own in `AttackConfig`."""


@dataclass(frozen=True)
class Adversary:
    """What an adversary chooses from: the actions of one way of attacking, or of several in one menu."""

    attacks: tuple[Attack, ...]

    @property
    def actions_n(self) -> int:
        """Actions on the menu."""
        return sum(attack.actions_n for attack in self.attacks)

    def action(self, index: int) -> tuple[Attack, int]:
        """The attack that an index of the menu means, and the index within it."""
        for attack in self.attacks:
            if index < attack.actions_n:
                return attack, index
            index -= attack.actions_n
        raise IndexError(f"no action {index} beyond the last")

    def description(self, index: int) -> str:
        """An action of the menu in words."""
        attack, within = self.action(index)
        return attack.description(within)

    def mirrors_across(self, config: AttackConfig) -> bool:
        """Whether all actions have mirror images across the closing direction."""
        return all(attack.mirrors_across(config) for attack in self.attacks)

    def mirrored(self, index: int, *, x: bool, y: bool) -> int:
        """The action that does the same in a mirrored world."""
        attack, within = self.action(index)
        return index - within + attack.mirrored(within, x=x, y=y)


def _shake_turn(config: AttackConfig, index: int, start: Pose, *, dt: float) -> Trajectory:
    return shake.turning(config.shake, index, start, dt=dt)


def _shake(config: AttackConfig, index: int, start: Pose, *, depth_m: float, dt: float) -> Trajectory:
    return shake.swinging(config.shake, index, start, dt=dt)


def _present(config: AttackConfig, index: int, start: Pose, *, dt: float) -> Trajectory:
    return snatch.presenting(config.snatch.second_hand.present, start, dt=dt)


def _snatch(config: AttackConfig, index: int, start: Pose, *, depth_m: float, dt: float) -> TwoHanded:
    return snatch.trajectory(config.snatch, index, start, depth_m=depth_m, dt=dt)


def _snatch_start(config: AttackConfig, index: int, depth_m: float) -> Pose:
    return snatch.starting_pose(config.snatch, index, depth_m)


SHAKE = Attack(shake.SHAKES_N, _shake_turn, _shake, shake.mirrored, shake.description, taken="shaken off")
SNATCH = Attack(
    snatch.SNATCHES_N,
    _present,
    _snatch,
    snatch.mirrored,
    snatch.description,
    lambda config: config.snatch.second_hand.present.roll_deg == 0,  # else gravity tells y from -y
    SecondHand(lambda config: config.snatch.second_hand, _snatch_start),
    "snatched",
)
ADVERSARIES: dict[str, Adversary] = {
    "shake": Adversary((SHAKE,)),
    "snatch": Adversary((SNATCH,)),
    "mixed": Adversary((SHAKE, SNATCH)),
}


def with_settings(config: RunConfig) -> RunConfig:
    """The config with every setting of its match's adversaries written down.

    Raises:
        ConfigError: `attack.own` holds a setting that none of the adversaries here has.
    """
    known = {setting.name: setting for row in ADVERSARIES.values() for attack in row.attacks for setting in attack.settings}
    for name, _ in config.attack.own:
        if name not in known:
            raise ConfigError(unknown_name("setting of an adversary", name, known))
    met = [ADVERSARIES[bout.adversary] for bout in config.match.bouts if bout.adversary in ADVERSARIES]
    used = {setting.name for row in met for attack in row.attacks for setting in attack.settings}
    told = used | {name for name, _ in config.attack.own}
    own = tuple((name, known[name].of(config.attack)) for name in sorted(told))
    return replace(config, attack=replace(config.attack, own=own))
