"""Which outcomes stand side by side: seeds, objects and scenes that all compared players have."""

import numpy as np
from study_summaries import arm, played, trial

from sparring.study.comparison import Term, scores

FIRST, SECOND = Term("base", "first"), Term("base", "second")


def test_a_difference_is_taken_scene_by_scene() -> None:
    base = arm("base", played(1, trial("first", ["110", "101"]), trial("second", ["100", "011"])))
    found = scores({"base": base}, [FIRST, -SECOND])
    assert found is not None
    np.testing.assert_array_equal(found.values, [[[0, 1, 0], [1, -1, 0]]])
    assert found.n == 6
    assert found.by_seed == {1: 1 / 6}


def test_a_scene_invalid_for_one_player_of_one_seed_is_left_out_for_all() -> None:
    runs = [played(seed, trial("first", ["11"]), trial("second", ["x0" if seed == 2 else "00"])) for seed in (1, 2)]
    found = scores({"base": arm("base", *runs)}, [FIRST, -SECOND])
    assert found is not None
    np.testing.assert_array_equal(found.valid, [[False, True]])
    np.testing.assert_array_equal(found.values, [[[0, 1]], [[0, 1]]])
    assert found.n == 2


def test_an_invalid_scene_does_not_matter_to_players_that_are_not_compared() -> None:
    found = scores({"base": arm("base", played(1, trial("first", ["11"]), trial("second", ["x0"])))}, [FIRST])
    assert found is not None
    assert found.n == 2


def test_only_seeds_that_all_players_have_are_compared() -> None:
    base = arm("base", *(played(seed, trial("first", ["11"])) for seed in (1, 2, 3)))
    other = arm("other", played(2, trial("first", ["10"])), played(3), played(4, trial("first", ["00"])))
    found = scores({"base": base, "other": other}, [FIRST, -Term("other", "first")])
    assert found is not None
    assert found.seeds == (2,)


def test_a_seed_that_was_tested_on_fewer_scenes_counts_where_it_was_and_takes_none_from_the_others() -> None:
    whole = [played(seed, trial("first", ["1110"]), trial("second", ["1000"])) for seed in (1, 3)]
    base = arm("base", whole[0], played(2, trial("first", ["11"]), trial("second", ["100"])), whole[1])
    found = scores({"base": base}, [FIRST, -SECOND])
    assert found is not None
    assert found.seeds == (1, 2, 3)
    np.testing.assert_array_equal(found.values, [[[0, 1, 1, 0]], [[0, 1, 0, 0]], [[0, 1, 1, 0]]])
    np.testing.assert_array_equal(found.counting, [[[1, 1, 1, 1]], [[1, 1, 0, 0]], [[1, 1, 1, 1]]])
    assert found.n == 10


def test_a_seed_that_was_tested_on_one_object_takes_no_object_from_the_others() -> None:
    base = arm("base", played(1, trial("first", ["11", "10"])), played(2, trial("first", ["01"])))
    found = scores({"base": base}, [FIRST])
    assert found is not None
    assert found.by_object == {"object-0": (3, 4), "object-1": (1, 2)}
    assert found.by_seed == {1: 0.75, 2: 0.5}
    assert found.without("object-0").by_object == {"object-1": (1, 2)}


def test_objects_that_one_player_was_not_tested_on_are_left_out() -> None:
    base = arm("base", played(1, trial("first", ["11", "10"]), trial("second", ["10"])))
    found = scores({"base": base}, [FIRST, -SECOND])
    assert found is not None
    np.testing.assert_array_equal(found.values, [[[0, 1]]])


def test_only_seeds_that_may_be_looked_at_are() -> None:
    base = arm("base", *(played(seed, trial("first", ["11"])) for seed in (0, 1, 6)))
    found = scores({"base": base}, [FIRST], seeds=(1, 2))
    assert found is not None
    assert found.seeds == (1,)


def test_an_object_without_a_valid_scene_is_none_of_the_objects() -> None:
    found = scores({"base": arm("base", played(1, trial("first", ["xx", "1x"])))}, [FIRST])
    assert found is not None
    assert (found.valid.shape, found.n) == ((1, 2), 1)


def test_nothing_to_compare_is_none() -> None:
    base = arm("base", played(1, trial("first", ["xx"])), played(2, trial("second", [])))
    assert scores({"base": base}, [FIRST]) is None
    assert scores({"base": base}, [SECOND]) is None
    assert scores({"base": base}, [FIRST, -SECOND]) is None
    assert scores({}, [FIRST]) is None
    assert scores({"base": arm("base")}, [FIRST]) is None


def test_protocols_and_objects_are_kept_apart() -> None:
    high, novel = trial("first", ["0"], protocol="high-force"), trial("first", ["11"], objects="novel-families")
    base = {"base": arm("base", played(1, trial("first", ["1"]), high, novel))}
    for term, objects, wanted in [
        (FIRST, "named", 1),
        (Term("base", "first", "high-force"), "named", 0),
        (FIRST, "novel-families", 2),
    ]:
        found = scores(base, [term], objects)
        assert found is not None
        assert found.values.sum() == wanted
