"""A study in small: shared starts, one digest wherever it is played, summaries of all that came out."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rows import row_of
from tiny import tiny_config

from sparring.config import PRESETS
from sparring.data.records import table_of
from sparring.data.store import read_shard, read_stage, write_shard
from sparring.errors import CheckpointError, ConfigError, DataError, RunFolderError
from sparring.evaluation.evaluate import all_results
from sparring.evaluation.integrity import verify
from sparring.evaluation.robustness import crossplayed
from sparring.game.digest import digest_run
from sparring.game.plan import stages_of
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.study.arms import Study, StudyTest, arm_config
from sparring.study.outcomes import _gained, summary_of
from sparring.study.play import Asked, is_played, play_study, runs_of
from sparring.study.running import log_of, play_run
from sparring.study.sharing import adopt_start
from sparring.study.summary import read_summary

PRESET, OBJECTS = "tiny", "novel-families"
ARMS = ("base", "sensor-0", "every-worst")
STUDY = Study(ARMS, "some of everything", (StudyTest("high-force", OBJECTS, "main"),), crossplay=True)


def asked(out: Path) -> Asked:
    """The study, in seconds."""
    return Asked(STUDY, PRESET, (1,), out, tries_n=1, command="study test")


@pytest.fixture(scope="module", autouse=True)
def _preset() -> Iterator[None]:
    """A preset that plays in seconds; how many threads it takes is not fixed."""
    config = tiny_config()
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(PRESETS, PRESET, replace(config, learning=replace(config.learning, threads_n=None)))
        yield


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """The study, played in this process. Read it, copy it, never change it."""
    one = asked(tmp_path_factory.mktemp("study"))
    paths = play_study(one, lanes_n=1, progress=Silent())
    assert [path.stem for path in paths] == list(ARMS)
    return one


def run_of(one: Asked, arm: str) -> RunFolder:
    """A run of the study."""
    return RunFolder(one.folder(1, arm))


@pytest.mark.parametrize("arm", ["sensor-0", "every-worst"])
def test_an_arm_that_shares_is_what_it_is_when_played_alone(arm: str, studied: Asked, tmp_path: Path) -> None:
    (job,) = [job for job in runs_of(asked(tmp_path)) if job.path.name == arm]
    assert job.shares is not None
    play_run(replace(job, shares=None))
    assert digest_run(RunFolder(job.path)) == digest_run(run_of(studied, arm))


def test_what_is_shared_takes_no_room(studied: Asked) -> None:
    base, other = (run_of(studied, arm) for arm in ("base", "every-worst"))
    for shard in base.stage("random").glob("*.parquet"):
        assert shard.samefile(other.stage("random") / shard.name)
    assert base.player("start").samefile(other.player("start"))


def test_the_sensor_decides_what_the_same_grasps_are_called(studied: Asked) -> None:
    columns = ["attempt", "sensed", "force_closing_n", "force_20cm_n"]
    base, weak = (read_stage(run_of(studied, arm).stage("random"), columns).to_pydict() for arm in ("base", "sensor-0"))
    assert base["force_closing_n"] == weak["force_closing_n"]
    assert weak["sensed"] == [force > 0.5 for force in weak["force_closing_n"]]
    assert base["sensed"] == [force > 0.5 for force in base["force_20cm_n"]]
    assert sum(weak["sensed"]) > sum(base["sensed"])


def test_runs_are_whole_and_can_be_verified(studied: Asked) -> None:
    for arm in ARMS:
        found = verify(run_of(studied, arm))
        assert not found.damages
        assert found.complete, arm


def test_playing_again_changes_nothing(studied: Asked, tmp_path: Path) -> None:
    shutil.copytree(studied.out, tmp_path / "again")
    again = asked(tmp_path / "again")
    before = {path.relative_to(again.out): path.stat().st_mtime_ns for path in again.out.rglob("*.parquet")}
    summaries = [path.read_bytes() for path in sorted((again.out / "results").rglob("*.json"))]
    play_study(again, lanes_n=1, progress=Silent())
    assert before == {path.relative_to(again.out): path.stat().st_mtime_ns for path in again.out.rglob("*.parquet")}
    assert summaries == [path.read_bytes() for path in sorted((again.out / "results").rglob("*.json"))]


def test_lanes_and_a_study_cut_off_end_with_the_same_summaries(studied: Asked, tmp_path: Path) -> None:
    shutil.copytree(studied.out, tmp_path / "cut")
    cut = asked(tmp_path / "cut")
    shutil.rmtree(cut.folder(1, "every-worst"))
    shutil.rmtree(cut.out / "results")
    for lost in (run_of(cut, "base").player("snatch-1"), run_of(cut, "sensor-0").test("low-force", OBJECTS, "start")):
        lost.unlink()
    play_study(cut, lanes_n=2, progress=Silent())
    for path in sorted((studied.out / "results").rglob("*.json")):
        assert (cut.out / path.relative_to(studied.out)).read_bytes() == path.read_bytes()


def test_a_summary_tells_what_the_run_holds(studied: Asked) -> None:
    for arm in ARMS:
        run, summary = run_of(studied, arm), read_summary(studied.out / "results" / PRESET / f"{arm}.json")
        (played,) = summary.runs
        assert (summary.arm, summary.preset, played.seed, played.digest) == (arm, PRESET, 1, digest_run(run))
        rows = {(row["player"], row["protocol"]): row for row in all_results(run, run.config())}
        for test in played.tested:
            row = rows.pop((test.player, test.protocol))
            told = "".join(test.outcomes.values())
            assert (told.count("1"), len(told) - told.count("x")) == (row["successes"], row["n"])
        assert not rows
        assert [one.stage for one in played.gained] == [stage.name for stage in stages_of(run.config())]


def test_a_summary_counts_every_attack_that_was_made(studied: Asked) -> None:
    (played,) = read_summary(studied.out / "results" / PRESET / "base.json").runs
    attacked = [one for one in played.gained if one.attacked_n]
    assert attacked, "nothing was attacked, so that nothing is tested"
    assert all(one.attacks_n == one.attacked_n == one.lifted_n >= one.dislodged_n for one in attacked)
    assert all(one.fell_before_n == one.sensed_n - one.lifted_n for one in attacked)


def test_a_summary_counts_all_where_every_attack_was_tried(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    write_shard(run.stage("shake-1") / "wave-00000.parquet", table_of([row_of(index) for index in range(6)]))
    valid = [row for row in map(row_of, range(6)) if not row["invalid"]]
    attacked = [row for row in valid if row["adversary"] is not None and row["lifted"]]
    counted = _gained(run, "shake-1")
    assert (counted.grasps_n, counted.invalid_n, counted.attacked_n) == (len(valid), 6 - len(valid), len(attacked))
    assert counted.attacks_n == 15 * len(attacked) > 0


def test_a_summary_tells_what_survived_in_cross_play(studied: Asked) -> None:
    run = run_of(studied, "base")
    (played,) = read_summary(studied.out / "results" / PRESET / "base.json").runs
    found = crossplayed([run], "low-force", OBJECTS)
    met = {(one.player, one.attacker) for one in played.attacked}
    assert met >= {(player, attacker) for player, one in found.items() for attacker in one.dislodged}
    assert {("start", "none"), ("start", "random-shake"), ("start", "shake-2")} <= met
    for one in played.attacked:
        told, rate = "".join(one.outcomes.values()), found[one.player].robust_rate(one.attacker)
        assert (told.count("1"), told.count("1") + told.count("0")) == (rate.successes, rate.n)


def test_a_summary_says_what_the_arm_changes(studied: Asked) -> None:
    settings = {arm: read_summary(studied.out / "results" / PRESET / f"{arm}.json").settings for arm in ARMS}
    assert set(settings["base"]) == {"learning.threads_n"}
    assert settings["sensor-0"]["world.lift.sense_height_m"] == "0.0"
    assert json.loads(settings["every-worst"]["match.attacks"]) == "every"
    assert json.loads(settings["every-worst"]["learning.falls"]) == "worst"


def test_each_run_has_a_log(studied: Asked) -> None:
    for arm in ARMS:
        log = log_of(studied.folder(1, arm)).read_text()
        assert f"test low-force on {OBJECTS}" in log
        assert ("found" in log) == (arm != "base")


def test_arms_whose_names_have_a_dot_have_logs_of_their_own(tmp_path: Path) -> None:
    assert log_of(tmp_path / "alpha-0.5").name == "alpha-0.5.log"


def test_a_copy_of_a_seed_is_no_seed_more(studied: Asked, tmp_path: Path) -> None:
    copied = asked(tmp_path / "copied")
    shutil.copytree(studied.out, copied.out)
    shutil.copytree(copied.folder(1, "base").parent, copied.folder(1, "base").parent.with_name("seed-1-before"))
    play_study(copied, lanes_n=1, progress=Silent())
    for path in sorted((studied.out / "results").rglob("*.json")):
        assert (copied.out / path.relative_to(studied.out)).read_bytes() == path.read_bytes()


def test_a_run_that_is_at_work_again_keeps_its_place_in_the_summary(studied: Asked, tmp_path: Path) -> None:
    again = asked(tmp_path / "again")
    shutil.copytree(studied.out, again.out)
    run_of(again, "base").unseal()
    assert is_played(run_of(again, "base"))
    run_of(again, "base").player("snatch-1").unlink()
    assert not is_played(run_of(again, "base"))


def test_runs_played_differently_have_no_summary_in_common(studied: Asked) -> None:
    runs = [run_of(studied, arm) for arm in ("base", "sensor-0")]
    with pytest.raises(DataError, match=r"were played differently: world\.lift\.sense_height_m 0\.0 and as in the preset"):
        summary_of(PRESET, PRESETS[PRESET], "base", runs)


def test_without_links_files_are_copied(studied: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise OSError("links are not supported here")

    monkeypatch.setattr(os, "link", no_link)
    base, run = run_of(studied, "base"), RunFolder(tmp_path / "run")
    run.begin(run_of(studied, "every-worst").config(), {"command": "test"})
    adopt_start(run, base)
    assert run.player("start").read_bytes() == base.player("start").read_bytes()
    assert not run.player("start").samefile(base.player("start"))
    assert run.is_as_written(run.player("start"))


def test_a_damaged_file_is_not_taken_over(studied: Asked, tmp_path: Path) -> None:
    shutil.copytree(studied.folder(1, "base"), tmp_path / "base")
    base, run = RunFolder(tmp_path / "base"), RunFolder(tmp_path / "run")
    shard = next(base.stage("random").glob("*.parquet"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    run.begin(studied.config(1, "every-worst"), {"command": "test"})
    with pytest.raises(CheckpointError, match=f"{shard.name} is damaged"):
        adopt_start(run, base)


def test_what_is_mended_in_one_run_is_not_touched_in_the_others(studied: Asked, tmp_path: Path) -> None:
    base, run = run_of(studied, "base"), RunFolder(tmp_path / "run")
    run.begin(studied.config(1, "every-worst"), {"command": "test"})
    adopt_start(run, base)
    shard = next(run.stage("random").glob("*.parquet"))
    theirs = base.stage("random") / shard.name
    before = theirs.read_bytes()
    write_shard(shard, table_of([row_of(0)]))
    assert theirs.read_bytes() == before != shard.read_bytes()


def test_a_start_that_is_not_there_is_refused(studied: Asked, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin(studied.config(1, "every-worst"), {"command": "test"})
    with pytest.raises(RunFolderError, match="has no player 'start' yet"):
        adopt_start(run, RunFolder(tmp_path / "nothing"))


def test_random_grasps_without_force_are_not_sensed(studied: Asked) -> None:
    shard = next(run_of(studied, "sensor-0").stage("random").glob("*.parquet"))
    table = read_shard(shard, ["sensed", "force_closing_n", "invalid"]).to_pydict()
    force = np.array(table["force_closing_n"], float)
    assert not np.array(table["sensed"])[np.isnan(force) | (force <= 0.5)].any()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"preset": "half"}, "half"),
        ({"seeds": ()}, "none"),
        ({"seeds": (1, 1)}, "1 1"),
        ({"seeds": (-1,)}, "-1"),
        ({"tries_n": 0}, "0"),
    ],
)
def test_impossible_studies_are_refused(changes: dict[str, object], told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        Asked(**{"study": STUDY, "preset": PRESET, "seeds": (1,), "out": tmp_path} | changes)  # pyright: ignore[reportArgumentType]


def test_a_file_is_no_folder_of_studies(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for out in (tmp_path / "notes.txt", tmp_path / "notes.txt" / "study"):
        with pytest.raises(ConfigError, match=r"--out must be a folder, new or of a study; .*notes\.txt is a file"):
            asked(out)


def test_another_study_in_the_folder_is_refused(studied: Asked, tmp_path: Path) -> None:
    shutil.copytree(studied.out, tmp_path / "other")
    other = Asked(STUDY, PRESET, (1,), tmp_path / "other", tries_n=2)
    with pytest.raises(RunFolderError, match=r"test\.tries_n \(1 there, 2 asked\)"):
        play_study(other, lanes_n=1, progress=Silent())
    assert arm_config(other.config(1, "base"), "base", seed=1).test.tries_n == 2
