"""Attempts to find out why a claim failed: arms that were thought of later, on held-out objects of the training families."""

from sparring.evaluation.markdown import markdown
from sparring.study.arms import ARMS, BASE, HELD_OUT, WHY
from sparring.study.bootstrap import Effect
from sparring.study.claims import MAIN, effect_of
from sparring.study.comparison import Arms, Term
from sparring.study.telling import Section, code, made_by, missing, points_told, rate_told, seeds_of, tries_of

COLLABORATIVE = "collaborative"
ABOUT = (
    "Thought of after results had been seen, and therefore on held-out objects of the training families, never on the test "
    "objects (3 scenes each of 130). What one trial of a grasp, with shakes, says of the next ones is measured by "
    "`experiments/headroom.py`, and told with other attempts in `experiments/LOG.md`."
)


def why(arms: Arms) -> Section:
    """A row an arm: what its players lift, and what the adversarial ones gain."""
    header = [
        "arm",
        "what is changed",
        *map(code, MAIN),
        "`shake-3` minus `collaborative`",
        "`snatch-2` minus `collaborative`",
    ]
    rows = [_row(arms, arm) for arm in (BASE, *WHY) if _rate(arms, arm, "start") is not None]
    table = [markdown(([*header, "seeds", "tries"], rows))] if rows else []
    lacking = missing(arms, [Term(arm, player) for arm in (BASE, *WHY) for player in MAIN], HELD_OUT)
    return Section("Why", [ABOUT, *lacking, *table, made_by("why")])


def _row(arms: Arms, arm: str) -> list[str]:
    gains = [_rate(arms, arm, player, COLLABORATIVE) for player in ("shake-3", "snatch-2")]
    rates = [_rate(arms, arm, player) for player in MAIN]
    return [code(arm), ARMS[arm].about, *map(rate_told, rates), *map(points_told, gains), seeds_of(rates[0]), tries_of(rates[0])]


def _rate(arms: Arms, arm: str, player: str, beside: str | None = None) -> Effect | None:
    """Of a player, or what it has more than another."""
    terms = [Term(arm, player)] + ([-Term(arm, beside)] if beside else [])
    return effect_of(arms, *terms, objects=HELD_OUT)
