"""Subcommands that play: a match, the test of its players, cross-play. Their docstrings are their help."""

import json
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from sparring.cli.options import FARM, WATCH, DeviceName, Farm, ProtocolName, Settings, Watch, WatchConfig
from sparring.cli.showing import folders_of, show, write_report
from sparring.cli.stopping import heed_interrupts
from sparring.cli.yours import YOURS, Yours, YoursConfig, require_sets, set_named, training_on, with_yours
from sparring.config import RunConfig, preset_named
from sparring.config_file import from_json
from sparring.farm.executors import open_farm

if TYPE_CHECKING:
    from sparring.cli.progress import Announcer
    from sparring.game.run_folder import RunFolder


def play(
    preset: Positional[str],
    /,
    out: Path,
    seed: int | None = None,
    objects: str | None = None,
    yours: Yours = YOURS,
    set: Settings = (),
    farm: Farm = FARM,
    cell: str | None = None,
    token_file: Path | None = None,
    device: DeviceName = "auto",
    watch: Watch = WATCH,
) -> None:
    """Play a whole match, test its players on novel objects and print the table.

    Killed or interrupted, the same command goes on where it stopped and ends with the same result.

    Args:
        preset: smoke (seconds, for tests), demo (minutes), quarter (under an hour on two cores), mixed (quarter, with shakes and
            snatches in one menu), paper (the paper's budgets; wants a GPU), or the path of a config.json.
        out: the run folder, made if need be.
        seed: decides every random draw; 0 unless the config says otherwise.
        objects: an imported set to train on, in place of the procedural families: its folder, its name, or NAME@DIGEST; see
            `sparring objects import`. What players are tested on is test.objects.
        yours: a robot, a gripper or a camera of your own.
        set: settings to change, such as learning.alpha=0.5 world.grip.force_n=10.
        farm: where the physics runs. Results are the same.
        cell: a cell on another machine to play in, such as tcp://127.0.0.1:5580; see `sparring cell serve`.
        token_file: holds the cell's token, where the environment variable SPARRING_CELL_TOKEN does not.
        device: where networks run; auto takes a GPU where there is one.
        watch: what is told of the work while it runs.
    """
    config = _config(preset, yours, set, seed)
    config = config if objects is None else training_on(objects, config)
    require_sets(config)
    from sparring.actions.adversaries import with_settings
    from sparring.cli.workplace import workplace
    from sparring.evaluation.evaluate import evaluate as run_tests
    from sparring.evaluation.evaluate import tests_of
    from sparring.game.match import Match
    from sparring.game.plan import steps_of
    from sparring.game.run_folder import RunFolder, provenance
    from sparring.players.device import compute_for, device_named, resolved
    from sparring.world.camera import RENDERER

    run, place = RunFolder(out), device_named(device)
    begun = run.config().learning if run.config_path.exists() else None
    config = replace(with_settings(config), learning=resolved(config.learning, place, begun))
    heed_interrupts()
    steps = [*steps_of(config), *(test.step for test in tests_of(config))]
    with run.locked(), _watched(watch, run, steps) as progress, workplace(farm, cell, token_file) as place_of_work:
        compute, open_cell = compute_for(config.learning, place), place_of_work.open_cell
        match = Match(config, open_cell(config), run, compute, progress)
        begun_with = provenance(
            device=str(place),
            workers_n=place_of_work.workers_n,
            executor=place_of_work.name,
            cell=match.cell.name,
            renderer=RENDERER,
            command=shlex.join(sys.argv[1:]),
        )
        run.begin(config, begun_with)
        run.unseal()
        match.play()
        run_tests(run, tests_of(config), open_cell=open_cell, compute=compute, progress=progress)
        show(write_report(run))
        run.seal()


