"""Arms and studies are what was preregistered."""

import re
from pathlib import Path

import pytest

from sparring.config import PRESETS, QUARTER, SMOKE
from sparring.config_file import from_json, to_json
from sparring.errors import ConfigError
from sparring.game import plan
from sparring.study.arms import ARMS, BASE, STUDIES, WHY, arm_config, study_named
from sparring.study.durations import attack_s, grasp_s
from sparring.study.sharing import shares_grasps, shares_start

ADDED = ("collaborative-grasps", "sensor-0-random")
"""Arms that were added after the registration, before they were played."""
PREREGISTERED = Path(__file__).parents[2] / "experiments" / "PREREGISTERED.md"
OTHERS = (BASE, "collaborative-grasps", "collaborative-seconds", "mixed", "sensor-0", "sensor-5", "sensor-0-random", *WHY)
SHAKEN = [name for name in ARMS if name not in OTHERS]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_of_every_preset_can_be_played_and_written_down(arm: str, preset: str) -> None:
    config = arm_config(PRESETS[preset], arm, seed=3)
    assert from_json(to_json(config)) == config
    assert config.seed == 3
    assert config.learning.threads_n == 1
    assert plan.tested_names(config)


def test_arms_differ() -> None:
    configs = [arm_config(QUARTER, arm, seed=1) for arm in ARMS]
    assert len(set(map(to_json, configs))) == len(ARMS)


def test_the_base_arm_is_the_preset() -> None:
    config = arm_config(QUARTER, BASE, seed=1)
    assert (config.match, config.world, config.attack) == (QUARTER.match, QUARTER.world, QUARTER.attack)


@pytest.mark.parametrize("arm", WHY)
def test_what_was_thought_of_later_meets_no_test_object(arm: str) -> None:
    config = arm_config(QUARTER, arm, seed=1)
    assert (config.test.objects, config.test.tries_n) == ("held-out", 3)
    assert all(test.objects == "held-out" for test in STUDIES["why"].tests)


def test_a_grasp_and_a_shake_take_as_long_as_was_said() -> None:
    assert grasp_s(QUARTER) == pytest.approx(1.25, abs=0.01)
    assert attack_s(QUARTER, "shake") == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("arm", "grasps_n"),
    [("every-share", 140), ("every-worst", 140), ("every-share-seconds", 109), ("every-worst-seconds", 109), ("random", 750)],
)
def test_an_iteration_has_the_preregistered_grasps(arm: str, grasps_n: int) -> None:
    (bout,) = arm_config(QUARTER, arm, seed=1).match.bouts
    assert (bout.adversary, bout.iterations_n, bout.grasps_per_iteration_n) == ("shake", 3, grasps_n)


def test_the_other_budgets_are_the_preregistered_ones() -> None:
    assert arm_config(QUARTER, "collaborative-seconds", seed=1).match.collaborative_grasps_n == 4780
    alone = arm_config(QUARTER, "collaborative-grasps", seed=1).match
    assert (alone.collaborative_grasps_n, alone.rounds_n) == (2250, 3)
    (bout,) = arm_config(QUARTER, "mixed", seed=1).match.bouts
    assert (bout.adversary, bout.iterations_n, bout.grasps_per_iteration_n) == ("mixed", 5, 550)
    heights = [arm_config(QUARTER, arm, seed=1).world.lift.sense_height_m for arm in ("sensor-0", "sensor-5", BASE)]
    assert heights == [0.0, 0.05, 0.20]


def test_every_arm_is_named_in_what_was_preregistered_or_added() -> None:
    named = set(re.findall(r"`([a-z0-9.-]+)`", PREREGISTERED.read_text()))
    assert set(ARMS) - {BASE, *ADDED, *WHY} <= named
    assert not any(set(study.arms) & set(WHY) for name, study in STUDIES.items() if name != "why")
    assert set().union(*(study.arms for study in STUDIES.values())) == set(ARMS)


@pytest.mark.parametrize(
    ("arm", "names"),
    [
        (BASE, ["start", "collaborative", "shake-1", "shake-2", "shake-3", "snatch-1", "snatch-2"]),
        ("sensor-0", ["start", "collaborative", "shake-3", "snatch-2"]),
        ("mixed", ["mixed-5"]),
        ("collaborative-seconds", ["collaborative"]),
        ("collaborative-grasps", ["collaborative"]),
        *((arm, ["shake-3"]) for arm in (*SHAKEN, "sensor-0-random")),
    ],
)
def test_those_are_tested_that_are_compared(arm: str, names: list[str]) -> None:
    assert plan.tested_names(arm_config(QUARTER, arm, seed=1)) == names
    assert set(names) <= set(plan.player_names(arm_config(QUARTER, arm, seed=1)))


@pytest.mark.parametrize("arm", ARMS)
def test_arms_share_random_grasps_and_where_they_may_p_0(arm: str) -> None:
    base, other = arm_config(QUARTER, BASE, seed=1), arm_config(QUARTER, arm, seed=1)
    assert shares_grasps(base, other)
    assert shares_start(base, other) == (arm not in ("sensor-0", "sensor-5", "sensor-0-random", "alexnet"))
    assert not shares_grasps(base, arm_config(QUARTER, arm, seed=2))
    assert not shares_grasps(base, arm_config(SMOKE, arm, seed=1))


def test_an_unknown_study_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"table-3.*table-1, table-2"):
        study_named("table-3")
