"""The report in a real browser: no error, no request, everything readable, sortable and accessible."""

import functools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparring.game.run_folder import RunFolder
from sparring.viewing.page import as_html
from sparring.viewing.report import report

CHROMIUM = os.environ.get("SPARRING_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWS = [(390, "dark"), (1440, "light")]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install one, or name it in SPARRING_CHROMIUM")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as tools:
        try:
            started = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        except playwright.Error as error:
            pytest.skip(f"{CHROMIUM} does not start here: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="module")
def path(crossed: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a whole run as a file."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(as_html(report([crossed])))
    return file


@pytest.fixture(params=VIEWS, ids=lambda view: f"{view[0]}px-{view[1]}")
def page(request: pytest.FixtureRequest, browser: Any, path: Path) -> Iterator[Any]:
    """The report, opened; afterwards nothing may have gone wrong, and nothing may have left the file."""
    width, scheme = request.param
    opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    wrong: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(path.as_uri())
    opened.wait_for_function("document.querySelectorAll('.plot .main-svg').length >= document.querySelectorAll('.plot').length")
    yield opened
    assert wrong == []
    assert [url for url in asked if not url.startswith(("data:", "blob:")) and url != path.as_uri()] == []
    opened.close()


def test_all_images_decode(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    decoded = page.evaluate(
        "Promise.all([...document.images].map((one) => one.decode().then(() => one.naturalWidth > 0, () => false)))"
    )
    assert len(decoded) > 5
    assert all(decoded)


def test_nothing_is_wider_than_the_screen_and_no_text_is_tiny(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.evaluate(
        """[...document.querySelectorAll("p, td, th, li, a, figcaption, caption, summary, .plot text")]
        .filter((one) => one.textContent.trim()).map((one) => parseFloat(getComputedStyle(one).fontSize))"""
    )
    assert len(sizes) > 100
    assert min(sizes) >= 12


def test_no_serious_violation_of_accessibility(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe.run(page).response
    assert len(found["passes"]) > 10
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []


def column(page: Any, number: int) -> list[str]:
    """A column of the first sortable table of successes."""
    script = "([n]) => [...document.querySelectorAll('table.sorts')[1].tBodies[0].rows].map((row) => row.cells[n].textContent)"
    return page.evaluate(script, [number])


def test_a_table_sorts_by_a_column_both_ways_with_the_keyboard(page: Any) -> None:
    before = column(page, 3)
    button = page.locator("table.sorts").nth(1).locator("thead button").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    rising = [float(cell.split(" ")[0]) for cell in column(page, 1)]
    assert rising == sorted(rising)
    assert page.locator("table.sorts").nth(1).locator("thead th").nth(1).get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    falling = [float(cell.split(" ")[0]) for cell in column(page, 1)]
    assert falling == sorted(falling, reverse=True)
    assert sorted(column(page, 3)) == sorted(before)


def test_hovering_over_a_chart_tells_the_value(page: Any) -> None:
    page.locator(".plot").first.scroll_into_view_if_needed()
    page.locator(".plot").first.locator(".scatterlayer .point").first.hover(force=True)
    label = page.locator(".plot").first.locator(".hoverlayer .hovertext")
    label.first.wait_for()
    assert "n = " in (label.first.text_content() or "")


def test_a_gallery_filters(page: Any) -> None:
    filters = page.locator("label.filter select")
    if not filters.count():
        pytest.skip("all pictures of this small run are of one kind")
    gallery = page.locator("label.filter + .gallery").first
    shown = functools.partial(gallery.locator("figure:not([hidden])").count)
    every = shown()
    filters.first.select_option(index=1)
    assert 0 < shown() < every
    filters.first.select_option("all")
    assert shown() == every


def test_colours_follow_the_scheme(page: Any) -> None:
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    paper, ink = page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
    brightness = [sum(int(part) for part in colour[4:-1].split(",")) for colour in (paper, ink)]
    assert (brightness[0] < brightness[1]) == dark


def test_the_page_can_be_read_without_a_script(browser: Any, path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(path.as_uri())
    assert "Success of every player" in opened.content()
    assert opened.locator("details table").count() >= opened.locator(".plot").count() > 0
    context.close()
