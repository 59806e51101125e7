"""What a task has come to, and how it is shown: at any width, with or without colour, and to programs."""

import io
import json
import logging
import math
import os
import pty
import re
import shutil
import subprocess
import sys
import termios
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sparring.cli.displays import Bars, Drawn, JsonLines, Lines, as_json, fields_of, flowed
from sparring.cli.options import WatchConfig
from sparring.cli.progress import Announcer, Standing, progress_for
from sparring.config_file import to_json
from sparring.data.store import read_stage
from sparring.errors import ConfigError
from sparring.evaluation import evaluate
from sparring.evaluation.statistics import Rate
from sparring.game.digest import digest_run
from sparring.game.plan import steps_of
from sparring.game.run_folder import RunFolder

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
WAVE = {"valid": 90, "invalid": 10, "sensed": 30, "attacked": 25, "dislodged": 5}
HALFWAY = Standing("stage shake-1", 400, "grasps", waves_n=4, step=7, steps_n=24)
HALFWAY = HALFWAY.after(100, found=False, elapsed_s=20.0, told=WAVE).after(100, found=False, elapsed_s=50.0, told=WAVE)
FIT = Standing("fit start", 20, "epochs").after(1, found=False, elapsed_s=3.0, told={"loss": 0.7, "images_per_s": 812.0})


