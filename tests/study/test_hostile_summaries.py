"""Summaries that are damaged, foreign or impossible are refused in one line that says what is wrong."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from study_summaries import arm, gathered, learned, played, trial

from sparring.errors import DataError
from sparring.study.summary import Gained, Summary, read_summary, write_summary

WHOLE = arm("base", played(1, trial("start", ["10x", "111"]), gained=gathered("base", 1), fitted=learned("base", 1)))


def written(folder: Path, summary: Summary = WHOLE) -> Path:
    path = folder / "base.json"
    write_summary(path, summary)
    return path


def altered(folder: Path, *path: str | int, value: object) -> Path:
    """A summary with one value of its JSON replaced."""
    tree: Any = json.loads(written(folder).read_text())
    at = tree
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    written(folder).write_text(json.dumps(tree))
    return folder / "base.json"


def refused(path: Path, *, match: str) -> None:
    with pytest.raises(DataError, match=match) as caught:
        read_summary(path)
    assert "\n" not in str(caught.value)
    assert "base.json" in str(caught.value)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read_summary(written(tmp_path)) == WHOLE


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe{}", b'{"format": 2}', b"[" * 100_000, b'"base"'])
def test_what_is_no_summary_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    path.write_bytes(content)
    refused(path, match=r"no summary|could not read")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "base.json", match="could not read")


RUN = ("runs", 0)
TEST = (*RUN, "tested", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*TEST, "outcomes", "object-0"), "1y0"),
        ((*TEST, "outcomes", "object-0"), "10"),
        ((*TEST, "outcomes", "object-0"), ["1", "0", "x"]),
        ((*TEST, "outcomes"), ["10x"]),
        ((*TEST, "player"), 7),
        ((*TEST, "player"), "start\n# Heading"),
        ((*RUN, "seed"), "1"),
        ((*RUN, "seed"), 1.5),
        ((*RUN, "digest"), None),
        ((*RUN, "processor"), "\x1b[31m"),
        ((*RUN, "gained", 0, "lifted_n"), 10**400),
        ((*RUN, "gained", 0, "lifted_n"), -1),
        ((*RUN, "gained", 0, "grasps_n"), 10**12),
        ((*RUN, "gained", 0, "dislodged_n"), 5),
        ((*RUN, "fitted", 0, "train_accuracy"), 1e308),
        ((*RUN, "fitted", 0, "trained_n"), 10**400),
        ((*RUN, "fitted", 0, "trained_n"), -5),
        ((*RUN, "fitted", 0, "positives_n"), 10_000),
        ((*RUN, "fitted", 0, "epochs_n"), -1),
        ((*RUN, "fitted", 0, "train_accuracy"), float("nan")),
        ((*RUN, "fitted", 0, "held_out_auc"), float("inf")),
        ((*RUN, "fitted", 0, "mean_strongest_belief"), -0.1),
        (("runs",), {}),
        (("settings",), {"a": 1}),
        (("unknown",), 1),
    ],
    ids=str,
)
def test_an_impossible_value_is_refused(path: tuple[str | int, ...], value: object, tmp_path: Path) -> None:
    refused(altered(tmp_path, *path, value=value), match="is damaged")


def test_a_name_comes_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace('"object-1": "111"', '"object-0": "111"'))
    refused(path, match="'object-0' is there twice")


@pytest.mark.parametrize("key", ["preset", "arm", "settings", "runs"])
def test_a_missing_key_is_refused(key: str, tmp_path: Path) -> None:
    tree = json.loads(written(tmp_path).read_text())
    del tree[key]
    written(tmp_path).write_text(json.dumps(tree))
    refused(tmp_path / "base.json", match="is damaged")


def never_written(folder: Path, summary: Summary, *, match: str) -> None:
    """What could not be read again is refused when it is to be written, and when somebody else has written it."""
    with pytest.raises(DataError, match=f"cannot be written: .*{match}"):
        written(folder, summary)
    assert not list(folder.iterdir())
    (folder / "base.json").write_text(json.dumps(asdict(summary)))
    refused(folder / "base.json", match=f"is damaged: .*{match}")


@pytest.mark.parametrize("seeds", [(1, 1), (2, 1)])
def test_seeds_come_once_and_in_order(seeds: tuple[int, ...], tmp_path: Path) -> None:
    never_written(tmp_path, arm("base", *map(played, seeds)), match=r"found seeds \[")


@pytest.mark.parametrize("seed", [-3, 20_261_123_000])
def test_seeds_are_no_wild_numbers(seed: int, tmp_path: Path) -> None:
    never_written(tmp_path, arm("base", played(seed)), match="seeds are from 0 to")


def test_everything_comes_once(tmp_path: Path) -> None:
    twice = played(1, trial("start", ["1"]), trial("start", ["0"]))
    never_written(tmp_path, arm("base", twice), match="start low-force named is there twice")
    for number, (name, twice) in enumerate(
        {
            "stage random": played(1, gained=gathered("base", 1)[:1] * 2),
            "fit start": played(1, fitted=learned("base", 1)[:1] * 2),
        }.items()
    ):
        (tmp_path / str(number)).mkdir()
        never_written(tmp_path / str(number), arm("base", twice), match=f"{name} is there twice")


@pytest.mark.parametrize(
    ("name", "n"),
    [("sensed_n", 11), ("lifted_n", 6), ("attacked_n", 6), ("attacks_n", 3), ("dislodged_n", 5), ("fell_before_n", 2)],
)
def test_a_part_is_never_more_than_its_whole(name: str, n: int, tmp_path: Path) -> None:
    fine = Gained(
        "shake-1", grasps_n=10, invalid_n=1, sensed_n=5, lifted_n=4, fell_before_n=1, attacked_n=4, attacks_n=4, dislodged_n=2
    )
    read_summary(written(tmp_path, arm("base", played(1, gained=[fine]))))
    (tmp_path / "base.json").unlink()
    never_written(tmp_path, arm("base", played(1, gained=[replace(fine, **{name: n})])), match="more than its whole")
