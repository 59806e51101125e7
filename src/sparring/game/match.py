"""The match: the paper's loop (sections IV-B, V-G) and, beside it, the arm that only collaborates.

Every step is skipped when its result is on disk, and draws from a seed of its own name, so that a run that was killed
goes on and ends as it would have.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import ANGLES_N
from sparring.config import BoutConfig, RunConfig
from sparring.data.targets import grasp_targets, protagonist_targets
from sparring.errors import CheckpointError, ConfigError, unknown_name
from sparring.game import training
from sparring.game.attackers import AttackPlayer, EveryAttack, LearnedAttacks, RandomAttacks
from sparring.game.cell import Cell
from sparring.game.collect import collect
from sparring.game.experience import Experience, Gathered
from sparring.game.fit_file import FitFile
from sparring.game.lessons import Lesson, adversary_lesson, held_out_objects, protagonist_lesson
from sparring.game.plan import (
    RANDOM,
    START,
    adversary_name,
    chooser_of,
    collaborates,
    collaborative_name,
    competes,
    fit_step,
    round_name,
    stages_of,
    tested_names,
)
from sparring.game.progress import Progress, Task, require_going_on
from sparring.game.run_folder import RunFolder
from sparring.game.training import EpochMetrics, Schedule
from sparring.players.checkpoint import PlayerCard, Role, load_player, save_player
from sparring.players.choosing import GraspedPatches, Protagonist, RandomGrasps, angles_rad, attack_probabilities
from sparring.players.device import Compute
from sparring.players.networks import PatchNet, new_network, require_weights, starts_from_imagenet
from sparring.scoring import judged
from sparring.seeding import seed_of


@dataclass(eq=False)
class Match:
    """One run. `play` does everything that is not done yet."""

    config: RunConfig
    cell: Cell
    run: RunFolder
    compute: Compute
    progress: Progress

    def __post_init__(self) -> None:
        """Checks, before any work is done, that the config can be played.

        Raises:
            SparringError: unknown adversary or trunk, or weights that are missing.
        """
        for bout in self.config.match.bouts:
            require_adversary(bout.adversary)
        require_weights(self.config.network)
        tested_names(self.config)
        if self.config.match.attacks == "every" and self.cell.scenes_at_once is not None:
            raise ConfigError(
                "this cell cannot put an object back into the hand as it was, so that match.attacks must not be every"
            )
        match = self.config.match
        attacked_n = sum(bout.iterations_n * bout.grasps_per_iteration_n for bout in match.bouts)
        most_n = match.random_grasps_n + max(match.collaborative_grasps_n, attacked_n)
        self._gathered = Gathered(
            self.run, patch_px=self.config.patch_px, most_n=most_n, channels_n=self.config.world.camera.channels_n
        )

    def play(self) -> None:
        """Random grasps and P_0; then both arms, or the one that is asked for."""
        self.start()
        if collaborates(self.config):
            self._collaborate()
        if competes(self.config):
            self._compete()

    def start(self) -> None:
        """Random grasps and P_0, which both arms share."""
        self._collect(RANDOM, None)
        self._fit_protagonist(START, None, [RANDOM], None)

    def _collaborate(self) -> None:
        """The baseline: more grasps by importance sampling, no adversary, as many rounds as the other arm plays."""
        stages, player = [RANDOM], START
        for number in range(1, self.config.match.rounds_n + 1):
            stages.append(round_name(number))
            self._collect(stages[-1], None)
            name = collaborative_name(self.config, number)
            self._fit_protagonist(name, player, stages, None)
            player = name

    def _compete(self) -> None:
        """Iterations against each adversary in turn: attack, aggregate, train the adversary, then the protagonist."""
        stages, player = [RANDOM], START
        for bout in self.config.match.bouts:
            first = bout.iterations[0]
            for name in bout.iterations:
                stages.append(name)
                self._collect(name, self._attacker_in(bout, name))
                self._fit_adversary(bout.adversary, name, player, stages)
                asked = first if self.config.match.attacks == "first" else name
                self._fit_protagonist(name, player, stages, asked)
                player = name

    def _attacker_in(self, bout: BoutConfig, name: str) -> AttackPlayer:
        """Who attacks in an iteration: random actions first, then who the iteration before has made, unless asked otherwise."""
        attacks, at = self.config.match.attacks, bout.iterations.index(name)
        if attacks == "every":
            return EveryAttack(bout.adversary)
        if attacks == "random" or at == 0:
            return RandomAttacks(bout.adversary)
        return self.attacker(bout.adversary, bout.iterations[0 if attacks == "first" else at - 1])

    def _collect(self, name: str, attacker: AttackPlayer | None) -> None:
        (stage,) = [one for one in stages_of(self.config) if one.name == name]
        chooser = chooser_of(self.config, name)
        player = RandomGrasps(self.config.patches, self._pixel_m) if chooser is None else self.protagonist(chooser)
        collect(stage, player, attacker, config=self.config, cell=self.cell, run=self.run, progress=self.progress)

    def _fit_protagonist(self, name: str, before: str | None, stages: list[str], asked: str | None) -> None:
        """P_0 by eq. 3; later players go on from the one before, by eq. 5 where an adversary is met.

        `asked` is the iteration whose adversary eq. 5 asks.
        """
        if self.is_made(name):
            return
        learning, known = self.config.learning, self._gathered.of(stages)
        targets = grasp_targets(known.succeeded)
        summary: dict[str, Any] = {"success_rate": _mean(known.succeeded), "from": before}
        if asked is not None:
            strongest = self._falls(asked, known)
            targets = protagonist_targets(known.succeeded, strongest, alpha=learning.alpha)
            summary["target_mean_of_successes"] = _mean(targets[known.succeeded])
        lesson = protagonist_lesson(known, targets, self._held_out(known))
        network = self._new_network(name, ANGLES_N) if before is None else self.load(before, "protagonist")
        rate, epochs_n = learning.learning_rate, learning.epochs_n
        if before is not None:
            rate, epochs_n = learning.finetune_rate, learning.finetune_epochs_n
        schedule = Schedule(rate, epochs_n, keep_best=False, frozen=self.config.network.frozen)
        self._fit(name, "protagonist", network, lesson, schedule, summary)

    def _fit_adversary(self, adversary: str, name: str, player: str, stages: list[str]) -> None:
        """The adversary learns anew, by eq. 4, from all of its attacks."""
        if not self.is_made(adversary_name(name)):
            known = self._gathered.of(stages)
            self.fit_adversary(adversary, name, player, known.where(known.adversaries == adversary))

    def fit_adversary(self, adversary: str, name: str, player: str, attacks: Experience) -> None:
        """An adversary that learns anew, by eq. 4, from given attacks.

        Args:
            adversary: its kind, which all attacks are of.
            name: the iteration that it is named for.
            player: the protagonist of this run whose convolutions it starts from.
            attacks: what it learns from; without any it stays untrained.
        """
        learning, network = self.config.learning, self.new_adversary(adversary, name, player)
        lesson = adversary_lesson(attacks, adversary, self._held_out(attacks), self.config.attack)
        schedule = Schedule(
            learning.adversary_rate, learning.adversary_epochs_n, keep_best=True, frozen=self.config.network.frozen
        )
        self._fit(adversary_name(name), "adversary", network, lesson, schedule, {"dislodged_rate": _mean(attacks.dislodged)})

    def _fit(self, name: str, role: Role, network: PatchNet, lesson: Lesson, schedule: Schedule, summary: dict[str, Any]) -> None:
        learning, seed = self.config.learning, seed_of(self.config.seed, "fit", name)
        network.to(self.compute.device)
        trained_n = int((~lesson.held_out).sum())
        history: list[EpochMetrics] = []
        belongs_to = f"{name} {self.config} {lesson.fingerprint()} {self.compute.device.type}"
        file = FitFile(self.run.fit(name), belongs_to, stopping=lambda: self.progress.stopping)
        if trained_n:
            with self.progress.task(fit_step(name), schedule.epochs_n, "epochs") as task:
                history = training.fit(
                    network,
                    lesson,
                    schedule,
                    learning=learning,
                    compute=self.compute,
                    patch_px=self.config.patch_px,
                    seed=seed,
                    file=file,
                    epoch_done=lambda metrics: _tell(task, metrics),
                )
        rows = [training.as_row(name, metrics) for metrics in history]
        counts = {"trained_n": trained_n, "positives_n": int((lesson.positive & ~lesson.held_out).sum())}
        if lesson.held_out.any():
            probabilities = training.believed(network, lesson, compute=self.compute, patch_px=self.config.patch_px)
            summary["held_out"] = asdict(judged(probabilities, lesson.positive[lesson.held_out]))
            if role == "adversary":
                summary["mean_strongest_belief"] = self._mean_strongest_belief(network, lesson.watched())
        self.run.record_metrics(name, [*rows, {"fit": name, "summary": counts | summary}])
        save_player(self.run.player(name), network, self._card(name, role, network, trained_n))
        self.run.enter(self.run.player(name))
        file.remove()
        require_going_on(self.progress)

    def is_made(self, name: str) -> bool:
        """Whether a player is on disk.

        Raises:
            CheckpointError: damaged. It is not made again unasked: on another machine it would come out different.
        """
        path = self.run.player(name)
        if path.exists():
            self.run.fit(name).unlink(missing_ok=True)  # a kill may have come between the player and this
        if path.exists() and not self.run.is_as_written(path):
            raise CheckpointError(
                f"{path} is damaged (its sha256 is not the one in manifest.json); delete it and run the same command again to "
                "train it again, best on the machine that it was trained on: there it comes out the same"
            )
        return path.exists()

    def _mean_strongest_belief(self, network: PatchNet, watched: Lesson) -> float | None:
        """What eq. 5 would take from these attempts: the mean over them of an adversary's largest probability."""
        seen = GraspedPatches(watched.crops, watched.offsets, angles_rad(watched.grasp_angles))
        believed = attack_probabilities(network, seen, patch_px=self.config.patch_px, compute=self.compute)
        return _mean(believed.max(axis=1))

    def _falls(self, asked: str, known: Experience) -> np.ndarray:
        """What eq. 5 takes for max_u adversary(s+, u): the adversary's belief, or what the attacks really made came to."""
        falls = self.config.learning.falls
        if falls == "believed":
            return self._strongest_belief(asked, known)
        return known.fell_share if falls == "share" else (known.fell_share > 0).astype(np.float32)

    def _strongest_belief(self, name: str, known: Experience) -> np.ndarray:
        """max_u adversary(s+, u) for every success; zero elsewhere, and everywhere while there was no attack to learn from."""
        network, card = load_player(self.run.player(adversary_name(name)), role="adversary")
        network.to(self.compute.device)
        strongest = np.zeros(len(known), np.float32)
        if not card.trained_n:
            return strongest
        rows = np.flatnonzero(known.succeeded)
        believed = attack_probabilities(network, known.seen(rows), patch_px=self.config.patch_px, compute=self.compute)
        strongest[rows] = believed.max(axis=1) if len(rows) else 0.0
        return strongest

    def _held_out(self, known: Experience) -> np.ndarray:
        return held_out_objects(known.objects, self.config.learning.held_out_share, self.config.seed)

    def _new_network(self, name: str, actions_n: int) -> PatchNet:
        return new_network(
            self.config.network,
            actions_n,
            dropout=self.config.learning.dropout,
            seed=seed_of(self.config.seed, "network", name),
            channels_n=self.config.world.camera.channels_n,
        )

    def new_adversary(self, adversary: str, name: str, player: str) -> PatchNet:
        """An untrained adversary; its convolutions start from ImageNet's where there are such, else from a protagonist's."""
        network = self._new_network(adversary_name(name), ADVERSARIES[adversary].actions_n)
        if not starts_from_imagenet(self.config.network):
            network.convolutions.load_state_dict(self.load(player, "protagonist").convolutions.state_dict())
        return network

    def load(self, name: str, role: Role) -> PatchNet:
        """A player of this run, on the device."""
        network, _ = load_player(self.run.player(name), role=role, dropout=self.config.learning.dropout)
        return network.to(self.compute.device)

    def protagonist(self, name: str) -> Protagonist:
        """A player of this run as it explores: by importance sampling."""
        network = self.load(name, "protagonist")
        match = self.config.match
        return Protagonist(
            network, self.compute, self.config.patches, self._pixel_m, match.patches_n, "importance", match.scoring
        )

    def attacker(self, adversary: str, name: str) -> LearnedAttacks:
        """The adversary that learned in an iteration of this run, as it attacks: greedily."""
        return LearnedAttacks(adversary, self.load(adversary_name(name), "adversary"), self.compute, self.config.patch_px)

    def _card(self, name: str, role: Role, network: PatchNet, trained_n: int) -> PlayerCard:
        return PlayerCard(
            name=name,
            role=role,
            trunk=network.trunk,
            actions_n=network.actions_n,
            pixel_m=self._pixel_m,
            patches=self.config.patches,
            patches_n=self.config.match.patches_n,
            trained_n=trained_n,
            channels_n=network.channels_n,
        )

    @property
    def _pixel_m(self) -> float:
        return self.config.world.camera.pixel_m


def require_adversary(name: str) -> None:
    """Before anything is played against it.

    Raises:
        ConfigError: the table of adversaries has no such row.
    """
    if name not in ADVERSARIES:
        raise ConfigError(unknown_name("adversary", name, ADVERSARIES))


def _mean(values: np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _tell(task: Task, metrics: EpochMetrics) -> None:
    told = {
        "loss": metrics.loss,
        "held_out_loss": metrics.held_out_loss,
        "accuracy": metrics.train_accuracy,
        "held_out_auc": metrics.held_out_auc,
        "images_per_s": metrics.images_per_s,
    }
    task.advance(1, found=False, **{name: value for name, value in told.items() if value is not None})
