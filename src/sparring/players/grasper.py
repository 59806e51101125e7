"""A trained protagonist as something to call on an image."""

import warnings
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from sparring.actions.grasp import ANGLES_N, angle_rad
from sparring.config import SCORINGS, Scoring
from sparring.errors import CheckpointError, ConfigError, DataError, unknown_name
from sparring.players.checkpoint import PlayerCard, load_player
from sparring.players.choosing import ImageGrasp, Protagonist, grasps_of
from sparring.players.device import Compute, DeviceName, device_named
from sparring.players.pinhole import PinholeCamera, TablePose
from sparring.players.policies import distinct_pairs

MAX_IMAGE_PX, MAX_SIDE_PX = 64_000_000, 8_000
MAX_PATCHES_N = 100_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
"""Others, such as EPS, are read by other programs."""
UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, NotImplementedError, Image.DecompressionBombError)
EXPORTED = "model.safetensors"
"""The player in a folder that `sparring export` has made."""
Rgb = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True)
class Grasp(ImageGrasp):
    """A grasp in an image and, where the camera is known, on the table."""

    pose: TablePose | None = None

    @property
    def angle_deg(self) -> float:
        """Angle of closing, counter-clockwise in the image."""
        return self.angle * 180.0 / ANGLES_N


@dataclass(frozen=True, eq=False)
class Grasper:
    """Predicts grasps in images."""

    protagonist: Protagonist
    card: PlayerCard

    @classmethod
    def load(cls, path: str | Path | None = None, *, device: DeviceName = "auto", scoring: Scoring = "auto") -> Self:
        """A grasper from a protagonist's checkpoint, from a folder that `sparring export` has made, or the one that comes along.

        Args:
            path: the checkpoint or the folder; the `compact` player that comes with the package unless given.
            device: where it runs.
            scoring: patches at random places one by one, dense (on grids), or auto: dense where a patch's score is the same so.

        Raises:
            CheckpointError: there is no whole protagonist.
        """
        if path is None:
            with resources.as_file(resources.files("sparring") / "players" / "shipped" / EXPORTED) as shipped:
                return cls.load(shipped, device=device, scoring=scoring)
        if scoring not in SCORINGS:
            raise ConfigError(unknown_name("scoring", scoring, SCORINGS))
        path = Path(path)
        if path.is_dir():
            path = exported_in(path)
        network, card = load_player(path, role="protagonist")
        compute = Compute(device_named(device), bf16=False)
        network.to(compute.device)
        return cls(Protagonist(network, compute, card.patches, card.pixel_m, card.patches_n, "greedy", scoring), card)

    @property
    def patch_px(self) -> float:
        """Side of a patch in pixels of the images that it learned from."""
        return self.protagonist.patch_px

    def predict(
        self,
        image: str | Path | Image.Image | np.ndarray,
        *,
        top_k: int = 5,
        n_patches: int | None = None,
        pixel_m: float | None = None,
        camera: PinholeCamera | None = None,
        apart_m: float = 0.02,
        seed: int = 0,
    ) -> list[Grasp]:
        """The `top_k` best grasps of `n_patches` sampled patches, best first.

        Args:
            image: a table from above: a file, a PIL image, or bytes (uint8) [h, w, 3] (RGB, not BGR), [h, w, 4] (RGBA) or
                [h, w] (grey). Pixels are counted in the image as it is seen, turned as its EXIF says.
            top_k: how many grasps.
            n_patches: how many patches are looked at; as in training unless given.
            pixel_m: size of the image's pixels on the table; as in training unless given. Another size is resampled.
            apart_m: of grasps nearer to each other than this only the best is returned; 0: all angles at all places.
            camera: where the image was taken from: gives the size of pixels, and every grasp its pose on the table.
            seed: decides where patches are sampled.

        Raises:
            ConfigError: an impossible wish, or both `pixel_m` and `camera`.
            DataError: the image cannot be read, is smaller than a patch, or is all of one colour.
        """
        _require_possible(top_k, n_patches, pixel_m, apart_m, seed)
        pixels = as_rgb(image)
        if camera is not None:
            if pixel_m is not None:
                raise ConfigError("give the size of pixels or a camera, not both: the camera tells the size")
            pixel_m = camera.pixel_m(pixels.shape[1], pixels.shape[0])
        scale = 1.0 if pixel_m is None else pixel_m / self.card.pixel_m
        seen = self._at_scale(pixels, scale)
        player = replace(self.protagonist, patches_n=n_patches or self.card.patches_n)
        centres, logits = player.scored(seen, np.random.default_rng(seed))
        pairs = distinct_pairs(logits, centres, int(top_k), apart_px=apart_m / self.card.pixel_m)
        return [_in_image(one, scale, camera) for one in grasps_of(pairs, centres, logits)]

    def _at_scale(self, pixels: Rgb, scale: float) -> UInt8[np.ndarray, "rows columns 3"]:
        """The image with pixels of the size that was learned from."""
        height, width = (round(side * scale) if np.isfinite(side * scale) else MAX_SIDE_PX + 1 for side in pixels.shape[:2])
        if not self.patch_px + 1 < min(height, width) <= max(height, width) <= MAX_SIDE_PX:
            raise DataError(
                f"the image is {pixels.shape[1]} x {pixels.shape[0]} px, at the scale of the training {width} x {height}; "
                f"a side must lie between {self.patch_px:.0f} px (a patch) and {MAX_SIDE_PX}: "
                "give another image, or the size of its pixels on the table in metres (--pixel-m, or a camera in metres)"
            )
        if pixels.std() == 0:
            raise DataError("the image is all of one colour; there is nothing to grasp in it")
        if (height, width) == pixels.shape[:2]:
            return pixels
        return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def _in_image(found: ImageGrasp, scale: float, camera: PinholeCamera | None) -> Grasp:
    """A grasp in pixels of the image as it was given; pixel centres are at whole numbers."""
    column, row = ((place + 0.5) / scale - 0.5 for place in (found.column_px, found.row_px))
    pose = camera.pose(column, row, float(angle_rad(found.angle))) if camera else None
    return Grasp(column, row, found.angle, found.probability, pose)


