"""What documents tell people to type: their code blocks, and whether the command line takes it."""

import functools
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import tyro

from sparring.cli.commands import COMMANDS


def blocks_of(page: Path, language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def lines_of(page: Path, program: str) -> list[str]:
    """Every line of a page's shell blocks that calls a program, without comments."""
    lines = [line.partition("#")[0].strip() for block in blocks_of(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(f"{program} ")]


def require_taken(args: Sequence[str]) -> None:
    """Parses what comes after `sparring`; nothing is done.

    Raises:
        SystemExit: the command line refuses it.
    """
    idle = {name: _idle(command) for name, command in COMMANDS.items()}
    tyro.extras.subcommand_cli_from_dict(idle, prog="sparring", args=list(args))


def words_of(line: str) -> list[str]:
    """A line as the shell takes it apart."""
    return shlex.split(line)


def _idle(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def nothing(*args: object, **kwargs: object) -> None:
        return None

    return nothing
