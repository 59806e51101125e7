"""Every row of the table of adversaries keeps the same promises."""

import numpy as np
import pytest

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import AttackConfig

START = np.array([0.05, -0.02, 0.32, 0.6, 0.0, 0.0, 0.09])


@pytest.mark.parametrize("name", ADVERSARIES)
def test_all_actions_of_an_adversary_play_as_one_batch(name: str) -> None:
    adversary = ADVERSARIES[name]
    paths = [adversary.trajectory(AttackConfig(), index, START, dt=0.002) for index in range(adversary.actions_n)]
    assert len({path.shape for path in paths}) == 1
    assert paths[0].shape[1] == 7
    assert np.isfinite(np.stack(paths)).all()


@pytest.mark.parametrize("name", ADVERSARIES)
def test_no_two_actions_of_an_adversary_are_the_same(name: str) -> None:
    adversary = ADVERSARIES[name]
    paths = [adversary.trajectory(AttackConfig(), index, START, dt=0.002) for index in range(adversary.actions_n)]
    assert len({path.round(6).tobytes() for path in paths}) == adversary.actions_n


@pytest.mark.parametrize("name", ADVERSARIES)
def test_an_attack_begins_where_the_grasp_has_ended(name: str) -> None:
    adversary = ADVERSARIES[name]
    for index in range(adversary.actions_n):
        path = adversary.trajectory(AttackConfig(), index, START, dt=0.002)
        assert path[0] == pytest.approx(START, abs=0.005)


@pytest.mark.parametrize("name", ADVERSARIES)
def test_an_adversarys_actions_fit_the_records(name: str) -> None:
    assert 1 <= ADVERSARIES[name].actions_n <= 127


@pytest.mark.parametrize("name", ADVERSARIES)
@pytest.mark.parametrize(("x", "y"), [(False, False), (True, False), (False, True), (True, True)])
def test_mirroring_twice_is_nothing(name: str, x: bool, y: bool) -> None:
    adversary = ADVERSARIES[name]
    indices = list(range(adversary.actions_n))
    once = [adversary.mirrored(index, x=x, y=y) for index in indices]
    assert sorted(once) == indices
    assert [adversary.mirrored(index, x=x, y=y) for index in once] == indices
    assert (once == indices) == (not x and not y)
    in_turn = [adversary.mirrored(adversary.mirrored(index, x=x, y=False), x=False, y=y) for index in indices]
    assert in_turn == once
