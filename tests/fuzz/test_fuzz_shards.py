"""A shard is read or refused, and what is read can be digested and learned from."""

import io
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import STRINGS, damaged, fuzzed, read_or_refused
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rows import image_of, row_of

from sparring.actions.adversaries import ADVERSARIES
from sparring.data.pictures import MAX_PX, decode_image, encode_image
from sparring.data.records import NEVER_NULL, SCHEMA, table_of
from sparring.data.store import digest_of, read_shard, write_shard
from sparring.errors import DataError, SparringError
from sparring.game.experience import COLUMNS, Experience, experience_of

ROWS_N, SIDE_PX, PATCH_PX = 6, 16, 8.0
PNG = encode_image(image_of(0, SIDE_PX))
NAMES = list(SCHEMA.names)
SOME = [None, COLUMNS, ["sensed", "lifted", "dislodged", "invalid"], ["fault", "object"]]
"""Which columns are asked for."""


def whole() -> pa.Table:
    """A table as a wave leaves it, on small pictures."""
    place = {"column_px": 7.25, "row_px": 9.5}
    return table_of([row_of(index, png=PNG) | place for index in range(ROWS_N)])


def written(**options: Any) -> bytes:
    """The bytes of a shard that Parquet writes with other options."""
    sink = io.BytesIO()
    pq.write_table(whole(), sink, **options)
    return sink.getvalue()


def footer_of(shard: bytes) -> tuple[int, int]:
    """First byte of the footer, and the byte after it."""
    return len(shard) - 8 - struct.unpack("<I", shard[-8:-4])[0], len(shard) - 8


def used(path: Path) -> None:
    """Whatever is read of a shard can be digested, listed and learned from."""
    for columns in SOME:
        table = read_or_refused(lambda columns=columns: read_shard(path, columns))
        if table is None:
            continue
        assert table.schema.names == (columns or NAMES)
        assert all(table[name].null_count == 0 for name in table.schema.names if name in NEVER_NULL)
        assert len(digest_of(table)) == 64
        assert len(table.drop_columns([name for name in ("image",) if name in table.schema.names]).to_pylist()) == len(table)
        if set(COLUMNS) <= set(table.schema.names):
            learnable(read_or_refused(lambda table=table: experience_of(table, patch_px=PATCH_PX)))


def learnable(known: Experience | None) -> None:
    """Every index that training would use is one."""
    if known is None:
        return
    assert np.isfinite(known.offsets).all()
    assert ((known.angles >= 0) & (known.angles < 18)).all()
    for name, kind in ADVERSARIES.items():
        assert ((known.actions >= 0) & (known.actions < kind.actions_n))[known.adversaries == name].all()


SHARD = written(compression="zstd", write_page_checksum=True)
BARE = {
    "dictionaries": written(compression="none"),
    "plain": written(compression="none", use_dictionary=False, write_statistics=False),
    "new pages": written(compression="snappy", data_page_version="2.0"),
}
"""Without checksums, as whoever means harm would write them."""


@fuzzed
@given(damaged(SHARD, lively=footer_of(SHARD)), st.booleans())
def test_a_damaged_shard_is_read_or_refused(folder: Path, content: bytes, mend: bool) -> None:
    path = folder / "wave-00000.parquet"
    if mend and len(content) > footer_of(SHARD)[0] + 8:  # the footer's length is right again
        content = content[:-8] + struct.pack("<I", len(content) - footer_of(SHARD)[0] - 8) + b"PAR1"
    path.write_bytes(content)
    used(path)


@fuzzed
@given(st.data())
def test_damaged_pages_without_checksums_are_read_or_refused(folder: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(BARE)))
    shard = BARE[kind]
    path = folder / "wave-00000.parquet"
    path.write_bytes(data.draw(damaged(shard, lively=(4, footer_of(shard)[0]))))
    used(path)


@fuzzed
@given(st.binary(max_size=300), st.integers(0, 2**32 - 1))
def test_bytes_that_claim_to_be_parquet_are_refused(folder: Path, content: bytes, claimed_n: int) -> None:
    path = folder / "wave-00000.parquet"
    path.write_bytes(b"PAR1" + content + struct.pack("<I", claimed_n) + b"PAR1")
    with pytest.raises(DataError):
        read_shard(path)


def chunk(name: bytes, content: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_of(width: int, height: int, pixels: bytes, *, depth: int = 8, colours: int = 2, extra: bytes = b"") -> bytes:
    """A PNG that claims anything."""
    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(pixels, 1)) + chunk(b"IEND", b"")


def other_format(name: str) -> bytes:
    """A sound picture of another kind."""
    sink = io.BytesIO()
    Image.fromarray(image_of(0, SIDE_PX)).save(sink, name)
    return sink.getvalue()


