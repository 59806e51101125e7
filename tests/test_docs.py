"""The pages of the site: what they link to is there, what they tell people to type runs, and the site needs no network."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import tiny
from typed import blocks_of, lines_of, require_taken, words_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NAMES = [page.relative_to(DOCS).as_posix() for page in PAGES]
WITH_PYTHON = [page for page in PAGES if blocks_of(page, "python")]
LARGEST_PICTURE_BYTES = 150_000
LOADED = {"script": "src", "img": "src", "source": "src", "video": "src", "audio": "src", "iframe": "src", "embed": "src"}
"""Elements that a browser fetches something for by itself, and where from; `link` besides."""


def scripts_of(page: Path) -> dict[str, str]:
    """A page's Python by file: a block goes where its first line says, `# name.py`, the rest into one file."""
    scripts: dict[str, str] = {}
    for block in blocks_of(page, "python"):
        named = re.match(r"# (\w+\.py)\n", block)
        name = named[1] if named else "page.py"
        scripts[name] = scripts.get(name, "") + block
    return scripts


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_the_python_of_a_page_runs_as_it_stands(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    scripts = scripts_of(page)
    for name, text in scripts.items():
        (tmp_path / name).write_text(text)
    if "runs/demo" in scripts.get("page.py", ""):
        (tmp_path / "runs").mkdir()
        played: tiny.PlayedRun = request.getfixturevalue("played")
        (tmp_path / "runs" / "demo").symlink_to(played.folder.path)
    typed = [words_of(line)[1:] for line in lines_of(page, "python")]
    for args in [["page.py"], *typed] if "page.py" in scripts else typed:
        done = subprocess.run([sys.executable, *args], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{args}: {done.stderr}"
        assert done.stdout, f"{args} says nothing"


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_every_script_of_a_page_is_typed_there(page: Path) -> None:
    assert scripts_of(page).keys() - {"page.py"} == {words_of(line)[1] for line in lines_of(page, "python")}


@pytest.mark.parametrize(("page", "line"), [(page, line) for page in PAGES for line in lines_of(page, "sparring")], ids=str)
def test_a_command_of_a_page_is_taken_by_the_command_line(page: Path, line: str) -> None:
    require_taken(words_of(line)[1:])


@pytest.mark.parametrize("path", sorted((DOCS / "pictures").glob("loop-*.png")), ids=lambda path: path.name)
def test_a_picture_of_the_loop_is_small_and_shown(path: Path) -> None:
    assert path.stat().st_size <= LARGEST_PICTURE_BYTES
    assert f"pictures/{path.name}" in (DOCS / "loop.md").read_text()


@dataclass
class Seen:
    """What a built page consists of, as far as addresses go."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen = Seen()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.seen.anchors |= {known[name] for name in ("id", "name") if name in known}
        if tag == "a" and "href" in known:
            self.seen.links.append(known["href"])
        if tag == "link":
            self.seen.loads.append(known.get("href", ""))
        if tag in LOADED and LOADED[tag] in known:
            self.seen.loads.append(known[LOADED[tag]])
        self.seen.loads += re.findall(r"url\(['\"]?([^'\")]+)", known.get("style", ""))


def _seen_in(page: Path) -> Seen:
    reader = _Reader()
    reader.feed(page.read_text())
    return reader.seen


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it; a warning of mkdocs fails it."""
    pytest.importorskip("mkdocs", reason="needs mkdocs: pip install '.[docs]'")
    pytest.importorskip("mkdocstrings", reason="needs mkdocstrings: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("docs") / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"NO_COLOR": "1"})
    assert done.returncode == 0, done.stderr
    assert "not included in the nav" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Seen]:
    """Every page of the site."""
    return {page: _seen_in(page) for page in sorted(site.rglob("*.html"))}


def test_every_page_is_built_and_on_the_menu(built: dict[Path, Seen], site: Path) -> None:
    menu = {(site / unquote(urlsplit(link).path)).resolve() for link in built[site / "index.html"].links if "://" not in link}
    assert [name for name in NAMES if (site / name).with_suffix(".html") not in menu] == []


def test_every_link_of_the_site_leads_to_a_page_and_an_anchor_of_it(built: dict[Path, Seen]) -> None:
    astray = []
    for page, seen in built.items():
        if page.name == "404.html":
            continue
        for link in seen.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path not in ("", ".") else page
            target = target / "index.html" if target.is_dir() else target
            anchors = built[target].anchors if target in built else set()
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in anchors):
                astray.append((page.name, link))
    assert astray == []


def test_the_site_loads_nothing_from_the_network(built: dict[Path, Seen], site: Path) -> None:
    foreign = [(page.name, address) for page, seen in built.items() for address in seen.loads if _is_foreign(address)]
    assert foreign == []
    imported = [(sheet.name, address) for sheet in sorted(site.rglob("*.css")) for address in _loaded_by(sheet.read_text())]
    assert [(name, address) for name, address in imported if _is_foreign(address)] == []


def test_all_that_the_site_loads_is_in_it(built: dict[Path, Seen]) -> None:
    asked = {(page, urlsplit(address).path) for page, seen in built.items() for address in seen.loads if page.name != "404.html"}
    assert [(page.name, path) for page, path in sorted(asked) if not (page.parent / unquote(path)).is_file()] == []


def _is_foreign(address: str) -> bool:
    return bool(re.match(r"(https?:)?//", address))


def _loaded_by(sheet: str) -> Iterator[str]:
    """Addresses of a style sheet: fonts, pictures, other sheets."""
    yield from re.findall(r"url\(\s*['\"]?([^'\")\s]+)", sheet)
    yield from re.findall(r"@import\s+['\"]([^'\"]+)", sheet)


def test_the_page_of_records_has_every_column_and_the_command_lines_every_command(site: Path) -> None:
    from sparring.cli.commands import COMMANDS
    from sparring.data.records import COLUMNS

    columns = re.findall(r"<tr>\s*<td><code>([^<]*)</code></td>", (site / "records.html").read_text())
    assert columns == list(COLUMNS)
    headings = re.findall(r"<h2 id=\"sparring-([^\"]*)\"", (site / "command-line.html").read_text())
    assert headings == list(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_links_to_exists(page: Path) -> None:
    made = {DOCS / "command-line.md", DOCS / "records.md"}
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists() and page.parent / link not in made] == []
