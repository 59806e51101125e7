# pyright: reportAttributeAccessIssue=false
# pyarrow makes its compute functions at run time.
"""Shards of records on disk: one Parquet file a wave, atomic and checksummed."""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sparring.data.files import write_atomically
from sparring.data.records import ADDED_IN, NEVER_NULL, NOT_NULL_IF_VALID, RANGES, SCHEMA, SCHEMA_VERSION
from sparring.errors import DataError

IMAGE_DICTIONARY_BYTES = 64 * 2**20
"""Attempts on one scene share one stored image as long as a wave's images fit in here."""

MAX_ATTEMPTS_N = 1_000_000
MAX_UNPACKED, UNPACKED_FREE_BYTES = 100, 64 * 2**20
"""A shard that claims more attempts, or to be unpacked so many times larger than it is, is refused before memory is taken."""


def shard_path(stage: Path, wave: int) -> Path:
    """Where a wave's shard lies."""
    return stage / f"wave-{wave:05d}.parquet"


def write_shard(path: Path, table: pa.Table) -> None:
    """Writes a shard whole or not at all, every page with its checksum."""
    write_atomically(
        path,
        lambda part: pq.write_table(
            table,
            part,
            compression="zstd",
            write_page_checksum=True,
            dictionary_pagesize_limit=IMAGE_DICTIONARY_BYTES,
        ),
    )


def read_shard(path: Path, columns: list[str] | None = None) -> pa.Table:
    """A shard's table. One that an older version wrote is brought up to date.

    Raises:
        DataError: missing, damaged, or of another schema.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as shard:
            _require_size(path, shard.metadata)
            found = shard.metadata.schema.to_arrow_schema()
            version = _version(path, found)
            given = [name for name in columns or SCHEMA.names if name not in ADDED_IN or ADDED_IN[name] <= version]
            if columns is None and found.names != given:
                raise DataError(f"shard {path} does not have the columns of its schema")
            table = shard.read(columns=given)
        for name in given:
            if table.schema.field(name).type != SCHEMA.field(name).type:
                raise DataError(f"shard {path} has a column {name} of another type than its schema's")
        _require_sane(path, table)
        return _brought_up_to_date(table, columns or SCHEMA.names)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        reason = (str(error).splitlines() or ["?"])[0]
        raise DataError(
            f"shard {path} is damaged or missing ({reason}); delete it and run `sparring play` (or what made it) again to redo it"
        ) from None


def _require_size(path: Path, metadata: Any) -> None:
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    attempts_n = max(metadata.num_rows, sum(group.num_rows for group in groups))
    unpacked = sum(group.total_byte_size for group in groups)
    if attempts_n > MAX_ATTEMPTS_N or unpacked > UNPACKED_FREE_BYTES + MAX_UNPACKED * path.stat().st_size:
        raise DataError(f"shard {path} claims {attempts_n} attempts and {unpacked} bytes, which no shard of its size has")


def _require_sane(path: Path, table: pa.Table) -> None:
    """Readable text, nothing missing that an attempt must have, and indices within their bounds."""
    table.validate(full=True)
    valid = pc.invert(table["invalid"]) if "invalid" in table.schema.names else None
    for name in table.schema.names:
        column = table[name]
        if name in NEVER_NULL and column.null_count:
            raise DataError(f"shard {path} lacks values in column {name}")
        if name in NOT_NULL_IF_VALID and valid is not None and pc.any(pc.and_(pc.is_null(column), valid)).as_py():
            raise DataError(f"shard {path} lacks values of valid attempts in column {name}")
        if name in RANGES:
            low, high = RANGES[name]
            inside = pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high))
            if pc.all(inside).as_py() is False:
                raise DataError(f"shard {path} has values outside {low}..{high} in column {name}")


def _version(path: Path, schema: pa.Schema) -> int:
    version = (schema.metadata or {}).get(b"sparring_schema", b"none").decode(errors="replace")
    if not (version.isdecimal() and 1 <= int(version) <= SCHEMA_VERSION):
        raise DataError(
            f"shard {path} has schema {version[:80]}, this version of sparring reads 1 to {SCHEMA_VERSION}; "
            "if a newer version wrote it, read it with that"
        )
    return int(version)


def _brought_up_to_date(table: pa.Table, columns: list[str]) -> pa.Table:
    """With the columns that its version did not have, empty."""
    missing = [name for name in columns if name not in table.schema.names]
    for name in missing:
        table = table.append_column(SCHEMA.field(name), pa.nulls(len(table), SCHEMA.field(name).type))
    return table.select(columns).replace_schema_metadata(SCHEMA.metadata) if missing else table


def is_whole_shard(path: Path) -> bool:
    """Whether all of a shard can be read and every page's checksum is right."""
    try:
        read_shard(path)
    except DataError:
        return False
    return True


def shards_of(stage: Path) -> list[Path]:
    """A stage's shards, in order of waves.

    Raises:
        DataError: there are none.
    """
    shards = sorted(stage.glob("wave-*.parquet"))
    if not shards:
        raise DataError(f"no shards in {stage}; run `sparring play` again to make them")
    return shards


def read_stage(stage: Path, columns: list[str] | None = None) -> pa.Table:
    """All shards of a stage, in order of waves."""
    return pa.concat_tables([read_shard(path, columns) for path in shards_of(stage)])


def digest_of(table: pa.Table) -> str:
    """sha256 over the contents of a table, whatever wrote it and however its columns are cut into chunks."""
    total = hashlib.sha256()
    for name in table.schema.names:
        column = pc.cast(table[name], SCHEMA.field(name).type)
        for part in (pc.is_valid(column), pc.drop_null(column)):  # what lies under a null is undefined
            sink = pa.BufferOutputStream()
            batch = pa.record_batch([pa.concat_arrays(part.chunks) if part.num_chunks else part.combine_chunks()], names=[name])
            with pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_batch(batch)
            total.update(sink.getvalue())
    return total.hexdigest()
