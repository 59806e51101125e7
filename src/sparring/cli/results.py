"""The subcommand that tells what the study came to. Its docstring is its help."""

from pathlib import Path

from tyro.conf import Positional


def results(folder: Positional[Path] = Path("experiments/results"), /, out: Path = Path("docs/results.md")) -> None:
    """Write the page of results from a study's summaries: claims with verdicts, the paper's tables, controls, figures.

    Nothing else is read: no run folder, no network. The same summaries give the same bytes, so that the page can be checked
    by anybody. A study that is under way is told as far as it is there, with what is missing. Differences are paired on the
    same scenes; intervals are of a bootstrap over training seeds, objects and scenes, as experiments/PREREGISTERED.md says.

    Args:
        folder: the summaries, PRESET/ARM.json, one an arm; `sparring study` writes them.
        out: the page, in Markdown; its figures go into pictures/ beside it as SVG.
    """
    from sparring.study.page import write_results

    for path in write_results(folder, out):
        print(path)
