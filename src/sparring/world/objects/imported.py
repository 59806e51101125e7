"""Sets of objects that were brought in. A set is named by its content, `NAME@DIGEST`: a name is the same objects everywhere.

A set is a folder: `set.json` and one `.npz` an object, whose sha256 set.json tells. The digest is the first 12 digits of the
sha256 of set.json. Every set in use lies in the cache folder, under its digest: that is where workers find what a job names.
Reading a set executes nothing, and takes no more memory than is allowed here.
"""

import hashlib
import json
import math
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np

from sparring.cache import cache_folder
from sparring.config import IMPORTED_SET
from sparring.config_file import structured
from sparring.errors import ConfigError, DataError, unknown_name
from sparring.world.objects.mesh import MeshBody, StablePose
from sparring.world.objects.model import ObjectModel

FORMAT = 1
"""Version of set.json."""
CARD = "set.json"
DIGEST_N = 12
SET_NAME, OBJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}"), re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
MOST_OBJECTS_N, MOST_PARTS_N, MOST_FACES_N = 2000, 256, 200_000
MOST_CARD_BYTES, MOST_SHAPE_BYTES = 16 * 2**20, 32 * 2**20
LARGEST_M, LIGHTEST_KG, HEAVIEST_KG = 1.0, 1e-4, 20.0
ARRAYS = {  # name -> type, columns (None: it has one axis)
    "hull_corners": (np.float32, 3),
    "hull_sizes": (np.int32, None),
    "vertices": (np.float32, 3),
    "faces": (np.int32, 3),
    "colour_points": (np.float32, 3),
    "colours": (np.uint8, 3),
}


@dataclass(frozen=True)
class ObjectCard:
    """What set.json tells of an object."""

    name: str
    source: str
    """Name of the file that it was made from."""
    source_sha256: str
    shape_sha256: str
    """Of its .npz file."""
    scale: float
    """Metres a unit of the file."""
    mass_kg: float
    mass_from: str
    """In words: where the mass comes from."""
    centre_of_mass_m: tuple[float, float, float]
    inertia_kg_m2: tuple[float, float, float, float, float, float]
    """About the centre of mass: xx, yy, zz, xy, xz, yz."""
    friction: float
    """Surface factor that multiplies the pad's friction coefficient."""
    size_m: tuple[float, float, float]
    parts_n: int
    parts_from: str
    """In words: where its convex parts come from."""
    poses: tuple[StablePose, ...]
    warnings: tuple[str, ...]

    def __post_init__(self) -> None:
        """Checks what the engine and the file system would not bear.

        Raises:
            DataError: impossible.
        """
        numbers = [self.scale, self.mass_kg, *self.centre_of_mass_m, *self.inertia_kg_m2, self.friction, *self.size_m]
        numbers += [number for pose in self.poses for number in (*pose.quat_wxyz, pose.probability)]
        _require(OBJECT_NAME.fullmatch(self.name) is not None, f"an object is called {self.name!r}: letters, digits, _ . and -")
        _require(bool(np.isfinite(numbers).all()), f"{self.name} has numbers that are not finite")
        _require(LIGHTEST_KG <= self.mass_kg <= HEAVIEST_KG, f"{self.name} weighs {self.mass_kg:g} kg")
        _require(0 < self.friction <= 10, f"{self.name} has a surface factor of {self.friction:g}")
        _require(1 <= self.parts_n <= MOST_PARTS_N, f"{self.name} has {self.parts_n} parts")
        _require(is_inertia(self.inertia_kg_m2), f"{self.name} has moments of inertia that no body has: {self.inertia_kg_m2}")
        _require(all(pose.probability >= 0 for pose in self.poses), f"{self.name} has a pose that is less than impossible")
        turns = [abs(np.linalg.norm(pose.quat_wxyz) - 1) < 1e-3 for pose in self.poses]
        _require(all(turns), f"{self.name} has a pose that is no rotation")
        _require(not self.poses or sum(pose.probability for pose in self.poses) > 0, f"{self.name} has impossible poses only")


