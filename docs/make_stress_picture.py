"""Photograph the page of a stress test for docs/stress.md.

python docs/make_stress_picture.py runs/antipodal/report.html
"""

import sys
from pathlib import Path
from typing import Any

import tyro
from make_pictures import CHROMIUM, FLAGS, PICTURES, shrink
from PIL import Image

SIZE_PX = (1280, 1000)


def main(page: tyro.conf.Positional[Path], /) -> None:
    """Takes docs/pictures/stress.png: the top of the page, as a wide screen shows it.

    Args:
        page: report.html of a stress test.
    """
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        sys.exit("no Chromium here: install one, or name it in SPARRING_CHROMIUM")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened: Any = browser.new_page(viewport={"width": SIZE_PX[0], "height": SIZE_PX[1]}, color_scheme="light")
        opened.goto(page.resolve().as_uri())
        opened.wait_for_function("[...document.querySelectorAll('.plot')].every((one) => one.querySelector('.main-svg'))")
        opened.screenshot(path=PICTURES / "stress.png")
        browser.close()
    shrink(Image.open(PICTURES / "stress.png"), PICTURES / "stress.png")


if __name__ == "__main__":
    tyro.cli(main)
