"""Known effects give known verdicts."""

from dataclasses import replace

import pytest
from study_summaries import NAMES, arm, drawn, played

from sparring.study.claims import CLAIMS, judged, verdict_of
from sparring.study.comparison import Arms


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.03, 0.09, "confirmed"),
        (0.001, 0.09, "confirmed"),
        (0.001, 0.019, "confirmed, but small"),
        (-0.01, 0.019, "refuted"),
        (-0.09, -0.01, "refuted"),
        (0.0, 0.05, "undecided"),
        (-0.02, 0.02, "undecided"),
    ],
)
def test_an_interval_decides(low: float, high: float, verdict: str) -> None:
    assert verdict_of(low, high) == verdict


def arms(shake_3: float = 0.3, snatch_2: float = 0.3, random: float = 0.3, high: float = 0.3, sensor: float = 0.3) -> Arms:
    """A study in which everybody lifts 30 % unless said otherwise."""
    made = {"base": [], "random": [], "sensor-0": []}
    for seed in (1, 2, 3, 4, 5):
        tests = drawn({"collaborative": 0.3, "shake-3": shake_3, "snatch-2": snatch_2}, seed)
        tests += drawn({"collaborative": 0.3, "snatch-2": high}, seed, protocol="high-force")
        made["base"].append(played(seed, *tests))
        made["random"].append(played(seed, *drawn({"shake-3": random}, seed)))
        made["sensor-0"].append(played(seed, *drawn({"collaborative": 0.3, "shake-3": sensor}, seed)))
    return {name: arm(name, *runs) for name, runs in made.items()}


def verdicts(of: Arms) -> list[str]:
    return [one.verdict for one in judged(of)]


def test_large_gains_are_confirmed_and_large_losses_refuted() -> None:
    assert verdicts(arms(shake_3=0.45, snatch_2=0.6, sensor=0.7)) == ["confirmed"] * 5
    assert verdicts(arms(shake_3=0.2, snatch_2=0.1, high=0.3)) == ["refuted"] * 4 + ["confirmed"]


def test_the_paper_has_numbers_for_three_claims() -> None:
    assert [claim.paper for claim in CLAIMS] == [11, 7, 4, None, None]


def test_what_was_not_run_is_said() -> None:
    known = arms(shake_3=0.5)
    assert verdicts({"base": known["base"]})[3:] == ["not run yet"] * 2
    assert verdicts({}) == ["not run yet"] * 5


def test_some_of_the_planned_seeds_decide_nothing() -> None:
    known = {name: arm(name, *summary.runs[:4]) for name, summary in arms(shake_3=0.5).items()}
    first = judged(known)[0]
    assert first.effect is not None
    assert list(first.effect.by_seed) == [1, 2, 3, 4]
    assert first.effect.low > 0
    assert first.verdict == "not all seeds yet"


@pytest.mark.parametrize("scenes_n", [5, 101])
def test_another_number_of_scenes_than_planned_decides_nothing(scenes_n: int) -> None:
    known = arms(shake_3=0.5)
    last = known["base"].runs[-1]
    other = replace(last, tested=tuple(drawn({"collaborative": 0.3, "shake-3": 0.5}, 5, scenes_n=scenes_n)))
    first = judged({**known, "base": arm("base", *known["base"].runs[:-1], other)})[0]
    assert first.effect is not None
    assert list(first.effect.by_seed) == [1, 2, 3, 4, 5]
    assert first.verdict == "not the planned test"


def test_other_objects_than_planned_decide_nothing() -> None:
    known = arms(shake_3=0.5)
    fewer = [
        replace(test, outcomes={name: test.outcomes[name] for name in list(test.outcomes)[:9]})
        for test in known["base"].runs[0].tested
    ]
    runs = [replace(known["base"].runs[0], tested=tuple(fewer)), *known["base"].runs[1:]]
    assert judged({**known, "base": arm("base", *runs)})[0].verdict == "not the planned test"


def test_an_arm_that_was_played_otherwise_decides_nothing() -> None:
    known = arms(shake_3=0.5)
    louder = {name: replace(one, settings=one.settings | {"learning.alpha": "0.9"}) for name, one in known.items()}
    assert judged({**known, "base": louder["base"]})[0].verdict == "not the planned test"
    assert judged({**known, "random": louder["random"]})[0].verdict == "confirmed"


def test_objects_that_were_never_valid_decide_nothing() -> None:
    known = arms(shake_3=0.5)
    tests = [
        replace(test, outcomes={name: "x" * 100 if name == NAMES[0] else told for name, told in test.outcomes.items()})
        for test in known["base"].runs[0].tested
    ]
    runs = [replace(known["base"].runs[0], tested=tuple(tests)), *known["base"].runs[1:]]
    assert judged({**known, "base": arm("base", *runs)})[0].verdict == "not the planned test"


def test_other_seeds_than_the_planned_ones_have_no_say() -> None:
    known = arms(shake_3=0.5)
    others = {name: arm(name, *(replace(run, seed=run.seed + 5) for run in one.runs)) for name, one in arms(shake_3=0.1).items()}
    both = {name: arm(name, *one.runs, *others[name].runs) for name, one in known.items()}
    assert [one.effect for one in judged(both)] == [one.effect for one in judged(known)]
    assert all(one.effect is None for one in judged(others))


def test_arms_are_compared_on_the_seeds_that_both_have() -> None:
    known = dict(arms(shake_3=0.5))
    known["random"] = arm("random", *known["random"].runs[2:4])
    fourth = judged(known)[3]
    assert fourth.effect is not None
    assert list(fourth.effect.by_seed) == [3, 4]
