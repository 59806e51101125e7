"""Random generators named by what they are for."""

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparring.seeding import rng_of, seed_of

NAMES = st.lists(st.one_of(st.text("abc-", max_size=5), st.integers(0, 99)), max_size=4)


@given(st.integers(0, 2**63), NAMES)
def test_a_seed_is_a_number_that_fits_a_signed_64_bit_column(seed: int, names: list[str | int]) -> None:
    assert 0 <= seed_of(seed, *names) < 2**63


def test_another_process_draws_the_same() -> None:
    code = "from sparring.seeding import rng_of; print(rng_of(0, 'scene', 17).random())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) == rng_of(0, "scene", 17).random()


def test_seed_zero_is_a_seed_like_any_other() -> None:
    assert rng_of(0, "a").random() == rng_of(0, "a").random()
    assert rng_of(0, "a").random() != rng_of(1, "a").random()


def test_purposes_draw_apart() -> None:
    drawn = {seed_of(0, "scene", index) for index in range(200)} | {seed_of(0, "noise", index) for index in range(200)}
    assert len(drawn) == 400


def test_a_generator_does_not_depend_on_who_drew_before() -> None:
    first = rng_of(3, "x").random(4)
    rng_of(3, "y").random(100)
    assert np.array_equal(first, rng_of(3, "x").random(4))
