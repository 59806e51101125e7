"""Cross-play: every protagonist meets every attack, on the very grasps that it is tested with."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from sparring.config import BoutConfig
from sparring.config_file import hash_of, to_json
from sparring.data.records import table_of
from sparring.data.store import digest_of, read_shard, write_shard
from sparring.errors import CheckpointError, ConfigError, RunFolderError
from sparring.evaluation.arms import arms_of
from sparring.evaluation.evaluate import evaluate
from sparring.evaluation.protocol import Test, lifted_in
from sparring.evaluation.reading import Strictly
from sparring.evaluation.robustness import crossplay_rows, crossplayed
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import simulated_cells
from sparring.game.digest import digest_run
from sparring.game.plan import adversary_name
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.players.checkpoint import load_player, save_player
from sparring.viewing.plain import as_lines, as_markdown
from sparring.viewing.report import report
from sparring.viewing.robust import crossplay_sections

PLAYERS = ["start", "collaborative", "shake-1", "shake-2", "snatch-1"]
SHARED = ["none", "random-shake", "shake-2", "random-snatch", "snatch-1", "axis-forces", "tugs"]


def copy_of(run: RunFolder, path: Path, *, only_start: bool = False) -> RunFolder:
    """A copy that may be changed."""
    shutil.copytree(run.path, path)
    if only_start:
        shutil.rmtree(path / "crossplay")
        for name in PLAYERS[1:]:
            RunFolder(path).player(name).unlink()
    return RunFolder(path)


def folder_of(run: RunFolder, player: str) -> Path:
    """Where a protagonist's cross-play lies."""
    return run.crossplay("low-force", "novel-families", player)


def rows_of(run: RunFolder, player: str) -> list[dict]:  # type: ignore[type-arg]
    """Records of a protagonist's cross-play."""
    return [row for shard in sorted(folder_of(run, player).glob("*.parquet")) for row in read_shard(shard).to_pylist()]


def told(*runs: RunFolder) -> str:
    """The tables."""
    return "\n".join(as_lines(section) for section in crossplay_sections(arms_of(runs), Strictly()))


def test_every_protagonist_meets_every_attack(crossed: RunFolder) -> None:
    played = crossplayed([crossed], "low-force", "novel-families")
    assert list(played) == PLAYERS
    assert sum(sum(one.lifted.values()) for one in played.values()) >= 5
    for name, one in played.items():
        assert len(one.lifted) == 24
        held = {scene for scene, lifted in one.lifted.items() if lifted}
        assert all(set(fell) == held for fell in one.dislodged.values())
        shards = {path.stem for path in folder_of(crossed, name).iterdir()}
        assert shards == {*SHARED, "tries"} | ({"shake-1"} if name == "start" else set()), "the frozen one meets all iterations"


def test_cross_play_lifts_what_the_test_lifts(crossed: RunFolder, tmp_path: Path) -> None:
    tested = copy_of(crossed, tmp_path / "tested")
    test = Test("low-force", "novel-families", tiny.CROSSED_TRIES_N)
    with open_farm(FarmConfig("serial")) as executor:
        evaluate(tested, [test], open_cell=simulated_cells(executor), compute=tiny.cpu(tested.config()), progress=Silent())
    for name in PLAYERS:
        lifted = {(row["object"], row["scene_seed"]): row["lifted"] for row in rows_of(crossed, name) if row["adversary"] is None}
        assert lifted == lifted_in(tested.test("low-force", "novel-families", name))


def test_waiting_dislodges_less_than_attacks(crossed: RunFolder) -> None:
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
        assert (row["replay_state"] is not None) == row["invalid"] == (row["end_state"] is None)
        assert row["lifted"]
    assert len({row["attempt"] for row in records}) == len(records)


def test_cross_play_is_the_same_on_workers_and_goes_on_where_it_was_cut_off(crossed: RunFolder, tmp_path: Path) -> None:
    again = copy_of(crossed, tmp_path / "again")
    shutil.rmtree(folder_of(again, "shake-1"))
    (folder_of(again, "start") / "tugs.parquet").unlink()
    before = {path: path.stat().st_mtime_ns for path in folder_of(again, "start").iterdir()}
    tiny.cross(again, executor="process", workers_n=2)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    for path in crossed.path.glob("crossplay/*/*/*/*.parquet"):
        other = again.path / path.relative_to(crossed.path)
        assert digest_of(read_shard(path)) == digest_of(read_shard(other)), path
    assert digest_run(again) == digest_run(crossed)


