"""Cross-play: what survives of what a player lifts under every attack of its own run, and whether the adversary is learning."""

from collections.abc import Iterator, Mapping, Sequence

from sparring.evaluation.markdown import markdown
from sparring.study.bootstrap import Effect, bootstrapped
from sparring.study.claims import MAIN
from sparring.study.comparison import LOW, NAMED, Arms, Outcomes, Scores, side_by_side
from sparring.study.summary import FELL, SURVIVED, Attacked, Summary
from sparring.study.telling import NONE_YET, Section, code, made_by, p_told, points_told, rate_told, seeds_told, tries_of

FROZEN = "start"
"""The player that the adversaries of all iterations attack."""
RANDOM, NOBODY = "random-", "none"
ABOUT = (
    "Of what a player lifts of the named objects at low force, what every attack of its own run leaves: random ones, the last "
    "adversaries, and two published tests (six axis forces, tugs). Attacks begin in the state in which the lift ended. "
    "Intervals by the same bootstrap; a scene counts where the object was lifted. Shares are of the lifts of all seeds together."
)
ABOUT_LEARNING = (
    "**Is the adversary learning?** What it dislodges of what the frozen `start` lifts, against random attacks of its kind on "
    "the very same lifts; then the same without the object that contributes most to the difference. One comparison an adversary, "
    "not corrected for being several:"
)


def crossplay(arms: Arms) -> Section:
    """Both tables."""
    base = arms.get("base")
    if base is None or not any(run.attacked for run in base.runs):
        return Section("Cross-play", [f"Base's cross-play is {NONE_YET}."])
    seeds = seeds_told(run.seed for run in base.runs if run.attacked)
    blocks = [f"{ABOUT} Training seeds {seeds}.", "**What survives**, of the lifted:", _survival(base)]
    blocks += [ABOUT_LEARNING, _learning(base)]
    return Section("Cross-play", [*blocks, made_by("crossplay")])


def _survival(base: Summary) -> str:
    """A row an attacker, a column a player; first how much each lifted."""
    attackers = list(dict.fromkeys(one.attacker for run in base.runs for one in run.attacked if one.player != FROZEN))
    rows = [[code(name), *(rate_told(_effect(base, player, {name: 1}, SURVIVED)) for player in MAIN)] for name in attackers]
    lifted = [tries_of(_effect(base, player, {NOBODY: 1}, SURVIVED)) for player in MAIN]
    return markdown((["attack", *map(code, MAIN)], [["lifted, all seeds", *lifted], *rows]))


def _learning(base: Summary) -> str:
    """A row an attacker of the frozen player, with what it dislodges more than a random one of its kind."""
    attackers = list(dict.fromkeys(one.attacker for run in base.runs for one in run.attacked if one.player == FROZEN))
    rows: list[list[str]] = []
    for kind in [name.removeprefix(RANDOM) for name in attackers if name.startswith(RANDOM)]:
        rows.append(_learning_row(base, RANDOM + kind, None))
        rows += [_learning_row(base, name, RANDOM + kind) for name in attackers if name.startswith(f"{kind}-")]
    header = ["attack", "dislodges (95 %)", "minus random, points (95 %)", "p", "without one object", "held, all seeds"]
    return markdown((header, rows))


def _learning_row(base: Summary, name: str, beside: str | None) -> list[str]:
    rate = _effect(base, FROZEN, {name: 1}, FELL)
    more = _scores(base, FROZEN, {name: 1, beside: -1}, FELL) if beside else None
    less = ["", "", ""] if more is None else [points_told(bootstrapped(more)), p_told(bootstrapped(more)), _without_one(more)]
    return [code(name), rate_told(rate), *less, tries_of(rate)]


def _without_one(more: Scores) -> str:
    """The difference without the object that contributes most to it."""
    whole = int(more.values.sum())
    name = max(more.by_object, key=lambda one: more.by_object[one][0] * (1 if whole >= 0 else -1))
    rest = more.without(name)
    return f"{points_told(bootstrapped(rest))} without {code(name)}" if rest.n else ""


def _effect(base: Summary, player: str, signs: Mapping[str, int], outcome: str) -> Effect | None:
    found = _scores(base, player, signs, outcome)
    return None if found is None else bootstrapped(found)


def _scores(base: Summary, player: str, signs: Mapping[str, int], outcome: str) -> Scores | None:
    """How often attackers brought one outcome about, signed, of what was held under all; None where nothing was."""
    met = {run.seed: list(_met(run.attacked, player, list(signs))) for run in base.runs}
    whole = {seed: outcomes for seed, outcomes in met.items() if len(outcomes) == len(signs)}
    return side_by_side(whole, list(signs.values()), outcome, counting=(SURVIVED, FELL))


def _met(attacked: Sequence[Attacked], player: str, attackers: Sequence[str]) -> Iterator[Outcomes]:
    for name in attackers:
        yield from (
            one.outcomes
            for one in attacked
            if (one.player, one.attacker, one.protocol, one.objects) == (player, name, LOW, NAMED)
        )
