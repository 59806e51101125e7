"""Many grasps at once as a Gymnasium vector environment: scenes are looked at and grasped by as many workers as there are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.spaces import Box
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from sparring.config import RunConfig
from sparring.envs.bench import Bench, Tried, scene_info
from sparring.envs.frames import frame
from sparring.envs.grasp_env import RewardKind, require_render_mode, require_reward, reward_of, scene_seed
from sparring.envs.spaces import ActionKind, actions_named
from sparring.errors import ConfigError
from sparring.farm.executors import FarmConfig
from sparring.game.jobs import View
from sparring.players.choosing import ImageGrasp

PROCESSES = FarmConfig("process")


class GraspVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """`num_envs` of `GraspEnv`, played in batches; with equal seeds every one gives what a single environment gives.

    Every step ends every episode, so that each is reset within the step (`AutoresetMode.SAME_STEP`): the observations are of the
    next scenes, and what the step itself came to is in `infos["final_obs"]` and `infos["final_info"]`.

    Args:
        num_envs: how many scenes are on the table at once.
        config: as in `GraspEnv`, and so on up to `render_mode`.
        objects: likewise.
        actions: likewise.
        reward: likewise.
        must_hold: likewise.
        render_mode: likewise.
        farm: where the physics runs: worker processes, one a core, unless given. A script that starts worker processes needs
            `if __name__ == "__main__":`; `FarmConfig("serial")` needs none.

    Raises:
        ConfigError: an option is none of those that there are.
    """

    metadata = {  # noqa: RUF012  as gymnasium has it
        "render_modes": ["rgb_array"],
        "render_fps": 1,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        *,
        config: RunConfig | str = "demo",
        objects: str = "training",
        actions: ActionKind = "continuous",
        reward: RewardKind = "lifted",
        must_hold: bool = False,
        render_mode: str | None = None,
        farm: FarmConfig = PROCESSES,
    ) -> None:
        require_reward(reward)
        require_render_mode(render_mode)
        if num_envs < 1:
            raise ConfigError(f"num_envs must be at least 1, got {num_envs}")
        self.bench = Bench(config, objects, farm)
        height, width, _ = self.bench.picture_shape
        self.num_envs = num_envs
        self.actions = actions_named(actions, width_px=width, height_px=height)
        self.single_observation_space = Box(0, 255, self.bench.picture_shape, np.uint8)
        self.single_action_space = self.actions.space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.render_mode = render_mode
        self._reward: RewardKind = reward
        self._must_hold = must_hold
        self._rngs: list[np.random.Generator] = [seeding.np_random()[0] for _ in range(num_envs)]
        self._views: list[View] = []
        self._tried: list[Tried] = []

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """New scenes everywhere.

        Args:
            seed: of the first environment, the others count on from there; or one an environment.
            options: none.
        """
        super().reset()
        seeds = [*seed] if isinstance(seed, Sequence) else [None if seed is None else seed + k for k in range(self.num_envs)]
        if len(seeds) != self.num_envs:
            raise ConfigError(f"there must be a seed for each of {self.num_envs} environments, got {len(seeds)}")
        for k, one in enumerate(seeds):
            if one is not None:
                self._rngs[k], _ = seeding.np_random(one)
        self._views, self._tried = self._look(), []
        return self._pictures(), self._scene_infos({})

    def step(self, actions: object) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Tries a grasp on every scene, and puts another object on each.

        Raises:
            InvalidAction: not as many actions as environments, or one that is not in the action space.
            ResetNeeded: it was never reset.
        """
        if not self._views:
            raise ResetNeeded("there are no scenes yet: call reset() before step()")
        self._tried = self.bench.grasp(self._views, self._grasps(actions), must_hold=self._must_hold)
        self._views = self._look()
        infos: dict[str, Any] = {}
        for k, one in enumerate(self._tried):
            infos = self._add_info(infos, {"final_obs": one.view.image.copy(), "final_info": one.info}, k)
        rewards = np.array([reward_of(one, self._reward) for one in self._tried])
        over = np.ones(self.num_envs, bool)
        return self._pictures(), rewards, over, ~over, self._scene_infos(infos)

    def render(self) -> tuple[np.ndarray, ...] | None:
        """What the last step has come to, as `GraspEnv` shows it; before the first step the scenes as they lie."""
        if self.render_mode is None:
            return None
        if self._tried:
            return tuple(frame(self.bench.config, one.view, one) for one in self._tried)
        return tuple(frame(self.bench.config, view) for view in self._views)

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the workers."""
        self.bench.close()

    def _grasps(self, actions: object) -> list[ImageGrasp]:
        given = np.asarray(actions)
        if given.shape != self.action_space.shape:
            raise InvalidAction(f"actions lie in {self.action_space}, got an array of shape {given.shape}")
        return [self.actions.grasp(one) for one in given]

    def _look(self) -> list[View]:
        return self.bench.look([scene_seed(rng) for rng in self._rngs])

    def _pictures(self) -> np.ndarray:
        return np.stack([view.image for view in self._views])

    def _scene_infos(self, infos: dict[str, Any]) -> dict[str, Any]:
        for k, view in enumerate(self._views):
            infos = self._add_info(infos, scene_info(view), k)
        return infos
