"""The sensor dial: how much an adversary helps as the sensor that all learn from weakens."""

from sparring.evaluation.markdown import markdown
from sparring.study.bootstrap import Effect
from sparring.study.claims import effect_of
from sparring.study.comparison import Arms, Term
from sparring.study.figures import GREEN, ORANGE, Mark, Series, dial_figure
from sparring.study.gathered import lifted_shares
from sparring.study.telling import Section, code, made_by, mean_told, missing, points_told, rate_told, seeds_of, single_runs

HEIGHTS_CM = {0: "sensor-0", 5: "sensor-5", 20: "base"}
"""Where the weak sensor is read, and the arm of it."""
COLLABORATIVE, SHAKE_3, SNATCH_2 = "collaborative", "shake-3", "snatch-2"
PICTURE = "results-sensor.svg"
X_LABEL, Y_LABEL = "height at which the sensor is read, cm", "gain over collaborative, points"
ABOUT = (
    "Players learn from a weak sensor: whether something presses on the fingers when the hand is so far up. Gain: minus "
    "`collaborative` of the same arm, low force. Really lifted: of the sensed, those held 30 cm up, mean over seeds, in "
    "brackets least ... most. What is sensed and falls on the way up counts as dislodged, as on a robot: where the sensor is "
    "weak, much of what the adversarial players are told is thus whether the object was lifted at all. `sensor-0-random` "
    "(Controls) is told as much of that by random attacks."
)
ABOUT_FIGURE = (
    "*Gain of each adversary's last player over the collaborative one: mean over training seeds with its 95 % interval, "
    "single seeds as dots.*"
)


def sensor(arms: Arms) -> Section:
    """The gain of each adversary against the height at which the weak sensor is read."""
    header = [
        "read at",
        code(COLLABORATIVE),
        code(SHAKE_3),
        "gain, points (95 %)",
        code(SNATCH_2),
        "gain, points (95 %)",
        "seeds",
    ]
    header += ["random grasps: of the sensed really lifted", "later grasps: of the sensed really lifted"]
    rows = [_row(arms, height, arm) for height, arm in HEIGHTS_CM.items()]
    planned = [Term(arm, player) for arm in HEIGHTS_CM.values() for player in (COLLABORATIVE, SHAKE_3, SNATCH_2)]
    blocks = [ABOUT, *missing(arms, planned), markdown((header, rows)), *single_runs(arms, planned)]
    made = made_by("sensor")
    series = [_series(arms, SHAKE_3, ORANGE), _series(arms, SNATCH_2, GREEN)]
    drawn = [one for one in series if one.marks]
    if not drawn:
        return Section("The sensor dial", [*blocks, made])
    picture = f"![Gain by the height of the sensor](pictures/{PICTURE})"
    return Section("The sensor dial", [*blocks, picture, ABOUT_FIGURE, made], {PICTURE: dial_figure(drawn, X_LABEL, Y_LABEL)})


def _row(arms: Arms, height_cm: int, arm: str) -> list[str]:
    rate = effect_of(arms, Term(arm, COLLABORATIVE))
    told = [rate_told(rate)]
    for player in (SHAKE_3, SNATCH_2):
        told += [rate_told(effect_of(arms, Term(arm, player))), points_told(_gain(arms, arm, player))]
    lifted = [mean_told(lifted_shares(arms, arm, random=random)) for random in (True, False)]
    return [f"{height_cm} cm ({code(arm)})", *told, seeds_of(rate), *lifted]


def _gain(arms: Arms, arm: str, player: str) -> Effect | None:
    return effect_of(arms, Term(arm, player), -Term(arm, COLLABORATIVE))


def _series(arms: Arms, player: str, colour: str) -> Series:
    gains = [(height, _gain(arms, arm, player)) for height, arm in HEIGHTS_CM.items()]
    return Series(f"{player} - collaborative", [Mark(height, gain) for height, gain in gains if gain is not None], colour)
