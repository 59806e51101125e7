"""The test: the same scenes for all, greedy, under the protocol's grip, and its results in one list."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from sparring.config import HIGH_FORCE, LOW_FORCE
from sparring.data.store import read_shard, write_shard
from sparring.errors import RunFolderError
from sparring.evaluation import evaluate as evaluation
from sparring.evaluation.evaluate import all_results, evaluate, trained_players
from sparring.evaluation.protocol import Test, lifted_in, paired
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import simulated_cells
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.world.objects.catalogue import names_in

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
KEYS = ["player", "protocol", "objects", "n", "successes", "rate", "low", "high"]
NOVEL = Test("low-force", "novel-families", 1)


def results_of(run: RunFolder, test: Test) -> list[dict]:  # type: ignore[type-arg]
    """Tests a run's players."""
    with open_farm(FarmConfig("serial")) as executor:
        return evaluate(run, [test], open_cell=simulated_cells(executor), compute=tiny.cpu(run.config()), progress=Silent())


def shard_of(played: tiny.PlayedRun, player: str) -> list[dict]:  # type: ignore[type-arg]
    """A player's tries."""
    return read_shard(played.folder.test("low-force", "novel-families", player)).to_pylist()


def test_every_player_meets_the_same_scenes(played: tiny.PlayedRun) -> None:
    scenes = [[(row["object"], row["scene_seed"], row["noise_seed"]) for row in shard_of(played, name)] for name in PLAYERS]
    assert len(scenes[0]) == 3
    assert all(other == scenes[0] for other in scenes)


def test_test_scenes_are_the_same_for_every_run(played: tiny.PlayedRun) -> None:
    other = replace(played.config, seed=99, learning=replace(played.config.learning, alpha=0.7))
    assert NOVEL.specs(other) == NOVEL.specs(played.config)


def test_a_longer_test_begins_with_the_shorter_one(played: tiny.PlayedRun) -> None:
    short, long = (Test("low-force", "named", n).specs(played.config) for n in (2, 5))
    assert set(short) < set(long)
    assert len(long) == 50
    assert len({spec.seed for spec in long}) == 50


def test_no_player_trains_on_what_it_is_tested_on(played: tiny.PlayedRun) -> None:
    trained = set(names_in("training", played.config.world.objects))
    for objects in ("named", "novel-families", "held-out"):
        assert trained.isdisjoint(spec.object_name for spec in Test("low-force", objects, 1).specs(played.config))


def test_a_protocol_decides_grip_and_patches_and_nothing_else(played: tiny.PlayedRun) -> None:
    for name, protocol in (("low-force", LOW_FORCE), ("high-force", HIGH_FORCE)):
        config = Test(name, "named", 1).config(played.config)
        grip = protocol.grip or played.config.world.grip
        assert (config.world.grip, config.match.patches_n) == (grip, protocol.patches_n)
        world = replace(config.world, grip=played.config.world.grip)
        match = replace(config.match, patches_n=played.config.match.patches_n)
        assert replace(config, world=world, match=match) == played.config


def test_results_have_exactly_the_agreed_keys(played: tiny.PlayedRun) -> None:
    rows = json.loads(played.folder.results_path.read_text())
    assert [row["player"] for row in rows] == PLAYERS
    assert all(list(row) == KEYS for row in rows)
    assert {(row["protocol"], row["objects"]) for row in rows} == {("low-force", "novel-families")}


def test_results_count_the_valid_tries(played: tiny.PlayedRun) -> None:
    for row in json.loads(played.folder.results_path.read_text()):
        valid = [tried for tried in shard_of(played, row["player"]) if not tried["invalid"]]
        assert row["n"] == len(valid)
        assert row["successes"] == sum(tried["lifted"] for tried in valid)
        assert 0 <= row["low"] <= row["rate"] <= row["high"] <= 1


def test_testing_again_changes_nothing(copied: RunFolder) -> None:
    before, rows = copied.results_path.read_text(), json.loads(copied.results_path.read_text())
    assert results_of(copied, NOVEL) == rows
    assert copied.results_path.read_text() == before


def test_a_lost_test_is_made_again_as_it_was(copied: RunFolder) -> None:
    rows = json.loads(copied.results_path.read_text())
    copied.test("low-force", "novel-families", "shake-1").unlink()
    assert results_of(copied, NOVEL) == rows


def test_another_test_is_added_beside_the_first(copied: RunFolder) -> None:
    rows = results_of(copied, Test("low-force", "held-out", 1))
    assert {(row["protocol"], row["objects"]) for row in rows} == {("low-force", "novel-families"), ("low-force", "held-out")}
    assert all(list(row) == KEYS for row in rows)


def test_more_tries_take_the_place_of_fewer(copied: RunFolder) -> None:
    rows = results_of(copied, replace(NOVEL, tries_n=2))
    assert all(row["n"] <= 6 for row in rows)
    assert len(read_shard(copied.test("low-force", "novel-families", "start"))) == 6


def test_an_unfinished_run_is_tested_as_far_as_it_is(copied: RunFolder) -> None:
    shutil.rmtree(copied.path / "evaluation")
    for name in ("shake-1", "shake-2", "snatch-1"):
        copied.player(name).unlink()
    assert [row["player"] for row in results_of(copied, NOVEL)] == ["start", "collaborative"]


def test_a_run_without_players_says_to_go_on(played: tiny.PlayedRun, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "empty")
    run.begin(played.config, {})
    with pytest.raises(RunFolderError, match=r"no trained player yet.*sparring play"):
        trained_players(run, played.config)
    assert all_results(run, played.config) == []


def test_an_invalid_try_counts_for_nobody(copied: RunFolder) -> None:
    path = copied.test("low-force", "novel-families", "start")
    table = read_shard(path)
    index = table.schema.get_field_index("invalid")
    invalid = table.set_column(index, table.schema.field("invalid"), [[True, *table["invalid"].to_pylist()[1:]]])
    write_shard(path, invalid)
    assert len(lifted_in(path)) == len(table) - 1
    row = next(row for row in all_results(copied, copied.config()) if row["player"] == "start")
    assert row["n"] == len(table) - 1


def test_players_are_compared_on_scenes_that_both_tried() -> None:
    first = {("bar", 1): True, ("bar", 2): False, ("mug", 3): True}
    second = {("mug", 3): False, ("bar", 2): True, ("pan", 4): True}
    ours, theirs = paired(first, second)
    assert (ours.tolist(), theirs.tolist()) == ([False, True], [True, False])


def test_the_config_names_its_tests(played: tiny.PlayedRun) -> None:
    assert evaluation.tests_of(played.config) == [NOVEL]
