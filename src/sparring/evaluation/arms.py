"""Arms of an experiment: runs that differ in nothing but their seed are one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sparring.config import RunConfig
from sparring.config_file import flat, to_json
from sparring.game.run_folder import RunFolder

SETTINGS_SHOWN_N = 3


@dataclass(frozen=True)
class Arm:
    """Runs that differ in their seed alone."""

    label: str
    """What tells it from the other arms; of a single one the name of its run."""
    runs: tuple[RunFolder, ...]

    @property
    def config(self) -> RunConfig:
        """Of its first run."""
        return self.runs[0].config()


def same_arms(first: RunConfig, second: RunConfig) -> bool:
    """Whether two runs differ in nothing but their seed."""
    return replace(first, seed=0) == replace(second, seed=0)


def arms_of(runs: Sequence[RunFolder]) -> list[Arm]:
    """The arms of some runs, in the order of their first ones.

    Raises:
        RunFolderError: one is no run.
    """
    groups: list[list[RunFolder]] = []
    for run in runs:
        alike = next((group for group in groups if same_arms(group[0].config(), run.config())), None)
        if alike is None:
            groups.append([run])
        else:
            alike.append(run)
    configs = [_settings(group[0].config()) for group in groups]
    return [Arm(_label(index, group, configs), tuple(group)) for index, group in enumerate(groups)]


def _settings(config: RunConfig) -> dict[str, Any]:
    return flat(json.loads(to_json(replace(config, seed=0))))


def _label(index: int, group: Sequence[RunFolder], configs: Sequence[dict[str, Any]]) -> str:
    """The settings in which an arm differs from the others; of a single arm, and where they are many, the names of its runs."""
    own = configs[index]
    differing = sorted({name for other in configs for name in own if other.get(name) != own[name]})
    names = ", ".join(run.path.resolve().name for run in group)
    if not differing or len(differing) > SETTINGS_SHOWN_N:
        return names
    return ", ".join(f"{name.rpartition('.')[2]}={own[name]}" for name in differing)
