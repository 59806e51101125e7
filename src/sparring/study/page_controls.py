"""What the paper does not tell: controls, one change each, and how much an adversary helps as the sensor weakens."""

from dataclasses import dataclass

from sparring.evaluation.markdown import markdown
from sparring.study.bootstrap import Effect
from sparring.study.claims import COLLABORATIVE, SHAKE_3, SNATCH_2, effect_of
from sparring.study.comparison import Arms, Term
from sparring.study.figures import GREEN, ORANGE, Mark, Series, dial_figure
from sparring.study.summary import Gained, Played
from sparring.study.telling import Section, code, made_by, mean_told, missing, p_told, points_told, rate_told, seeds_of

RANDOM, COLLABORATING = "random", "collaborative-"
"""The stage that all begins with, and the beginning of the names of those without an adversary."""


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
    Control("base", "collaborative", "no adversary, as many grasps as grasps and attacks", None),
    Control("base", "shake-3", "the paper's game", None),
    Control("base", "snatch-2", "the paper's game, to its end", None),
    Control("random", "shake-3", "attacks are random in every iteration", SHAKE_3),
    Control("realised", "shake-3", "1 - alpha where the attack did dislodge, no prediction", SHAKE_3),
    Control("first", "shake-3", "the first iteration's adversary ever after", SHAKE_3),
    Control("alpha-0", "shake-3", "alpha 0: attacks are ignored", SHAKE_3),
    Control("alpha-0.5", "shake-3", "alpha 0.5", SHAKE_3),
    Control("alpha-1", "shake-3", "alpha 1", SHAKE_3),
    Control("every-share", "shake-3", "all 15 shakes, the share that dislodged; equal attempts", SHAKE_3),
    Control("every-worst", "shake-3", "all 15 shakes, 1 if any dislodged; equal attempts", SHAKE_3),
    Control("every-share-seconds", "shake-3", "the share, equal simulated seconds", SHAKE_3),
    Control("every-worst-seconds", "shake-3", "the worst, equal simulated seconds", SHAKE_3),
    Control("collaborative-seconds", "collaborative", "no adversary, equal simulated seconds", COLLABORATIVE),
    Control("collaborative-seconds", "collaborative", "the same", SNATCH_2),
    Control("mixed", "mixed-5", "all 51 attacks in one menu, five iterations", SNATCH_2),
)
ALPHAS = {0.0: "alpha-0", 0.25: "base", 0.5: "alpha-0.5", 1.0: "alpha-1"}
HEIGHTS_CM = {0: "sensor-0", 5: "sensor-5", 20: "base"}
"""Where the weak sensor is read, and the arm of it."""
ALPHA_PICTURE, SENSOR_PICTURE = "results-alpha.svg", "results-sensor.svg"


def controls(arms: Arms) -> Section:
    """One row an arm; alpha as a figure."""
    header = [
        "arm",
        "what is changed",
        "player",
        "success (95 %)",
        "compared with",
        "difference, points (95 %)",
        "p",
        "seeds",
        "grasps a run",
        "attacks a run",
    ]
    rows = [_row(arms, control) for control in CONTROLS]
    blocks = [
        "Each changes one thing of the base arm. Low force, ten named objects. Grasps and attacks are those after the "
        "random grasps that all arms begin with, mean over seeds.",
        *missing(arms, [control.term for control in CONTROLS]),
        markdown((header, rows)),
    ]
    pictures: dict[str, bytes] = {}
    marks = [
        Mark(alpha, effect) for alpha, arm in ALPHAS.items() if (effect := effect_of(arms, Term(arm, "shake-3"))) is not None
    ]
    if len(marks) > 1:
        level = effect_of(arms, COLLABORATIVE)
        pictures[ALPHA_PICTURE] = dial_figure(
            [Series("shake-3: mean, 95 % interval", marks, ORANGE)],
            "alpha: how much of a predicted fall is taken from a success",
            "lifted 30 cm and held, %",
            zero=False,
            level=None if level is None else ("collaborative", level.value),
        )
        blocks += [
            f"![Success of shake-3 by alpha](pictures/{ALPHA_PICTURE})",
            "*`shake-3` by alpha (eq. 5), low force: mean over training seeds with its 95 % interval, single seeds as "
            "dots. Base has 0.25.*",
        ]
    used = list(dict.fromkeys(control.arm for control in CONTROLS))
    return Section("Controls", [*blocks, made_by("quarter", used)], pictures)


