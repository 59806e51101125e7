"""A trained protagonist as something to call on an image."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from sparring.actions.grasp import angle_rad
from sparring.config import SCORINGS, Scoring
from sparring.errors import CheckpointError, ConfigError, DataError, unknown_name
from sparring.overhead import Calibration
from sparring.pinhole import PinholeCamera, TablePose
from sparring.players.checkpoint import PlayerCard, load_player
from sparring.players.choosing import ImageGrasp, Protagonist, grasps_of
from sparring.players.device import Compute, DeviceName, device_named
from sparring.players.policies import distinct_pairs
from sparring.rectification import is_straight, on_plane, overhead_of, rectification_of

MAX_IMAGE_PX, MAX_SIDE_PX = 64_000_000, 8_000
MAX_PATCHES_N = 100_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
"""Others, such as EPS, are read by other programs."""
UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, NotImplementedError, Image.DecompressionBombError)
EXPORTED = "model.safetensors"
"""The player in a folder that `sparring export` has made."""
Pixels = UInt8[np.ndarray, "h w channels"]
RGB_N = 3
HEIGHTS = "RGB and height over the table in millimetres"
DIRECTION_M = 0.005
"""Half the line on the table that the direction of closing in a photo is told by."""


@dataclass(frozen=True)
class Grasp(ImageGrasp):
    """A grasp in an image and, where the camera is known, on the table."""

    pose: TablePose | None = None
    photo_angle_deg: float | None = None
    """Angle of closing in a photo that was rectified first; `angle` then is that in the overhead picture."""

    @property
    def angle_deg(self) -> float:
        """Angle of closing, counter-clockwise in the image as it was given."""
        return super().angle_deg if self.photo_angle_deg is None else self.photo_angle_deg


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
                [h, w] (grey). Pixels are counted in the image as it is seen, turned as its EXIF says. For a player that sees
                heights (`card.channels_n` is 4) [h, w, 4] or RGBA, whose fourth channel is height over the table in
                millimetres (`PinholeCamera.with_heights` makes it from a depth image).
            top_k: how many grasps.
            n_patches: how many patches are looked at; as in training unless given.
            pixel_m: size of the image's pixels on the table; as in training unless given. Another size is resampled.
            apart_m: of grasps nearer to each other than this only the best is returned; 0: all angles at all places.
            camera: where the image was taken from: gives the size of pixels, and every grasp its pose on the table. An oblique
                or distorted image is rectified before players see it; grasps are told in its own pixels all the same.
            seed: decides where patches are sampled.

        Raises:
            ConfigError: an impossible wish, both `pixel_m` and `camera`, or a camera of pictures of another size.
            DataError: the image cannot be read, has no heights for a player that sees them, is smaller than a patch, or is all
                of one colour.
        """
        _require_possible(top_k, n_patches, pixel_m, apart_m, seed)
        if camera is not None and pixel_m is not None:
            raise ConfigError("give the size of pixels or a camera, not both: the camera tells the size")
        pixels = as_pixels(image, self.card.channels_n)
        if pixels[..., :RGB_N].std() == 0:
            raise DataError("the image is all of one colour; there is nothing to grasp in it")
        seen, told = self._photographed(pixels, camera) if camera is not None else self._scaled(pixels, pixel_m)
        player = replace(self.protagonist, patches_n=n_patches or self.card.patches_n)
        centres, logits = player.scored(seen, np.random.default_rng(seed))
        pairs = distinct_pairs(logits, centres, int(top_k), apart_px=apart_m / self.card.pixel_m)
        return [told(one) for one in grasps_of(pairs, centres, logits)]

    def _photographed(self, pixels: Pixels, camera: PinholeCamera) -> tuple[np.ndarray, Callable[[ImageGrasp], Grasp]]:
        """A calibrated photo as the player sees it, and how its grasps are told."""
        camera = camera.of_size(pixels.shape[1], pixels.shape[0])
        if is_straight(camera):
            return self._scaled(pixels, camera.pixel_m(*camera.size_px), camera)
        overhead = overhead_of(camera, self.card.pixel_m)
        if not self.patch_px + 1 < min(overhead.width_px, overhead.height_px):
            raise DataError(
                f"seen straight from above, the photo shows a rectangle of {overhead.width_px} x {overhead.height_px} px of "
                f"{1000 * overhead.pixel_m:g} mm; a side must be longer than a patch ({self.patch_px:.0f} px): "
                "check world_from_camera (metres) and table_z_m, or take the photo from further away"
            )
        part = rectification_of(camera, overhead)
        return part(pixels[part.rows, part.columns]), lambda found: _in_photo(found, camera, overhead)

    def _scaled(
        self, pixels: Pixels, pixel_m: float | None, camera: PinholeCamera | None = None
    ) -> tuple[np.ndarray, Callable[[ImageGrasp], Grasp]]:
        """An overhead picture as the player sees it, and how its grasps are told."""
        scale = 1.0 if pixel_m is None else pixel_m / self.card.pixel_m
        return self._at_scale(pixels, scale), lambda found: _in_image(found, scale, camera)

    def _at_scale(self, pixels: Pixels, scale: float) -> UInt8[np.ndarray, "rows columns channels"]:
        """The image with pixels of the size that was learned from."""
        height, width = (round(side * scale) if np.isfinite(side * scale) else MAX_SIDE_PX + 1 for side in pixels.shape[:2])
        if not self.patch_px + 1 < min(height, width) <= max(height, width) <= MAX_SIDE_PX:
            raise DataError(
                f"the image is {pixels.shape[1]} x {pixels.shape[0]} px, at the scale of the training {width} x {height}; "
                f"a side must lie between {self.patch_px:.0f} px (a patch) and {MAX_SIDE_PX}: "
                "give another image, or the size of its pixels on the table in metres (--pixel-m, or a camera in metres)"
            )
        if (height, width) == pixels.shape[:2]:
            return pixels
        layers = np.split(pixels, [RGB_N], axis=2)  # as RGBA, colours would be weighted by heights
        resized = [_resized(layer, width, height) for layer in layers if layer.shape[2]]
        return np.dstack(resized)