def mended(png: bytes) -> bytes:
    """The picture with the checksums that its parts should have."""
    out, at = png[:8], 8
    while at + 8 <= len(png):
        size = struct.unpack(">I", png[at : at + 4])[0]
        out += png[at : at + 8] + (content := png[at + 8 : at + 8 + size])
        out += struct.pack(">I", zlib.crc32(png[at + 4 : at + 8] + content))
        at += 12 + size
    return out


SIDES = st.sampled_from([0, 1, 15, 16, 17, 2000, 2001, 9_000, 13_000, 2**31 - 1, 2**31, 2**32 - 1])
PICTURES = st.one_of(
    damaged(PNG),
    damaged(PNG, lively=(8, 60)).map(mended),
    st.builds(png_of, SIDES, SIDES, st.binary(max_size=64), depth=st.integers(0, 17), colours=st.integers(0, 7)),
    st.binary(max_size=64),
    st.sampled_from([other_format(name) for name in ("JPEG", "GIF", "BMP", "TIFF", "WEBP", "DDS", "ICO", "PPM")]),
    st.sampled_from([png_of(1, 1, b"\0" * 10**7), b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) print\n"]),
)


@pytest.mark.filterwarnings("default:Palette images with Transparency:UserWarning")
@fuzzed
@given(PICTURES)
def test_any_picture_is_decoded_or_refused(content: bytes) -> None:
    image = read_or_refused(lambda: decode_image(content))
    if image is not None:
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == 3
        assert image.shape[0] * image.shape[1] <= MAX_PX


TYPES = [
    pa.null(),
    pa.bool_(),
    pa.int8(),
    pa.uint8(),
    pa.int64(),
    pa.float32(),
    pa.float64(),
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.timestamp("ns"),
    pa.decimal128(38, 3),
    pa.list_(pa.string()),
    pa.list_(pa.float64()),
    pa.map_(pa.string(), pa.int8()),
    pa.dictionary(pa.int32(), pa.string()),
    pa.struct([("bytes", pa.binary())]),
    pa.struct([("bytes", pa.string()), ("path", pa.string())]),
]
FLOATS = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 1e30, -1e30, -0.5, 15.0, 16.0, 17.0, 4e6, 4e6 + 1])
STORABLE = STRINGS.filter(lambda text: text.isprintable() or "\0" in text).map(
    lambda text: text.encode(errors="replace").decode()
)


