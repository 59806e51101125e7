"""Reading a mesh file. Nothing outside of its own folder is opened, nothing in it is executed."""

from io import BytesIO
from pathlib import Path
from typing import Any

# pyright: reportMissingImports=false
# trimesh is an optional extra.
import numpy as np

from sparring.errors import ConfigError, DataError

FORMATS = (".obj", ".stl", ".glb", ".ply")
MOST_BYTES, MOST_FACES_N = 512 * 2**20, 2_000_000


def require_installed() -> None:
    """Before meshes are worked on.

    Raises:
        ConfigError: trimesh or CoACD is missing.
    """
    try:
        import coacd  # noqa: F401  # pyright: ignore[reportUnusedImport]
        import trimesh  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise ConfigError(f"bringing in meshes needs trimesh and CoACD ({error}): pip install 'sparring[mesh]'") from None


def pieces_of(path: Path) -> list[Any]:
    """The triangle meshes of a file, each a `trimesh.Trimesh` in the file's units; of an OBJ file its objects (`o`) apart.

    Raises:
        DataError: not one of the formats, missing, too large, damaged, or without triangles.
    """
    import trimesh

    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise DataError(f"{path}: {kind or 'a file without a suffix'} is not read; a mesh is one of {', '.join(FORMATS)}")
    content = _content(path)
    options: dict[str, Any] = {"split_objects": True} if kind == ".obj" else {}
    try:
        scene: Any = trimesh.load_scene(
            BytesIO(content), file_type=kind[1:], resolver=_own_folder(path), process=False, **options
        )
        pieces = [piece for piece in scene.dump(concatenate=False) if isinstance(piece, trimesh.Trimesh) and len(piece.faces)]
    except MemoryError:
        raise DataError(f"{path} needs more memory than is allowed; simplify it first (Blender: Decimate)") from None
    except Exception as error:  # its readers raise whatever a damaged file leads to
        raise DataError(f"{path} could not be read as {kind[1:].upper()}: {error or type(error).__name__}") from None
    faces_n = sum(len(piece.faces) for piece in pieces)
    if not faces_n:
        raise DataError(f"{path} has no triangles: it is empty, text, points or curves; export a triangle mesh")
    if faces_n > MOST_FACES_N:
        raise DataError(f"{path} has {faces_n} triangles, of at most {MOST_FACES_N}; simplify it first (Blender: Decimate)")
    for piece in pieces:
        _require_sound(path, piece)
    return pieces


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise DataError(f"{path} is not there, or is no file")
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} has more than {MOST_BYTES // 2**20} MiB; simplify it first (Blender: Decimate)")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"could not read {path}: {error.strerror}") from None


def _own_folder(path: Path) -> Any:
    """Finds what a mesh refers to, materials and textures, in its own folder and nowhere else."""
    from trimesh.resolvers import Resolver

    class OwnFolder(Resolver):
        def __init__(self) -> None:
            self._folder = path.resolve().parent

        def get(self, name: str) -> bytes:  # pyright: ignore[reportIncompatibleMethodOverride]
            found = (self._folder / name.strip()).resolve()
            if not found.is_relative_to(self._folder) or not found.is_file() or found.stat().st_size > MOST_BYTES:
                raise FileNotFoundError(name)
            return found.read_bytes()

        def namespaced(self, namespace: str) -> Resolver:
            return self

        def write(self, name: str, data: object) -> None:
            raise PermissionError(name)

        def keys(self) -> list[str]:
            return [one.name for one in self._folder.iterdir() if one.is_file()]

    return OwnFolder()


def _require_sound(path: Path, piece: Any) -> None:
    """Finite corners, and faces of corners that exist."""
    if not np.isfinite(piece.vertices).all():
        bad = int((~np.isfinite(piece.vertices).all(axis=1)).sum())
        raise DataError(f"{path} is not finite: {bad} of {len(piece.vertices)} corners are NaN or infinite; export it again")
    if piece.faces.min() < 0 or piece.faces.max() >= len(piece.vertices):
        raise DataError(f"{path} is damaged: triangles of corners that do not exist; export it again")
