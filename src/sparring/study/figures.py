"""The figures of the page of results: SVG, the same bytes for the same numbers (with the pinned matplotlib)."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sparring.study.bootstrap import Effect

WIDE_IN, TALL_IN = 7.2, 3.4
GREY, BLUE, ORANGE, GREEN, PINK = "#5f5f5f", "#0072b2", "#d55e00", "#00805c", "#b5508e"
COLOURS = {"start": GREY, "collaborative": BLUE, "shake": ORANGE, "snatch": GREEN}
STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.alpha": 0.35,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "sparring",
}
MEAN: dict[str, Any] = {"marker": "o", "markersize": 6, "capsize": 3, "elinewidth": 1.4}
SEED: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 3, "alpha": 0.6, "markeredgewidth": 0}
PAPER: dict[str, Any] = {
    "linestyle": "none",
    "marker": "D",
    "markersize": 6,
    "markerfacecolor": "none",
    "markeredgecolor": "black",
}
STYLED = matplotlib.style.context(["default", STYLE])


@dataclass(frozen=True)
class Mark:
    """A number of a figure."""

    x: float
    effect: Effect
    paper: float | None = None
    """The paper's own, as a share."""


@dataclass(frozen=True)
class Series:
    """Numbers that belong together."""

    name: str
    marks: Sequence[Mark]
    colour: str


@STYLED
def success_figure(players: Sequence[str], marks: Sequence[Mark], baseline: float | None) -> bytes:
    """Success of every player: mean over seeds with its interval, single seeds as dots, the paper's numbers hollow."""
    figure, axes = _canvas()
    for player, mark in zip(players, marks, strict=True):
        _draw(axes, Series(player, [mark], colour_of(player)), line="none", beside=0.13)
        if mark.paper is not None:
            axes.plot([mark.x + 0.22], [100 * mark.paper], **PAPER)
    if baseline is not None:
        axes.axhline(100 * baseline, color=BLUE, linewidth=0.8, linestyle=":")
    axes.set_xticks([mark.x for mark in marks], list(players))
    axes.set_xlim(-0.6, len(marks) - 0.3)
    axes.set_ylabel("lifted 30 cm and held, %")
    axes.set_ylim(bottom=0)
    mean, seed = _key("mean, 95 % interval", GREY, **_shown(MEAN)), _key("one training seed", GREY, **SEED)
    _legend(axes, [mean, seed, _key("the paper", GREY, **PAPER)])
    return _svg(figure)


@STYLED
def dial_figure(series: Sequence[Series], x_label: str, y_label: str) -> bytes:
    """Gains in points along a dial, such as the height at which a sensor is read: series side by side."""
    figure, axes = _canvas()
    stops = sorted({mark.x for one in series for mark in one.marks})
    span = (stops[-1] - stops[0]) or 1.0
    for index, one in enumerate(series):
        shift = (index - (len(series) - 1) / 2) * 0.035 * span
        marks = [Mark(mark.x + shift, mark.effect) for mark in one.marks]
        _draw(axes, Series(one.name, marks, one.colour), line="-", beside=0.013 * span)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(stops, [f"{stop:g}" for stop in stops])
    axes.set(xlabel=x_label, ylabel=y_label)
    keys = [_key(one.name, one.colour, linestyle="-", **_shown(MEAN)) for one in series]
    _legend(axes, [*keys, _key("one training seed", GREY, **SEED)])
    return _svg(figure)


@STYLED
def rounds_figure(stages: Sequence[str], fallen: Sequence[Sequence[float]], believed: Sequence[Sequence[float]]) -> bytes:
    """Who wins when: of the attacked, the share that fell, and what the adversary trained on it believes, an iteration each.

    Args:
        stages: iterations in order.
        fallen: of every stage the share of every training run.
        believed: the same of the adversary's mean strongest belief; empty where it is not known.
    """
    figure, axes = _canvas()
    for index, (stage, shares) in enumerate(zip(stages, fallen, strict=True)):
        follows = index > 0 and _kind(stages[index - 1]) == _kind(stage) and bool(shares) and bool(fallen[index - 1])
        if follows:
            ends = [100 * float(np.mean(fallen[index - 1])), 100 * float(np.mean(shares))]
            axes.plot([index - 1, index], ends, color=colour_of(stage), linewidth=1.2)
        _spread(axes, index, shares, colour_of(stage), "o")
        _spread(axes, index + 0.22, believed[index], PINK, "D")
    axes.set_xticks(range(len(stages)), list(stages))
    axes.set_xlim(-0.5, len(stages) - 0.3)
    axes.set_ylabel("share of attacked that fell, or belief, %")
    axes.set_ylim(bottom=0)
    keys = [
        _key("fell: mean over seeds", GREY, marker="o", markersize=6),
        _key("belief in held-out grasps, afterwards", PINK, marker="D", markersize=5),
        _key("one training seed", GREY, **SEED),
    ]
    _legend(axes, keys)
    return _svg(figure)


def colour_of(player: str) -> str:
    """The colour of a player's kind."""
    return COLOURS.get(_kind(player), PINK)


def _kind(player: str) -> str:
    return player.partition("-")[0]


def _canvas() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDE_IN, TALL_IN), layout="constrained")
    return figure, figure.add_subplot()


def _draw(axes: Axes, series: Series, *, line: str, beside: float) -> None:
    """Means with intervals, and single seeds a little to their left."""
    values, low, high = (np.array([(mark.effect.value, mark.effect.low, mark.effect.high) for mark in series.marks]) * 100).T
    around = np.maximum(0, [values - low, high - values])
    x = [mark.x for mark in series.marks]
    axes.errorbar(x, values, yerr=around, linestyle=line, linewidth=1.2, color=series.colour, **MEAN)
    for mark in series.marks:
        single = [100 * value for value in mark.effect.by_seed.values()]
        axes.plot([mark.x - beside] * len(single), single, color=series.colour, **SEED)


def _spread(axes: Axes, x: float, shares: Sequence[float], colour: str, marker: str) -> None:
    if shares:
        axes.plot([x], [100 * float(np.mean(shares))], linestyle="none", marker=marker, markersize=6, color=colour)
        axes.plot([x - 0.09] * len(shares), [100 * share for share in shares], color=colour, **SEED)


def _shown(style: dict[str, Any]) -> dict[str, Any]:
    return {name: style[name] for name in ("marker", "markersize")}


def _key(name: str, colour: str, **style: Any) -> Line2D:
    styled: dict[str, Any] = {"linestyle": "none"} | style
    return Line2D([], [], label=name, color=colour, **styled)


def _legend(axes: Axes, keys: list[Line2D]) -> None:
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(keys), borderaxespad=0.2, handletextpad=0.4)


def _svg(figure: Figure) -> bytes:
    out = BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return b"\n".join(line.rstrip() for line in out.getvalue().splitlines()) + b"\n"
