"""Pictures to and from bytes."""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from sparring.errors import DataError

RUN_LENGTH = 3
"""zlib strategy that suits rendered pictures: a fifth smaller than its default, and faster."""


def encode_image(image: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """PNG, lightly compressed."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png", compress_level=1, compress_type=RUN_LENGTH)
    return buffer.getvalue()


def decode_image(content: bytes) -> UInt8[np.ndarray, "h w 3"]:
    """The pixels of a stored picture.

    Raises:
        DataError: not a picture.
    """
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"not a picture that can be read: {error}") from None
