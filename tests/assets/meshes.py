"""Meshes made on the spot, and sets of objects made of them."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

trimesh: Any = pytest.importorskip("trimesh", reason="needs trimesh: pip install '.[mesh]'")
pytest.importorskip("coacd", reason="needs CoACD: pip install '.[mesh]'")

from sparring.assets.bringing_in import BroughtIn, MeshJob, Refused, bring_in  # noqa: E402
from sparring.assets.keeping import write_set  # noqa: E402
from sparring.assets.options import ImportConfig  # noqa: E402
from sparring.world.objects.imported import ObjectSet  # noqa: E402

RED, BLUE = (250, 20, 10), (10, 20, 240)


def box(x_m: float = 0.1, y_m: float = 0.04, z_m: float = 0.03) -> Any:
    """A box about the origin."""
    return trimesh.creation.box((x_m, y_m, z_m))


def ell() -> Any:
    """One solid of two arms: an L of 12 and 8 cm, 3 cm wide, 2 cm high, that no convex shape is like."""
    outline = np.array([[0, 0], [0.12, 0], [0.12, 0.03], [0.03, 0.03], [0.03, 0.08], [0, 0.08]])
    bottom, top = (np.column_stack([outline, np.full(6, z)]) for z in (0.0, 0.02))
    cap = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5]])
    sides = [[[k, (k + 1) % 6, k + 6], [(k + 1) % 6, (k + 1) % 6 + 6, k + 6]] for k in range(6)]
    faces = np.concatenate([cap[:, ::-1], cap + 6, np.array(sides).reshape(-1, 3)])
    return trimesh.Trimesh(np.concatenate([bottom, top]), faces, process=False)


def textured() -> Any:
    """A flat box whose texture is red to the left of its middle and blue to the right of it."""
    solid = box(0.1, 0.06, 0.02)
    corners, faces = solid.vertices[solid.faces].reshape(-1, 3), np.arange(36).reshape(-1, 3)
    uv = np.column_stack([corners[:, 0] / 0.1 + 0.5, np.full(36, 0.5)])
    image = np.zeros((8, 64, 3), np.uint8)
    image[:, :32], image[:, 32:] = RED, BLUE
    material = trimesh.visual.material.PBRMaterial(baseColorTexture=Image.fromarray(image))
    visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    return trimesh.Trimesh(corners, faces, process=False, visual=visual)


def saved(mesh: Any, path: Path) -> Path:
    """A mesh as a file."""
    mesh.export(path)
    return path


def tried(path: Path, **options: Any) -> BroughtIn | Refused:
    """What becomes of a mesh file."""
    return bring_in(MeshJob(path, path.stem, ImportConfig(**options)))


def made(path: Path, **options: Any) -> BroughtIn:
    """The object that a sound mesh file becomes."""
    found = tried(path, **options)
    assert isinstance(found, BroughtIn), found
    return found


def refusal(path: Path, **options: Any) -> str:
    """Why a mesh file becomes no object."""
    found = tried(path, **options)
    assert isinstance(found, Refused), found.card
    assert "\n" not in found.reason
    assert str(path) in found.reason
    return found.reason


def small_set(folder: Path) -> ObjectSet:
    """A set of a box, an L and a textured box; what is in use must have a cache folder of the test's own."""
    sources = {"box.stl": box(), "ell.obj": ell(), "textured.glb": textured()}
    meshes = folder / "meshes"
    meshes.mkdir(parents=True)
    return write_set(folder / "set", "small", [made(saved(mesh, meshes / name)) for name, mesh in sources.items()])


def glb_that_claims(count: int, path: Path) -> Path:
    """A GLB file whose accessors claim so many numbers, which are nowhere."""
    content = saved(box(), path).read_bytes()
    (length,) = struct.unpack("<I", content[12:16])
    tree = json.loads(content[20 : 20 + length])
    for accessor in tree["accessors"]:
        accessor["count"] = count
        accessor.pop("bufferView", None)
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + length :]
    path.write_bytes(content[:8] + struct.pack("<II", 20 + len(text) + len(rest), len(text)) + b"JSON" + text + rest)
    return path
