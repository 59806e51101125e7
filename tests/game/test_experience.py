"""Records as training sees them."""

from pathlib import Path

import numpy as np
import pytest
import tiny
from rows import image_of, row_of

from sparring.data.pictures import encode_image
from sparring.data.records import table_of
from sparring.data.store import read_stage, shard_path, write_shard
from sparring.errors import DataError
from sparring.game.experience import COLUMNS, Experience, Gathered, experience_of
from sparring.game.run_folder import RunFolder
from sparring.players.patches import crop_about, crop_side_px

HIDDEN = {"mass_kg", "friction", "com_x_m", "com_y_m", "lifted", "force_30cm_n", "executed_x_m", "replay_state"}
PATCH_PX = 40.0


def small_row(index: int) -> dict:  # type: ignore[type-arg]
    """A record whose patch lies within its small picture."""
    return row_of(index) | {"column_px": 30.25, "row_px": 33.5}


def test_training_never_reads_what_no_player_may_see() -> None:
    assert HIDDEN.isdisjoint(COLUMNS)


def test_invalid_attempts_count_for_nobody() -> None:
    known = experience_of(table_of([small_row(index) for index in range(9)]).select(COLUMNS), patch_px=PATCH_PX)
    assert len(known) == 8
    assert "bar-0004" not in known.objects


def test_experience_is_what_the_records_say() -> None:
    known = experience_of(table_of([small_row(index) for index in range(4)]).select(COLUMNS), patch_px=PATCH_PX)
    assert known.angles.tolist() == [0, 1, 2, 3]
    assert known.adversaries.tolist() == ["shake", "", "", "shake"]
    assert known.actions.tolist() == [0, -1, -1, 3]
    assert known.dislodged.tolist() == [True, False, False, False]
    assert known.objects.tolist() == [f"bar-{index:04d}" for index in range(4)]
    side = crop_side_px(PATCH_PX)
    for index in range(4):
        crop, offset = crop_about(image_of(index), np.array([30.25, 33.5]), side)
        assert np.array_equal(known.crops[index], crop)
        assert known.offsets[index] == pytest.approx(offset)


def run_with(tmp_path: Path, stages: dict[str, list[int]]) -> RunFolder:
    """Stages of one shard a record."""
    run = RunFolder(tmp_path / "run")
    for name, indices in stages.items():
        for wave, index in enumerate(indices):
            write_shard(shard_path(run.stage(name), wave), table_of([small_row(index)]))
    return run


def is_as_recorded(known: Experience, indices: list[int]) -> bool:
    """Whether experience is that of some records, in order."""
    alone = [experience_of(table_of([small_row(index)]).select(COLUMNS), patch_px=PATCH_PX) for index in indices]
    return all(
        np.array_equal(getattr(known, name), np.concatenate([getattr(one, name) for one in alone]))
        for name in Experience.__dataclass_fields__
    )


def test_experience_adds_up_in_order_whichever_stages_were_asked_for_before(tmp_path: Path) -> None:
    run = run_with(tmp_path, {"random": [0, 1], "shake-1": [2], "shake-2": [3, 5], "collaborative-1": [6, 7, 8]})
    gathered = Gathered(run, patch_px=PATCH_PX, most_n=5)
    assert is_as_recorded(gathered.of(["random"]), [0, 1])
    assert is_as_recorded(gathered.of(["random", "collaborative-1"]), [0, 1, 6, 7, 8])
    assert is_as_recorded(gathered.of(["random", "shake-1"]), [0, 1, 2])
    assert is_as_recorded(gathered.of(["random", "shake-1", "shake-2"]), [0, 1, 2, 3, 5])
    assert is_as_recorded(gathered.of(["collaborative-1"]), [6, 7, 8])
    whole = gathered.of(["random", "shake-1"])
    assert whole.where(np.array([False, True, False])).objects.tolist() == ["bar-0001"]
    assert whole.seen(np.array([2])).angles == pytest.approx([np.deg2rad(20)])


def test_what_both_arms_build_on_is_held_once(tmp_path: Path) -> None:
    gathered = Gathered(run_with(tmp_path, {"random": [0, 1], "shake-1": [2]}), patch_px=PATCH_PX, most_n=3)
    assert np.shares_memory(gathered.of(["random"]).crops, gathered.of(["random", "shake-1"]).crops)


def test_stages_asked_for_in_another_order_are_read_anew(tmp_path: Path) -> None:
    run = run_with(tmp_path, {"a": [0, 1], "b": [2], "c": [3, 5], "x": [6]})
    gathered = Gathered(run, patch_px=PATCH_PX, most_n=6)
    assert is_as_recorded(gathered.of(["a", "b", "c"]), [0, 1, 2, 3, 5])
    assert is_as_recorded(gathered.of(["a", "x", "c"]), [0, 1, 6, 3, 5])
    assert is_as_recorded(gathered.of(["c", "a"]), [3, 5, 0, 1])


def test_half_a_stage_is_none(tmp_path: Path) -> None:
    run = run_with(tmp_path, {"a": [0, 1]})
    gathered, second = Gathered(run, patch_px=PATCH_PX, most_n=6), shard_path(run.stage("a"), 1)
    content = second.read_bytes()
    second.write_bytes(b"damaged")
    with pytest.raises(DataError, match="damaged"):
        gathered.of(["a"])
    second.write_bytes(content)
    assert is_as_recorded(gathered.of(["a"]), [0, 1])


def test_more_attempts_than_were_announced_are_refused(tmp_path: Path) -> None:
    gathered = Gathered(run_with(tmp_path, {"random": [0, 1, 2]}), patch_px=PATCH_PX, most_n=2)
    with pytest.raises(DataError, match="more than the 2 attempts"):
        gathered.of(["random"])


def test_a_run_is_read_as_it_was_played(played: tiny.PlayedRun) -> None:
    table = read_stage(played.folder.stage("random"), COLUMNS)
    known = experience_of(table, patch_px=48.0)
    assert len(known) == sum(not row["invalid"] for row in table.to_pylist())
    assert known.crops.shape[1:] == (3, crop_side_px(48.0), crop_side_px(48.0))


def test_pictures_with_heights_where_there_are_to_be_none_are_refused_and_the_other_way_round() -> None:
    deep = encode_image(np.dstack([image_of(0), image_of(0)[..., 0]]))
    rows = [small_row(0) | {"image": {"bytes": deep, "path": None}}]
    known = experience_of(table_of(rows).select(COLUMNS), patch_px=PATCH_PX, channels_n=4)
    assert known.crops.shape[1] == 4
    assert np.array_equal(known.crops[0, 3], known.crops[0, 0])
    with pytest.raises(DataError, match="4 channels, where the run's camera has 3"):
        experience_of(table_of(rows).select(COLUMNS), patch_px=PATCH_PX)
    with pytest.raises(DataError, match="3 channels, where the run's camera has 4"):
        experience_of(table_of([small_row(0)]).select(COLUMNS), patch_px=PATCH_PX, channels_n=4)
