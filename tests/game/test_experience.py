"""Records as training sees them."""

import numpy as np
import pytest
import tiny
from rows import image_of, row_of

from sparring.data.records import table_of
from sparring.data.store import read_stage
from sparring.game.experience import COLUMNS, experience_of, together
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


def test_experience_adds_up_in_order() -> None:
    parts = [experience_of(table_of([small_row(index)]).select(COLUMNS), patch_px=PATCH_PX) for index in (0, 1, 2)]
    whole = together(parts)
    assert whole.objects.tolist() == ["bar-0000", "bar-0001", "bar-0002"]
    assert whole.where(np.array([False, True, False])).objects.tolist() == ["bar-0001"]
    assert whole.seen(np.array([2])).angles == pytest.approx([np.deg2rad(20)])


def test_a_run_is_read_as_it_was_played(played: tiny.PlayedRun) -> None:
    table = read_stage(played.folder.stage("random"), COLUMNS)
    known = experience_of(table, patch_px=48.0)
    assert len(known) == sum(not row["invalid"] for row in table.to_pylist())
    assert known.crops.shape[1:] == (3, crop_side_px(48.0), crop_side_px(48.0))
