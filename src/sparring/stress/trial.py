"""The stress test of one detector: an adversary learns against it, then everything that it lifts meets every attack.

A folder like a run's: config, shards by wave, adversaries, manifest. What is there and whole is not played again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import PROTOCOLS, RunConfig
from sparring.data.files import read_text, write_text
from sparring.data.records import Row, table_of
from sparring.data.store import read_shard, shard_path, write_shard
from sparring.errors import ConfigError, DataError, RunFolderError
from sparring.farm.executors import Executor
from sparring.game.attackers import LearnedAttacks
from sparring.game.cell import SimulatedCell
from sparring.game.collect import overlapping
from sparring.game.experience import Gathered
from sparring.game.match import Match
from sparring.game.plan import START, adversary_name
from sparring.game.progress import Progress
from sparring.game.run_folder import RunFolder
from sparring.players.checkpoint import save_player
from sparring.players.device import Compute
from sparring.players.grasper import Grasper
from sparring.seeding import rng_of, seed_of
from sparring.stress.policy import Policy
from sparring.stress.rounds import NO_GRASP, WAITING, Rounds, Stage
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec

KINDS = ("shake", "snatch")
"""The adversaries that learn."""
TRAINING, TEST = "training", "test"
ALL_ACTIONS = {kind: tuple(range(ADVERSARIES[kind].actions_n)) for kind in KINDS}
SWEPT = {"shake": ALL_ACTIONS["shake"]}
"""What objects meet that are held with another force."""
COLUMNS = ["adversary", "lifted", "dislodged", "invalid", "fault"]


def require_stressed(config: RunConfig) -> None:
    """Checks that a detector can be tested so.

    Raises:
        ConfigError: it would be told another camera than it sees through, or what cannot be reached would count as survived.
    """
    camera = config.world.camera
    allowed = {
        "world.arms (--robot)": config.world.arms is None,
        "world.camera.lens (--camera)": camera.lens is None,
        "world.camera.randomise.tilt_deg": camera.randomise.tilt_deg == 0,
        "world.camera.depth": not camera.depth,
        "network.trunk": config.network.trunk == "compact",
        "world.objects.train_on": config.world.objects.train_on not in config.stress.objects,
    }
    refused = [name for name, is_so in allowed.items() if not is_so]
    if refused:
        raise ConfigError(
            f"the stress test cannot have this {' and '.join(refused)}: its hands float, its camera looks straight down "
            "(a detector that takes depth_m gets it anyway), its adversary is a compact network, and learns on other objects "
            "than it is tested on"
        )


def with_protocol(config: RunConfig, protocol: str) -> RunConfig:
    """The config with a protocol's grip."""
    grip = PROTOCOLS[protocol].grip or config.world.grip
    return replace(config, world=replace(config.world, grip=grip))


def stages_of(config: RunConfig) -> list[Stage]:
    """All stages, in the order in which they are played; the adversaries learn after the first."""
    test = _test_specs(config)
    swept = [Stage(force_stage(force_n), test[: config.stress.force_scenes_n], lambda _: SWEPT) for force_n in _forces_n(config)]
    training = Stage(TRAINING, _training_specs(config), partial(_some_actions, config.stress.training_attacks_n), True)
    return [training, Stage(TEST, test, lambda _: ALL_ACTIONS), *swept]


def steps_of(config: RunConfig) -> list[str]:
    """What a trial announces, in order; a fit that has nothing to learn from is not announced."""
    training, *others = (stage.step for stage in stages_of(config))
    return [training, *(f"fit {adversary_name(kind)}" for kind in KINDS), *others]


def force_stage(force_n: float) -> str:
    """The stage in which the hand holds with that force."""
    return f"force-{force_n:g}"


def _forces_n(config: RunConfig) -> tuple[float, ...]:
    return tuple(sorted(config.stress.forces_n))


def _training_specs(config: RunConfig) -> tuple[SceneSpec, ...]:
    names = names_in("training", config.world.objects)
    seeds = [seed_of(config.seed, "scene", "stress", TRAINING, index) for index in range(config.stress.training_scenes_n)]
    return tuple(SceneSpec(names[int(rng_of(seed, "object").integers(len(names)))], seed) for seed in seeds)


