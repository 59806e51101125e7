"""Arms of an experiment: runs that differ in nothing but their seed are one."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sparring.config import RunConfig
from sparring.config_file import flat, to_json
from sparring.game.run_folder import RunFolder

SETTINGS_SHOWN_N = 3


@dataclass(frozen=True)
class Arm:
    """Runs that differ in their seed alone."""

    label: str
    """What tells it from the other arms; of a single one the names of its runs."""
    runs: tuple[RunFolder, ...]
    names: tuple[str, ...]
    """What tells each run from all others."""

    @property
    def config(self) -> RunConfig:
        """Of its first run."""
        return self.runs[0].config()


def same_arms(first: RunConfig, second: RunConfig) -> bool:
    """Whether two runs differ in nothing but their seed, and in how they are tested."""
    return replace(first, seed=0, test=second.test) == replace(second, seed=0)


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
    names = names_of(runs)
    of_groups = [tuple(names[run] for run in group) for group in groups]
    labels = _labels([group[0].config() for group in groups], of_groups)
    return [Arm(label, tuple(group), own) for label, group, own in zip(labels, groups, of_groups, strict=True)]


def names_of(runs: Sequence[RunFolder]) -> dict[RunFolder, str]:
    """A name for each run: of its folder, with as many folders above it as tell it from the others."""
    paths = {run: run.path.resolve() for run in runs}
    for depth in range(1, max((len(path.parts) for path in paths.values()), default=1)):
        names = {run: Path(*path.parts[-depth:]).as_posix() for run, path in paths.items()}
        if len(set(names.values())) == len(names):
            return names
    return {run: path.as_posix() for run, path in paths.items()}


def _labels(configs: Sequence[RunConfig], names: Sequence[tuple[str, ...]]) -> list[str]:
    """The settings in which each arm differs from the others; the names of its runs where those are none or many."""
    settings = [_settings(config) for config in configs]
    differing = sorted({name for one in settings for name in one if any(other.get(name) != one[name] for other in settings)})
    if not differing or len(differing) > SETTINGS_SHOWN_N:
        return [", ".join(own) for own in names]
    short = Counter(name.rpartition(".")[2] for name in differing)
    shown = {name: last if short[last := name.rpartition(".")[2]] == 1 else name for name in differing}
    return [", ".join(f"{shown[name]}={one.get(name)}" for name in differing) for one in settings]


def _settings(config: RunConfig) -> dict[str, Any]:
    tree = json.loads(to_json(replace(config, seed=0)))
    return flat({name: value for name, value in tree.items() if name != "test"})
