"""What all fuzz tests share: how much is tried, what a reader may do with it, and hostile bytes and JSON."""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sparring.errors import MESSAGE_N, SparringError

N = int(os.environ.get("SPARRING_FUZZ_N", "100"))
"""Inputs of each test; `make fuzz` asks for 10,000."""
PATIENCE_S = 20.0
fuzzed = settings(
    max_examples=N,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
Read = TypeVar("Read")

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
"""Control characters and halves of surrogate pairs too."""
STRINGS = ANY_TEXT | st.sampled_from(
    ["", "x" * 30_000, "../../etc/passwd", "/etc/passwd", "a\0b", "a\nb", "\x1b[31m", "\ud800", "n" * 300]
)
INTEGERS = st.integers(-(2**70), 2**70) | st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**18, 10**400, -(10**400)])
NUMBERS = INTEGERS | st.floats() | st.sampled_from([1e308, -1e308, 5e-324, -0.0])
LEAVES = st.none() | st.booleans() | NUMBERS | STRINGS
JSON_VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4))
JSON_TEXTS = (st.integers(0, 20) | st.floats(0, 1) | JSON_VALUES).map(json.dumps) | st.sampled_from(
    [
        "[" * 20_000,
        '{"a":' * 20_000,
        "[" * 900 + "]" * 900,
        '{"a":' * 900 + "1" + "}" * 900,
        "9" * 5000,
        "1e999",
        "-1e999",
        "NaN",
        "-Infinity",
        '"\\ud800"',
        '"' + "x" * 20_000 + '"',
        "[" + "null," * 4_000 + "null]",
        '{"a": 1, "a": 2}',
        "",
        "}",
    ]
)
"""JSON, and what looks like it."""


def mostly(value: Any, *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A sound value more often than not, so that what comes after it is reached."""
    return st.integers(0, 4).flatmap(lambda at: st.one_of(*others) if at == 4 else st.just(value))


_HERE = "\N{REPLACEMENT CHARACTER} here"


class HangError(Exception):
    """A reader did not come to an end."""


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """Ends what takes too long."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise HangError(f"not done after {PATIENCE_S:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def read_or_refused(read: Callable[[], Read]) -> Read | None:
    """What a reader gives; None where it refuses in one line. Anything else that it raises is a defect."""
    try:
        with in_time():
            return read()
    except SparringError as error:
        message = str(error)
        assert message.isprintable()
        assert 0 < len(message) <= MESSAGE_N
        return None


EDITS = ("flip", "set", "put", "insert", "delete", "double", "cut", "swap")
LENGTHS = [
    b"\xff" * 8,
    b"\0" * 8,
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x7f",
    b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\xff\xff\xff\xff\x0f",
    b"\0",
    b"\x01",
]
"""Huge, negative and empty numbers as the formats write them."""


@st.composite
def damaged(draw: st.DrawFn, whole: bytes, *, lively: tuple[int, int] | None = None, edits_n: int = 6) -> bytes:
    """Bytes after one to `edits_n` edits, most of them within the `lively` part, such as a header."""
    content = bytearray(whole)
    first, last = lively or (0, len(whole))
    for edit, in_lively, place, size, put in draw(
        st.lists(
            st.tuples(
                st.sampled_from(EDITS),
                st.integers(0, 3).map(bool),
                st.integers(0, 2**20 - 1),
                st.integers(1, 40),
                st.sampled_from(LENGTHS) | st.binary(min_size=1, max_size=8),
            ),
            min_size=1,
            max_size=edits_n,
        )
    ):
        low, high = (first, min(last, len(content))) if in_lively else (0, len(content))
        if high <= low:
            continue
        at = low + place * (high - low) // 2**20
        match edit:
            case "flip":
                content[at] ^= 1 << (size % 8)
            case "set":
                content[at] = put[0]
            case "put":
                content[at : at + len(put)] = put
            case "insert":
                content[at:at] = put
            case "delete":
                del content[at : at + size]
            case "double":
                content[at:at] = content[at : at + size]
            case "cut":
                del content[at if size < 4 else len(content) - size :]
            case _:
                content[at : at + size], content[low : low + size] = content[low : low + size], content[at : at + size]
    return bytes(content)


def with_texts(tree: dict[str, Any], changes: list[tuple[tuple[str, ...], str]]) -> str:
    """A tree as JSON, with the text of some values (or of new keys) replaced by any other text."""
    tree = json.loads(json.dumps(tree))
    texts = dict(changes)
    for number, path in enumerate(texts):
        node = tree
        for key in path[:-1]:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node[path[-1]] = f"{_HERE}{number}."
    written = json.dumps(tree, ensure_ascii=False)
    for number, text in enumerate(texts.values()):
        written = written.replace(f'"{_HERE}{number}."', text)
    return written


def paths_in(tree: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Paths of all values of a tree, inner ones too."""
    found: list[tuple[str, ...]] = []
    for key, value in tree.items():
        found.append((*prefix, key))
        if isinstance(value, dict):
            found += paths_in(value, (*prefix, key))
    return found
