"""Cross-play: every protagonist meets every attack, on the very grasps that it is tested with."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from sparring.config_file import hash_of
from sparring.data.store import digest_of, read_shard
from sparring.errors import CheckpointError, RunFolderError
from sparring.evaluation import crossplay as module
from sparring.evaluation.crossplay import crossplay
from sparring.evaluation.crossplay_tables import crossplay_rows, crossplay_sections, crossplayed
from sparring.evaluation.evaluate import evaluate
from sparring.evaluation.protocol import Test, lifted_in
from sparring.evaluation.report import report
from sparring.farm.executors import executor_named
from sparring.game.digest import digest_run
from sparring.game.match import adversary_name
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
SHARED = ["none", "random-shake", "shake-2", "random-snatch", "snatch-1", "axis-forces", "tugs"]
FEW = Test("low-force", "novel-families", 8)


def play(*runs: RunFolder, executor: str = "serial", workers_n: int | None = None) -> None:
    """Plays runs against each other."""
    with executor_named(executor, workers_n) as workforce:
        crossplay(runs, FEW, executor=workforce, compute=tiny.cpu(runs[0].config()), progress=Silent())


def copy_of(run: RunFolder, path: Path) -> RunFolder:
    """A copy that may be changed."""
    shutil.copytree(run.path, path)
    return RunFolder(path)


@pytest.fixture(scope="module")
def crossed(played: tiny.PlayedRun, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The shared run, played against everything."""
    run = copy_of(played.folder, tmp_path_factory.mktemp("crossed") / "run")
    play(run)
    return run


def rows_of(run: RunFolder, player: str) -> list[dict]:  # type: ignore[type-arg]
    """Records of a protagonist's cross-play."""
    return read_shard(run.crossplay("low-force", "novel-families", player)).to_pylist()


def test_every_protagonist_meets_every_attack(crossed: RunFolder) -> None:
    played = crossplayed([crossed], "low-force", "novel-families")
    assert list(played) == PLAYERS
    assert sum(sum(one.lifted.values()) for one in played.values()) >= 5
    for name, one in played.items():
        assert len(one.lifted) == 24
        held = {scene for scene, lifted in one.lifted.items() if lifted}
        if held and name != "start":
            assert list(one.dislodged) == SHARED
        assert all(set(fell) == held for fell in one.dislodged.values())


def test_the_frozen_protagonist_meets_the_adversaries_of_all_iterations(crossed: RunFolder) -> None:
    attackers = {row["adversary"] for row in rows_of(crossed, "start")} - {None}
    assert attackers == {*SHARED, "shake-1"}


def test_cross_play_lifts_what_the_test_lifts(crossed: RunFolder) -> None:
    tested = copy_of(crossed, crossed.path.parent / "tested")
    with executor_named("serial") as executor:
        evaluate(tested, [FEW], executor=executor, compute=tiny.cpu(tested.config()), progress=Silent())
    for name in PLAYERS:
        lifted = {(row["object"], row["scene_seed"]): row["lifted"] for row in rows_of(crossed, name) if row["adversary"] is None}
        assert lifted == lifted_in(tested.test("low-force", "novel-families", name))


def test_waiting_dislodges_hardly_anything(crossed: RunFolder) -> None:
    played = crossplayed([crossed], "low-force", "novel-families").values()
    fell = [fallen for one in played for fallen in one.dislodged.get("none", {}).values()]
    attacked = [fallen for one in played for name in SHARED[1:] for fallen in one.dislodged.get(name, {}).values()]
    assert sum(fell) <= 0.2 * len(fell)
    assert sum(attacked) / len(attacked) > sum(fell) / len(fell)


def test_robust_rates_are_survived_of_lifted(crossed: RunFolder) -> None:
    for row in crossplay_rows(crossed, "low-force", "novel-families"):
        records = [one for one in rows_of(crossed, row["player"]) if one["adversary"] == row["attacker"] and not one["invalid"]]
        assert row["lifted"] == len(records)
        assert row["survived"] == sum(not one["dislodged"] for one in records)
        assert row["low"] <= row["robust_rate"] <= row["high"]
        assert row["tries"] == 24


