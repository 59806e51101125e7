"""Grasp and attack as a PettingZoo environment: two players, in turn, of whom one gains what the other loses."""

from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.spaces import Box, Discrete
from gymnasium.utils import seeding
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils.conversions import turn_based_aec_to_parallel

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import RunConfig
from sparring.envs.bench import SERIAL, Attacked, Bench, Tried, require_adversary, scene_info
from sparring.envs.frames import frame
from sparring.envs.grasp_env import require_render_mode, scene_seed
from sparring.envs.spaces import ActionKind, actions_named
from sparring.game.jobs import View

PROTAGONIST, ADVERSARY = "protagonist_0", "adversary_0"
"""PettingZoo wants names with numbers."""


class GraspGameEnv(AECEnv[str, np.ndarray, Any]):
    """The protagonist grasps an object; if that lifts it, the adversary attacks once; who has it in the end has won.

    The protagonist sees the camera's picture, bytes [h, w, channels]. The adversary sees s+, the patch about the grasp, turned so
    that the fingers close from left and right, bytes [side, side, channels]; all black before there is a grasp. When the fingers
    hold the object at the end the protagonist is given 1 and the adversary -1, else the other way round. A grasp that does not
    lift the object ends the game at once: the adversary has won and has no move. Where the physics went wrong both are given 0,
    and `info["invalid"]` says so. What `info` tells of the object is privileged, as in `GraspEnv`.

    Args:
        adversary: what the adversary chooses from: shake (15 actions), snatch (36), mixed (51), or another row of `ADVERSARIES`.
        config: a run's config, or the name of a preset; its world, attacks and patches count.
        objects: what lies on the table: training, held-out, novel-families or named (the paper's ten).
        actions: the protagonist's: continuous or discrete, as in `GraspEnv`.
        render_mode: rgb_array, or nothing.

    Raises:
        ConfigError: an option is none of these.
    """

    metadata = {  # noqa: RUF012  as PettingZoo has it
        "name": "sparring_grasp_game_v0",
        "render_modes": ["rgb_array"],
        "render_fps": 1,
        "is_parallelizable": False,
    }

    def __init__(
        self,
        adversary: str = "shake",
        *,
        config: RunConfig | str = "demo",
        objects: str = "training",
        actions: ActionKind = "continuous",
        render_mode: str | None = None,
    ) -> None:
        super().__init__()
        require_adversary(adversary)
        require_render_mode(render_mode)
        self.bench = Bench(config, objects, SERIAL)
        height, width, _ = self.bench.picture_shape
        self.actions = actions_named(actions, width_px=width, height_px=height)
        self.possible_agents = [PROTAGONIST, ADVERSARY]
        self.observation_spaces = {
            PROTAGONIST: Box(0, 255, self.bench.picture_shape, np.uint8),
            ADVERSARY: Box(0, 255, self.bench.seen_shape, np.uint8),
        }
        self.action_spaces = {PROTAGONIST: self.actions.space, ADVERSARY: Discrete(ADVERSARIES[adversary].actions_n)}
        self.render_mode = render_mode
        self._adversary = adversary
        self._rng, _ = seeding.np_random()
        self._view: View | None = None
        self._tried: Tried | None = None
        self._attacked: Attacked | None = None

    def observation_space(self, agent: str) -> Space[np.ndarray]:
        """What a player sees."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space[Any]:
        """What a player does."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Puts another object on the table; the seed decides which, how it lies, and how the hand will err. No options."""
        if seed is not None:
            self._rng, _ = seeding.np_random(seed)
        (self._view,) = self.bench.look([scene_seed(self._rng)])
        self._tried = self._attacked = None
        self.agents = [*self.possible_agents]
        self.agent_selection = PROTAGONIST
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations, self.truncations = dict.fromkeys(self.agents, False), dict.fromkeys(self.agents, False)
        self._tell(scene_info(self._view))

    def observe(self, agent: str) -> np.ndarray:
        """What a player sees now."""
        assert self._view is not None
        if agent == PROTAGONIST:
            return self._view.image.copy()
        if self._tried is None:
            return np.zeros(self.bench.seen_shape, np.uint8)
        return self.bench.seen([self._tried])[0]

    def step(self, action: Any) -> None:
        """The grasp, or the attack.

        Raises:
            InvalidAction: not in the player's action space.
            ResetNeeded: the game has not begun.
        """
        if self._view is None:
            raise ResetNeeded("there is no game yet: call reset() before step()")
        if self.terminations[self.agent_selection]:
            self._was_dead_step(action)
            return
        self._clear_rewards()
        self._cumulative_rewards[self.agent_selection] = 0.0
        if self._tried is None:
            self._grasp(self._view, action)
        else:
            self._attack(self._tried, action)
        self._accumulate_rewards()

    def render(self) -> np.ndarray | None:
        """The picture with the grasp drawn in, and what a spectator sees: bytes [h, w, 3]."""
        if self.render_mode is None:
            return None
        if self._view is None:
            raise ResetNeeded("there is nothing to see yet: call reset() before render()")
        attack = None if self._attacked is None else (self._adversary, self._attacked)
        return frame(self.bench.config, self._view, self._tried, attack)

    def close(self) -> None:
        """Ends it."""
        self.bench.close()

    def _grasp(self, view: View, action: object) -> None:
        (self._tried,) = self.bench.grasp([view], [self.actions.grasp(action)])
        self._tell(self._tried.info)
        if not self._tried.lifted:
            self._end(held=False, invalid=self._tried.invalid)
        self.agent_selection = ADVERSARY

    def _attack(self, tried: Tried, action: Any) -> None:
        space = self.action_spaces[ADVERSARY]
        if not space.contains(action):
            raise InvalidAction(f"an attack lies in {space}, got {action!r}")
        (self._attacked,) = self.bench.attack(self._adversary, [tried], [int(action)])
        self._tell(tried.info | self._attacked.info)
        self._end(held=not self._attacked.dislodged, invalid=self._attacked.invalid)
        self.agent_selection = PROTAGONIST

    def _end(self, *, held: bool, invalid: bool) -> None:
        gained = 0.0 if invalid else 1.0 if held else -1.0
        self.rewards = {PROTAGONIST: gained, ADVERSARY: -gained}
        self.terminations = dict.fromkeys(self.agents, True)

    def _tell(self, info: dict[str, Any]) -> None:
        self.infos = {agent: dict(info) for agent in self.agents}


def parallel_game_env(adversary: str = "shake", **options: Any) -> ParallelEnv[str, np.ndarray, Any]:
    """The same game for libraries that step all players at once: of the actions only that of the one whose turn it is counts.

    A game takes two such steps, or one where the grasp does not lift. From the second on, `info["active_agent"]` names whose turn
    it is.

    Args:
        adversary: as in `GraspGameEnv`.
        options: likewise.
    """
    return turn_based_aec_to_parallel(GraspGameEnv(adversary, **options))
