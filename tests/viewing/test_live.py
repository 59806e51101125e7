"""A match is followed from its folder alone: what is told is what is there, and nothing that happens there disturbs it."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from sparring.data.store import read_shard
from sparring.errors import RunFolderError
from sparring.evaluation.statistics import Rate
from sparring.game.plan import stages_of
from sparring.game.run_folder import RunFolder
from sparring.viewing.live import RECENT_WAVES_N, Follower, Match, Standing, Wave, title, told


def looked(run: RunFolder) -> Match:
    """The match at one look."""
    match = Follower(run).look()
    assert match is not None
    return match


def without(run: RunFolder, *patterns: str) -> RunFolder:
    """The run before these files were there."""
    for pattern in patterns:
        for path in run.path.glob(pattern):
            path.unlink()
    return run


def files_of(run: RunFolder) -> dict[Path, int]:
    """All files with when they were written."""
    return {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}


def test_a_finished_run_is_complete_with_all_of_its_attempts_and_tests(copied: RunFolder) -> None:
    copied.seal()
    before, match = files_of(copied), looked(copied)
    assert match.complete
    assert title(match) == "complete"
    assert match.attempts_n == match.attempts_total_n == sum(stage.grasps_n for stage in stages_of(copied.config()))
    assert (match.tests_done, match.tests_n) == (5, 5)
    assert match.unread == ()
    assert files_of(copied) == before, "a follower writes nothing"


def test_rates_are_those_of_the_valid_attempts_of_the_stage(played: tiny.PlayedRun) -> None:
    (standing,) = [looked(played.folder).stage]
    assert standing is not None
    assert standing.stage.name == "snatch-1"
    rows = [row for path in sorted(played.folder.stage("snatch-1").glob("*.parquet")) for row in read_shard(path).to_pylist()]
    valid = [row for row in rows if not row["invalid"]]
    met = [row for row in valid if row["dislodged"] is not None]
    assert standing.success == Rate(sum(row["sensed"] for row in valid), len(valid))
    assert standing.dislodged == Rate(sum(row["dislodged"] for row in met), len(met))
    low, high = standing.success.interval
    assert f"success {100 * standing.success.rate:.1f} % ({100 * low:.1f} to {100 * high:.1f}" in " ".join(
        told(looked(played.folder))
    )


@pytest.mark.parametrize(
    ("missing", "doing"),
    [
        (("stages/*/*", "players/*", "evaluation/*/*/*"), "stage random"),
        (("stages/random/wave-00001*", "players/*"), "stage random"),
        (("players/*",), "fit start"),
        (("players/start*",), "fit start"),
        (("players/collaborative.*",), "fit collaborative"),
        (("stages/shake-1/*",), "stage shake-1"),
        (("players/adversary-shake-2*",), "fit adversary-shake-2"),
        (("evaluation/*/*/start*",), "test low-force on novel-families"),
        ((), "report"),
    ],
)
def test_what_is_done_next_is_the_first_that_is_missing(copied: RunFolder, missing: tuple[str, ...], doing: str) -> None:
    match = looked(without(copied, *missing))
    assert match.doing == doing
    assert 1 <= match.step <= match.steps_n
    assert title(match) == f"step {match.step} of {match.steps_n}: {doing}"


def test_a_fit_that_keeps_its_state_is_seen(copied: RunFolder) -> None:
    without(copied, "players/shake-2*")
    copied.fit("shake-2").parent.mkdir(exist_ok=True)
    copied.fit("shake-2").write_bytes(b"under way")
    assert looked(copied).doing == "fit shake-2"


def test_the_last_fit_tells_its_losses(played: tiny.PlayedRun) -> None:
    fit = looked(played.folder).fit
    assert fit is not None
    rows = [row for row in played.folder.metrics() if row["fit"] == fit.name and "loss" in row]
    assert fit.name == "snatch-1"
    assert fit.losses == tuple(row["loss"] for row in rows)
    assert f"{fit.losses[-1]:.3f}" in " ".join(told(looked(played.folder)))


def test_two_looks_at_the_same_folder_are_equal_and_read_no_shard_twice(
    played: tiny.PlayedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(played.folder)
    first = follower.look()

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("sparring.viewing.live.read_shard", never)
    assert follower.look() == first


def test_a_new_wave_is_seen_at_the_next_look_and_one_that_is_being_written_is_not(copied: RunFolder) -> None:
    shard = copied.stage("random") / "wave-00001.parquet"
    part = shard.with_name(f"{shard.name}.part")
    shard.rename(part)
    follower = Follower(copied)
    first = follower.look()
    part.rename(shard)
    second = follower.look()
    assert first is not None
    assert second is not None
    assert first.unread == second.unread == ()
    assert second.attempts_n - first.attempts_n == 8


def test_a_damaged_shard_and_damaged_metrics_are_told_and_disturb_nothing(copied: RunFolder) -> None:
    whole = looked(copied)
    shard = copied.stage("random") / "wave-00000.parquet"
    content = shard.read_bytes()
    shard.write_bytes(content[:100])
    copied.metrics_path.write_text("{")
    follower = Follower(copied)
    match = follower.look()
    assert match is not None
    assert len(match.unread) == 2
    assert any("could not read" in one and "wave-00000" in one for one in told(match))
    assert whole.attempts_n - match.attempts_n == 8
    shard.write_bytes(content)
    mended = follower.look()
    assert mended is not None
    assert mended.attempts_n == whole.attempts_n
    copied.manifest_path.write_text("{")
    assert not looked(copied).complete


def test_what_has_not_begun_is_waited_for_and_something_else_is_refused(played: tiny.PlayedRun, tmp_path: Path) -> None:
    assert Follower(RunFolder(tmp_path / "nowhere")).look() is None
    assert Follower(RunFolder(tmp_path)).look() is None
    for name in ("provenance.json", ".lock", "config.json.part"):
        (tmp_path / name).write_text("{}")
    assert Follower(RunFolder(tmp_path)).look() is None
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(RunFolderError, match="not a run folder"):
        Follower(RunFolder(tmp_path)).look()
    with pytest.raises(RunFolderError, match="not a run folder"):
        Follower(RunFolder(tmp_path / "thesis.txt")).look()
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"config\.json"):
        Follower(RunFolder(tmp_path)).look()


def waves(*ended_s: float, stage: str = "random") -> tuple[Wave, ...]:
    """Waves of ten attempts."""
    return tuple(Wave(stage, Path(f"{number}"), 10, 10, 5, 0, 0, ended) for number, ended in enumerate(ended_s))


def test_speed_and_what_is_left_come_from_when_shards_were_written(played: tiny.PlayedRun) -> None:
    stage = replace(stages_of(played.config)[0], grasps_n=100)
    standing = Standing(stage, 10, waves(100.0, 105.0, 110.0))
    assert standing.per_s == pytest.approx(2.0)
    assert standing.eta_s(110.0) == pytest.approx(35.0)
    assert standing.eta_s(120.0) == pytest.approx(25.0)
    assert standing.eta_s(1000.0) == 0.0
    assert Standing(stage, 10, waves(100.0)).per_s is None
    assert Standing(stage, 10, ()).eta_s(0.0) is None
    assert Standing(replace(stage, grasps_n=30), 3, standing.waves).eta_s(110.0) is None


def test_a_break_long_ago_does_not_slow_a_stage_down(played: tiny.PlayedRun) -> None:
    after = [10_000.0 + number for number in range(RECENT_WAVES_N)]
    assert Standing(stages_of(played.config)[0], 99, waves(0.0, *after)).per_s == pytest.approx(10.0)


def test_the_time_that_is_left_is_told_only_while_a_stage_is_played(copied: RunFolder) -> None:
    for path, ended_s in (
        (copied.stage("random") / "wave-00000.parquet", 100),
        (copied.stage("random") / "wave-00001.parquet", 104),
    ):
        os.utime(path, (ended_s, ended_s))
    match = looked(without(copied, "stages/collaborative*/*", "stages/s*/*"))
    assert match.stage is not None
    assert match.stage.per_s == pytest.approx(2.0)
    assert not any("attempts/s" in one for one in told(match, 110.0))
    going_on = replace(match, stage=replace(match.stage, stage=replace(match.stage.stage, grasps_n=96)))
    said = told(going_on, 104.0)
    assert "2 attempts/s" in said
    assert "stage done in 0:00:40" in said


def test_a_run_that_is_removed_meanwhile_is_waited_for_again(copied: RunFolder) -> None:
    follower = Follower(copied)
    assert follower.look() is not None
    shutil.rmtree(copied.path)
    assert follower.look() is None
