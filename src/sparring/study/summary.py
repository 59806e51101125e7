"""What is kept of an arm's runs: every outcome and every yield, in a JSON file small enough to be committed."""

import json
from collections import Counter
from collections.abc import Iterator
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
MOST_N = 10**9
"""No run has as many attempts."""


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
    fell_before_n: int
    """Where there is an adversary: of the sensed, those that fell on the way up, unattacked. Training calls them dislodged."""
    attacked_n: int
    """Of the lifted, those that were attacked."""
    attacks_n: int
    """Attacks made on them: more where every action was tried."""
    dislodged_n: int
    """Of the attacked, those that fell to the attack (to the record's own, where every action was tried)."""
    belief_auc: float | None = None
    """How well the attacker's belief in its attack told those that fell from those that did not; None of random attacks."""


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
    note: str = ""
    """What a reader has to know of how these runs were played; `sparring study` writes none."""
    format: int = FORMAT


def write_summary(path: Path, summary: Summary) -> None:
    """Writes it; equal summaries give equal bytes.

    Raises:
        DataError: it is none that could be read again.
    """
    _require_sane(summary, f"{path} cannot be written")
    write_text(path, json.dumps(asdict(summary), indent=1, sort_keys=True) + "\n")


def read_summary(path: Path) -> Summary:
    """A summary, checked.

    Raises:
        DataError: missing, damaged, or of another format.
    """
    try:
        tree = json.loads(read_text(path), object_pairs_hook=_each_once)
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
    _require_sane(summary, f"{path} is damaged", "; write it again with `sparring study`")
    return summary


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON, whose names must differ."""
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise ValueError(f"{name!r} is there twice")
    return dict(pairs)


def _require_sane(summary: Summary, what: str, next_step: str = "") -> None:
    for fault in _faults(summary):
        raise DataError(f"{what}: {fault}{next_step}")


def _faults(summary: Summary) -> Iterator[str]:
    seeds = [run.seed for run in summary.runs]
    if seeds != sorted(set(seeds)):
        yield f"runs are in the order of their seeds, each once; found seeds {seeds}"
    if any(not 0 <= seed <= MOST_N for seed in seeds):
        yield f"seeds are from 0 to {MOST_N}, found {seeds}"
    if any(not text.isprintable() for text in _texts(asdict(summary))):
        yield "names and settings are printable text"
    for run in summary.runs:
        yield from (f"seed {run.seed}, {fault}" for fault in _faults_of_run(run))


def _faults_of_run(run: Played) -> Iterator[str]:
    tests = [(one.player, one.protocol, one.objects) for one in run.tested]
    attacks = [(one.player, one.protocol, one.objects, one.attacker) for one in run.attacked]
    others = [*((f"stage {one.stage}",) for one in run.gained), *((f"fit {fit.player}",) for fit in run.fitted)]
    yield from (f"{' '.join(one)} is there twice" for one, times in Counter([*tests, *attacks, *others]).items() if times > 1)
    for test in run.tested:
        if not _is_table(test.outcomes, {LIFTED, FAILED, INVALID}):
            yield f"{test.player} on {test.objects}: outcomes are 1, 0 or x, as many for each object"
    for one in run.attacked:
        if not _is_table(one.outcomes, {SURVIVED, FELL, NOT_HELD, INVALID}):
            yield f"{one.player} under {one.attacker}: outcomes are 1, 0, - or x, as many for each object"
    for one in run.gained:
        ordered = 0 <= one.lifted_n <= one.sensed_n <= one.grasps_n <= MOST_N and 0 <= one.invalid_n <= MOST_N
        attacked = 0 <= one.dislodged_n <= one.attacked_n <= min(one.lifted_n, one.attacks_n) and one.attacks_n <= MOST_N
        attacked = attacked and 0 <= one.fell_before_n <= one.sensed_n - one.lifted_n
        if not (ordered and attacked):
            yield f"stage {one.stage}: a part is more than its whole, or a number is negative or beyond {MOST_N}"
        if one.belief_auc is not None and not 0 <= one.belief_auc <= 1:
            yield f"stage {one.stage}: an AUC is from 0 to 1, found {one.belief_auc}"
    for fit in run.fitted:
        if not 0 <= fit.positives_n <= fit.trained_n <= MOST_N or not 0 <= fit.epochs_n <= MOST_N:
            yield f"fit {fit.player}: a part is more than its whole, or a number is negative or beyond {MOST_N}"
        shares = (fit.train_accuracy, fit.held_out_auc, fit.mean_strongest_belief)
        if any(share is not None and not 0 <= share <= 1 for share in shares):
            yield f"fit {fit.player}: accuracy, AUC and belief are from 0 to 1, found {shares}"


def _is_table(outcomes: dict[str, str], marks: set[str]) -> bool:
    return set().union(*outcomes.values()) <= marks and len({len(scenes) for scenes in outcomes.values()}) <= 1


def _texts(tree: object) -> Iterator[str]:
    """Every text in a tree of plain values, keys too."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        yield from (text for pair in tree.items() for text in _texts(pair))
    elif isinstance(tree, list | tuple):
        yield from (text for one in tree for text in _texts(one))
