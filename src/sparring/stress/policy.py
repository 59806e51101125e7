"""A foreign grasp detector: a function of an image and a camera that returns grasps with scores.

`policy(image, camera)`, or `policy(image, camera, depth_m)`. It is imported because the user named it, and is trusted as
much as any program that one starts. What it returns is not trusted: all of it is checked.
"""

import hashlib
import importlib
import importlib.util
import inspect
import itertools
import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8

from sparring.errors import ConfigError, PolicyError
from sparring.pinhole import PinholeCamera
from sparring.seeding import seed_of

KNOWN = {
    "antipodal": "sparring.stress.foreign.antipodal:antipodal",
    "player": "sparring.stress.foreign.player:Player",
}
"""Detectors in the package, by short names."""
GRASP = "a grasp is (column_px, row_px, angle_deg, score[, width_m]), or an object with these names"
NAMES = ("column_px", "row_px", "angle_deg")
MOST_GRASPS_N = 100_000
"""Of more grasps in one picture it is assumed that there is no end to them."""


@dataclass(frozen=True)
class Found:
    """A grasp as a detector has found it."""

    column_px: float
    row_px: float
    angle_deg: float
    """Direction of closing, counter-clockwise in the image, in 0..180."""
    score: float
    """The higher the better, on the detector's own scale."""
    width_m: float | None = None
    """How far it would open the hand. The simulated hand opens fully all the same."""


@dataclass(frozen=True, eq=False)
class Policy:
    """A detector that was loaded."""

    name: str
    """As it was asked for."""
    function: Callable[..., Any]
    wants_depth: bool
    sha256: str
    """Of the file that it is defined in; empty where there is none."""

    def best(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        camera: PinholeCamera,
        depth_m: Float[np.ndarray, "h w"] | None,
        *,
        scene: str,
        seed: int,
    ) -> Found | None:
        """The grasp with the highest score, of equal ones the first; None where it finds none.

        Args:
            image: of the table, RGB; the detector gets a copy.
            camera: that has taken it.
            depth_m: along the optical axis; needed where `wants_depth`.
            scene: names the scene in errors.
            seed: numpy's, torch's and Python's common generators are seeded with it, so that a detector that draws from them
                answers the same again.

        Raises:
            PolicyError: the detector failed, or returned something else than grasps in the picture.
        """
        seen = (image.copy(), camera) if depth_m is None else (image.copy(), camera, depth_m)
        _seed(seed)
        try:
            told = self.function(*seen)
            answer = list(itertools.islice(told, MOST_GRASPS_N + 1)) if isinstance(told, Iterable) else told
        except (Exception, SystemExit) as error:
            raise PolicyError(f"{self.name} failed on scene {scene}: {type(error).__name__}: {error}") from error
        height, width = image.shape[:2]
        where = f"{self.name} on scene {scene}"
        if not isinstance(answer, list):
            raise PolicyError(f"{where} returned {_shown(answer)}; a detector returns a list of grasps, an empty one for none")
        if len(answer) > MOST_GRASPS_N:
            raise PolicyError(f"{where} returned more than {MOST_GRASPS_N} grasps; return the best ones")
        found = [_found(one, where, width, height) for one in answer]
        return max(found, key=lambda one: one.score, default=None)


def load_policy(name: str) -> Policy:
    """A detector by name: `package.module:function`, `path/file.py:function`, a class without arguments, or a short name.

    Raises:
        ConfigError: there is no such module, file or function, or it cannot be called with an image and a camera.
        PolicyError: importing it failed.
    """
    place, colon, attribute = KNOWN.get(name, name).rpartition(":")
    if not (place and colon and attribute):
        raise ConfigError(
            f"a detector is named MODULE:FUNCTION or FILE.py:FUNCTION, or is one of {', '.join(KNOWN)}; got {name!r}"
        )
    module = _from_file(Path(place), name) if place.endswith(".py") else _imported(place, name)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            there = [one for one, value in vars(module).items() if callable(value) and not one.startswith("_")]
            raise ConfigError(f"{place} has no {attribute!r}; there are: {', '.join(there[:20]) or 'no functions'}")
        found = getattr(found, part)
    function = _made(found, name) if isinstance(found, type) else found
    return Policy(name, function, _wants_depth(function, name), _sha256(module))