@dataclass(frozen=True)
class SetCard:
    """All of set.json."""

    format: int
    name: str
    objects: tuple[ObjectCard, ...]

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            DataError: impossible, or of another version.
        """
        _require(self.format == FORMAT, f"is of format {self.format}; this version reads format {FORMAT}")
        _require(SET_NAME.fullmatch(self.name) is not None, f"is called {self.name!r}: letters, digits, _ and -, at most 40")
        _require(1 <= len(self.objects) <= MOST_OBJECTS_N, f"has {len(self.objects)} objects, of 1 to {MOST_OBJECTS_N}")
        names = [one.name.lower() for one in self.objects]
        _require(len(set(names)) == len(names), "has two objects of one name")


@dataclass(frozen=True)
class ObjectSet:
    """A set that lies in a folder. Its card was read; shapes are read when they are asked for."""

    folder: Path
    card: SetCard
    digest: str

    @property
    def name(self) -> str:
        """`NAME@DIGEST`: what a config holds."""
        return f"{self.card.name}@{self.digest}"

    @property
    def object_names(self) -> tuple[str, ...]:
        """`NAME@DIGEST:OBJECT` of each."""
        return tuple(f"{self.name}:{one.name}" for one in self.card.objects)

    def object_named(self, name: str) -> ObjectModel:
        """The object that is called so within the set.

        Raises:
            ConfigError: there is none.
            DataError: its file is missing or damaged.
        """
        cards = {one.name: one for one in self.card.objects}
        if name not in cards:
            raise ConfigError(unknown_name(f"object of {self.name}", name, cards))
        return model_of(
            cards[name], shape_of(shape_path(self.folder, name), cards[name]), family=self.card.name, within=self.name
        )


def shape_path(folder: Path, name: str) -> Path:
    """Where an object's shape lies."""
    return folder / f"{name}.npz"


def kept_folder(digest: str) -> Path:
    """Where a set lies in the cache."""
    return cache_folder() / "objects" / digest


@lru_cache(maxsize=16)
def imported_set(name: str) -> ObjectSet:
    """The set called `NAME@DIGEST`, from the cache.

    Raises:
        DataError: it is not there, or damaged.
    """
    if not IMPORTED_SET.fullmatch(name):
        raise DataError(f"an imported set is called NAME@DIGEST, got {name!r}")
    digest = name.partition("@")[2]
    folder = kept_folder(digest)
    if not (folder / CARD).is_file():
        raise DataError(
            f"the set {name} is not on this machine ({folder}); bring its folder here and run `sparring objects add FOLDER`, "
            "or import its meshes again with `sparring objects import`"
        )
    found = read_set(folder)
    if found.name != name:
        raise DataError(f"{folder} holds {found.name}, not {name}: it is damaged; delete it and add the set again")
    return found


def imported_object(name: str) -> ObjectModel:
    """The object called `NAME@DIGEST:OBJECT`, from the cache.

    Raises:
        ConfigError: the set has no such object.
        DataError: the set is not there, or damaged.
    """
    of_set, _, own = name.partition(":")
    return imported_set(of_set).object_named(own)


def read_set(folder: Path) -> ObjectSet:
    """The set in a folder.

    Raises:
        DataError: it is none, or its set.json is damaged.
    """
    content = _read(folder / CARD, MOST_CARD_BYTES)
    try:
        card = structured(json.loads(content), SetCard)
    except (ConfigError, ValueError, RecursionError) as error:
        raise DataError(f"{folder / CARD} is no set of objects, or damaged: {error}") from None
    return ObjectSet(folder, card, digest_of(content))


def digest_of(card: bytes) -> str:
    """What names a set, of its set.json."""
    return hashlib.sha256(card).hexdigest()[:DIGEST_N]


