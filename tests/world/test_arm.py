"""Baxter's arms: kinematics as published, inverse kinematics within limits, motions no faster than joints are."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sparring.actions.shake import SHAKES_N, swinging, turning
from sparring.config import ArmsConfig, ShakeConfig, WorldConfig
from sparring.errors import ConfigError
from sparring.world.arm import HALF_TURN, RANGES_RAD, SPEED_LIMITS_RAD_S, Arm, Placement, Unreachable, arm_at
from sparring.world.baxter import JOINTS, Side
from sparring.world.carrier import carrier_of
from sparring.world.mount import first_mount
from sparring.world.scene import SceneSpec, open_scene

AT = {side: Placement(side, ArmsConfig().base_m, 0.12, 1.0) for side in ("right", "left")}
DT = 0.002


def anywhere(rng: np.random.Generator) -> np.ndarray:
    """Joints well within their limits."""
    low, high = RANGES_RAD.T
    return rng.uniform(low + 0.1 * (high - low), high - 0.1 * (high - low))


def apart(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Distance (m) and angle (rad) between two poses, whose fingers may be swapped."""
    turns = [Rotation.from_matrix(first[:3, :3].T @ (second @ turn)[:3, :3]).magnitude() for turn in (np.eye(4), HALF_TURN)]
    return float(np.linalg.norm(first[:3, 3] - second[:3, 3])), float(min(turns))


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_hand_is_where_the_published_description_has_it(side: Side) -> None:
    spec = importlib.util.find_spec("robosuite")
    if spec is None or spec.origin is None:
        pytest.skip("robosuite, which carries Baxter's description, is not installed")
    model = mujoco.MjModel.from_xml_path(str(Path(spec.origin).parent / "models/assets/robots/baxter/robot.xml"))
    data, arm, rng = (
        mujoco.MjData(model),
        arm_at(replace(AT[side], base_m=(0.0, 0.0, -0.062), tool_m=0.0)),
        np.random.default_rng(0),
    )
    for joint in JOINTS:
        assert model.joint(f"{side}_{joint.name}").range == pytest.approx(joint.range_rad, abs=1e-3)
        assert float(model.body(model.joint(f"{side}_{joint.name}").bodyid[0]).mass[0]) == pytest.approx(joint.link_kg, abs=0.2)
    for _ in range(20):
        joints = anywhere(rng)
        for joint, angle in zip(JOINTS, joints, strict=True):
            data.joint(f"{side}_{joint.name}").qpos = angle
        mujoco.mj_kinematics(model, data)
        flange = data.body(f"{side}_hand")
        pose = arm.hand(joints)
        assert pose[:3, 3] == pytest.approx(flange.xpos, abs=1e-4)
        assert pose[:3, 2] == pytest.approx(-flange.xmat.reshape(3, 3)[:, 2], abs=1e-4)


@pytest.mark.parametrize("side", ["right", "left"])
def test_what_an_arm_has_reached_it_finds_again_within_its_limits(side: Side) -> None:
    arm, rng, found = arm_at(AT[side]), np.random.default_rng(1), 0
    for _ in range(40):
        pose = arm.hand(anywhere(rng))
        try:
            joints = arm.reach(pose)
        except Unreachable:  # a local method does not find all there is
            continue
        found += 1
        assert (joints >= RANGES_RAD[:, 0] - 1e-6).all()
        assert (joints <= RANGES_RAD[:, 1] + 1e-6).all()
        distance_m, angle_rad = apart(pose, arm.hand(joints))
        assert distance_m < 0.0011
        assert angle_rad < 0.011
    assert found >= 25


def test_what_is_too_far_is_out_of_reach() -> None:
    pose = np.eye(4)
    pose[:3, 3] = [1.5, 0.0, 0.1]
    with pytest.raises(Unreachable):
        arm_at(AT["right"]).reach(pose)


def over_the_table(theta_rad: float) -> np.ndarray:
    """A hand pose 30 cm up, as after a lift."""
    return np.array([0.02, 0.01, 0.32, theta_rad, 0.0, 0.0, 0.0])


@pytest.mark.parametrize("theta_rad", [0.0, 1.0, 2.5])
def test_a_path_is_followed_as_closely_as_asked_and_no_faster_than_joints_are(theta_rad: float) -> None:
    world, start = WorldConfig(arms=ArmsConfig()), over_the_table(theta_rad)
    scene, arm = open_scene(world, SceneSpec("bar-0003", 3)), arm_at(first_mount(world).placement)
    carrier, tried, slowest = carrier_of(first_mount(world)), 0, 1.0
    state = scene.with_hand_at(scene.settled, start)
    for index in range(0, SHAKES_N, 2):
        targets = turning(ShakeConfig(), index, start, dt=DT)
        try:
            command = scene.command(state, targets)
            path = carrier.follow(state[1:8], targets[:, :6], dt=DT, freely=False)
        except Unreachable:
            continue
        tried += 1
        for step in (0, 57, len(targets) // 2, len(targets) - 1):
            pose = np.eye(4)
            pose[:3, :3] = Rotation.from_euler("ZYX", targets[step, 3:6]).as_matrix()
            pose[:3, 3] = targets[step, :3]
            distance_m, angle_rad = apart(pose, arm.hand(path[step]))
            assert distance_m < 0.002
            assert angle_rad < 0.02
        speeds = np.abs(np.diff(command.controls[:, :7], axis=0)) / DT
        assert (speeds <= SPEED_LIMITS_RAD_S * 1.001).all()
        assert command.controls[-1, :7] == pytest.approx(path[-1])
        assert len(command.controls) - 1 == pytest.approx((len(targets) - 1) * command.slowdown, abs=1)
        slowest = max(slowest, command.slowdown)
    assert tried >= 4
    assert slowest > 1.2, "no motion asked for more than the joints can do: the speed limit was not tried"


def test_half_the_speed_takes_twice_as_long() -> None:
    arm, slow = arm_at(AT["right"]), arm_at(replace(AT["right"], speed_share=0.5))
    path = np.linspace(arm.rest, arm.rest + 0.3, 100)  # 100 steps of 2 ms: 1.5 rad/s
    assert slow.slowdown(path, dt=DT) == pytest.approx(2 * arm.slowdown(path[::1], dt=DT), rel=0.01)
    assert arm.slowdown(path, dt=1.0) == 1.0


def test_an_arm_shakes_as_far_as_asked() -> None:
    world, start = WorldConfig(arms=ArmsConfig()), over_the_table(0.4)
    scene = open_scene(world, SceneSpec("bar-0003", 3))
    state = scene.with_hand_at(scene.settled, start)
    targets = swinging(ShakeConfig(), 0, start, dt=DT)
    played = scene.engine.play(state[None], scene.command(state, targets).controls[None])
    moved = np.array([scene.hand_m(one) for one in played.trace[0, ::10]]) - start[:3]
    assert np.linalg.norm(moved, axis=1).max() == pytest.approx(0.025, abs=0.003)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mink", None)
    with pytest.raises(ConfigError, match=r"sparring\[arms\]"):
        Arm(AT["right"])
