import subprocess
import sys
from dataclasses import replace

import pytest

pytest.importorskip("gymnasium")

import aimed
import gymnasium
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RecordEpisodeStatistics

from sparring.actions.grasp import Grasp
from sparring.config import CameraConfig
from sparring.envs.bench import SERIAL, Bench
from sparring.envs.grasp_env import GraspEnv
from sparring.errors import ConfigError
from sparring.game import jobs
from sparring.players.choosing import ImageGrasp
from sparring.players.unit_actions import grasp_of_unit
from sparring.seeding import seed_of
from sparring.world.scene import SceneSpec

HOSTILE = [
    np.array([np.nan, 0, 0]),
    np.array([0, np.inf, 0]),
    np.array([0, 0, 1.01]),
    np.array([-1e300, 0, 0]),
    np.zeros(2),
    np.zeros((1, 3)),
    np.array(["0", "0", "0"]),
    np.zeros(3, bool),
    [[0], [0, 1]],
    None,
    0,
    "grasp",
]


@pytest.fixture(scope="module")
def env() -> GraspEnv:
    return GraspEnv(config=aimed.config(), render_mode="rgb_array")


@pytest.mark.parametrize("options", [{}, {"actions": "discrete", "reward": "sensed", "must_hold": True}])
def test_the_library_finds_nothing_to_warn_of(options: dict[str, object]) -> None:
    made = gymnasium.make("sparring.envs:sparring/Grasp-v0", config=aimed.config(), render_mode="rgb_array", **options)
    check_env(made.unwrapped)


