import pytest

pytest.importorskip("gymnasium")

import aimed
import gymnasium
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import batch_space

from sparring.envs.grasp_env import GraspEnv
from sparring.envs.grasp_vector_env import GraspVectorEnv
from sparring.errors import ConfigError
from sparring.farm.executors import FarmConfig

SERIAL = FarmConfig("serial")
N = 4


def vector(**options: object) -> GraspVectorEnv:
    return GraspVectorEnv(N, config=aimed.config(), farm=SERIAL, **options)


def test_it_is_made_by_name_and_declares_how_it_resets() -> None:
    made = gymnasium.make_vec("sparring.envs:sparring/Grasp-v0", num_envs=N, config=aimed.config(), farm=SERIAL)
    assert isinstance(made.unwrapped, GraspVectorEnv)
    assert made.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert made.observation_space == batch_space(made.single_observation_space, N)
    assert made.action_space == batch_space(made.single_action_space, N)
    made.close()


@pytest.mark.parametrize("farm", [SERIAL, FarmConfig("process", 2)], ids=lambda farm: farm.executor)
def test_every_one_of_many_is_what_it_is_alone(farm: FarmConfig) -> None:
    """Observations, rewards and infos are those of gymnasium's own vector of single environments, step by step."""
    single = [lambda: GraspEnv(config=aimed.config()) for _ in range(N)]
    alone, together = SyncVectorEnv(single, autoreset_mode=AutoresetMode.SAME_STEP), vector() if farm is SERIAL else None
    together = together or GraspVectorEnv(N, config=aimed.config(), farm=farm)
    try:
        assert data_equivalence(alone.reset(seed=3), together.reset(seed=3), exact=True)
        successes = 0.0
        for step in range(4):
            actions = aimed.actions(N, seed=step)
            one, other = alone.step(actions), together.step(actions)
            assert data_equivalence(one, other, exact=True)
            successes += one[1].sum()
        assert 0 < successes < 4 * N
    finally:
        together.close()


def test_seeds_may_be_given_one_by_one_and_go_on_from_there() -> None:
    env = vector()
    _, first = env.reset(seed=[5, 5, 6, None])
    assert first["scene_seed"][0] == first["scene_seed"][1] != first["scene_seed"][2]
    _, second = env.reset()
    assert not set(first["scene_seed"]) & set(second["scene_seed"])
    with pytest.raises(ConfigError, match="a seed for each of 4"):
        env.reset(seed=[1, 2])


def test_what_a_step_came_to_is_in_its_final_infos() -> None:
    env = vector(render_mode="rgb_array")
    before, _ = env.reset(seed=0)
    assert env.render()[0].shape == (480, 1120, 3)
    after, rewards, terminated, truncated, infos = env.step(aimed.actions(N))
    assert terminated.all()
    assert not truncated.any()
    assert np.array_equal(np.stack(infos["final_obs"]), before)
    assert not np.array_equal(after, before)
    assert rewards.tolist() == infos["final_info"]["lifted"].astype(float).tolist()
    assert len(env.render()) == N


@pytest.mark.parametrize(
    "actions", [np.zeros((N - 1, 3)), np.zeros(3), np.full((N, 3), np.nan), None], ids=["few", "one", "nan", "none"]
)
def test_what_are_no_actions_is_refused(actions: object) -> None:
    env = vector()
    with pytest.raises(ResetNeeded):
        env.step(np.zeros((N, 3)))
    env.reset(seed=0)
    with pytest.raises(InvalidAction):
        env.step(actions)


def test_there_is_at_least_one_environment() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        GraspVectorEnv(0, config=aimed.config(), farm=SERIAL)