def _imported(place: str, name: str) -> ModuleType:
    """A module, also of the folder that the command was typed in."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    return _guarded(lambda: importlib.import_module(place), name, place)


def _from_file(path: Path, name: str) -> ModuleType:
    """A file as a module; what lies beside it can be imported by it, as where Python runs it."""
    if not path.is_file():
        raise ConfigError(f"--policy {name}: there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"sparring_policy_{path.stem}", path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    beside = str(path.resolve().parent)
    if beside in sys.path:
        sys.path.remove(beside)
    sys.path.insert(0, beside)
    load, known = spec.loader.exec_module, set(sys.modules)
    _guarded(lambda: load(module), name, None)
    for other in set(sys.modules) - known:  # a second detector may have another module of that name beside it
        if (getattr(sys.modules[other], "__file__", None) or "").startswith(f"{beside}{os.sep}"):
            del sys.modules[other]
    return module


def _guarded(load: Callable[[], Any], name: str, module: str | None) -> Any:
    try:
        return load()
    except ModuleNotFoundError as error:
        if module is not None and error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise ConfigError(f"{name}: there is no module {error.name!r} here; FILE.py:FUNCTION names a file") from None
        raise PolicyError(f"{name} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        raise PolicyError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error


def _made(kind: type, name: str) -> Any:
    """An object of a class, made without arguments."""
    try:
        return kind()
    except (Exception, SystemExit) as error:
        if isinstance(error, ConfigError | PolicyError):
            raise
        raise PolicyError(f"{name} cannot be made without arguments: {type(error).__name__}: {error}") from error


def _wants_depth(function: Any, name: str) -> bool:
    """Whether it takes a third argument: one without a default, or one that is called after depth.

    Raises:
        ConfigError: it cannot be called with an image and a camera.
    """
    if not callable(function):
        raise ConfigError(f"{name} is a {type(function).__name__}, and cannot be called")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some functions of other languages do not tell
        return False
    places = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    needed = [one for one in parameters if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    more = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    if len(needed) > 3 or any(one not in places for one in needed) or (len(places) < 2 and not more):
        raise ConfigError(
            f"{name} takes ({', '.join(map(str, parameters))}); a detector takes (image, camera) or (image, camera, depth_m)"
        )
    return len(places) > 2 and (places[2] in needed or places[2].name.startswith("depth"))


def _sha256(module: ModuleType) -> str:
    path = Path(getattr(module, "__file__", None) or "")
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed_of(seed, "numpy") % 2**32)  # noqa: NPY002  it is what foreign code draws from
    torch.manual_seed(seed)


def _found(told: Any, where: str, width: int, height: int) -> Found:
    """One grasp, checked."""
    try:
        values = _values(told)
        width_m = None if len(values) < 5 or values[4] is None else float(values[4])
        column, row, angle, score = (float(value) for value in values[:4])
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise PolicyError(f"{where} returned {_shown(told)}; {GRASP}") from None
    numbers = (column, row, angle, score, *(() if width_m is None else (width_m,)))
    if not all(map(math.isfinite, numbers)):
        raise PolicyError(f"{where} returned {_shown(told)}; all numbers of a grasp must be finite")
    if not (0 <= column <= width - 1 and 0 <= row <= height - 1):
        raise PolicyError(
            f"{where} returned a grasp at column {column:g}, row {row:g}, outside of the picture: "
            f"columns are 0..{width - 1}, rows 0..{height - 1}"
        )
    if width_m is not None and width_m <= 0:
        raise PolicyError(f"{where} returned a width of {width_m:g} m; it must be positive, or left out")
    return Found(column, row, angle % 180.0, score, width_m)


def _values(told: Any) -> Sequence[Any]:
    """Column, row, angle, score and perhaps width of whatever was returned.

    Raises:
        ValueError: something else.
    """
    if all(hasattr(told, name) for name in NAMES):
        score = told.score if hasattr(told, "score") else told.probability if hasattr(told, "probability") else None
        return [*(getattr(told, name) for name in NAMES), score, getattr(told, "width_m", None)]
    values = list(told)
    if isinstance(told, str | bytes | dict) or not 4 <= len(values) <= 5:
        raise ValueError
    return values


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # a foreign object may not even show itself
        text = "something that cannot be shown"
    return f"{type(value).__name__} {text[:120]}"
