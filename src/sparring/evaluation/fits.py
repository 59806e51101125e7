"""What a run's metrics tell of how its networks learned."""

import math
from dataclasses import dataclass
from typing import Any

from sparring.config_file import structured
from sparring.errors import ConfigError, DataError
from sparring.game.run_folder import RunFolder
from sparring.scoring import Judged


@dataclass(frozen=True)
class Fit:
    """How one network learned. What an older version did not tell is None."""

    name: str
    epochs_n: int
    trained_n: int | None
    """Attempts that it was trained on."""
    train_accuracy: float | None
    """After the last epoch."""
    held_out: Judged | None
    """How it did on objects that it was not trained on."""
    mean_strongest_belief: float | None
    """Of an adversary: what eq. 5 takes from the attempts held out."""


def fits_of(run: RunFolder) -> list[Fit]:
    """The fits of a run that are done, in order.

    Raises:
        DataError: metrics.jsonl is damaged.
    """
    rows = run.metrics()
    return [_fit(row["fit"], row["summary"], rows) for row in rows if "summary" in row]


def _fit(name: str, summary: dict[str, Any], rows: list[dict[str, Any]]) -> Fit:
    epochs = [row for row in rows if row["fit"] == name and "epoch" in row]
    trained_n = summary.get("trained_n")
    return Fit(
        name=name,
        epochs_n=len(epochs),
        trained_n=None if trained_n is None else int(_number(trained_n)),
        train_accuracy=number_of(epochs[-1], "train_accuracy") if epochs else None,
        held_out=_held_out(summary),
        mean_strongest_belief=number_of(summary, "mean_strongest_belief"),
    )


def _held_out(summary: dict[str, Any]) -> Judged | None:
    if "held_out" not in summary:
        return None
    try:
        told = structured(summary["held_out"], Judged)
    except (ConfigError, TypeError) as error:
        raise DataError(f"metrics.jsonl is damaged: {error}") from None
    for value in (told.accuracy, told.calibration_error, told.predicted, told.observed, told.auc or 0.0):
        _number(value)
    for one in told.bins:
        _number(one.predicted + one.observed)
    return told


def number_of(row: dict[str, Any], name: str) -> float | None:
    """A number of a row of the metrics; None where it is not told.

    Raises:
        DataError: something else stands there.
    """
    value = row.get(name)
    return None if value is None else _number(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(f"metrics.jsonl is damaged: {value!r} stands where a number should")
    return float(value)
