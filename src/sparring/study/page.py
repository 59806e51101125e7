"""The page of results from the summaries alone: the same summaries, the same bytes."""

from collections.abc import Iterator
from pathlib import Path

from sparring.data.files import write_bytes, write_text
from sparring.errors import DataError
from sparring.study.claims import PRESET
from sparring.study.comparison import HIGH, LOW, Arms
from sparring.study.page_answer import answer
from sparring.study.page_claims import claims
from sparring.study.page_controls import controls
from sparring.study.page_crossplay import crossplay
from sparring.study.page_made import made, other_presets, shipped
from sparring.study.page_sensor import sensor
from sparring.study.page_tables import table
from sparring.study.page_why import why
from sparring.study.page_yields import yields
from sparring.study.summary import Summary, read_summary
from sparring.study.telling import Section

PICTURES = "pictures"
HEAD = """# Results: does competition beat collaboration?

*Written by `sparring results` from the summaries in `experiments/results`; not edited by hand. Unless said otherwise: preset
`quarter` (a quarter of the paper's grasps, the compact network); rates and differences are means over training seeds; intervals
are 95 % percentile intervals of a bootstrap over seeds, objects and scenes (4,000 draws); all players meet the same scenes. Of
one seed alone they cover objects and scenes, not what another seed would do.*
"""


def read_study(folder: Path) -> dict[str, Arms]:
    """Every summary of a folder that holds PRESET/ARM.json: preset -> arm -> summary.

    Raises:
        DataError: there is none, one is damaged, or one is not what its place says.
    """
    found: dict[str, dict[str, Summary]] = {}
    for path in sorted(folder.glob("*/*.json"), key=lambda path: (path.parent.name, path.stem != "base", path.stem)):
        summary = read_summary(path)
        if (summary.preset, summary.arm) != (path.parent.name, path.stem):
            raise DataError(f"{path} holds arm {summary.arm!r} of preset {summary.preset!r}; a summary lies at PRESET/ARM.json")
        found.setdefault(summary.preset, {})[summary.arm] = summary
    if not found:
        raise DataError(f"no summaries (PRESET/ARM.json) in {folder}; make them with `sparring study`, or name another folder")
    return dict(found)


def write_results(folder: Path, out: Path) -> Iterator[Path]:
    """Writes the page and its figures, and tells of each file when it is there.

    Args:
        folder: the summaries, PRESET/ARM.json.
        out: the page; its figures go into `pictures/` beside it.

    Raises:
        DataError: no summaries, or a damaged one.
        RunFolderError: a file cannot be written.
    """
    presets = read_study(folder)
    sections = sections_of(presets)
    for name, picture in [pair for section in sections for pair in section.pictures.items()]:
        path = out.parent / PICTURES / name
        write_bytes(path, picture)
        yield path
    write_text(out, as_page(sections))
    yield out


def sections_of(presets: dict[str, Arms]) -> list[Section]:
    """The page's parts, in the order in which a reader wants them."""
    arms = presets.get(PRESET, {})
    others = {name: known for name, known in presets.items() if name != PRESET}
    sections = [
        answer(arms),
        claims(arms),
        table(arms, LOW),
        table(arms, HIGH),
        controls(arms),
        sensor(arms),
        crossplay(arms),
        yields(arms),
        why(arms),
        shipped(arms),
        made(arms),
    ]
    return [*sections, other_presets(others)] if others else sections


def as_page(sections: list[Section]) -> str:
    """The page as Markdown."""
    parts = [f"## {section.title}\n\n" + "\n\n".join(section.blocks) + "\n" for section in sections]
    return "\n".join([HEAD, *parts])
