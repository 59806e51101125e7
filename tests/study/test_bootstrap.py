"""Laws of the hierarchical bootstrap, and its coverage where the truth is known."""

import numpy as np
import pytest
from study_summaries import arm, played, trial

from sparring.study.bootstrap import Effect, bootstrapped
from sparring.study.comparison import Scores, Term, scores


def of(values: np.ndarray, valid: np.ndarray | None = None) -> Scores:
    """Scores of seeds x objects x scenes."""
    valid = np.ones(values.shape[1:], bool) if valid is None else valid
    names = tuple(f"object-{number}" for number in range(len(valid)))
    return Scores(tuple(range(1, len(values) + 1)), values * valid, np.broadcast_to(valid, values.shape), valid, names)


def width(effect: Effect) -> float:
    return effect.high - effect.low


def test_without_any_chance_the_interval_is_the_value() -> None:
    effect = bootstrapped(of(np.ones((3, 4, 5), int)))
    assert (effect.value, effect.low, effect.high) == (1, 1, 1)
    assert effect.n == 60
    assert effect.p == pytest.approx(2 / 4001)


def test_no_difference_at_all_is_no_evidence() -> None:
    effect = bootstrapped(of(np.zeros((2, 3, 4), int)))
    assert (effect.value, effect.low, effect.high, effect.p) == (0, 0, 0, 1)


def test_the_value_is_the_mean_over_seeds_of_valid_scenes() -> None:
    valid = np.array([[True, True, False], [True, False, False]])
    effect = bootstrapped(of(np.array([[[1, 0, 1], [1, 1, 1]], [[0, 0, 0], [1, 0, 0]]]), valid))
    assert effect.value == pytest.approx(0.5)
    assert effect.by_seed == {1: pytest.approx(2 / 3), 2: pytest.approx(1 / 3)}
    assert effect.n == 6


def test_the_same_draws_every_time_and_others_with_another_seed() -> None:
    values = np.random.default_rng(3).integers(-1, 2, size=(4, 5, 20))
    assert bootstrapped(of(values)) == bootstrapped(of(values))
    assert bootstrapped(of(values)).low != bootstrapped(of(values), seed=1).low


def test_the_interval_of_scenes_alone_is_that_of_a_mean() -> None:
    """One seed and one object: what remains is the bootstrap of a mean."""
    values = np.random.default_rng(5).integers(0, 2, size=(1, 1, 400))
    effect = bootstrapped(of(values))
    assert width(effect) == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_the_interval_grows_when_objects_differ() -> None:
    alike = np.tile([1, -1], (2, 8, 10))
    apart = np.repeat(np.array([1, -1] * 4)[None, :, None], 20, axis=2).repeat(2, axis=0)
    assert alike.mean() == apart.mean() == 0
    assert width(bootstrapped(of(apart))) > 3 * width(bootstrapped(of(alike)))


def test_the_interval_grows_when_seeds_differ() -> None:
    alike = np.tile([1, -1], (4, 8, 10))
    apart = np.repeat(np.array([1, -1, 1, -1]), 160).reshape(4, 8, 20)
    assert width(bootstrapped(of(apart))) > 3 * width(bootstrapped(of(alike)))


def test_scenes_that_are_hard_for_both_cancel() -> None:
    """Players that agree on most scenes are told apart better than the same rates on scenes of their own."""
    rng = np.random.default_rng(7)
    hard = rng.random((10, 50)) < 0.5
    better = hard | (rng.random(hard.shape) < 0.1)

    def difference(one: np.ndarray, other: np.ndarray) -> Effect:
        tests = [trial(name, ["".join("01"[int(ok)] for ok in row) for row in rows]) for name, rows in (("a", one), ("b", other))]
        found = scores({"base": arm("base", played(1, *tests))}, [Term("base", "a"), -Term("base", "b")])
        assert found is not None
        return bootstrapped(found)

    paired, apart = difference(better, hard), difference(better, rng.permuted(hard, axis=1))
    assert paired.value == pytest.approx(apart.value)
    assert width(paired) < 0.6 * width(apart)


def test_it_is_the_plain_bootstrap_done_fast() -> None:
    """The same interval as drawing one seed, one object and one scene after the other."""
    rng = np.random.default_rng(19)
    values, valid = rng.integers(-1, 2, size=(3, 4, 6)), rng.random((4, 6)) < 0.8
    known = [np.flatnonzero(row) for row in valid]
    drawn: list[float] = []
    for _ in range(4000):
        picked = [(at, scene) for at in rng.integers(4, size=4) for scene in rng.choice(known[at], size=len(known[at]))]
        of_seeds = [np.mean([values[seed, at, scene] for at, scene in picked]) for seed in rng.integers(3, size=3)]
        drawn.append(float(np.mean(of_seeds)))
    effect = bootstrapped(of(values, valid))
    np.testing.assert_allclose((effect.low, effect.high), np.percentile(drawn, [2.5, 97.5]), atol=0.03)


def test_an_invalid_scene_is_never_drawn() -> None:
    values, valid = np.zeros((2, 3, 10), int), np.ones((3, 10), bool)
    valid[:, 5:] = False
    values[:, :, :5] = 1
    effect = bootstrapped(of(values, valid))
    assert (effect.low, effect.high, effect.n) == (1, 1, 30)


def test_p_is_below_a_twentieth_where_the_interval_leaves_0_out() -> None:
    rng = np.random.default_rng(11)
    for shift in np.linspace(-0.1, 0.1, 15):
        values = np.where(rng.random((3, 6, 40)) < abs(shift), int(np.sign(shift)), rng.integers(-1, 2, (3, 6, 40)))
        effect = bootstrapped(of(values), draws_n=1000)
        leaves_out = effect.low > 0 or effect.high < 0
        assert leaves_out == (effect.p < 0.05) or effect.p == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize(
    ("seed_sd", "object_sd", "least", "most"),
    [(0.0, 0.0, 196, 200), (0.03, 0.1, 175, 198), (0.2, 0.0, 155, 189)],
    ids=["scenes alone: wider than need be", "seeds and objects", "seeds above all: five are few"],
)
def test_the_interval_covers_the_truth_as_the_page_says(seed_sd: float, object_sd: float, least: int, most: int) -> None:
    """Seeds, objects and scenes that differ, in 200 worlds whose true difference is known."""
    truth, covered = 0.1, 0
    for world in range(200):
        rng = np.random.default_rng([13, world])
        chance = truth + rng.normal(0, seed_sd, (5, 1, 1)) + rng.normal(0, object_sd, (1, 10, 1))
        gain = rng.random((5, 10, 40)) < 0.3 + chance / 2
        loss = rng.random((5, 10, 40)) < 0.3 - chance / 2
        effect = bootstrapped(of(gain.astype(int) - loss), draws_n=400)
        covered += effect.low <= truth <= effect.high
    assert least <= covered <= most


def test_over_seeds_alone_is_students_interval() -> None:
    values = np.zeros((3, 1, 10), int)
    for seed, successes in enumerate((2, 4, 6)):
        values[seed, 0, :successes] = 1
    effect = bootstrapped(of(values), draws_n=50)
    assert effect.by_seed == {1: 0.2, 2: 0.4, 3: pytest.approx(0.6)}
    assert effect.over_seeds == pytest.approx((0.4 - 4.302653 * 0.2 / 3**0.5, 0.4 + 4.302653 * 0.2 / 3**0.5), abs=1e-5)
    assert bootstrapped(of(values[:1]), draws_n=50).over_seeds is None
