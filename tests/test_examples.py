"""The examples run as they stand."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from PIL import Image

from sparring.config_file import to_json
from sparring.data.store import read_stage
from sparring.evaluation.integrity import verify
from sparring.game.run_folder import RunFolder

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
EXAMPLES = Path(__file__).parents[1] / "examples"


def _run(name: str, *args: str) -> str:
    done = subprocess.run([sys.executable, EXAMPLES / name, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_objects_are_drawn(tmp_path: Path) -> None:
    told = _run("01_objects.py", "--out", str(tmp_path / "sheet.png"), "--n", "3", "--columns", "2")
    assert "tennis-pack, hand-tool, water-gun-1" in told
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (640, 480)


def test_a_match_is_played_from_python(tmp_path: Path) -> None:
    told = _run("02_match.py", "--out", str(tmp_path / "run"))
    assert [line.split(":")[0].strip() for line in told.splitlines()] == PLAYERS


def test_every_snatch_is_played_and_drawn(tmp_path: Path) -> None:
    told = _run("03_snatch.py", "--out", str(tmp_path / "snatches.png"), "--object", "bar-0003", "--seed", "3")
    dislodging = int(told.split(": ")[1].split()[0])
    assert 1 <= dislodging <= 35
    with Image.open(tmp_path / "snatches.png") as picture:
        assert picture.size == (480, 480)


def test_a_picture_leads_to_grasps_on_the_table(tmp_path: Path) -> None:
    told = _run("05_grasp.py", "--out", str(tmp_path / "grasps.png")).splitlines()
    assert len(told) == 3
    assert sum(int(line.split("lifted ")[1].split()[0]) for line in told) >= 1
    with Image.open(tmp_path / "grasps.png") as picture:
        assert picture.size == (640, 480)


def test_a_bandit_learns_in_the_environment_and_a_game_is_played() -> None:
    pytest.importorskip("pettingzoo")
    told = _run("06_bandit.py", "--steps", "4", "--envs", "4", "--games", "2", "--workers", "1").splitlines()
    assert [line.split(":")[0] for line in told[:-1]] == [f"{n} grasps" for n in (4, 8, 12, 16)]
    assert told[-1].startswith("shipped player against random shakes: ")


def test_a_mesh_is_brought_in_and_played_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trimesh")
    pytest.importorskip("coacd")
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))
    told = _run("08_own_mesh.py", "--out", str(tmp_path / "vase")).splitlines()
    assert told[0].startswith("vases@")
    assert [line.split(":")[0].strip() for line in told[1:]] == ["start", "collaborative"]
    with Image.open(tmp_path / "vase" / "objects.png") as sheet:
        assert min(sheet.size) > 100


def test_two_detectors_close_across_a_spoon_where_they_say(tmp_path: Path) -> None:
    told = _run("07_stress.py", "--out", str(tmp_path / "stress.png")).splitlines()
    places = {line.split(":")[0]: [float(word) for word in re.findall(r"\d+", line.split(":")[1])] for line in told}
    assert places.keys() == {"middle", "far_end"}
    (column, row, degrees), (far_column, far_row, far_degrees) = places["middle"], places["far_end"]
    assert degrees == far_degrees
    assert abs(column - far_column) + abs(row - far_row) > 15
    with Image.open(tmp_path / "stress.png") as picture:
        assert picture.size == (320, 240)


def test_a_robot_of_a_lab_plays_the_match(tmp_path: Path) -> None:
    pytest.importorskip("grpc")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    robot = subprocess.Popen([sys.executable, EXAMPLES / "04_robot.py", "--port", str(port)], stdout=subprocess.PIPE, text=True)
    assert robot.stdout is not None
    try:
        assert f"tcp://127.0.0.1:{port}" in robot.stdout.readline()
        sizes = ("match.random_grasps_n=24", "match.collaborative_grasps_n=36", "match.wave_scenes_n=8", "test.tries_n=1")
        bouts = 'match.bouts=[{"adversary": "shake", "iterations_n": 1, "grasps_per_iteration_n": 24}]'
        play = [sys.executable, "-m", "sparring.cli.main", "play", "smoke", "--cell", f"tcp://127.0.0.1:{port}", "--quiet"]
        play += ["--out", str(tmp_path / "run"), "--set", *sizes, bouts]
        refused = subprocess.run(play, capture_output=True, text=True, check=False)
        assert refused.returncode == 2
        assert "match.attempts_per_scene_n must be 1" in refused.stderr
        shutil.rmtree(tmp_path / "run")
        done = subprocess.run([*play, "match.attempts_per_scene_n=1"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    finally:
        robot.terminate()
        robot.communicate()
    run = RunFolder(tmp_path / "run")
    rows = read_stage(run.stage("shake-1")).to_pylist()
    assert len(rows) == 24
    assert {row["dislodged"] for row in rows if row["sensed"]} <= {True, False}
    assert [row["mass_kg"] for row in rows] == [None] * 24
    assert not verify(run).damages


def test_an_adversary_of_40_lines_takes_part_in_everything(tmp_path: Path) -> None:
    run, said = str(tmp_path / "run"), ["--quiet", "--executor", "serial"]
    often_held = tmp_path / "config.json"
    often_held.write_text(to_json(tiny.tiny_config()))
    bouts = 'match.bouts=[{"adversary": "poke", "iterations_n": 2, "grasps_per_iteration_n": 12}]'
    _run("09_poke.py", "play", str(often_held), "--out", run, *said, "--set", bouts, 'attack.own=[["poke.force_n", 25]]')
    config = RunFolder(Path(run)).config()
    assert config.attack.own == (("poke.far_m", 0.04), ("poke.force_n", 25.0)), "a digest has to know what was not set, too"
    _run("09_poke.py", "evaluate", run, *said, "--objects", "held-out", "--tries", "1")
    _run("09_poke.py", "crossplay", run, *said, "--objects", "novel-families", "--tries", "1")
    told = _run("09_poke.py", "report", run)
    assert "random-poke" in told
    rows = [row for stage in ("poke-1", "poke-2") for row in read_stage(RunFolder(Path(run)).stage(stage)).to_pylist()]
    fought = [row for row in rows if row["adversary"] == "poke" and not row["invalid"]]
    assert len(fought) >= 3
    assert {row["action"] for row in fought} <= set(range(9))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_every_example_is_tried_here(path: Path) -> None:
    assert f'"{path.name}"' in Path(__file__).read_text()
