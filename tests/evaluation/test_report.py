"""A report tells a run as far as it has come."""

import json
import re
import shutil
from pathlib import Path

import tiny

from sparring.data.records import table_of
from sparring.data.store import write_shard
from sparring.evaluation import paper
from sparring.evaluation.report import report
from sparring.game.run_folder import RunFolder

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]


def tables_of(text: str) -> list[list[list[str]]]:
    """Cells of every Markdown table."""
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    return [[[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()] for block in blocks]


def test_a_report_has_a_row_for_every_player(played: tiny.PlayedRun) -> None:
    overall, by_family, *_ = tables_of(report(played.folder))
    assert [row[0] for row in overall[2:]] == PLAYERS
    assert by_family[0] == ["family", *PLAYERS]


def test_every_row_of_a_table_is_as_wide_as_its_head(played: tiny.PlayedRun) -> None:
    tables = tables_of(report(played.folder))
    assert len(tables) == 5
    for table in tables:
        assert {len(row) for row in table} == {len(table[0])}


def test_a_report_tells_rates_with_n_and_interval(played: tiny.PlayedRun) -> None:
    overall = tables_of(report(played.folder))[0]
    for line, row in zip(overall[2:], json.loads(played.folder.results_path.read_text()), strict=True):
        interval = f"{100 * row['low']:.1f} % to {100 * row['high']:.1f} %"
        assert line[1:4] == [f"{100 * row['rate']:.1f} %", interval, str(row["n"])]


def test_a_report_compares_with_the_start_and_the_collaborative_arm(played: tiny.PlayedRun) -> None:
    overall = {row[0]: row for row in tables_of(report(played.folder))[0][2:]}
    assert overall["start"][4] == ""
    assert overall["collaborative"][5] == ""
    assert "p=" in overall["shake-2"][4]
    assert "p=" in overall["shake-2"][5]


def test_a_report_tells_what_every_stage_gathered_and_every_network_learned(played: tiny.PlayedRun) -> None:
    _, _, gathered, learned, _ = tables_of(report(played.folder))
    assert [row[:2] for row in gathered[2:]] == [
        ["random", "16"],
        ["collaborative-1", "12"],
        ["collaborative-2", "12"],
        ["collaborative-3", "12"],
        ["shake-1", "8"],
        ["shake-2", "8"],
        ["snatch-1", "8"],
    ]
    assert {row[0] for row in learned[2:]} == {
        *PLAYERS,
        "collaborative-1",
        "collaborative-2",
        "adversary-shake-1",
        "adversary-shake-2",
        "adversary-snatch-1",
    }


def test_a_report_tells_how_far_probabilities_can_be_believed(played: tiny.PlayedRun) -> None:
    *_, learned, reliable = tables_of(report(played.folder))
    held_out = {row[0]: row[4] for row in learned[2:] if row[4]}
    assert held_out
    for row in reliable[2:]:
        cells = [re.fullmatch(r"(\d+\.\d) % \((\d+)\)", cell) for cell in row[1:] if cell]
        assert None not in cells
        assert sum(int(cell[2]) for cell in cells if cell) == int(held_out[row[0]])


def test_a_run_that_was_not_tested_says_how_to_test_it(copied: RunFolder) -> None:
    shutil.rmtree(copied.path / "evaluation")
    assert "sparring evaluate" in report(copied)


def test_a_run_cut_off_is_reported_as_far_as_it_is(copied: RunFolder) -> None:
    for name in ("shake-1", "shake-2", "snatch-1"):
        copied.player(name).unlink()
        copied.test("low-force", "novel-families", name).unlink()
        shutil.rmtree(copied.stage(name))
    overall, _, gathered, *_ = tables_of(report(copied))
    assert [row[0] for row in overall[2:]] == ["start", "collaborative"]
    assert [row[0] for row in gathered[2:]] == ["random", "collaborative-1", "collaborative-2", "collaborative-3"]


def test_an_empty_run_is_reported(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "empty")
    run.begin(played.config, {})
    text = report(run)
    assert "No player has been tested yet" in text
    assert text.count("Nothing yet.") == 2


def test_a_report_changes_nothing(copied: RunFolder) -> None:
    before = {path: path.stat().st_mtime_ns for path in copied.path.rglob("*")}
    report(copied)
    assert {path: path.stat().st_mtime_ns for path in copied.path.rglob("*")} == before


def named_shard(path: Path, lifted: dict[str, int]) -> None:
    """Ten tries an object, of which so many were lifted."""
    rows = [
        {"object": name, "scene_seed": index, "lifted": index < lifted[name], "invalid": False}
        for name in paper.TABLE_2
        for index in range(10)
    ]
    write_shard(path, table_of(rows))


def test_tables_one_and_two_stand_side_by_side_as_the_papers(copied: RunFolder) -> None:
    """With the paper's own successes as ours, ours and the paper's columns are the same."""
    ours = {"collaborative": 0, "shake-2": 1, "snatch-1": 2}
    for player, column in ours.items():
        named_shard(copied.test("high-force", "named", player), {name: row[column] for name, row in paper.TABLE_2.items()})
        assert "side by side" not in report(copied), "not before both protocols are there"
    for index, player in enumerate(ours):
        named_shard(copied.test("low-force", "named", player), dict.fromkeys(paper.TABLE_2, index))
    section = report(copied).split("side by side")[1].split("##")[0]
    header, _, *rows = tables_of(section)[0]
    conditions = ["without adversary", "with shake", "with snatch"]
    assert header[1:] == [f"{place}, {told}" for place in ("low-force", "high-force", "paper, high-force") for told in conditions]
    assert [row[0] for row in rows] == [*paper.TABLE_2, "overall"]
    for row in rows[:-1]:
        assert row[1:4] == ["0/10", "1/10", "2/10"]
        assert row[4:7] == row[7:10] == [f"{successes}/10" for successes in paper.TABLE_2[row[0]]]
    assert rows[-1][1:] == ["0.0 %", "10.0 %", "20.0 %", "68.0 %", "80.0 %", "82.0 %", "68 %", "80 %", "82 %"]


def test_low_force_comes_first_and_is_called_table_one(copied: RunFolder) -> None:
    for protocol in ("high-force", "low-force"):
        named_shard(copied.test(protocol, "named", "start"), dict.fromkeys(paper.TABLE_2, 3))
    headings = [line for line in report(copied).splitlines() if line.startswith("## Test")]
    assert headings == [
        "## Test: low-force, named objects (table I)",
        "## Test: low-force, novel-families objects",
        "## Test: high-force, named objects (table II)",
    ]


def test_the_papers_table_adds_up_to_its_overall_rates() -> None:
    totals = [sum(row[column] for row in paper.TABLE_2.values()) for column in range(3)]
    assert totals == list(paper.HIGH_FORCE.values()) == [68, 80, 82]
