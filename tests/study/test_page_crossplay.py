"""What survives of what was lifted: shares of wholes that differ from run to run."""

import numpy as np
import pytest
from study_summaries import arm, played

from sparring.study.bootstrap import bootstrapped
from sparring.study.comparison import Scores
from sparring.study.page_crossplay import crossplay
from sparring.study.summary import Attacked


def met(attacker: str, *rows: str, player: str = "start") -> Attacked:
    """What an attacker left, a row an object."""
    return Attacked(player, attacker, "low-force", "named", {f"object-{number}": row for number, row in enumerate(rows)})


def run(seed: int, *attacked: Attacked):
    """A run of cross-play."""
    one = played(seed)
    return type(one)(**{**one.__dict__, "attacked": attacked})


def test_a_share_is_of_what_was_held_in_all_runs_together() -> None:
    wholes = np.array([[[1, 1, 0, 0], [1, 0, 0, 0]], [[1, 1, 1, 1], [0, 0, 0, 0]]])
    parts = wholes * np.array([1, 0, 1, 0])
    effect = bootstrapped(Scores((1, 2), parts, wholes > 0, np.ones((2, 4), bool), ("a", "b")), draws_n=500)
    assert effect.value == pytest.approx(4 / 7)
    assert effect.by_seed == {1: pytest.approx(2 / 3), 2: pytest.approx(1 / 2)}
    assert effect.n == 7
    assert 0 <= effect.low < effect.value < effect.high <= 1


def test_a_run_that_held_nothing_tells_nothing_and_breaks_nothing() -> None:
    wholes = np.array([[[0, 0]], [[1, 1]]])
    effect = bootstrapped(Scores((1, 2), wholes * 0, wholes > 0, np.ones((1, 2), bool), ("a",)), draws_n=200)
    assert (effect.value, effect.low, effect.high) == (0, 0, 0)
    assert effect.by_seed == {2: 0}


def test_what_a_learned_adversary_dislodges_is_told_beside_a_random_one() -> None:
    base = arm(
        "base", *(run(seed, met("random-shake", "1110-x", "10----"), met("shake-1", "1000-0", "10----")) for seed in (1, 2))
    )
    text = "\n\n".join(crossplay({"base": base}).blocks)
    assert "Training seeds 1, 2." in text
    rows = text.splitlines()
    learned = next(line for line in rows if line.startswith("| `shake-1`") and line.endswith("| 14 |"))
    assert "71.4 % (" in learned, "of seven held it dislodges five"
    assert "+33.3 (" in learned, "of the six that were valid for both four, the random one two"
    random = next(line for line in rows if line.startswith("| `random-shake`") and line.endswith("| 12 |"))
    assert "33.3 % (" in random


def test_a_run_that_met_fewer_scenes_takes_none_from_the_others() -> None:
    whole = [met("none", "1110", "1010", player="collaborative"), met("none", "11", "1-")]
    short = [met("none", "11", "10", player="collaborative"), met("none", "11", "1-")]
    text = "\n".join(crossplay({"base": arm("base", run(1, *whole), run(2, *short))}).blocks)
    row = next(line for line in text.splitlines() if line.startswith("| lifted, all seeds"))
    assert row.split(" | ")[2] == "12"


def test_the_object_that_most_of_the_difference_comes_from_is_left_out_once() -> None:
    base = arm("base", run(1, met("random-shake", "1111", "1110", "1100"), met("shake-1", "0000", "1010", "1000")))
    text = "\n".join(crossplay({"base": base}).blocks)
    row = next(line for line in text.splitlines() if line.startswith("| `shake-1`"))
    assert "+25.0 (" in row.split(" | ")[4]
    assert row.split(" | ")[4].endswith("without `object-0`")


def test_without_cross_play_the_page_says_so() -> None:
    assert "not run yet" in crossplay({}).blocks[0]
    assert "not run yet" in crossplay({"base": arm("base", played(1))}).blocks[0]


def test_players_that_lifted_nothing_are_not_told() -> None:
    base = arm("base", run(1, met("none", "----", player="collaborative"), met("none", "11--")))
    assert "not run yet" in "".join(crossplay({"base": base}).blocks)
