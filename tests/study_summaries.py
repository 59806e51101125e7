"""Summaries of arms that never ran: players with known rates, and whole studies of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sparring.config import QUARTER
from sparring.evaluation.paper import TABLE_2
from sparring.study.arms import ARMS, WHY, arm_config, settings_of
from sparring.study.summary import Attacked, Fitted, Gained, Played, Summary, Tested, write_summary

NAMES = tuple(TABLE_2)
ITERATIONS = ("shake-1", "shake-2", "shake-3", "snatch-1", "snatch-2")
RATES = {
    "start": 0.3,
    "collaborative": 0.32,
    "shake-1": 0.34,
    "shake-2": 0.37,
    "shake-3": 0.4,
    "snatch-1": 0.41,
    "snatch-2": 0.42,
}
SHAKEN = ("random", "sensor-0-random", "realised", "first", "alpha-0", "alpha-0.5", "alpha-1", "every-share", "every-worst")


def trial(player: str, rows: Sequence[str], protocol: str = "low-force", objects: str = "named") -> Tested:
    """A test from its outcomes, a row an object."""
    return Tested(player, protocol, objects, {f"object-{number}": row for number, row in enumerate(rows)})


def played(seed: int, *tests: Tested, gained: Sequence[Gained] = (), fitted: Sequence[Fitted] = ()) -> Played:
    """A run with the given tests."""
    digest = f"{seed:064x}"
    packages = {"mujoco": "3.17.0", "numpy": "2.4.6", "torch": "2.13.0"}
    return Played(seed, digest[-16:], digest, packages, "AMD EPYC", tuple(gained), tuple(fitted), tests)


def arm(name: str, *runs: Played, preset: str = "quarter", settings: Mapping[str, str] | None = None) -> Summary:
    """An arm of some runs, which changes what it was planned to change unless said otherwise."""
    if settings is None and name in ARMS:
        settings = settings_of(QUARTER, arm_config(QUARTER, name, seed=1))
    return Summary(preset, name, dict(settings or {}), runs)


def drawn(
    rates: Mapping[str, float],
    seed: int,
    *,
    protocol: str = "low-force",
    objects: Sequence[str] = NAMES,
    scenes_n: int = 100,
    kind: str = "named",
) -> list[Tested]:
    """Tests of players with given rates: the same scenes are hard for all of them, and objects differ."""
    hard = np.random.default_rng(0).random((len(objects), scenes_n)) + np.linspace(-0.25, 0.25, len(objects))[:, None]
    luck = np.random.default_rng([seed, len(protocol), len(kind)])
    tests: list[Tested] = []
    for player, rate in rates.items():
        easy = hard + luck.normal(0, 0.15, hard.shape) < rate + luck.normal(0, 0.015)
        rows = {name: "".join("01"[int(one)] for one in row) for name, row in zip(objects, easy, strict=True)}
        tests.append(Tested(player, protocol, kind, rows))
    return tests


def study(folder: Path, seeds: Sequence[int] = (1, 2, 3, 4, 5), scenes_n: int = 100, preset: str = "quarter") -> Path:
    """Writes a whole study of plausible numbers."""
    folder = folder / preset
    low = {arm_name: {"shake-3": 0.38 + 0.004 * number} for number, arm_name in enumerate(SHAKEN)}
    low |= {f"{name}-seconds": {"shake-3": 0.36} for name in ("every-share", "every-worst")}
    low |= {f"collaborative-{what}": {"collaborative": 0.33} for what in ("grasps", "seconds")}
    low |= {"mixed": {"mixed-5": 0.41}}
    less = {name: rate for name, rate in RATES.items() if name in ("start", "collaborative", "shake-3", "snatch-2")}
    low |= {
        "sensor-0": {name: rate - 0.08 for name, rate in less.items()},
        "sensor-5": {name: rate - 0.02 for name, rate in less.items()},
    }
    low |= {name: {} for name in WHY}
    low["base"] = RATES
    held_out = [f"held-{number}" for number in range(130)]
    for name, rates in low.items():
        runs: list[Played] = []
        for seed in seeds:
            tests = drawn(rates, seed, scenes_n=scenes_n)
            if name == "base":
                novel = [f"novel-{number}" for number in range(100)]
                high = {player: rate + 0.1 for player, rate in less.items()}
                tests += drawn(high, seed, protocol="high-force", scenes_n=scenes_n)
                tests += drawn(less, seed, objects=novel, scenes_n=20, kind="novel-families")
                tests += drawn(high, seed, protocol="high-force", objects=novel, scenes_n=20, kind="novel-families")
            if name in ("base", *WHY):
                tests += drawn(less, seed, objects=held_out, scenes_n=3, kind="held-out")
            run = played(seed, *tests, gained=gathered(name, seed), fitted=learned(name, seed))
            runs.append(replace(run, attacked=tuple(crossed(tests, seed))) if name == "base" else run)
        write_summary(folder / f"{name}.json", arm(name, *runs, preset=preset))
    return folder.parent


def crossed(tests: Sequence[Tested], seed: int) -> Iterator[Attacked]:
    """Cross-play on what players lifted of the named objects at low force."""
    luck = np.random.default_rng([seed, 11])
    falls = {"none": 0.0, "random-shake": 0.15, "shake-3": 0.3, "random-snatch": 0.15, "snatch-2": 0.35, "tugs": 0.2}
    for test in [one for one in tests if (one.protocol, one.objects) == ("low-force", "named")]:
        for attacker, share in falls.items():
            rows = {
                name: "".join("-" if mark != "1" else "10"[int(luck.random() < share)] for mark in scenes)
                for name, scenes in test.outcomes.items()
            }
            yield Attacked(test.player, attacker, "low-force", "named", rows)


def gathered(arm_name: str, seed: int) -> list[Gained]:
    """Yields of an arm's stages."""
    luck = np.random.default_rng([seed, len(arm_name)])
    sensor = {"sensor-0": (0.55, 0.35), "sensor-5": (0.48, 0.6)}.get(arm_name, (0.42, 0.82))
    stages = {"random": (10_000, 0.08, None)}
    if arm_name in ("base", "sensor-0", "sensor-5"):
        stages |= {f"collaborative-{number}": (800, sensor[0], None) for number in range(1, 6)}
    if arm_name.startswith("collaborative"):
        stages |= {f"collaborative-{number}": (956, sensor[0], None) for number in range(1, 6)}
    elif arm_name == "mixed":
        stages |= {f"mixed-{number}": (550, sensor[0], 0.24) for number in range(1, 6)}
    else:
        known = ITERATIONS if arm_name in ("base", "sensor-0", "sensor-5") else ITERATIONS[:3]
        shares = (0.14, 0.25, 0.21, 0.17, 0.3)
        stages |= {name: (750 if "shake" in name else 250, sensor[0], share) for name, share in zip(known, shares, strict=False)}
    told: list[Gained] = []
    for name, (grasps_n, share, falls) in stages.items():
        sensed = int(luck.binomial(grasps_n, share))
        lifted = int(luck.binomial(sensed, sensor[1]))
        attacked, before = (0, 0) if falls is None else (lifted, sensed - lifted)
        fallen = int(luck.binomial(attacked, falls or 0.0))
        attacks = attacked * 15 if arm_name.startswith("every") else attacked
        auc = 0.5 + 0.2 * float(luck.random()) if fallen and not name.endswith("-1") else None
        told.append(Gained(name, grasps_n, int(luck.integers(3)), sensed, lifted, before, attacked, attacks, fallen, auc))
    return told


def learned(arm_name: str, seed: int) -> list[Fitted]:
    """Fits of an arm's players."""
    luck = np.random.default_rng([seed, 7])
    players = (
        ("start", "collaborative", *ITERATIONS) if arm_name in ("base", "sensor-0", "sensor-5") else ("start", *ITERATIONS[:3])
    )
    fits = [Fitted(name, 9000, 900, 12, 0.78 + luck.normal(0, 0.01), 0.8 + luck.normal(0, 0.01), None) for name in players]
    attackers = [name for name in players if name in ITERATIONS]
    beliefs = (0.31, 0.42, 0.36, 0.28, 0.4)
    return fits + [
        Fitted(f"adversary-{name}", 300, 60, 20, 0.85, 0.6 + luck.normal(0, 0.03), belief + luck.normal(0, 0.02))
        for name, belief in zip(attackers, beliefs, strict=False)
    ]
