"""Why attempts fail: from nothing between the fingers to snatched away."""

from collections import Counter
from collections.abc import Iterable

from sparring.actions.adversaries import Attack
from sparring.actions.stability import STABILITY_TESTS
from sparring.config import LiftConfig
from sparring.data.records import Row
from sparring.evaluation.attempts import attack_of

HELD = "held to the end"
NOTHING = "nothing between the fingers"
SLIPPED = "slipped on the lift"
LATER = "slipped later"
UNKNOWN = Attack.taken
"""By an adversary that is not in the table here."""
PUSHED = "failed a published test"
COLUMNS = ["force_closing_n", "sensed", "lifted", "invalid", "adversary", "action", "dislodged"]
IN_ORDER = (HELD, NOTHING, SLIPPED, LATER)
"""What can become of an attempt before anybody attacks: the end that one wishes for, then the others in the order of time."""


def cause_of(row: Row, lift: LiftConfig) -> str | None:
    """What became of an attempt; None of an invalid one. `slipped later`: after the weak sensor believed in it."""
    if row["invalid"]:
        return None
    if row["lifted"] and not row["dislodged"]:
        return HELD
    if not row["sensed"]:
        return SLIPPED if (row["force_closing_n"] or 0.0) > lift.sense_force_n else NOTHING
    if not row["lifted"]:
        return LATER
    if row["adversary"] in STABILITY_TESTS:
        return PUSHED
    found = attack_of(row)
    return UNKNOWN if found is None else found[0].taken


def causes_of(rows: Iterable[Row], lift: LiftConfig) -> Counter[str]:
    """How often what became of attempts."""
    return Counter(cause for row in rows if (cause := cause_of(row, lift)) is not None)