def sensor(arms: Arms) -> Section:
    """The gain of each adversary against the height at which the weak sensor is read."""
    header = [
        "read at",
        "arm",
        "`collaborative`",
        "`shake-3`",
        "gain, points (95 %)",
        "`snatch-2`",
        "gain, points (95 %)",
        "seeds",
    ]
    header += ["random grasps: sensed, really lifted", "in play: sensed, really lifted"]
    rows = [_sensor_row(arms, height, arm) for height, arm in HEIGHTS_CM.items()]
    planned = [Term(arm, player) for arm in HEIGHTS_CM.values() for player in ("collaborative", "shake-3", "snatch-2")]
    blocks = [
        "Players learn from a weak sensor: does something press on the fingers when the hand is up? Read lower, it is "
        "wrong more often. Gain: less `collaborative` of the same arm, "
        "low force. Really lifted: of the sensed, those held 30 cm up, mean over seeds (least to most).",
        *missing(arms, planned),
        markdown((header, rows)),
    ]
    drawn = [_gain_series(arms, "shake-3", ORANGE), _gain_series(arms, "snatch-2", GREEN)]
    drawn = [one for one in drawn if one.marks]
    pictures: dict[str, bytes] = {}
    if drawn:
        pictures[SENSOR_PICTURE] = dial_figure(
            drawn, "height at which the sensor is read, cm", "gain over collaborative, points", zero=True
        )
        blocks += [
            f"![Gain by the height of the sensor](pictures/{SENSOR_PICTURE})",
            "*Gain of each adversary's last player over the collaborative one: mean over training seeds with its 95 % "
            "interval, single seeds as dots.*",
        ]
    return Section("The sensor dial", [*blocks, made_by("quarter", HEIGHTS_CM.values())], pictures)


def _row(arms: Arms, control: Control) -> list[str]:
    rate = effect_of(arms, control.term)
    told = [code(control.arm), control.change, code(control.player), rate_told(rate)]
    if control.against is None:
        told += ["", "", ""]
    else:
        difference = effect_of(arms, control.term, -control.against)
        told += [f"base {code(control.against.player)}", points_told(difference), p_told(difference)]
    stages = [_stages_to(run, control.player) for run in arms[control.arm].runs] if control.arm in arms else []
    grasps_n = [sum(one.grasps_n for one in run) for run in stages]
    attacks_n = [sum(one.attacks_n for one in run) for run in stages]
    return [*told, seeds_of(rate), _a_run(grasps_n), _a_run(attacks_n)]


def _stages_to(run: Played, player: str) -> list[Gained]:
    """The stages that a player learned from, beside the random grasps."""
    if player == "collaborative":
        return [one for one in run.gained if one.stage.startswith(COLLABORATING)]
    played = [one for one in run.gained if one.stage != RANDOM and not one.stage.startswith(COLLABORATING)]
    names = [one.stage for one in played]
    return played[: names.index(player) + 1] if player in names else []


def _a_run(counts: list[int]) -> str:
    return f"{sum(counts) / len(counts):,.0f}" if counts else ""


def _sensor_row(arms: Arms, height_cm: int, arm: str) -> list[str]:
    rates = {player: effect_of(arms, Term(arm, player)) for player in ("collaborative", "shake-3", "snatch-2")}
    told = [rate_told(rates["collaborative"])]
    for player in ("shake-3", "snatch-2"):
        told += [rate_told(rates[player]), points_told(_gain(arms, arm, player))]
    runs = arms[arm].runs if arm in arms else ()
    random = [_lifted_share([one for one in run.gained if one.stage == RANDOM]) for run in runs]
    played = [_lifted_share([one for one in run.gained if one.stage != RANDOM]) for run in runs]
    known = [mean_told([share for share in shares if share is not None]) for shares in (random, played)]
    return [f"{height_cm} cm", code(arm), *told, seeds_of(rates["collaborative"]), *known]


def _lifted_share(stages: list[Gained]) -> float | None:
    sensed_n = sum(one.sensed_n for one in stages)
    return sum(one.lifted_n for one in stages) / sensed_n if sensed_n else None


def _gain(arms: Arms, arm: str, player: str) -> Effect | None:
    return effect_of(arms, Term(arm, player), -Term(arm, "collaborative"))


def _gain_series(arms: Arms, player: str, colour: str) -> Series:
    known = [(height, _gain(arms, arm, player)) for height, arm in HEIGHTS_CM.items()]
    return Series(f"{player} - collaborative", [Mark(height, gain) for height, gain in known if gain is not None], colour)