def evaluate(
    run: Positional[Path],
    /,
    protocol: tuple[ProtocolName, ...] = ("low-force",),
    objects: str = "named",
    tries: int | None = None,
    farm: Farm = FARM,
    cell: str | None = None,
    token_file: Path | None = None,
    device: DeviceName = "auto",
    watch: Watch = WATCH,
) -> None:
    """Test the players of a run: greedy grasps, lifted 30 cm and held for 1 s, the same scenes for all.

    Args:
        run: a run folder.
        protocol: low-force (7 N, plain pads, 128 patches), high-force (35 N, rubber pads, 1280 patches), or both.
        objects: named (the paper's ten), novel-families (never trained on), held-out (new objects of the training families), or
            an imported set: its folder, its name, or NAME@DIGEST.
        tries: tries an object; as the run's config says unless given.
        farm: where the physics runs.
        cell: a cell on another machine to test in, such as tcp://127.0.0.1:5580.
        token_file: holds the cell's token, where the environment variable SPARRING_CELL_TOKEN does not.
        device: where networks run.
        watch: what is told of the work while it runs.
    """
    from sparring.cli.workplace import workplace
    from sparring.evaluation.evaluate import evaluate as run_tests
    from sparring.evaluation.evaluate import tests_of
    from sparring.game.run_folder import RunFolder
    from sparring.players.device import compute_for, device_named

    objects = set_named(objects)
    folder = RunFolder(run)
    config = folder.config()
    tries_n = config.test.tries_n if tries is None else tries
    asked = replace(config, test=replace(config.test, protocols=protocol, objects=objects, tries_n=tries_n))
    heed_interrupts()
    tests = tests_of(asked)
    with (
        folder.locked(),
        _watched(watch, folder, [test.step for test in tests]) as progress,
        workplace(farm, cell, token_file) as place_of_work,
    ):
        compute = compute_for(config.learning, device_named(device))
        folder.unseal()
        run_tests(folder, tests, open_cell=place_of_work.open_cell, compute=compute, progress=progress)
        show(write_report(folder))
        _seal_if_whole(folder)


def crossplay(
    runs: Positional[tuple[Path, ...]],
    /,
    protocol: ProtocolName = "low-force",
    objects: str = "named",
    tries: int | None = None,
    farm: Farm = FARM,
    device: DeviceName = "auto",
    watch: Watch = WATCH,
) -> None:
    """Play every protagonist against every attack: what survives of what it lifts, and whether the adversary is learning.

    Attacks: none, random and learned shakes and snatches, and two published tests (six axis forces, tugs). With several runs
    (of one world) every protagonist also meets the other runs' last adversaries, and runs that differ in their seed alone
    are put together. Killed, the same command goes on with the protagonist it was at.

    Args:
        runs: run folders.
        protocol: low-force (7 N, plain pads, 128 patches) or high-force (35 N, rubber pads, 1280 patches).
        objects: named (the paper's ten), novel-families (never trained on), held-out (new objects of the training families), or
            an imported set: its folder, its name, or NAME@DIGEST.
        tries: tries an object; as each run's config says unless given.
        farm: where the physics runs.
        device: where networks run.
        watch: what is told of the work while it runs.
    """
    from sparring.data.files import write_text
    from sparring.errors import ConfigError
    from sparring.evaluation.arms import arms_of
    from sparring.evaluation.crossplay import crossplay as play_all
    from sparring.evaluation.crossplay import entrants, steps_of
    from sparring.evaluation.reading import Strictly
    from sparring.evaluation.robustness import crossplay_rows
    from sparring.players.device import device_named
    from sparring.viewing.plain import as_lines
    from sparring.viewing.robust import crossplay_sections

    folders, objects = folders_of(runs, "crossplay"), set_named(objects)
    if tries is not None and tries < 1:
        raise ConfigError(f"--tries must be at least 1, got {tries}")
    place = device_named(device)
    taking_part = entrants(folders, protocol, objects, tries, place)
    heed_interrupts()
    with ExitStack() as held:
        for folder in folders:
            held.enter_context(folder.locked())
        progress = held.enter_context(_watched(watch, folders[0], steps_of(taking_part)))
        executor = held.enter_context(open_farm(farm))
        for folder in folders:
            folder.unseal()
        play_all(taking_part, executor=executor, device=place, progress=progress)
        for folder in folders:
            rows = crossplay_rows(folder, protocol, objects)
            write_text(folder.path / "crossplay" / protocol / f"{objects}.json", json.dumps(rows, indent=1) + "\n")
            write_report(folder)
            _seal_if_whole(folder)
    show("\n\n".join(map(as_lines, crossplay_sections(arms_of(folders), Strictly()))))


def _watched(watch: WatchConfig, run: "RunFolder", steps: Sequence[str]) -> "Announcer":
    """Progress of a command that may come to these steps, shown and tracked as asked."""
    from sparring.cli.progress import progress_for

    return progress_for(quiet=watch.quiet, json_logs=watch.json_logs, track=watch.track, folder=run.tracking_path, steps=steps)


def _seal_if_whole(run: "RunFolder") -> None:
    """A finished run is complete again after more was measured; one cut off in the middle is not."""
    from sparring.evaluation.evaluate import is_whole

    if is_whole(run, run.config()):
        run.seal()


def _config(preset: str, yours: YoursConfig, settings: tuple[str, ...], seed: int | None) -> RunConfig:
    from sparring.data.files import read_text

    path = Path(preset)
    config = from_json(read_text(path)) if path.suffix == ".json" else preset_named(preset)
    config = with_yours(config, yours, settings)
    return config if seed is None else replace(config, seed=seed)
