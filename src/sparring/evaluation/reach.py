"""What a robot's arms could do of what they were asked to: grasps and attacks within reach, and at full speed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from sparring.data.records import Row
from sparring.evaluation.attempts import action_told
from sparring.evaluation.statistics import Rate

COLUMNS = ["adversary", "action", "slowdown", "attack_slowdown"]
AT_SPEED = 1.05
"""A motion that took at most this much longer counts as done at the speed that was asked for."""
GRASP = "grasp"


@dataclass(eq=False)
class Reach:
    """Motions of one kind."""

    slowdowns: list[float] = field(default_factory=list[float])
    """By what factor each took longer; infinite where it was out of reach."""

    def within(self) -> Rate:
        """Within reach."""
        return Rate(int(np.isfinite(self.slowdowns).sum()), len(self.slowdowns))

    def at_speed(self) -> Rate:
        """Done as asked, at the speed that was asked for."""
        return Rate(int((np.array(self.slowdowns) <= AT_SPEED).sum()), len(self.slowdowns))


def reach_of(rows: Iterable[Row]) -> dict[str, Reach]:
    """By what was asked: grasps, and attacks as they begin in words (`shake pitched`, `snatch lower left`). Empty: no arms."""
    found: dict[str, Reach] = {}
    for row in rows:
        if row["slowdown"] is not None:
            found.setdefault(GRASP, Reach()).slowdowns.append(row["slowdown"])
        if row["attack_slowdown"] is not None:
            found.setdefault(action_told(row).partition(",")[0], Reach()).slowdowns.append(row["attack_slowdown"])
    return {name: found[name] for name in sorted(found, key=lambda name: (name != GRASP, name))}
