"""Controls that the paper does not tell: arms that change one thing each, and alpha as a dial."""

from dataclasses import dataclass

from sparring.evaluation.markdown import markdown
from sparring.study.claims import COLLABORATIVE, SHAKE_3, SNATCH_2, effect_of
from sparring.study.comparison import Arms, Term
from sparring.study.figures import ORANGE, Mark, Series, dial_figure
from sparring.study.gathered import budget_of
from sparring.study.telling import (
    Section,
    code,
    made_by,
    missing,
    p_told,
    points_told,
    rate_told,
    seeds_of,
    single_runs,
    tries_of,
)

PICTURE = "results-alpha.svg"
ALPHAS = {0.0: "alpha-0", 0.25: "base", 0.5: "alpha-0.5", 1.0: "alpha-1"}
X_LABEL = "alpha: how much of a predicted fall is taken from a success"
Y_LABEL = "minus alpha 0, points"
SILENT = Term("alpha-0", "shake-3")
"""Attacked, and told nothing of it."""
ABOUT = (
    "Low force, ten named objects. Grasps and attacks are those after the random grasps that all arms begin with, mean over "
    "seeds; attacks are those really made. `realised` and `every-...` know of a fall only where a grasp was attacked: other "
    "successes, such as those among the random grasps, keep their full label, where base discounts every one by a prediction; "
    "and `every-...` has a fifth of the grasps (`...-seconds` a seventh). `collaborative-grasps` and `sensor-0-random` (compared "
    "with `shake-3` of `sensor-0`) were added after the registration, before they were played."
)
ABOUT_FIGURE = (
    "*What `shake-3` gains over `shake-3` of alpha 0, which is attacked as well and told nothing of it, by alpha (eq. 5), low "
    "force: mean over training seeds with its 95 % interval, single seeds as dots. Base has 0.25.*"
)


@dataclass(frozen=True)
class Control:
    """An arm's last player, and whom it is compared with."""

    arm: str
    player: str
    change: str
    against: Term | None

    @property
    def term(self) -> Term:
        """Its rate."""
        return Term(self.arm, self.player)


CONTROLS = (
    Control("base", "collaborative", "no adversary, more grasps than the whole game has grasps and attacks", None),
    Control("base", "shake-3", "the paper's game", None),
    Control("base", "snatch-2", "the paper's game, to its end", None),
    Control("random", "shake-3", "attacks are random in every iteration", SHAKE_3),
    Control("realised", "shake-3", "1 - alpha where the attack did dislodge, no prediction", SHAKE_3),
    Control("first", "shake-3", "the first iteration's adversary ever after", SHAKE_3),
    Control("alpha-0", "shake-3", "alpha 0: attacks are ignored", SHAKE_3),
    Control("alpha-0.5", "shake-3", "alpha 0.5", SHAKE_3),
    Control("alpha-1", "shake-3", "alpha 1", SHAKE_3),
    Control("sensor-0-random", "shake-3", "sensor at closing, and random attacks", Term("sensor-0", "shake-3")),
    Control("every-share", "shake-3", "all 15 shakes, the share that dislodged; equal attempts", SHAKE_3),
    Control("every-worst", "shake-3", "all 15 shakes, 1 if any dislodged; equal attempts", SHAKE_3),
    Control("every-share-seconds", "shake-3", "the share, equal simulated seconds", SHAKE_3),
    Control("every-worst-seconds", "shake-3", "the worst, equal simulated seconds", SHAKE_3),
    Control("collaborative-grasps", "collaborative", "no adversary, grasps and rounds of the shake bout", COLLABORATIVE),
    Control("collaborative-grasps", "collaborative", "the same", SHAKE_3),
    Control("collaborative-seconds", "collaborative", "no adversary, equal simulated seconds", COLLABORATIVE),
    Control("collaborative-seconds", "collaborative", "the same", SNATCH_2),
    Control("mixed", "mixed-5", "all 51 attacks in one menu, five iterations", SNATCH_2),
)


def controls(arms: Arms) -> Section:
    """One row an arm; alpha as a figure."""
    header = ["arm and player", "what is changed", "success (95 %)", "minus", "difference, points (95 %)", "p", "seeds"]
    header += ["grasps a run", "attacks a run"]
    rows = [_row(arms, control) for control in CONTROLS]
    blocks = [ABOUT, *missing(arms, [control.term for control in CONTROLS]), markdown((header, rows))]
    blocks += single_runs(arms, dict.fromkeys(control.term for control in CONTROLS))
    made = made_by("controls", "alpha")
    gains = [(alpha, effect_of(arms, Term(arm, "shake-3"), -SILENT)) for alpha, arm in ALPHAS.items()]
    marks = [Mark(alpha, gain) for alpha, gain in gains if gain is not None]
    if len(marks) < 2:  # alpha 0 less itself alone
        return Section("Controls", [*blocks, made])
    drawn = dial_figure([Series("shake-3", marks, ORANGE)], X_LABEL, Y_LABEL)
    picture = f"![Gain of shake-3 by alpha](pictures/{PICTURE})"
    return Section("Controls", [*blocks, picture, ABOUT_FIGURE, made], {PICTURE: drawn})


def controls_in_brief(arms: Arms) -> list[str]:
    """Which controls lie apart from what they are compared with, and what an adversary does that is heard more."""
    told: list[str] = []
    compared = [(control, effect_of(arms, control.term, -control.against)) for control in CONTROLS if control.against is not None]
    known = [(control, difference) for control, difference in compared if difference is not None]
    if known:
        apart = [f"{_named(control.term)} {points_told(found)}" for control, found in known if not found.low <= 0 <= found.high]
        which = "none beyond chance, every interval holds 0" if not apart else f"beyond chance {', '.join(apart)}"
        told.append(f"Comparisons of controls with what they change (below): {len(known)}, {which}.")
    louder = effect_of(arms, Term("alpha-1", "shake-3"), -SILENT)
    if louder is not None:
        told.append(
            "Where a predicted fall takes a success away altogether (alpha 1), `shake-3` minus the same with alpha 0, which is "
            f"attacked as well and told nothing of it, is {points_told(louder)} points (seeds {seeds_of(louder)}, "
            f"{tries_of(louder)} tries each, p = {p_told(louder)})."
        )
    return told


def _named(term: Term) -> str:
    return f"{code(term.arm)} {code(term.player)}"


def _row(arms: Arms, control: Control) -> list[str]:
    rate = effect_of(arms, control.term)
    told = [_named(control.term), control.change, rate_told(rate)]
    if control.against is None:
        told += ["", "", ""]
    else:
        difference = effect_of(arms, control.term, -control.against)
        told += [_named(control.against), points_told(difference), p_told(difference)]
    budget = budget_of(arms, control.arm, control.player)
    return [*told, seeds_of(rate), *(f"{each:,.0f}" for each in budget or ())] + ([] if budget else ["", ""])
