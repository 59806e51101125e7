"""A replayed attempt in words: what the player believed, what was done, what came of it."""

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import ANGLES_N
from sparring.game.batch import FORCE_WINDOW_STEPS
from sparring.game.replay import Attempt, Motion, Replay
from sparring.viewing.beliefs import Belief, chosen_grasp

STEP_DEG = 180 // ANGLES_N


def told(again: Replay, belief: Belief) -> str:
    """The whole attempt, a line each."""
    lines = [
        f"{again.attempt.name}: {again.attempt.row['object']}",
        f"player: {belief_in_words(again.attempt, belief)}",
        f"adversary: {attack_in_words(again.attempt)}",
        *map(motion_in_words, again.motions),
        f"outcome: {outcome(again)}",
    ]
    if not again.differences:
        return "\n".join([*lines, "replayed to the bit: it ended in the recorded state"])
    return "\n".join([*lines, "NOT replayed to the bit:", *(f"  {one}" for one in again.differences)])


def belief_in_words(attempt: Attempt, belief: Belief) -> str:
    """Who chose the grasp, and what it expected."""
    grasp = chosen_grasp(attempt)
    degrees = f"{grasp.angle * STEP_DEG} degrees"
    if belief.player is None:
        return f"{belief.why_not}, {degrees}"
    known = "" if grasp.probability is None else f", believed to hold with probability {grasp.probability:.2f}"
    if belief.scores is None:
        return f"{belief.player}, {degrees}{known}; {belief.why_not}"
    best = int(belief.scores.argmax())
    rest = "its best angle here" if best == grasp.angle else f"its best angle here: {best * STEP_DEG} ({belief.scores[best]:.2f})"
    return f"{belief.player}, {degrees}{known}; {rest}"


def attack_in_words(attempt: Attempt) -> str:
    """What the adversary did, or was going to."""
    row, kind = attempt.row, attempt.kind
    if kind is None:
        return "none"
    if kind not in ADVERSARIES:
        return f"none, but the published test {kind}"
    if row["action"] is None:
        return f"{row['adversary']}, which met nothing to attack"
    believed = row["action_probability"]
    known = "drawn at random" if believed is None else f"believed to dislodge with probability {believed:.2f}"
    what = ADVERSARIES[kind].description(row["action"])
    return f"{what}, {known}" if what.startswith(row["adversary"]) else f"{row['adversary']}: {what}, {known}"


def motion_in_words(motion: Motion) -> str:
    """When a motion was, and how hard the fingers pressed in the end."""
    left, right = motion.forces_n[-FORCE_WINDOW_STEPS:].mean(axis=0)
    steps_s = float(motion.times_s[-1] - motion.times_s[0]) / max(1, len(motion.times_s) - 1)
    began_s, ended_s = float(motion.times_s[0]) - steps_s, float(motion.times_s[-1])
    felt = f"fingers press with {min(left, right):.1f} N in the end (left {left:.1f}, right {right:.1f})"
    return f"  {began_s:5.2f} to {ended_s:5.2f} s  {motion.name:<14} {ended_s - began_s:5.2f} s, {felt}"


def outcome(again: Replay) -> str:
    """What came of it."""
    if again.invalid:
        return "invalid: the physics went wrong; it counts for nobody"
    if not again.lifted:
        if not again.sensed:
            return "not grasped"
        return "grasped, and lost on the way up" + (", before any attack" if again.attempt.kind is not None else "")
    if again.dislodged is None:
        return "lifted"
    published = again.attempt.kind not in ADVERSARIES
    if again.dislodged:
        return "lifted, then lost in the test" if published else "lifted, then dislodged: the adversary wins"
    return "lifted, and held in the test" if published else "lifted, and held against the attack: the player wins"


def is_success(again: Replay) -> bool:
    """Whether the player has what it wanted in the end."""
    return again.lifted and not again.dislodged and not again.invalid