def values_of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Anything that fits a type, or nothing."""
    if pa.types.is_integer(kind):
        top = 2 ** (kind.bit_width - 1)
        return st.none() | st.integers(-top, top - 1)
    if pa.types.is_floating(kind):
        return st.none() | FLOATS
    if pa.types.is_boolean(kind):
        return st.none() | st.booleans()
    if pa.types.is_list(kind):
        return st.none() | st.lists(values_of(kind.value_type), max_size=5)
    if pa.types.is_struct(kind):
        return st.none() | st.fixed_dictionaries({"bytes": st.none() | PICTURES, "path": st.none() | STORABLE})
    return st.none() | STORABLE | st.sampled_from(["shake", "snatch", "mixed", "random-shake", ""])


@st.composite
def hostile_tables(draw: st.DrawFn) -> pa.Table:
    """A table of the schema, or nearly: other values, types, columns, order, version."""
    table = whole()
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from([name for name in table.schema.names if name in NAMES]))
        at = table.schema.names.index(name)
        match draw(
            st.sampled_from(("values", "values", "values", "unreadable", "type", "drop", "double", "order", "rows", "version"))
        ):
            case "values":
                kind = table.schema.field(at).type
                if kind == SCHEMA.field(name).type:
                    values = draw(st.lists(values_of(kind), min_size=len(table), max_size=len(table)))
                    table = table.set_column(at, pa.field(name, kind), pa.array(values, kind))
            case "unreadable":
                if pa.types.is_string(table.schema.field(at).type):
                    raw = pa.array([b"\xff\xfe"] * len(table), pa.binary()).buffers()
                    table = table.set_column(at, name, pa.Array.from_buffers(pa.string(), len(table), raw))
            case "type":
                kind = draw(st.sampled_from(TYPES))
                table = table.set_column(at, pa.field(name, kind), pa.nulls(len(table), kind))
            case "drop":
                if table.num_columns > 2:
                    table = table.remove_column(at)
            case "double":
                table = table.append_column(draw(st.sampled_from([name, "surprise"])), table.column(at))
            case "order":
                table = pa.table([table.column(at), *table.columns], names=[name, *table.schema.names])
            case "rows":
                table = table.slice(0, draw(st.integers(0, 2)))
            case _:
                version = draw(
                    st.binary(max_size=6) | st.sampled_from([b"0", b"1", b"2", b"3", b"9" * 5000, "٣".encode(), b"1\n2"])
                )
                table = table.replace_schema_metadata({b"sparring_schema": version})
    return table if table.schema.metadata else table.replace_schema_metadata(SCHEMA.metadata)


@pytest.mark.filterwarnings("default:Palette images with Transparency:UserWarning")
@fuzzed
@given(hostile_tables())
def test_a_table_that_is_nearly_a_shard_is_read_or_refused(folder: Path, table: pa.Table) -> None:
    path = folder / "wave-00000.parquet"
    pq.write_table(table, path)
    used(path)


def refused(folder: Path, table: pa.Table, said: str) -> None:
    """A table is refused as a shard, and the message says why and of which file."""
    path = folder / "wave-00000.parquet"
    write_shard(path, table)
    with pytest.raises(DataError, match=said) as caught:
        read_shard(path)
    assert str(path) in str(caught.value)


def with_values(name: str, values: list[Any]) -> pa.Table:
    """The whole table with other values in one column."""
    at = NAMES.index(name)
    return whole().set_column(at, SCHEMA.field(at), pa.array(values, SCHEMA.field(at).type))


@pytest.mark.parametrize("name", NEVER_NULL)
def test_a_shard_without_a_value_that_every_attempt_has_is_refused(folder: Path, name: str) -> None:
    values = whole()[name].to_pylist()
    refused(folder, with_values(name, [*values[:-1], None]), f"lacks values in column {name}")


@pytest.mark.parametrize("name", ["column_px", "row_px", "angle"])
def test_only_an_invalid_attempt_may_lack_its_grasp(folder: Path, name: str) -> None:
    values = whole()[name].to_pylist()
    refused(folder, with_values(name, [None, *values[1:]]), f"lacks values of valid attempts in column {name}")
    path = folder / "wave-00001.parquet"
    write_shard(path, with_values(name, [*values[:4], None, values[5]]))
    assert len(experience_of(read_shard(path), patch_px=PATCH_PX)) == ROWS_N - 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("column_px", math.nan),
        ("column_px", -1.0),
        ("row_px", math.inf),
        ("row_px", 1e30),
        ("angle", 18),
        ("angle", -1),
        ("action", -1),
    ],
)
def test_a_shard_with_an_index_out_of_bounds_is_refused(folder: Path, name: str, value: float) -> None:
    refused(folder, with_values(name, [value] * ROWS_N), f"has values outside .* in column {name}")


@pytest.mark.parametrize("name", ["object", "adversary", "attempt", "fault"])
def test_text_that_is_not_unicode_is_refused(folder: Path, name: str) -> None:
    raw = pa.array([b"\xff\xfe"] * ROWS_N, pa.binary()).buffers()
    at = NAMES.index(name)
    refused(folder, whole().set_column(at, SCHEMA.field(at), pa.Array.from_buffers(pa.string(), ROWS_N, raw)), "damaged")


def test_a_small_shard_that_claims_millions_of_attempts_is_refused(folder: Path) -> None:
    nulls = pa.table([pa.nulls(2_000_000, kind) for kind in SCHEMA.types], schema=SCHEMA)
    refused(folder, nulls, "claims 2000000 attempts")
    assert (folder / "wave-00000.parquet").stat().st_size < 1_000_000


def test_a_small_shard_that_unpacks_to_gigabytes_is_refused(folder: Path) -> None:
    blank = [{"bytes": bytes([index]) * 30_000_000, "path": None} for index in range(ROWS_N)]
    refused(folder, with_values("image", blank), "claims 6 attempts and 18")
    assert (folder / "wave-00000.parquet").stat().st_size < 1_000_000


def test_a_grasp_outside_its_picture_teaches_nothing(folder: Path) -> None:
    path = folder / "wave-00000.parquet"
    write_shard(path, with_values("column_px", [16.5] * ROWS_N))
    with pytest.raises(DataError, match="of a picture of 16 x 16 px"):
        experience_of(read_shard(path), patch_px=PATCH_PX)


@pytest.mark.parametrize("action", [15, None])
def test_an_action_that_its_adversary_lacks_teaches_nothing(folder: Path, action: int | None) -> None:
    path = folder / "wave-00000.parquet"
    write_shard(path, with_values("action", [action] * ROWS_N))
    with pytest.raises(DataError, match=r"actions of shake outside 0\.\.14"):
        experience_of(read_shard(path), patch_px=PATCH_PX)


def test_a_picture_with_broken_parts_is_refused() -> None:
    with pytest.raises(DataError, match="not a picture"):
        decode_image(PNG[:33] + b"\0\0\0\x04\x13\xb6'; " + PNG[33:])


@pytest.mark.parametrize("side", [2001, 9_600, 13_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused(side: int) -> None:
    with pytest.raises(DataError, match="not a picture that is read"):
        decode_image(png_of(side, side, b""))


@pytest.mark.parametrize("name", ["JPEG", "GIF", "TIFF", "BMP"])
def test_only_png_is_decoded(name: str) -> None:
    with pytest.raises(SparringError, match="not a picture"):
        decode_image(other_format(name))
