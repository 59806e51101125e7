"""A finished trial as it is read for a report, and all of its numbers for programs."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from sparring.config import RunConfig
from sparring.evaluation.statistics import Rate
from sparring.game.run_folder import RunFolder
from sparring.stress import summary
from sparring.stress.outcomes import COLUMNS_OF, Outcomes, force_outcomes, outcomes_in
from sparring.stress.trial import KINDS, read_detector


@dataclass(frozen=True, eq=False)
class Stressed:
    """A detector's trial."""

    detector: str
    """As it was named."""
    sha256: str
    """Of its file."""
    run: RunFolder
    config: RunConfig
    outcomes: Outcomes
    swept: dict[float, Outcomes]
    """The first test scenes under other grip forces."""


def read_trial(run: RunFolder) -> Stressed:
    """A trial from its folder.

    Raises:
        SparringError: unfinished or damaged.
    """
    detector, config = read_detector(run), run.config()
    return Stressed(detector["name"], detector["sha256"], run, config, outcomes_in(run), force_outcomes(run, config))


def as_json(tested: Stressed, against: Stressed | None) -> dict[str, Any]:
    """Everything that the report says in numbers. Attacks are counted from 0 within their kind."""
    told: dict[str, Any] = {"detectors": [_told(one) for one in (tested, against) if one is not None]}
    if against is not None:
        told["comparison"] = [_plain(one) for one in summary.compared(tested.outcomes, against.outcomes)]
    return told


def _told(tested: Stressed) -> dict[str, Any]:
    outcomes = tested.outcomes
    waited = summary.waited(outcomes)
    return {
        "detector": tested.detector,
        "sha256": tested.sha256,
        "seed": tested.config.seed,
        "grip_force_n": tested.config.world.grip.force_n,
        "objects": list(tested.config.stress.objects),
        "scenes": len(outcomes.rows),
        "invalid": outcomes.invalid_n,
        "without_a_grasp": int((~outcomes.found).sum()),
        "lifted": _plain(summary.lifted_rate(outcomes)),
        "held_2_s_more": {"of_lifted": _plain(waited[0]), "of_all": _plain(waited[1])},
        "survived": [_plain(one) for one in summary.survivals(outcomes)],
        "learned_less_random_dislodged": {kind: _plain(summary.learned_gain(outcomes, kind)) for kind in COLUMNS_OF},
        "attacks": {
            kind: [{"action": index} | _plain(rate) for index, rate in summary.actions_told(outcomes, kind)] for kind in KINDS
        },
        "picked": {kind: [{"action": at, "n": n} for at, n in summary.picked(outcomes, kind)] for kind in KINDS},
        "failure_maps": [_plain(one) for one in summary.failure_maps(outcomes)],
        "what_tells_failures": [_plain(one) for one in summary.what_tells(outcomes)],
        "by_force": [_plain(one) for one in summary.by_force(tested.swept)],
        "by_object": [_plain(one) for one in summary.by_object(outcomes)],
    }


def _plain(value: Any) -> Any:
    """Dataclasses as JSON has them, rates with their intervals."""
    if isinstance(value, Rate):
        low, high = value.interval
        return {"rate": value.rate, "n": value.n, "successes": value.successes, "low": low, "high": high}
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