def test_what_has_been_played_is_not_played_again(crossed: RunFolder) -> None:
    before = {path: path.stat().st_mtime_ns for path in crossed.path.rglob("*")}
    tiny.cross(crossed)
    tiny.cross(crossed, tries_n=3)
    assert {path: path.stat().st_mtime_ns for path in crossed.path.rglob("*")} == before


def test_a_digest_covers_cross_play_within_the_run_alone(played: tiny.PlayedRun, crossed: RunFolder, tmp_path: Path) -> None:
    assert digest_run(crossed) != played.digest
    run = copy_of(crossed, tmp_path / "run")
    shutil.copy(folder_of(run, "start") / "shake-1.parquet", folder_of(run, "start") / "shake-1 of another.parquet")
    assert digest_run(run) == digest_run(crossed)


def test_an_attack_does_not_depend_on_what_else_was_tried(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run", only_start=True)
    tiny.cross(run, tries_n=3)
    whole = {row["attempt"]: (row["action"], row["dislodged"]) for row in rows_of(crossed, "start")}
    some = {row["attempt"]: (row["action"], row["dislodged"]) for row in rows_of(run, "start")}
    assert len(some) < len(whole)
    assert some.items() <= whole.items()


def test_adversaries_that_have_learned_take_part(crossed: RunFolder) -> None:
    (entrant,) = tiny.taking_part(crossed, tries_n=None)
    learned = {kind: [one.name for one in found] for kind, found in entrant.adversaries.items()}
    assert learned == {"shake": ["shake-1", "shake-2"], "snatch": ["snatch-1"]}
    assert entrant.test.tries_n == crossed.config().test.tries_n


def test_an_adversary_that_met_no_attack_is_no_learned_one(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run")
    path = run.player(adversary_name("snatch-1"))
    network, card = load_player(path)
    save_player(path, network, replace(card, trained_n=0))
    assert tiny.taking_part(run)[0].adversaries["snatch"] == []


def test_several_runs_meet_each_others_adversaries(crossed: RunFolder, tmp_path: Path) -> None:
    ours = copy_of(crossed, tmp_path / "ours")
    theirs = tiny.play(tiny.tiny_config(seed=1), tmp_path / "theirs").folder
    digest = digest_run(ours)
    tiny.cross(ours, theirs, tries_n=3)
    of = hash_of(theirs.config())
    assert {f"shake-2 of {of}", f"snatch-1 of {of}"} <= {row["adversary"] for row in rows_of(ours, "start")}
    both = crossplayed([ours, theirs], "low-force", "novel-families")["start"]
    assert len(both.lifted) == 24 + 9
    assert both.dislodged["shake-2 of other runs"]
    assert "shake-2 of other runs" in told(ours, theirs)
    assert "intervals are too narrow" in told(ours, theirs)
    assert digest_run(ours) == digest, "what it does against others is no part of a run"


def test_arms_are_told_apart(crossed: RunFolder, tmp_path: Path) -> None:
    config = crossed.config()
    theirs = copy_of(crossed, tmp_path / "theirs")
    theirs.config_path.write_text(to_json(replace(config, learning=replace(config.learning, alpha=0.9))))
    text = told(crossed, theirs)
    assert text.count("## Cross-play") == 2
    assert "alpha=0.9" in text
    assert f"alpha={config.learning.alpha}" in text
    assert "too narrow" not in text


def test_adversaries_of_every_kind_meet_every_run(crossed: RunFolder, tmp_path: Path) -> None:
    config = tiny.tiny_config()
    match = replace(config.match, bouts=(BoutConfig("mixed", 1, 16),), collaborative_grasps_n=24)
    mixed = tiny.play(replace(config, match=match), tmp_path / "mixed").folder
    ours = copy_of(crossed, tmp_path / "ours")
    tiny.cross(ours, mixed, tries_n=3)
    met = {row["adversary"] for row in rows_of(ours, "start")}
    assert {f"mixed-1 of {hash_of(mixed.config())}", "random-mixed"} <= met
    assert f"snatch-1 of {hash_of(ours.config())}" in {row["adversary"] for row in rows_of(mixed, "start")}


@pytest.mark.parametrize("part", ["world", "attack"])
def test_runs_of_different_worlds_cannot_meet(crossed: RunFolder, tmp_path: Path, part: str) -> None:
    config = crossed.config()
    changed = {
        "world": replace(config, world=replace(config.world, table_friction=0.5)),
        "attack": replace(config, attack=replace(config.attack, snatch=replace(config.attack.snatch, spacing_m=0.02))),
    }[part]
    theirs = copy_of(crossed, tmp_path / "theirs")
    theirs.config_path.write_text(to_json(changed))
    with pytest.raises(ConfigError, match=f"differ in `{part}`"):
        tiny.taking_part(crossed, theirs)


def test_a_protagonist_that_lifts_nothing_has_empty_cells(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run")
    for path in folder_of(run, "shake-1").iterdir():
        rows = read_shard(path).to_pylist() if path.stem == "tries" else []
        write_shard(path, table_of([row | {"lifted": False} for row in rows]))
        run.enter(path)
    assert crossplayed([run], "low-force", "novel-families")["shake-1"].lifted_rate().successes == 0
    before = digest_run(run)
    tiny.cross(run)
    assert digest_run(run) == before, "nothing is left to play"
    row = next(line for line in told(run).splitlines() if line.startswith("| shake-1 |"))
    assert row.endswith("|  |  |  |  |  |  |  |")


def test_dislodge_rates_are_told_with_their_differences(crossed: RunFolder) -> None:
    (line,) = [line for line in told(crossed).splitlines() if line.startswith("| random-shake |")]
    rate = crossplayed([crossed], "low-force", "novel-families")["start"].dislodge_rate("random-shake")
    assert f"{100 * rate.rate:.1f} %" in line
    assert f"| {rate.n} |" in line
    assert line.count("p=") == 1, "against none, not against itself"
    (learned,) = [line for line in told(crossed).splitlines() if line.startswith("| snatch-1 |") and "p=" in line]
    assert learned.count("p=") == 2


def test_picks_add_up_and_are_told_in_words(crossed: RunFolder) -> None:
    frozen = crossplayed([crossed], "low-force", "novel-families")["start"]
    for attacker, words in (("shake-2", "shake "), ("snatch-1", "snatch ")):
        block = told(crossed).split(f"What {attacker} picks:")[1].split("What ")[0]
        cells = [[cell.strip() for cell in row.split("|")] for row in block.splitlines() if row.startswith(f"| {attacker}")]
        assert all(row[2].startswith(words) for row in cells)
        counts = [row[3].split("dislodged ")[1].split("/") for row in cells]
        picks = frozen.picks[attacker]
        assert [sum(int(part[k]) for part in counts) for k in (0, 1)] == [sum(fell for _, fell in picks), len(picks)]


def test_the_report_tells_the_matrix_and_whether_the_adversary_learns(crossed: RunFolder) -> None:
    text = as_markdown(report([crossed], pictures=False))
    assert "## Cross-play: low-force, novel-families objects" in text
    assert "### Is the adversary learning?" in text
    assert f"| protagonist | lifted | {' | '.join(SHARED)} |" in text
    tables = [[line.count("|") for line in block.splitlines()] for block in text.split("\n\n") if block.startswith("|")]
    assert all(len(set(bars)) == 1 for bars in tables)


def test_a_run_without_players_is_refused_before_any_is_played(crossed: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "empty")
    run.begin(crossed.config(), {})
    with pytest.raises(RunFolderError, match="no trained player"):
        tiny.taking_part(crossed, run)
    assert crossplay_sections(arms_of([run]), Strictly()) == []


def test_an_adversary_of_another_menu_is_refused(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run")
    shutil.copy(run.player(adversary_name("snatch-1")), run.player(adversary_name("shake-2")))
    with pytest.raises(CheckpointError, match="36 actions; shake has 15"):
        tiny.taking_part(run)


def test_a_lost_adversary_is_missed(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run")
    run.player(adversary_name("shake-2")).unlink()
    with pytest.raises(CheckpointError, match="adversary-shake-2"):
        tiny.taking_part(run)


def test_more_tries_are_played_anew(crossed: RunFolder, tmp_path: Path) -> None:
    run = copy_of(crossed, tmp_path / "run", only_start=True)
    tiny.cross(run, tries_n=2)
    tiny.cross(run, tries_n=3)
    assert len(crossplayed([run], "low-force", "novel-families")["start"].lifted) == 9


@pytest.mark.usefixtures("without_snatches")
def test_an_adversary_that_is_not_in_the_table_is_refused_by_name(crossed: RunFolder) -> None:
    with pytest.raises(ConfigError, match="no adversary is called 'snatch'; there are: shake"):
        tiny.taking_part(crossed)
