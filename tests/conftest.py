"""Annotations are checked in the whole test run; one small run is played once and shared."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import pytest
from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
jaxtyping.install_import_hook("sparring", "checking.checked")
settings.register_profile("suite", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("suite")

import small  # noqa: E402  after the hook, since they import the package
import tiny  # noqa: E402

from sparring.actions.adversaries import ADVERSARIES  # noqa: E402
from sparring.game.run_folder import RunFolder  # noqa: E402
from sparring.stress.results import Stressed  # noqa: E402


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MuJoCo writes its warnings beside whoever runs it."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def unchecked() -> Iterator[None]:
    """Annotations are not checked, as in real use: for tests of what the package itself refuses."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tiny.PlayedRun:
    """A whole run in small, played and tested in this process. Read it, copy it, never change it."""
    path = tmp_path_factory.mktemp("played") / "run"
    return tiny.play(tiny.tiny_config(), path)


@pytest.fixture(scope="session")
def crossed(played: tiny.PlayedRun, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The shared run, played against everything. Read it, copy it, never change it."""
    path = tmp_path_factory.mktemp("crossed") / "run"
    shutil.copytree(played.folder.path, path)
    tiny.cross(RunFolder(path))
    return RunFolder(path)


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Stressed:
    """A whole stress test in small, in this process. Read it, copy it, never change it."""
    return small.stressed(tmp_path_factory.mktemp("tried") / "policy")


@pytest.fixture
def copied(played: tiny.PlayedRun, tmp_path: Path) -> RunFolder:
    """A copy of the shared run that may be changed."""
    shutil.copytree(played.folder.path, tmp_path / "copied")
    return RunFolder(tmp_path / "copied")


@pytest.fixture
def without_snatches() -> Iterator[None]:
    """The table of adversaries as where nobody knows the snatch, which runs have played against."""
    known = dict(ADVERSARIES)
    for name in ("snatch", "mixed"):
        del ADVERSARIES[name]
    yield
    ADVERSARIES.clear()
    ADVERSARIES.update(known)