def test_learned_attacks_are_chosen_and_random_ones_drawn(crossed: RunFolder) -> None:
    records = [row for name in PLAYERS for row in rows_of(crossed, name) if row["adversary"]]
    for row in records:
        learned = row["adversary"] in ("shake-1", "shake-2", "snatch-1")
        pushed = row["adversary"] in ("none", "axis-forces", "tugs")
        assert (row["action"] is None) == pushed
        assert (row["action_probability"] is not None) == learned
        assert row["lifted"]
    assert len({row["attempt"] for row in records}) == len(records)


def test_cross_play_is_the_same_on_workers_and_goes_on_where_it_was_cut_off(crossed: RunFolder, tmp_path: Path) -> None:
    again = copy_of(crossed, tmp_path / "again")
    kept, lost = (again.crossplay("low-force", "novel-families", name) for name in ("start", "shake-1"))
    before = kept.stat().st_mtime_ns
    lost.unlink()
    play(again, executor="process", workers_n=2)
    assert kept.stat().st_mtime_ns == before
    for name in PLAYERS:
        shards = [read_shard(run.crossplay("low-force", "novel-families", name)) for run in (crossed, again)]
        assert digest_of(shards[0]) == digest_of(shards[1])
    assert digest_run(again) == digest_run(crossed)


def test_a_digest_covers_cross_play(played: tiny.PlayedRun, crossed: RunFolder) -> None:
    assert digest_run(crossed) != played.digest


def test_an_adversary_that_met_no_attack_is_no_learned_one(crossed: RunFolder) -> None:
    opponent = module.Opponent(crossed, crossed.config())
    assert opponent.iterations("shake") == ["shake-1", "shake-2"]
    assert opponent.iterations("mixed") == []


def test_several_runs_meet_each_others_adversaries(crossed: RunFolder, tmp_path: Path) -> None:
    ours = copy_of(crossed, tmp_path / "ours")
    theirs = tiny.play(tiny.tiny_config(seed=1), tmp_path / "theirs").folder
    for name in PLAYERS[1:]:
        for run in (ours, theirs):
            run.player(name).unlink()
    play(ours, theirs)
    of = hash_of(theirs.config())
    attackers = {row["adversary"] for row in rows_of(ours, "start")}
    assert {f"shake-2 of {of}", f"snatch-1 of {of}"} <= attackers
    both = crossplayed([ours, theirs], "low-force", "novel-families")["start"]
    assert len(both.lifted) == 48
    assert "shake-2 of other runs" in both.dislodged
    assert len(both.dislodged["shake-2 of other runs"]) == len(both.dislodged["shake-2"])
    assert "shake-2 of other runs" in "\n".join(crossplay_sections([ours, theirs]))


def test_the_report_tells_the_matrix_and_whether_the_adversary_learns(crossed: RunFolder) -> None:
    text = report(crossed)
    assert "## Cross-play: low-force, novel-families objects" in text
    assert "### Is the adversary learning?" in text
    assert f"| protagonist | lifted | {' | '.join(SHARED)} |" in text
    tables = [[line.count("|") for line in block.splitlines()] for block in text.split("\n\n") if block.startswith("|")]
    assert all(len(set(bars)) == 1 for bars in tables)


def test_a_run_without_players_cannot_be_crossed(crossed: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "empty")
    run.begin(crossed.config(), {})
    with pytest.raises(RunFolderError, match="no trained player"):
        play(run)
    assert crossplay_sections([run]) == []


def test_an_adversary_of_another_menu_is_refused(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run")
    shutil.copy(run.player(adversary_name("snatch-1")), run.player(adversary_name("shake-2")))
    with pytest.raises(CheckpointError, match="36 actions; shake has 15"):
        play(RunFolder(run.path))
    shutil.rmtree(run.path / "crossplay")
    with pytest.raises(CheckpointError, match="36 actions; shake has 15"):
        play(run)


def test_more_tries_are_played_anew(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run")
    for name in PLAYERS[1:]:
        run.player(name).unlink()
    more = replace(FEW, tries_n=9)
    with executor_named("serial") as executor:
        crossplay([run], more, executor=executor, compute=tiny.cpu(run.config()), progress=Silent())
    assert sum(row["adversary"] is None for row in rows_of(run, "start")) == 27
