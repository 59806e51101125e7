"""The paper's tables I and II, with intervals, single runs, single objects, and 100 novel objects beside the ten named ones."""

from sparring.evaluation.markdown import markdown
from sparring.evaluation.paper import OVERALL, TABLE_2
from sparring.evaluation.statistics import Rate
from sparring.study.claims import MAIN, PLAYERS, effect_of
from sparring.study.comparison import HIGH, LOW, NAMED, NOVEL, Arms, Term, scores
from sparring.study.telling import (
    NONE_YET,
    Section,
    code,
    made_by,
    missing,
    points_told,
    rate_told,
    seeds_of,
    single_runs,
    tries_of,
)

BESIDE = ("collaborative", "start")
"""Whom every player is compared with."""
TABLES = {LOW: "Table I: low force", HIGH: "Table II: high force"}
HOW = {
    LOW: "7 N, plain pads, 128 patches, as in training; a success is an object lifted 30 cm and held for a second.",
    HIGH: "35 N, rubber pads, 1,280 patches; else as above.",
}
WITHOUT, WITH_SHAKE, WITH_SNATCH = "collaborative", "shake-3", "snatch-2"


def table(arms: Arms, protocol: str) -> Section:
    """A table of the paper, whole."""
    planned = [Term("base", player, protocol) for player in (PLAYERS if protocol == LOW else MAIN)]
    blocks = [HOW[protocol], *missing(arms, planned)]
    if players_tested(arms, "base", protocol):
        blocks += [players_table(arms, "base", protocol), *single_runs(arms, terms_of(arms, "base", protocol))]
    blocks += _novel(arms, protocol)
    blocks += _by_object(arms, protocol)
    return Section(TABLES[protocol], [*blocks, made_by({LOW: "table-1", HIGH: "table-2"}[protocol])])


def players_tested(arms: Arms, arm: str, protocol: str, objects: str = NAMED) -> list[str]:
    """Players that an arm has tested, in the order of the paper's table."""
    runs = arms[arm].runs if arm in arms else ()
    found = {test.player: None for run in runs for test in run.tested if (test.protocol, test.objects) == (protocol, objects)}
    return [player for player in PLAYERS if player in found] + [player for player in found if player not in PLAYERS]


def terms_of(arms: Arms, arm: str, protocol: str) -> list[Term]:
    """The rates of an arm's players on the ten named objects."""
    return [Term(arm, player, protocol) for player in players_tested(arms, arm, protocol)]


def players_table(arms: Arms, arm: str, protocol: str, objects: str = NAMED) -> str:
    """A row a player: its rate, and what it has more than the collaborative one and than the first."""
    players = players_tested(arms, arm, protocol, objects)
    beside = [player for player in BESIDE if player in players]
    header = ["player", "success (95 %)", *(f"minus {code(player)}, points (95 %)" for player in beside)]
    paper = OVERALL.get(protocol, {}) if objects == NAMED else {}
    header += (["the paper"] if paper else []) + ["seeds", "tries"]
    rows: list[list[str]] = []
    for player in players:
        term = Term(arm, player, protocol)
        rate = effect_of(arms, term, objects=objects)
        less = [
            "" if other == player else points_told(effect_of(arms, term, -Term(arm, other, protocol), objects=objects))
            for other in beside
        ]
        told = ([f"{paper[player]} %" if player in paper else ""] if paper else []) + [seeds_of(rate), tries_of(rate)]
        rows.append([code(player), rate_told(rate), *less, *told])
    return markdown((header, rows))


def _novel(arms: Arms, protocol: str) -> list[str]:
    """The same beside it, on objects of families that nothing is trained on."""
    players = players_tested(arms, "base", protocol, NOVEL)
    rate = effect_of(arms, Term("base", players[0], protocol), objects=NOVEL) if players else None
    if rate is None:
        return [f"Novel objects of other families: {NONE_YET}."]
    words = f"**{rate.objects_n} novel objects** of families that nothing is trained on; they decide no claim."
    lacking = missing(arms, [Term("base", player, protocol) for player in MAIN], NOVEL)
    return [words, *lacking, players_table(arms, "base", protocol, NOVEL)]


def _by_object(arms: Arms, protocol: str) -> list[str]:
    """Object by object; at high force beside the paper's table II."""
    ours = [_successes(arms, player, protocol) for player in (WITHOUT, WITH_SHAKE, WITH_SNATCH)]
    if not any(ours):
        return []
    theirs = TABLE_2 if protocol == HIGH else {}
    names = list(dict.fromkeys([*TABLE_2, *(name for one in ours for name in one)]))
    header = ["object", "without adversary", "with shake", "with snatch"]
    rows = [[name if name in TABLE_2 else code(name), *(_of(one, name) for one in ours)] for name in names]
    rows.append(["**overall**", *map(_of_all, ours)])
    if theirs:
        header += [f"the paper, {words}" for words in header[1:]]
        overall = [f"{OVERALL[protocol][player]} %" for player in (WITHOUT, WITH_SHAKE, WITH_SNATCH)]
        paper = [[f"{of_10} / 10" for of_10 in theirs[name]] if name in theirs else [""] * 3 for name in names]
        rows = [row + beside for row, beside in zip(rows, [*paper, overall], strict=True)]
    players = ", ".join(map(code, (WITHOUT, WITH_SHAKE, WITH_SNATCH)))
    return [f"**Object by object** ({players}), successes of the tries that count, all seeds:", markdown((header, rows))]


def _successes(arms: Arms, player: str, protocol: str) -> dict[str, Rate]:
    """Of every object the tries of all seeds."""
    found = scores(arms, [Term("base", player, protocol)])
    return {name: Rate(*counts) for name, counts in found.by_object.items()} if found is not None else {}


def _of(rates: dict[str, Rate], name: str) -> str:
    return f"{rates[name].successes} / {rates[name].n}" if name in rates else ""


def _of_all(rates: dict[str, Rate]) -> str:
    whole = Rate(sum(rate.successes for rate in rates.values()), sum(rate.n for rate in rates.values()))
    return f"{100 * whole.rate:.1f} %" if whole.n else ""
