"""The match: one digest wherever and in however many pieces it is played, and nothing is taken for what it is not."""

import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from sparring.config import BoutConfig
from sparring.data.records import COLUMNS
from sparring.data.store import read_shard, read_stage
from sparring.errors import CheckpointError, DataError, RunFolderError
from sparring.game.digest import digest_run
from sparring.game.lessons import held_out_objects
from sparring.game.plan import _shares, player_names
from sparring.game.progress import Silent, Task
from sparring.game.run_folder import RunFolder
from sparring.world.objects.catalogue import names_in

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
STAGES = ["collaborative-1", "collaborative-2", "collaborative-3", "random", "shake-1", "shake-2", "snatch-1"]
ATTACKED = {"shake-1": "shake", "shake-2": "shake", "snatch-1": "snatch"}


@pytest.fixture
def copied(played: tiny.PlayedRun, tmp_path: Path) -> Iterator[Path]:
    """A copy of the shared run that may be damaged."""
    path = tmp_path / "copied"
    shutil.copytree(played.folder.path, path)
    yield path
    shutil.rmtree(path)


def rows_of(played: tiny.PlayedRun, stage: str) -> list[dict]:  # type: ignore[type-arg]
    """All records of a stage."""
    return read_stage(played.folder.stage(stage)).to_pylist()


def test_a_run_ends_with_the_players_of_the_papers_table(played: tiny.PlayedRun) -> None:
    assert player_names(played.config) == PLAYERS
    assert all(played.folder.player(name).exists() for name in [*PLAYERS, *(f"adversary-{k}" for k in ATTACKED)])
    assert sorted(path.name for path in (played.folder.path / "stages").iterdir()) == STAGES
    assert not list(played.folder.path.rglob("*.part"))


def test_every_stage_has_the_grasps_of_its_budget(played: tiny.PlayedRun) -> None:
    counts = {stage: len(rows_of(played, stage)) for stage in STAGES}
    assert counts == {
        "random": 16,
        **dict.fromkeys(("collaborative-1", "collaborative-2", "collaborative-3"), 12),
        **dict.fromkeys(ATTACKED, 8),
    }


def test_every_column_of_a_record_is_filled(played: tiny.PlayedRun) -> None:
    attack = {"adversary", "action", "action_probability", "dislodged", "dislodging"}
    may_be_null = attack | {"probability", "fault", "replay_state", "end_state"}
    without_arms = {"slowdown", "attack_slowdown"}
    for stage in STAGES:
        for row in rows_of(played, stage):
            assert row.keys() == COLUMNS.keys()
            assert {name for name, value in row.items() if value is None} <= may_be_null | without_arms


def test_records_agree_with_themselves(played: tiny.PlayedRun) -> None:
    for stage in STAGES:
        for row in rows_of(played, stage):
            assert row["stage"] == stage == row["attempt"].split("/")[0]
            assert (row["probability"] is None) == (stage == "random")
            assert (row["replay_state"] is None) == (not row["invalid"])
            assert (row["end_state"] is None) == row["invalid"]
            fought = [row[name] is not None for name in ("adversary", "action", "dislodged")]
            assert len(set(fought)) == 1
            assert fought[0] == (stage in ATTACKED and row["sensed"])
            assert row["adversary"] in (None, ATTACKED.get(stage))


def test_attempt_names_are_unique(played: tiny.PlayedRun) -> None:
    names = [row["attempt"] for stage in STAGES for row in rows_of(played, stage)]
    assert len(set(names)) == len(names) == 76


def test_the_first_attacks_are_random_and_the_later_ones_chosen(played: tiny.PlayedRun) -> None:
    first = [row for stage in ("shake-1", "snatch-1") for row in rows_of(played, stage) if row["action"] is not None]
    later = [row for row in rows_of(played, "shake-2") if row["action"] is not None]
    assert {row["adversary"] for row in first} == {"shake", "snatch"}
    assert later
    assert all(row["action_probability"] is None for row in first)
    assert all(0 < row["action_probability"] < 1 for row in later)


def test_training_meets_training_objects_only(played: tiny.PlayedRun) -> None:
    allowed = set(names_in("training", played.config.world.objects))
    assert {row["object"] for stage in STAGES for row in rows_of(played, stage)} <= allowed


