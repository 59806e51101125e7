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

MAX_IMAGE_PX = 64_000_000


@dataclass(frozen=True, eq=False)
class Grasper:
    """Predicts grasps in images whose pixels are as large on the table as those it learned from."""

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
        """Side of a patch in pixels."""
        return self.card.patches.size_m / self.protagonist.pixel_m

    def scaled(self, pixel_m: float) -> "Grasper":
        """The same grasper for images whose pixels have another size on the table."""
        return replace(self, protagonist=replace(self.protagonist, pixel_m=pixel_m))

    def predict(
        self, image: UInt8[np.ndarray, "h w 3"], *, top_k: int = 5, n_patches: int | None = None, seed: int = 0
    ) -> list[ImageGrasp]:
        """The `top_k` best grasps of `n_patches` sampled patches, best first.

        Raises:
            DataError: the image is smaller than a patch, or has no features at all.
        """
        height, width = image.shape[:2]
        if min(height, width) <= self.patch_px + 1:
            raise DataError(
                f"the image is {width} x {height} px, a patch is {self.patch_px:.0f} px: give a larger image, or the size of its "
                "pixels on the table with --pixel-m"
            )
        if image.std() == 0:
            raise DataError("the image is all of one colour; there is nothing to grasp in it")
        player = replace(self.protagonist, patches_n=n_patches or self.card.patches_n)
        return player.choose(image, top_k, np.random.default_rng(seed))


def read_image(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """A picture file as RGB.

    Raises:
        DataError: missing, not a picture, or too large.
    """
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > MAX_IMAGE_PX:
                raise DataError(f"{path} has {picture.width} x {picture.height} px; at most {MAX_IMAGE_PX // 10**6} Mpx are read")
            return np.array(picture.convert("RGB"))
    except FileNotFoundError:
        raise DataError(f"there is no image {path}") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is not a picture that can be read ({error}); PNG, JPEG and other common formats are") from None
