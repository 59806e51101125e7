"""The type checker of the test run: every annotation of the package, array shapes included, is checked at each call."""

import typing
from collections.abc import Callable
from typing import Any, Protocol, Self

from beartype import BeartypeConf, beartype

_CONF = BeartypeConf(is_pep484_tower=True)
"""An int will do where a float is asked, as static checkers have it."""


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Checks a function's arguments and result against its annotations.

    Two kinds of annotation need help. The package's protocols are not made for `isinstance`, which beartype asks for, so
    they are made so here, and a class that lacks a method of its protocol is found out. `Self` says nothing outside a
    class that is decorated whole, so it is left unchecked.
    """
    hints = getattr(function, "__annotations__", {})
    for name, hint in hints.items():
        _open_protocols(hint)
        if hint is Self:
            hints[name] = object
    return beartype(function, conf=_CONF)


def _open_protocols(hint: object) -> None:
    for inner in typing.get_args(hint):
        _open_protocols(inner)
    if isinstance(hint, type) and getattr(hint, "_is_protocol", False) and hint is not Protocol:
        typing.runtime_checkable(hint)
