"""The report of one or several runs: results first, then what lies behind them, and what is missing."""

from collections.abc import Sequence

from sparring.errors import SparringError
from sparring.evaluation.arms import Arm, arms_of
from sparring.evaluation.integrity import verify
from sparring.evaluation.reading import Reading
from sparring.evaluation.successes import Tested, tests_on_disk
from sparring.game.cell import SimulatedCell
from sparring.game.run_folder import RunFolder
from sparring.viewing.document import Commands, Document, Listed, Section, Table, Text
from sparring.viewing.grasps import grasp_sections
from sparring.viewing.learned import learned_sections
from sparring.viewing.results import all_tests, headline, results_sections
from sparring.viewing.robust import crossplay_sections


def report(runs: Sequence[RunFolder], *, pictures: bool = True) -> Document:
    """Everything that runs have to tell, as far as they have come; what cannot be read is said and left out.

    Args:
        runs: run folders. Those that differ in their seed alone are put together, others compared.
        pictures: also grasps and films, which are played again for it.

    Raises:
        RunFolderError: none of them is a run.
    """
    reading = Reading()
    arms = arms_of(_readable(runs, reading))
    tests = all_tests(arms, reading)
    whole = [run for arm in arms for run in arm.runs]
    sections = [*results_sections(tests), *crossplay_sections(arms, reading)]
    if pictures:
        sections += _pictures(whole[0], tests, reading)
    for run in whole:
        sections += learned_sections(run, f", `{run.path.name}`" if len(whole) > 1 else "", reading)
    sections.append(_made_from(whole, reading))
    missing = _missing(whole, reading)
    return Document(_title(arms), headline(tests), (*missing, _what(arms), *sections))


def _readable(runs: Sequence[RunFolder], reading: Reading) -> list[RunFolder]:
    """The runs that have a config."""
    if len(runs) == 1:
        runs[0].config()
        return list(runs)
    found = [run for run in runs if reading.tried(run.config) is not None]
    if not found:
        runs[0].config()
    return found


def _title(arms: Sequence[Arm]) -> str:
    names = [run.path.resolve().name for arm in arms for run in arm.runs]
    return f"Run `{names[0]}`" if len(names) == 1 else f"Runs {', '.join(f'`{name}`' for name in names)}"


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


def _pictures(run: RunFolder, tests: Sequence[Sequence[Tested]], reading: Reading) -> list[Section]:
    """Grasps and films of one run."""
    cell = (reading.tried(run.provenance) or {}).get("cell", SimulatedCell.name)
    if cell != SimulatedCell.name:
        return [
            Section("Grasps", (Text(f"Played in the cell `{cell}`: only what was simulated can be played again for pictures."),))
        ]
    first = tests[0][0] if tests else None
    own = first if first is not None and run in first.arm.runs else None
    return grasp_sections(run, own, reading)


def _missing(runs: Sequence[RunFolder], reading: Reading) -> list[Section]:
    """What is not there yet, what is damaged and how to mend it."""
    points: list[str] = []
    for run in runs:
        of = f"`{run.path.name}`: " if len(runs) > 1 else ""
        try:
            found = verify(run)
        except SparringError as error:
            points.append(f"{of}{error}")
            continue
        points += [f"{of}still to do: {one}" for one in found.missing]
        points += [f"{of}damaged: `{damage.path}` {damage.what}. To mend: {damage.mend}" for damage in found.damages]
        if not tests_on_disk([run]):
            points.append(f"{of}No player has been tested yet: run `sparring evaluate {run.path}`.")
    points += reading.missing
    if not points:
        return []
    return [Section("What is missing", (Text("The rest is reported without it."), Listed(tuple(points))))]


def _made_from(runs: Sequence[RunFolder], reading: Reading) -> Section:
    """Provenance: where and with what, and the commands that lead here."""
    header, body = ["run", "what", "value"], list[list[str]]()
    lines: list[str] = []
    for run in runs:
        told = reading.tried(run.provenance) or {}
        packages = told.get("packages")
        rows = {name: value for name, value in told.items() if isinstance(value, str | int) and name != "command"}
        rows |= packages if isinstance(packages, dict) else {}
        rows["config (sha256)"] = reading.tried(run.config_hash) or ""
        body += [[run.path.name, name, str(value)] for name, value in rows.items()]
        lines += _commands(run, told)
    lines.append(" ".join(["sparring report", *(str(run.path) for run in runs)]))
    return Section(
        "Made from",
        (Text("Commands that lead to this report."), Commands(tuple(lines)), Table("Provenance", (header, body))),
    )


def _commands(run: RunFolder, told: dict[str, object]) -> list[str]:
    """What was typed to begin a run, and what makes its tests and its cross-play."""
    found = [f"sparring {command}" for command in (told.get("command"),) if isinstance(command, str)]
    found += [
        f"sparring evaluate {run.path} --protocol {protocol} --objects {objects}" for protocol, objects in tests_on_disk([run])
    ]
    played = sorted(path for path in run.path.glob("crossplay/*/*/"))
    return found + [f"sparring crossplay {run.path} --protocol {path.parent.name} --objects {path.name}" for path in played]
