"""The subcommand that plays a study. Its docstring is its help."""

import shlex
import sys
from pathlib import Path

from tyro.conf import Positional

from sparring.cli.options import WATCH, DeviceName, Watch
from sparring.farm.processes import cores_n


def study(
    name: Positional[str],
    /,
    out: Path,
    preset: str = "quarter",
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5),
    tries: int | None = None,
    lanes: int | None = None,
    device: DeviceName = "auto",
    watch: Watch = WATCH,
) -> None:
    """Play a study: all its arms with several training seeds each, and all their tests. What is played already is kept.

    Every run is a folder of its own, OUT/PRESET/seed-N/ARM, for `sparring report`, `watch`, `verify` and the rest. Arms of one
    seed share the random grasps and P_0. OUT/results/PRESET/ARM.json is all that `sparring results` needs. Killed or interrupted,
    the same command goes on.

    Args:
        name: table-1 (low force), table-2 (high force), controls (random adversary, every shake tried, realised outcomes, and
            others), alpha (0 to 1), sensor (read right after closing, 5 cm up, 20 cm up), crossplay, player (which one is
            shipped), why (attempts to explain), or all. With five seeds of quarter on two cores they take about 75, 35, 120, 40,
            80, 15 and 5 minutes, what they share being played once; why takes an hour a seed.
        out: the folder of all studies; they share the runs that they have in common, so that one is played after the other.
        preset: quarter (about a quarter of an hour an arm and seed on one core), demo, mixed, paper (wants a GPU), or smoke (for
            tests).
        seeds: training seeds. Summaries hold all that are played, also by earlier commands.
        tries: tries an object in tests; the preset's unless given. Fixed for a folder.
        lanes: runs side by side, each on one CPU thread and in 2 GB of memory; one a core unless given.
        device: where networks run; several lanes share one GPU.
        watch: what is told of the work while it runs. Each run has a log beside its folder, OUT/PRESET/seed-N/ARM.log, with a
            line a stage; the bar moves and summaries are written as runs end.
    """
    from sparring.cli.progress import progress_for
    from sparring.errors import ConfigError
    from sparring.study.arms import study_named
    from sparring.study.play import STEP, Asked, play_study

    lanes_n = cores_n() if lanes is None else lanes
    if lanes_n < 1:
        raise ConfigError(f"--lanes must be at least 1, got {lanes}")
    asked = Asked(study_named(name), preset, seeds, out, tries, device, shlex.join(sys.argv[1:]))
    if not (watch.quiet or watch.json_logs):
        print(f"sparring: how far each run has come: tail -n 1 {out / preset}/seed-*/*.log", file=sys.stderr)
    with progress_for(
        quiet=watch.quiet, json_logs=watch.json_logs, track=watch.track, folder=out / "tracking", steps=[STEP]
    ) as progress:
        for path in play_study(asked, lanes_n=lanes_n, progress=progress):
            print(path)
    print(f"sparring: as a page: sparring results {out / 'results'} --out results.md", file=sys.stderr)