def shape_of(path: Path, card: ObjectCard) -> dict[str, np.ndarray]:
    """The arrays of an object's file, checked against its card.

    Raises:
        DataError: missing, damaged, or not what the card tells.
    """
    content = _read(path, MOST_SHAPE_BYTES)
    if hashlib.sha256(content).hexdigest() != card.shape_sha256:
        raise DataError(f"{path} is not the file that {CARD} tells of (another sha256); add or import the set again")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_SHAPE_BYTES:
                raise DataError(f"{path} would unpack to more than {MOST_SHAPE_BYTES} bytes; refused")
            for name in ARRAYS:
                _require_as_large_as_told(archive, f"{name}.npy")
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            shape = {name: arrays[name] for name in ARRAYS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise DataError(f"{path} is damaged ({error})") from None
    _require_sane(path, shape, card)
    return shape


def _require_as_large_as_told(archive: zipfile.ZipFile, member: str) -> None:
    """An array's header may tell of any size; numpy would make room for it before it reads."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = read(file)
        told = math.prod(shape) * kind.itemsize
    if told > archive.getinfo(member).file_size:
        raise ValueError(f"{member} tells of {told} bytes and has fewer")


def _require_sane(path: Path, shape: dict[str, np.ndarray], card: ObjectCard) -> None:
    for name, (kind, columns) in ARRAYS.items():
        found, wanted = shape[name], (1 if columns is None else 2)
        if found.dtype != kind or found.ndim != wanted or (columns is not None and found.shape[1] != columns):
            raise DataError(f"{path}: {name} is {found.dtype}{list(found.shape)}")
    hulls, faces, vertices = shape["hull_sizes"], shape["faces"], shape["vertices"]
    points = [shape[name] for name in ("hull_corners", "vertices", "colour_points")]
    sane = (
        len(hulls) == card.parts_n
        and len(hulls) > 0
        and int(hulls.min()) >= 4
        and int(hulls.astype(np.int64).sum()) == len(points[0])
        and 0 < len(faces) <= MOST_FACES_N
        and int(faces.min()) >= 0
        and int(faces.max()) < len(vertices)
        and len(shape["colours"]) == len(points[2]) > 0
        and all(np.isfinite(some).all() and np.abs(some).max() <= 2 * LARGEST_M for some in points)
    )
    if not sane:
        raise DataError(f"{path}: its arrays do not belong together, or lie outside of what is allowed")


def model_of(card: ObjectCard, shape: dict[str, np.ndarray], *, family: str, within: str) -> ObjectModel:
    """The object that a card and its arrays tell of; `within` names its set."""
    ends = np.cumsum(shape["hull_sizes"])[:-1]
    body = MeshBody(
        hulls=tuple(np.split(shape["hull_corners"].astype(float), ends)),
        vertices=shape["vertices"].astype(float),
        faces=shape["faces"],
        colour_points=shape["colour_points"].astype(float),
        colours=shape["colours"],
        centre_of_mass_m=card.centre_of_mass_m,
        inertia_kg_m2=card.inertia_kg_m2,
        poses=card.poses,
    )
    name = f"{within}:{card.name}"
    return ObjectModel(name=name, family=family, parts=(), masses_kg=(card.mass_kg,), friction=card.friction, mesh=body)


def is_inertia(inertia_kg_m2: tuple[float, float, float, float, float, float]) -> bool:
    """Whether a body can have these moments: all positive, none larger than the other two together."""
    moments = np.sort(np.linalg.eigvalsh(inertia_matrix(inertia_kg_m2)))
    return bool(moments[0] > 0 and moments[2] <= (moments[0] + moments[1]) * (1 + 1e-6))


def inertia_matrix(inertia_kg_m2: tuple[float, float, float, float, float, float]) -> np.ndarray:
    """The symmetric matrix of xx, yy, zz, xy, xz, yz."""
    xx, yy, zz, xy, xz, yz = inertia_kg_m2
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def _read(path: Path, most_bytes: int) -> bytes:
    try:
        if path.stat().st_size > most_bytes:
            raise DataError(f"{path} has more than {most_bytes} bytes; refused")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise DataError(f"could not read {path}: {getattr(error, 'strerror', None) or error}") from None


def _require(condition: bool, told: str) -> None:
    if not condition:
        raise DataError(told)
