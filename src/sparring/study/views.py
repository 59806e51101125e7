"""All players of a study meet the same test scenes, so that each scene is looked at once."""

from collections.abc import Iterator, Sequence
from typing import Literal

from sparring.config import WorldConfig
from sparring.game.cell import AttackRequest, Cell, GraspRequest
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View
from sparring.world.scene import SceneSpec

REMEMBERED_N = 4_000
"""Views in memory, some 300 kB each: all of a world that the plan tests in."""


class RememberingCell:
    """A cell of a test's world that remembers what this process has seen of that world, up to a number of scenes."""

    waves_at_once_n = 1

    def __init__(self, cell: Cell, world: WorldConfig) -> None:
        self._cell, self._world = cell, world

    @property
    def name(self) -> str:
        """Of the cell behind it."""
        return self._cell.name

    @property
    def scenes_at_once(self) -> Literal[1] | None:
        """Of the cell behind it."""
        return self._cell.scenes_at_once

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View | Unseen]:
        """What was seen before, or now."""
        known = _VIEWS.pop(self._world, {})
        _VIEWS[self._world] = known  # now the last one
        new = [spec for spec in specs if spec not in known]
        known |= zip(new, self._cell.look(new), strict=True)
        seen = [known[spec] for spec in specs]
        _forget()
        return iter(seen)

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Iterator[GraspOutcomes]:
        """By the cell behind it."""
        return self._cell.grasp(requests, must_hold=must_hold)

    def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
        """By the cell behind it."""
        return self._cell.attack(adversary, requests)


_VIEWS: dict[WorldConfig, dict[SceneSpec, View | Unseen]] = {}
"""Of the worlds that this process has tested in, the last one last."""


def _forget() -> None:
    """What was seen first, in the world that was left longest ago."""
    while sum(map(len, _VIEWS.values())) > REMEMBERED_N:
        world, views = next(iter(_VIEWS.items()))
        if len(_VIEWS) > 1:
            _VIEWS.pop(world)
        else:
            views.pop(next(iter(views)))
