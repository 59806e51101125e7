"""What a reader comes for: the answer in some sentences, with one figure and one table."""

import typing
from collections.abc import Sequence
from statistics import fmean

from sparring.evaluation.markdown import markdown
from sparring.evaluation.paper import HIGH_FORCE, LOW_FORCE, OVERALL, TRIES_N
from sparring.evaluation.statistics import Rate, unpaired_interval
from sparring.study.arms import ARMS, WHY
from sparring.study.bootstrap import Effect
from sparring.study.claims import (
    AT_CLOSING,
    AT_HIGH_FORCE,
    COLLABORATIVE,
    MAIN,
    PLAYERS,
    SEEDS,
    SHAKE_3,
    SNATCH_2,
    WORTH,
    Judged,
    Verdict,
    effect_of,
    judged,
)
from sparring.study.comparison import HIGH, LOW, NOVEL, Arms, Term, scores
from sparring.study.figures import Mark, success_figure
from sparring.study.gathered import budget_told, lifted_shares
from sparring.study.page_controls import controls_in_brief
from sparring.study.telling import FORCES, Section, code, made_by, missing, points_told, rate_told, seeds_told

PICTURE = "results-success.svg"
VERDICTS = typing.get_args(Verdict)
SELDOM = 0.1
"""An object that is lifted less often leaves little to win or lose."""
ABOUT_FIGURE = (
    "*Success on the paper's ten named objects at low force (7 N, plain pads, 128 patches): mean over training seeds with "
    "its 95 % interval, single seeds as dots, the paper's numbers as hollow marks; dotted: the collaborative player; orange: "
    "after shakes, green: after snatches. "
    "Intervals say what other seeds, objects and scenes might give. Since all players meet the same scenes, whether two "
    "differ is not seen from whether these overlap, but from the paired differences below.*"
)


def answer(arms: Arms) -> Section:
    """The verdicts counted, the effect of each adversary, and success per player as a figure."""
    sentences = [
        _shaken(arms),
        _snatched(arms),
        _verdicts(judged(arms)),
        *_elsewhere(arms),
        *_seldom_lifted(arms),
        *_so_far(arms),
    ]
    known = [(player, effect) for player in PLAYERS if (effect := effect_of(arms, Term("base", player))) is not None]
    blocks = ["\n".join(f"- {sentence}" for sentence in sentences), *missing(arms, [Term("base", player) for player in PLAYERS])]
    if not known:
        return Section("The answer", blocks)
    marks = [Mark(at, effect, _share(LOW_FORCE.get(player))) for at, (player, effect) in enumerate(known)]
    baseline = effect_of(arms, COLLABORATIVE)
    drawn = success_figure([player for player, _ in known], marks, baseline and baseline.value)
    picture = f"![Success of every player at low force](pictures/{PICTURE})"
    blocks += [picture, ABOUT_FIGURE, _in_short(arms), made_by("table-1", "table-2", "controls", "alpha", "sensor")]
    return Section("The answer", blocks, {PICTURE: drawn})


def _in_short(arms: Arms) -> str:
    """Both protocols, a row a player; the README shows the same table."""
    header = [
        "player",
        "low force (95 %)",
        "minus `collaborative`, points",
        "the paper",
        "high force (95 %)",
        "minus `collaborative`, points",
    ]
    return markdown(([*header, "the paper"], [_in_short_row(arms, player) for player in MAIN]))


def _in_short_row(arms: Arms, player: str) -> list[str]:
    cells = [f"`{player}`"]
    for protocol in (LOW, HIGH):
        ours, theirs = Term("base", player, protocol), Term("base", "collaborative", protocol)
        less = "" if player == "collaborative" else points_told(effect_of(arms, ours, -theirs))
        paper = OVERALL[protocol].get(player)
        cells += [rate_told(effect_of(arms, ours)), less, "" if paper is None else f"{paper} %"]
    return cells


def _verdicts(found: Sequence[Judged]) -> str:
    parts: list[str] = []
    for verdict in VERDICTS:
        having = [one.claim for one in found if one.verdict == verdict]
        if having:
            which = "; ".join(f"{claim.number}: {claim.words}" for claim in having)
            parts.append(f"{len(having)} {'is' if len(having) == 1 else 'are'} **{verdict}** ({which})")
    return (
        f"Of {len(found)} claims named before the runs, {_listed(parts)}. *Refuted* means that a gain of {100 * WORTH:g} points "
        f"or more is excluded, not that the opposite is true; *undecided*, that neither 0 nor {100 * WORTH:g} points is."
        f"{_reach(found)}"
    )


