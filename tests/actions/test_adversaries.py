"""Every row of the table of adversaries keeps the same promises."""

import numpy as np
import pytest
from motions import attack_paths

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import AttackConfig

START = np.array([0.05, -0.02, 0.32, 0.6, 0.0, 0.0, 0.09])
NAMES = pytest.mark.parametrize("name", ADVERSARIES)


def test_the_paper_has_15_shakes_and_36_snatches_and_the_mixed_menu_both() -> None:
    assert {name: adversary.actions_n for name, adversary in ADVERSARIES.items()} == {"shake": 15, "snatch": 36, "mixed": 51}


@NAMES
def test_every_action_is_a_path_for_one_hand_or_for_two(name: str) -> None:
    adversary = ADVERSARIES[name]
    for index in range(adversary.actions_n):
        prepared, attack = attack_paths(adversary, index, START)
        has_second = adversary.action(index)[0].second_hand is not None
        assert prepared.shape[1] == 7
        assert attack.shape[1] == (14 if has_second else 7)
        assert np.isfinite(prepared).all()
        assert np.isfinite(attack).all()


@NAMES
def test_no_two_actions_of_an_adversary_are_the_same(name: str) -> None:
    adversary = ADVERSARIES[name]
    paths = {b"".join(part.round(6).tobytes() for part in attack_paths(adversary, k, START)) for k in range(adversary.actions_n)}
    assert len(paths) == adversary.actions_n
    assert len({adversary.description(index) for index in range(adversary.actions_n)}) == adversary.actions_n


@NAMES
def test_an_attack_begins_where_the_grasp_has_ended_and_never_jumps(name: str) -> None:
    adversary = ADVERSARIES[name]
    for index in range(adversary.actions_n):
        prepared, attack = attack_paths(adversary, index, START)
        whole = np.concatenate([START[None], prepared, attack[:, :7]])
        assert prepared[0] == pytest.approx(START, abs=0.005)
        assert np.abs(np.diff(whole, axis=0)).max() < 0.01


@NAMES
def test_a_second_hand_starts_where_its_path_begins(name: str) -> None:
    adversary = ADVERSARIES[name]
    for index in range(adversary.actions_n):
        attack, within = adversary.action(index)
        if attack.second_hand is not None:
            _, path = attack_paths(adversary, index, START, depth_m=0.05)
            assert attack.second_hand.start(AttackConfig(), within, 0.05) == pytest.approx(path[0, 7:], abs=0.001)


@NAMES
def test_the_fingers_of_the_protagonist_stay_closed(name: str) -> None:
    adversary = ADVERSARIES[name]
    for index in range(adversary.actions_n):
        assert all(np.all(part[:, 6] == START[6]) for part in attack_paths(adversary, index, START))


@NAMES
def test_an_adversarys_actions_fit_the_records(name: str) -> None:
    assert 1 <= ADVERSARIES[name].actions_n <= 127


@NAMES
def test_there_is_no_action_beyond_the_last(name: str) -> None:
    with pytest.raises(IndexError):
        ADVERSARIES[name].action(ADVERSARIES[name].actions_n)


@NAMES
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
