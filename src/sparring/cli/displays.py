"""Displays of progress, all on standard error: bars on a terminal, lines elsewhere, JSON lines for programs."""

import json
import logging
import math
import os
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.text import Text

from sparring.cli.progress import Listener, Standing
from sparring.evaluation.statistics import Rate
from sparring.evaluation.wording import clock, with_n

LINE_EVERY_S = 20.0
BAR_N = 40
"""Most characters of a bar."""
COLUMNS_N = 80
"""Width of a terminal that does not say."""
GAP = "  "
"""Between two fields of a display."""
DUMB = ("dumb", "unknown")
"""Terminals that cannot move their cursor."""
SHOWN_COUNTS = ("invalid",)
"""Counts that are shown as they are, where there are any; the others are in the rates."""


def display_for(*, json_logs: bool) -> Listener:
    """What suits standard error. Lines also where NO_COLOR asks for none: whoever sets it wants no escape codes."""
    if json_logs:
        return JsonLines(sys.stderr)
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in DUMB
    return Bars(Console(stderr=True)) if sys.stderr.isatty() and not plain else Lines(sys.stderr)


def fields_of(standing: Standing, since_s: float = 0.0) -> list[str]:
    """What a display says of a task, so many seconds since it came to this."""
    fields = [f"{standing.done}/{standing.total} {standing.unit}"]
    if standing.waves_n is not None:
        fields.append(f"wave {standing.waves_done}/{standing.waves_n}")
    if standing.per_s is not None:
        fields.append(f"{standing.per_s:.3g} {standing.unit}/s")
    fields += [f"{name} {with_n(rate)}" for name, rate in standing.rates.items()]
    fields += [f"{name.replace('_', ' ')} {value:.4g}" for name, value in standing.metrics.items()]
    fields += [f"{standing.counts[name]} {name}" for name in SHOWN_COUNTS if standing.counts.get(name)]
    fields.append(clock(standing.elapsed_s + since_s))
    if standing.eta_s is not None:
        fields.append(f"ETA {clock(max(0.0, standing.eta_s - since_s))}")
    return fields


def title_of(standing: Standing) -> str:
    """The task, and which step of the command it is."""
    return standing.name if standing.step is None else f"step {standing.step} of {standing.steps_n}: {standing.name}"


def flowed(fields: Sequence[str], width: int) -> list[str]:
    """Fields in lines of at most `width` characters; one is broken only where it is wider than that by itself."""
    lines = [""]
    for field in fields:
        for part in textwrap.wrap(field, max(1, width)):
            longer = f"{lines[-1]}{GAP}{part}" if lines[-1] else part
            if len(longer) <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(part)
    return lines


class Bars:
    """A bar a task that stays when the task has ended, with what it has come to below; fits any width."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    def begun(self, standing: Standing) -> None:
        """Draws the bar, from now on a few times a second."""
        self._live = Live(Drawn(standing), console=self._console, redirect_stdout=sys.stdout.isatty())
        self._live.start(refresh=True)

    def advanced(self, standing: Standing) -> None:
        """Moves the bar."""
        if self._live is not None:
            self._live.update(Drawn(standing))

    def ended(self, standing: Standing) -> None:
        """Leaves the bar as it is."""
        if self._live is not None:
            self._live.update(Drawn(standing))
            self._live.stop()
        self._live = None

    def close(self) -> None:
        """Nothing is left to do."""


class Drawn:
    """A standing as rich draws it at any width; until it is over, its time goes on."""

    def __init__(self, standing: Standing) -> None:
        self._standing, self._told_s = standing, time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text | ProgressBar | Segment]:
        standing, width = self._standing, options.max_width
        since_s = 0.0 if standing.over else time.monotonic() - self._told_s
        yield Text("\n".join(flowed([title_of(standing)], width)), style="bold", no_wrap=True)
        yield ProgressBar(total=max(1, standing.total), completed=standing.done, width=min(BAR_N, width))
        yield Segment.line()
        yield Text("\n".join(flowed(fields_of(standing, since_s), width)), no_wrap=True)


class Lines:
    """Lines for a pipe, a file, or a terminal that can no more: when a task begins, now and then, and when it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._told_s = stream, 0.0

    def begun(self, standing: Standing) -> None:
        """Says what it will be."""
        self._say(f"{title_of(standing)}, {standing.total} {standing.unit}", standing)

    def advanced(self, standing: Standing) -> None:
        """Says how far it is, if nothing was said for a while."""
        if standing.elapsed_s - self._told_s > LINE_EVERY_S:
            self._tell(standing)

    def ended(self, standing: Standing) -> None:
        """Says what it came to."""
        self._tell(standing)

    def close(self) -> None:
        """Nothing is left to do."""

    def _tell(self, standing: Standing) -> None:
        self._say(f"{title_of(standing)}: {', '.join(fields_of(standing))}", standing)

    def _say(self, line: str, standing: Standing) -> None:
        self._told_s = standing.elapsed_s
        if self._stream.isatty():
            columns = os.get_terminal_size(self._stream.fileno()).columns or COLUMNS_N
            line = "\n".join(textwrap.wrap(line, max(1, columns - 1)))
        print(line, file=self._stream, flush=True)


class JsonLines:
    """One JSON object a line: of every event of a task, and of every warning meanwhile."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._warnings = stream, _JsonWarnings(stream)
        logging.captureWarnings(True)
        logging.getLogger().addHandler(self._warnings)

    def begun(self, standing: Standing) -> None:
        """Writes `begun`."""
        self._write("begun", standing)

    def advanced(self, standing: Standing) -> None:
        """Writes `advanced`."""
        self._write("advanced", standing)

    def ended(self, standing: Standing) -> None:
        """Writes `ended`."""
        self._write("ended", standing)

    def close(self) -> None:
        """Leaves warnings to others again."""
        logging.getLogger().removeHandler(self._warnings)
        logging.captureWarnings(False)

    def _write(self, event: str, standing: Standing) -> None:
        _print_json(self._stream, {"event": event} | as_json(standing))


class _JsonWarnings(logging.Handler):
    """Warnings of the package and of Python, so that every line stays JSON."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Writes `warning`."""
        _print_json(self._stream, {"event": "warning", "message": record.getMessage()})


def as_json(standing: Standing) -> dict[str, Any]:
    """A standing as JSON has it; null where a number is not known."""
    return {
        "task": standing.name,
        "step": standing.step,
        "steps": standing.steps_n or None,
        "done": standing.done,
        "total": standing.total,
        "unit": standing.unit,
        "waves_done": standing.waves_done if standing.waves_n is not None else None,
        "waves": standing.waves_n,
        "elapsed_s": _number(standing.elapsed_s),
        "per_s": _number(standing.per_s),
        "eta_s": _number(standing.eta_s),
        "counts": dict(standing.counts),
        "rates": {name: _rate_json(rate) for name, rate in standing.rates.items()},
        "metrics": {name: _number(value) for name, value in standing.metrics.items()},
    }


def _rate_json(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    return {"rate": _number(rate.rate), "n": rate.n, "low": _number(low), "high": _number(high)}


def _number(value: float | None) -> float | None:
    """Six digits; JSON knows no NaN and no infinity."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def _print_json(stream: TextIO, told: dict[str, Any]) -> None:
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds")} | told
    print(json.dumps(line, allow_nan=False), file=stream, flush=True)
