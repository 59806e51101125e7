"""What a report consists of, whatever it is written as: sections of words, tables, charts, grids and pictures."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sparring.evaluation.markdown import Table as Rows

Style = Literal["line", "dashed", "marks"]


@dataclass(frozen=True)
class Text:
    """A paragraph; words in `backticks` are code."""

    words: str


@dataclass(frozen=True)
class Commands:
    """Lines to type."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """Points of a list."""

    points: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table: its caption, its header and its rows."""

    caption: str
    rows: Rows


@dataclass(frozen=True)
class Point:
    """A value of a chart."""

    x: str | float
    y: float
    told: str
    """The value in words, with n and interval where it has them."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """Values of a chart that belong together."""

    name: str
    points: tuple[Point, ...]
    style: Style = "line"


@dataclass(frozen=True)
class Chart:
    """Lines or bars over one axis. Shares of 0..1 are drawn in per cent."""

    name: str
    """For its file."""
    caption: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    kind: Literal["lines", "bars", "reliability"] = "lines"
    """`reliability` has both axes from 0 to 1, and the diagonal."""

    def rows(self) -> Rows:
        """The same as a table."""
        body = [[line.name, _number(point.x), point.told] for line in self.lines for point in line.points]
        return ["", self.x_label, self.y_label], body


@dataclass(frozen=True)
class Grid:
    """A heat map: a table whose cells are shares."""

    name: str
    caption: str
    corner: str
    """What its rows are."""
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    shares: tuple[tuple[float | None, ...], ...]
    told: tuple[tuple[str, ...], ...]
    """Every share in words, with n and interval."""

    def as_rows(self) -> Rows:
        """The same as a plain table."""
        return [self.corner, *self.columns], [[name, *told] for name, told in zip(self.rows, self.told, strict=True)]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with what is to be said of it."""

    caption: str
    alt: str
    """What it shows, for who does not see it."""
    content: bytes
    mime: Literal["image/png", "image/webp"] = "image/png"
    label: str = ""
    """What a gallery is filtered by."""


@dataclass(frozen=True, eq=False)
class Gallery:
    """Pictures of one kind."""

    name: str
    caption: str
    pictures: tuple[Picture, ...]
    wide: bool = False
    """One under the other instead of side by side."""


Part = Text | Commands | Listed | Table | Chart | Grid | Gallery


@dataclass(frozen=True, eq=False)
class Section:
    """A heading and what stands under it."""

    title: str
    parts: tuple[Part, ...]
    level: int = 2


@dataclass(frozen=True, eq=False)
class Document:
    """A whole report."""

    title: str
    headline: str
    """What it comes to, in a sentence or two."""
    sections: tuple[Section, ...] = field(default_factory=tuple[Section, ...])

    def parts(self) -> Iterator[Part]:
        """All parts, in order."""
        for section in self.sections:
            yield from section.parts


def _number(x: str | float) -> str:
    return x if isinstance(x, str) else f"{x:g}"
