"""The adapter: the few lines of TOML beside a gripper's MJCF that say which joints close it and which geoms are its pads."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from sparring.config import Point
from sparring.config_file import structured
from sparring.data.files import read_text
from sparring.errors import ConfigError, DataError

MOST_BYTES = 2**16


@dataclass(frozen=True)
class Adapter:
    """What a gripper's model does not say of itself. All in the model's frame, in metres and radians."""

    joints: dict[str, tuple[float, float]]
    """Joints that close it, each with its values open and closed. They move together, in proportion."""
    left_pad: tuple[str, ...]
    """Geoms that one finger grips with, all on one link."""
    right_pad: tuple[str, ...]
    """And the other's."""
    approach: Point = (0.0, 0.0, 1.0)
    """The direction from the gripper towards the object, a unit vector."""
    site: str | None = None
    """A site at the grasp point. Midway between the pads unless given."""
    radians: bool = False
    """Whether the model's angles are radians though it does not say so, as in fragments that are made to be put into others."""
    mass_kg: float | None = None
    """Of the whole gripper; as the model has it unless given."""
    force_n: float | None = None
    """Most force of a finger; as the model's actuators give it unless given."""

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            ConfigError: nothing closes, there is no pad, no unit vector, or an impossible number.
        """
        if not self.joints or not self.left_pad or not self.right_pad:
            raise ConfigError("an adapter names at least one joint, one geom of the left pad and one of the right")
        if set(self.left_pad) & set(self.right_pad):
            raise ConfigError(f"geoms {sorted(set(self.left_pad) & set(self.right_pad))} are in both pads")
        for name, (opened, closed) in self.joints.items():
            if not (math.isfinite(opened) and math.isfinite(closed)) or opened == closed:
                raise ConfigError(f"joint {name!r} must have two different numbers, open and closed; got {(opened, closed)}")
        length = math.hypot(*self.approach)
        if not abs(length - 1) < 1e-3:
            raise ConfigError(f"approach must be a unit vector, such as [0, 0, 1]; got one of length {length:.3g}")
        for name, value in (("mass_kg", self.mass_kg), ("force_n", self.force_n)):
            if value is not None and not 0 < value < math.inf:
                raise ConfigError(f"{name} must be positive, got {value}")


def read_adapter(path: Path) -> Adapter:
    """The adapter in a TOML file.

    Raises:
        ConfigError: a key is unknown or missing, or a value impossible.
        DataError: it is not there, or no TOML.
    """
    if not path.is_file():
        raise DataError(
            f"{path} is not there: a gripper needs an adapter beside it, of its name, that says which joints close it"
        )
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} is larger than {MOST_BYTES} bytes, which no adapter is")
    try:
        tree = tomllib.loads(read_text(path))
        return structured(tree, Adapter)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DataError(f"{path} is not TOML: {error}") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
