"""The arms of the study, its tests, and which study plays which: values. They are named in experiments/PREREGISTERED.md."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import ATTACKED_SHARE, BoutConfig, RunConfig
from sparring.config_file import flat, to_json
from sparring.errors import ConfigError, unknown_name
from sparring.game.plan import COLLABORATIVE, START
from sparring.study.durations import attack_s, grasp_s

HELD_OUT, CHOICE = "held-out", 33
"""The held-out objects of the training families, on which the shipped player is chosen, are tried so many times less often."""
NOT_OF_AN_ARM = ("seed", "test", "learning.precision")
"""Settings that differ between runs of an arm, or decide nothing of how it is played."""
Players = Literal["all", "main", "last"]
FEWER = 5
"""Novel objects, of which there are ten times as many as named ones, are tried so many times less often by every run; and all in
cross-play, where every try is attacked in many ways."""


@dataclass(frozen=True)
class Arm:
    """One change of a preset, played with every training seed."""

    change: Callable[[RunConfig], RunConfig]
    tested: Players
    """Who is tested in the first test of all arms, low force on the named objects."""
    about: str
    """What is different, in words."""
    on_training_families: bool = False
    """Whether that test is on held-out objects of the training families: for what was thought of when results had been seen."""


@dataclass(frozen=True)
class StudyTest:
    """A test that a study puts some players of its arms to."""

    protocol: str
    objects: str
    players: Players
    tries_share: int = 1
    """Of as many tries an object as the preset asks for, one in so many."""


@dataclass(frozen=True)
class Study:
    """Some arms, and tests beside the one that every arm has."""

    arms: tuple[str, ...]
    about: str
    tests: tuple[StudyTest, ...] = ()
    """Of its first arm."""
    crossplay: bool = False
    """Whether the first arm's players meet its own adversaries, random attacks and published tests."""


def _match(config: RunConfig, **changes: object) -> RunConfig:
    return replace(config, match=replace(config.match, **changes))  # pyright: ignore[reportArgumentType]


def _learning(config: RunConfig, **changes: object) -> RunConfig:
    return replace(config, learning=replace(config.learning, **changes))  # pyright: ignore[reportArgumentType]


def _base(config: RunConfig) -> RunConfig:
    return config


def _shaken(config: RunConfig, **changes: object) -> RunConfig:
    """The first bout alone, without the collaborative arm: what a control of it needs."""
    return _match(config, arms=("adversarial",), bouts=config.match.bouts[:1], **changes)


def _alpha(alpha: float) -> Callable[[RunConfig], RunConfig]:
    return lambda config: _learning(_shaken(config), alpha=alpha)


def _sensor(height_m: float) -> Callable[[RunConfig], RunConfig]:
    return lambda config: replace(config, world=replace(config.world, lift=replace(config.world.lift, sense_height_m=height_m)))


def _random(config: RunConfig) -> RunConfig:
    return _shaken(config, attacks="random")


def _first(config: RunConfig) -> RunConfig:
    return _shaken(config, attacks="first")


def _random_at_closing(config: RunConfig) -> RunConfig:
    return _random(_sensor(0.0)(config))


def _realised(config: RunConfig) -> RunConfig:
    return _learning(_shaken(config), falls="share")


def _every(falls: Literal["share", "worst"], *, seconds: bool) -> Callable[[RunConfig], RunConfig]:
    """Every action of the first bout on each held object; fewer grasps, so that attempts, or simulated seconds, are as many."""

    def change(config: RunConfig) -> RunConfig:
        bout = config.match.bouts[0]
        grasp, attack = (grasp_s(config), attack_s(config, bout.adversary)) if seconds else (1.0, 1.0)
        attacked = ATTACKED_SHARE * attack
        share = (grasp + attacked) / (grasp + ADVERSARIES[bout.adversary].actions_n * attacked)
        fewer = replace(bout, grasps_per_iteration_n=max(1, round(bout.grasps_per_iteration_n * share)))
        return _learning(_match(_shaken(config), bouts=(fewer,), attacks="every"), falls=falls)

    return change


