"""Trackers: TensorBoard and W&B behind one interface. What they are told decides nothing, and their failing ends nothing."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sparring.cli.options import TrackerName
from sparring.cli.progress import Standing
from sparring.errors import ConfigError

PROJECT = "sparring"
"""W&B's project, unless WANDB_PROJECT names another."""
REASON_N = 300
"""Most characters of what a tracker says when it fails."""
_LOG = logging.getLogger(__name__)


class Tracker(Protocol):
    """Where metrics are written to."""

    def write(self, metrics: Mapping[str, float], *, at: int, unit: str) -> None:
        """Metrics by name, when `at` units of all tasks that count in this unit were done."""
        ...

    def close(self) -> None:
        """Writes what is left to write."""
        ...


class TensorBoard:
    """Event files.

    Raises:
        ConfigError: it is not installed, or the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise _not_installed("tensorboard") from None
        try:
            self._writer = SummaryWriter(folder / "tensorboard")
        except OSError as error:
            raise _not_begun("tensorboard", error) from None

    def write(self, metrics: Mapping[str, float], *, at: int, unit: str) -> None:
        """One scalar a metric."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, at)

    def close(self) -> None:
        """Flushes."""
        self._writer.close()


class WeightsAndBiases:
    """A run of W&B, one a command; metrics are all that it is told. With WANDB_MODE=offline it stays on this machine.

    Raises:
        ConfigError: it is not installed, or does not begin: no key, no network.
    """

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("WANDB_SILENT", "true")  # it would write between our lines, and ask where nobody may be
        try:
            import wandb
        except ImportError:
            raise _not_installed("wandb") from None
        try:
            folder.mkdir(parents=True, exist_ok=True)  # without it W&B would write elsewhere
        except OSError as error:
            raise _not_begun("wandb", error) from None
        try:
            settings = wandb.Settings(
                console="off", disable_git=True, disable_code=True, x_disable_meta=True, x_disable_stats=True
            )
            self._run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                name=folder.resolve().parent.name,
                dir=folder,
                settings=settings,
            )
            for kind, unit in (("stage", "grasps"), ("fit", "epochs"), ("test", "tries"), ("cross-play", "tries")):
                self._run.define_metric(f"{kind}/*", step_metric=unit)
        except Exception as error:  # of its many kinds, all mean that there is no tracking, which was asked for
            raise _not_begun("wandb", error, "log in with `wandb login`, or set WANDB_MODE=offline") from None

    def write(self, metrics: Mapping[str, float], *, at: int, unit: str) -> None:
        """All metrics in one record; the unit is their axis."""
        self._run.log({unit: at, **metrics})

    def close(self) -> None:
        """Ends the run."""
        self._run.finish()


TRACKERS: dict[TrackerName, Callable[[Path], Tracker]] = {"tensorboard": TensorBoard, "wandb": WeightsAndBiases}


class Tracking:
    """Tells trackers of progress. One that fails meanwhile is given up with a warning; the work goes on.

    Args:
        names: which trackers.
        folder: where they write.

    Raises:
        ConfigError: one of them is not installed or cannot begin.
    """

    def __init__(self, names: Sequence[TrackerName], folder: Path) -> None:
        self._trackers: dict[TrackerName, Tracker] = {}
        self._before: dict[str, int] = {}
        """Units done by the tasks before, by unit."""
        try:
            for name in dict.fromkeys(names):
                self._trackers[name] = TRACKERS[name](folder)
        except ConfigError:
            self.close()
            raise

    def begun(self, standing: Standing) -> None:
        """Nothing is known yet."""

    def advanced(self, standing: Standing) -> None:
        """Writes the task's metrics."""
        metrics, unit = metrics_of(standing), standing.unit
        at = self._before.get(unit, 0) + standing.done
        self._each(lambda tracker: tracker.write(metrics, at=at, unit=unit))

    def ended(self, standing: Standing) -> None:
        """Remembers where the next task's axis begins."""
        self._before[standing.unit] = self._before.get(standing.unit, 0) + standing.done

    def close(self) -> None:
        """Ends all of them."""
        self._each(lambda tracker: tracker.close())

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._trackers.items()):
            try:
                act(tracker)
            except Exception as error:  # whatever it is, it is not worth a run
                _LOG.warning("--track %s is given up, the run goes on without it: %s", name, _reason(error))
                del self._trackers[name]


def metrics_of(standing: Standing) -> dict[str, float]:
    """A task's metrics by name, such as `stage/shake-1/success`, `stage/shake-1/success/low`, `fit/start/loss`."""
    kind, _, task = standing.name.partition(" ")
    metrics: dict[str, float] = dict(standing.metrics)
    metrics |= {name: float(count) for name, count in standing.counts.items() if name == "invalid"}
    for name, rate in standing.rates.items():
        low, high = rate.interval
        metrics |= {name: rate.rate, f"{name}/low": low, f"{name}/high": high, f"{name}/n": float(rate.n)}
    if standing.per_s is not None:
        metrics["per_s"] = standing.per_s
    return {f"{kind}/{task.replace(' ', '-')}/{name}": value for name, value in metrics.items()}


def _not_installed(name: TrackerName) -> ConfigError:
    return ConfigError(f"--track {name} needs {name}, which is not installed: pip install 'sparring[track]'")


def _not_begun(name: TrackerName, error: Exception, advice: str = "choose another folder") -> ConfigError:
    return ConfigError(f"--track {name} could not begin: {_reason(error)}; {advice}, or leave --track out")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()).rstrip(".")[:REASON_N] or type(error).__name__
