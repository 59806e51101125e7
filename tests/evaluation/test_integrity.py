"""Whatever is wrong with a run is found, named, and told how to mend; what is whole is left in peace."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import tiny

from sparring.data.records import SCHEMA
from sparring.data.store import read_shard, write_shard
from sparring.errors import RunFolderError
from sparring.evaluation.integrity import Findings, told, verify
from sparring.game.plan import stages_of
from sparring.game.run_folder import RunFolder

SHARD = Path("stages/shake-1/wave-00000.parquet")
PLAYER = Path("players/start.safetensors")


@pytest.fixture
def sealed(played: tiny.PlayedRun, tmp_path: Path) -> RunFolder:
    """A complete copy of the shared run, which may be damaged."""
    shutil.copytree(played.folder.path, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    run.seal()
    return run


def files_of(run: RunFolder) -> dict[Path, bytes]:
    """All bytes of a run."""
    return {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def damages(found: Findings) -> dict[str, str]:
    """Path -> what is wrong."""
    return {damage.path.as_posix(): damage.what for damage in found.damages}


def flip(path: Path, at: int = -4) -> None:
    """Changes one bit."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_whole_run_has_no_damage_and_is_not_touched(sealed: RunFolder) -> None:
    before = files_of(sealed)
    found = verify(sealed)
    assert damages(found) == {}
    assert found.complete
    assert found.missing == []
    stages = stages_of(sealed.config())
    assert found.checked["attempts"] == sum(stage.grasps_n for stage in stages)
    assert files_of(sealed) == before
    assert "nothing is damaged" in told(found)


@pytest.mark.parametrize("path", [SHARD, PLAYER, Path("metrics.jsonl"), Path("evaluation/results.json")], ids=str)
def test_a_changed_bit_anywhere_is_found(sealed: RunFolder, path: Path) -> None:
    flip(sealed.path / path)
    found = verify(sealed)
    assert damages(found) == {path.as_posix(): "has another sha256 than when it was written"}
    assert f"damaged: {path.as_posix()}" in told(found)


@pytest.mark.parametrize("path", [SHARD, PLAYER, Path("provenance.json")], ids=str)
def test_a_file_that_is_gone_is_found(sealed: RunFolder, path: Path) -> None:
    (sealed.path / path).unlink()
    assert damages(verify(sealed))[path.as_posix()] == "is missing"


def test_it_is_said_which_wave_is_played_again(sealed: RunFolder) -> None:
    flip(sealed.path / SHARD)
    (damage,) = verify(sealed).damages
    assert damage.mend == "run the same `sparring play` again: wave 0 of shake-1 is played again, nothing else"


def test_after_mending_as_told_the_run_is_whole_and_the_same(played: tiny.PlayedRun, sealed: RunFolder) -> None:
    flip(sealed.path / SHARD)
    (sealed.path / "manifest.json").write_text("{")
    found = verify(sealed)
    assert damages(found)["manifest.json"].startswith("is damaged")
    (sealed.path / "manifest.json").unlink()
    assert tiny.play(played.config, sealed.path).digest == played.digest
    sealed.seal()
    assert damages(verify(sealed)) == {}


@pytest.mark.parametrize("path", [SHARD, PLAYER, Path("metrics.jsonl"), Path("provenance.json")], ids=str)
def test_damage_done_before_the_sealing_is_not_blessed_by_it(sealed: RunFolder, path: Path) -> None:
    flip(sealed.path / path)
    sealed.unseal()
    sealed.seal()
    assert set(damages(verify(sealed))) == {path.as_posix()}


def test_a_shard_that_is_no_wave_is_found(sealed: RunFolder) -> None:
    shutil.copy(sealed.path / SHARD, (sealed.path / SHARD).with_name("wave-00099.parquet"))
    assert damages(verify(sealed)) == {"stages/shake-1/wave-00099.parquet": "is no wave of its stage, and is learned from"}


def _without_last_row(path: Path) -> None:
    table = read_shard(path)
    write_shard(path, table.slice(0, len(table) - 1))


def _doubled_row(path: Path) -> None:
    rows = read_shard(path).to_pylist()
    rows[-1] = rows[0]
    write_shard(path, SCHEMA.empty_table().from_pylist(rows, schema=SCHEMA))


