# pyright: reportAttributeAccessIssue=false
# pyarrow makes its compute functions at run time.
"""Shards of records on disk: one Parquet file a wave, atomic and checksummed."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sparring.data.files import write_atomically
from sparring.data.records import SCHEMA, SCHEMA_VERSION
from sparring.errors import DataError

IMAGE_DICTIONARY_BYTES = 64 * 2**20
"""Attempts on one scene share one stored image as long as a wave's images fit in here."""


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
    """A shard's table.

    Raises:
        DataError: missing, damaged, or of another schema.
    """
    try:
        table = pq.read_table(path, columns=columns, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"shard {path} is damaged or missing ({reason}); delete it and run `sparring play` (or what made it) again to redo it"
        ) from None
    version = (table.schema.metadata or {}).get(b"sparring_schema", b"none").decode()
    if version != str(SCHEMA_VERSION):
        raise DataError(f"shard {path} has schema {version}, this version of sparring reads {SCHEMA_VERSION}")
    if columns is None and table.schema.names != SCHEMA.names:
        raise DataError(f"shard {path} does not have the columns of its schema")
    return table


def read_stage(stage: Path, columns: list[str] | None = None) -> pa.Table:
    """All shards of a stage, in order of waves."""
    tables = [read_shard(path, columns) for path in sorted(stage.glob("wave-*.parquet"))]
    if not tables:
        raise DataError(f"no shards in {stage}; run `sparring play` again to make them")
    return pa.concat_tables(tables)


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