def _test_specs(config: RunConfig) -> tuple[SceneSpec, ...]:
    """Scenes with objects of every set in turn; within a set every object comes once before one comes again."""
    rng = rng_of(config.seed, "stress", "objects")
    sets = [rng.permutation(names_in(objects, config.world.objects)) for objects in config.stress.objects]
    found: list[SceneSpec] = []
    for index in range(config.stress.scenes_n):
        names = sets[index % len(sets)]
        name = str(names[index // len(sets) % len(names)])
        found.append(SceneSpec(name, seed_of(config.seed, "scene", "stress", TEST, index)))
    return tuple(found)


def _some_actions(attacks_n: int, spec: SceneSpec) -> Mapping[str, Sequence[int]]:
    """Some different actions of each kind, drawn at random."""
    rng = rng_of(spec.seed, "stress", "actions")
    return {kind: sorted(map(int, rng.choice(len(actions), attacks_n, replace=False))) for kind, actions in ALL_ACTIONS.items()}


@dataclass(frozen=True, eq=False)
class Trial:
    """One detector under stress. `play` does everything that is not done yet."""

    policy: Policy
    config: RunConfig
    executor: Executor
    run: RunFolder
    compute: Compute
    progress: Progress
    _adversaries: dict[str, LearnedAttacks] = field(default_factory=dict[str, LearnedAttacks])

    def play(self) -> None:
        """Attacks at random, lets the adversaries learn from that, then tests.

        Raises:
            RunFolderError: the folder is of another detector, or of another version of it.
            PolicyError: the detector fails.
        """
        self._require_same_detector()
        training, test, *swept = stages_of(self.config)
        self._play(training, self.config)
        self._learn()
        self._play(test, self.config)
        for stage, force_n in zip(swept, _forces_n(self.config), strict=True):
            grip = replace(self.config.world.grip, force_n=force_n)
            self._play(stage, replace(self.config, world=replace(self.config.world, grip=grip)))

    def _cell(self, config: RunConfig) -> SimulatedCell:
        return SimulatedCell(config.world, config.attack, self.executor)

    def _require_same_detector(self) -> None:
        path, ours = detector_path(self.run), {"name": self.policy.name, "sha256": self.policy.sha256}
        if not path.exists():
            write_text(path, json.dumps(ours, indent=1) + "\n")
            self.run.enter(path)
        if read_detector(self.run) != ours:
            raise RunFolderError(
                f"{self.run.path} was begun with another detector, or {self.policy.name} has changed since; choose another --out"
            )

    def _play(self, stage: Stage, config: RunConfig) -> None:
        """Plays every wave whose shard is not on disk yet, or no longer whole."""
        rounds = Rounds(self.policy, config, self._cell(config), self.run, self._adversaries)
        size = config.stress.wave_scenes_n
        waves = [stage.specs[first : first + size] for first in range(0, len(stage.specs), size)]
        todo = (partial(self._wave, rounds, stage, number, specs) for number, specs in enumerate(waves))
        with self.progress.task(stage.step, len(stage.specs), "scenes", waves_n=len(waves)) as task:
            for scenes_n, found, counts in overlapping(todo, rounds.cell.waves_at_once_n, self.progress):
                task.advance(scenes_n, found=found, **counts)

    def _wave(self, rounds: Rounds, stage: Stage, number: int, specs: Sequence[SceneSpec]) -> tuple[int, bool, dict[str, int]]:
        path = shard_path(self.run.stage(stage.name), number)
        found = self.run.holds(path)
        if found:
            rows = read_shard(path, COLUMNS).to_pylist()
        else:
            rows = rounds.play(stage, number, specs)
            write_shard(path, table_of(rows))
            self.run.enter(path)
        return len(specs), found, _counts(rows)

    def _learn(self) -> None:
        """Fits an adversary of each kind on the random attacks, its convolutions those of the player in the package."""
        if not self.run.player(START).exists():
            shipped = Grasper.load(device="cpu")
            save_player(self.run.player(START), shipped.protagonist.network, shipped.card)
            self.run.enter(self.run.player(START))
        match = Match(self.config, self._cell(self.config), self.run, self.compute, self.progress)
        todo = [kind for kind in KINDS if not match.is_made(adversary_name(kind))]
        if todo:
            stress = self.config.stress
            most_n = stress.training_scenes_n * (2 + len(KINDS) * stress.training_attacks_n)  # the try, waiting, attacks
            known = Gathered(self.run, patch_px=self.config.patch_px, most_n=most_n).of([TRAINING])
            for kind in todo:
                match.fit_adversary(kind, kind, START, known.where(known.adversaries == kind))
        self._adversaries.update({kind: match.attacker(kind, kind) for kind in KINDS})


def require_ours(out: Path, trials: Sequence[str]) -> None:
    """Before anything is written into a folder.

    Raises:
        RunFolderError: it holds something, and none of these trials.
    """
    if out.exists() and not out.is_dir():
        raise RunFolderError(f"{out} exists and is no folder; choose another --out")
    if out.exists() and any(out.iterdir()) and not any((out / name).is_dir() for name in trials):
        raise RunFolderError(f"{out} exists and holds no stress test; choose another --out")


def detector_path(run: RunFolder) -> Path:
    """What says whose trial it is."""
    return run.path / "detector.json"


def read_detector(run: RunFolder) -> dict[str, str]:
    """The detector's name and the sha256 of its file.

    Raises:
        DataError: damaged or missing.
    """
    path = detector_path(run)
    try:
        told = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {error}") from None
    if not isinstance(told, dict) or {key: type(value) for key, value in told.items()} != {"name": str, "sha256": str}:
        raise DataError(f"{path} is damaged: it must hold `name` and `sha256`")
    return told


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    """What is shown while it goes on; a scene without a grasp counts as one that was not lifted."""
    tries = [row for row in rows if row.get("adversary") is None and (not row["invalid"] or row["fault"] == NO_GRASP)]
    attacks = [row for row in rows if row.get("adversary") not in (None, WAITING) and not row["invalid"]]
    return {
        "valid": len(tries),
        "lifted": sum(bool(row["lifted"]) for row in tries),
        "attacked": len(attacks),
        "dislodged": sum(bool(row["dislodged"]) for row in attacks),
    }
