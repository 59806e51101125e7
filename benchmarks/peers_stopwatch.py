"""Times the attempts of one system, for the scripts that `peers.py` starts.

Standard library alone: they run in different environments. A script prints one JSON line, its last: the fields of `Timing`.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Played:
    """What one scene came to."""

    attempts_n: int
    lifted_n: int
    steps_n: int
    """Physics steps, those before the attempts included."""


@dataclass(frozen=True)
class Timing:
    """A script's figures."""

    attempts_n: int
    lifted_n: int
    steps_n: int
    seconds: float
    single_lifts_n: int
    """Scenes of one attempt that lifted, and so was played from beginning to end."""
    single_lifts_seconds: float
    cpu_seconds: float
    """Less than `seconds` where the core was lent to something else too."""
    timestep_s: float
    cores: list[int]
    versions: dict[str, str]


@dataclass(frozen=True)
class Options:
    """How a script was asked to play."""

    variant: str
    seconds: float
    seed: int


def options_of(description: str | None, variants: Sequence[str]) -> Options:
    """Options from the command line; the first variant is what one gets without asking."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=variants, default=variants[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="attempts are begun for so long")
    parser.add_argument("--seed", type=int, default=0)
    return Options(**vars(parser.parse_args()))


def measure(
    play: Callable[[int], Played], options: Options, *, warm_up_n: int, timestep_s: float, packages: Sequence[str]
) -> None:
    """Plays scenes one after the other and prints the timing; the first `warm_up_n` are not counted.

    Args:
        play: plays the scene of a number.
        options: how long.
        warm_up_n: scenes played before the clock starts.
        timestep_s: time step of the physics.
        packages: whose versions are told.
    """
    for number in range(warm_up_n):
        play(number)
    scenes, cpu_s, start = list[tuple[Played, float]](), time.process_time(), time.perf_counter()
    now = start
    while now - start < options.seconds:
        before, played = now, play(warm_up_n + len(scenes))
        now = time.perf_counter()
        scenes.append((played, now - before))
    cpu_s = time.process_time() - cpu_s
    single_lifts_s = [took_s for played, took_s in scenes if played.lifted_n == played.attempts_n == 1]
    timing = Timing(
        attempts_n=sum(played.attempts_n for played, _ in scenes),
        lifted_n=sum(played.lifted_n for played, _ in scenes),
        steps_n=sum(played.steps_n for played, _ in scenes),
        seconds=now - start,
        single_lifts_n=len(single_lifts_s),
        single_lifts_seconds=sum(single_lifts_s),
        cpu_seconds=cpu_s,
        timestep_s=timestep_s,
        cores=sorted(os.sched_getaffinity(0)),
        versions={"python": platform.python_version()} | {name: version(name) for name in packages},
    )
    print(json.dumps(asdict(timing)), flush=True)
