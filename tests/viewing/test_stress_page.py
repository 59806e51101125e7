"""The page of a stress test says its numbers, holds up where nothing was lifted, and compares two detectors."""

from dataclasses import replace

import numpy as np
import pytest

from sparring.stress import summary
from sparring.stress.outcomes import MENU, Outcomes
from sparring.stress.results import Stressed
from sparring.viewing.document import Document, Gallery
from sparring.viewing.page import as_html
from sparring.viewing.plain import as_markdown
from sparring.viewing.stress import stress_report


@pytest.fixture(scope="module")
def document(tried: Stressed) -> Document:
    """The page of the shared trial."""
    return stress_report(tried, None)


def _nothing_lifted(tested: Stressed) -> Stressed:
    n = len(tested.outcomes.rows)
    unattacked = np.full((n, len(MENU)), np.nan)
    rows = tuple(row | {"lifted": False} for row in tested.outcomes.rows)
    return replace(tested, outcomes=Outcomes(rows, 0, np.zeros(n, bool), np.zeros(n, bool), unattacked, unattacked.copy()))


def test_the_page_says_what_was_lifted_and_what_survives(tried: Stressed, document: Document) -> None:
    text, lifted = as_markdown(document), summary.lifted_rate(tried.outcomes)
    assert f"Of {lifted.n} scenes, `{tried.detector}` lifts {100 * lifted.rate:.1f} %" in document.headline
    assert "survives a random attack" in document.headline
    for title in ("What survives", "Which attacks dislodge most", "Where it fails", "Grip force", "By object", "Made from"):
        assert f"## {title}" in text
    assert "sparring stress --policy middle" in text
    assert "The hand opens fully" in text
    assert "not the worst there is" in text


def test_the_page_shows_the_weakest_grasps_and_strips_that_replay_as_recorded(tried: Stressed, document: Document) -> None:
    galleries = {part.name: part for part in document.parts() if isinstance(part, Gallery)}
    assert len(galleries["weakest"].pictures) == tried.outcomes.lifted.sum()
    fell = [int(np.nansum(row)) for row in tried.outcomes.fell[tried.outcomes.lifted]]
    assert f"{max(fell)} of 51 attacks dislodge it" in galleries["weakest"].pictures[0].caption
    if max(fell):
        assert galleries["films"].pictures
        assert all("the adversary wins" in one.caption for one in galleries["films"].pictures)
    assert not [one for part in galleries.values() for one in part.pictures if "NOT replayed" in one.caption]


def test_a_detector_that_lifts_nothing_has_a_page_too(tried: Stressed) -> None:
    document = stress_report(_nothing_lifted(tried), None)
    assert "lifts 0.0 %" in document.headline
    assert "survives" not in document.headline
    assert "since nothing was lifted" in as_markdown(document)
    assert "<html" in as_html(document)


@pytest.mark.parametrize("swapped", [False, True])
def test_two_detectors_are_compared_with_intervals_and_p(tried: Stressed, swapped: bool) -> None:
    pair = (tried, replace(_nothing_lifted(tried), detector="blind"))
    document = stress_report(*(reversed(pair) if swapped else pair))
    text = as_markdown(document)
    assert "## Compared" in text
    assert "on the same scenes: lifted" in document.headline
    assert ("lifted -" if swapped else "lifted +") in document.headline


def test_what_a_foreign_name_contains_stays_text(tried: Stressed) -> None:
    page = as_html(stress_report(replace(_nothing_lifted(tried), detector="<script>alert(1)</script>"), None))
    assert "<script>alert" not in page
