"""The report of one or several runs: results first, then what lies behind them, and what is missing."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from sparring.data.store import read_shard
from sparring.errors import DataError
from sparring.evaluation.arms import Arm, arms_of
from sparring.evaluation.crossplay import TRIES
from sparring.evaluation.integrity import Findings, verify
from sparring.evaluation.reading import Reading
from sparring.evaluation.successes import Tested, tests_on_disk
from sparring.game.cell import SimulatedCell
from sparring.game.plan import player_names
from sparring.game.run_folder import FOREIGN, PROVENANCE, RunFolder
from sparring.viewing.document import Commands, Document, Listed, Section, Table, Text
from sparring.viewing.grasps import grasp_sections
from sparring.viewing.learned import learned_sections
from sparring.viewing.results import all_tests, headline, results_sections
from sparring.viewing.robust import crossplay_sections

WITHOUT = "What is damaged is left out; all else is reported."


def report(runs: Sequence[RunFolder], *, pictures: bool = True) -> Document:
    """Everything that runs have to tell, as far as they have come; what cannot be read is said and left out.

    Args:
        runs: run folders. Those that differ in their seed alone are put together, others compared.
        pictures: also grasps and films, which are played again for it.

    Raises:
        RunFolderError: none of them is a run.
    """
    unread = Reading()
    arms = arms_of(_readable(runs, unread))
    names = {run: name for arm in arms for run, name in zip(arm.runs, arm.names, strict=True)}
    checked = {run: unread.tried(lambda run=run: verify(run)) for run in names}
    reading = Reading(run.path / damage.path for run, found in checked.items() if found for damage in found.damages)
    several = len(arms) > 1
    tests = all_tests(arms, reading)
    sections = [*results_sections(tests, several=several), *crossplay_sections(arms, reading)]
    if pictures:
        sections += _pictures(names, tests, reading)
    for run, name in names.items():
        sections += learned_sections(run, f", `{name}`" if len(names) > 1 else "", reading)
    sections.append(_made_from(names, reading))
    missing = [*_missing(names, checked), *unread.missing, *reading.missing]
    first = [Section("What is missing", (Text(WITHOUT), Listed(tuple(missing))))] if missing else []
    title = f"Run{'s' if len(names) > 1 else ''} {', '.join(f'`{name}`' for name in names.values())}"
    return Document(title, headline(tests, several=several), (*first, _what(arms), *sections))


def _readable(runs: Sequence[RunFolder], reading: Reading) -> list[RunFolder]:
    """The runs that have a config."""
    if len(runs) == 1:
        runs[0].config()
        return list(runs)
    found = [run for run in runs if reading.tried(run.config) is not None]
    if not found:
        runs[0].config()
    return found


def _what(arms: Sequence[Arm]) -> Section:
    """What was played: a row an arm."""
    header = ["arm", "runs", "seeds", "trunk", "alpha", "random grasps", "bouts", "collaborative grasps", "sensed at"]
    body: list[list[str]] = []
    for arm in arms:
        config = arm.config
        bouts = [f"{bout.iterations_n} x {bout.grasps_per_iteration_n} against {bout.adversary}" for bout in config.match.bouts]
        body.append(
            [
                arm.label,
                str(len(arm.runs)),
                ", ".join(str(run.config().seed) for run in arm.runs),
                config.network.trunk,
                f"{config.learning.alpha:g}",
                str(config.match.random_grasps_n),
                " then ".join(bouts) or "nobody to play against",
                str(config.match.collaborative_grasps_n),
                f"{100 * config.world.lift.sense_height_m:g} cm",
            ]
        )
    return Section("What was played", (Table("Arms: runs that differ in their seed alone", (header, body)),))


def _pictures(names: dict[RunFolder, str], tests: Sequence[Sequence[Tested]], reading: Reading) -> list[Section]:
    """Grasps and films of the first run that was tested, else of the first."""
    first = tests[0][0] if tests else None
    run = next(iter(list(first.lifted.values())[-1])) if first is not None else next(iter(names))
    of = f", `{names[run]}`" if len(names) > 1 else ""
    cell = run.cell()
    if cell not in (None, SimulatedCell.name):
        told = f"Played in the cell `{cell}`: only what was simulated can be played again for pictures."
        return [Section(f"Grasps{of}", (Text(told),))]
    return grasp_sections(run, of, first, reading)


def _missing(names: dict[RunFolder, str], checked: dict[RunFolder, Findings | None]) -> list[str]:
    """What is not there yet, what is damaged and how to mend it."""
    points: list[str] = []
    for run, name in names.items():
        of, found = f"`{name}`: " if len(names) > 1 else "", checked[run]
        if found is not None:
            points += [f"{of}still to do: {one}" for one in found.missing]
            points += [f"{of}damaged: `{damage.path}` {damage.what}. To mend: {damage.mend}" for damage in found.damages]
        if not tests_on_disk([run]):
            trained = any(run.player(player).exists() for player in player_names(run.config()))
            next_step = f"run `sparring evaluate {shlex.quote(str(run.path))}`" if trained else "go on with `sparring play`"
            points.append(f"{of}No player has been tested yet: {next_step}.")
    return points


def _made_from(names: dict[RunFolder, str], reading: Reading) -> Section:
    """Provenance: where and with what, and the commands that lead here."""
    body: list[list[str]] = []
    lines: list[str] = []
    for run, name in names.items():
        told = reading.tried(run.provenance, run.path / PROVENANCE) or {}
        packages = told.get("packages")
        rows = {key: value for key, value in told.items() if isinstance(value, str | int) and key != "command"}
        rows |= packages if isinstance(packages, dict) else {}
        rows["config (sha256)"] = reading.tried(run.config_hash) or ""
        body += [[name, key, str(value)] for key, value in rows.items()]
        lines += _commands(run, told)
    lines += _crossplays(list(names))
    out = ("--out", "FOLDER") if len(names) > 1 else ()
    lines.append(shlex.join(["sparring", "report", *(str(run.path) for run in names), *out]))
    parts = (
        Text("Commands that lead to this report."),
        Commands(tuple(lines)),
        Table("Provenance", (["run", "what", "value"], body)),
    )
    return Section("Made from", parts)


def _commands(run: RunFolder, told: dict[str, object]) -> list[str]:
    """What was typed to begin a run, and what makes its tests."""
    found = [f"sparring {command}" for command in (told.get("command"),) if isinstance(command, str)]
    return found + [
        shlex.join(["sparring", "evaluate", str(run.path), "--protocol", protocol, "--objects", objects, *_tries(shards)])
        for protocol, objects in tests_on_disk([run])
        if (shards := sorted((run.path / "evaluation" / protocol / objects).glob("*.parquet")))
    ]


def _crossplays(runs: Sequence[RunFolder]) -> list[str]:
    """What makes cross-play: of runs that have met, one command."""
    played: dict[tuple[str, str], list[RunFolder]] = {}
    for run in runs:
        for path in sorted(run.path.glob("crossplay/*/*/")):
            played.setdefault((path.parent.name, path.name), []).append(run)
    found: list[str] = []
    for (protocol, objects), own in played.items():
        met = any(FOREIGN in path.stem for run in own for path in run.path.glob(f"crossplay/{protocol}/{objects}/*/*.parquet"))
        shards = sorted(own[0].path.glob(f"crossplay/{protocol}/{objects}/*/{TRIES}.parquet"))
        more = ["--protocol", protocol, "--objects", objects, *_tries(shards)]
        for some in [own] if met else [[run] for run in own]:
            found.append(shlex.join(["sparring", "crossplay", *(str(run.path) for run in some), *more]))
    return found


def _tries(shards: Sequence[Path]) -> list[str]:
    """How many tries an object some shards have, as an option; nothing where that cannot be told."""
    try:
        table = read_shard(shards[0], ["object"])
    except (DataError, IndexError):
        return []
    objects_n = len(set(table["object"].to_pylist()))
    return ["--tries", str(len(table) // objects_n)] if objects_n else []
