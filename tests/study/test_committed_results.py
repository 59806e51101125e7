"""The page of results in the repository is what its command makes of the summaries in the repository, to the byte."""

import re
from pathlib import Path

from sparring.study.page import write_results

ROOT = Path(__file__).parents[2]
SUMMARIES, DOCS = ROOT / "experiments" / "results", ROOT / "docs"


def committed() -> dict[str, bytes]:
    """The page and its figures as they are in the repository."""
    files = [*DOCS.glob("results.md"), *DOCS.glob("pictures/results-*")]
    return {path.relative_to(DOCS).as_posix(): path.read_bytes() for path in files}


def test_the_readme_shows_the_table_of_the_page() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", (DOCS / "results.md").read_text(), flags=re.MULTILINE)
    assert tables[0] in (ROOT / "README.md").read_text(), "copy the first table of docs/results.md"


def test_the_committed_page_is_made_from_the_committed_summaries(tmp_path: Path) -> None:
    made = write_results(SUMMARIES, tmp_path / "results.md")
    again = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in made}
    assert sorted(again) == sorted(committed()), "make results"
    changed = [name for name, content in committed().items() if again[name] != content]
    assert changed == [], "make results"
