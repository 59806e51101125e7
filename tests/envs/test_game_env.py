import warnings
from collections.abc import Callable
from dataclasses import replace

import pytest

pytest.importorskip("pettingzoo")

import aimed
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

from sparring.actions.adversaries import ADVERSARIES
from sparring.envs.game_env import ADVERSARY, PROTAGONIST, GraspGameEnv, parallel_game_env
from sparring.errors import ConfigError

EXPECTED = {"Agents have different observation space sizes", "Observations are different shapes"}
"""One player sees the table, the other a patch of it: that is the game."""


def game(adversary: str = "shake", **options: object) -> GraspGameEnv:
    """A game in which the protagonist's random actions often lift."""
    env = GraspGameEnv(adversary, config=aimed.config(), **options)
    env.action_spaces[PROTAGONIST] = aimed.space()
    return env


@pytest.fixture(scope="module")
def env() -> GraspGameEnv:
    return game(render_mode="rgb_array")


def test_the_library_warns_of_nothing_but_that_players_see_different_things() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        api_test(game(render_mode="rgb_array"), num_cycles=10)
        parallel_api_test(parallel_game_env(config=aimed.config(), render_mode="rgb_array"), num_cycles=10)
    assert {str(one.message) for one in caught} == EXPECTED


@pytest.mark.parametrize("adversary", ADVERSARIES)
def test_the_same_seed_is_the_same_game(adversary: str) -> None:
    seed_test(lambda: game(adversary), num_cycles=4)
    parallel_seed_test(lambda: parallel_game_env(adversary, config=aimed.config()), num_cycles=4)


def played(env: GraspGameEnv, seed: int, attack: int = 0) -> tuple[float, list[str]]:
    """A game with a random grasp: what the protagonist has gained, and who has moved."""
    env.reset(seed=seed)
    moved, gained = [], dict.fromkeys(env.possible_agents, 0.0)
    for agent in env.agent_iter():
        _, reward, terminated, _, _ = env.last()
        gained[agent] += reward
        if terminated:
            env.step(None)
            continue
        moved.append(agent)
        env.step(aimed.actions(1, seed)[0] if agent == PROTAGONIST else attack)
        assert sum(env.rewards.values()) == 0
    assert sum(gained.values()) == 0
    return gained[PROTAGONIST], moved


def test_one_gains_what_the_other_loses_and_all_three_ends_occur() -> None:
    snatching = game("snatch")
    ends = {(gained, len(moved)) for gained, moved in (played(snatching, seed, attack=seed % 36) for seed in range(40))}
    assert ends == {(-1.0, 1), (-1.0, 2), (1.0, 2)}


def test_who_has_it_in_the_end_has_won_as_info_says(env: GraspGameEnv) -> None:
    seed = next(seed for seed in range(40) if played(env, seed)[0] == 1)
    env.reset(seed=seed)
    env.step(aimed.actions(1, seed)[0])
    assert env.agent_selection == ADVERSARY
    assert not any(env.terminations.values())
    env.step(0)
    info = env.infos[PROTAGONIST]
    assert (info["lifted"], info["dislodged"], info["action"]) == (True, False, 0)
    assert env.rewards == {PROTAGONIST: 1.0, ADVERSARY: -1.0}
    assert all(env.terminations.values())


def test_the_adversary_sees_the_patch_about_the_grasp_and_nothing_before(env: GraspGameEnv) -> None:
    env.reset(seed=0)
    assert not env.observe(ADVERSARY).any()
    env.step(np.array([0, 0, -1], np.float32))
    view = env.observe(ADVERSARY)
    side = view.shape[0]
    assert side == round(env.bench.config.patch_px)
    picture, at = env.observe(PROTAGONIST).astype(float), (np.array([120, 160]) - 1) / 2 - side / 2 + 0.5
    rows, columns = (slice(round(one), round(one) + side) for one in at)
    assert np.abs(view - picture[rows, columns]).mean() < 4  # at angle 0 the patch is a cut-out, to half a pixel


def test_physics_gone_wrong_is_nobodys_win(env: GraspGameEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    grasp = env.bench.grasp

    def wrong(*args: object, **kwargs: object) -> list[object]:
        (tried,) = grasp(*args, **kwargs)
        nothing = np.zeros(1, bool)
        return [replace(tried, outcome=replace(tried.outcome, invalid=~nothing, sensed=nothing, lifted=nothing))]

    monkeypatch.setattr(env.bench, "grasp", wrong)
    env.reset(seed=0)
    env.step(np.zeros(3, np.float32))
    assert env.rewards == {PROTAGONIST: 0.0, ADVERSARY: 0.0}
    assert all(env.terminations.values())
    assert env.infos[ADVERSARY]["invalid"]


@pytest.mark.parametrize("attack", [15, -1, 0.5, None, "up", [0], np.nan], ids=str)
def test_what_is_no_attack_is_refused(env: GraspGameEnv, attack: object) -> None:
    seed = next(seed for seed in range(40) if len(played(env, seed)[1]) == 2)
    env.reset(seed=seed)
    env.step(aimed.actions(1, seed)[0])
    with pytest.raises(InvalidAction, match="an attack lies in Discrete"):
        env.step(attack)
    env.step(np.int32(3))


def test_a_grasp_beyond_the_picture_is_refused(env: GraspGameEnv) -> None:
    env.reset(seed=0)
    with pytest.raises(InvalidAction, match="an action lies in Box"):
        env.step(np.array([0, 0, 2.0]))


def test_in_parallel_the_one_whose_turn_it_is_is_named() -> None:
    env = parallel_game_env(config=aimed.config())
    steps: set[int] = set()
    for seed in range(12):
        env.reset(seed=seed)
        n, gained = 0, 0.0
        while env.agents:
            actions = {PROTAGONIST: aimed.actions(1, seed)[0], ADVERSARY: 4}
            _, rewards, *_, infos = env.step(actions)
            assert sum(rewards.values()) == 0
            if env.agents:
                assert infos[ADVERSARY]["active_agent"] == ADVERSARY
            n, gained = n + 1, gained + abs(rewards[PROTAGONIST])
        steps.add(n)
        assert gained == 1
    assert steps == {1, 2}


def test_frames_show_grasp_and_attack() -> None:
    snatching = game("snatch", render_mode="rgb_array")
    shown: Callable[[], np.ndarray | None] = snatching.render
    seed = next(seed for seed in range(40) if len(played(snatching, seed)[1]) == 2)
    frames = []
    snatching.reset(seed=seed)
    frames.append(shown())
    snatching.step(aimed.actions(1, seed)[0])
    frames.append(shown())
    snatching.step(4)
    frames.append(shown())
    assert [one.shape for one in frames] == [(480, 1120, 3)] * 3
    assert not np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[1][:, 640:], frames[2][:, 640:])


def test_a_game_must_begin_before_anyone_moves() -> None:
    with pytest.raises(ResetNeeded):
        GraspGameEnv(config=aimed.config()).step(np.zeros(3))


def test_an_unknown_adversary_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="no adversary is called 'push'; there are: shake, snatch, mixed"):
        GraspGameEnv("push")
