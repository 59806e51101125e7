"""What is kept of an arm's runs: every outcome and every yield, in a JSON file small enough to be committed."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sparring.config_file import structured
from sparring.data.files import read_text, write_text
from sparring.errors import ConfigError, DataError

FORMAT = 1
LIFTED, FAILED, INVALID = "1", "0", "x"
"""Outcome of a try in `Tested.outcomes`."""
SURVIVED, FELL, NOT_HELD = "1", "0", "-"
"""Outcome of an attack in `Attacked.outcomes`; `INVALID` as well."""


@dataclass(frozen=True)
class Tested:
    """A player's test: one character a scene, in the order in which scenes are numbered, which is the same for all players."""

    player: str
    protocol: str
    objects: str
    outcomes: dict[str, str]
    """Object -> its scenes: 1 lifted, 0 not, x invalid."""


@dataclass(frozen=True)
class Attacked:
    """What one attacker left of what a player lifted in cross-play; one character a scene, as in `Tested`."""

    player: str
    attacker: str
    """none, random-shake, shake-3, tugs, ..."""
    protocol: str
    objects: str
    outcomes: dict[str, str]
    """Object -> its scenes: 1 survived, 0 dislodged, - was not lifted, x invalid."""


@dataclass(frozen=True)
class Gained:
    """What a stage of the match gathered; counts of valid attempts."""

    stage: str
    grasps_n: int
    invalid_n: int
    sensed_n: int
    lifted_n: int
    """Of the sensed, those really held 30 cm up."""
    attacked_n: int
    """Sensed grasps that were attacked."""
    attacks_n: int
    """Attacks made on them: more where every action was tried."""
    dislodged_n: int
    """Of the attacked, those whose attack (the first, where every action was tried) made the object fall."""


@dataclass(frozen=True)
class Fitted:
    """How a network learned."""

    player: str
    trained_n: int
    positives_n: int
    epochs_n: int
    train_accuracy: float | None
    held_out_auc: float | None
    mean_strongest_belief: float | None
    """Of an adversary, on held-out grasps: what eq. 5 would take from them. None for a protagonist."""


@dataclass(frozen=True)
class Played:
    """One training run."""

    seed: int
    config_hash: str
    digest: str
    """sha256 over what decided the run and what it resulted in (`sparring digest`)."""
    packages: dict[str, str]
    processor: str
    gained: tuple[Gained, ...]
    fitted: tuple[Fitted, ...]
    tested: tuple[Tested, ...]
    attacked: tuple[Attacked, ...] = ()
    """In cross-play within the run."""


@dataclass(frozen=True)
class Summary:
    """All runs of one arm at one preset."""

    preset: str
    arm: str
    settings: dict[str, str]
    """What the arm changes in the preset: setting -> its value as JSON."""
    runs: tuple[Played, ...]
    """In the order of their seeds."""
    format: int = FORMAT


def write_summary(path: Path, summary: Summary) -> None:
    """Writes it; equal summaries give equal bytes."""
    write_text(path, json.dumps(asdict(summary), indent=1, sort_keys=True) + "\n")


def read_summary(path: Path) -> Summary:
    """A summary, checked.

    Raises:
        DataError: missing, damaged, or of another format.
    """
    try:
        tree = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no summary of an arm: {error}") from None
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        found = tree.get("format") if isinstance(tree, dict) else type(tree).__name__
        raise DataError(
            f"{path} is no summary of an arm of format {FORMAT}: found {found!r}; write it again with `sparring study`"
        )
    try:
        summary = structured(tree, Summary)
    except ConfigError as error:
        raise DataError(f"{path} is damaged: {error}") from None
    _require_sane(path, summary)
    return summary


def _require_sane(path: Path, summary: Summary) -> None:
    for run in summary.runs:
        for test, allowed in (*((one, "10x") for one in run.tested), *((one, "10-x") for one in run.attacked)):
            told = set().union(*test.outcomes.values())
            if not told <= set(allowed) or len({len(scenes) for scenes in test.outcomes.values()}) > 1:
                which = f"seed {run.seed}, {test.player} on {test.objects}"
                raise DataError(f"{path} is damaged: {which}: outcomes are of {allowed}, as many for each object")