class Recorder:
    """Remembers all that it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Standing]] = []
        self.closed = False

    def begun(self, standing: Standing) -> None:
        self.told.append(("begun", standing))

    def advanced(self, standing: Standing) -> None:
        self.told.append(("advanced", standing))

    def ended(self, standing: Standing) -> None:
        self.told.append(("ended", standing))

    def close(self) -> None:
        self.closed = True


def half_done(announcer: Announcer) -> None:
    """Work that fails in the middle."""
    with announcer, announcer.task("stage random", 16, "grasps", waves_n=2) as task:
        task.advance(8, **WAVE)
        raise RuntimeError("in the middle")


def test_whole_numbers_add_up_and_fractions_stand_for_now() -> None:
    later = FIT.after(1, found=False, elapsed_s=6.0, told={"loss": 0.5, "images_per_s": 800.0})
    assert HALFWAY.counts == {name: 2 * count for name, count in WAVE.items()}
    assert later.metrics == {"loss": 0.5, "images_per_s": 800.0}
    assert FIT.metrics["loss"] == 0.7, "the standing before is as it was"


def test_speed_and_what_is_left_are_those_of_the_clock() -> None:
    assert HALFWAY.done == 200
    assert HALFWAY.waves_done == 2
    assert HALFWAY.per_s == pytest.approx(4.0)
    assert HALFWAY.eta_s == pytest.approx(50.0)
    assert Standing("fit start", 20, "epochs").per_s is None
    assert Standing("fit start", 20, "epochs").eta_s is None


def test_what_was_found_on_disk_makes_nothing_look_faster() -> None:
    found = Standing("stage random", 400, "grasps").after(100, found=True, elapsed_s=1.0, told=WAVE)
    found = found.after(100, found=True, elapsed_s=2.0, told=WAVE)
    assert found.per_s is None
    went_on = found.after(100, found=False, elapsed_s=52.0, told=WAVE)
    assert went_on.done == 300
    assert went_on.per_s == pytest.approx(2.0)
    assert went_on.eta_s == pytest.approx(50.0)


def test_success_is_sensed_in_stages_and_lifted_in_tests_of_what_was_valid() -> None:
    assert HALFWAY.rates == {"success": Rate(60, 180), "dislodged": Rate(10, 50)}
    told = {"valid": 40, "invalid": 2, "lifted": 10}
    assert Standing("test low-force on named", 84, "tries").after(42, found=False, elapsed_s=1.0, told=told).rates == {
        "success": Rate(10, 40)
    }
    unattacked = WAVE | {"attacked": 0, "dislodged": 0}
    assert Standing("stage random", 9, "grasps").after(9, found=False, elapsed_s=1.0, told=unattacked).rates.keys() == {"success"}


def test_a_task_that_fails_has_ended_all_the_same() -> None:
    recorder, moments = Recorder(), iter([0.0, 2.0, 5.0])
    announcer = Announcer([recorder], ["fit start", "stage random", "fit start"], lambda: next(moments))
    with pytest.raises(RuntimeError):
        half_done(announcer)
    assert [event for event, _ in recorder.told] == ["begun", "advanced", "ended"]
    last = recorder.told[-1][1]
    assert (last.step, last.steps_n, last.over, last.elapsed_s, last.eta_s) == (2, 3, True, 5.0, None)
    assert recorder.closed


def test_a_step_whose_name_is_not_known_just_once_has_no_number() -> None:
    recorder = Recorder()
    announcer = Announcer([recorder], ["fit start", "stage random", "fit start"])
    for name in ("fit start", "fit other"):
        with announcer.task(name, 1, "epochs"):
            pass
    assert {standing.step for _, standing in recorder.told} == {None}


def test_a_run_that_is_done_already_is_all_found(played: tiny.PlayedRun, tmp_path: Path) -> None:
    recorder = Recorder()
    shutil.copytree(played.folder.path, tmp_path / "run")
    tiny.play(played.config, tmp_path / "run", progress=Announcer([recorder], steps_of(played.config)))
    ended = [standing for event, standing in recorder.told if event == "ended"]
    assert {standing.name for standing in ended} == {name for name in steps_of(played.config) if name.startswith("stage")}
    assert all(standing.done == standing.found == standing.total and standing.per_s is None for standing in ended)
    assert all(standing.waves_done == standing.waves_n for standing in ended)


@given(st.lists(st.text("abc %.0123456789", min_size=1, max_size=60)), st.integers(1, 120))
def test_flowed_fields_fit_any_width_and_lose_nothing(fields: list[str], width: int) -> None:
    lines = flowed(fields, width)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join("".join(fields).split())


def drawn(standing: Standing, width: int) -> list[str]:
    """The lines of a bar on a terminal of that width."""
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    lines = console.render_lines(Drawn(standing), pad=False)
    return ["".join(segment.text for segment in line) for line in lines]


@pytest.mark.parametrize("width", [1, 7, 20, 40, 80, 100, 300])
@pytest.mark.parametrize("standing", [HALFWAY, FIT, Standing("stage random", 0, "grasps")], ids=lambda one: one.name)
def test_a_bar_fits_a_terminal_of_any_width(standing: Standing, width: int) -> None:
    lines = drawn(standing, width)
    assert all(len(line.rstrip()) <= width for line in lines)
    text = "".join("".join(lines).split())
    for field in fields_of(standing)[:-2]:
        assert "".join(field.split()) in text


def test_a_narrow_bar_says_everything_a_wide_one_does() -> None:
    told = " ".join(drawn(HALFWAY, 40))
    for words in ("step 7 of 24: stage shake-1", "200/400 grasps", "wave 2/4", "4 grasps/s", "ETA 0:00:", "20 invalid"):
        assert words in told
    assert "success 33.3 % (26.9 to 40.5, n = 180)" in told
    assert "dislodged 20.0 % (11.2 to 33.0, n = 50)" in told
    assert "loss 0.7" in " ".join(drawn(FIT, 40))


def test_lines_come_at_the_beginning_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    stream = (tmp_path / "log").open("w")
    lines = Lines(stream)
    begun = Standing("stage shake-1", 400, "grasps", waves_n=4, step=7, steps_n=24)
    lines.begun(begun)
    for seconds in (10.0, 25.0, 30.0):
        lines.advanced(begun.after(100, found=False, elapsed_s=seconds, told=WAVE))
    lines.ended(HALFWAY)
    stream.close()
    told = (tmp_path / "log").read_text().splitlines()
    assert told[0] == "step 7 of 24: stage shake-1, 400 grasps"
    assert len(told) == 3
    assert "0:00:25" in told[1]
    assert told[2].startswith("step 7 of 24: stage shake-1: 200/400 grasps, wave 2/4, 4 grasps/s, success 33.3 % (26.9 to 40.5")


SHOWING = """
from sparring.cli.progress import progress_for
with progress_for(steps=["stage random", "stage shake-1"]) as progress:
    with progress.task("stage shake-1", 400, "grasps", waves_n=4) as task:
        for _ in range(2):
            task.advance(100, valid=90, invalid=10, sensed=30, attacked=25, dislodged=5)