def test_importing_the_room_registers_it_without_loading_anything_heavy() -> None:
    code = (
        "import sparring.envs, gymnasium, sys; gymnasium.spec('sparring/Grasp-v0'); print({'torch', 'mujoco'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_episode_is_one_grasp(env: GraspEnv) -> None:
    counted = RecordEpisodeStatistics(env)
    counted.reset(seed=1)
    *_, terminated, truncated, info = counted.step(np.zeros(3, np.float32))
    assert (terminated, truncated, info["episode"]["l"]) == (True, False, 1)
    with pytest.raises(ResetNeeded, match="one grasp"):
        env.step(np.zeros(3, np.float32))


def test_before_the_first_reset_there_is_nothing_to_grasp_or_to_see() -> None:
    fresh = GraspEnv(config=aimed.config(), render_mode="rgb_array")
    with pytest.raises(ResetNeeded, match="reset"):
        fresh.step(np.zeros(3, np.float32))
    with pytest.raises(ResetNeeded, match="reset"):
        fresh.render()


def test_it_is_the_grasp_of_a_wave(env: GraspEnv) -> None:
    """The same scene, place, angle and noise as the match would have, and the same forces."""
    picture, info = env.reset(seed=5)
    spec, world = SceneSpec(info["object"], info["scene_seed"]), env.bench.config.world
    view = jobs.look(jobs.LookJob(world, spec))
    assert np.array_equal(picture, view.image)
    *_, told = env.step(np.array([0, 0, 0], np.float32))
    middle = view.calibration.metres(np.array([[79.5, 59.5]]))[0]
    grasp = Grasp(float(middle[0]), float(middle[1]), float(view.calibration.world_angle(np.pi / 2)))
    outcome = jobs.grasp(jobs.GraspJob(world, spec, view.state, (grasp,), (seed_of(spec.seed, "noise", 0),)))
    assert np.array_equal(told["forces_n"], outcome.forces_n[0])
    assert (told["sensed"], told["lifted"]) == (outcome.sensed[0], outcome.lifted[0])


def test_rewards_are_what_was_asked_for(env: GraspEnv) -> None:
    sensing = GraspEnv(config=aimed.config(), reward="sensed")
    both = []
    for seed, action in enumerate(aimed.actions(30)):
        env.reset(seed=seed)
        sensing.reset(seed=seed)
        _, lifted, *_, info = env.step(action)
        _, sensed, *_ = sensing.step(action)
        assert (lifted, sensed) == (info["lifted"], info["sensed"])
        both.append((lifted, sensed))
    assert {0.0, 1.0} == {lifted for lifted, _ in both} == {sensed for _, sensed in both}


def test_a_seed_decides_all_and_without_one_every_scene_is_another(env: GraspEnv) -> None:
    def episode(seed: int | None) -> tuple[object, ...]:
        picture, before = env.reset(seed=seed)
        _, reward, *_, info = env.step(np.zeros(3, np.float32))
        return picture.tobytes(), tuple(before.values()), reward, info["forces_n"].tobytes()

    first = episode(7)
    others = [episode(None) for _ in range(3)]
    assert episode(7) == first
    assert len({first[1], *(other[1] for other in others)}) == 4
    assert [episode(None) for _ in range(3)] == others


@pytest.mark.parametrize("action", HOSTILE, ids=str)
def test_what_is_no_action_is_refused_and_the_episode_goes_on(env: GraspEnv, action: object) -> None:
    env.reset(seed=0)
    with pytest.raises(InvalidAction, match="an action lies in Box"):
        env.step(action)
    env.step(np.zeros(3))


@pytest.mark.parametrize("action", [[160, 0, 0], [0, 120, 0], [0, 0, 18], [-1, 0, 0], [0.0, 0.0, 0.0], [1, 2]], ids=str)
def test_discrete_actions_are_whole_numbers_within_the_picture(action: list[float]) -> None:
    env = GraspEnv(config=aimed.config(), actions="discrete")
    env.reset(seed=0)
    with pytest.raises(InvalidAction, match="MultiDiscrete"):
        env.step(np.array(action))
    env.step(np.array([159, 119, 17]))


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_a_players_grasp_becomes_an_action_and_the_same_grasp(kind: str) -> None:
    env = GraspEnv(config=aimed.config(), actions=kind)
    for column, row, angle in [(0.0, 0.0, 0), (80.0, 31.0, 17), (159.0, 119.0, 9)]:
        grasp = ImageGrasp(column, row, angle, 0.5)
        back = env.actions.grasp(env.actions.action(grasp))
        assert (back.column_px, back.row_px, back.angle) == (pytest.approx(column, abs=1e-4), pytest.approx(row, abs=1e-4), angle)
    assert env.action_space.contains(env.actions.action(ImageGrasp(-3.0, 500.0, 3, None)))


def test_where_the_physics_goes_wrong_the_reward_is_nothing_and_info_says_so(
    env: GraspEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    env.reset(seed=0)
    grasp = env.bench.grasp

    def wrong(*args: object, **kwargs: object) -> list[object]:
        (tried,) = grasp(*args, **kwargs)
        nothing = np.zeros(1, bool)
        return [replace(tried, outcome=replace(tried.outcome, invalid=~nothing, sensed=nothing, lifted=nothing))]

    monkeypatch.setattr(env.bench, "grasp", wrong)
    _, reward, terminated, _, info = env.step(np.zeros(3, np.float32))
    assert (reward, terminated, info["invalid"], info["fault"]) == (0.0, True, True, "physics")


def test_frames_show_the_picture_and_the_hand(env: GraspEnv) -> None:
    env.reset(seed=3)
    before = env.render()
    env.step(np.zeros(3, np.float32))
    after = env.render()
    assert before is not None
    assert after is not None
    assert before.shape == after.shape == (480, 640 + 480, 3)
    assert not np.array_equal(before[:, :640], after[:, :640])
    assert not np.array_equal(before[:, 640:], after[:, 640:])
    assert GraspEnv(config=aimed.config()).render() is None


def test_the_space_is_the_cameras(env: GraspEnv) -> None:
    whole = aimed.config()
    wide = replace(whole, world=replace(whole.world, camera=CameraConfig(width_px=200, height_px=120, pixel_m=0.003)))
    assert GraspEnv(config=wide).observation_space.shape == (120, 200, 3)
    assert GraspEnv(config=wide, actions="discrete").action_space.nvec.tolist() == [200, 120, 18]


def test_the_paper_s_ten_can_be_on_the_table() -> None:
    env = GraspEnv(config=aimed.config(), objects="named")
    names = {env.reset(seed=seed)[1]["object"] for seed in range(8)}
    assert len(names) > 2
    assert not any(name.rpartition("-")[2].isdecimal() and len(name.rpartition("-")[2]) == 4 for name in names)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"config": "huge"}, "no preset is called 'huge'"),
        ({"objects": "toys"}, "no set of objects is called 'toys'"),
        ({"actions": "words"}, "no kind of actions is called 'words'"),
        ({"reward": "praise"}, "no reward is called 'praise'"),
        ({"render_mode": "human"}, "no render mode is called 'human'"),
    ],
)
def test_an_unknown_option_is_refused_by_name(options: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        GraspEnv(**options)


def test_without_gymnasium_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['gymnasium'] = None; import sparring.envs"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ConfigError: environments need Gymnasium, which is not installed: pip install 'sparring[gym]'" in done.stderr


def test_a_bench_plays_games_of_two_in_batches() -> None:
    """Many at once come to the same as one by one, through grasp and attack."""
    bench = Bench(aimed.config(), "training", SERIAL)
    views = bench.look(range(12))
    shape = {"width_px": 160, "height_px": 120}
    tried = bench.grasp(views, [grasp_of_unit(action, **shape) for action in aimed.actions(12)])
    lifted = [one for one in tried if one.lifted]
    assert 2 <= len(lifted) < 12
    assert bench.seen(lifted).shape == (len(lifted), *bench.seen_shape)
    together = bench.attack("shake", lifted, [*range(len(lifted))])
    alone = [bench.attack("shake", [one], [action])[0] for action, one in enumerate(lifted)]
    assert [one.dislodged for one in together] == [one.dislodged for one in alone]
