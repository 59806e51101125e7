"""`sparring watch` as its users meet it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path

import av
import pytest
import tiny
from PIL import Image
from rerun.chunk import RrdReader
from rich.console import Console

from sparring.cli import following
from sparring.cli.following import drawn, follow
from sparring.data.records import table_of
from sparring.data.store import read_shard, write_shard
from sparring.evaluation.attempts import telling_attempt
from sparring.game.run_folder import PROVENANCE, RunFolder
from sparring.viewing.live import Follower
from sparring.viewing.sheet import SIZE_PX

pytestmark = pytest.mark.usefixtures("unchecked")
Watch = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def watch(here: Watch) -> Watch:
    """Runs `sparring watch` in this process."""
    return partial(here, "watch")


def refused(done: "subprocess.CompletedProcess[str]", code: int, *said: str) -> None:
    """The command has ended with that code and one line on standard error, and has written nothing."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("sparring: ")
    for words in said:
        assert words in line
    assert not [path for path in Path.cwd().iterdir() if path.is_file()]


def frames_n(path: Path) -> int:
    """Number of frames of an mp4, and that they are as large as they should be."""
    with av.open(str(path)) as container:
        sizes = [(frame.width, frame.height) for frame in container.decode(video=0)]
    assert set(sizes) == {SIZE_PX}
    return len(sizes)


def test_it_explains_itself(watch: Watch) -> None:
    done = watch("--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--attempt", "--video", "--rerun", "--live"))


def test_an_attempt_worth_seeing_becomes_a_film_named_after_it(watch: Watch, played: tiny.PlayedRun) -> None:
    name = telling_attempt(played.folder).name
    done = watch(played.folder.path)
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    assert "replayed to the bit" in done.stdout
    film = Path(f"{name.replace('/', '-')}.mp4")
    assert f"film: {film}" in done.stdout
    assert frames_n(film) > 50
    assert [path.name for path in Path.cwd().iterdir()] == [film.name]


def test_without_pyav_the_film_is_a_webp(watch: Watch, played: tiny.PlayedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.viewing.film_file.find_spec", lambda name: None)
    assert watch(played.folder.path, "--attempt", "random/00000/0000-0").returncode == 0
    with Image.open("random-00000-0000-0.webp") as film:
        assert film.size == SIZE_PX
        assert film.n_frames > 5
    refused_code = watch(played.folder.path, "--video", "film.mp4").returncode
    assert refused_code == 2


def test_an_attempt_of_a_test_is_watched_by_its_name(watch: Watch, played: tiny.PlayedRun) -> None:
    shard = played.folder.test("low-force", "novel-families", "start")
    row = read_shard(shard).to_pylist()[0]
    done = watch(played.folder.path, "--attempt", f"low-force/novel-families/{row['attempt']}", "--video", "film.gif")
    assert done.returncode == 0, done.stderr
    assert "player: start" in done.stdout
    with Image.open("film.gif") as film:
        assert film.size == SIZE_PX


def test_a_recording_alone_makes_no_film(watch: Watch, played: tiny.PlayedRun) -> None:
    done = watch(played.folder.path, "--rerun", "out/attempt.rrd")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in Path.cwd().iterdir()] == ["out"]
    assert any(chunk.entity_path == "/world/table" for chunk in RrdReader("out/attempt.rrd").store().stream())


def test_what_ends_otherwise_is_said_and_ends_with_one_after_the_film(watch: Watch, copied: RunFolder) -> None:
    name = telling_attempt(copied).name
    stage, wave, _ = name.split("/")
    shard = copied.stage(stage) / f"wave-{wave}.parquet"
    rows = read_shard(shard).to_pylist()
    for row in rows:
        if row["attempt"] == name:
            row["end_state"][9] += 0.01
    write_shard(shard, table_of(rows))
    done = watch(copied.path, "--attempt", name, "--video", "film.webp")
    assert done.returncode == 1
    assert done.stderr.count("sparring:") == 0
    assert "NOT replayed to the bit" in done.stdout
    assert "10 mm" in done.stdout
    assert Path("film.webp").exists()


