"""The page is one file of sound HTML that holds everything and asks nobody for anything."""

import base64
import json
import re
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from sparring.game.run_folder import RunFolder
from sparring.viewing.document import (
    Chart,
    Commands,
    Document,
    Gallery,
    Grid,
    Line,
    Listed,
    Picture,
    Point,
    Section,
    Table,
    Text,
)
from sparring.viewing.page import as_html
from sparring.viewing.plain import as_markdown
from sparring.viewing.report import report

HOSTILE = '</script><img src=x onerror=alert(1)> & "quoted" `code`'
VOID = ("meta", "img", "br", "hr", "link", "input")


def png(colour: tuple[int, int, int] = (200, 10, 10)) -> bytes:
    """A small picture."""
    buffer = BytesIO()
    Image.fromarray(np.full((4, 6, 3), colour, np.uint8)).save(buffer, "png")
    return buffer.getvalue()


def document_of(words: str) -> Document:
    """One of every part, with these words wherever words can stand."""
    line = Line(words, (Point(words, 0.5, words, 0.4, 0.6), Point("b", 0.7, words)))
    parts = (
        Text(words),
        Listed((words,)),
        Commands((words,)),
        Table(words, ([words, "n"], [[words, "1"]])),
        Grid("grid", words, words, (words, "b"), (words,), ((0.5, None),), ((words, ""),)),
        Chart("lines", words, words, words, (line,)),
        Chart("bars", words, words, words, (line,), "bars"),
        Gallery("gallery", words, (Picture(words, words, png(), label=words),)),
    )
    return Document(words, words, (Section(words, parts), Section("second", (Text("more"),), level=3)))


class Parsed(HTMLParser):
    """Elements with their attributes, and whether all that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(crossed: RunFolder) -> Parsed:
    """The page of a whole run."""
    return Parsed(as_html(report([crossed])))


def test_words_from_outside_never_become_elements() -> None:
    hostile, harmless = Parsed(as_html(document_of(HOSTILE))), Parsed(as_html(document_of("words `code`")))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in harmless.elements]
    assert all("onerror" not in attributes for _, attributes in hostile.elements)


def test_data_come_back_as_they_were() -> None:
    parsed = Parsed(as_html(document_of(HOSTILE)))
    (charts,) = [json.loads(text) for text in parsed.texts if text.startswith("[{")]
    assert charts[0]["lines"][0]["points"][0] == {"x": HOSTILE, "y": 0.5, "told": HOSTILE, "low": 0.4, "high": 0.6}
    assert [chart["kind"] for chart in charts] == ["lines", "bars"]


def test_nothing_is_loaded_from_anywhere(page: Parsed) -> None:
    for _, attributes in page.elements:
        for name in ("src", "srcset", "data", "action", "poster"):
            assert (attributes.get(name) or "data:").startswith("data:")
        assert (attributes.get("href") or "#").startswith("#")
    (policy,) = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert "default-src 'none'" in policy


def test_every_picture_has_words_and_decodes(page: Parsed) -> None:
    images = page.all("img")
    assert len(images) > 5
    for image in images:
        assert image["alt"]
        content = base64.b64decode((image["src"] or "").split(",")[1])
        assert Image.open(BytesIO(content)).size == (int(image["width"] or 0), int(image["height"] or 0))


def test_every_table_has_a_caption_and_heads_with_a_scope(page: Parsed) -> None:
    tags = [tag for tag, _ in page.elements]
    assert tags.count("caption") == tags.count("table") > 5
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))


def test_names_are_used_once_and_links_lead_to_them(page: Parsed) -> None:
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(names)) == len(names)
    assert {(link["href"] or "").removeprefix("#") for link in page.all("a")} <= set(names)
    assert {part["aria-labelledby"] for part in page.all("section")} <= set(names)


def test_headings_go_down_step_by_step(page: Parsed) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_chart_has_its_numbers_as_a_table(page: Parsed) -> None:
    plots = [one for one in page.all("div") if one.get("class") == "plot"]
    (charts,) = [json.loads(text) for text in page.texts if text.startswith("[{")]
    assert len(plots) == len(charts) > 3
    assert len({chart["name"] for chart in charts}) == len(charts)
    assert len(page.all("summary")) >= len(plots)


def test_the_page_stays_small_enough_to_send(crossed: RunFolder) -> None:
    assert len(as_html(report([crossed])).encode()) < 10_000_000


def test_markdown_has_the_same_tables(crossed: RunFolder) -> None:
    document = report([crossed], pictures=False)
    text = as_markdown(document)
    for part in document.parts():
        if isinstance(part, Table):
            assert all(" | ".join(row) in text for row in part.rows[1])
        if isinstance(part, Grid):
            assert all(" | ".join(row) in text for row in part.as_rows()[1])
