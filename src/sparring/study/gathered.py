"""What a player of an arm has learned from: grasps and attacks, and how often the weak sensor was right of them."""

from statistics import fmean

from sparring.study.comparison import Arms
from sparring.study.summary import Gained, Played

RANDOM, COLLABORATING = "random", "collaborative-"
"""The stage that all begins with, and the beginning of the names of those without an adversary."""


def budget_of(arms: Arms, arm: str, player: str) -> tuple[float, float] | None:
    """Grasps and attacks after the random grasps, mean over training seeds; none while nothing is played."""
    runs = [_stages_to(run, player) for run in arms[arm].runs] if arm in arms else []
    if not runs:
        return None
    return fmean(sum(one.grasps_n for one in run) for run in runs), fmean(sum(one.attacks_n for one in run) for run in runs)


def budget_told(arms: Arms, arm: str, player: str) -> str:
    """The same in words."""
    grasps_n, attacks_n = budget_of(arms, arm, player) or (0, 0)
    return f"{grasps_n:,.0f} grasps" + (f" and {attacks_n:,.0f} attacks" if attacks_n else "")


def lifted_shares(arms: Arms, arm: str, *, random: bool) -> list[float]:
    """Of the sensed, the share that was lifted, run by run: of the random grasps, or of all later ones."""
    stages = [[one for one in run.gained if (one.stage == RANDOM) == random] for run in (arms[arm].runs if arm in arms else ())]
    counts = [(sum(one.lifted_n for one in some), sum(one.sensed_n for one in some)) for some in stages]
    return [lifted_n / sensed_n for lifted_n, sensed_n in counts if sensed_n]


def _stages_to(run: Played, player: str) -> list[Gained]:
    """The stages that a player learned from, beside the random grasps."""
    if player == "collaborative":
        return [one for one in run.gained if one.stage.startswith(COLLABORATING)]
    played = [one for one in run.gained if one.stage != RANDOM and not one.stage.startswith(COLLABORATING)]
    names = [one.stage for one in played]
    return played[: names.index(player) + 1] if player in names else []
