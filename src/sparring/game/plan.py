"""What a config's match comes to: its stages, players and steps, in the order in which they are played."""

from sparring.config import RunConfig
from sparring.errors import ConfigError, unknown_name
from sparring.game.collect import Stage
from sparring.players.checkpoint import Role

START = "start"
COLLABORATIVE = "collaborative"
RANDOM = "random"
"""The stage that all begins with."""


def player_names(config: RunConfig) -> list[str]:
    """Protagonists that a run ends with, in the order of the paper's table."""
    last = [COLLABORATIVE] if collaborates(config) else []
    return [START, *last, *attacked_names(config)]


def tested_names(config: RunConfig) -> list[str]:
    """Protagonists that the run's config wants tested.

    Raises:
        ConfigError: it names one that the run does not end with.
    """
    names = player_names(config)
    for name in config.test.players:
        if name not in names:
            raise ConfigError(unknown_name("player in test.players", name, names))
    return [name for name in names if not config.test.players or name in config.test.players]


def all_players(config: RunConfig) -> list[tuple[str, Role]]:
    """All players that a run trains, with those on the way to the collaborative one, and the adversaries."""
    rounds = [collaborative_name(config, number) for number in _rounds(config)]
    attacked = attacked_names(config)
    protagonists: list[tuple[str, Role]] = [(name, "protagonist") for name in (START, *rounds, *attacked)]
    return protagonists + [(adversary_name(name), "adversary") for name in attacked]


def stages_of(config: RunConfig) -> list[Stage]:
    """All stages of a run that gather attempts."""
    match = config.match
    shares = _shares(match.collaborative_grasps_n, match.rounds_n)
    collaborative = [Stage(round_name(number), shares[number - 1]) for number in _rounds(config)]
    bouts = match.bouts if competes(config) else ()
    attacked = [Stage(name, bout.grasps_per_iteration_n) for bout in bouts for name in bout.iterations]
    return [Stage(RANDOM, match.random_grasps_n), *collaborative, *attacked]


def chooser_of(config: RunConfig, stage: str) -> str | None:
    """The player whose grasps a stage gathers; None for the random ones.

    Raises:
        ConfigError: there is no such stage.
    """
    rounds = [round_name(number) for number in _rounds(config)]
    choosers: dict[str, str | None] = {RANDOM: None}
    for arm in (rounds, attacked_names(config)):
        choosers |= dict(zip(arm, [START, *arm], strict=False))
    if stage not in choosers:
        raise ConfigError(unknown_name("stage", stage, choosers))
    return choosers[stage]


def steps_of(config: RunConfig) -> list[str]:
    """What a match announces, in the order in which it is played; a fit that has nothing to learn from is not announced."""
    stages = {stage.name: stage.step for stage in stages_of(config)}
    steps = [stages[RANDOM], fit_step(START)]
    for number in _rounds(config):
        steps += [stages[round_name(number)], fit_step(collaborative_name(config, number))]
    for name in attacked_names(config):
        steps += [stages[name], fit_step(adversary_name(name)), fit_step(name)]
    return steps


def collaborates(config: RunConfig) -> bool:
    """Whether the arm without an adversary is played."""
    return "collaborative" in config.match.arms


def competes(config: RunConfig) -> bool:
    """Whether the arm with adversaries is played."""
    return "adversarial" in config.match.arms


def attacked_names(config: RunConfig) -> list[str]:
    """Iterations against adversaries, which their stages and protagonists are called after."""
    return [name for bout in config.match.bouts for name in bout.iterations] if competes(config) else []


def adversary_name(name: str) -> str:
    """The checkpoint of the adversary that learned in an iteration, which the protagonist is named for."""
    return f"adversary-{name}"


def collaborative_name(config: RunConfig, number: int) -> str:
    """The player that a round of the baseline makes; the last is the baseline itself."""
    return COLLABORATIVE if number == config.match.rounds_n else round_name(number)


def fit_step(name: str) -> str:
    """What a player's fit is announced as."""
    return f"fit {name}"


def round_name(number: int) -> str:
    """A round of the baseline: its stage."""
    return f"{COLLABORATIVE}-{number}"


def _rounds(config: RunConfig) -> range:
    return range(1, config.match.rounds_n + 1) if collaborates(config) else range(0)


def _shares(total: int, parts: int) -> list[int]:
    """`total` in `parts` nearly equal shares."""
    return [total // parts + (index < total % parts) for index in range(parts)]