def _collaborative_grasps(config: RunConfig) -> RunConfig:
    """As many grasps without an adversary, in as many rounds, as the first bout has."""
    bout = config.match.bouts[0]
    grasps_n = bout.iterations_n * bout.grasps_per_iteration_n
    return _match(config, arms=("collaborative",), bouts=(bout,), collaborative_grasps_n=grasps_n)


def _collaborative_seconds(config: RunConfig) -> RunConfig:
    """As many simulated seconds without an adversary as the adversarial arm has."""
    grasp = grasp_s(config)
    seconds = sum(
        bout.iterations_n * bout.grasps_per_iteration_n * (grasp + ATTACKED_SHARE * attack_s(config, bout.adversary))
        for bout in config.match.bouts
    )
    return _match(config, arms=("collaborative",), collaborative_grasps_n=max(1, 10 * round(seconds / grasp / 10)))


def _mixed(config: RunConfig) -> RunConfig:
    bouts = config.match.bouts
    iterations_n = sum(bout.iterations_n for bout in bouts)
    grasps_n = sum(bout.iterations_n * bout.grasps_per_iteration_n for bout in bouts)
    return _match(config, arms=("adversarial",), bouts=(BoutConfig("mixed", iterations_n, max(1, grasps_n // iterations_n)),))


def _longer(config: RunConfig) -> RunConfig:
    return _learning(config, finetune_epochs_n=3 * config.learning.finetune_epochs_n)


def _more_data(config: RunConfig) -> RunConfig:
    """Four times the grasps after the random ones: as many as the paper's, on a quarter of its random ones."""
    match = config.match
    bouts = tuple(replace(bout, grasps_per_iteration_n=4 * bout.grasps_per_iteration_n) for bout in match.bouts)
    return _match(config, bouts=bouts, collaborative_grasps_n=4 * match.collaborative_grasps_n)


def _alexnet(config: RunConfig) -> RunConfig:
    return replace(config, network=replace(config.network, trunk="alexnet", frozen=True))


BASE = "base"
ARMS: dict[str, Arm] = {
    BASE: Arm(_base, "all", "the paper's game, and the collaborative player beside it"),
    "random": Arm(_random, "last", "every iteration attacks at random"),
    "realised": Arm(_realised, "last", "what the attack did in place of eq. 5's prediction"),
    "first": Arm(_first, "last", "the first iteration's adversary attacks ever after"),
    "every-share": Arm(_every("share", seconds=False), "last", "all shakes tried, as many attempts; label: the share that fell"),
    "every-worst": Arm(_every("worst", seconds=False), "last", "all shakes tried, as many attempts; label: whether any fell"),
    "every-share-seconds": Arm(_every("share", seconds=True), "last", "the same, as many simulated seconds; label: the share"),
    "every-worst-seconds": Arm(_every("worst", seconds=True), "last", "the same, as many simulated seconds; label: the worst"),
    "collaborative-grasps": Arm(_collaborative_grasps, "last", "no adversary, grasps and rounds of the shake bout alone"),
    "collaborative-seconds": Arm(_collaborative_seconds, "last", "no adversary, as many simulated seconds"),
    "mixed": Arm(_mixed, "last", "shakes and snatches in one menu from the first iteration on"),
    "alpha-0": Arm(_alpha(0.0), "last", "alpha 0: attacked, but told nothing of it"),
    "alpha-0.5": Arm(_alpha(0.5), "last", "alpha 0.5"),
    "alpha-1": Arm(_alpha(1.0), "last", "alpha 1"),
    "sensor-0": Arm(_sensor(0.0), "main", "the weak sensor is read right after closing"),
    "sensor-5": Arm(_sensor(0.05), "main", "the weak sensor is read 5 cm up"),
    "sensor-0-random": Arm(_random_at_closing, "last", "the same right after closing, and every iteration attacks at random"),
    "longer": Arm(_longer, "main", "three times as many epochs in every fit after P_0", on_training_families=True),
    "more-data": Arm(_more_data, "main", "four times as many grasps after the random ones", on_training_families=True),
    "alexnet": Arm(_alexnet, "main", "AlexNet on ImageNet's frozen convolutions", on_training_families=True),
}
"""Arm -> how it differs from the preset."""
WHY = ("longer", "more-data", "alexnet")
"""Arms that were thought of when results had been seen."""

_PLAYER_TEST = StudyTest("low-force", HELD_OUT, "main", CHOICE)
STUDIES: dict[str, Study] = {
    "table-1": Study((BASE,), "the paper's first table: low force", (StudyTest("low-force", "novel-families", "main", FEWER),)),
    "table-2": Study(
        (BASE,),
        "the paper's second table: high force",
        (StudyTest("high-force", "named", "main"), StudyTest("high-force", "novel-families", "main", FEWER)),
    ),
    "controls": Study(
        tuple(name for name in ARMS if not name.startswith(("alpha", "sensor")) and name not in WHY),
        "the controls that the paper lacks",
    ),
    "alpha": Study((BASE, "alpha-0", "alpha-0.5", "alpha-1"), "how strongly the adversary is heard"),
    "sensor": Study((BASE, "sensor-0", "sensor-5", "sensor-0-random"), "whether an adversary helps more the weaker the sensor"),
    "player": Study((BASE,), "which player comes with the package", (_PLAYER_TEST,)),
    "crossplay": Study((BASE,), "what survives of what was lifted, and whether the adversary is learning", crossplay=True),
    "why": Study((BASE, *WHY), "attempts to find out why a claim failed", (_PLAYER_TEST,)),
    "all": Study(
        tuple(name for name in ARMS if name not in WHY),
        "everything",
        (
            StudyTest("low-force", "novel-families", "main", FEWER),
            StudyTest("high-force", "named", "main"),
            StudyTest("high-force", "novel-families", "main", FEWER),
            _PLAYER_TEST,
        ),
        crossplay=True,
    ),
}
"""What `sparring study` knows by name."""


def arm_config(preset: RunConfig, arm: str, *, seed: int, tries_n: int | None = None) -> RunConfig:
    """The config of one run of an arm.

    Runs take one CPU thread, so that they are the same on every machine, and as many can run side by side as there are cores.

    Raises:
        ConfigError: the preset cannot be changed so.
    """
    config = replace(ARMS[arm].change(_learning(preset, threads_n=1)), seed=seed)
    test = replace(
        config.test, protocols=("low-force",), scoring="auto", tries_n=config.test.tries_n if tries_n is None else tries_n
    )
    if ARMS[arm].on_training_families:
        test = replace(test, objects=HELD_OUT, tries_n=max(1, test.tries_n // CHOICE))
    config = replace(config, test=test)
    return replace(config, test=replace(test, players=players_of(config, ARMS[arm].tested)))


def settings_of(preset: RunConfig, config: RunConfig) -> dict[str, str]:
    """What an arm changes in its preset, as its summary has it: setting -> its value as JSON."""
    before, after = (flat(json.loads(to_json(one))) for one in (preset, config))
    names = sorted(name for name in before | after if before.get(name) != after.get(name))
    return {name: json.dumps(after.get(name)) for name in names if not name.startswith(NOT_OF_AN_ARM)}


def players_of(config: RunConfig, which: Players) -> tuple[str, ...]:
    """Names of some of a run's players; none for all of them."""
    match = config.match
    collaborative = (COLLABORATIVE,) if "collaborative" in match.arms else ()
    last = tuple(bout.iterations[-1] for bout in match.bouts) if "adversarial" in match.arms else ()
    return {"all": (), "main": (START, *collaborative, *last), "last": (*collaborative, *last)[-1:]}[which]


def study_named(name: str) -> Study:
    """The study of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in STUDIES:
        raise ConfigError(unknown_name("study", name, STUDIES))
    return STUDIES[name]
