"""Options that several subcommands share."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from sparring.errors import ConfigError
from sparring.farm.executors import FarmConfig

DeviceName = Literal["auto", "cpu", "cuda"]
ProtocolName = Literal["low-force", "high-force"]
Farm = Annotated[FarmConfig, tyro.conf.arg(name="")]
FARM = FarmConfig()
TrackerName = Literal["tensorboard", "wandb"]


@dataclass(frozen=True)
class WatchConfig:
    """What is told of the work while it runs. Decides nothing about results."""

    quiet: bool = False
    """Show no progress."""
    json_logs: bool = False
    """Tell progress and warnings as one JSON object a line on standard error."""
    track: Annotated[tuple[TrackerName, ...], tyro.conf.UseAppendAction] = ()
    """Write metrics to RUN/tracking as well, of several runs the first. tensorboard: event files; wandb: Weights & Biases, which
    needs no network where WANDB_MODE=offline. Needs pip install 'sparring[track]'."""

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            ConfigError: silence and words are both asked for.
        """
        if self.quiet and self.json_logs:
            raise ConfigError("--quiet and --json-logs contradict each other; give one of them")


Watch = Annotated[WatchConfig, tyro.conf.arg(name="")]
WATCH = WatchConfig()
Settings = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME=VALUE ...")]
