"""The examples run as they stand."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
EXAMPLES = Path(__file__).parents[1] / "examples"


def _run(name: str, *args: str) -> str:
    done = subprocess.run([sys.executable, EXAMPLES / name, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_objects_are_drawn(tmp_path: Path) -> None:
    told = _run("01_objects.py", "--out", str(tmp_path / "sheet.png"), "--n", "3", "--columns", "2")
    assert "tennis-pack, hand-tool, water-gun-1" in told
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (640, 480)


def test_a_match_is_played_from_python(tmp_path: Path) -> None:
    told = _run("02_match.py", "--out", str(tmp_path / "run"))
    assert [line.split(":")[0].strip() for line in told.splitlines()] == PLAYERS


def test_every_snatch_is_played_and_drawn(tmp_path: Path) -> None:
    told = _run("03_snatch.py", "--out", str(tmp_path / "snatches.png"), "--object", "bar-0003", "--seed", "3")
    dislodging = int(told.split(": ")[1].split()[0])
    assert 1 <= dislodging <= 35
    with Image.open(tmp_path / "snatches.png") as picture:
        assert picture.size == (480, 480)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_every_example_is_tried_here(path: Path) -> None:
    assert f'"{path.name}"' in Path(__file__).read_text()
