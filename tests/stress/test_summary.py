"""The numbers of a stress report, on outcomes that are known."""

import numpy as np
import pytest

from sparring.stress import summary
from sparring.stress.outcomes import CHOICES, COLUMNS_OF, MENU, Outcomes

N = 240


def outcomes(seed: int = 0, *, frail: float = 0.2, lifted_share: float = 0.6) -> Outcomes:
    """Made-up scenes: heavy objects fall more often, and the adversary knows half of it."""
    rng = np.random.default_rng(seed)
    mass = rng.uniform(0.1, 0.4, N)
    lifted = rng.random(N) < lifted_share
    chance = np.clip(frail + 1.5 * (mass - 0.25), 0, 1)[:, None] * np.linspace(0.2, 1.8, len(MENU))
    fell = np.where(lifted[:, None], rng.random((N, len(MENU))) < chance, np.nan).astype(float)
    believed = np.where(lifted[:, None], np.clip(chance + 0.1 * rng.standard_normal(chance.shape), 0, 1), np.nan)
    rows = tuple(
        {
            "object": f"bar-{at % 30:04d}",
            "family": "bar",
            "scene_seed": at,
            "fault": None,
            "mass_kg": float(mass[at]),
            "friction": float(rng.uniform(0.8, 1.2)),
            "x_m": 0.0,
            "y_m": 0.0,
            "com_x_m": float(rng.uniform(0, 0.05)),
            "com_y_m": 0.0,
            "probability": float(rng.random()),
        }
        for at in range(N)
    )
    return Outcomes(rows, 0, lifted, lifted.copy(), fell, believed)


def test_no_adversary_does_better_than_the_worst_case_and_the_worst_never_better_than_chance_for_the_detector() -> None:
    known = outcomes()
    for kind in COLUMNS_OF:
        random, learned, worst = (known.fallen(kind, choice) for choice in CHOICES)
        held = np.isfinite(worst)
        assert (held == known.lifted).all()
        assert (learned[held] <= worst[held]).all()
        assert (random[held] <= worst[held]).all()
        assert learned[held].mean() > random[held].mean()


def test_shares_of_all_scenes_are_those_of_the_lifted_times_lifted() -> None:
    known = outcomes()
    lifted = summary.lifted_rate(known)
    for one in summary.survivals(known):
        assert one.of_lifted is not None
        assert one.of_all is not None
        assert one.of_all.value == pytest.approx(one.of_lifted.value * lifted.rate)
        assert one.of_all.low <= one.of_all.value <= one.of_all.high


def test_an_attack_that_was_not_played_counts_for_nobody() -> None:
    known = outcomes()
    scene = int(np.flatnonzero(known.lifted)[0])
    known.fell[scene, 1:] = np.nan
    known.fell[scene, 0] = 1.0
    assert [known.fallen("shake", choice)[scene] for choice in CHOICES] == [1.0, 1.0, 1.0]
    assert np.isnan(known.fallen("snatch", "worst")[scene])


def test_the_map_and_the_auc_find_that_heavy_objects_fall() -> None:
    known = outcomes()
    told = {(one.failure, one.prop): one.auc for one in summary.what_tells(known)}
    heavy, noise = told["fell to the learned attack", "mass"], told["not lifted", "friction"]
    assert heavy is not None
    assert noise is not None
    assert heavy.low > 0.5
    assert noise.low < 0.5 < noise.high
    cells = next(one for one in summary.failure_maps(known) if one.failure == "fell to the learned attack").cells
    shares = [sum(cell.failed for cell in row) / sum(cell.n for cell in row) for row in cells]
    assert shares[0] < shares[-1]
    assert sum(cell.n for row in cells for cell in row) == known.lifted.sum()


def test_a_frail_detector_is_told_from_a_sturdy_one_and_a_detector_from_itself_is_not() -> None:
    sturdy, frail = outcomes(0, frail=0.0), outcomes(0, frail=0.35)
    found = {one.what: one for one in summary.compared(frail, sturdy)}
    survived = found["lifted and survived the learned attack"].difference
    assert survived is not None
    assert survived.high < 0
    assert survived.p < 0.001
    shares = found["lifted and survived a random attack"].shares
    assert shares is not None
    assert shares.high < 0
    assert found["lifted"].difference is not None
    assert found["lifted"].difference.difference == 0
    for one in summary.compared(sturdy, sturdy):
        assert one.first == one.second


def test_scenes_are_paired_by_their_seeds_whatever_their_order() -> None:
    known = outcomes()
    order = np.random.default_rng(1).permutation(N)[:200]
    shuffled = Outcomes(
        tuple(known.rows[at] for at in order),
        0,
        known.lifted[order],
        known.waited[order],
        known.fell[order],
        known.believed[order],
    )
    for one in summary.compared(known, shuffled):
        assert one.first == one.second
        assert one.first.n == 200


def test_picks_are_counted_by_action() -> None:
    known = outcomes()
    picked = summary.picked(known, "snatch")
    assert sum(n for _, n in picked) == known.lifted.sum()
    assert all(0 <= action < 36 for action, _ in picked)
    told = summary.actions_told(known, "shake")
    assert [rate.rate for _, rate in told] == sorted((rate.rate for _, rate in told), reverse=True)
