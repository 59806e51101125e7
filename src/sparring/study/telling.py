"""How the page of results writes numbers, seeds, what is missing, and tables that are folded away."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sparring.evaluation.statistics import Rate
from sparring.evaluation.wording import in_points, with_n
from sparring.study.bootstrap import Effect
from sparring.study.claims import PRESET, SEEDS
from sparring.study.comparison import HIGH, NAMED, Arms, Term, test_of
from sparring.study.summary import FAILED, LIFTED, Tested

FORCES = {"low-force": "low force", "high-force": "high force"}
LEAST_P = 0.001
"""What is below it is not told apart: 4,000 draws know no less than half of it."""
NONE_YET = "not run yet"


@dataclass(frozen=True, eq=False)
class Section:
    """A part of the page."""

    title: str
    blocks: list[str]
    """Paragraphs and tables in Markdown."""
    pictures: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """SVG by file name."""


def code(text: str) -> str:
    """A name as it is typed."""
    return f"`{text.replace('`', chr(39))}`"


def plain(text: str) -> str:
    """Words of others, whatever they are made of."""
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", html.escape(text, quote=False))


def rate_told(effect: Effect | None) -> str:
    """A rate in per cent with its interval."""
    if effect is None:
        return NONE_YET
    return f"{100 * effect.value:.1f} % ({100 * effect.low:.1f} to {100 * effect.high:.1f})"


def points_told(effect: Effect | None) -> str:
    """A difference in points with its interval."""
    return NONE_YET if effect is None else in_points(effect.value, effect.low, effect.high, None)


def p_told(effect: Effect | None) -> str:
    """Its p; empty while there is none."""
    if effect is None:
        return ""
    return f"<{LEAST_P:g}" if effect.p < LEAST_P else f"{effect.p:.3f}"


def seeds_told(seeds: Iterable[int]) -> str:
    """Numbers in order: 1 to 5, or 1, 2, 4."""
    known = sorted(seeds)
    if len(known) > 2 and known[-1] - known[0] == len(known) - 1:
        return f"{known[0]} to {known[-1]}"
    return ", ".join(map(str, known))


def seeds_of(effect: Effect | None) -> str:
    """The training seeds behind a number."""
    return "" if effect is None else seeds_told(effect.by_seed)


def tries_of(effect: Effect | None) -> str:
    """The tries of a player behind a number, those of all seeds."""
    return "" if effect is None else f"{effect.n:,}"


def rate_of(test: Tested) -> Rate:
    """What a single run lifted of its valid scenes."""
    told = "".join(test.outcomes.values())
    return Rate(told.count(LIFTED), told.count(LIFTED) + told.count(FAILED))


def mean_told(values: Sequence[float]) -> str:
    """Shares of training runs: their mean, and in brackets the least and the most."""
    if not values:
        return ""
    mean = 100 * sum(values) / len(values)
    return f"{mean:.1f} % [{100 * min(values):.1f} ... {100 * max(values):.1f}]"


def made_by(*studies: str, preset: str = PRESET) -> str:
    """The commands behind a section."""
    which = "" if preset == PRESET else f" --preset {preset}"
    return "Made by " + ", ".join(code(f"sparring study {study} --out runs/study{which}") for study in studies) + "."


def missing(arms: Arms, terms: Sequence[Term], objects: str = NAMED) -> list[str]:
    """One line on which of the planned tests are not there yet; none if all are."""
    wanted: dict[str, list[Term]] = {}
    for term in terms:
        wanted.setdefault(term.arm, []).append(term)
    told: list[str] = []
    for arm, players in wanted.items():
        lacking = {term: _lacking(arms, term, objects) for term in players}
        some = {seeds for seeds in lacking.values() if seeds}
        if some == {SEEDS} and all(lacking.values()):
            told.append(code(arm))
        elif len(some) == 1 and all(lacking.values()):
            told.append(f"{code(arm)} seed {seeds_told(*some)}")
        else:
            for seeds in dict.fromkeys(seeds for seeds in lacking.values() if seeds):
                who = ", ".join(_player_told(term) for term, lacked in lacking.items() if lacked == seeds)
                told.append(f"{who} of {code(arm)} seed {seeds_told(seeds)}")
    return [f"Not run yet: {'; '.join(dict.fromkeys(told))}."] if told else []


def single_runs(arms: Arms, terms: Iterable[Term]) -> list[str]:
    """Every run's own rates on the ten named objects, folded away; nothing where there is no run."""
    known = {term: _tests(arms, term) for term in terms}
    seeds = sorted({seed for tests in known.values() for seed in tests})
    there = {term: tests for term, tests in known.items() if tests}
    rows = [
        [term.arm, term.player, *(with_n(rate_of(tests[seed])) if seed in tests else "" for seed in seeds)]
        for term, tests in there.items()
    ]
    title = "Every single run, with Wilson's 95 % interval over its own tries"
    return [folded(title, ["arm", "player", *(f"seed {seed}" for seed in seeds)], rows)] if rows else []


def _tests(arms: Arms, term: Term, objects: str = NAMED) -> dict[int, Tested]:
    """A player's tests by seed."""
    runs = arms[term.arm].runs if term.arm in arms else ()
    found = {run.seed: test_of(run, term.player, term.protocol, objects) for run in runs}
    return {seed: test for seed, test in found.items() if test is not None}


def _player_told(term: Term) -> str:
    return code(term.player) + (" at high force" if term.protocol == HIGH else "")


def _lacking(arms: Arms, term: Term, objects: str) -> tuple[int, ...]:
    there = _tests(arms, term, objects)
    return tuple(seed for seed in SEEDS if seed not in there)


def folded(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that opens on a click; as HTML, which sites and forges show alike."""
    lines = ["<details>", f"<summary>{html.escape(title, quote=False)}</summary>", "<table>", _row("th", header)]
    return "\n".join([*lines, *(_row("td", row) for row in rows), "</table>", "</details>"])


def _row(kind: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{kind}>{html.escape(cell, quote=False)}</{kind}>" for cell in cells) + "</tr>"
