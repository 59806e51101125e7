"""Configs, their presets, and their JSON."""

import contextlib
import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lenses import lens

from sparring.config import (
    HIGH_FORCE,
    LOW_FORCE,
    PRESETS,
    SMOKE,
    BoutConfig,
    CameraConfig,
    GripConfig,
    MatchConfig,
    RandomiseConfig,
    RunConfig,
    preset_named,
)
from sparring.config_file import altered, from_json, hash_of, to_json
from sparring.errors import ConfigError

NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats())
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8))
JSON_VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)

pytestmark = pytest.mark.usefixtures("unchecked")


def leaf_paths(tree: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Paths of all leaves and inner nodes of a config's tree."""
    paths = []
    for key, value in tree.items():
        paths.append((*prefix, key))
        if isinstance(value, dict):
            paths += leaf_paths(value, (*prefix, key))
    return paths


PATHS = leaf_paths(asdict(SMOKE))
SIX_HUNDRED = (BoutConfig("shake", 3, 150), BoutConfig("snatch", 1, 150))


def with_value(path: tuple[str, ...], value: object) -> str:
    """The smoke preset as JSON with one value replaced."""
    tree = json.loads(to_json(SMOKE))
    node = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return json.dumps(tree)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name: str) -> None:
    assert from_json(to_json(PRESETS[name])) == PRESETS[name]


def test_presets_differ_in_their_hash() -> None:
    assert len({hash_of(config) for config in PRESETS.values()}) == len(PRESETS)
    assert hash_of(SMOKE) == hash_of(from_json(to_json(SMOKE)))


def test_every_setting_changes_the_hash() -> None:
    assert hash_of(replace(SMOKE, seed=1)) != hash_of(SMOKE)
    assert hash_of(altered(SMOKE, ("world.hand.opening_m=0.08123",))) != hash_of(SMOKE)


def test_the_paper_preset_says_the_papers_numbers() -> None:
    paper = preset_named("paper")
    match, shake, second = paper.match, paper.attack.shake, paper.attack.snatch.second_hand
    assert match.random_grasps_n == 40_000
    assert match.bouts == (BoutConfig("shake", 3, 3_000), BoutConfig("snatch", 2, 1_000))
    assert match.random_grasps_n + match.collaborative_grasps_n == 56_000
    assert match.patches_n == 128
    assert paper.learning.alpha == 0.25
    assert paper.world.grip.force_n == 7.0
    assert (shake.frequency_hz, shake.amplitude_m) == (2.0, 0.025)
    assert second.grip.force_n == 35.0
    assert paper.network.trunk == "alexnet"
    assert paper.network.pretrained
    assert paper.world.lift.lift_height_m == 0.30
    assert (paper.test.objects, paper.test.tries_n) == ("named", 10)
    assert paper.test.protocols == ("low-force", "high-force")


def test_the_protocols_say_the_papers_numbers() -> None:
    assert LOW_FORCE.patches_n == 128
    assert HIGH_FORCE.grip is not None
    assert (HIGH_FORCE.grip.force_n, HIGH_FORCE.patches_n) == (35.0, 1280)
    assert HIGH_FORCE.grip.pad_friction > GripConfig().pad_friction


def test_every_preset_trains_and_is_tested_at_low_force_with_seven_newtons() -> None:
    assert LOW_FORCE.grip is None
    assert {config.world.grip.force_n for config in PRESETS.values()} == {7.0}


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'tiny'.*smoke, demo, quarter, mixed, paper"):
        preset_named("tiny")


def test_a_collaborative_arm_with_less_than_the_adversarial_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"collaborative_grasps_n.*at least 870: the 600"):
        MatchConfig(bouts=SIX_HUNDRED, collaborative_grasps_n=869)
    assert MatchConfig(bouts=SIX_HUNDRED, collaborative_grasps_n=870).rounds_n == 4


def test_two_bouts_against_the_same_adversary_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"bouts.*different adversaries"):
        MatchConfig(bouts=(BoutConfig("shake", 1, 10), BoutConfig("shake", 2, 10)))


def test_the_mixed_preset_differs_from_quarter_in_its_menu_alone() -> None:
    quarter, mixed = preset_named("quarter"), preset_named("mixed")
    assert [bout.adversary for bout in mixed.match.bouts] == ["mixed"]
    assert replace(mixed, match=replace(mixed.match, bouts=quarter.match.bouts)) == quarter
    assert mixed.match.rounds_n == quarter.match.rounds_n
    grasps = [sum(bout.iterations_n * bout.grasps_per_iteration_n for bout in one.match.bouts) for one in (quarter, mixed)]
    assert grasps[0] == grasps[1]


def test_a_part_of_a_list_is_set_by_its_number() -> None:
    changed = altered(SMOKE, ("match.bouts.0.iterations_n=1", "match.bouts.1.grasps_per_iteration_n=7"))
    first, second = SMOKE.match.bouts
    expected = (replace(first, iterations_n=1), replace(second, grasps_per_iteration_n=7))
    assert changed == replace(SMOKE, match=replace(SMOKE.match, bouts=expected))


@pytest.mark.parametrize(
    "setting", ["match.bouts.2.iterations_n=1", "match.bouts.x.iterations_n=1", "match.bouts.0=1", "match.bouts.-1.adversary=a"]
)
def test_a_part_of_a_list_that_is_not_there_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match=r"match\.bouts"):
        altered(SMOKE, (setting,))


