"""Testing the players of a run and writing `evaluation/results.json`."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sparring.config import RunConfig
from sparring.data.files import read_text, write_text
from sparring.errors import DataError, RunFolderError
from sparring.evaluation.protocol import Test, greedy_player, lifted_in, run_test
from sparring.evaluation.statistics import Rate
from sparring.game.cell import Cell
from sparring.game.plan import player_names, tested_names
from sparring.game.progress import Progress
from sparring.game.run_folder import RunFolder
from sparring.players.checkpoint import load_player
from sparring.players.device import Compute


def tests_of(config: RunConfig) -> list[Test]:
    """The tests that a run's config asks for."""
    return [Test(protocol, config.test.objects, config.test.tries_n) for protocol in config.test.protocols]


def evaluate(
    run: RunFolder,
    tests: Sequence[Test],
    *,
    players: Sequence[str] | None = None,
    open_cell: Callable[[RunConfig], Cell],
    compute: Compute,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Tests players of a run and returns the rows of `results.json`.

    `open_cell` gives a cell with the world of a config; `players` are those that the config wants tested unless given. Those that
    are not trained yet are left out.

    Raises:
        RunFolderError: the run has no player yet.
    """
    config = run.config()
    wanted = tested_names(config) if players is None else players
    names = [name for name in trained_players(run, config) if name in wanted]
    for test in tests:
        of_test = test.config(config)
        tested = {
            run.test(test.protocol, test.objects, name): greedy_player(
                load_player(run.player(name), role="protagonist")[0], compute, of_test
            )
            for name in names
        }
        run_test(test, tested, config=of_test, cell=open_cell(of_test), progress=progress, run=run)
    rows = all_results(run, config)
    write_text(run.results_path, json.dumps(rows, indent=1) + "\n")
    return rows


def trained_players(run: RunFolder, config: RunConfig) -> list[str]:
    """Names of the run's protagonists that exist, in the order of the paper's table."""
    names = [name for name in player_names(config) if run.player(name).exists()]
    if not names:
        raise RunFolderError(f"{run.path} has no trained player yet; go on with `sparring play`")
    return names


def is_whole(run: RunFolder, config: RunConfig) -> bool:
    """Whether everything that the run's config asks for is there: all protagonists and all of their tests."""
    tests = [run.test(test.protocol, test.objects, name) for test in tests_of(config) for name in tested_names(config)]
    return all(path.exists() for path in (*(run.player(name) for name in player_names(config)), *tests))


def all_results(run: RunFolder, config: RunConfig) -> list[dict[str, Any]]:
    """A row for every player and test on disk."""
    rows: list[dict[str, Any]] = []
    for objects in sorted((run.path / "evaluation").glob("*/*/")):
        for name in player_names(config):
            path = objects / f"{name}.parquet"
            if not path.exists():
                continue
            lifted = lifted_in(path)
            rate = Rate(sum(lifted.values()), len(lifted))
            low, high = rate.interval
            rows.append(
                {
                    "player": name,
                    "protocol": objects.parent.name,
                    "objects": objects.name,
                    "n": rate.n,
                    "successes": rate.successes,
                    "rate": rate.rate,
                    "low": low,
                    "high": high,
                }
            )
    return rows


def read_results(run: RunFolder) -> list[dict[str, Any]]:
    """The rows of `results.json`.

    Raises:
        DataError: missing or damaged.
    """
    try:
        return json.loads(read_text(run.results_path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{run.results_path} is damaged: {error}") from None
