"""The subcommand that brings in objects of one's own. Docstrings are its help."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from tyro.conf import Positional

from sparring.assets.options import ImportConfig

if TYPE_CHECKING:
    from sparring.assets.bringing_in import BroughtIn, MeshJob
    from sparring.world.objects.imported import ObjectSet


OPTIONS = ImportConfig()
LONGEST_S = 1800.0
"""A mesh that takes longer is given up."""


@dataclass(frozen=True)
class Import:
    """Make a set of objects from meshes: read, checked, taken apart into convex parts, weighed. What fails is listed at the end.

    Killed, the same command goes on with what is not taken apart yet.
    """

    meshes: Positional[tuple[str, ...]]
    """Mesh files (OBJ, STL, GLB, PLY), or a known set whose Python package is installed: ycb, random-train, random-test."""
    out: Path
    """The set's folder, made if need be. A copy is kept in the cache, where runs find it by its name."""
    name: str | None = None
    """What the set is called; as its folder unless given."""
    skip_failures: bool = False
    """Make the set without the meshes that fail. Always so with known sets."""
    workers: int | None = None
    """Meshes that are worked on at the same time; as many as there are cores unless given."""
    quiet: bool = False
    """Show no progress."""
    options: Annotated[ImportConfig, tyro.conf.arg(name="")] = OPTIONS
    """How meshes become objects."""


@dataclass(frozen=True)
class Show:
    """Draw a contact sheet of a set, as the robot's camera sees it."""

    objects: Positional[str]
    """A set's folder, its name, NAME@DIGEST, or a set that comes along: named, training, held-out, novel-families."""
    out: Path | None = None
    """The picture, a .png; SET.png unless given."""
    n: int = 100
    """At most so many objects."""
    columns: int = 8
    """Objects in a row."""


@dataclass(frozen=True)
class Add:
    """Keep a set that was made elsewhere in this machine's cache, where runs find it by its name."""

    folder: Positional[Path]
    """The set's folder."""


@dataclass(frozen=True)
class List:
    """List the imported sets that are kept on this machine."""


Action = (
    Annotated[Import, tyro.conf.subcommand("import")]
    | Annotated[Show, tyro.conf.subcommand("show")]
    | Annotated[Add, tyro.conf.subcommand("add")]
    | Annotated[List, tyro.conf.subcommand("list")]
)


def objects(action: Annotated[Action, tyro.conf.arg(name="")]) -> None:
    """Bring in objects of your own, meshes or known sets, to train on or test on by name: --objects NAME@DIGEST.

    Args:
        action: what to do.
    """
    match action:
        case Import():
            _import(action)
        case Show():
            _show(action)
        case Add():
            _add(action)
        case List():
            _list()


def _import(asked: Import) -> None:
    from sparring.assets.bringing_in import BroughtIn, bring_in_within_bounds
    from sparring.assets.keeping import name_of, require_free, resolved_set, set_in, write_set
    from sparring.assets.known import KNOWN_SETS
    from sparring.assets.loading import require_installed
    from sparring.cli.progress import progress_for
    from sparring.errors import DataError
    from sparring.farm.dispatch import Lost
    from sparring.farm.executors import FarmConfig, open_farm

    require_installed()
    require_free(asked.out)
    name = name_of(asked.name or asked.out.resolve().name, of_set=True)
    jobs = _jobs(asked)
    made: list[BroughtIn] = []
    failures: list[str] = []
    step = f"import {name}"
    with (
        progress_for(quiet=asked.quiet, steps=[step]) as progress,
        open_farm(FarmConfig(workers=asked.workers, job_timeout_s=LONGEST_S)) as executor,
        progress.task(step, len(jobs), "meshes") as task,
    ):
        for job, result in zip(jobs, executor.map(bring_in_within_bounds, jobs), strict=True):
            if isinstance(result, BroughtIn):
                made.append(result)
            else:
                failures.append(f"{job.path}: {result.reason}" if isinstance(result, Lost) else result.reason)
            task.advance(1)
    print("\n".join([*map(_made_told, made), *(f"failed: {reason}" for reason in failures)]))
    if not made:
        raise DataError(f"none of {len(jobs)} meshes could be made an object")
    if failures and not asked.skip_failures and asked.meshes[0] not in KNOWN_SETS:
        raise DataError(
            f"{len(failures)} of {len(jobs)} meshes failed, and nothing was written; mend them, or make the set without them: "
            "--skip-failures (what was taken apart is kept)"
        )
    before = set_in(asked.out)
    print(_set_told(write_set(asked.out, name, made)))
    if before is not None and before.digest != resolved_set(str(asked.out)).partition("@")[2]:
        told = (
            f"{asked.out} held {before.name} ({len(before.card.objects)} objects) before, which stays in the cache by that name"
        )
        print(f"sparring: {told}", file=sys.stderr)


def _jobs(asked: Import) -> list["MeshJob"]:
    """A job a mesh, each object called as its file.

    Raises:
        ConfigError: no mesh is named, a known set among others, or two files make one name.
    """
    from sparring.assets.bringing_in import MeshJob
    from sparring.assets.keeping import name_of
    from sparring.assets.known import KNOWN_SETS, known_jobs
    from sparring.errors import ConfigError

    if not asked.meshes:
        raise ConfigError(f"name mesh files, or one of {', '.join(KNOWN_SETS)}: sparring objects import MESH... --out SET")
    if len(asked.meshes) == 1 and asked.meshes[0] in KNOWN_SETS:
        return known_jobs(asked.meshes[0], asked.options)
    paths = [Path(mesh) for mesh in asked.meshes]
    jobs = [MeshJob(path, name_of(path.stem), asked.options) for path in paths]
    by_name = {job.name.lower(): job.path for job in jobs}
    for job in jobs:
        if by_name[job.name.lower()] != job.path:
            raise ConfigError(f"{job.path} and {by_name[job.name.lower()]} would both be called {job.name!r}; rename one")
    return jobs


def _made_told(one: "BroughtIn") -> str:
    card = one.card
    size = " x ".join(f"{100 * side:.1f}" for side in card.size_m)
    told = (
        f"{card.name}: {1000 * card.mass_kg:.0f} g, {size} cm, {card.parts_n} parts, {len(card.poses)} poses, {one.took_s:.1f} s"
    )
    return "; ".join([told, *card.warnings])


def _set_told(found: "ObjectSet") -> str:
    n = len(found.card.objects)
    return (
        f"{found.name}: {n} objects; train on it with `play --objects {found.name}`, test with `evaluate --objects {found.name}`"
    )


def _show(asked: Show) -> None:
    from sparring.assets.keeping import resolved_set
    from sparring.data.files import write_atomically
    from sparring.errors import ConfigError
    from sparring.viewing.contact_sheet import contact_sheet

    name = resolved_set(asked.objects)
    out = asked.out or Path(f"{name}.png")
    if out.suffix.lower() != ".png":
        raise ConfigError(f"--out must end in .png, got {str(out)!r}")
    if asked.n < 1 or asked.columns < 1:
        raise ConfigError(f"--n and --columns must be at least 1, got {asked.n} and {asked.columns}")
    sheet = contact_sheet(name, most_n=asked.n, columns_n=asked.columns)
    write_atomically(out, lambda part: sheet.save(part, "png", optimize=True))
    print(out)


def _add(asked: Add) -> None:
    from sparring.assets.keeping import keep

    print(_set_told(keep(asked.folder)))


def _list() -> None:
    from sparring.assets.keeping import kept_sets

    for one in kept_sets():
        print(f"{one.name}: {len(one.card.objects)} objects, {one.folder}")
