"""Subcommands that show what a run came to. Their docstrings are their help."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

if TYPE_CHECKING:
    from sparring.game.run_folder import RunFolder


def report(run: Positional[Path], /) -> None:
    """Print a run's tables beside the paper's numbers, and write them to RUN/report.md.

    Args:
        run: a run folder, finished or not.
    """
    from sparring.game.run_folder import RunFolder

    show(write_report(RunFolder(run)))


def write_report(run: "RunFolder") -> str:
    """Writes the report of a run beside it; its text."""
    from sparring.data.files import write_text
    from sparring.evaluation.report import report as told

    text = told(run)
    path = run.path / "report.md"
    write_text(path, text)
    if run.is_complete():
        run.enter(path)
    return text


def show(text: str) -> None:
    """Prints Markdown, drawn on a terminal."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
