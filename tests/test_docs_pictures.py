"""The pictures of the docs are no older than the code that draws them."""

import json
import runpy
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
MAKER = runpy.run_path(str(ROOT / "docs" / "make_pictures.py"), run_name="maker")


def test_the_pictures_were_drawn_by_the_code_as_it_is() -> None:
    noted = json.loads((PICTURES / "drawn-by.json").read_text())
    now = MAKER["drawn_by"]()
    changed = sorted(name for name in noted.keys() | now.keys() if noted.get(name) != now.get(name))
    assert changed == [], "make pictures RUN=runs/quarter"


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.png")), ids=lambda path: path.name)
def test_a_picture_opens_is_small_and_is_shown_somewhere(path: Path) -> None:
    with Image.open(path) as picture:
        picture.load()
        assert min(picture.size) >= 100
    assert path.stat().st_size < 400_000
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"pictures/{path.name}" in page.read_text() for page in pages)
