"""A report tells a run as far as it has come."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from sparring.config_file import to_json
from sparring.data.records import table_of
from sparring.data.store import read_shard, read_stage, write_shard
from sparring.errors import RunFolderError
from sparring.evaluation import paper
from sparring.evaluation.statistics import Rate
from sparring.game.run_folder import RunFolder
from sparring.viewing.document import Chart, Commands, Document, Gallery, Grid, Listed, Table
from sparring.viewing.plain import as_markdown
from sparring.viewing.report import report

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
TEST = "low-force, novel-families"


def told(*runs: RunFolder) -> Document:
    """The report without pictures, which take time."""
    return report(runs, pictures=False)


def text_of(*runs: RunFolder) -> str:
    """The report as Markdown."""
    return as_markdown(told(*runs))


def table(document: Document, caption: str) -> tuple[list[str], list[list[str]]]:
    """The table whose caption begins so: header and rows."""
    rows = [part.rows for part in document.parts() if isinstance(part, Table) and part.caption.startswith(caption)]
    rows += [part.as_rows() for part in document.parts() if isinstance(part, Grid) and part.caption.startswith(caption)]
    assert len(rows) == 1, caption
    return rows[0]


def chart(document: Document, name: str) -> Chart:
    """The chart of that name."""
    (found,) = [part for part in document.parts() if isinstance(part, Chart) and part.name == name]
    return found


def missing(document: Document) -> list[str]:
    """What the report says is missing."""
    return [point for part in document.parts() if isinstance(part, Listed) for point in part.points]


def test_a_report_has_a_row_for_every_player(played: tiny.PlayedRun) -> None:
    document = told(played.folder)
    assert [row[0] for row in table(document, "Success of every player")[1]] == PLAYERS
    assert table(document, "Successes of tries, family by family")[0] == ["family", *PLAYERS]


def test_every_row_of_a_table_is_as_wide_as_its_head(crossed: RunFolder) -> None:
    tables = [part.rows for part in told(crossed).parts() if isinstance(part, Table)]
    tables += [part.rows() for part in told(crossed).parts() if isinstance(part, Chart)]
    tables += [part.as_rows() for part in told(crossed).parts() if isinstance(part, Grid)]
    assert len(tables) > 10
    for header, body in tables:
        assert body
        assert {len(row) for row in body} == {len(header)}


def test_a_report_tells_rates_with_n_and_interval(played: tiny.PlayedRun) -> None:
    _, overall = table(told(played.folder), "Success of every player")
    for line, row in zip(overall, json.loads(played.folder.results_path.read_text()), strict=True):
        interval = f"{100 * row['low']:.1f} % to {100 * row['high']:.1f} %"
        assert line[1:4] == [f"{100 * row['rate']:.1f} %", interval, str(row["n"])]


def test_the_curve_says_what_the_table_says(played: tiny.PlayedRun) -> None:
    results = {row["player"]: row for row in json.loads(played.folder.results_path.read_text())}
    against, collaborative = chart(told(played.folder), "curve-low-force-novel-families").lines
    assert [point.x for point in against.points] == [name for name in PLAYERS if name != "collaborative"]
    for point in against.points:
        row = results[str(point.x)]
        assert (point.y, point.low, point.high) == (row["rate"], row["low"], row["high"])
    assert {point.y for point in collaborative.points} == {results["collaborative"]["rate"]}


def test_a_report_compares_with_the_start_and_the_collaborative_arm(played: tiny.PlayedRun) -> None:
    overall = {row[0]: row for row in table(told(played.folder), "Success of every player")[1]}
    assert overall["start"][4] == ""
    assert overall["collaborative"][5] == ""
    assert "p=" in overall["shake-2"][4]
    assert "p=" in overall["shake-2"][5]


def test_the_headline_is_the_last_player_beside_the_collaborative_one(played: tiny.PlayedRun) -> None:
    overall = {row[0]: row for row in table(told(played.folder), "Success of every player")[1]}
    headline = told(played.folder).headline
    assert f"snatch-1 lifts {overall['snatch-1'][1]}" in headline
    assert f"the collaborative player {overall['collaborative'][1]}" in headline
    assert overall["snatch-1"][5].split(",")[0] in headline


def test_a_report_tells_what_every_stage_gathered_and_every_network_learned(played: tiny.PlayedRun) -> None:
    document = told(played.folder)
    assert [row[:2] for row in table(document, "Yields")[1]] == [
        ["random", "16"],
        ["collaborative-1", "12"],
        ["collaborative-2", "12"],
        ["collaborative-3", "12"],
        ["shake-1", "8"],
        ["shake-2", "8"],
        ["snatch-1", "8"],
    ]
    assert {row[0] for row in table(document, "Every network")[1]} == {
        *PLAYERS,
        "collaborative-1",
        "collaborative-2",
        "adversary-shake-1",
        "adversary-shake-2",
        "adversary-snatch-1",
    }


def test_causes_add_up_to_all_valid_attempts(played: tiny.PlayedRun) -> None:
    _, rows = table(told(played.folder), "What became of valid attempts")
    counts = {row[0]: sum(int(cell.split("(")[1].rstrip(")")) for cell in row[1:]) for row in rows}
    for stage in ("random", "shake-1", "snatch-1"):
        records = read_stage(played.folder.stage(stage), ["invalid"])["invalid"].to_pylist()
        assert counts[stage] == records.count(False)
    results = {row["player"]: row["n"] for row in json.loads(played.folder.results_path.read_text())}
    assert {name: counts[f"test of {name}"] for name in PLAYERS} == results


def test_a_report_tells_how_far_probabilities_can_be_believed(played: tiny.PlayedRun) -> None:
    document = told(played.folder)
    held_out = {row[0]: row[4] for row in table(document, "Every network")[1] if row[4]}
    beliefs = [part for part in document.parts() if isinstance(part, Chart) and part.kind == "reliability"]
    lines = [line for part in beliefs for line in part.lines]
    assert lines
    assert {line.name for line in lines} == set(held_out)
    for line in lines:
        assert sum(int(point.told.split(" of ")[1]) for point in line.points) == int(held_out[line.name])
        assert all(0 <= point.y <= 1 for point in line.points)


def test_a_report_says_what_it_is_made_from(played: tiny.PlayedRun, crossed: RunFolder) -> None:
    (commands,) = [part.lines for part in told(crossed).parts() if isinstance(part, Commands)]
    assert f"sparring evaluate {crossed.path} --protocol low-force --objects novel-families --tries 1" in commands
    assert f"sparring crossplay {crossed.path} --protocol low-force --objects novel-families --tries 8" in commands
    assert commands[-1] == f"sparring report {crossed.path}"
    told_of = {row[1]: row[2] for row in table(told(crossed), "Provenance")[1]}
    assert told_of["config (sha256)"] == crossed.config_hash()


def test_cross_play_is_told_as_a_heat_map_of_robust_rates_and_of_what_adversaries_pick(crossed: RunFolder) -> None:
    document = told(crossed)
    (grid,) = [part for part in document.parts() if isinstance(part, Grid) and part.name.startswith("crossplay")]
    assert grid.rows == tuple(PLAYERS)
    assert grid.columns == ("lifted", "none", "random-shake", "shake-2", "random-snatch", "snatch-1", "axis-forces", "tugs")
    for shares, words in zip(grid.shares, grid.told, strict=True):
        for share, word in zip(shares, words, strict=True):
            assert (share is None) == (word == "")
            assert share is None or word.startswith(f"{100 * share:.1f} %")
    picks = [part for part in document.parts() if isinstance(part, Chart) and part.kind == "bars"]
    assert {part.lines[0].name for part in picks} == {"shake-1", "shake-2", "snatch-1"}
    for part in picks:
        assert sum(point.y for point in part.lines[0].points) == pytest.approx(1)


def test_pictures_show_confident_grasps_and_attacks(crossed: RunFolder) -> None:
    galleries = {part.name: part for part in report([crossed]).parts() if isinstance(part, Gallery)}
    confident = galleries["confident-snatch-1"].pictures
    assert 1 <= len(confident) <= 12
    believed = [float(one.caption.split("believed ")[1].split(" %")[0]) for one in confident]
    assert believed == sorted(believed, reverse=True)
    strips = [one for one in galleries["films"].pictures if one.label == "strip"]
    assert strips
    assert len([one for one in galleries["films"].pictures if one.label == "animation"]) == len(strips)
    for gallery in galleries.values():
        assert all(one.alt and one.caption for one in gallery.pictures)


def test_a_robots_attempts_are_not_played_again(copied: RunFolder) -> None:
    told_of = json.loads((copied.path / "provenance.json").read_text()) if (copied.path / "provenance.json").exists() else {}
    (copied.path / "provenance.json").write_text(json.dumps(told_of | {"cell": "a robot"}))
    document = report([copied])
    assert not [part for part in document.parts() if isinstance(part, Gallery)]
    assert "Played in the cell `a robot`" in as_markdown(document)


def test_a_run_that_was_not_tested_says_how_to_test_it(copied: RunFolder) -> None:
    shutil.rmtree(copied.path / "evaluation")
    document = told(copied)
    assert document.headline == "No player has been tested yet."
    assert any("sparring evaluate" in point for point in missing(document))


def test_a_run_cut_off_is_reported_as_far_as_it_is(copied: RunFolder) -> None:
    for name in ("shake-1", "shake-2", "snatch-1"):
        copied.player(name).unlink()
        copied.test("low-force", "novel-families", name).unlink()
        shutil.rmtree(copied.stage(name))
    document = told(copied)
    assert [row[0] for row in table(document, "Success of every player")[1]] == ["start", "collaborative"]
    stages = ["random", "collaborative-1", "collaborative-2", "collaborative-3"]
    assert [row[0] for row in table(document, "Yields")[1]] == stages
    assert any("waves of shake-2" in point for point in missing(document))
    assert any("player snatch-1" in point for point in missing(document))


def test_an_empty_run_is_reported(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "empty")
    run.begin(played.config, {})
    document = report([run])
    assert document.headline == "No player has been tested yet."
    assert len([point for point in missing(document) if "still to do" in point]) == 17
    assert as_markdown(document).count("Nothing yet.") == 3
    assert any("go on with `sparring play`" in point for point in missing(document))


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        told(RunFolder(tmp_path))


def truncated(path: Path) -> None:
    """Half of it is lost."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: dict[str, tuple[Callable[[RunFolder], Path], str, str]] = {
    "a test": (lambda run: run.test("low-force", "novel-families", "shake-1"), "shake-1", "Success of every player"),
    "a wave": (lambda run: run.stage("shake-1") / "wave-00000.parquet", "shake-1", "Yields"),
    "a player": (lambda run: run.player("start"), "", ""),
    "the metrics": (lambda run: run.metrics_path, "start", "Every network"),
    "cross-play": (
        lambda run: run.crossplay("low-force", "novel-families", "start") / "tugs.parquet",
        "",
        "",
    ),
    "the manifest": (lambda run: run.manifest_path, "", ""),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_told_and_the_rest_is_reported(crossed: RunFolder, tmp_path: Path, what: str) -> None:
    shutil.copytree(crossed.path, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    find, row, caption = DAMAGES[what]
    truncated(find(run))
    document = report([run])
    assert any(find(run).name in point for point in missing(document))
    others = {"Success of every player", "Yields", "Every network"} - {caption}
    assert all(table(document, other)[1] for other in others)
    if row:
        assert row not in [line[0] for line in table(document, caption)[1]]


@pytest.mark.parametrize(
    "summary",
    [
        {},
        {"trained_n": None},
        {"trained_n": 3},
        {"held_out": 3},
        {"trained_n": "three"},
        {"mean_strongest_belief": []},
        {"mean_strongest_belief": math.nan},
    ],
)
def test_metrics_of_any_shape_never_stop_a_report(copied: RunFolder, summary: dict[str, object]) -> None:
    copied.manifest_path.unlink()  # else the file is known to be another, and is not read at all
    with copied.metrics_path.open("a") as file:
        file.write(json.dumps({"fit": "odd", "summary": summary}) + "\n" + json.dumps({"fit": "odd", "epoch": 1}) + "\n")
    document = told(copied)
    assert table(document, "Success of every player")[1]
    strange = any(not isinstance(value, int | None) or name == "held_out" for name, value in summary.items())
    assert any("metrics.jsonl is damaged" in point for point in missing(document)) == strange


def test_a_report_changes_nothing(copied: RunFolder) -> None:
    before = {path: path.stat().st_mtime_ns for path in copied.path.rglob("*")}
    report([copied])
    assert {path: path.stat().st_mtime_ns for path in copied.path.rglob("*")} == before


def another(run: RunFolder, path: Path, **changes: object) -> RunFolder:
    """The same run as if it had been played with another config."""
    shutil.copytree(run.path, path)
    other = RunFolder(path)
    other.config_path.write_text(to_json(replace(run.config(), **changes)))
    return other


def test_runs_that_differ_in_their_seed_are_put_together(played: tiny.PlayedRun, tmp_path: Path) -> None:
    second = another(played.folder, tmp_path / "second", seed=1)
    header, rows = table(told(played.folder, second), "Success of every player")
    alone = table(told(played.folder), "Success of every player")[1]
    assert header[-1] == "every run"
    for row, single in zip(rows, alone, strict=True):
        assert row[1] == single[1]
        assert int(row[3]) == 2 * int(single[3])
        successes = round(float(row[1].split(" ")[0]) / 100 * int(row[3]))
        low, high = Rate(successes, int(row[3])).interval
        assert row[2] == f"{100 * low:.1f} % to {100 * high:.1f} %", "equal runs: nothing varies but the tries"
        assert row[-1] == f"{row[1]}, {row[1]}"
    together = table(told(played.folder, second), "Successes of tries")[1][0][1]
    single = table(told(played.folder), "Successes of tries")[1][0][1]
    assert [int(part) for part in together.split("/")] == [2 * int(part) for part in single.split("/")]


def test_other_arms_are_compared_by_what_differs(played: tiny.PlayedRun, tmp_path: Path) -> None:
    learning = replace(played.config.learning, alpha=1.0)
    second = another(played.folder, tmp_path / "second", learning=learning)
    document = told(played.folder, second)
    header, rows = table(document, "Success of every player")
    assert header[0] == "arm"
    assert list(dict.fromkeys(row[0] for row in rows)) == [f"alpha={played.config.learning.alpha}", "alpha=1.0"]
    assert len(rows) == 2 * len(PLAYERS)
    assert len(chart(document, "curve-low-force-novel-families").lines) == 4
    assert "alpha=1.0: of objects" in document.headline


def test_a_damaged_run_among_others_is_left_out_and_said(played: tiny.PlayedRun, tmp_path: Path) -> None:
    second = another(played.folder, tmp_path / "second", seed=1)
    second.config_path.write_text("{")
    document = told(played.folder, second)
    assert any("config.json" in point for point in missing(document))
    assert table(document, "Success of every player")[0][-1] == "paper"


def test_players_are_compared_within_their_own_runs_alone(played: tiny.PlayedRun, tmp_path: Path) -> None:
    """Where no run has tested both, there is nothing to compare."""
    first = another(played.folder, tmp_path / "first", seed=1)
    second = another(played.folder, tmp_path / "second", seed=2)
    first.test("low-force", "novel-families", "snatch-1").unlink()
    second.test("low-force", "novel-families", "collaborative").unlink()
    rows = {row[0]: row for row in table(told(first, second), "Success of every player")[1]}
    assert rows["snatch-1"][5] == ""
    assert rows["snatch-1"][4] != ""
    assert ", " not in rows["snatch-1"][-1]


def test_runs_of_one_folder_name_are_told_apart(played: tiny.PlayedRun, tmp_path: Path) -> None:
    first = another(played.folder, tmp_path / "a" / "run", seed=1)
    second = another(played.folder, tmp_path / "b" / "run", seed=2)
    document = told(first, second)
    assert document.title == "Runs `a/run`, `b/run`"
    names = [part.name for part in document.parts() if isinstance(part, Chart | Grid)]
    assert len(set(names)) == len(names)


def test_an_arm_is_named_also_where_it_alone_took_a_test(played: tiny.PlayedRun, tmp_path: Path) -> None:
    learning = replace(played.config.learning, alpha=1.0)
    second = another(played.folder, tmp_path / "second", learning=learning)
    named_shard(second.test("low-force", "named", "start"), dict.fromkeys(paper.TABLE_2, 3))
    header, rows = table(told(played.folder, second), "Success of every player, low-force, named")
    assert (header[0], rows[0][0]) == ("arm", "alpha=1.0")
    assert told(played.folder, second).headline.startswith("alpha=1.0: of the paper's ten")


def test_a_shard_that_is_not_as_it_was_written_counts_nowhere(copied: RunFolder) -> None:
    """It can be read, but it is another player's."""
    ours, theirs = (copied.test("low-force", "novel-families", name) for name in ("shake-1", "start"))
    ours.write_bytes(theirs.read_bytes())
    document = told(copied)
    assert "shake-1" not in [row[0] for row in table(document, "Success of every player")[1]]
    assert sum("shake-1.parquet" in point for point in missing(document)) == 1


@pytest.mark.usefixtures("without_snatches")
def test_an_adversary_that_is_not_known_here_is_told_by_name_and_number(crossed: RunFolder) -> None:
    document = report([crossed])
    assert "dislodged by an attack" in table(document, "What became of valid attempts")[0]
    picks = chart(document, "picks-snatch-1-low-force-novel-families").lines[0]
    assert all(str(point.x).startswith("action ") for point in picks.points)


def test_a_film_that_does_not_show_what_was_recorded_says_so(copied: RunFolder) -> None:
    """As on another processor: here the records are changed instead."""
    for stage in ("shake-1", "shake-2", "snatch-1"):
        for shard in sorted(copied.stage(stage).glob("*.parquet")):
            rows = read_shard(shard).to_pylist()
            write_shard(shard, table_of([row | {"end_state": [0.0] if row["end_state"] else None} for row in rows]))
    copied.manifest_path.unlink()
    document = report([copied])
    films = [part for part in document.parts() if isinstance(part, Gallery) and part.name == "films"]
    assert films
    assert all("NOT replayed as it was recorded" in picture.caption for picture in films[0].pictures)
    assert any("does not replay as it was recorded" in point for point in missing(document))


def test_the_commands_that_are_told_can_be_typed(played: tiny.PlayedRun, tmp_path: Path) -> None:
    first = another(played.folder, tmp_path / "a run", seed=1)
    second = another(played.folder, tmp_path / "another run", seed=2)
    (commands,) = [part.lines for part in told(first, second).parts() if isinstance(part, Commands)]
    assert f"sparring evaluate '{first.path}' --protocol low-force --objects novel-families --tries 1" in commands
    assert commands[-1] == f"sparring report '{first.path}' '{second.path}' --out FOLDER"


def named_shard(path: Path, lifted: dict[str, int]) -> None:
    """Ten tries an object, of which so many were lifted."""
    rows = [
        {"attempt": f"{name}/{index}", "stage": "test", "object": name, "scene_seed": index, "invalid": False}
        | {"column_px": 1.0, "row_px": 1.0, "angle": 0, "sensed": True, "lifted": index < lifted[name]}
        for name in paper.TABLE_2
        for index in range(10)
    ]
    write_shard(path, table_of(rows))


def test_tables_one_and_two_stand_side_by_side_as_the_papers(copied: RunFolder) -> None:
    """With the paper's own successes as ours, ours and the paper's columns are the same."""
    ours = {"collaborative": 0, "shake-2": 1, "snatch-1": 2}
    for player, column in ours.items():
        named_shard(copied.test("high-force", "named", player), {name: row[column] for name, row in paper.TABLE_2.items()})
        assert "side by side" not in text_of(copied), "not before both protocols are there"
    for index, player in enumerate(ours):
        named_shard(copied.test("low-force", "named", player), dict.fromkeys(paper.TABLE_2, index))
    header, rows = table(told(copied), "Successes of tries, beside the paper's")
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
    headings = [line for line in text_of(copied).splitlines() if line.startswith("## Test")]
    assert headings == [
        "## Test: low-force, named objects (table I)",
        "## Test: low-force, novel-families objects",
        "## Test: high-force, named objects (table II)",
    ]


def test_the_papers_table_adds_up_to_its_overall_rates() -> None:
    totals = [sum(row[column] for row in paper.TABLE_2.values()) for column in range(3)]
    assert totals == list(paper.HIGH_FORCE.values()) == [68, 80, 82]
