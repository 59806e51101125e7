"""The charts, heat maps and pictures of a report as figures for a paper: PDF and PNG, by matplotlib."""

from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image

from sparring.data.files import write_atomically
from sparring.viewing.document import Chart, Document, Gallery, Grid, Line, Part

FORMATS = ("pdf", "png")
DPI = 200
COLUMN_IN = 3.5
"""Width of a column of a conference paper."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#7f7f7f")
CAPTION_N = 36
"""Characters a line of a caption has room for."""
MARKS = "osD^P*Xp"
DASHES = {"line": "-", "dashed": "--", "marks": "none"}
STYLE: dict[str, Any] = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "text.parse_math": False,
    "pdf.fonttype": 42,  # fonts as text, which conferences ask for
}


def write_figures(document: Document, out: Path) -> Iterator[Path]:
    """Writes every chart, heat map and gallery of a report, and tells of each file when it is there.

    Raises:
        OSError: a file cannot be written.
    """
    taken: Counter[str] = Counter()
    for part in document.parts():
        figure = _figure(part)
        if figure is None:
            continue
        name = _file_name(part)
        taken[name] += 1
        if taken[name] > 1:
            name = f"{name}-{taken[name]}"
        for kind in FORMATS:
            path = out / f"{name}.{kind}"
            write_atomically(path, _saver(figure, kind))
            yield path


def _saver(figure: Figure, kind: str) -> Callable[[Path], None]:
    """Same figure, same bytes: without the day that it was written on."""
    metadata = {"CreationDate": None} if kind == "pdf" else {"Software": None}
    return lambda part: figure.savefig(part, format=kind, dpi=DPI, bbox_inches="tight", metadata=metadata)


def _file_name(part: Part) -> str:
    name = part.name if isinstance(part, Chart | Grid | Gallery) else ""
    return "".join(one if one.isalnum() or one in "-_." else "-" for one in name)


def _figure(part: Part) -> Figure | None:
    with matplotlib.style.context(STYLE):
        match part:
            case Chart() if part.lines:
                return _drawn(part)
            case Grid() if part.rows:
                return _heat_map(part)
            case Gallery():
                return _sheet(part)
            case _:
                return None


def _drawn(chart: Chart) -> Figure:
    bars = chart.kind == "bars"
    tall = 0.6 + 0.16 * len(chart.lines[0].points) if bars else 2.4
    figure = Figure(figsize=(COLUMN_IN, tall))
    axes = figure.add_subplot()
    for index, line in enumerate(chart.lines):
        (_bars if bars else _line)(axes, line, index, chart)
    _dress(axes, chart)
    return figure


def _bars(axes: Axes, line: Line, index: int, chart: Chart) -> None:
    axes.barh([str(point.x) for point in line.points], [point.y for point in line.points], color=COLOURS[index % len(COLOURS)])
    axes.invert_yaxis()


def _line(axes: Axes, line: Line, index: int, chart: Chart) -> None:
    colour = "black" if line.style == "marks" else COLOURS[index % len(COLOURS)]
    x = [point.x for point in line.points]
    y = np.array([point.y for point in line.points])
    low = [point.y - point.low if point.low is not None else np.nan for point in line.points]
    high = [point.high - point.y if point.high is not None else np.nan for point in line.points]
    mark = "" if line.style == "dashed" else "*" if line.style == "marks" else MARKS[index % len(MARKS)]
    axes.plot(x, y, linestyle=DASHES[line.style], marker=mark, markersize=4, linewidth=1.2, color=colour, label=line.name)
    if not np.isnan(low).all():
        axes.errorbar(x, y, yerr=[low, high], fmt="none", ecolor=colour, elinewidth=0.8, capsize=2)


def _dress(axes: Axes, chart: Chart) -> None:
    """Labels, scales and the legend."""
    shares = PercentFormatter(1.0, decimals=0)
    if chart.kind == "bars":
        axes.xaxis.set_major_formatter(shares)
        axes.set_xlabel(chart.y_label)
        axes.grid(axis="y", visible=False)
        return
    axes.yaxis.set_major_formatter(shares)
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel(chart.y_label)
    if chart.kind == "reliability":
        axes.xaxis.set_major_formatter(shares)
        axes.plot([0, 1], [0, 1], linestyle=":", color="0.6", linewidth=1)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    else:
        axes.set_ylim(bottom=0)
        axes.tick_params(axis="x", rotation=30)
    if len(chart.lines) > 1:
        axes.legend(fontsize=6, ncols=2, loc="upper left", bbox_to_anchor=(0, -0.3))


def _heat_map(grid: Grid) -> Figure:
    shares = np.array([[np.nan if share is None else share for share in row] for row in grid.shares], float)
    wide, tall = 1.2 + 0.75 * len(grid.columns), 0.8 + 0.24 * len(grid.rows)
    figure = Figure(figsize=(wide, tall))
    axes = figure.add_subplot()
    axes.imshow(shares, vmin=0, vmax=1, cmap="Greens", aspect="auto", alpha=0.8)
    axes.set_xticks(range(len(grid.columns)), grid.columns, rotation=30, ha="left")
    axes.set_yticks(range(len(grid.rows)), grid.rows)
    axes.xaxis.tick_top()
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    for row, column in np.argwhere(np.isfinite(shares)):
        share = shares[row, column]
        ink = "white" if share > 0.7 else "black"
        axes.text(column, row, f"{100 * share:.0f} %", ha="center", va="center", fontsize=7, color=ink)
    return figure


def _sheet(gallery: Gallery) -> Figure | None:
    """Still pictures with their captions: side by side, or wide ones one under the other."""
    still = [picture for picture in gallery.pictures if picture.mime == "image/png"]
    if not still:
        return None
    columns = 1 if gallery.wide else min(4, len(still))
    rows = -(-len(still) // columns)
    size = (2 * COLUMN_IN, 1.3 * rows) if gallery.wide else (1.75 * columns, 2.3 * rows)
    figure = Figure(figsize=size, layout="constrained")
    for index, picture in enumerate(still, start=1):
        axes = figure.add_subplot(rows, columns, index)
        axes.imshow(np.asarray(Image.open(BytesIO(picture.content)).convert("RGB")))
        axes.set_axis_off()
        axes.set_title(fill(picture.caption, CAPTION_N * (4 if gallery.wide else 1)), fontsize=5.5)
    return figure
