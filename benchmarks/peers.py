"""Grasp attempts a second on one core, one object a scene, no network: this project, robosuite and PyBullet side by side.

The peers are no dependency of the project. They live in an environment of their own, of Python 3.11 at most, for which alone
PyBullet has wheels:

    python3.11 -m venv PEERS
    PEERS/bin/pip install -r benchmarks/peers-requirements.txt
    python benchmarks/peers.py --peers-python PEERS/bin/python

Every system runs in a process of its own on the same core, one after the other, round by round; what comes before the first
counted attempt (imports, a few attempts to warm up) is left out. What an attempt is, is said in `peers_sparring.py`,
`peers_robosuite.py` and `peers_pybullet.py`. The last line is JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import median

import tyro
from peers_stopwatch import Timing

from sparring.evaluation.markdown import Table, markdown
from sparring.evaluation.statistics import Rate
from sparring.evaluation.wording import with_interval

HERE = Path(__file__).resolve().parent
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
THREADS = {f"{library}_NUM_THREADS": "1" for library in LIBRARIES}
HOW_TO = (
    "make the peers' environment with Python 3.11 (PyBullet has no wheels for later ones): "
    "python3.11 -m venv PEERS && PEERS/bin/pip install -r benchmarks/peers-requirements.txt, then --peers-python PEERS/bin/python"
)
QUIET_SHARE = 0.97
"""With less of the core than this the figures say more about the neighbours."""
NOTES = """\
An attempt is all from a new scene to its outcome. Those that lift are told apart: sparring ends an attempt that has lost its
object. All aim at the object's known place; no system uses a picture to choose.

- sparring: a floating parallel hand, position control with limited forces; primitive shapes, another object compiled in every
  scene. Settling, a ray-cast picture (320 x 240) and its PNG are included. Descends from just over the object, raises 30 cm.
- robosuite: a Panda arm, operational-space control in Python at every physics step; one cube, no picture. Descends some 18 cm,
  raises 30 cm. Its MuJoCo is the latest that it runs with, not this project's.
- PyBullet: a KUKA arm, inverse kinematics and position control; one of 900 meshes; a picture of 48 x 48 at the reset and after
  every action, or none (blind). Descends some 40 cm, raises up to 50 cm. Bullet, not MuJoCo."""


@dataclass(frozen=True)
class System:
    """What is measured: a script and its variant."""

    name: str
    script: str
    variant: str


OURS = (
    System("sparring, 1 grasp a scene", "peers_sparring.py", "one"),
    System("sparring, 4 grasps a scene", "peers_sparring.py", "four"),
)
PEERS = (
    System("robosuite", "peers_robosuite.py", "hard-reset"),
    System("robosuite, hard_reset=False", "peers_robosuite.py", "soft-reset"),
    System("PyBullet", "peers_pybullet.py", "camera"),
    System("PyBullet, blind", "peers_pybullet.py", "blind"),
)
TURNS = (OURS[0], PEERS[0], PEERS[2], OURS[1], PEERS[1], PEERS[3])
"""In this order every round."""


@dataclass(frozen=True)
class Figures:
    """One system's timings, a round each."""

    timings: tuple[Timing, ...]

    @property
    def attempts_per_s(self) -> list[float]:
        """Rate of each round."""
        return [timing.attempts_n / timing.seconds for timing in self.timings]

    @property
    def lifted(self) -> Rate:
        """Successes of all rounds."""
        return Rate(int(self._sum("lifted_n")), int(self._sum("attempts_n")))

    @property
    def steps_per_attempt(self) -> float:
        """Physics steps of an attempt, its share of the scene's included."""
        return self._sum("steps_n") / self._sum("attempts_n")

    @property
    def simulated_s_per_attempt(self) -> float:
        """The same in simulated time."""
        return self.steps_per_attempt * self.timings[0].timestep_s

    @property
    def steps_per_s(self) -> float:
        """Physics steps in a second of the clock, everything else included."""
        return self._sum("steps_n") / self._sum("seconds")

    @property
    def lifting_attempts_per_s(self) -> float | None:
        """Rate if every attempt took as long as those that lifted; None without any, or with more than one a scene."""
        return self._sum("single_lifts_n") / self._sum("single_lifts_seconds") if self._sum("single_lifts_n") else None

    @property
    def core_share(self) -> float:
        """Share of the core that the process got."""
        return self._sum("cpu_seconds") / self._sum("seconds")

    @property
    def versions(self) -> dict[str, str]:
        """Of its interpreter and packages."""
        return self.timings[0].versions

    def _sum(self, name: str) -> float:
        return sum(getattr(timing, name) for timing in self.timings)


def main(peers_python: Path, seconds: float = 20.0, rounds: int = 3, core: int | None = None) -> None:
    """Measures.

    Args:
        peers_python: interpreter of the environment with the peers.
        seconds: seconds of attempts of each system and round.
        rounds: rounds of all systems.
        core: the core that all share; the last one that this process may use, if not given.
    """
    peers_python = peers_python.absolute()  # not resolved: a link to it would lose its environment
    allowed = os.sched_getaffinity(0)
    core = max(allowed) if core is None else core
    _require(seconds > 0 and rounds > 0, f"--seconds and --rounds must be positive, got {seconds} and {rounds}")
    _require(core in allowed, f"--core must be one of {sorted(allowed)}, got {core}")
    _require_peers(peers_python)
    os.sched_setaffinity(0, {core})  # what it starts inherits this
    timings: dict[System, list[Timing]] = {system: [] for system in TURNS}
    for number, system in product(range(rounds), TURNS):
        timing = _timed(system, peers_python, seconds=seconds, seed=number)
        timings[system].append(timing)
        print(f"round {number + 1}: {system.name}: {timing.attempts_n / timing.seconds:.2f} attempts/s", flush=True)
    figures = {system: Figures(tuple(timings[system])) for system in OURS + PEERS}
    tables = [markdown(table) for table in (_systems_table(figures), _ratio_table(figures), _versions_table(figures))]
    print("\n" + "\n\n".join([*tables, NOTES]) + "\n")
    if min(one.core_share for one in figures.values()) < QUIET_SHARE:
        print("The core was shared with something else: measure again on a quiet machine.\n")
    print(json.dumps(_summary(figures, rounds=rounds, seconds=seconds)))


