"""Make the pictures of the README and the docs from a real run, and note which code drew them.

python docs/make_pictures.py runs/quarter        (or: make pictures RUN=runs/quarter)

The set ycb must have been imported: sparring objects import ycb --out sets/ycb

The report is photographed in headless Chromium; film frames, loop pictures and objects are drawn by the package. A test compares
the note, docs/pictures/drawn-by.json, with the code, so that no picture is older than what draws it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tyro
from PIL import Image

from sparring.viewing.hand_sheet import hand_sheet
from sparring.world.grippers.store import IN_PACKAGES, bring_in

ROOT = Path(__file__).parents[1]
PICTURES, NOTE = ROOT / "docs" / "pictures", ROOT / "docs" / "pictures" / "drawn-by.json"
DRAWING = (
    "docs/make_pictures.py",
    "docs/make_loop_pictures.py",
    "docs/make_camera_picture.py",
    "docs/make_robot_picture.py",
    "src/sparring/viewing",
    "src/sparring/evaluation/drawing.py",
    "src/sparring/world/camera.py",
    "src/sparring/world/arm.py",
    "src/sparring/world/baxter.py",
    "src/sparring/world/lens.py",
    "src/sparring/world/rays.py",
    "src/sparring/world/sight.py",
    "src/sparring/world/table.py",
    "src/sparring/world/spectator.py",
)
"""Files and folders of the code that decides what the pictures look like."""
CHROMIUM = os.environ.get("SPARRING_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PHOTOS = {  # name -> width, height, colour scheme, what is scrolled to
    "report": (1280, 900, "light", "h1"),
    "report-phone": (390, 844, "dark", "h1"),
    "report-grasps": (1280, 900, "light", "xpath=//h2[text()='Grasps']"),
    "report-attacks": (1280, 560, "light", "xpath=//h2[text()='Attacks']"),
}
FRAME_AT = (0.3, 0.8)
"""Frames of the film that are shown, as shares of its length."""
HAND_PX = 280
COLOURS_N, PLENTY_BYTES = 256, 350_000
"""Larger pictures are reduced to so many colours."""


def draw_hands(out: Path) -> None:
    """The known grippers, one below the other, where the package that has them is installed."""
    if find_spec("robosuite") is None:
        print("no robosuite here: hands.png stays as it is")
        return
    sheets = [hand_sheet(bring_in(name), side_px=HAND_PX) for name in IN_PACKAGES]
    together = Image.new("RGB", (sheets[0].width, sum(sheet.height for sheet in sheets)))
    for number, sheet in enumerate(sheets):
        together.paste(sheet, (0, number * sheet.height))
    together.save(out, optimize=True)


def drawn_by() -> dict[str, str]:
    """sha256 of every file that draws, by its path."""
    files = sorted(path for name in DRAWING for path in _files(ROOT / name))
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (file for file in path.rglob("*") if file.is_file() and file.suffix in (".py", ".css", ".js"))


def main(run: tyro.conf.Positional[Path], /, loop_attempt: str | None = None) -> None:
    """Makes all pictures of the docs.

    Args:
        run: a finished run folder with cross-play, such as that of the preset quarter.
        loop_attempt: the attempt that docs/loop.md goes through; as that page says unless given.
    """
    if CHROMIUM is None:
        sys.exit("no Chromium here: install one, or name it in SPARRING_CHROMIUM")
    with tempfile.TemporaryDirectory() as folder:
        _typed("report", run, "--out", folder)
        _photograph(Path(folder) / "report.html")
    _frames(run)
    _python("examples/01_objects.py", "--out", PICTURES / "novel-objects.png")
    _typed("objects", "show", "ycb", "--n", 24, "--columns", 8, "--out", PICTURES / "ycb-objects.png")
    shrink(Image.open(PICTURES / "ycb-objects.png"), PICTURES / "ycb-objects.png")
    _python("examples/03_snatch.py", "--object", "bar-0003", "--seed", 3, "--out", PICTURES / "snatches.png")
    _python("examples/05_grasp.py", "--object", "tee-5000", "--seed", 4, "--top-k", 4, "--out", PICTURES / "grasps.png")
    draw_hands(PICTURES / "hands.png")
    _python("docs/make_camera_picture.py")
    _python("docs/make_robot_picture.py")
    _python("docs/make_loop_pictures.py", run, *(("--attempt", loop_attempt) if loop_attempt else ()))
    NOTE.write_text(json.dumps(drawn_by(), indent=1) + "\n")


def _typed(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "sparring.cli.main", *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def _python(script: str, *words: object) -> None:
    subprocess.run([sys.executable, str(ROOT / script), *map(str, words)], check=True, cwd=ROOT)


def _photograph(page: Path) -> None:
    """The report as a wide screen and a phone show it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, (width, height, scheme, place) in PHOTOS.items():
            opened: Any = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            opened.goto(page.as_uri())
            opened.wait_for_function("[...document.querySelectorAll('.plot')].every((one) => one.querySelector('.main-svg'))")
            opened.locator(place).evaluate("(one) => one.scrollIntoView({behavior: 'instant', block: 'start'})")
            path = PICTURES / f"{name}.png"
            opened.screenshot(path=path)
            shrink(Image.open(path), path)
        browser.close()


def _frames(run: Path) -> None:
    """Two frames of the film of an attack, one above the other."""
    from sparring.evaluation.attempts import telling_attempt
    from sparring.game.replay import replay
    from sparring.game.run_folder import RunFolder
    from sparring.viewing.beliefs import belief_of
    from sparring.viewing.film import film

    folder = RunFolder(run)
    again = replay(telling_attempt(folder))
    count, frames = film(again, belief_of(folder, again))
    wanted = {round(share * (count - 1)) for share in FRAME_AT}
    kept = [frame for number, frame in enumerate(frames) if number in wanted]
    sheet = Image.new("RGB", (kept[0].width, sum(frame.height for frame in kept)))
    for number, frame in enumerate(kept):
        sheet.paste(frame, (0, number * frame.height))
    shrink(sheet, PICTURES / "film.png")


def shrink(picture: Image.Image, path: Path) -> None:
    """Writes a picture, with fewer colours where it is large."""
    picture.convert("RGB").save(path, optimize=True)
    if path.stat().st_size > PLENTY_BYTES:
        picture.convert("RGB").quantize(COLOURS_N, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


if __name__ == "__main__":
    tyro.cli(main)