def exported_in(folder: Path) -> Path:
    """The player in a folder that `sparring export` has made.

    Raises:
        CheckpointError: there is none.
    """
    path = folder / EXPORTED
    if not path.exists():
        raise CheckpointError(
            f"{folder} is not a folder that `sparring export` has made (no {EXPORTED}); of a run, name a player: "
            f"{folder}/players/NAME.safetensors"
        )
    return path


def _require_possible(top_k: int, n_patches: int | None, pixel_m: float | None, apart_m: float, seed: int) -> None:
    for name, value in (("top_k", top_k), ("n_patches", n_patches), ("pixel_m", pixel_m)):
        if value is not None and not 0 < value < np.inf:
            raise ConfigError(f"{name} must be positive, got {value}")
    for name, value in (("top_k", top_k), ("n_patches", n_patches), ("seed", seed)):
        if value is not None and value % 1 != 0:
            raise ConfigError(f"{name} must be a whole number, got {value!r}")
    if n_patches is not None and n_patches > MAX_PATCHES_N:
        raise ConfigError(f"n_patches must be at most {MAX_PATCHES_N}, got {n_patches}")
    for name, value in (("seed", seed), ("apart_m", apart_m)):
        if not 0 <= value < np.inf:
            raise ConfigError(f"{name} must be zero or positive, got {value}")


def as_rgb(image: str | Path | Image.Image | np.ndarray) -> Rgb:
    """Any image as RGB bytes.

    Raises:
        DataError: it is none.
    """
    if isinstance(image, str | Path):
        return read_image(Path(image))
    if isinstance(image, Image.Image):
        return _rgb_of(image, "the image")
    if getattr(image, "dtype", None) != np.uint8:
        found = getattr(image, "dtype", type(image).__name__)
        raise DataError(f"an image is a file, a PIL image or a numpy array of bytes (uint8) in 0..255, got {found}")
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))) or 0 in image.shape:
        raise DataError(f"an image has the shape (h, w, 3), (h, w, 4) or (h, w), got {image.shape}")
    return np.array(Image.fromarray(image).convert("RGB"))


def read_image(path: Path) -> Rgb:
    """A picture file as RGB.

    Raises:
        DataError: missing, not a picture, or too large.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_IMAGE_PX:
                raise DataError(f"{path} has {picture.width} x {picture.height} px; at most {MAX_IMAGE_PX // 10**6} Mpx are read")
            return _rgb_of(picture, str(path))
    except FileNotFoundError:
        raise DataError(f"there is no image {path}") from None
    except UNREADABLE as error:
        raise _unreadable(str(path), error) from None


def _rgb_of(picture: Image.Image, name: str) -> Rgb:
    """RGB bytes, turned as EXIF says; of 16 bits a channel the upper eight."""
    try:
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I"):
            values = np.asarray(picture)
            if values.min() < 0 or values.max() >= 2**16:
                raise DataError(f"{name} has values in {values.min()}..{values.max()}; grey pictures of 8 or 16 bits are read")
            picture = Image.fromarray((values >> 8).astype(np.uint8))
        if picture.mode == "F":
            raise DataError(f"{name} holds floating-point numbers; pictures of 8 or 16 bits are read")
        return np.array(picture.convert("RGB"))
    except UNREADABLE as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> DataError:
    return DataError(f"{name} is not a picture that can be read ({error}); allowed are {', '.join(FORMATS)}")
