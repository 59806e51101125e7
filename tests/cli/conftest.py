"""The command in this process, for commands that end before any work."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from sparring.cli.main import main

Here = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs the command in this process, which is quicker; for commands that end before any work."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        words = list(map(str, arguments))
        monkeypatch.setattr(sys, "argv", ["sparring", *words])
        code: object = 0
        try:
            main()
        except SystemExit as left:
            code = left.code
        told = capsys.readouterr()
        assert isinstance(code, int)
        return subprocess.CompletedProcess(words, code, told.out, told.err)

    return run
