"""Controls of the paper's game: one arm alone, other attackers, other labels in eq. 5."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from safetensors.numpy import load_file

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp
from sparring.config import BoutConfig, RunConfig
from sparring.data.store import digest_of, read_stage
from sparring.errors import ConfigError
from sparring.farm.executors import SerialExecutor
from sparring.game.cell import AttackRequest, GraspRequest, SimulatedCell
from sparring.game.collect import waves_of
from sparring.game.jobs import AttackOutcomes, View
from sparring.game.match import Match
from sparring.game.plan import all_players, player_names, stages_of, steps_of
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder

SHAKES_N = ADVERSARIES["shake"].actions_n


def shaken(iterations_n: int = 2, grasps_n: int = 8, falls: str = "believed", **match: Any) -> RunConfig:
    """The tiny run with its shake bout alone, without the collaborative arm."""
    config = tiny.tiny_config()
    bouts = (BoutConfig("shake", iterations_n, grasps_n),)
    config = replace(config, match=replace(config.match, arms=("adversarial",), bouts=bouts, **match))
    return replace(config, learning=replace(config.learning, falls=falls))


def match_of(config: RunConfig, path: Path) -> Match:
    """A match that may be played."""
    run = RunFolder(path)
    run.begin(config, {"command": "test"})
    cell = SimulatedCell(config.world, config.attack, SerialExecutor())
    return Match(config, cell, run, tiny.cpu(config), Silent())


def sensed_rows(run: RunFolder, stage: str) -> list[dict[str, Any]]:
    """Records of the grasps that were attacked."""
    rows = read_stage(run.stage(stage)).to_pylist()
    return [row for row in rows if row["sensed"] and not row["invalid"]]


@pytest.mark.parametrize("arm", ["collaborative", "adversarial"])
def test_one_arm_alone_is_what_it_is_beside_the_other(arm: str, played: tiny.PlayedRun, tmp_path: Path) -> None:
    config = replace(played.config, match=replace(played.config.match, arms=(arm,)))
    match = match_of(config, tmp_path / "alone")
    match.play()
    alone = RunFolder(tmp_path / "alone")
    assert sorted(path.name for path in (alone.path / "stages").iterdir()) == sorted(stage.name for stage in stages_of(config))
    for stage in stages_of(config):
        assert digest_of(read_stage(alone.stage(stage.name))) == digest_of(read_stage(played.folder.stage(stage.name)))
    trained = {path.stem for path in (alone.path / "players").iterdir()}
    assert trained == {name for name, _ in all_players(config)} < {name for name, _ in all_players(played.config)}
    for name in trained:
        ours, theirs = load_file(alone.player(name)), load_file(played.folder.player(name))
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours.keys() | theirs.keys())
    assert set(steps_of(config)) < set(steps_of(played.config))
    assert set(player_names(config)) < set(player_names(played.config))


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunConfig, RunFolder]:
    """A match in which all shakes are tried on every held grasp, and the worst of them counts."""
    config = shaken(iterations_n=1, grasps_n=32, falls="worst", attacks="every")
    path = tmp_path_factory.mktemp("every") / "run"
    match_of(config, path).play()
    return config, RunFolder(path)


def test_where_every_shake_is_tried_each_came_to_what_it_comes_to_alone(every: tuple[RunConfig, RunFolder]) -> None:
    config, run = every
    cell = SimulatedCell(config.world, config.attack, SerialExecutor())
    held = [row for row in sensed_rows(run, "shake-1") if row["lifted"]]
    assert held, "nothing was held, so that nothing is tested"
    waves = waves_of(next(stage for stage in stages_of(config) if stage.name == "shake-1"), config)
    specs = {spec.seed: spec for wave in waves for spec, _ in wave.scenes}
    for row in held[:2]:
        spec = specs[row["scene_seed"]]
        (view,) = cell.look([spec])
        assert isinstance(view, View)
        grasp = Grasp(row["x_m"], row["y_m"], row["theta_rad"])
        (outcome,) = cell.grasp([GraspRequest(spec, view.state, (grasp,), (row["noise_seed"],))])
        alone = [
            next(cell.attack("shake", [AttackRequest(spec, outcome.states, outcome.executed, (action,))])).dislodged[0]
            for action in range(SHAKES_N)
        ]
        assert row["dislodging"] == [action for action, fell in enumerate(alone) if fell]
        assert row["dislodged"] == (row["action"] in row["dislodging"])


def test_what_fell_on_the_way_up_falls_to_every_shake(every: tuple[RunConfig, RunFolder]) -> None:
    rows = sensed_rows(every[1], "shake-1")
    assert all(row["dislodging"] is not None and row["action_probability"] is None for row in rows)
    assert all(row["dislodging"] == list(range(SHAKES_N)) for row in rows if not row["lifted"])
    others = [row for row in read_stage(every[1].stage("shake-1")).to_pylist() if not row["sensed"]]
    assert others
    assert all(row["dislodging"] is None and row["action"] is None for row in others)


def test_a_grasp_is_invalid_where_any_of_its_attacks_went_wrong(tmp_path: Path) -> None:
    class Wrong(SimulatedCell):
        """The last attack of every request goes wrong."""

        def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
            for request, told in zip(requests, super().attack(adversary, requests), strict=True):
                invalid = np.zeros(len(request.actions), bool)
                invalid[-1] = True
                yield replace(told, invalid=invalid)

    config = shaken(iterations_n=1, grasps_n=16, attacks="every")
    run = RunFolder(tmp_path / "run")
    run.begin(config, {"command": "test"})
    Match(config, Wrong(config.world, config.attack, SerialExecutor()), run, tiny.cpu(config), Silent()).play()
    rows = [row for row in read_stage(run.stage("shake-1")).to_pylist() if row["invalid"]]
    assert rows, "nothing was held, so that nothing is tested"
    assert all(row["fault"] == "physics" and row["replay_state"] is not None for row in rows)
    assert all(row["action"] in (SHAKES_N - 1, SHAKES_N - 2) for row in rows), "the one that went wrong"


def target_mean(run: RunFolder, player: str) -> float:
    """Mean target of the successes that a protagonist learned from."""
    return next(row["summary"]["target_mean_of_successes"] for row in run.metrics() if row["fit"] == player and "summary" in row)


def test_the_worst_that_really_happened_is_what_eq_5_takes(every: tuple[RunConfig, RunFolder]) -> None:
    config, run = every
    rows = [row for stage in ("random", "shake-1") for row in sensed_rows(run, stage)]
    fell = [bool(row["dislodging"]) for row in rows]
    assert target_mean(run, "shake-1") == pytest.approx(np.mean([1 - config.learning.alpha * one for one in fell]), abs=1e-6)


def test_the_realised_outcome_is_what_eq_5_takes(tmp_path: Path) -> None:
    config = shaken(iterations_n=1, grasps_n=24, falls="share")
    match_of(config, tmp_path / "run").play()
    run = RunFolder(tmp_path / "run")
    fell = [bool(row["dislodged"]) for stage in ("random", "shake-1") for row in sensed_rows(run, stage)]
    assert any(fell), "nothing fell, so that nothing is tested"
    assert target_mean(run, "shake-1") == pytest.approx(np.mean([1 - config.learning.alpha * one for one in fell]), abs=1e-6)


def test_a_random_adversary_stays_random(tmp_path: Path) -> None:
    match_of(shaken(attacks="random"), tmp_path / "run").play()
    rows = [row for stage in ("shake-1", "shake-2") for row in sensed_rows(RunFolder(tmp_path / "run"), stage)]
    assert rows
    assert all(row["action_probability"] is None for row in rows)


def test_the_first_adversary_attacks_ever_after(tmp_path: Path) -> None:
    config = shaken(iterations_n=3, grasps_n=16, attacks="first")
    match = match_of(config, tmp_path / "run")
    match.play()
    bout = config.match.bouts[0]
    first = match.load("adversary-shake-1", "adversary").state_dict()
    for name in ("shake-2", "shake-3"):
        attacker: Any = match._attacker_in(bout, name)
        assert all((attacker.network.state_dict()[key] == value).all() for key, value in first.items())
    assert all(row["action_probability"] is not None for row in sensed_rows(match.run, "shake-3"))


def test_a_robot_cannot_try_every_attack_on_one_grasp(tmp_path: Path) -> None:
    class Robot(SimulatedCell):
        scenes_at_once = 1  # pyright: ignore[reportAssignmentType]

    config = shaken(attacks="every", attempts_per_scene_n=1)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ConfigError, match=r"match\.attacks must not be every"):
        Match(config, Robot(config.world, config.attack, SerialExecutor()), run, tiny.cpu(config), Silent())


@pytest.mark.parametrize("players", [("shake-9",), ("start", "nobody")])
def test_who_is_to_be_tested_must_be_there(players: tuple[str, ...], tmp_path: Path) -> None:
    config = shaken()
    config = replace(config, test=replace(config.test, players=players))
    with pytest.raises(ConfigError, match=f"{players[-1]}.*start, shake-1, shake-2"):
        match_of(config, tmp_path / "run")
