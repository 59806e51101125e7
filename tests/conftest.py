"""Annotations are checked in the whole test run; one small run is played once and shared."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
install_import_hook("sparring", "checking.checked")
settings.register_profile("suite", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("suite")

import tiny  # noqa: E402  after the hook, since it imports the package


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MuJoCo writes its warnings beside whoever runs it."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tiny.PlayedRun]:
    """A whole run in small, played and tested in this process. Read it, copy it, never change it."""
    path = tmp_path_factory.mktemp("played") / "run"
    yield tiny.play(tiny.tiny_config(), path)
