"""The package as others get it: a wheel with a player inside."""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from sparring.config import QUARTER, NetworkConfig
from sparring.evaluation.protocol import Test, try_scenes
from sparring.farm.executors import SerialExecutor
from sparring.game.cell import SimulatedCell
from sparring.players.grasper import Grasper
from sparring.players.networks import new_network
from sparring.world.camera import render
from sparring.world.scene import SceneSpec, open_scene

ROOT = Path(__file__).parent.parent
WHEEL_MIB = 6.0


def pip(*arguments: object) -> None:
    """Runs pip in this environment, without the network."""
    command = [
        sys.executable,
        "-m",
        "pip",
        *map(str, arguments),
        "--no-deps",
        "--no-index",
        "--quiet",
        "--disable-pip-version-check",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("wheel")
    pip("wheel", ROOT, "--no-build-isolation", "--wheel-dir", out)
    (path,) = out.glob("sparring-*.whl")
    return path


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of an object that no player was trained on."""
    path, scene = tmp_path_factory.mktemp("photo") / "photo.png", open_scene(QUARTER.world, SceneSpec("hammer-5000", 3))
    Image.fromarray(render(scene, scene.settled)).save(path)
    return path


def test_a_wheel_holds_all_that_is_needed_and_is_small(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"sparring/players/shipped/model.safetensors", "sparring/remote/cell.binpb", "sparring/remote/cell.proto"} <= names
    assets = {"page.css", "page.js", "plotly-basic-4.1.1.min.js", "plotly-LICENSE.txt"}
    assert {f"sparring/viewing/assets/{name}" for name in assets} <= names
    assert not any(name.endswith((".pyc", ".part")) or "tests" in name for name in names)
    assert wheel.stat().st_size < WHEEL_MIB * 2**20


def test_an_installed_wheel_grasps_in_a_picture(wheel: Path, photo: Path, tmp_path: Path) -> None:
    pip("install", wheel, "--target", tmp_path / "site")
    command = [sys.executable, "-m", "sparring.cli.main", "grasp", str(photo), "--out", str(tmp_path / "drawn.png")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["grasps"]) == 5
    assert (tmp_path / "drawn.png").exists()
    here = Grasper.load().predict(photo)
    assert [grasp["angle"] for grasp in told["grasps"]] == [grasp.angle for grasp in here]


def test_the_player_that_comes_along_lifts_more_than_one_that_knows_nothing() -> None:
    grasper, test = Grasper.load(), Test("low-force", "held-out", 1)
    assert grasper.card.trunk == "compact"
    config, lifted = test.config(QUARTER), {}
    cell = SimulatedCell(config.world, config.attack, SerialExecutor())
    ignorant = new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=0)
    for name, network in {"shipped": grasper.protagonist.network, "ignorant": ignorant}.items():
        player = replace(grasper.protagonist, network=network)
        lifted[name] = sum(bool(one.row["lifted"]) for one in try_scenes(name, player, test.specs(config), config, cell))
    assert lifted["shipped"] > 1.5 * lifted["ignorant"], lifted
