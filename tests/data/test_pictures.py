"""Pictures to and from bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sparring.data.pictures import colours, decode_image, encode_image
from sparring.errors import DataError

IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30), st.just(3)))


@given(IMAGES)
def test_a_picture_survives_its_bytes(image: np.ndarray) -> None:
    assert np.array_equal(decode_image(encode_image(image)), image)


@given(IMAGES)
def test_the_same_picture_has_the_same_bytes(image: np.ndarray) -> None:
    assert encode_image(image) == encode_image(image.copy())


@pytest.mark.parametrize("kept", [0, 4, 40, -100])
def test_half_a_picture_is_refused(kept: int) -> None:
    png = encode_image(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    with pytest.raises(DataError, match="not a picture"):
        decode_image(png[:kept])


def test_heights_survive_and_are_not_looked_at() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 4), dtype=np.uint8)
    image[:10, :, 3] = 0
    assert np.array_equal(decode_image(encode_image(image)), image)
    assert np.array_equal(colours(image), image[..., :3])
