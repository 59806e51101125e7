"""Robots that learn to grasp by playing against an adversary, in physics simulation.

`sparring.Grasper` predicts grasps in images, `sparring.PinholeCamera` says where they lie on the table. Everything else is in
the rooms that the README's map names.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparring.pinhole import PinholeCamera, TablePose
    from sparring.players.grasper import Grasp, Grasper

__all__ = ["Grasp", "Grasper", "PinholeCamera", "TablePose"]


def __getattr__(name: str) -> Any:
    """Loads what is asked for, and torch with it, only then: workers never do."""
    if name in ("Grasp", "Grasper"):
        from sparring.players import grasper

        return getattr(grasper, name)
    if name in ("PinholeCamera", "TablePose"):
        from sparring import pinhole

        return getattr(pinhole, name)
    raise AttributeError(f"module 'sparring' has no attribute {name!r}")
