"""The subcommand that puts a foreign detector under stress. Its docstring is its help."""

import json
import shlex
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sparring.cli.options import FARM, WATCH, DeviceName, Farm, ProtocolName, Settings, Watch
from sparring.cli.showing import show, write_document
from sparring.cli.stopping import heed_interrupts
from sparring.cli.yours import YOURS, Yours, YoursConfig, set_named, with_yours
from sparring.config import QUARTER, RunConfig, TestConfig
from sparring.farm.executors import Executor, open_farm

if TYPE_CHECKING:
    from sparring.game.run_folder import RunFolder
    from sparring.stress.policy import Policy

RESULTS = "report.json"


def stress(
    policy: str,
    out: Path,
    against: str | None = None,
    scenes: int | None = None,
    objects: tuple[str, ...] | None = None,
    protocol: ProtocolName = "low-force",
    seed: int = 0,
    yours: Yours = YOURS,
    set: Settings = (),
    farm: Farm = FARM,
    device: DeviceName = "auto",
    watch: Watch = WATCH,
) -> None:
    """Put your own grasp detector under stress: an adversary learns to shake and snatch away what it grasps, and a page tells.

    A detector is a function of an image and a camera that returns grasps with scores; see docs/stress.md. What it lifts meets
    all 15 shakes and all 36 snatches, each from the same state. Killed or interrupted, the same command goes on where it
    stopped and ends with the same result.

    Args:
        policy: your detector as MODULE:FUNCTION or FILE.py:FUNCTION, or one that comes along: antipodal (edges, with OpenCV;
            pip install 'sparring[stress]') or player (the trained player in the package).
        out: the folder for report.html, report.json and all attempts, made if need be.
        against: another detector, to compare with on the same scenes.
        scenes: test scenes; 160 unless given. Small differences need far more.
        objects: sets that lie in the test scenes, also imported ones; the paper's ten and families never trained on unless
            given. The adversary learns on other objects in any case.
        protocol: low-force (7 N, plain pads) or high-force (35 N, rubber pads).
        seed: decides every random draw.
        yours: a gripper of your own. Hands float here, and the camera looks straight down.
        set: settings to change, such as world.noise.position_m=0.004 stress.training_scenes_n=600.
        farm: where the physics runs. Results are the same.
        device: where the adversary's network runs.
        watch: what is told of the work while it runs.
    """
    config = _config(scenes, objects, seed, yours, set)
    from sparring.data.files import write_text
    from sparring.game.run_folder import RunFolder
    from sparring.stress.policy import load_policy
    from sparring.stress.results import as_json, read_trial
    from sparring.stress.trial import require_ours, with_protocol
    from sparring.viewing.stress import stress_report

    detectors = {"policy": load_policy(policy)} | ({} if against is None else {"against": load_policy(against)})
    require_ours(out, tuple(detectors))
    heed_interrupts()
    tested = []
    with ExitStack() as held:
        runs = {name: RunFolder(out / name) for name in detectors}
        for run in runs.values():
            held.enter_context(run.locked())
        executor = held.enter_context(open_farm(farm))
        for name, run in runs.items():
            _play(detectors[name], run, with_protocol(config, protocol), executor, farm, device, watch)
            tested.append(read_trial(run))
    first, other = tested[0], tested[1] if len(tested) > 1 else None
    write_text(out / RESULTS, json.dumps(as_json(first, other), indent=1) + "\n")
    show(write_document(stress_report(first, other), out))
    print(f"sparring: the report is {out / 'report.html'}", file=sys.stderr)


def _play(
    detector: "Policy", run: "RunFolder", config: RunConfig, executor: Executor, farm: Farm, device: DeviceName, watch: Watch
) -> None:
    """Plays what is missing of a detector's trial."""
    from sparring.cli.progress import progress_for
    from sparring.game.cell import SimulatedCell
    from sparring.game.run_folder import provenance
    from sparring.players.device import compute_for, device_named, resolved
    from sparring.stress.trial import Trial, steps_of
    from sparring.world.camera import RENDERER

    place = device_named(device)
    begun = run.config().learning if run.config_path.exists() else None
    config = replace(config, learning=resolved(config.learning, place, begun))
    begun_with = provenance(
        device=str(place),
        workers_n=executor.workers_n,
        executor=farm.executor,
        cell=SimulatedCell.name,
        renderer=RENDERER,
        command=shlex.join(sys.argv[1:]),
    )
    steps = steps_of(config)
    with progress_for(
        quiet=watch.quiet, json_logs=watch.json_logs, track=watch.track, folder=run.tracking_path, steps=steps
    ) as progress:
        run.begin(config, begun_with)
        run.unseal()
        Trial(detector, config, executor, run, compute_for(config.learning, place), progress).play()
        run.seal()


def _config(
    scenes: int | None, objects: tuple[str, ...] | None, seed: int, yours: YoursConfig, settings: tuple[str, ...]
) -> RunConfig:
    """The preset `quarter` with what was asked for; its bouts are not played."""
    config = replace(with_yours(replace(QUARTER, test=TestConfig()), yours, settings), seed=seed)
    from sparring.stress.trial import require_stressed

    stress = replace(
        config.stress,
        scenes_n=config.stress.scenes_n if scenes is None else scenes,
        objects=config.stress.objects if objects is None else tuple(map(set_named, objects)),
    )
    config = replace(config, stress=stress)
    require_stressed(config)
    return config
