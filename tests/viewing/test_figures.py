"""Figures for papers: the same charts, tables and pictures as the report's, as PDF and PNG."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparring.errors import RunFolderError
from sparring.game.run_folder import RunFolder
from sparring.viewing.document import Chart, Document, Gallery, Grid, Line, Point, Section
from sparring.viewing.figures import write_figures
from sparring.viewing.report import report

CHART = Chart(
    "curve", "A curve", "player", "success", (Line("one", (Point("a", 0.2, "", 0.1, 0.3), Point("b", 0.6, "", 0.5, 0.7))),)
)


def document_of(*parts: Chart | Grid | Gallery) -> Document:
    """A report of these parts."""
    return Document("t", "h", (Section("s", parts),))


@pytest.fixture(scope="module")
def document(crossed: RunFolder) -> Document:
    """The report of a whole run."""
    return report([crossed])


def test_every_chart_heat_map_and_gallery_is_written_as_pdf_and_png(document: Document, tmp_path: Path) -> None:
    written = list(write_figures(document, tmp_path))
    names = {part.name for part in document.parts() if isinstance(part, Chart | Grid | Gallery)}
    assert {path.name for path in written} == {f"{name}.{kind}" for name in names for kind in ("pdf", "png")}
    for path in written:
        if path.suffix == ".png":
            pixels = np.asarray(Image.open(path).convert("L"))
            assert pixels.min() < 128 < pixels.max(), "something is drawn"
        else:
            assert path.read_bytes().startswith(b"%PDF")


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    first, again = (list(write_figures(document_of(CHART), tmp_path / name)) for name in ("first", "again"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_other_data_give_another_picture(tmp_path: Path) -> None:
    moved = replace(CHART, lines=(Line("one", (Point("a", 0.9, ""), Point("b", 0.6, ""))),))
    pictures = [list(write_figures(document_of(chart), tmp_path / name))[1] for name, chart in (("1", CHART), ("2", moved))]
    assert pictures[0].read_bytes() != pictures[1].read_bytes()


def test_charts_without_a_line_are_left_out(tmp_path: Path) -> None:
    assert list(write_figures(document_of(replace(CHART, lines=())), tmp_path)) == []


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    written = list(write_figures(document_of(replace(CHART, name="../../x y")), tmp_path / "out"))
    assert {path.parent for path in written} == {tmp_path / "out"}


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="could not write"):
        list(write_figures(document_of(CHART), tmp_path / "file"))


def test_parts_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    written = list(write_figures(document_of(CHART, CHART), tmp_path))
    assert [path.name for path in written] == ["curve.pdf", "curve.png", "curve-2.pdf", "curve-2.png"]


def test_a_label_is_text_whatever_it_holds(tmp_path: Path) -> None:
    assert list(write_figures(document_of(replace(CHART, x_label="a$b^$c")), tmp_path))
