"""Shards: whole, checksummed, readable by others, and digested by what they hold."""

import itertools
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import image_of, row_of

from sparring.data.pictures import decode_image, encode_image
from sparring.data.records import ADDED_IN, COLUMNS, SCHEMA, SCHEMA_VERSION, table_of
from sparring.data.store import digest_of, read_shard, read_stage, shard_path, write_shard
from sparring.errors import DataError


@pytest.fixture
def table() -> pa.Table:
    return table_of([row_of(index) for index in range(9)])


@pytest.fixture
def shard(table: pa.Table, tmp_path: Path) -> Path:
    path = shard_path(tmp_path / "random", 0)
    write_shard(path, table)
    return path


def chunks_of(path: Path) -> list[tuple[str, int, int]]:
    """Column, first byte and length of every column's pages."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    return [
        (
            column.path_in_schema,
            column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset,
            column.total_compressed_size,
        )
        for column in columns
    ]


def refused(path: Path) -> None:
    """Reading is refused by the path, with what to do."""
    with pytest.raises(DataError) as caught:
        read_shard(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_shard_holds_what_was_written(table: pa.Table, shard: Path) -> None:
    assert read_shard(shard).equals(table)
    assert read_shard(shard, ["sensed", "image"]).equals(table.select(["sensed", "image"]))


def test_every_column_has_a_meaning_that_the_shard_tells(shard: Path) -> None:
    schema = read_shard(shard).schema
    assert schema.names == list(COLUMNS)
    assert all(schema.field(name).metadata[b"meaning"].decode() == meaning for name, (_, meaning) in COLUMNS.items())


def test_pictures_are_stored_without_loss(shard: Path) -> None:
    stored = read_shard(shard, ["image"])["image"].to_pylist()
    assert all(np.array_equal(decode_image(image["bytes"]), image_of(index)) for index, image in enumerate(stored))


def test_the_picture_of_a_scene_is_stored_once_however_many_tries_it_had(tmp_path: Path) -> None:
    png = encode_image(image_of(0, side=200))
    write_shard(tmp_path / "one.parquet", table_of([row_of(0, png=png)]))
    write_shard(tmp_path / "many.parquet", table_of([row_of(index, png=png) for index in range(40)]))
    one, many = ((tmp_path / name).stat().st_size for name in ("one.parquet", "many.parquet"))
    assert one > len(png)
    assert many - one < len(png)


def test_the_pictures_of_a_full_wave_are_stored_once_each(tmp_path: Path) -> None:
    pngs = [encode_image(image_of(index, side=120)) for index in range(64)]
    write_shard(tmp_path / "wave.parquet", table_of([row_of(index, png=pngs[index // 4]) for index in range(256)]))
    assert (tmp_path / "wave.parquet").stat().st_size < 1.2 * sum(map(len, pngs))


@pytest.mark.parametrize("name", ["image.bytes", "force_5cm_n", "object", "scene_seed", "sensed", "dislodged", "column_px"])
def test_a_flipped_byte_in_a_page_is_found_out(shard: Path, name: str) -> None:
    start, length = next((start, length) for column, start, length in chunks_of(shard) if column == name)
    whole = shard.read_bytes()
    for place in (start + length - 1, start + length - 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        shard.write_bytes(damaged)
        refused(shard)


def test_a_flipped_byte_in_a_large_dictionary_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "wave.parquet"
    write_shard(path, table_of([row_of(index // 4) for index in range(40)]))
    start, length = next((start, length) for column, start, length in chunks_of(path) if column == "image.bytes")
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        damaged = bytearray(whole)
        damaged[start + int(share * length)] ^= 0x01
        path.write_bytes(damaged)
        refused(path)


@pytest.mark.parametrize("kept", [0, 3, 4, 100, 0.3, 0.9, -1])
def test_a_truncated_shard_is_refused(shard: Path, kept: float) -> None:
    whole = shard.read_bytes()
    shard.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    refused(shard)


def test_a_missing_shard_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "wave-00000.parquet")
    (tmp_path / "wave-00000.parquet").write_text("not parquet at all, but long enough to have a footer")
    refused(tmp_path / "wave-00000.parquet")


def test_a_parquet_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wave-00000.parquet"
    pq.write_table(pa.table({"x": [1, 2]}), path)
    refused(path)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_an_old_shard_that_is_read_and_written_is_a_new_one(table: pa.Table, shard: Path, version: int) -> None:
    older = [name for name in SCHEMA.names if ADDED_IN.get(name, 1) <= version]
    pq.write_table(table.select(older).replace_schema_metadata({"sparring_schema": str(version)}), shard)
    write_shard(shard, read_shard(shard))
    again = read_shard(shard)
    assert again.schema.metadata == SCHEMA.metadata
    assert again.select(older).equals(table.select(older))


def test_a_shard_of_another_schema_version_is_refused(table: pa.Table, shard: Path) -> None:
    pq.write_table(table.replace_schema_metadata({"sparring_schema": "99"}), shard)
    with pytest.raises(DataError, match="has schema 99, this version of sparring reads"):
        read_shard(shard)


def test_a_shard_without_a_column_is_refused(table: pa.Table, shard: Path) -> None:
    pq.write_table(table.drop_columns(["sensed"]), shard)
    refused(shard)
    with pytest.raises(DataError, match=str(shard)):
        read_shard(shard, ["sensed"])


def test_a_stage_is_its_waves_in_order(tmp_path: Path) -> None:
    for wave in (10, 2, 0):
        write_shard(shard_path(tmp_path, wave), table_of([row_of(wave)]))
    assert read_stage(tmp_path, ["object"])["object"].to_pylist() == ["bar-0000", "bar-0002", "bar-0010"]


def test_a_stage_without_waves_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=str(tmp_path / "shake-1")):
        read_stage(tmp_path / "shake-1")


def test_an_unknown_column_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        table_of([row_of(0) | {"surprise": 1}])


def test_a_column_that_is_left_out_is_null() -> None:
    table = table_of([{"attempt": "random/00000/0000-0"}])
    assert table.schema.equals(SCHEMA)
    assert table["dislodged"].null_count == 1


@given(st.lists(st.integers(0, 24), max_size=6))
def test_the_digest_does_not_depend_on_how_rows_are_chunked(cuts: list[int]) -> None:
    table = table_of([row_of(index) for index in range(24)])
    edges = [0, *sorted(cuts), 24]
    pieces = [table.slice(start, stop - start) for start, stop in itertools.pairwise(edges)]
    assert digest_of(pa.concat_tables(pieces)) == digest_of(table)


@given(st.integers(0, 20), st.integers(1, 20))
def test_the_digest_of_a_slice_is_that_of_the_same_rows_alone(start: int, n: int) -> None:
    rows = [row_of(index) for index in range(40)]
    assert digest_of(table_of(rows).slice(start, n)) == digest_of(table_of(rows[start : start + n]))


def test_the_digest_does_not_depend_on_who_wrote_the_file(table: pa.Table, shard: Path, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "other.parquet", compression="gzip", row_group_size=2, use_dictionary=False)
    expected = digest_of(table)
    assert digest_of(read_shard(shard)) == expected
    assert digest_of(pq.read_table(tmp_path / "other.parquet")) == expected


@pytest.mark.parametrize("name", [name for name in COLUMNS if name not in ("image", "replay_state")])
def test_the_digest_changes_with_every_column(name: str) -> None:
    rows = [row_of(index) for index in range(3)]
    before = digest_of(table_of(rows))
    changed = next((index for index, row in enumerate(rows) if row.get(name) is not None), 1)
    rows[changed] |= {name: None if name != "fault" else "physics"}
    assert digest_of(table_of(rows)) != before


def test_the_digest_changes_with_the_order_of_rows() -> None:
    rows = [row_of(index) for index in range(3)]
    assert digest_of(table_of(rows)) != digest_of(table_of(rows[::-1]))


def test_hugging_face_is_told_of_every_column() -> None:
    told = json.loads(SCHEMA.metadata[b"huggingface"])["info"]["features"]
    assert list(told) == list(COLUMNS)
    assert told["image"] == {"_type": "Image"}
    assert told["sensed"]["dtype"] == "bool"
    assert told["x_m"]["dtype"] == "float64"
    assert told["column_px"]["dtype"] == "float32"


def test_hugging_face_decodes_the_pictures(shard: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset("parquet", data_files=str(shard), cache_dir=str(tmp_path / "cache"), split="train")
    assert loaded.column_names == list(COLUMNS)
    assert np.array_equal(np.asarray(loaded[3]["image"]), image_of(3))
    assert loaded[4]["replay_state"] == [0.0, 1.0, 4.0]
    assert loaded[0]["action"] == 0