def test_scenes_of_different_stages_are_different(played: tiny.PlayedRun) -> None:
    seeds = [{row["scene_seed"] for row in rows_of(played, stage)} for stage in STAGES]
    assert len(set.union(*seeds)) == sum(map(len, seeds)) == 19


def test_metrics_tell_every_fit(played: tiny.PlayedRun) -> None:
    metrics = played.folder.metrics()
    attacked = [name for stage in ATTACKED for name in (f"adversary-{stage}", stage)]
    fits = ["start", "collaborative-1", "collaborative-2", "collaborative", *attacked]
    assert [row["fit"] for row in metrics if "summary" in row] == fits
    assert all(np.isfinite(row["loss"]) for row in metrics if "epoch" in row)
    summary = {row["fit"]: row["summary"] for row in metrics if "summary" in row}
    assert summary["shake-1"]["from"] == "start"
    assert summary["shake-2"]["from"] == "shake-1"
    assert summary["snatch-1"]["from"] == "shake-2", "the snatch begins from the shake-trained protagonist"
    assert summary["collaborative"]["from"] == "collaborative-2"
    assert 0 < summary["shake-1"]["target_mean_of_successes"] < 1
    assert summary["shake-1"]["target_mean_of_successes"] >= 1 - played.config.learning.alpha


class StopsInAFit(Silent):
    """Wishes to stop as soon as a fit of that name is under way."""

    def __init__(self, name: str) -> None:
        self._name, self._now = f"fit {name}", ""

    @property
    def stopping(self) -> bool:
        return self._now == self._name

    def task(self, name: str, total: int, unit: str, *, waves_n: int | None = None) -> AbstractContextManager[Task]:
        self._now = name
        return super().task(name, total, unit, waves_n=waves_n)


@pytest.mark.parametrize("name", ["start", "adversary-shake-2", "snatch-1"])
def test_a_match_that_was_stopped_within_a_fit_ends_as_it_would_have(played: tiny.PlayedRun, copied: Path, name: str) -> None:
    run = RunFolder(copied)
    summary = {row["fit"]: row["summary"] for row in run.metrics() if "summary" in row}
    assert summary[name]["trained_n"] > 0
    rest = list(summary)[list(summary).index(name) :]
    for later in rest:
        run.player(later).unlink()
    with pytest.raises(KeyboardInterrupt):
        tiny.play(played.config, copied, progress=StopsInAFit(name))
    assert run.fit(name).exists()
    assert not run.player(name).exists()
    assert tiny.play(played.config, copied).digest == played.digest
    assert not list((copied / "fits").iterdir())


def test_a_fit_that_a_kill_left_behind_is_no_part_of_the_run(played: tiny.PlayedRun, copied: Path) -> None:
    left = RunFolder(copied).fit("start")
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"left behind")
    assert tiny.play(played.config, copied).digest == played.digest
    assert not left.exists()


def test_an_adversary_learns_from_its_own_attacks_and_the_protagonist_from_all_grasps(played: tiny.PlayedRun) -> None:
    summary = {row["fit"]: row["summary"] for row in played.folder.metrics() if "summary" in row}
    kept = {
        stage: [row for row in rows_of(played, stage) if not row["invalid"] and row["object"] not in held_out(played)]
        for stage in STAGES
    }
    for stage, adversary in ATTACKED.items():
        before = [name for name in ATTACKED if name <= stage]
        own = [row for name in before for row in kept[name] if row["adversary"] == adversary]
        assert summary[f"adversary-{stage}"]["trained_n"] == len(own)
        assert summary[stage]["trained_n"] == len(kept["random"]) + sum(len(kept[name]) for name in before)


def held_out(played: tiny.PlayedRun) -> set[str]:
    """Objects that no player of the run is trained on."""
    names = np.array(sorted({row["object"] for stage in STAGES for row in rows_of(played, stage)}))
    return set(names[held_out_objects(names, played.config.learning.held_out_share, played.config.seed)])


def test_a_mixed_menu_plays_shakes_and_snatches(tmp_path: Path) -> None:
    config = tiny.tiny_config()
    match = replace(config.match, bouts=(BoutConfig("mixed", 1, 16),), collaborative_grasps_n=24)
    played = tiny.play(replace(config, match=match), tmp_path / "run")
    actions = [row["action"] for row in rows_of(played, "mixed-1") if row["action"] is not None]
    assert all(0 <= action < 51 for action in actions)
    assert any(action < 15 for action in actions)
    assert any(action >= 15 for action in actions)
    assert player_names(played.config) == ["start", "collaborative", "mixed-1"]


