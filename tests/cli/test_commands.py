"""The command as its users meet it: help, results, and one line with the next step when something is wrong."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from lenses import lens
from PIL import Image

from sparring.config_file import to_json
from sparring.data.pictures import decode_image
from sparring.data.store import read_shard
from sparring.game.run_folder import RunFolder
from sparring.pinhole import PinholeCamera

pytestmark = pytest.mark.usefixtures("played", "unchecked")
COMMANDS = ("play", "evaluate", "crossplay", "report", "figures", "watch", "grasp", "export", "digest", "weights")


def sparring(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs the command in a process of its own."""
    command = [sys.executable, "-m", "sparring.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False, timeout=120)


Here = Callable[..., "subprocess.CompletedProcess[str]"]


def refused(done: "subprocess.CompletedProcess[str]", code: int, *said: str) -> None:
    """The command has ended with that code and one line on standard error."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("sparring: ")
    for words in said:
        assert words in lines[0]


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """The smoke preset, played by the command."""
    out = tmp_path_factory.mktemp("smoke") / "run"
    return out, sparring("play", "smoke", "--out", out, "--workers", 2)


@pytest.fixture(scope="module")
def scene(played: tiny.PlayedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that the shared run was played on."""
    row = read_shard(played.folder.stage("random") / "wave-00000.parquet", ["image"])["image"][0].as_py()
    path = tmp_path_factory.mktemp("scene") / "scene.png"
    Image.fromarray(decode_image(row["bytes"])).save(path)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = sparring(command, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert f"usage: sparring {command}" in done.stdout


def test_the_command_lists_its_commands() -> None:
    done = sparring("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)


def test_smoke_ends_with_a_report_of_all_players(smoke: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    out, done = smoke
    assert done.returncode == 0, done.stderr
    players = [row["player"] for row in json.loads((out / "evaluation" / "results.json").read_text())]
    assert players == ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
    assert all(f"| {name} |" in done.stdout for name in players)
    assert json.loads((out / "manifest.json").read_text())["complete"] is True
    assert (out / "report.md").read_text().strip() == done.stdout.strip()


def test_provenance_says_where_and_with_what(smoke: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    told = json.loads((smoke[0] / "provenance.json").read_text())
    assert told["command"].startswith("play smoke --out")
    assert told["renderer"]
    assert told["workers_n"] == 2
    assert {"numpy", "mujoco", "torch", "pyarrow"} <= told["packages"].keys()


def test_a_digest_is_the_same_as_in_python(played: tiny.PlayedRun) -> None:
    done = sparring("digest", played.folder.path)
    assert done.stdout.strip() == played.digest


def test_a_report_is_printed_and_kept(played: tiny.PlayedRun, tmp_path: Path) -> None:
    shutil.copytree(played.folder.path, tmp_path / "run")
    done = sparring("report", tmp_path / "run")
    assert done.returncode == 0
    assert "| shake-2 |" in done.stdout
    assert (tmp_path / "run" / "report.md").read_text().strip() == done.stdout.strip()
    assert str(tmp_path / "run" / "report.html") in done.stderr
    assert "<h1>Run <code>run</code></h1>" in (tmp_path / "run" / "report.html").read_text()


def test_a_report_of_several_runs_goes_where_it_is_told_to(played: tiny.PlayedRun, tmp_path: Path, here: Here) -> None:
    for name in ("a", "b"):
        shutil.copytree(played.folder.path, tmp_path / name)
    refused(here("report", tmp_path / "a", tmp_path / "b"), 2, "--out")
    refused(here("report", tmp_path / "a", tmp_path / "a", "--out", tmp_path), 2, "twice")
    refused(here("report"), 2, "name at least one run")
    done = here("report", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "out", "--no-pictures")
    assert done.returncode == 0, done.stderr
    assert "# Runs `a`, `b`" in done.stdout
    assert (tmp_path / "out" / "report.html").exists()
    assert not (tmp_path / "a" / "report.html").exists()


def test_figures_are_written_where_asked_and_named(played: tiny.PlayedRun, tmp_path: Path, here: Here) -> None:
    done = here("figures", played.folder.path, "--out", tmp_path / "figures")
    assert done.returncode == 0, done.stderr
    written = [Path(line) for line in done.stdout.splitlines()]
    assert sorted(written) == sorted((tmp_path / "figures").iterdir())
    assert {path.suffix for path in written} == {".pdf", ".png"}
    refused(here("figures", tmp_path / "nowhere", "--out", tmp_path), 1, "not a run folder")


def test_more_can_be_tested_later(played: tiny.PlayedRun, tmp_path: Path) -> None:
    shutil.copytree(played.folder.path, tmp_path / "run")
    done = sparring("evaluate", tmp_path / "run", "--tries", 1, "--executor", "serial", "--quiet")
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "run" / "evaluation" / "results.json").read_text())
    assert {row["objects"] for row in rows} == {"named", "novel-families"}
    assert "| tennis-pack |" in done.stdout


def test_grasps_are_json_and_a_picture(played: tiny.PlayedRun, scene: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.png"
    done = sparring("grasp", scene, "--player", played.folder.path, "--top-k", 3, "--out", drawn)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["player"] == "snatch-1"
    assert told["picture"] == str(drawn)
    assert told["pixel_m"] == played.config.world.camera.pixel_m
    assert "of table" in done.stderr
    assert len(told["grasps"]) == 3
    best = told["grasps"][0]
    assert best.keys() == {"column_px", "row_px", "angle", "angle_deg", "probability", "pose"}
    assert 0 <= best["column_px"] < 160
    assert 0 <= best["row_px"] < 120
    assert best["angle_deg"] == 10 * best["angle"]
    assert np.asarray(Image.open(drawn)).shape[1] >= 640
    again = sparring("grasp", scene, "--player", played.folder.player("snatch-1"), "--top-k", 3, "--out", drawn)
    assert json.loads(again.stdout) == told


def test_a_player_is_chosen_by_name(here: Here, played: tiny.PlayedRun, scene: Path, tmp_path: Path) -> None:
    done = here("grasp", scene, "--player", played.folder.path, "--name", "start", "--out", tmp_path / "drawn.png")
    assert json.loads(done.stdout)["player"] == "start"


def test_cross_play_prints_its_tables_and_keeps_them(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(played.folder.path, run)
    command = ("crossplay", run, "--objects", "novel-families", "--tries", 2, "--executor", "serial", "--quiet")
    done = sparring(*command)
    assert done.returncode == 0, done.stderr
    assert "## Cross-play: low-force, novel-families objects" in done.stdout
    assert done.stdout.strip() in (run / "report.md").read_text()
    rows = json.loads((run / "crossplay" / "low-force" / "novel-families.json").read_text())
    assert all(row["survived"] <= row["lifted"] <= row["tries"] == 6 for row in rows)
    assert sparring(*command).stdout == done.stdout
    refused(sparring("crossplay", run, run), 2, "named twice")


def test_a_whole_run_is_complete_again_after_more_was_measured(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(played.folder.path, run)
    manifest = run / "manifest.json"
    more = ("--objects", "novel-families", "--tries", 1, "--executor", "serial", "--quiet")
    for command in ("evaluate", "crossplay"):
        manifest.unlink(missing_ok=True)  # as after a kill in the middle of measuring
        assert sparring(command, run, *more).returncode == 0
        sums = json.loads(manifest.read_text())["sha256"]
        assert set(sums) == {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()} - {"manifest.json", ".lock"}
    if not torch.cuda.is_available():
        refused(sparring("crossplay", run, *more, "--device", "cuda"), 1, "--device cuda")
        assert json.loads(manifest.read_text())["complete"], "refused before anything was touched"
    (run / "players" / "snatch-1.safetensors").unlink()
    assert sparring("evaluate", run, *more).returncode == 0
    assert not json.loads(manifest.read_text())["complete"], "a part is no whole"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("play", "smok", "--out", "run"), 2, ("'smok'", "smoke, demo, quarter, mixed, paper")),
        (("play", "smoke", "--out", "run", "--seed", -1), 2, ("seed", "-1")),
        (("play", "smoke", "--out", "run", "--workers", 0), 2, ("--workers", "0")),
        (("play", "smoke", "--out", "run", "--set", "learning.alpha=2"), 2, ("alpha", "0..1")),
        (("play", "smoke", "--out", "run", "--set", "learning.alhpa=0.5"), 2, ("alhpa", "alpha")),
        (("play", "smoke", "--out", "run", "--set", "nonsense"), 2, ("NAME=VALUE",)),
        (("play", "smoke", "--out", "run", "--set", "network.trunk=resnet"), 2, ("resnet", "compact")),
        (("play", "smoke", "--out", "run", "--set", "match.bouts.0.adversary=push"), 2, ("push", "shake")),
        (("play", "smoke", "--out", "run", "--set", "match.collaborative_grasps_n=5"), 2, ("unfair",)),
        (("play", "nowhere.json", "--out", "run"), 1, ("nowhere.json",)),
        (("evaluate", "nowhere"), 1, ("nowhere", "sparring play")),
        (("crossplay", "nowhere"), 1, ("nowhere", "sparring play")),
        (("crossplay", "nowhere", "--tries", 0), 2, ("--tries", "0")),
        (("crossplay",), 2, ("at least one run",)),
        (("report", "nowhere"), 1, ("nowhere", "sparring play")),
        (("digest", "nowhere"), 1, ("nowhere", "sparring play")),
        (("grasp", "image.png", "--player", "nowhere"), 1, ("nowhere",)),
        (("weights", "--source", "nowhere.pth"), 1, ("nowhere.pth", "sparring weights")),
        (("weights", "--source", "http://example.org/a.pth"), 1, ("https",)),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else str(value),
)
def test_bad_input_is_one_line_with_the_next_step(
    here: Here, arguments: tuple[object, ...], code: int, said: tuple[str, ...]
) -> None:
    refused(here(*arguments), code, *said)
    assert not Path("run", "stages").exists(), "nothing is played before everything is known to be possible"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("play",),
        ("play", "smoke", "--out", "run", "--executor", "cloud"),
        ("evaluate", "run", "--protocol", "middle-force"),
        ("crossplay", "run", "--objects", "everything"),
    ],
    ids=str,
)
def test_impossible_arguments_end_with_two(arguments: tuple[str, ...]) -> None:
    done = sparring(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_gpu_is_one_line() -> None:
    refused(sparring("play", "smoke", "--out", "run", "--device", "cuda"), 1, "--device cuda", "--device cpu")
    assert not Path("run").exists()


def test_the_papers_network_without_its_weights_says_what_to_do_before_playing(tmp_path: Path) -> None:
    done = sparring("play", "smoke", "--out", "run", "--set", "network.trunk=alexnet", SPARRING_CACHE=str(tmp_path / "empty"))
    assert done.returncode in (1, 2)
    assert "sparring weights" in done.stderr
    assert not Path("run", "stages").exists()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"surprise": 1}', b"\xff\xfe\x00"])
def test_a_config_file_that_is_none_is_one_line(here: Here, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    done = here("play", path, "--out", "run")
    refused(done, done.returncode)
    assert done.returncode in (1, 2)


def test_a_run_folder_of_another_config_is_refused_and_left_alone(here: Here, played: tiny.PlayedRun, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(to_json(played.config))
    before = sorted(played.folder.path.rglob("*"))
    done = here("play", config, "--out", played.folder.path, "--set", "learning.alpha=0.5")
    refused(done, 1, "learning.alpha (0.25 there, 0.5 asked)", "--out")
    assert sorted(path for path in played.folder.path.rglob("*") if path.name != ".lock") == before


def test_a_folder_of_something_else_is_refused_and_left_alone(here: Here, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    refused(here("play", "smoke", "--out", tmp_path / "mine"), 1, "not a run folder")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_foreign_checkpoint_is_one_line_and_nothing_is_executed(here: Here, scene: Path, tmp_path: Path) -> None:
    foreign, mark = tmp_path / "foreign.safetensors", tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (mark,)

    torch.save({"weight": Evil()}, foreign)
    refused(here("grasp", scene, "--player", foreign), 1, str(foreign))
    assert not mark.exists()


def test_a_truncated_checkpoint_is_one_line(here: Here, played: tiny.PlayedRun, scene: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.safetensors"
    half.write_bytes(played.folder.player("start").read_bytes()[:50_000])
    refused(here("grasp", scene, "--player", half), 1, str(half))


def test_an_unknown_player_is_one_line(here: Here, played: tiny.PlayedRun, scene: Path) -> None:
    refused(here("grasp", scene, "--player", played.folder.path, "--name", "champion"), 1, "champion")


def test_an_adversary_grasps_nothing(here: Here, played: tiny.PlayedRun, scene: Path) -> None:
    refused(here("grasp", scene, "--player", played.folder.player("adversary-shake-1")), 1, "role adversary")


@pytest.mark.parametrize(
    ("name", "content"), [("none.png", None), ("text.png", b"no picture"), ("half.png", b"\x89PNG\r\n\x1a\n" + bytes(20))]
)
def test_an_image_of_the_wrong_kind_is_one_line(
    here: Here, played: tiny.PlayedRun, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    refused(here("grasp", tmp_path / name, "--player", played.folder.path), 1, name)


@pytest.mark.parametrize(("size", "colour"), [((20, 20), None), ((200, 150), (90, 90, 90))])
def test_an_image_with_nothing_to_grasp_is_one_line(
    here: Here, played: tiny.PlayedRun, tmp_path: Path, size: tuple[int, int], colour: tuple[int, int, int] | None
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise if colour is None else np.full_like(noise, colour[0])).save(tmp_path / "image.png")
    refused(here("grasp", tmp_path / "image.png", "--player", played.folder.path), 1, "image")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--top-k", 0),
        ("--patches", -3),
        ("--pixel-m", 0.0),
        ("--pixel-m", "nan"),
        ("--pixel-m", "inf"),
        ("--pixel-m", 1e-12),
        ("--apart-m", -0.1),
        ("--name", "champion"),
        ("--out", ""),
        ("--out", "drawn.jpg"),
        ("--seed", -1),
    ],
    ids=str,
)
def test_an_impossible_wish_for_grasps_is_one_line(
    here: Here, played: tiny.PlayedRun, scene: Path, arguments: tuple[object, ...], tmp_path: Path
) -> None:
    done = here("grasp", scene, "--player", played.folder.path, "--out", tmp_path / "drawn.png", *arguments)
    refused(done, done.returncode)
    assert done.returncode in (1, 2)


def test_a_picture_that_cannot_be_written_is_one_line(here: Here, played: tiny.PlayedRun, scene: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    done = here("grasp", scene, "--player", played.folder.path, "--out", tmp_path / "file" / "drawn.png")
    refused(done, 1, str(tmp_path / "file"))


def test_a_corrupt_shard_is_named_and_played_again(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(played.folder.path, run)
    shard = run / "stages" / "random" / "wave-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-500])
    config = tmp_path / "config.json"
    config.write_text(to_json(played.config))
    refused(sparring("digest", run), 1, str(shard))
    done = sparring("play", config, "--out", run, "--executor", "serial", "--quiet")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [f"{shard} is damaged; it is made again"]
    assert sparring("digest", run).stdout.strip() == played.digest


def test_a_reader_that_leaves_early_is_no_error(played: tiny.PlayedRun) -> None:
    command = f"{sys.executable} -m sparring.cli.main digest {played.folder.path} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def calibrated(tmp_path: Path) -> Path:
    """A calibration file of a camera that stands aside."""
    (tmp_path / "camera.json").write_text(json.dumps(asdict(lens(30.0, 20.0, 0.9))))
    return tmp_path / "camera.json"


def test_a_photo_from_aside_is_grasped_by_its_calibration(here: Here, tmp_path: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(photo).resize((320, 240)).save(tmp_path / "photo.png")
    done = here("grasp", tmp_path / "photo.png", "--camera", calibrated(tmp_path), "--top-k", 3)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["grasps"]) == 3
    for grasp in told["grasps"]:
        assert grasp.keys() == {"column_px", "row_px", "angle", "angle_deg", "probability", "pose"}
        place = lens(30.0, 20.0, 0.9).on_table(np.array([[grasp["column_px"], grasp["row_px"]]]))[0]
        assert place[:2] == pytest.approx([grasp["pose"]["x_m"], grasp["pose"]["y_m"]], abs=1e-6)
    with Image.open(told["picture"]) as drawn:
        assert drawn.size == (640, 480)


def test_a_match_is_played_with_a_calibrated_camera_that_has_to_see_enough(here: Here, tmp_path: Path) -> None:
    grasps = ("match.bouts=[]", "match.random_grasps_n=4", "match.collaborative_grasps_n=4")
    few = ("world.objects.training_n=13", "world.objects.novel_n=2", "test.objects=novel-families")
    smallest = ("--set", *grasps, *few, "world.camera.pixel_m=0.003")
    asked = ("play", "smoke", "--out", tmp_path / "run", "--camera", calibrated(tmp_path), "--executor", "serial", "--quiet")
    refused(here(*asked, *smallest), 2, "does not see the whole overhead picture of 320 x 240 px", "world.camera.width_px")
    done = sparring(*asked, *smallest, "world.camera.width_px=140", "world.camera.height_px=110", "world.camera.depth=true")
    assert done.returncode == 0, done.stderr
    camera = RunFolder(tmp_path / "run").config().world.camera
    assert camera.lens == PinholeCamera.read(tmp_path / "camera.json").over_table()
    assert camera.depth
