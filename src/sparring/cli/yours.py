"""What of the world may be the user's own: options that commands which make a world share, and the config that they lead to."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro

from sparring.config import FAMILIES_SET, OBJECT_SETS, ROBOTS, HandConfig, RunConfig
from sparring.config_file import altered
from sparring.pinhole import PinholeCamera

RobotName = Literal["floating", "baxter"]


@dataclass(frozen=True)
class YoursConfig:
    """Robot, gripper and camera. As the preset or config says unless given."""

    robot: RobotName | None = None
    """floating: hands that go wherever they are told to, fast; baxter: two arms, as in the paper (docs/own-robot.md)."""
    hand: str | None = None
    """The gripper: franka, rethink, robotiq-2f85, or the path of an MJCF file with its adapter (docs/own-gripper.md)."""
    second_hand: str | None = None
    """The gripper that snatches, likewise."""
    camera: Path | None = None
    """A calibration file (docs/own-camera.md): players see rectified photos of that camera, from where it stands."""


Yours = Annotated[YoursConfig, tyro.conf.arg(name="")]
YOURS = YoursConfig()


def with_yours(config: RunConfig, yours: YoursConfig, settings: tuple[str, ...]) -> RunConfig:
    """The config with what is the user's own brought in, and with settings such as `learning.alpha=0.5`.

    A robot comes first, so that settings may change it; grippers and cameras last, so that they meet the world as it is set.

    Raises:
        ConfigError: it is not there, or not what it should be.
        DataError: damaged.
    """
    if yours.robot is not None:
        config = ROBOTS[yours.robot](config)
    config = altered(config, settings)
    if yours.hand is not None:
        config = replace(config, world=replace(config.world, hand=_brought_in(yours.hand, config.world.hand)))
    if yours.second_hand is not None:
        snatch = config.attack.snatch
        second = replace(snatch.second_hand, hand=_brought_in(yours.second_hand, snatch.second_hand.hand))
        config = replace(config, attack=replace(config.attack, snatch=replace(snatch, second_hand=second)))
    if yours.camera is not None:
        seen = replace(config.world.camera, lens=PinholeCamera.read(yours.camera).over_table())
        config = replace(config, world=replace(config.world, camera=seen))
    return config


def training_on(objects: str, config: RunConfig) -> RunConfig:
    """The config with a set of objects to train on.

    Raises:
        ConfigError: there is no such set.
        DataError: damaged.
    """
    return replace(config, world=replace(config.world, objects=replace(config.world.objects, train_on=set_named(objects))))


def set_named(objects: str) -> str:
    """A set of objects as configs hold it: by its own name, or with the digest of what was imported."""
    from sparring.assets.keeping import resolved_set

    return resolved_set(objects)


def require_sets(config: RunConfig) -> None:
    """Checks that every set of objects that a config names is here.

    Raises:
        ConfigError: no such set.
        DataError: a set is not on this machine.
    """
    for name in {config.world.objects.train_on, config.test.objects} - {FAMILIES_SET, *OBJECT_SETS}:
        set_named(name)


def _brought_in(hand: str, before: HandConfig) -> HandConfig:
    from sparring.world.grippers.store import bring_in

    return bring_in(hand, before)
