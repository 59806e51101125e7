"""Configs to and from JSON, strictly: an unknown key or an impossible value is an error that names it."""

import hashlib
import json
from dataclasses import asdict, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

import cattrs
from cattrs.v import format_exception

from sparring.config import RunConfig
from sparring.errors import ConfigError, SparringError, unknown_name

Frozen = TypeVar("Frozen")
_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


def _strictly(kind: type, *allowed: type) -> None:
    """Lets the converter take values of some types for a field of type `kind`, and convert nothing else silently."""

    def structure(value: Any, _: Any) -> Any:
        if type(value) not in allowed:
            raise ValueError(f"expected {kind.__name__}, got {value!r}")
        return kind(value)

    _CONVERTER.register_structure_hook(kind, structure)


_strictly(float, float, int)
_strictly(int, int)
_strictly(bool, bool)
_strictly(str, str)


def _tuple(value: Any, kind: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"expected a list, got {value!r}")
    kinds = get_args(kind)
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise ValueError(f"expected {len(kinds)} values, got {value!r}")
    return tuple(_CONVERTER.structure(item, wanted) for item, wanted in zip(value, kinds, strict=True))


def _literal(value: Any, kind: Any) -> Any:
    if value not in get_args(kind):
        raise ValueError(f"expected {' or '.join(get_args(kind))}, got {value!r}")
    return value


_CONVERTER.register_structure_hook_func(lambda kind: get_origin(kind) is tuple, _tuple)
_CONVERTER.register_structure_hook_func(lambda kind: get_origin(kind) is Literal, _literal)


def to_json(config: RunConfig) -> str:
    """The config as readable JSON; equal configs give equal text."""
    return json.dumps(asdict(config), indent=2, sort_keys=True) + "\n"


def hash_of(config: RunConfig) -> str:
    """A short name for everything that decides a run's results."""
    return hash_of_text(to_json(config))


def hash_of_text(text: str) -> str:
    """The same for a config as it was written, perhaps by a version that knew fewer settings."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def from_json(text: str) -> RunConfig:
    """Inverse of `to_json`.

    Raises:
        ConfigError: not JSON, an unknown key, a value of the wrong kind or out of range.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"this config is not JSON: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"a config is a JSON object, this is a {type(tree).__name__}")
    return structured(tree, RunConfig)


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
        try:
            _set(tree, config, name, _value(text))
        except (KeyError, IndexError, TypeError):
            raise ConfigError(f"setting {name!r}: a setting before it has replaced what it is a part of") from None
    return structured(tree, RunConfig)


def _set(tree: Any, config: object, name: str, value: object) -> None:
    *path, last = name.split(".")
    for step in path:
        _check_known(name, step, config)
        tree = tree[int(step)] if isinstance(config, tuple) else tree[step]
        config = config[int(step)] if isinstance(config, tuple) else getattr(config, step)
    _check_known(name, last, config)
    if isinstance(config, tuple):
        raise ConfigError(f"setting {name!r}: set the whole list, or a field of one of its parts")
    tree[last] = value


def _check_known(name: str, step: str, config: object) -> None:
    known = [item.name for item in fields(config)] if is_dataclass(config) else []
    if isinstance(config, tuple):
        known = [str(index) for index in range(len(config))]
    if step not in known:
        raise ConfigError(f"setting {name!r}: " + unknown_name(f"field of {type(config).__name__}", step, known))


def _value(text: str) -> object:
    """A value as JSON, or else the plain text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def structured(tree: object, kind: type[Frozen]) -> Frozen:
    """A frozen dataclass from its tree of plain values, strictly.

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong kind or out of range.
    """
    try:
        return _CONVERTER.structure(tree, kind)
    except Exception as error:  # cattrs groups many kinds
        told = cattrs.transform_error(error, format_exception=_told)
        raise ConfigError("; ".join(one.removesuffix(" @ $") for one in told)) from None


def _told(error: BaseException, kind: Any) -> str:
    if isinstance(error, SparringError) or type(error) is ValueError:
        return str(error)
    return format_exception(error, kind)


def flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    """A tree of plain values by dotted names."""
    if not isinstance(tree, dict):
        return {prefix: tree}
    return {name: leaf for key, value in tree.items() for name, leaf in flat(value, f"{prefix}.{key}".lstrip(".")).items()}
