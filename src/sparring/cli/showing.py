"""Subcommands that show what runs came to. Their docstrings are their help."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

if TYPE_CHECKING:
    from sparring.game.run_folder import RunFolder
    from sparring.viewing.document import Document

PAGE, PLAIN = "report.html", "report.md"


def report(runs: Positional[tuple[Path, ...]], /, out: Path | None = None, pictures: bool = True) -> None:
    """Print the tables of runs beside the paper's numbers, and write report.html: one file with everything in it, to send.

    Runs that differ in their seed alone are put together, others are compared. An unfinished or damaged run is reported as
    far as it can be read, with what is missing.

    Args:
        runs: run folders, finished or not.
        out: the folder for report.html and report.md; the run's own unless given, and to be given for several runs.
        pictures: also show grasps and play attacks again for film strips.
    """
    from sparring.errors import ConfigError

    if len(runs) > 1 and out is None:
        raise ConfigError("where should the report of several runs go? Name a folder with --out")
    folders = folders_of(runs, "report")
    told = _told(folders, pictures=pictures)
    if out is None:
        show(write_document(told, folders[0].path))
        _entered(folders[0])
    else:
        show(write_document(told, out))
    print(f"sparring: the report is {(out or folders[0].path) / PAGE}", file=sys.stderr)


def figures(runs: Positional[tuple[Path, ...]], /, out: Path) -> None:
    """Write the figures of a report for a paper, each as PDF and PNG: curves, tables, cross-play, picks, grasps, attacks.

    Args:
        runs: run folders, finished or not.
        out: the folder for the figures, made if need be.
    """
    from sparring.viewing.figures import write_figures

    for path in write_figures(_told(folders_of(runs, "figures"), pictures=True), out):
        print(path)


def write_report(run: "RunFolder") -> str:
    """Writes the report of a run into it; its text."""
    text = write_document(_told([run], pictures=True), run.path)
    _entered(run)
    return text


def folders_of(runs: Sequence[Path], command: str) -> list["RunFolder"]:
    """The runs that a command names.

    Raises:
        ConfigError: none, or one twice.
    """
    from sparring.errors import ConfigError
    from sparring.game.run_folder import RunFolder

    if not runs:
        raise ConfigError(f"name at least one run folder: sparring {command} RUN...")
    if len({run.resolve() for run in runs}) < len(runs):
        raise ConfigError("the same run is named twice")
    return [RunFolder(run) for run in runs]


def _told(runs: Sequence["RunFolder"], *, pictures: bool) -> "Document":
    from sparring.viewing.report import report as tell

    return tell(runs, pictures=pictures)


def write_document(document: "Document", out: Path) -> str:
    """Writes the report as a page and as Markdown; the latter's text."""
    from sparring.data.files import write_text
    from sparring.viewing.page import as_html
    from sparring.viewing.plain import as_markdown

    text = as_markdown(document)
    write_text(out / PLAIN, text)
    write_text(out / PAGE, as_html(document))
    return text


def _entered(run: "RunFolder") -> None:
    """What is written into a complete run is a part of it."""
    if run.is_complete():
        for name in (PLAIN, PAGE):
            run.enter(run.path / name)


def show(text: str) -> None:
    """Prints Markdown, drawn on a terminal."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
