"""Annotations are checked in the whole test run; one small run is played once and shared."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import jaxtyping
import pytest
from filelock import FileLock
from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
jaxtyping.install_import_hook("sparring", "checking.checked")
settings.register_profile("suite", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("suite")

import small  # noqa: E402  after the hook, since they import the package
import tiny  # noqa: E402

from sparring.actions.adversaries import ADVERSARIES  # noqa: E402
from sparring.game.digest import digest_run  # noqa: E402
from sparring.game.run_folder import RunFolder  # noqa: E402
from sparring.stress.results import Stressed, read_trial  # noqa: E402


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


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Makes a folder in one of the processes that test in parallel, whichever needs it first; each has a copy of its own."""
    base = tmp_path_factory.getbasetemp()
    of_all = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def copy_of(name: str, make: Callable[[Path], object]) -> Path:
        first = of_all / f"{name}-first"
        with FileLock(f"{first}.lock"):
            if not first.exists():
                make(first.with_suffix(".part"))
                first.with_suffix(".part").rename(first)
        return Path(shutil.copytree(first, tmp_path_factory.mktemp(name) / "run"))

    return copy_of


@pytest.fixture(scope="session")
def played(made_once: MadeOnce) -> tiny.PlayedRun:
    """A whole run in small, played and tested. Read it, copy it, never change it."""
    config = tiny.tiny_config()
    run = RunFolder(made_once("played", lambda path: tiny.play(config, path)))
    return tiny.PlayedRun(run, config, digest_run(run))


@pytest.fixture(scope="session")
def crossed(played: tiny.PlayedRun, made_once: MadeOnce) -> RunFolder:
    """The shared run, played against everything. Read it, copy it, never change it."""
    return RunFolder(made_once("crossed", lambda path: tiny.cross(RunFolder(Path(shutil.copytree(played.folder.path, path))))))


@pytest.fixture(scope="session")
def tried(made_once: MadeOnce) -> Stressed:
    """A whole stress test in small. Read it, copy it, never change it."""
    return read_trial(RunFolder(made_once("tried", small.stressed)))


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
