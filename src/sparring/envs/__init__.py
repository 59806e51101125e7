"""The game for other libraries: Gymnasium and PettingZoo environments. `pip install 'sparring[gym]'`.

Importing this registers `sparring/Grasp-v0` with Gymnasium; `sparring.envs.game_env` has the game of two for PettingZoo.
"""

from sparring.errors import ConfigError

try:
    import gymnasium
except ModuleNotFoundError:
    raise ConfigError("environments need Gymnasium, which is not installed: pip install 'sparring[gym]'") from None

GRASP = "sparring/Grasp-v0"

if GRASP not in gymnasium.registry:
    gymnasium.register(
        id=GRASP,
        entry_point="sparring.envs.grasp_env:GraspEnv",
        vector_entry_point="sparring.envs.grasp_vector_env:GraspVectorEnv",
    )