def test_playing_again_changes_nothing(played: tiny.PlayedRun, copied: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copied.rglob("*") if path.name != "results.json" and path.is_file()}
    assert tiny.play(played.config, copied).digest == played.digest
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("workers_n", [1, 2])
def test_any_number_of_workers_gives_the_same_digest(played: tiny.PlayedRun, tmp_path: Path, workers_n: int) -> None:
    assert tiny.play(played.config, tmp_path / "run", executor="process", workers_n=workers_n).digest == played.digest


def test_another_seed_gives_another_digest_and_the_same_twice(played: tiny.PlayedRun, tmp_path: Path) -> None:
    other = tiny.play(tiny.tiny_config(seed=1), tmp_path / "other").digest
    assert other != played.digest
    assert tiny.play(tiny.tiny_config(seed=1), tmp_path / "again").digest == other


def after(path: Path, moment: Path) -> list[Path]:
    """Files of a run that were written no earlier than one of them."""
    return [other for other in path.rglob("*") if other.is_file() and other.stat().st_mtime_ns >= moment.stat().st_mtime_ns]


@pytest.mark.parametrize(
    "moment",
    [
        "stages/random/wave-00001.parquet",
        "players/start.safetensors",
        "stages/collaborative-2/wave-00000.parquet",
        "players/adversary-shake-1.safetensors",
        "stages/shake-2/wave-00000.parquet",
        "stages/snatch-1/wave-00000.parquet",
        "players/adversary-snatch-1.safetensors",
        "evaluation/low-force/novel-families/start.parquet",
    ],
)
def test_a_run_cut_off_at_any_moment_goes_on_to_the_same_digest(played: tiny.PlayedRun, copied: Path, moment: str) -> None:
    for path in after(copied, copied / moment):
        if path.name != "metrics.jsonl":
            path.unlink()
    (copied / moment).with_name(Path(moment).name + ".part").write_bytes(b"left by a kill")
    assert not (copied / moment).exists()
    assert tiny.play(played.config, copied).digest == played.digest


@pytest.mark.parametrize(
    "lost",
    ["stages/random/wave-00000.parquet", "players/collaborative.safetensors", "players/adversary-shake-1.safetensors"],
)
def test_a_lost_file_is_made_again_as_it_was(played: tiny.PlayedRun, copied: Path, lost: str) -> None:
    (copied / lost).unlink()
    assert tiny.play(played.config, copied).digest == played.digest


