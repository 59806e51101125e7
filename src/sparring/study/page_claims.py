"""What was claimed before the runs, with effects and verdicts."""

from collections.abc import Sequence

from sparring.evaluation.markdown import markdown
from sparring.study.bootstrap import Effect
from sparring.study.claims import WORTH, Judged, judged
from sparring.study.comparison import Arms, Term
from sparring.study.telling import Section, made_by, missing, p_told, points_told, seeds_of, tries_of

ABOUT_CLAIMS = (
    "Named in `experiments/PREREGISTERED.md` before any run of the study. (`quarter` with seed 0 had been played and tested "
    "on these objects before, without a gain; it has no part in the claims.) Effects are in percentage points on the ten named "
    "objects, on the same scenes for all players; intervals and p are of a bootstrap over training seeds, objects and scenes. "
    f"*Confirmed*: the whole interval is above 0. *Refuted*: all of it is below +{100 * WORTH:g}, the smallest gain that "
    "would be worth an adversary. *Undecided*: neither; 0 and a gain that is worth it are both possible. *Confirmed, but "
    f"small*: all of it is between 0 and +{100 * WORTH:g}. Five claims, not corrected for being five; p is not registered. "
    "The registered interval asks what other seeds, other objects and other scenes would give, all "
    "at once: it is wider than it need be where chance lies in the scenes, and with five seeds somewhat too narrow where it "
    "lies in the training. Beside it, not registered: Student's interval over the five seeds alone, on these very objects and "
    "scenes."
)


def claims(arms: Arms) -> Section:
    """Every claim with its effect and verdict."""
    header = ["", "claim", "effect, points (95 %)", "p", "verdict", "the paper", "over seeds alone", "seeds", "tries a player"]
    rows = [_row(one) for one in judged(arms)]
    words = [f"{one.claim.number}. {one.claim.words.capitalize()}: {one.claim.difference}." for one in judged(arms)]
    terms = [term for one in judged(arms) for term in one.claim.terms]
    blocks = [ABOUT_CLAIMS, markdown((header, rows)), "\n".join(words), *missing(arms, _positive(terms))]
    return Section("The claims", [*blocks, made_by("table-1", "table-2", "controls", "sensor")])


def _row(one: Judged) -> list[str]:
    paper = "" if one.claim.paper is None else f"{one.claim.paper:+d}"
    told = [points_told(one.effect), p_told(one.effect), f"**{one.verdict}**", paper, _alone(one.effect)]
    return [str(one.claim.number), one.claim.words, *told, seeds_of(one.effect), tries_of(one.effect)]


def _alone(effect: Effect | None) -> str:
    """The interval over seeds alone."""
    alone = effect and effect.over_seeds
    return f"{100 * alone[0]:+.1f} to {100 * alone[1]:+.1f}" if alone else ""


def _positive(terms: Sequence[Term]) -> list[Term]:
    """The rates without their signs, each once."""
    return list(dict.fromkeys(term if term.sign > 0 else -term for term in terms))
