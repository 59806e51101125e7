"""The paper's own numbers, to stand beside ours, without intervals."""

from sparring.game.plan import COLLABORATIVE, START

LOW_FORCE = {START: 43, COLLABORATIVE: 47, "shake-1": 52, "shake-3": 58, "snatch-2": 65}
HIGH_FORCE = {COLLABORATIVE: 68, "shake-3": 80, "snatch-2": 82}
TRIES_N = 100
"""Tries a player in table II: ten objects, ten times; the text does not say it of low force."""
OVERALL: dict[str, dict[str, int]] = {"low-force": LOW_FORCE, "high-force": HIGH_FORCE}
"""Overall success in per cent (section VI-C and table II)."""
TABLE_2: dict[str, tuple[int, int, int]] = {
    "tennis-pack": (6, 10, 10),
    "hand-tool": (10, 6, 6),
    "water-gun-1": (5, 8, 8),
    "slingy-box": (8, 8, 8),
    "plush-toy": (2, 6, 6),
    "turtle-toy": (4, 4, 6),
    "water-gun-2": (3, 8, 8),
    "soap-bottle": (10, 10, 10),
    "ring-toy": (10, 10, 10),
    "foam-bottle": (10, 10, 10),
}
"""Successes of 10 at high force: without adversary, with shake, with snatch. The text gives no such table for low force."""
YIELDS = {"shake": "27 % sensed, 21 % of those dislodged", "snatch": "35 % sensed, 29 % of those dislodged"}
"""Section VI-B."""
