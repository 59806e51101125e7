"""Configs to and from JSON, strictly: an unknown key or an impossible value is an error that names it."""

import hashlib
import json
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import cattrs

from sparring.config import RunConfig
from sparring.errors import ConfigError, SparringError, unknown_name

_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


def to_json(config: RunConfig) -> str:
    """The config as readable JSON; equal configs give equal text."""
    return json.dumps(asdict(config), indent=2, sort_keys=True) + "\n"


def hash_of(config: RunConfig) -> str:
    """A short name for everything that decides a run's results."""
    return hashlib.sha256(to_json(config).encode()).hexdigest()[:16]


def from_json(text: str) -> RunConfig:
    """Inverse of `to_json`.

    Raises:
        ConfigError: not JSON, an unknown key, a value of the wrong kind or out of range.
    """
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"this config is not JSON: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"a config is a JSON object, this is a {type(tree).__name__}")
    return _structured(tree)


def altered(config: RunConfig, settings: tuple[str, ...]) -> RunConfig:
    """The config with settings such as `learning.alpha=0.5` applied.

    Raises:
        ConfigError: a setting is not `name=value`, names nothing, or has an impossible value.
    """
    tree = asdict(config)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"a setting is written NAME=VALUE, such as learning.alpha=0.5; got {setting!r}")
        _set(tree, config, name, _value(text))
    return _structured(tree)


def _set(tree: dict[str, Any], config: object, name: str, value: object) -> None:
    *path, last = name.split(".")
    for step in path:
        _check_known(name, step, config)
        tree, config = tree[step], getattr(config, step)
    _check_known(name, last, config)
    tree[last] = value


def _check_known(name: str, step: str, config: object) -> None:
    known = [item.name for item in fields(config)] if is_dataclass(config) else []
    if step not in known:
        raise ConfigError(f"setting {name!r}: " + unknown_name(f"field of {type(config).__name__}", step, known))


def _value(text: str) -> object:
    """A value as JSON, or else the plain text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _structured(tree: dict[str, Any]) -> RunConfig:
    try:
        return _CONVERTER.structure(tree, RunConfig)
    except RecursionError:
        raise ConfigError("this config is nested too deeply") from None
    except Exception as error:  # cattrs groups many kinds
        raise ConfigError("; ".join(_reasons(error))) from None


def _reasons(error: BaseException) -> list[str]:
    if isinstance(error, SparringError):
        return [str(error)]
    if isinstance(error, BaseExceptionGroup):
        return [reason for inner in error.exceptions for reason in _reasons(inner)]  # type: ignore[misc]
    return cattrs.transform_error(error) if isinstance(error, cattrs.BaseValidationError) else [_noted(error)]


def _noted(error: BaseException) -> str:
    where = [str(note) for note in getattr(error, "__notes__", [])]
    return " ".join([str(error), *where])
