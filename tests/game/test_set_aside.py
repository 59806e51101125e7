"""A job that nobody survives is set aside: its attempts are invalid, say why, and count for nobody; the run goes on."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import tiny

from sparring.config import RunConfig
from sparring.data.store import read_stage
from sparring.evaluation import evaluate
from sparring.evaluation.integrity import verify
from sparring.farm.dispatch import Lost
from sparring.farm.executors import SerialExecutor
from sparring.game import jobs
from sparring.game.cell import simulated_cells
from sparring.game.experience import experience_of
from sparring.game.match import Match
from sparring.game.plan import stages_of
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.viewing.plain import as_markdown
from sparring.viewing.report import report

WHY = "set aside: 3 workers were lost over it"


class Deadly(SerialExecutor):
    """One whose workers do not survive some jobs: every seventh of a kind."""

    def __init__(self, kinds: Sequence[Callable[[Any], Any]]) -> None:
        self._kinds = kinds

    def map(
        self, function: Callable[[Any], Any], jobs: Sequence[Any], *, key: Callable[[Any], Hashable] | None = None
    ) -> Iterator[Any]:
        """Results, or `Lost`."""
        for job in jobs:
            deadly = function in self._kinds and job.spec.seed % 7 < 2
            yield Lost(WHY) if deadly else function(job)


def play(config: RunConfig, run: RunFolder, kinds: Sequence[Callable[[Any], Any]]) -> None:
    """A whole match and its tests."""
    open_cell = simulated_cells(Deadly(kinds))
    run.begin(config, {"command": "test"})
    Match(config, open_cell(config), run, tiny.cpu(config), Silent()).play()
    tests = evaluate.tests_of(config)
    evaluate.evaluate(run, tests, open_cell=open_cell, compute=tiny.cpu(config), progress=Silent())


@pytest.fixture(scope="module")
def scarred(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run in which looks, grasps and attacks were set aside."""
    run = RunFolder(tmp_path_factory.mktemp("scarred") / "run")
    play(tiny.tiny_config(), run, [jobs.look, jobs.grasp, jobs.attack])
    return run


def rows_of(run: RunFolder) -> list[dict[str, Any]]:
    """All records of the match."""
    return [row for stage in stages_of(run.config()) for row in read_stage(run.stage(stage.name)).to_pylist()]


def test_every_attempt_that_was_planned_is_on_record(scarred: RunFolder) -> None:
    assert len(rows_of(scarred)) == sum(stage.grasps_n for stage in stages_of(scarred.config()))
    found = verify(scarred)
    assert not found.damages
    assert found.checked["invalid attempts"] == sum(row["invalid"] for row in rows_of(scarred)) > 0


def test_what_was_set_aside_says_why_and_what_was_not_does_not(scarred: RunFolder) -> None:
    faults = {row["fault"] for row in rows_of(scarred) if row["invalid"]}
    assert WHY in faults
    assert {row["fault"] for row in rows_of(scarred) if not row["invalid"]} == {None}


def test_what_was_set_aside_can_be_replayed(scarred: RunFolder) -> None:
    for row in rows_of(scarred):
        if row["fault"] == WHY:
            assert row["object"]
            assert row["scene_seed"] is not None
            if row["image"] is not None:  # it was seen, so that a grasp was set aside, or an attack
                assert row["replay_state"]
                assert row["noise_seed"] is not None
                assert row["executed_x_m"] is not None


@pytest.mark.parametrize(
    ("kind", "of_kind"),
    [
        (jobs.look, lambda row: row["image"] is None),
        (jobs.grasp, lambda row: row["image"] is not None and row["dislodged"] is None),
        (jobs.attack, lambda row: row["dislodged"] is not None),
    ],
    ids=["look", "grasp", "attack"],
)
def test_each_kind_of_job_can_be_set_aside(kind: Callable[[Any], Any], of_kind: Callable[[Any], bool], tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    play(tiny.tiny_config(), run, [kind])
    invalid = [row for row in rows_of(run) if row["fault"] == WHY]
    assert invalid
    assert all(map(of_kind, invalid))


def test_what_was_set_aside_teaches_nobody(scarred: RunFolder) -> None:
    for stage in stages_of(scarred.config()):
        table = read_stage(scarred.stage(stage.name))
        valid = [row for row in table.to_pylist() if not row["invalid"]]
        assert len(experience_of(table, patch_px=20.0)) == len(valid)


def test_the_report_counts_it(scarred: RunFolder) -> None:
    assert "| random | " in as_markdown(report([scarred], pictures=False))
