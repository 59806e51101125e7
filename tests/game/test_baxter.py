"""Baxter plays: grasps and attacks within joint limits, and what is out of reach fails as such."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import PlayedRun, play, tiny_config

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp
from sparring.config import ROBOTS, RunConfig
from sparring.data.store import read_stage
from sparring.evaluation.attempts import find_attempt
from sparring.evaluation.reach import GRASP, reach_of
from sparring.game import jobs
from sparring.game.batch import Watch
from sparring.game.plan import stages_of
from sparring.game.replay import replay
from sparring.viewing.report import report
from sparring.world.arm import RANGES_RAD
from sparring.world.physics import Played
from sparring.world.scene import Scene, SceneSpec

CONFIG = tiny_config()
BAXTER = ROBOTS["baxter"](CONFIG)
OVERSHOOT_RAD = 0.005
"""Limits are soft by so much in the engine."""


def tried(config: RunConfig, name: str, n: int, watch: Watch | None = None) -> tuple[jobs.View, jobs.GraspOutcomes]:
    """Grasps near an object's middle."""
    spec = SceneSpec(name, 7)
    view, rng = jobs.look(jobs.LookJob(config.world, spec)), np.random.default_rng(0)
    x, y = view.centre_of_mass_m
    grasps = tuple(Grasp(x + dx, y + dy, theta) for dx, dy, theta in rng.normal(0, [0.02, 0.02, 1.0], (n, 3)))
    job = jobs.GraspJob(config.world, spec, view.state, grasps, tuple(range(n)))
    return view, jobs.grasp(job, watch)


def attacked(
    config: RunConfig, name: str, outcome: jobs.GraspOutcomes, adversary: str, watch: Watch | None = None
) -> jobs.AttackOutcomes:
    """Some of what was lifted, attacked by actions in turn."""
    rows = np.flatnonzero(outcome.lifted)[:8]
    grasps = tuple(outcome.executed[row] for row in rows)
    actions = tuple(int(7 * at) % ADVERSARIES[adversary].actions_n for at in range(len(rows)))
    job = jobs.AttackJob(config.world, config.attack, adversary, SceneSpec(name, 7), outcome.states[rows], grasps, actions)
    return jobs.attack(job, watch)


def test_no_joint_leaves_its_limits_in_200_attempts() -> None:
    seen = {"right": [np.inf, -np.inf], "left": [np.inf, -np.inf]}
    attempts_n = attacks_n = lifted_n = 0

    def watch(_: str, scene: Scene, played: Played) -> None:
        sides = {"right": 1, "left": scene.object_qpos.stop} if scene.has_second_hand else {"right": 1}
        for side, first in sides.items():
            joints = played.trace[:, :, first : first + 7]
            seen[side][0] = min(seen[side][0], float((joints - RANGES_RAD[:, 0]).min()))
            seen[side][1] = max(seen[side][1], float((joints - RANGES_RAD[:, 1]).max()))

    for name in ("bar-0003", "ell-0002", "hammer-0017", "tee-0001", "bottle-0001"):
        _, outcome = tried(BAXTER, name, 40, watch)
        attempts_n += len(outcome.lifted)
        lifted_n += int(outcome.lifted.sum())
        assert not outcome.invalid.any()
        if outcome.lifted.any():
            for adversary in ("shake", "snatch"):
                attacks_n += len(attacked(BAXTER, name, outcome, adversary, watch).dislodged)
    assert attempts_n == 200
    assert lifted_n >= 15
    assert attacks_n >= 30
    for side, (low, high) in seen.items():
        assert low > -OVERSHOOT_RAD, f"the {side} arm"
        assert high < OVERSHOOT_RAD, f"the {side} arm"


def test_a_grasp_out_of_reach_fails_and_is_told_as_such() -> None:
    far = replace(BAXTER, world=replace(BAXTER.world, arms=replace(BAXTER.world.arms, base_m=(-1.9, 0.0, 0.1))))
    _, outcome = tried(far, "bar-0003", 3)
    assert outcome.slowdown is not None
    assert np.isinf(outcome.slowdown).all()
    assert not outcome.lifted.any()
    assert not outcome.sensed.any()
    assert not outcome.invalid.any(), "a robot that cannot reach has failed; nothing went wrong with the physics"


def test_an_attack_out_of_reach_does_nothing() -> None:
    """From below, as floating hands are attacked, Baxter's other arm reaches next to nothing."""
    _, outcome = tried(BAXTER, "bar-0003", 20)
    below = replace(BAXTER, attack=CONFIG.attack)
    result = attacked(below, "bar-0003", outcome, "snatch")
    assert result.slowdown is not None
    beyond = np.isinf(result.slowdown)
    assert beyond.sum() >= 3
    assert not result.dislodged[beyond].any()
    assert not result.invalid[beyond].any()


def test_without_arms_nothing_is_said_of_reach() -> None:
    _, outcome = tried(CONFIG, "bar-0003", 12)
    assert outcome.slowdown is None
    assert attacked(CONFIG, "bar-0003", outcome, "shake").slowdown is None


@pytest.fixture(scope="module")
def match(tmp_path_factory: pytest.TempPathFactory) -> PlayedRun:
    """A whole match with shake and snatch."""
    return play(BAXTER, tmp_path_factory.mktemp("baxter") / "run")


def test_a_match_is_the_same_with_worker_processes(match: PlayedRun, tmp_path: Path) -> None:
    assert play(BAXTER, tmp_path / "run", executor="process", workers_n=2).digest == match.digest


def test_attempts_of_a_match_replay_to_the_bit_and_say_what_the_arms_could_do(match: PlayedRun) -> None:
    run = match.folder
    rows = [row for stage in stages_of(BAXTER) for row in read_stage(run.stage(stage.name)).to_pylist()]
    fought = [row for row in rows if row["attack_slowdown"] is not None]
    assert {row["adversary"] for row in fought} == {"shake", "snatch"}
    for row in [*fought[:3], *fought[-2:], *rows[:3]]:
        assert replay(find_attempt(run, row["attempt"])).differences == ()
    asked = reach_of(rows)
    assert next(iter(asked)) == GRASP
    assert asked[GRASP].within().n == len(rows)
    assert sum(one.within().n for name, one in asked.items() if name != GRASP) == len(fought)
    assert any(name.startswith("snatch") for name in asked)
    titles = [section.title for section in report([run], pictures=False).sections]
    assert "What the arms could do" in titles