def test_a_kill_between_the_first_two_files_can_be_gone_on_from(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin(played.config, {})
    run.config_path.unlink()
    run.begin(played.config, {})
    assert run.config() == played.config


def test_a_run_of_another_config_is_refused_by_what_differs(played: tiny.PlayedRun) -> None:
    other = replace(played.config, learning=replace(played.config.learning, alpha=0.5))
    with pytest.raises(RunFolderError, match=r"learning\.alpha \(0\.25 there, 0\.5 asked\)"):
        played.folder.begin(other, {})
    assert played.folder.config() == played.config


def test_a_folder_of_something_else_is_refused_and_left_alone(played: tiny.PlayedRun, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunFolder(tmp_path / "mine").begin(played.config, {})
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunFolder(tmp_path / "mine" / "thesis.txt").begin(played.config, {})
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def damage(path: Path, column: str) -> None:
    """Flips a bit in the last page of a column."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    found = next(c for c in map(group.column, range(group.num_columns)) if c.path_in_schema == column)
    start = found.dictionary_page_offset if found.has_dictionary_page else found.data_page_offset
    content = bytearray(path.read_bytes())
    content[start + found.total_compressed_size - 2] ^= 0x20
    path.write_bytes(content)


@pytest.mark.parametrize("column", ["sensed", "image.bytes", "angle"])
@pytest.mark.parametrize("entered", [True, False], ids=["in the manifest", "not yet"])
def test_a_corrupt_shard_is_played_again_and_others_are_not(
    played: tiny.PlayedRun, copied: Path, column: str, entered: bool
) -> None:
    shard, other = (copied / "stages" / "random" / f"wave-0000{wave}.parquet" for wave in (1, 0))
    if not entered:
        (copied / "manifest.json").unlink(missing_ok=True)
    damage(shard, column)
    before = other.stat().st_mtime_ns
    assert tiny.play(played.config, copied).digest == played.digest
    assert other.stat().st_mtime_ns == before


def test_a_truncated_player_stops_a_run_that_needs_it_by_its_path(played: tiny.PlayedRun, copied: Path) -> None:
    player = copied / "players" / "shake-1.safetensors"
    player.write_bytes(player.read_bytes()[:5000])
    (copied / "players" / "shake-2.safetensors").unlink()
    with pytest.raises(CheckpointError, match=str(player)):
        tiny.play(played.config, copied)


def test_a_player_with_a_changed_bit_is_refused_and_not_trained_again_unasked(played: tiny.PlayedRun, copied: Path) -> None:
    player = copied / "players" / "start.safetensors"
    content = bytearray(player.read_bytes())
    content[-40] ^= 1
    player.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"sha256.*delete it and run the same command again"):
        tiny.play(played.config, copied)
    player.unlink()
    assert tiny.play(played.config, copied).digest == played.digest


@pytest.mark.parametrize("column", ["sensed", "mass_kg", "attempt"])
def test_a_digest_is_refused_where_a_shard_is_damaged(copied: Path, column: str) -> None:
    damage(copied / "stages" / "random" / "wave-00001.parquet", column)
    with pytest.raises(DataError, match="wave-00001"):
        digest_run(RunFolder(copied))


def test_a_digest_is_refused_where_a_player_is_damaged(copied: Path) -> None:
    player = copied / "players" / "start.safetensors"
    player.write_bytes(player.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="start"):
        digest_run(RunFolder(copied))


def test_a_digest_leaves_out_where_and_how_fast(played: tiny.PlayedRun, copied: Path) -> None:
    (copied / "provenance.json").write_text("{}")
    rows = [row | {"images_per_s": 1.0} for row in RunFolder(copied).metrics()]
    RunFolder(copied).metrics_path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert digest_run(RunFolder(copied)) == played.digest


@pytest.mark.parametrize("changed", ["config", "metrics", "player"])
def test_a_digest_changes_with_what_decided_and_what_resulted(played: tiny.PlayedRun, copied: Path, changed: str) -> None:
    run = RunFolder(copied)
    if changed == "config":
        run.config_path.write_text(run.config_path.read_text().replace('"seed": 0', '"seed": 1'))
    elif changed == "metrics":
        rows = [row | ({"loss": 0.0} if "loss" in row else {}) for row in run.metrics()]
        run.metrics_path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        shutil.copy(run.player("shake-2"), run.player("shake-1"))
    assert digest_run(run) != played.digest


@pytest.mark.parametrize("content", ["{", "not json\n", '{"fit": "start"}\n{'])
def test_damaged_metrics_are_refused_by_their_path(copied: Path, content: str) -> None:
    RunFolder(copied).metrics_path.write_text(content)
    with pytest.raises(DataError, match=r"metrics\.jsonl"):
        RunFolder(copied).metrics()


def test_a_folder_without_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"not a run folder .*sparring play"):
        RunFolder(tmp_path).config()


def test_the_manifest_says_complete_and_the_checksum_of_every_file(copied: Path) -> None:
    run = RunFolder(copied)
    run.seal()
    manifest = json.loads(run.manifest_path.read_text())
    files = {str(path.relative_to(copied)) for path in copied.rglob("*") if path.is_file()}
    assert manifest["complete"] is True
    assert set(manifest["sha256"]) == files - {"manifest.json", ".lock"}


@given(st.integers(0, 10_000), st.integers(1, 20))
def test_shares_are_nearly_equal_and_add_up(total: int, parts: int) -> None:
    shares = _shares(total, parts)
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


def test_images_of_a_wave_are_the_scenes_that_were_seen(played: tiny.PlayedRun) -> None:
    table = read_shard(played.folder.stage("random") / "wave-00000.parquet", ["image", "scene_seed"]).to_pylist()
    pictures = {(row["scene_seed"], row["image"]["bytes"]) for row in table}
    assert len(table) == 8
    assert len(pictures) == 2
