"""A report as one HTML file: pictures, data, style and script are inside, and it asks nobody for anything."""

import base64
import html
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from io import BytesIO

from PIL import Image

from sparring.evaluation.markdown import Table as Rows
from sparring.viewing.document import (
    Chart,
    Commands,
    Document,
    Gallery,
    Grid,
    Listed,
    Part,
    Picture,
    Section,
    Table,
    Text,
)

ASSETS = files("sparring.viewing") / "assets"
PLOTLY = "plotly-basic-4.1.1.min.js"
"""plotly.js, MIT licence, as its authors publish it on npm (plotly.js-basic-dist-min)."""
POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'"
"""What the browser holds the page to: it can load nothing from anywhere."""
FULL_SHARE = 0.7
"""Share of the full colour that a cell of a heat map has at a share of 1."""


def as_html(document: Document) -> str:
    """The whole report."""
    charts = [part for part in document.parts() if isinstance(part, Chart)]
    titles = [(f"section-{number}", section) for number, section in enumerate(document.sections, start=1)]
    contents = "".join(
        f'<li><a href="#{name}">{_inline(section.title)}</a></li>' for name, section in titles if section.level == 2
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{html.escape(document.title.replace("`", ""))} - sparring report</title>
<style>{_asset("page.css")}</style>
</head>
<body>
<a class="skip" href="#report">Skip to the report</a>
<header>
<p class="mark">sparring report</p>
<h1>{_inline(document.title)}</h1>
<p class="headline">{_inline(document.headline)}</p>
<nav aria-label="Contents"><ul>{contents}</ul></nav>
</header>
<main id="report">
{"".join(_section(name, section) for name, section in titles)}
</main>
<script type="application/json" id="charts">{_json([asdict(chart) for chart in charts])}</script>
<script>{_asset(PLOTLY) if charts else ""}</script>
<script>{_asset("page.js")}</script>
</body>
</html>
"""


def _section(name: str, section: Section) -> str:
    level = section.level
    parts = "\n".join(map(_part, section.parts))
    return f'<section aria-labelledby="{name}">\n<h{level} id="{name}">{_inline(section.title)}</h{level}>\n{parts}\n</section>\n'


def _part(part: Part) -> str:
    match part:
        case Text(words):
            return f"<p>{_inline(words)}</p>"
        case Listed(points):
            return f"<ul>{''.join(f'<li>{_inline(point)}</li>' for point in points)}</ul>"
        case Commands(lines):
            typed = html.escape("\n".join(lines))
            return f'<pre tabindex="0" aria-label="Commands"><code>{typed}</code></pre>'
        case Table(caption, rows):
            return _table(caption, rows)
        case Grid():
            return _grid(part)
        case Chart():
            return _chart(part)
        case Gallery():
            return _gallery(part)


def _table(caption: str, rows: Rows, cells: Sequence[Sequence[str]] | None = None, kind: str = "sorts") -> str:
    """A table that scrolls sideways where it is too wide; `cells` are attributes of its cells beyond the first column."""
    header, body = rows
    if not body:
        return f"<p>{_inline(caption)}: nothing yet.</p>"
    heads = "".join(f'<th scope="col">{_inline(name)}</th>' if name else "<td></td>" for name in header)
    attributes = cells or [[""] * len(row[1:]) for row in body]
    lines = "".join(
        f'<tr><th scope="row">{_inline(row[0])}</th>'
        + "".join(f"<td{given}>{_inline(cell)}</td>" for cell, given in zip(row[1:], more, strict=True))
        + "</tr>"
        for row, more in zip(body, attributes, strict=True)
    )
    label = html.escape(caption.replace("`", ""), quote=True)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table class="{kind}">'
        f"<caption>{_inline(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _grid(grid: Grid) -> str:
    """A heat map is a table with coloured cells, so that everybody can read it."""
    cells = [["" if share is None else f' style="--share: {FULL_SHARE * share:.1%}"' for share in row] for row in grid.shares]
    return _table(grid.caption, grid.as_rows(), cells, "sorts heat")


def _chart(chart: Chart) -> str:
    label = html.escape(f"{chart.caption}. Its numbers follow as a table.".replace("`", ""), quote=True)
    return (
        f'<figure class="chart"><figcaption>{_inline(chart.caption)}</figcaption>'
        f'<div class="plot" role="img" aria-label="{label}"></div>'
        f"<details><summary>The numbers</summary>{_table(chart.caption, chart.rows())}</details></figure>"
    )


def _gallery(gallery: Gallery) -> str:
    shown = "".join(map(_picture, gallery.pictures))
    kind = "gallery wide" if gallery.wide else "gallery"
    return f'<h3>{_inline(gallery.caption)}</h3><div class="{kind}">{shown}</div>'


def _picture(picture: Picture) -> str:
    width, height = Image.open(BytesIO(picture.content)).size
    source = f"data:{picture.mime};base64,{base64.b64encode(picture.content).decode()}"
    alt = html.escape(picture.alt, quote=True)
    image = f'<img src="{source}" alt="{alt}" width="{width}" height="{height}">'
    if picture.mime == "image/webp":  # what moves, moves when asked to
        return f"<details><summary>Play: {_inline(picture.caption)}</summary>{image}</details>"
    if width > height * 3:
        image = f'<div class="scroll" role="region" tabindex="0" aria-label="{alt}">{image}</div>'
    label = html.escape(picture.label, quote=True)
    return f'<figure data-label="{label}">{image}<figcaption>{_inline(picture.caption)}</figcaption></figure>'


def _inline(words: str) -> str:
    """Words with `code` in them."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(words, quote=False))


def _json(data: object) -> str:
    """Data in a script element, which nothing in it can end."""
    return json.dumps(data, allow_nan=False).replace("<", "\\u003c")


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
