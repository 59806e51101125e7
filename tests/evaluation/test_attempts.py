"""Recorded attempts are found by their names, and end again as they ended, to the bit."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from sparring.data.records import table_of
from sparring.data.store import read_shard, write_shard
from sparring.errors import DataError, RunFolderError
from sparring.evaluation.attempts import find_attempt, telling_attempt
from sparring.game.replay import Attempt, replay
from sparring.game.run_folder import RunFolder


def shards_of(run: RunFolder) -> list[Path]:
    """All shards: of stages, of tests, of cross-play."""
    return sorted(run.path.rglob("*.parquet"))


def name_in(run: RunFolder, shard: Path, attempt: str) -> str:
    """The full name of an attempt of a shard."""
    parts = shard.relative_to(run.path).parts
    return attempt if parts[0] == "stages" else f"{parts[1]}/{parts[2]}/{attempt}"


def some_of_every_shard(run: RunFolder, every: int) -> Iterator[Attempt]:
    """Every so manieth attempt, and all that were attacked in a stage."""
    for shard in shards_of(run):
        for index, row in enumerate(read_shard(shard).to_pylist()):
            if index % every == 0 or (row["action"] is not None and shard.parent.parent.name == "stages"):
                yield find_attempt(run, name_in(run, shard, row["attempt"]))


def test_every_kind_of_attempt_ends_in_the_recorded_state_to_the_bit(crossed: RunFolder) -> None:
    kinds = set()
    for attempt in some_of_every_shard(crossed, 5):
        again = replay(attempt)
        assert again.differences == ()
        assert again.invalid or np.array_equal(attempt.row["end_state"], again.end_state)
        kinds.add(attempt.kind)
    assert {None, "none", "shake", "snatch", "axis-forces", "tugs"} <= kinds


def test_motions_follow_each_other_without_a_gap(crossed: RunFolder) -> None:
    attempt = next(one for one in some_of_every_shard(crossed, 1) if one.kind == "snatch" and one.row["lifted"])
    again = replay(attempt)
    names = [motion.name for motion in again.motions]
    assert names[0] == "closing"
    assert names[-2:] == ["getting ready", "attacking"]
    times = np.concatenate([motion.times_s for motion in again.motions])
    assert np.allclose(np.diff(times), attempt.config.world.timestep_s)
    assert times[-1] == again.duration_s
    assert again.motions[-1].scene.has_second_hand
    assert not again.motions[0].scene.has_second_hand
    assert np.array_equal(again.motions[-1].states[-1], again.end_state)


def test_a_hand_that_closes_on_nothing_does_not_go_on(played: tiny.PlayedRun) -> None:
    missed = next(
        one for one in some_of_every_shard(played.folder, 1) if not one.row["sensed"] and not one.row["force_closing_n"]
    )
    assert [motion.name for motion in replay(missed).motions] == ["closing"]


def changed(attempt: Attempt, **columns: object) -> Attempt:
    """The attempt, recorded in another way."""
    return replace(attempt, row=attempt.row | columns)


@pytest.fixture(scope="module")
def lifted(played: tiny.PlayedRun) -> Attempt:
    """A grasp that held."""
    attempt = telling_attempt(played.folder)
    assert attempt.row["lifted"]
    return attempt


def test_what_ends_otherwise_is_said_with_how_far_it_is_off(lifted: Attempt) -> None:
    state = np.array(lifted.row["end_state"])
    state[9] += 0.004
    (told,) = replay(changed(lifted, end_state=state.tolist())).differences
    assert "4 mm" in told
    (told,) = replay(changed(lifted, end_state=[0.0])).differences
    assert "the recorded one 1" in told
    told = " ".join(replay(changed(lifted, noise_seed=lifted.row["noise_seed"] + 1)).differences)
    assert "end state" in told
    assert any("sensed is True" in one for one in replay(changed(lifted, sensed=False)).differences)


def test_another_picture_is_said(lifted: Attempt, played: tiny.PlayedRun) -> None:
    first = read_shard(shards_of(played.folder.__class__(played.folder.path / "stages"))[0]).to_pylist()[0]
    assert "the picture is another one" in replay(changed(lifted, image=first["image"])).differences


def test_a_record_without_an_end_state_is_replayed_and_said_to_have_none(lifted: Attempt) -> None:
    (told,) = replay(changed(lifted, end_state=None)).differences
    assert "no end state was recorded" in told


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"fault": "three workers died"}, "never played to its end"),
        ({"x_m": None}, "lacks x_m"),
        ({"action": None}, "which action"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_the_reason(lifted: Attempt, columns: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        replay(changed(lifted, **columns))


@pytest.mark.parametrize("name", ["", "random", "random/00000/9999-9", "../players", "low-force/named/x", "nowhere/1", "\0"])
def test_an_unknown_name_is_refused_with_what_names_look_like(played: tiny.PlayedRun, name: str) -> None:
    with pytest.raises(DataError, match="random/00000/0003-1"):
        find_attempt(played.folder, name)


def test_a_run_without_attempts_has_nothing_to_replay(played: tiny.PlayedRun, tmp_path: Path) -> None:
    empty = RunFolder(tmp_path)
    empty.config_path.write_text(played.folder.config_path.read_text())
    with pytest.raises(RunFolderError, match="no attempts to replay yet"):
        telling_attempt(empty)


def test_the_attempt_worth_seeing_is_one_of_the_last_stage_that_an_adversary_dislodged(copied: RunFolder) -> None:
    shard = copied.stage("snatch-1") / "wave-00000.parquet"
    rows = read_shard(shard).to_pylist()
    fell = next(row for row in rows if not row["invalid"])
    fell |= {"lifted": True, "dislodged": True}
    write_shard(shard, table_of(rows))
    assert telling_attempt(copied).name == fell["attempt"]


def test_another_shard_that_is_damaged_stands_in_nobodys_way(copied: RunFolder) -> None:
    first, second = sorted(copied.stage("random").glob("*.parquet"))
    name = read_shard(second, ["attempt"])["attempt"][0].as_py()
    first.write_bytes(b"")
    assert find_attempt(copied, name).name == name
    copied.test("low-force", "novel-families", "collaborative").write_bytes(b"")
    tried = read_shard(copied.test("low-force", "novel-families", "start"), ["attempt"])["attempt"][0].as_py()
    assert find_attempt(copied, f"low-force/novel-families/{tried}").name == tried
    assert telling_attempt(copied)


def test_an_unknown_adversary_in_a_record_is_refused(copied: RunFolder) -> None:
    shard = copied.stage("shake-1") / "wave-00000.parquet"
    rows = read_shard(shard).to_pylist()
    write_shard(shard, table_of([row | {"adversary": "poke-1"} for row in rows]))
    with pytest.raises(DataError, match="poke-1"):
        find_attempt(copied, rows[0]["attempt"])
