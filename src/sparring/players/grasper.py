"""A trained protagonist as something to call on an image."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from sparring.errors import DataError
from sparring.players.checkpoint import PlayerCard, load_player
from sparring.players.choosing import ImageGrasp, Protagonist
from sparring.players.device import Compute, device_named

MAX_IMAGE_PX, MAX_SIDE_PX = 64_000_000, 8_000


FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
"""Others, such as EPS, are read by other programs."""


@dataclass(frozen=True, eq=False)
class Grasper:
    """Predicts grasps in images."""

    protagonist: Protagonist
    card: PlayerCard

    @classmethod
    def load(cls, path: Path) -> Self:
        """A grasper from a protagonist's checkpoint.

        Raises:
            CheckpointError: the file is no whole protagonist.
        """
        network, card = load_player(path, role="protagonist")
        compute = Compute(device_named("auto"), bf16=False)
        network.to(compute.device)
        return cls(Protagonist(network, compute, card.patches, card.pixel_m, card.patches_n, "greedy"), card)

    @property
    def patch_px(self) -> float:
        """Side of a patch in pixels of the images that it learned from."""
        return self.card.patches.size_px(self.card.pixel_m)

    def predict(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        *,
        top_k: int = 5,
        n_patches: int | None = None,
        pixel_m: float | None = None,
        seed: int = 0,
    ) -> list[ImageGrasp]:
        """The `top_k` best grasps of `n_patches` sampled patches, best first.

        Args:
            image: a table from above.
            top_k: how many grasps.
            n_patches: how many patches are looked at; as in training unless given.
            pixel_m: size of the image's pixels on the table; as in training unless given. Another size is resampled.
            seed: decides where patches are sampled.

        Raises:
            DataError: the image is smaller than a patch, or has no features at all.
        """
        scale = 1.0 if pixel_m is None else pixel_m / self.card.pixel_m
        height, width = (round(side * scale) for side in image.shape[:2])
        if not self.patch_px + 1 < min(height, width) <= max(height, width) <= MAX_SIDE_PX:
            raise DataError(
                f"the image is {image.shape[1]} x {image.shape[0]} px, at the scale of the training {width} x {height}; "
                f"a side must lie between {self.patch_px:.0f} px (a patch) and {MAX_SIDE_PX}: "
                "give another image, or the size of its pixels on the table with --pixel-m"
            )
        if image.std() == 0:
            raise DataError("the image is all of one colour; there is nothing to grasp in it")
        if scale != 1.0:
            image = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))
        player = replace(self.protagonist, patches_n=n_patches or self.card.patches_n)
        grasps = player.choose(image, top_k, np.random.default_rng(seed))
        return [replace(one, column_px=one.column_px / scale, row_px=one.row_px / scale) for one in grasps]


def read_image(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """A picture file as RGB.

    Raises:
        DataError: missing, not a picture, or too large.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_IMAGE_PX:
                raise DataError(f"{path} has {picture.width} x {picture.height} px; at most {MAX_IMAGE_PX // 10**6} Mpx are read")
            return np.array(picture.convert("RGB"))
    except FileNotFoundError:
        raise DataError(f"there is no image {path}") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, NotImplementedError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is not a picture that can be read ({error}); allowed are {', '.join(FORMATS)}") from None
