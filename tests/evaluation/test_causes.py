"""Every attempt has one cause of its end, read off what was sensed."""

import pytest

from sparring.actions.adversaries import ADVERSARIES, SHAKE
from sparring.config import LiftConfig
from sparring.data.records import Row
from sparring.evaluation.causes import cause_of, causes_of
from sparring.game.run_folder import FOREIGN

LIFT = LiftConfig(sense_force_n=0.5)


def attempt(force_n: float, sensed: bool, lifted: bool, adversary: str | None = None, action: int | None = None) -> Row:
    """An attempt as far as it decides the cause; an attack dislodges."""
    return {
        "force_closing_n": force_n,
        "sensed": sensed,
        "lifted": lifted,
        "invalid": False,
        "adversary": adversary,
        "action": action,
        "dislodged": None if adversary is None else True,
    }


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        (attempt(0.0, False, False), "nothing between the fingers"),
        (attempt(7.0, False, False), "slipped on the lift"),
        (attempt(7.0, True, False), "slipped later"),
        (attempt(7.0, True, False, "shake", 3), "slipped later"),
        (attempt(7.0, True, True), "held to the end"),
        (attempt(7.0, True, True, "shake", 3) | {"dislodged": False}, "held to the end"),
        (attempt(7.0, True, True, "shake", 3), "shaken off"),
        (attempt(7.0, True, True, "random-shake", 3), "shaken off"),
        (attempt(7.0, True, True, "shake-2", 3), "shaken off"),
        (attempt(7.0, True, True, f"snatch-1{FOREIGN}0123", 3), "snatched"),
        (attempt(7.0, True, True, "mixed", SHAKE.actions_n - 1), "shaken off"),
        (attempt(7.0, True, True, "mixed", SHAKE.actions_n), "snatched"),
        (attempt(7.0, True, True, "tugs"), "failed a published test"),
        (attempt(7.0, True, True) | {"invalid": True}, None),
    ],
)
def test_the_cause_is_the_first_thing_that_went_wrong(row: Row, cause: str | None) -> None:
    assert cause_of(row, LIFT) == cause


def test_causes_are_counted_of_valid_attempts() -> None:
    held = attempt(7.0, True, True)
    rows = [attempt(0.0, False, False), held, held, held | {"invalid": True}]
    assert causes_of(rows, LIFT) == {"nothing between the fingers": 1, "held to the end": 2}


@pytest.mark.parametrize("kind", ADVERSARIES)
def test_every_adversary_has_words_for_what_it_does(kind: str) -> None:
    for action in range(ADVERSARIES[kind].actions_n):
        assert cause_of(attempt(7.0, True, True, kind, action), LIFT) in {attack.taken for attack in ADVERSARIES[kind].attacks}
