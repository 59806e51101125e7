"""What environments take as actions: two ways of saying where and how to grasp. What does not lie in a space is refused."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np
from gymnasium import Space
from gymnasium.error import InvalidAction
from gymnasium.spaces import Box, MultiDiscrete

from sparring.actions.grasp import ANGLES_N
from sparring.errors import ConfigError, unknown_name
from sparring.players.choosing import ImageGrasp
from sparring.players.unit_actions import grasp_of_unit, unit_action

ActionKind = Literal["continuous", "discrete"]


class GraspActions(Protocol):
    """A way of writing a grasp in a picture as an action."""

    @property
    def space(self) -> Space[Any]:
        """All actions."""
        ...

    def grasp(self, action: object) -> ImageGrasp:
        """What an action means.

        Raises:
            InvalidAction: it is not in the space.
        """
        ...

    def action(self, grasp: ImageGrasp) -> np.ndarray:
        """The action that comes nearest to a grasp: how a player of the package plays in an environment."""
        ...


class ContinuousActions:
    """x, y and angle in -1..1: left to right, bottom to top, 0 to 180 degrees (the nearest of the 18 angles is taken)."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = {"width_px": width_px, "height_px": height_px}
        self.space: Space[Any] = Box(-1.0, 1.0, (3,), np.float32)

    def grasp(self, action: object) -> ImageGrasp:
        """What an action means."""
        return grasp_of_unit(checked(action, self.space, kinds="fiu"), **self._size)

    def action(self, grasp: ImageGrasp) -> np.ndarray:
        """The action that comes nearest to a grasp."""
        return np.clip(unit_action(grasp, **self._size), np.float32(-1), np.float32(1))


class DiscreteActions:
    """Column and row of a pixel, from the top left, and one of 18 angles, each 10 degrees."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._most = np.array([width_px, height_px, ANGLES_N]) - 1
        self.space: Space[Any] = MultiDiscrete([width_px, height_px, ANGLES_N])

    def grasp(self, action: object) -> ImageGrasp:
        """What an action means."""
        column, row, angle = checked(action, self.space, kinds="iu")
        return ImageGrasp(float(column), float(row), int(angle), None)

    def action(self, grasp: ImageGrasp) -> np.ndarray:
        """The action that comes nearest to a grasp."""
        return np.clip(np.round([grasp.column_px, grasp.row_px, grasp.angle]).astype(np.int64), 0, self._most)


ACTION_KINDS: dict[str, Callable[[int, int], GraspActions]] = {"continuous": ContinuousActions, "discrete": DiscreteActions}


def actions_named(kind: str, *, width_px: int, height_px: int) -> GraspActions:
    """The actions of that kind on pictures of that size.

    Raises:
        ConfigError: there is no such kind.
    """
    if kind not in ACTION_KINDS:
        raise ConfigError(unknown_name("kind of actions", kind, ACTION_KINDS))
    return ACTION_KINDS[kind](width_px, height_px)


def checked(action: object, space: Space[Any], *, kinds: str) -> np.ndarray:
    """An action as an array of its space.

    Args:
        action: from outside.
        space: where it must lie.
        kinds: numpy's letters of the numbers that are taken: f, i, u.

    Raises:
        InvalidAction: another shape, another kind of numbers, not a number, or out of bounds.
    """
    try:
        given = np.asarray(action)
    except (ValueError, TypeError):
        given = np.array(None)
    if given.dtype.kind in kinds and given.shape == space.shape:
        with np.errstate(over="ignore"):
            wanted = given.astype(space.dtype)
        if space.contains(wanted):
            return wanted
    raise InvalidAction(f"an action lies in {space}, got {given.dtype} of shape {given.shape}: {str(action)[:200]}")