"""


def on_a_terminal(columns: int, **environment: str) -> str:
    """What the displays write to a terminal of that width."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-c", SHOWING],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=clean | {"TERM": "xterm"} | environment,
    )
    os.close(theirs)
    told = b""
    while chunk := _read(ours):
        told += chunk
    os.close(ours)
    assert process.communicate()[0] == b"", "progress is nothing for whoever reads the results"
    assert process.returncode == 0, told.decode()
    return told.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux' way to say that nobody writes there any more
        return b""


@pytest.mark.parametrize("environment", [{}, {"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=str)
@pytest.mark.parametrize("columns", [40, 100])
def test_no_line_on_a_terminal_is_longer_than_it_is_wide(columns: int, environment: dict[str, str]) -> None:
    told = on_a_terminal(columns, **environment)
    assert ("\x1b" in told) == (not environment), "whoever wants no colour, or knows none, gets no escape codes"
    lines = CONTROL.sub("", told).replace("\r", "\n").splitlines()
    assert all(len(line) <= columns for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "step 2 of 2: stage shake-1" in text
    assert re.search(r"dislodged 20.0 % \(11.2 to 33.0,\s+n = 50\)", text)


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_pipe_gets_lines_without_escape_codes(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOWING], capture_output=True, text=True, check=True, env=os.environ | environment, timeout=120
    )
    assert done.stdout == ""
    assert "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_bars_leave_a_terminal_as_they_found_it() -> None:
    stream = io.StringIO()
    bars = Bars(Console(width=60, file=stream, force_terminal=True))
    announcer = Announcer([bars])
    with pytest.raises(RuntimeError):
        half_done(announcer)
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l"), "the cursor is there again"


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_for(quiet=True) as progress, progress.task("fit start", 1, "epochs") as task:
        task.advance(1, loss=0.5)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("unchecked")
def test_quiet_words_are_a_contradiction() -> None:
    with pytest.raises(ConfigError, match="--quiet and --json-logs"):
        WatchConfig(quiet=True, json_logs=True)


def strict(line: str) -> dict[str, Any]:
    """A line as JSON that knows no NaN."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(line, parse_constant=refuse)


@given(st.floats(), st.floats(0, 1e9))
def test_json_has_no_nan_whatever_a_loss_becomes(loss: float, seconds: float) -> None:
    standing = Standing("fit start", 3, "epochs").after(1, found=False, elapsed_s=seconds, told={"loss": loss})
    told = strict(json.dumps(as_json(standing)))["metrics"]["loss"]
    assert told == (pytest.approx(loss, rel=1e-5) if math.isfinite(loss) else None)


def test_warnings_meanwhile_are_json_as_well(tmp_path: Path) -> None:
    stream = (tmp_path / "log").open("w")
    display = JsonLines(stream)
    logging.getLogger("sparring.game").warning("%s is damaged", "wave 3")
    display.close()
    logging.getLogger("sparring.game").warning("no more")
    stream.close()
    (told,) = map(strict, (tmp_path / "log").read_text().splitlines())
    assert told["event"] == "warning"
    assert told["message"] == "wave 3 is damaged"


@pytest.fixture(scope="module")
def logged(played: tiny.PlayedRun, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, list[dict[str, Any]]]:
    """The shared run's config played by the command with --json-logs, and every line that it wrote."""
    folder = tmp_path_factory.mktemp("logged")
    (folder / "config.json").write_text(to_json(played.config))
    command = ["play", "config.json", "--out", "run", "--executor", "serial", "--json-logs"]
    done = subprocess.run(
        [sys.executable, "-m", "sparring.cli.main", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return RunFolder(folder / "run"), [strict(line) for line in done.stderr.splitlines()]


def of(lines: Sequence[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    """The lines of one kind of event."""
    return [line for line in lines if line["event"] == event]


def test_a_logged_match_announces_its_steps_in_order(
    played: tiny.PlayedRun, logged: tuple[RunFolder, list[dict[str, Any]]]
) -> None:
    _, lines = logged
    steps = [*steps_of(played.config), *(test.step for test in evaluate.tests_of(played.config))]
    assert [line["task"] for line in of(lines, "begun")] == steps
    assert [line["task"] for line in of(lines, "ended")] == steps
    assert [line["step"] for line in of(lines, "begun")] == list(range(1, len(steps) + 1))
    assert {line["steps"] for line in lines} == {len(steps)}


def test_a_logged_match_tells_what_its_records_say(logged: tuple[RunFolder, list[dict[str, Any]]]) -> None:
    run, lines = logged
    ended = {line["task"]: line for line in of(lines, "ended")}
    for stage in ("random", "collaborative-2", "shake-1", "shake-2", "snatch-1"):
        rows = [row for row in read_stage(run.stage(stage)).to_pylist() if not row["invalid"]]
        told, rate = ended[f"stage {stage}"], Rate(sum(row["sensed"] for row in rows), len(rows))
        assert told["done"] == told["total"]
        assert told["waves_done"] == told["waves"]
        assert told["rates"]["success"]["n"] == rate.n
        assert told["rates"]["success"]["rate"] == pytest.approx(rate.rate, rel=1e-5)
        assert (told["rates"]["success"]["low"], told["rates"]["success"]["high"]) == pytest.approx(rate.interval, rel=1e-5)
        fought = [row["dislodged"] for row in rows if row["dislodged"] is not None]
        assert told["counts"]["dislodged"] == sum(fought)
        assert told["counts"]["attacked"] == len(fought)
    losses = {row["fit"]: row["loss"] for row in run.metrics() if "epoch" in row}
    assert {name: ended[f"fit {name}"]["metrics"]["loss"] for name in losses} == pytest.approx(losses, rel=1e-5)
    (result,) = {line["rates"]["success"]["n"] for name, line in ended.items() if name.startswith("test")}
    assert result == sum(row["n"] for row in json.loads(run.results_path.read_text()))


def test_telling_decides_nothing(played: tiny.PlayedRun, logged: tuple[RunFolder, list[dict[str, Any]]]) -> None:
    assert digest_run(logged[0]) == played.digest


def test_evaluate_and_crossplay_number_their_steps(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(played.folder.path, run)
    shutil.rmtree(run / "evaluation")
    more = ["--objects", "novel-families", "--tries", "1", "--executor", "serial", "--json-logs"]
    for command, steps_n, has_attacks in (("evaluate", 1, False), ("crossplay", 5, True)):
        done = subprocess.run(
            [sys.executable, "-m", "sparring.cli.main", command, str(run), *more], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        ended = of([strict(line) for line in done.stderr.splitlines()], "ended")
        assert [line["step"] for line in ended] == list(range(1, steps_n + 1))
        assert {line["steps"] for line in ended} == {steps_n}
        assert all(line["rates"]["success"]["n"] == line["done"] - line["counts"]["invalid"] for line in ended)
        assert any("dislodged" in line["rates"] for line in ended) == has_attacks


def test_the_lines_of_a_dumb_terminal_are_whole_words() -> None:
    told = on_a_terminal(40, TERM="dumb").replace("\r", "")
    begun, ended = "step 2 of 2: stage shake-1, 400 grasps", told.split("grasps\n", 1)[1]
    assert told.startswith(begun)
    assert textwrap.fill(" ".join(ended.split()), 39) == ended.strip()
