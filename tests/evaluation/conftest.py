"""A run that tests may change."""

import shutil
from pathlib import Path

import pytest
import tiny

from sparring.game.run_folder import RunFolder


@pytest.fixture
def copied(played: tiny.PlayedRun, tmp_path: Path) -> RunFolder:
    """A copy of the shared run that may be changed."""
    shutil.copytree(played.folder.path, tmp_path / "copied")
    return RunFolder(tmp_path / "copied")
