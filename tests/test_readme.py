"""What the README tells people to type is what the command takes."""

import re
from pathlib import Path

import pytest
from typed import lines_of, require_taken, words_of

from sparring.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
TYPED = lines_of(ROOT / "README.md", "sparring")


@pytest.mark.parametrize("line", TYPED)
def test_a_command_of_the_readme_is_taken_by_the_command_line(line: str) -> None:
    require_taken(words_of(line)[1:])


def test_the_readme_shows_every_command() -> None:
    assert {line.split()[1] for line in TYPED} == set(COMMANDS)


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_room_of_the_package_is_on_the_map() -> None:
    rooms = {f"`{path.name}/`" for path in (ROOT / "src" / "sparring").iterdir() if (path / "__init__.py").exists()}
    text = (ROOT / "README.md").read_text()
    assert [room for room in rooms if room not in text] == []
