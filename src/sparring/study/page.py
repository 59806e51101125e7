"""The page of results from the summaries alone: the same summaries, the same bytes."""

from collections.abc import Iterator
from pathlib import Path

from sparring.data.files import write_bytes, write_text
from sparring.errors import DataError, RunFolderError
from sparring.study.claims import PRESET
from sparring.study.comparison import HIGH, LOW, Arms
from sparring.study.page_answer import answer
from sparring.study.page_claims import claims
from sparring.study.page_controls import controls
from sparring.study.page_crossplay import crossplay
from sparring.study.page_made import made, shipped
from sparring.study.page_others import other_arms, other_presets
from sparring.study.page_sensor import sensor
from sparring.study.page_tables import table
from sparring.study.page_why import why
from sparring.study.page_yields import yields
from sparring.study.summary import Summary, read_summary
from sparring.study.telling import Section

PICTURES = "pictures"
HEAD = """# Results: does competition beat collaboration?

*Written by `sparring results` from summaries alone (those of the published study are in `experiments/results`); not edited by
hand. Unless said otherwise: preset `quarter` (a quarter of the paper's grasps, the compact network); rates and differences are
over all tries of all training seeds, which is their mean where each has as many; intervals are 95 % percentile intervals of a
bootstrap over seeds, objects and scenes (4,000 draws). Of one seed alone they cover objects and scenes, not what another seed
would do. All players meet the same scenes; one that was physically invalid for any of the players compared, in any seed, is left
out for all of them, so that a difference has some tries fewer than the rates beside it. What was planned is in
`experiments/PREREGISTERED.md`, what came out otherwise, and why, in `experiments/LOG.md`.*
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
    if out.is_dir():
        raise RunFolderError(f"{out} is a folder; name the page in it: --out {out / 'results.md'}")
    sections = sections_of(presets)
    for name, picture in [pair for section in sections for pair in section.pictures.items()]:
        path = out.parent / PICTURES / name
        write_bytes(path, picture)
        yield path
    write_text(out, as_page(sections))
    yield out


def sections_of(presets: dict[str, Arms]) -> list[Section]:
    """The page's parts, in the order in which a reader wants them."""
    others = other_presets({name: known for name, known in presets.items() if name != PRESET})
    if PRESET not in presets:
        return others
    arms = presets[PRESET]
    return [
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
        *other_arms(arms),
        made(arms),
        *others,
    ]


def as_page(sections: list[Section]) -> str:
    """The page as Markdown."""
    parts = [f"## {section.title}\n\n" + "\n\n".join(section.blocks) + "\n" for section in sections]
    return "\n".join([HEAD, *parts])