def _other_scenes(path: Path) -> None:
    rows = [row | {"scene_seed": 1} for row in read_shard(path).to_pylist()]
    write_shard(path, SCHEMA.empty_table().from_pylist(rows, schema=SCHEMA))


def _newer(path: Path) -> None:
    table = read_shard(path)
    pq.write_table(table.replace_schema_metadata({b"sparring_schema": b"99"}), path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without_last_row, "holds 7 attempts, not the 8"),
        (_doubled_row, "holds 8 attempts, not the 8"),
        (_other_scenes, "on other scenes"),
        (_newer, "has schema 99"),
        (lambda path: path.write_bytes(b"PAR1"), "damaged"),
    ],
    ids=["short", "doubled", "elsewhere", "newer", "cut off"],
)
def test_a_shard_that_nobody_has_the_checksum_of_is_checked_by_itself(
    sealed: RunFolder, change: Callable[[Path], None], said: str
) -> None:
    change(sealed.path / SHARD)
    sealed.manifest_path.unlink()
    assert said in damages(verify(sealed))[SHARD.as_posix()]


def test_a_scene_that_was_tried_twice_is_found(sealed: RunFolder) -> None:
    path = sealed.test("low-force", "novel-families", "start")
    rows = read_shard(path).to_pylist()
    write_shard(path, SCHEMA.empty_table().from_pylist([*rows, rows[0]], schema=SCHEMA))
    sealed.manifest_path.unlink()
    assert "holds a scene twice" in damages(verify(sealed)).values()


def test_results_that_the_shards_do_not_bear_out_are_found(sealed: RunFolder) -> None:
    rows = json.loads(sealed.results_path.read_text())
    rows[0]["successes"] += 1
    sealed.results_path.write_text(json.dumps(rows))
    sealed.manifest_path.unlink()
    assert "does not say what the shards" in damages(verify(sealed))["evaluation/results.json"]


def test_what_an_unfinished_run_has_still_to_do_is_no_damage(sealed: RunFolder) -> None:
    sealed.unseal()
    manifest = json.loads(sealed.manifest_path.read_text())
    for path in ("players/snatch-1.safetensors", "stages/snatch-1/wave-00000.parquet"):
        (sealed.path / path).unlink()
        del manifest["sha256"][path]
    sealed.manifest_path.write_text(json.dumps(manifest))
    found = verify(sealed)
    assert damages(found) == {}
    assert not found.complete
    assert set(found.missing) == {"1 of 1 waves of snatch-1", "player snatch-1"}


def test_a_manifest_that_names_a_file_outside_is_damaged(sealed: RunFolder) -> None:
    manifest = json.loads(sealed.manifest_path.read_text())
    manifest["sha256"]["../../etc/passwd"] = "0"
    sealed.manifest_path.write_text(json.dumps(manifest))
    assert "not in the run" in damages(verify(sealed))["manifest.json"]


def test_a_config_that_was_changed_afterwards_is_found(sealed: RunFolder) -> None:
    text = sealed.config_path.read_text().replace('"alpha": 0.25', '"alpha": 0.5')
    sealed.config_path.write_text(text)
    assert "config.json" in damages(verify(sealed))


def test_without_a_config_nothing_can_be_said(sealed: RunFolder) -> None:
    sealed.config_path.write_text("{}x")
    with pytest.raises(RunFolderError, match=r"config\.json"):
        verify(sealed)


OF_ALL_ATTACKS = ["dislodging"]
OF_ARMS = ["slowdown", "attack_slowdown", *OF_ALL_ATTACKS]


@pytest.mark.parametrize(
    ("version", "later"),
    [(b"1", ["fault", "end_state", *OF_ARMS]), (b"2", ["end_state", *OF_ARMS]), (b"3", OF_ARMS), (b"4", OF_ALL_ATTACKS)],
)
def test_a_shard_of_an_earlier_schema_opens(sealed: RunFolder, tmp_path: Path, version: bytes, later: list[str]) -> None:
    table = read_shard(sealed.path / SHARD)
    old = table.drop_columns(later).replace_schema_metadata({b"sparring_schema": version})
    pq.write_table(old, tmp_path / "old.parquet", write_page_checksum=True)
    expected = [row | dict.fromkeys(later) for row in table.to_pylist()]
    assert read_shard(tmp_path / "old.parquet").to_pylist() == expected
    assert read_shard(tmp_path / "old.parquet", ["fault", "sensed"]).column_names == ["fault", "sensed"]
