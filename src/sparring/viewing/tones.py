"""Colours and boxes of what is drawn for films."""

from dataclasses import dataclass

PAPER, INK, DIM, FAINT = (250, 251, 252), (33, 38, 48), (108, 117, 130), (216, 221, 228)
SUCCEEDED, FAILED, PLAIN = (24, 140, 84), (200, 62, 48), (108, 117, 130)
LEFT, RIGHT, BAR, CHOSEN = (70, 130, 210), (232, 148, 50), (150, 172, 204), (0, 176, 72)


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture, pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """One beyond its last column."""
        return self.left + self.width
