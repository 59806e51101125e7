"""One grasp as a Gymnasium environment: a contextual bandit, whose context is a picture."""

from typing import Any, Literal, get_args

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box

from sparring.config import RunConfig
from sparring.envs.bench import MOST_SEED, SERIAL, Bench, Tried, scene_info
from sparring.envs.frames import frame
from sparring.envs.spaces import ActionKind, actions_named
from sparring.errors import ConfigError, unknown_name
from sparring.game.jobs import View

RewardKind = Literal["lifted", "sensed"]
RENDER_MODES = (None, "rgb_array")


class GraspEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """An object lies on the table; one grasp is tried, and the episode is over.

    The observation is the camera's picture, bytes [h, w, channels]. The reward is 1 for a success and else 0, also where the
    physics went wrong: `info["invalid"]` says so, and such a step is best left out of learning and of counts. All that `info`
    tells of the object (name, mass, friction) is privileged: it is for analysis, and no player may see it.

    Args:
        config: a run's config, or the name of a preset; its world counts.
        objects: what lies on the table: training, held-out, novel-families or named (the paper's ten).
        actions: continuous (three numbers in -1..1: x, y, angle) or discrete (column, row, one of 18 angles).
        reward: what is a success: the object held 30 cm up (lifted), or what the weak sensor says (sensed).
        must_hold: whether the object must then stay up for `lift.hold_s`, as in a test.
        render_mode: rgb_array, or nothing.

    Raises:
        ConfigError: an option is none of these.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 1}  # noqa: RUF012  as gymnasium has it

    def __init__(
        self,
        *,
        config: RunConfig | str = "demo",
        objects: str = "training",
        actions: ActionKind = "continuous",
        reward: RewardKind = "lifted",
        must_hold: bool = False,
        render_mode: str | None = None,
    ) -> None:
        require_reward(reward)
        require_render_mode(render_mode)
        self.bench = Bench(config, objects, SERIAL)
        height, width, _ = self.bench.picture_shape
        self.actions = actions_named(actions, width_px=width, height_px=height)
        self.observation_space = Box(0, 255, self.bench.picture_shape, np.uint8)
        self.action_space = self.actions.space
        self.render_mode = render_mode
        self._reward: RewardKind = reward
        self._must_hold = must_hold
        self._view: View | None = None
        self._tried: Tried | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Puts another object on the table; the seed decides which, how it lies, and how the hand will err. No options."""
        super().reset(seed=seed)
        (self._view,) = self.bench.look([scene_seed(self.np_random)])
        self._tried = None
        return self._view.image.copy(), scene_info(self._view)

    def step(self, action: object) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Tries a grasp. The observation stays the picture that it was chosen in.

        Raises:
            InvalidAction: not in the action space.
            ResetNeeded: the episode is over, or has not begun.
        """
        if self._view is None or self._tried is not None:
            raise ResetNeeded("an episode is one grasp: call reset() before step()")
        grasp = self.actions.grasp(action)
        (self._tried,) = self.bench.grasp([self._view], [grasp], must_hold=self._must_hold)
        return self._view.image.copy(), reward_of(self._tried, self._reward), True, False, self._tried.info

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """The picture with the grasp drawn in, and what a spectator sees: bytes [h, w, 3]."""
        if self.render_mode is None:
            return None
        if self._view is None:
            raise ResetNeeded("there is nothing to see yet: call reset() before render()")
        return frame(self.bench.config, self._view, self._tried)

    def close(self) -> None:
        """Ends it."""
        self.bench.close()


def scene_seed(rng: np.random.Generator) -> int:
    """The seed of the next scene."""
    return int(rng.integers(MOST_SEED))


def reward_of(tried: Tried, kind: RewardKind) -> float:
    """1 for a success, else 0."""
    return float(tried.lifted if kind == "lifted" else tried.sensed)


def require_reward(reward: str) -> None:
    """Checks that there is such a reward.

    Raises:
        ConfigError: there is none.
    """
    if reward not in get_args(RewardKind):
        raise ConfigError(unknown_name("reward", reward, get_args(RewardKind)))


def require_render_mode(mode: str | None) -> None:
    """Checks that environments can be rendered so.

    Raises:
        ConfigError: they cannot.
    """
    if mode not in RENDER_MODES:
        raise ConfigError(unknown_name("render mode", mode, RENDER_MODES))