def test_a_setting_is_applied_and_nothing_else() -> None:
    changed = altered(SMOKE, ("learning.alpha=0.5", "network.trunk=alexnet", "world.spread_m=[0.1, 0.05]"))
    world = replace(SMOKE.world, spread_m=(0.1, 0.05))
    expected = replace(
        SMOKE, learning=replace(SMOKE.learning, alpha=0.5), network=replace(SMOKE.network, trunk="alexnet"), world=world
    )
    assert changed == expected


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("learning.alhpa=0.5", "alhpa"),
        ("lerning.alpha=0.5", "lerning"),
        ("learning.alpha.x=0.5", "x"),
        ("learning.alpha", "NAME=VALUE"),
        ("=1", "''"),
        ("world=3", "world"),
        ("learning.alpha=much", "much"),
    ],
)
def test_a_bad_setting_is_refused_by_name(setting: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        altered(SMOKE, (setting,))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("learning.alpha", 1.5),
        ("learning.alpha", "lots"),
        ("learning.alpha", math.nan),
        ("learning.batch_n", 1),
        ("learning.batch_n", 2.5),
        ("learning.precision", "fp64"),
        ("learning.held_out_share", 0.9),
        ("network.pretrained", "banana"),
        ("network.trunk", 5),
        ("match.bouts", "shake"),
        ("attack.snatch.spacing_m", 0.0),
        ("attack.snatch.second_hand.pull_n", -1.0),
        ("attack.snatch.second_hand.present.roll_deg", 100.0),
        ("attack.snatch.second_hand.present.position_m", [0.0, 0.0, 0.1]),
        ("match.random_grasps_n", 0),
        ("test.objects", "everything"),
        ("test.protocols", ["middle-force"]),
        ("test.tries_n", -1),
        ("seed", -1),
        ("seed", None),
        ("seed", 0.5),
        ("world.timestep_s", 0.1),
        ("world.timestep_s", math.inf),
        ("world.objects.mass_kg", [0.5, 0.1]),
        ("world.objects.mass_kg", [0.1]),
        ("world.objects.mass_middle_kg", -0.2),
        ("world.objects.mass_exponent", math.nan),
        ("world.objects.mass_factor", [0.0, 0.0]),
        ("world.hand.closed_gap_m", 0.2),
        ("world.noise.position_m", -0.001),
        ("world.camera.width_px", 0),
        ("world.lift.sense_height_m", 0.4),
        ("world.spread_m", [math.nan, math.nan]),
        ("patches.size_m", 5.0),
        ("attack.shake.tilt_deg", 120.0),
    ],
)
def test_an_impossible_value_is_refused_by_the_name_of_its_field(path: str, value: object) -> None:
    *_, field = path.split(".")
    with pytest.raises(ConfigError, match=field.removesuffix("s")):
        from_json(with_value(tuple(path.split(".")), value))


@pytest.mark.parametrize("where", ["", "world", "world.hand", "test"])
def test_an_unknown_key_is_refused_by_name(where: str) -> None:
    path = (*where.split("."), "surprise") if where else ("surprise",)
    with pytest.raises(ConfigError, match="surprise"):
        from_json(with_value(path, 1))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"smoke"', "[" * 100_000, '{"a":' * 100_000])
def test_what_is_no_json_object_is_no_config(text: str) -> None:
    with pytest.raises(ConfigError):
        from_json(text)


@given(st.sampled_from(PATHS), JSON_VALUES)
def test_a_config_with_any_value_anywhere_is_read_or_refused(path: tuple[str, ...], value: object) -> None:
    try:
        config = from_json(with_value(path, value))
    except ConfigError:
        return
    assert isinstance(config, RunConfig)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(path))
def test_no_setting_accepts_a_number_that_is_not_finite(path: tuple[str, ...]) -> None:
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ConfigError):
            from_json(with_value(path, value))


@given(JSON_VALUES)
def test_any_json_is_a_config_or_refused(value: object) -> None:
    with contextlib.suppress(ConfigError):
        from_json(json.dumps(value))


@given(st.text(max_size=40))
def test_any_setting_is_applied_or_refused(setting: str) -> None:
    with contextlib.suppress(ConfigError):
        altered(SMOKE, (setting,))


def test_a_lens_survives_json_and_is_set_field_by_field() -> None:
    seen = replace(SMOKE.world.camera, lens=lens().over_table(), depth=True)
    config = replace(SMOKE, world=replace(SMOKE.world, camera=seen))
    assert from_json(to_json(config)) == config
    assert hash_of(config) != hash_of(SMOKE)
    bent = altered(config, ("world.camera.lens.distortion=[-0.1,0,0,0,0]", "world.camera.randomise.tilt_deg=5"))
    assert bent.world.camera.lens is not None
    assert bent.world.camera.lens.distortion == (-0.1, 0.0, 0.0, 0.0, 0.0)
    with pytest.raises(ConfigError, match="focal lengths positive"):
        altered(config, ("world.camera.lens.fx_px=-1",))


def test_by_default_no_preset_has_a_lens_heights_noise_or_randomisation() -> None:
    for config in PRESETS.values():
        camera = config.world.camera
        assert camera == CameraConfig(width_px=camera.width_px, height_px=camera.height_px, pixel_m=camera.pixel_m)
        assert (camera.lens, camera.depth, camera.noise, camera.blur_px) == (None, False, 0.0, 0.0)
        assert camera.randomise == RandomiseConfig()
        assert not any(asdict(camera.randomise).values())


def test_frozen_convolutions_see_no_heights() -> None:
    with pytest.raises(ConfigError, match=r"NetworkConfig\.frozen.*world\.camera\.depth"):
        altered(SMOKE, ("network.trunk=alexnet", "network.frozen=true", "world.camera.depth=true"))
