"""What the README tells people to type is what the command takes."""

import functools
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import tyro

from sparring.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]


def _typed() -> list[str]:
    """Every `sparring ...` line of the README's shell blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("sparring ")]


def _idle(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def nothing(*args: object, **kwargs: object) -> None:
        return None

    return nothing


@pytest.mark.parametrize("line", _typed())
def test_a_command_of_the_readme_is_taken_by_the_command_line(line: str) -> None:
    idle = {name: _idle(command) for name, command in COMMANDS.items()}
    tyro.extras.subcommand_cli_from_dict(idle, prog="sparring", args=shlex.split(line)[1:])


def test_the_readme_shows_every_command() -> None:
    assert {line.split()[1] for line in _typed()} == set(COMMANDS)


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_room_of_the_package_is_on_the_map() -> None:
    rooms = {f"`{path.name}/`" for path in (ROOT / "src" / "sparring").iterdir() if (path / "__init__.py").exists()}
    text = (ROOT / "README.md").read_text()
    assert [room for room in rooms if room not in text] == []
