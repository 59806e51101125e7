"""`sparring stress` as its users meet it."""

import json
from pathlib import Path

import pytest
from test_commands import refused, sparring

SMALL = ("stress.training_scenes_n=2", "stress.training_attacks_n=1", "stress.forces_n=[]", "stress.wave_scenes_n=4")
HERE = ("--executor", "serial", "--set", *SMALL, "learning.adversary_epochs_n=1")
MINE = """
def detector(image, camera):
    return [(5, 5, 0, 1)]

def outside(image, camera):
    return [(image.shape[1], 5, 0, 1)]

def fails(image, camera):
    raise KeyError("weights")
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Detectors of a user."""
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_a_detector_of_a_file_is_put_under_stress_beside_the_player(mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    typed = ("stress", "--policy", f"{mine}:detector", "--against", "player", "--out", out, "--scenes", 2, *HERE)
    done = sparring(*typed)
    assert done.returncode == 0, done.stderr
    assert f"# `{mine}:detector` under stress" in done.stdout
    first, other = json.loads((out / "report.json").read_text())["detectors"]
    assert (first["detector"], first["lifted"]["successes"], first["lifted"]["n"]) == (f"{mine}:detector", 0, 2)
    assert other["detector"] == "player"
    page = (out / "report.html").read_text()
    again = sparring(*typed, "--quiet")
    assert again.returncode == 0, again.stderr
    assert (out / "report.html").read_text() == page
    mine.write_text(MINE.replace("5, 5", "6, 5"))
    refused(sparring(*typed, "--quiet"), 1, "begun with another detector, or")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("outside", 1, "outside of the picture: columns are 0..319, rows 0..239"),
        ("fails", 1, "KeyError: 'weights' (its traceback is in"),
        ("absent", 2, "has no 'absent'; there are: detector, outside, fails"),
    ],
)
def test_a_detector_that_is_wrong_ends_the_command_with_one_line(
    name: str, code: int, said: str, mine: Path, tmp_path: Path
) -> None:
    done = sparring(
        "stress",
        "--policy",
        f"{mine}:{name}",
        "--out",
        tmp_path / "out",
        "--scenes",
        1,
        "--quiet",
        "--set",
        *SMALL,
        "--workers",
        1,
    )
    refused(done, code, said)
    assert (tmp_path / "out" / "detector-error.log").exists() is (name == "fails")


def test_impossible_settings_are_refused_before_anything_is_played(mine: Path, tmp_path: Path) -> None:
    typed = ("stress", "--policy", f"{mine}:detector", "--out", tmp_path / "out")
    refused(sparring(*typed, "--scenes", 0), 2, "StressConfig.scenes_n must be positive, got 0")
    refused(
        sparring(*typed, "--set", 'stress.objects=["training"]'),
        2,
        "StressConfig.objects must be named, novel-families, held-out",
    )
    assert not (tmp_path / "out").exists()