def _reach(found: Sequence[Judged]) -> str:
    """How small a gain could not have been told."""
    widths = [100 * (one.effect.high - one.effect.low) / 2 for one in found if one.effect is not None]
    if not widths:
        return ""
    low, high = min(widths), max(widths)
    return f" The intervals reach {low:.1f} to {high:.1f} points to either side: smaller gains cannot be told here."


def _shaken(arms: Arms) -> str:
    gain = effect_of(arms, SHAKE_3, -COLLABORATIVE)
    if gain is None:
        return "The game against the shake adversary is not run yet."
    ours = [rate_told(effect_of(arms, term)) for term in (SHAKE_3, COLLABORATIVE)]
    after = [f" (after {budget_told(arms, 'base', player)})" for player in ("shake-3", "collaborative")]
    paper = LOW_FORCE["shake-3"], LOW_FORCE["collaborative"]
    return (
        f"After three iterations against the shake adversary{after[0]} the player lifts {ours[0]} of the "
        f"{gain.objects_n} named objects at low force, and the collaborative one{after[1]} {ours[1]}: a difference of "
        f"**{_points(gain)}**, where the paper has {paper[0]} % and {paper[1]} %, {paper[0] - paper[1]:+d} points. "
        f"{_beside_the_paper(gain, *paper)}"
    )


def _beside_the_paper(gain: Effect, *paper: int) -> str:
    """Whether the paper's gain is among what is possible here, and what is possible there."""
    theirs = (paper[0] - paper[1]) / 100
    where = "inside" if gain.low <= theirs <= gain.high else "outside"
    low, high = unpaired_interval(*(Rate(round(rate * TRIES_N / 100), TRIES_N) for rate in paper))
    return (
        f"The paper's {100 * theirs:+.0f} lies {where} our interval; with {TRIES_N} tries a player, as in its table II, it has "
        f"one of {100 * low:+.0f} to {100 * high:+.0f} itself."
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


def _elsewhere(arms: Arms) -> list[str]:
    """What the other objects and the other sensor say; they decide no claim but the fifth."""
    told: list[str] = []
    for protocol in (LOW, HIGH):
        terms = [Term("base", "shake-3", protocol), -Term("base", "collaborative", protocol)]
        novel = effect_of(arms, *terms, objects=NOVEL)
        if novel is not None:
            which = f"On {novel.objects_n} novel objects at {FORCES[protocol]}"
            told.append(f"{which} `shake-3` minus `collaborative` is {_points(novel)}.")
    early = effect_of(arms, *AT_CLOSING)
    lifted = [lifted_shares(arms, arm, random=True) for arm in ("base", "sensor-0")]
    if early is not None and all(lifted):
        late, soon = (100 * fmean(shares) for shares in lifted)
        told.append(
            f"In base {late:.0f} % of the random grasps that the weak sensor takes for a success are lifted. Read right after "
            f"closing, {soon:.0f} % are, and `shake-3` minus `collaborative` is {_points(early)}."
        )
    return [*told, *controls_in_brief(arms)]


def _seldom_lifted(arms: Arms) -> list[str]:
    """Objects on which no player can win or lose much."""
    found = [scores(arms, [Term("base", player)]) for player in MAIN]
    rates = [{name: lifted_n / n for name, (lifted_n, n) in one.by_object.items() if n} for one in found if one is not None]
    if len(rates) < len(MAIN):
        return []
    names = [name for name in rates[0] if all(name in of for of in rates)]
    seldom = [name for name in names if max(of[name] for of in rates) < SELDOM]
    if not seldom:
        return []
    return [
        f"{len(seldom)} of the {len(names)} named objects are lifted in less than {100 * SELDOM:.0f} % of tries by every one of "
        f"{', '.join(map(code, MAIN))} at low force ({', '.join(map(code, seldom))}): they leave little to win or lose."
    ]


def _so_far(arms: Arms) -> list[str]:
    planned = [arm for arm in ARMS if arm not in WHY]
    there = [arm for arm in planned if arm in arms and {run.seed for run in arms[arm].runs} >= set(SEEDS)]
    return [f"{len(there)} of {len(planned)} planned arms are played with all seeds."] if len(there) < len(planned) else []


def _points(effect: Effect) -> str:
    low, high = 100 * effect.low, 100 * effect.high
    seeds = f"seed{'s' if len(effect.by_seed) > 1 else ''} {seeds_told(effect.by_seed)}"
    return f"{100 * effect.value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}; {seeds}, {effect.n:,} tries each)"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _share(paper: int | None) -> float | None:
    return None if paper is None else paper / 100
