"""How the numbers were made: arms, settings, digests, packages, processors, commands; and which player is shipped."""

from collections.abc import Mapping

from sparring.evaluation.markdown import markdown
from sparring.evaluation.wording import with_n
from sparring.study.arms import HELD_OUT
from sparring.study.claims import MAIN, PRESET
from sparring.study.comparison import LOW, Arms
from sparring.study.summary import INVALID, Tested
from sparring.study.telling import NONE_YET, Section, code, made_by, plain, rate_of, seeds_told

DIGEST_N = 12
"""Characters of a digest that are shown."""
COMMANDS = """```sh
sparring study all --out runs/study    # plays and tests every arm but those of `why`; killed, the same command goes on
sparring results runs/study/results --out results.md    # this page, from what was just played
sparring results experiments/results --out docs/results.md    # the same from the summaries in the repository
```"""


def made(arms: Arms) -> Section:
    """What decided the runs, and how to make them again."""
    blocks = [COMMANDS]
    if not arms:
        return Section("How it was made", blocks)
    seeds = sorted({run.seed for summary in arms.values() for run in summary.runs})
    blocks += [
        f"Preset {code(PRESET)}, training seeds {seeds_told(seeds)}. Every arm, what it changes in the preset, and the "
        "digests of its runs: the beginning of the sha256 over what decided a run and what it resulted in "
        "(`sparring digest`), tests and cross-play included. The same studies with the same packages on the same "
        "processor give the same digests.",
        digests(arms),
        *notes(arms),
        _machines(arms),
        _left_out(arms),
    ]
    return Section("How it was made", blocks)


def shipped(arms: Arms) -> Section:
    """All candidates on held-out objects of the training families, and the one that comes with the package."""
    runs = arms["base"].runs if "base" in arms else ()
    tests = {
        (run.seed, test.player): test
        for run in runs
        for test in run.tested
        if (test.protocol, test.objects) == (LOW, HELD_OUT) and test.player in MAIN
    }
    if not tests:
        return Section("The player in the package", [f"The choice of it is {NONE_YET}."])
    most = max(rate_of(test).rate for test in tests.values())
    seeds, players = sorted({seed for seed, _ in tests}), [player for player in MAIN if any(player == one for _, one in tests)]
    rows = [[code(player), *(_candidate(tests, (seed, player), most) for seed in seeds)] for player in players]
    words = (
        "Lifted of the held-out objects of the training families at low force, with Wilson's interval. The best one, of equals "
        "that of the latest seed, is in the package, unless it is older than this page; what it does with the test objects had "
        "no say. As the best of many it is likely to be less good than it looks here."
    )
    return Section(
        "The player in the package", [words, markdown((["player", *(f"seed {seed}" for seed in seeds)], rows)), made_by("player")]
    )


def _candidate(tests: Mapping[tuple[int, str], Tested], one: tuple[int, str], most: float) -> str:
    if one not in tests:
        return ""
    rate = rate_of(tests[one])
    return f"**{with_n(rate)}**" if rate.rate == most else with_n(rate)


def digests(arms: Arms) -> str:
    """A row an arm: what it changes, and the digest of every run."""
    seeds = sorted({run.seed for summary in arms.values() for run in summary.runs})
    rows: list[list[str]] = []
    for name, summary in arms.items():
        known = {run.seed: code(run.digest[:DIGEST_N]) for run in summary.runs}
        settings = ", ".join(code(f"{setting}={value}") for setting, value in summary.settings.items())
        rows.append([code(name), settings, *(known.get(seed, "") for seed in seeds)])
    return markdown((["arm", "changed", *(f"seed {seed}" for seed in seeds)], rows))


def notes(arms: Arms) -> list[str]:
    """What else a reader has to know of how arms were played."""
    return [f"{code(name)}: {plain(summary.note)}" for name, summary in arms.items() if summary.note]


def _machines(arms: Arms) -> str:
    runs = [run for summary in arms.values() for run in summary.runs]
    packages = sorted({f"{name} {version}" for run in runs for name, version in run.packages.items()})
    processors = sorted({run.processor for run in runs})
    return f"Packages: {', '.join(map(code, packages))}. Processors: {', '.join(map(code, processors))}."


def _left_out(arms: Arms) -> str:
    tests = [test for summary in arms.values() for run in summary.runs for test in run.tested]
    told = [scenes for test in tests for scenes in test.outcomes.values()]
    tries_n, invalid_n = sum(map(len, told)), sum(scenes.count(INVALID) for scenes in told)
    kept = "their scenes are left out for all players that are compared"
    return f"Of {tries_n:,} tries {invalid_n:,} were physically invalid; {kept}."
