"""Imports go one way, from lower rooms to higher ones: the README's map, and ROOM_RANKS."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sparring

ROOT = Path(sparring.__file__).parent
ROOM_RANKS = {
    "world": 1,
    "data": 0,
    "farm": 1,
    "actions": 2,
    "assets": 2,
    "players": 3,
    "game": 4,
    "evaluation": 5,
    "remote": 5,
    "stress": 6,
    "study": 6,
    "envs": 6,
    "viewing": 7,
    "cli": 8,
}
LIGHT = ("errors", "cache", "plugins", "config", "config_file", "seeding", "scoring", "pinhole", "camera_file", "overhead")
MODULE_RANKS = dict.fromkeys((*LIGHT, "rectification"), 0)
RANKS = ROOM_RANKS | MODULE_RANKS
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
WITHOUT_TORCH = ("world", "actions", "assets", "data", "farm", *MODULE_RANKS)


def imported_by(module: Path) -> Iterator[str]:
    """Dotted names that a module imports anywhere, also within functions."""
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            module_name = node.module or ""
            yield from (f"{module_name}.{alias.name}" for alias in node.names)


def room_of(module: Path) -> str:
    """The folder that a module lies in, or its own name."""
    return module.parts[0].removesuffix(".py")


def modules_loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_room_has_a_rank() -> None:
    assert {room_of(module) for module in MODULES} == set(RANKS)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_its_own_room_or_lower_ones(module: Path) -> None:
    room = room_of(module)
    rooms = {name.split(".")[1] for name in imported_by(module) if name.startswith("sparring.")}
    above = {other for other in rooms if other != room and other in ROOM_RANKS and RANKS[other] >= RANKS[room]}
    assert not above
    assert rooms <= set(RANKS)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_the_world_imports_the_engine(module: Path) -> None:
    tops = {name.partition(".")[0] for name in imported_by(module)}
    assert room_of(module) == "world" or "mujoco" not in tops


@pytest.mark.parametrize("module", [module for module in MODULES if room_of(module) in WITHOUT_TORCH], ids=str)
def test_the_world_the_actions_the_data_and_the_farm_know_no_torch(module: Path) -> None:
    tops = {name.partition(".")[0] for name in imported_by(module)}
    assert tops.isdisjoint({"torch", "safetensors"})


def test_a_worker_never_loads_torch() -> None:
    loaded = modules_loaded_by("import sparring.game.jobs")
    assert "mujoco" in loaded
    assert "torch" not in loaded


def test_the_command_line_starts_without_anything_heavy() -> None:
    loaded = modules_loaded_by("import sparring.cli.main")
    assert "tyro" in loaded
    assert loaded.isdisjoint({"torch", "mujoco", "pyarrow", "matplotlib", "scipy"})


def test_networks_never_load_the_engine() -> None:
    loaded = modules_loaded_by("import sparring.players.networks, sparring.players.patches, sparring.players.policies")
    assert "torch" in loaded
    assert "mujoco" not in loaded
