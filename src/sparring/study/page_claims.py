"""What a reader comes for: the answer in three sentences with one figure, and the claims with their verdicts."""

from collections.abc import Sequence

from sparring.evaluation.markdown import markdown
from sparring.evaluation.paper import HIGH_FORCE, LOW_FORCE, OVERALL
from sparring.study.bootstrap import Effect
from sparring.study.claims import AT_HIGH_FORCE, COLLABORATIVE, SHAKE_3, SNATCH_2, WORTH, Judged, effect_of, judged
from sparring.study.comparison import HIGH, LOW, Arms, Term
from sparring.study.figures import Mark, success_figure
from sparring.study.telling import Section, made_by, missing, p_told, points_told, rate_told, seeds_of, seeds_told, tries_of

PLAYERS = ("start", "collaborative", "shake-1", "shake-2", "shake-3", "snatch-1", "snatch-2")
IN_SHORT = ("start", "collaborative", "shake-3", "snatch-2")
PICTURE = "results-success.svg"
VERDICTS = ("confirmed", "confirmed, but small", "refuted", "undecided", "not all seeds yet", "not run yet")
ABOUT_FIGURE = (
    "*Success on the paper's ten named objects at low force (7 N, plain pads, 128 patches): mean over training seeds with "
    "its 95 % interval, single seeds as dots, the paper's numbers as hollow marks; dotted: the collaborative player. "
    "Intervals say what other seeds, objects and scenes might give. Since all players meet the same scenes, whether two "
    "differ is not seen from whether these overlap, but from the paired differences below.*"
)
ABOUT_CLAIMS = (
    "Named in `experiments/PREREGISTERED.md` before any run. Effects are in percentage points on the ten named objects, on "
    "the same scenes for all players; intervals and p are of a bootstrap over training seeds, objects and scenes. "
    f"*Confirmed*: the whole interval is above 0. *Refuted*: all of it is below +{100 * WORTH:g}, the smallest gain that "
    "would be worth an adversary. *Undecided*: neither. Five claims, not corrected for being five. The registered interval "
    "asks what other seeds, other objects and other scenes would give, all at once: it is wider than it need be where chance "
    "lies in the scenes, and with five seeds somewhat too narrow where it lies in the training. Beside it, not registered: "
    "Student's interval over the five seeds alone, on these very objects and scenes."
)


def answer(arms: Arms) -> Section:
    """The verdicts counted, the effect of each adversary, and success per player as a figure."""
    sentences = [_verdicts(judged(arms)), _shaken(arms), _snatched(arms)]
    known = [(player, effect) for player in PLAYERS if (effect := effect_of(arms, Term("base", player))) is not None]
    blocks = ["\n".join(f"- {sentence}" for sentence in sentences), *missing(arms, [Term("base", player) for player in PLAYERS])]
    if not known:
        return Section("The answer", blocks)
    marks = [Mark(at, effect, _share(LOW_FORCE.get(player))) for at, (player, effect) in enumerate(known)]
    baseline = effect_of(arms, COLLABORATIVE)
    drawn = success_figure([player for player, _ in known], marks, baseline and baseline.value)
    picture = f"![Success of every player at low force](pictures/{PICTURE})"
    blocks += [picture, ABOUT_FIGURE, _in_short(arms), made_by("table-1", "table-2")]
    return Section("The answer", blocks, {PICTURE: drawn})


def _in_short(arms: Arms) -> str:
    """Both protocols, a row a player; the README shows the same table."""
    header = [
        "player",
        "low force (95 %)",
        "less `collaborative`, points",
        "the paper",
        "high force (95 %)",
        "less `collaborative`, points",
    ]
    return markdown(([*header, "the paper"], [_in_short_row(arms, player) for player in IN_SHORT]))


def _in_short_row(arms: Arms, player: str) -> list[str]:
    cells = [f"`{player}`"]
    for protocol in (LOW, HIGH):
        ours, theirs = Term("base", player, protocol), Term("base", "collaborative", protocol)
        less = "" if player == "collaborative" else points_told(effect_of(arms, ours, -theirs))
        paper = OVERALL[protocol].get(player)
        cells += [rate_told(effect_of(arms, ours)), less, "" if paper is None else f"{paper} %"]
    return cells


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


def _verdicts(found: Sequence[Judged]) -> str:
    parts: list[str] = []
    for verdict in VERDICTS:
        having = [one.claim for one in found if one.verdict == verdict]
        if having:
            which = "; ".join(f"{claim.number}: {claim.words}" for claim in having)
            parts.append(f"{len(having)} {'is' if len(having) == 1 else 'are'} **{verdict}** ({which})")
    return f"Of {len(found)} claims named before the runs, {_listed(parts)}."


def _shaken(arms: Arms) -> str:
    gain = effect_of(arms, SHAKE_3, -COLLABORATIVE)
    if gain is None:
        return "The game against the shake adversary is not run yet."
    ours = [rate_told(effect_of(arms, term)) for term in (SHAKE_3, COLLABORATIVE)]
    paper = LOW_FORCE["shake-3"], LOW_FORCE["collaborative"]
    return (
        f"After three iterations against the shake adversary the player lifts {ours[0]} of the ten named objects at low "
        "force, and the collaborative one, whose grasps are as many as all grasps and attacks of the whole game, "
        f"{ours[1]}: a difference of **{_points(gain)}**, where the paper has "
        f"{paper[0]} % and {paper[1]} %, "
        f"{paper[0] - paper[1]:+d} points."
    )


def _snatched(arms: Arms) -> str:
    low, high = effect_of(arms, SNATCH_2, -COLLABORATIVE), effect_of(arms, *AT_HIGH_FORCE)
    if low is None:
        return "The game against the snatch adversary is not run yet."
    at_high = "not run yet at high force" if high is None else f"{_points(high)} at high force"
    paper = LOW_FORCE["snatch-2"] - LOW_FORCE["collaborative"], HIGH_FORCE["snatch-2"] - HIGH_FORCE["collaborative"]
    return (
        "With two iterations against the snatch adversary after them the difference to the collaborative player is "
        f"{_points(low)} at low force and {at_high}, where the "
        f"paper has {paper[0]:+d} and {paper[1]:+d}."
    )


def _points(effect: Effect) -> str:
    low, high = 100 * effect.low, 100 * effect.high
    seeds = f"seed{'s' if len(effect.by_seed) > 1 else ''} {seeds_told(effect.by_seed)}"
    return f"{100 * effect.value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}; {seeds}, {effect.n:,} tries each)"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _positive(terms: Sequence[Term]) -> list[Term]:
    """The rates without their signs, each once."""
    return list(dict.fromkeys(term if term.sign > 0 else -term for term in terms))


def _share(paper: int | None) -> float | None:
    return None if paper is None else paper / 100