def _resized(layer: np.ndarray, width: int, height: int) -> np.ndarray:
    picture = Image.fromarray(np.ascontiguousarray(layer if layer.shape[2] == RGB_N else layer[..., 0]))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))


def _in_image(found: ImageGrasp, scale: float, camera: PinholeCamera | None) -> Grasp:
    """A grasp in pixels of the image as it was given; pixel centres are at whole numbers."""
    column, row = ((place + 0.5) / scale - 0.5 for place in (found.column_px, found.row_px))
    pose = camera.pose(column, row, float(angle_rad(found.angle))) if camera else None
    return Grasp(column, row, found.angle, found.probability, pose)


def _in_photo(found: ImageGrasp, camera: PinholeCamera, overhead: Calibration) -> Grasp:
    """A grasp in the overhead picture of a photo, in pixels of the photo."""
    theta = float(overhead.world_angle(float(angle_rad(found.angle))))
    here = on_plane(overhead, np.array([[found.column_px, found.row_px]]), camera.table_z_m)
    along = DIRECTION_M * np.array([[np.cos(theta), np.sin(theta), 0.0]])
    before, (column, row), after = camera.pixels(np.concatenate([here - along, here, here + along]))
    right, down = after - before
    seen_deg = float(np.rad2deg(np.arctan2(-down, right)) % 180)
    x_m, y_m, z_m = map(float, here[0])
    return Grasp(float(column), float(row), found.angle, found.probability, TablePose(x_m, y_m, z_m, theta % np.pi), seen_deg)


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


def as_pixels(image: str | Path | Image.Image | np.ndarray, channels_n: int = RGB_N) -> Pixels:
    """Any image as RGB bytes, or as RGB and heights where there are to be four channels.

    Raises:
        DataError: it is none, or has no heights where there are to be.
    """
    if isinstance(image, str | Path):
        return read_image(Path(image), channels_n)
    if isinstance(image, Image.Image):
        return _pixels_of(image, "the image", channels_n)
    if getattr(image, "dtype", None) != np.uint8:
        found = getattr(image, "dtype", type(image).__name__)
        raise DataError(f"an image is a file, a PIL image or a numpy array of bytes (uint8) in 0..255, got {found}")
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))) or 0 in image.shape:
        raise DataError(f"an image has the shape (h, w, 3), (h, w, 4) or (h, w), got {image.shape}")
    return _pixels_of(Image.fromarray(image), "the image", channels_n)


def read_image(path: Path, channels_n: int = RGB_N) -> Pixels:
    """A picture file as RGB, or as RGB and heights (RGBA) where there are to be four channels.

    Raises:
        DataError: missing, not a picture, too large, or without heights where there are to be.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_IMAGE_PX:
                raise DataError(f"{path} has {picture.width} x {picture.height} px; at most {MAX_IMAGE_PX // 10**6} Mpx are read")
            return _pixels_of(picture, str(path), channels_n)
    except FileNotFoundError:
        raise DataError(f"there is no image {path}") from None
    except UNREADABLE as error:
        raise _unreadable(str(path), error) from None


def _pixels_of(picture: Image.Image, name: str, channels_n: int) -> Pixels:
    """RGB bytes, turned as EXIF says; of 16 bits a channel the upper eight. Heights are the alpha of RGBA."""
    try:
        picture = ImageOps.exif_transpose(picture)
        if channels_n > RGB_N:
            if picture.mode != "RGBA":
                raise DataError(
                    f"{name} has mode {picture.mode}; this player sees four channels, {HEIGHTS}: give RGBA or [h, w, 4]"
                )
            return np.array(picture)
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
