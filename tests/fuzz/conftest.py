"""Little memory, so that a reader that believes in exabytes is found out; annotations are not checked."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOM_BYTES = 4 * 2**30


@pytest.fixture(scope="module", autouse=True)
def _little_memory(unchecked: None) -> Iterator[None]:
    """A few GiB beyond what is taken already."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the files of one module, which are written again and again."""
    return tmp_path_factory.mktemp("fuzz")
