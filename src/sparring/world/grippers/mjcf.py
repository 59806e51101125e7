"""Reading an MJCF file as data: what a gripper is made of goes in, what could load code or read elsewhere is refused."""

from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco

from sparring.errors import DataError

KEPT = ("compiler", "default", "asset", "worldbody", "tendon", "equality", "actuator")
"""Sections that say what a gripper is and can; the others say how it is looked at, sensed and simulated elsewhere."""
REFUSED = ("extension", "plugin", "composite", "flexcomp", "flex", "skin", "hfield", "attach", "model", "replicate")
FOLDERS = ("meshdir", "assetdir", "texturedir")
MESH_SUFFIXES = (".stl", ".obj", ".msh")
MOST_BYTES, MOST_FILES_N, MOST_INCLUDES_N = 100 * 2**20, 500, 20
"""Of all files of a gripper together; includes within includes."""
HULL_POINTS_N = 48
"""Most corners of a mesh's convex hull: of what collides, hulls are all that contacts know."""


def read_mjcf(path: Path, *, radians: bool = False) -> mujoco.MjModel:
    """The compiled model of an MJCF file, without looks, sensors and whatever else a gripper does not consist of.

    Meshes are read here and handed over; the engine itself opens no file.

    Args:
        path: the file; what it refers to lies in its folder.
        radians: take angles as radians instead of MJCF's degrees, unless the file says which.

    Raises:
        DataError: no MJCF, a file that is missing, too large or outside the XML's folder, or parts that a gripper may not have.
    """
    folder = _Folder(path.resolve().parent)
    root = _included(folder, folder.text(path.name), 0)
    _require_plain(root, path)
    for section in [section for section in root if section.tag not in KEPT]:
        root.remove(section)
    _without_looks(root)
    if radians and all("angle" not in compiler.attrib for compiler in root.findall("compiler")):
        ElementTree.SubElement(root, "compiler", angle="radian")
    meshes = _meshes(root, folder)
    try:
        spec = mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"), assets=meshes)
        for mesh in spec.meshes:
            mesh.maxhullvert = HULL_POINTS_N
        return spec.compile()
    except (ValueError, mujoco.FatalError) as error:
        raise DataError(f"{path} is no model that MuJoCo {mujoco.__version__} takes: {error}") from None


class _Folder:
    """The files beside an MJCF file, up to a limit."""

    def __init__(self, path: Path) -> None:
        self._path, self._bytes_left, self._files_left = path, MOST_BYTES, MOST_FILES_N

    def read(self, name: str) -> bytes:
        place = Path(name.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or not (self._path / place).resolve().is_relative_to(self._path):
            raise DataError(f"{self._path}: refers to {name!r}; a gripper's files must lie in its XML's folder")
        try:
            self._bytes_left -= (self._path / place).stat().st_size
            self._files_left -= 1
            if self._bytes_left < 0 or self._files_left < 0:
                limit = f"{MOST_FILES_N} files and {MOST_BYTES // 2**20} MiB"
                raise DataError(f"{self._path}: a gripper may have {limit}; {name!r} is beyond that")
            return (self._path / place).read_bytes()
        except OSError as error:
            raise DataError(f"could not read {self._path / place}: {error.strerror or error}") from None

    def text(self, name: str) -> str:
        try:
            return self.read(name).decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{self._path / name} is not text: {error}") from None


def _included(folder: _Folder, text: str, depth: int) -> Element:
    """The tree of a file with all that it includes in its place."""
    if depth > MOST_INCLUDES_N:
        raise DataError(f"includes go deeper than {MOST_INCLUDES_N} files; does one include itself?")
    if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
        raise DataError("an MJCF file may not declare a document type or entities; take the <!...> out")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, RecursionError) as error:
        raise DataError(f"a file is not XML: {error}") from None
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag == "include"]:
            inner = _included(folder, folder.text(child.get("file", "")), depth + 1)
            at = list(parent).index(child)
            parent[at : at + 1] = list(inner)
    return root


def _require_plain(root: Element, path: Path) -> None:
    if root.tag != "mujoco":
        raise DataError(f"{path} is not MJCF: its root is <{root.tag}>, not <mujoco>")
    found = sorted({str(element.tag) for element in root.iter()} & set(REFUSED))
    if found:
        raise DataError(
            f"{path} has <{'>, <'.join(found)}>, which a gripper may not have: bodies, joints, geoms and meshes alone"
        )


def _without_looks(root: Element) -> None:
    """Takes materials, textures, sites' and tendons' looks out, and assets of a name that was there before."""
    for element in root.iter():
        element.attrib.pop("material", None)
        element.attrib.pop("class" if element.tag == "material" else "texture", None)
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in ("material", "texture", "camera", "light")]:
            parent.remove(child)
    for assets in root.findall("asset"):
        known = set[str]()
        for mesh in assets.findall("mesh"):
            name = mesh.get("name") or Path(mesh.get("file", "")).stem
            if name in known:
                assets.remove(mesh)
            known.add(name)


def _meshes(root: Element, folder: _Folder) -> dict[str, bytes]:
    """The meshes' files by the names that the tree has for them from here on."""
    compilers, read = root.findall("compiler"), dict[str, bytes]()
    within = next((c.attrib[key] for key in FOLDERS[:2] for c in compilers if key in c.attrib), "")
    strip = any(c.get("strippath") == "true" for c in compilers)
    for compiler in compilers:
        for key in (*FOLDERS, "strippath"):
            compiler.attrib.pop(key, None)
    for number, mesh in enumerate(root.findall("asset/mesh")):
        if "file" not in mesh.attrib:
            continue
        file = mesh.attrib["file"]
        suffix = Path(file).suffix.lower()
        if suffix not in MESH_SUFFIXES:
            raise DataError(f"mesh {file!r} must end in {', '.join(MESH_SUFFIXES)}")
        mesh.attrib.setdefault("name", Path(file).stem)
        mesh.attrib["file"] = f"{number}{suffix}"
        read[mesh.attrib["file"]] = folder.read(str(Path(within) / (Path(file).name if strip else file)))
    return read