def test_without_its_player_the_film_is_made_and_says_so(watch: Watch, copied: RunFolder) -> None:
    copied.player("start").unlink()
    done = watch(copied.path, "--attempt", "shake-1/00000/0000-0", "--video", "film.webp")
    assert done.returncode == 0, done.stderr
    assert "no scores: there is no checkpoint" in done.stdout
    assert Path("film.webp").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--video", "film.avi"), 2, (".mp4, .webp, .gif", "film.avi")),
        (("--video", "film"), 2, (".mp4",)),
        (("--rerun", "film.mp4"), 2, (".rrd",)),
        (("--live", "--attempt", "random/00000/0000-0"), 2, ("--live", "--attempt")),
        (("--live", "--video", "film.mp4"), 2, ("--live", "--video")),
        (("--attempt", "random/00000/9999-9"), 1, ("9999-9", "random/00000/0003-1")),
        (("--attempt", ""), 1, ("random/00000/0003-1",)),
    ],
    ids=str,
)
def test_an_impossible_wish_is_one_line(
    watch: Watch, played: tiny.PlayedRun, arguments: tuple[str, ...], code: int, said: tuple[str, ...]
) -> None:
    refused(watch(played.folder.path, *arguments), code, *said)


def test_without_rerun_a_recording_is_refused_with_what_to_install(
    watch: Watch, played: tiny.PlayedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sparring.cli.watching.find_spec", lambda name: None)
    refused(watch(played.folder.path, "--rerun", "out.rrd"), 2, "pip install 'sparring[rerun]'")


def test_a_folder_without_a_run_is_one_line(watch: Watch) -> None:
    refused(watch("nowhere"), 1, "nowhere", "sparring play")


def test_a_run_on_a_robot_cannot_be_played_again(watch: Watch, copied: RunFolder) -> None:
    (copied.path / PROVENANCE).write_text(json.dumps({"cell": "robot arm 3"}))
    refused(watch(copied.path), 1, "robot arm 3", "simulated")


def test_a_scene_that_nobody_saw_cannot_be_played_again(watch: Watch, copied: RunFolder) -> None:
    shard = copied.stage("random") / "wave-00000.parquet"
    rows = read_shard(shard).to_pylist()
    rows[0] |= {"invalid": True, "fault": "three workers died", "x_m": None, "column_px": None, "image": None}
    write_shard(shard, table_of(rows))
    refused(watch(copied.path, "--attempt", rows[0]["attempt"]), 1, "never played to its end")


def test_a_damaged_shard_is_named(watch: Watch, copied: RunFolder) -> None:
    shard = copied.stage("random") / "wave-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-500])
    refused(watch(copied.path, "--attempt", "random/00000/0000-0"), 1, str(shard))


def test_a_film_that_cannot_be_written_is_one_line(watch: Watch, played: tiny.PlayedRun, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    done = watch(played.folder.path, "--attempt", "random/00000/0000-0", "--video", tmp_path / "file" / "film.mp4")
    assert done.returncode == 1
    assert "could not write" in done.stderr.splitlines()[-1]


def test_a_complete_run_is_told_in_one_line_and_recorded(watch: Watch, copied: RunFolder) -> None:
    copied.seal()
    done = watch(copied.path, "--live", "--rerun", "live.rrd")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("complete; ")
    assert any(chunk.entity_path == "/image" for chunk in RrdReader("live.rrd").store().stream())


def test_a_run_is_waited_for_followed_and_left_when_it_is_complete(
    played: tiny.PlayedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(tmp_path / "run")
    events = [
        lambda: None,
        lambda: shutil.copytree(played.folder.path, run.path, ignore=shutil.ignore_patterns("wave-00001*")),
        lambda: None,
        lambda: shutil.copytree(played.folder.path, run.path, dirs_exist_ok=True),
        run.seal,
    ]
    monkeypatch.setattr(following.time, "sleep", lambda seconds: events.pop(0)())
    follow(run.path, None)
    assert not events
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4, "a line whenever something has changed"
    assert "waiting" in lines[0]
    assert "stage random" in lines[1]
    assert "report" in lines[2]
    assert lines[3].startswith("complete")


def test_an_interrupt_ends_it_without_an_error(watch: Watch, played: tiny.PlayedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following.time, "sleep", interrupted)
    done = watch(played.folder.path, "--live")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "step" in done.stdout


def test_something_else_than_a_run_is_not_followed(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    refused(watch(tmp_path / "mine", "--live"), 1, "not a run folder")


@pytest.mark.parametrize("width", [20, 40, 120])
def test_a_panel_fits_any_width_and_loses_no_word(played: tiny.PlayedRun, width: int) -> None:
    console = Console(width=width, force_terminal=True, no_color=True, record=True, file=StringIO())
    console.print(drawn(Path("run"), Follower(played.folder).look()))
    console.print(drawn(Path("run"), None))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    words = text.replace("│", " ").split()
    assert {"success", "dislodged", "loss", "players", "waiting"} <= set(words)
