"""The stress test as a whole: what is recorded, and that no kill, worker or damage changes it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import ROBOTS
from sparring.config_file import altered
from sparring.data.store import read_stage
from sparring.errors import ConfigError, DataError, PolicyError, RunFolderError
from sparring.game.digest import digest_run
from sparring.game.run_folder import RunFolder
from sparring.stress.outcomes import MENU
from sparring.stress.policy import Policy, load_policy
from sparring.stress.results import Stressed, as_json, read_trial
from sparring.stress.rounds import NO_GRASP
from sparring.stress.trial import detector_path, require_ours, require_stressed, stages_of, with_protocol
from sparring.world.objects.catalogue import names_in

CONFIG = small.small_config()


def test_training_and_test_scenes_share_neither_seeds_nor_objects() -> None:
    training, test, *swept = stages_of(replace(CONFIG, stress=replace(CONFIG.stress, scenes_n=40, training_scenes_n=40)))
    assert not {one.seed for one in training.specs} & {one.seed for one in test.specs}
    assert not {one.object_name for one in training.specs} & {one.object_name for one in test.specs}
    assert all(one.specs == test.specs[:2] for one in swept)


def test_every_set_gives_as_many_scenes_and_every_object_its_share() -> None:
    stress = replace(CONFIG.stress, objects=("named", "novel-families"), scenes_n=26)
    names = [one.object_name for one in stages_of(replace(CONFIG, stress=stress))[1].specs]
    named = [name for name in names if name in names_in("named", CONFIG.world.objects)]
    assert len(named) == 13
    assert {named.count(name) for name in set(named)} == {1, 2}


@pytest.mark.parametrize(
    "change", [{"objects": ("training",)}, {"objects": ()}, {"forces_n": (-1.0,)}, {"training_attacks_n": 16}, {"scenes_n": 0}]
)
def test_an_impossible_stress_test_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="StressConfig"):
        replace(CONFIG.stress, **change)


def test_what_is_lifted_meets_every_attack_from_the_same_state(tried: Stressed) -> None:
    rows = read_stage(tried.run.stage("test")).to_pylist()
    tries = [row for row in rows if row["adversary"] is None]
    assert len(tries) == CONFIG.stress.scenes_n
    lifted = [row["attempt"] for row in tries if row["lifted"]]
    assert lifted
    for attempt in lifted:
        met = [row for row in rows if row["attempt"].startswith(f"{attempt}/")]
        assert sorted((row["adversary"], row["action"]) for row in met if row["action"] is not None) == sorted(MENU)
        assert [row["adversary"] for row in met if row["action"] is None] == ["none"]
        assert {row["executed_x_m"] for row in met} == {met[0]["executed_x_m"]}
        believed = [row["action_probability"] for row in met if row["action"] is not None]
        assert all(0 <= one <= 1 for one in believed)
    assert len(rows) == len(tries) + len(lifted) * (len(MENU) + 1)


def test_the_commanded_angle_is_the_detectors_own(tried: Stressed) -> None:
    rows = [row for row in tried.outcomes.rows if row["fault"] is None]
    degrees = np.array([np.rad2deg(row["theta_rad"] - row["camera_turn_rad"]) for row in rows])
    assert (np.abs(degrees / 10 - np.round(degrees / 10)) > 1e-3).any()
    off = (degrees - 10 * np.array([row["angle"] for row in rows]) + 90) % 180 - 90
    assert np.abs(off).max() <= 5 + 1e-6


def test_the_adversary_learns_from_training_scenes_alone(tried: Stressed) -> None:
    attacks = read_stage(tried.run.stage("training"), ["adversary", "action", "invalid"]).to_pylist()
    for kind in ("shake", "snatch"):
        (told,) = [row["summary"] for row in tried.run.metrics() if row["fit"] == f"adversary-{kind}" and "summary" in row]
        own = [row for row in attacks if row["adversary"] == kind and not row["invalid"]]
        assert told["trained_n"] + told.get("held_out", {}).get("n", 0) == len(own)
        assert all(row["action"] < ADVERSARIES[kind].actions_n for row in own)


def test_on_processes_killed_and_gone_on_with_it_ends_as_in_one_go(tried: Stressed, tmp_path: Path) -> None:
    policy = load_policy(small.MIDDLE)
    calls = iter(range(100))

    def dies(*seen: object) -> object:
        if next(calls) == 10:  # in the test
            raise MemoryError("now")
        return policy.function(*seen)

    with pytest.raises(PolicyError, match=r"failed on scene .*MemoryError: now \(its traceback is in"):
        small.stressed(tmp_path / "policy", replace(policy, function=dies), executor="process", workers_n=2)
    assert "in dies" in (tmp_path / "detector-error.log").read_text()
    again = small.stressed(tmp_path / "policy", executor="process", workers_n=2)
    assert digest_run(again.run) == digest_run(tried.run)
    assert as_json(again, None) == as_json(tried, None)


def test_a_damaged_shard_is_played_again(tried: Stressed, tmp_path: Path) -> None:
    shutil.copytree(tried.run.path, tmp_path / "policy")
    shard = tmp_path / "policy" / "stages" / "force-14" / "wave-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(DataError):
        read_trial(RunFolder(tmp_path / "policy"))
    assert digest_run(small.stressed(tmp_path / "policy").run) == digest_run(tried.run)


def test_another_detector_or_a_changed_one_does_not_go_on_with_a_folder(tried: Stressed, tmp_path: Path) -> None:
    shutil.copytree(tried.run.path, tmp_path / "policy")
    policy = load_policy(small.MIDDLE)
    for other in (replace(policy, name="mine:other"), replace(policy, sha256="0" * 64)):
        with pytest.raises(RunFolderError, match=r"begun with another detector, or .* has changed since"):
            small.stressed(tmp_path / "policy", other)


@pytest.mark.parametrize("text", ["{", "[]", '{"name": 3, "sha256": ""}', '{"name": "x"}'])
def test_a_damaged_note_of_the_detector_is_told(text: str, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    detector_path(run).write_text(text)
    with pytest.raises(DataError, match="is damaged"):
        read_trial(run)


def test_a_detector_that_finds_nothing_has_failed_everywhere_and_is_reported(tmp_path: Path) -> None:
    blind = Policy("blind", lambda image, camera: [], False, "")
    told = small.stressed(tmp_path / "policy", blind)
    assert not told.outcomes.lifted.any()
    assert not told.outcomes.found.any()
    assert [row["fault"] for row in told.outcomes.rows] == [NO_GRASP] * 4
    report = json.loads(json.dumps(as_json(told, None)))["detectors"][0]
    assert (report["lifted"]["rate"], report["lifted"]["n"], report["without_a_grasp"]) == (0.0, 4, 4)


def test_the_protocol_sets_the_grip() -> None:
    assert with_protocol(CONFIG, "low-force").world == CONFIG.world
    assert with_protocol(CONFIG, "high-force").world.grip.force_n == 35.0


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    require_ours(tmp_path / "new", ("policy",))
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(RunFolderError, match="holds no stress test"):
        require_ours(tmp_path, ("policy",))
    with pytest.raises(RunFolderError, match="is no folder"):
        require_ours(tmp_path / "thesis.tex", ("policy",))


@pytest.mark.parametrize(
    "setting", ["world.camera.depth=true", "world.camera.randomise.tilt_deg=10", "network.trunk=alexnet", "world.arms={}"]
)
def test_what_would_make_its_numbers_wrong_is_refused(setting: str) -> None:
    require_stressed(CONFIG)
    with pytest.raises(ConfigError, match=f"cannot have this {setting.partition('=')[0]}"):
        require_stressed(altered(CONFIG, (setting,)))


def test_it_is_not_played_with_arms() -> None:
    with pytest.raises(ConfigError, match=r"world\.arms \(--robot\)"):
        require_stressed(ROBOTS["baxter"](CONFIG))