def _require(condition: bool, message: str) -> None:
    """Ends with the message where something asked for is not given."""
    if not condition:
        raise SystemExit(message)


def _require_peers(python: Path) -> None:
    """Ends with a line that tells what to do, when the peers cannot be imported."""
    _require(python.exists(), f"there is no {python}; {HOW_TO}")
    try:
        done = subprocess.run([python, "-c", "import robosuite, pybullet_envs"], capture_output=True, text=True)
    except OSError as error:
        raise SystemExit(f"cannot run {python} ({error.strerror}); {HOW_TO}") from None
    _require(not done.returncode, f"{python} cannot import the peers ({_last_line(done.stderr)}); {HOW_TO}")


def _timed(system: System, peers_python: Path, *, seconds: float, seed: int) -> Timing:
    """Plays one system for a while, in a process of its own."""
    python = Path(sys.executable) if system in OURS else peers_python
    options = ["--variant", system.variant, "--seconds", str(seconds), "--seed", str(seed)]
    with tempfile.TemporaryDirectory() as folder:  # for what the engines write wherever they stand
        done = subprocess.run(
            [python, HERE / system.script, *options], cwd=folder, env=os.environ | THREADS, capture_output=True, text=True
        )
    advice = "" if system in OURS else f"; {HOW_TO}"
    _require(not done.returncode, f"{system.script} failed ({_last_line(done.stderr)}){advice}")
    timing = Timing(**json.loads(_last_line(done.stdout)))
    assert timing.cores == sorted(os.sched_getaffinity(0))
    return timing


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _systems_table(figures: dict[System, Figures]) -> Table:
    speed = ["attempts/s", "range", "attempts/s that lift", "steps/s"]
    header = ["system", *speed, "simulated s", "steps", "step, ms", "lifted", "n", "core"]
    return header, [_row(system, one) for system, one in figures.items()]


def _row(system: System, figures: Figures) -> list[str]:
    rates, lifting = figures.attempts_per_s, figures.lifting_attempts_per_s
    return [
        system.name,
        f"{median(rates):.2f}",
        f"{min(rates):.2f} to {max(rates):.2f}",
        "" if lifting is None else f"{lifting:.2f}",
        f"{figures.steps_per_s:,.0f}",
        f"{figures.simulated_s_per_attempt:.2f}",
        f"{figures.steps_per_attempt:.0f}",
        f"{1000 * figures.timings[0].timestep_s:.2f}",
        with_interval(figures.lifted),
        str(figures.lifted.n),
        f"{figures.core_share:.0%}",
    ]


def _ratios(ours: Figures, peer: Figures) -> list[float]:
    """How many times as fast as a peer, round by round."""
    return [mine / other for mine, other in zip(ours.attempts_per_s, peer.attempts_per_s, strict=True)]


def _ratio_table(figures: dict[System, Figures]) -> Table:
    body = [[ours.name, *(_spread(_ratios(figures[ours], figures[peer])) for peer in PEERS)] for ours in OURS]
    return ["times as fast as", *(peer.name for peer in PEERS)], body


def _versions_table(figures: dict[System, Figures]) -> Table:
    body = [
        [system.name.partition(",")[0], ", ".join(f"{name} {number}" for name, number in figures[system].versions.items())]
        for system in (OURS[0], PEERS[0], PEERS[2])
    ]
    return ["system", "versions"], body


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def _summary(figures: dict[System, Figures], *, rounds: int, seconds: float) -> dict[str, object]:
    return {
        "rounds": rounds,
        "seconds": seconds,
        "core": figures[OURS[0]].timings[0].cores[0],
        "systems": {system.name: _entry(one) for system, one in figures.items()},
        "ratios": {
            f"{ours.name} / {peer.name}": _rounded(_ratios(figures[ours], figures[peer])) for ours, peer in product(OURS, PEERS)
        },
    }


def _entry(figures: Figures) -> dict[str, object]:
    lifting = figures.lifting_attempts_per_s
    return {
        "attempts_per_s": _rounded(figures.attempts_per_s),
        "simulated_s_per_attempt": round(figures.simulated_s_per_attempt, 3),
        "steps_per_attempt": round(figures.steps_per_attempt, 1),
        "timestep_s": figures.timings[0].timestep_s,
        "lifted": {**asdict(figures.lifted), "rate": round(figures.lifted.rate, 4)},
        "lifting_attempts_per_s": lifting and round(lifting, 2),
        "steps_per_s": round(figures.steps_per_s),
        "core_share": round(figures.core_share, 3),
        "versions": figures.versions,
    }


def _rounded(values: Sequence[float]) -> dict[str, object]:
    return {
        "median": round(median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "rounds": [round(value, 3) for value in values],
    }


if __name__ == "__main__":
    tyro.cli(main)
