"""Gathering attempts wave by wave: look, choose, grasp, attack, record. A wave is one shard, written whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp, angle_rad, sensing_heights_m
from sparring.config import RunConfig
from sparring.data.records import FORCE_COLUMNS, Row, table_of
from sparring.data.store import read_shard, shard_path, write_shard
from sparring.game.cell import AttackRequest, Cell, GraspRequest
from sparring.game.jobs import GraspOutcomes, View
from sparring.game.progress import Progress
from sparring.game.run_folder import RunFolder
from sparring.players.choosing import GraspPlayer, ImageGrasp, attack_probabilities, grasped_patches
from sparring.players.device import Compute
from sparring.players.networks import PatchNet
from sparring.seeding import rng_of, seed_of
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec


@dataclass(frozen=True, eq=False)
class AttackChoice:
    """An adversary's decision on one grasp."""

    action: int
    probability: float | None
    """Probability of dislodging in its eyes; None when it drew at random."""


class AttackPlayer(Protocol):
    """Chooses attacks on grasped objects."""

    @property
    def adversary(self) -> str:
        """Its row in `ADVERSARIES`."""
        ...

    def choose(self, views: Sequence[View], grasps: Sequence[ImageGrasp], rng: np.random.Generator) -> list[AttackChoice]:
        """One attack a grasp."""
        ...


@dataclass(frozen=True)
class RandomAttacks:
    """Draws its actions: the adversary of the first iteration."""

    adversary: str

    def choose(self, views: Sequence[View], grasps: Sequence[ImageGrasp], rng: np.random.Generator) -> list[AttackChoice]:
        """Any action, with equal chance."""
        drawn = rng.integers(ADVERSARIES[self.adversary].actions_n, size=len(grasps))
        return [AttackChoice(int(action), None) for action in drawn]


@dataclass(frozen=True, eq=False)
class LearnedAttacks:
    """Plays the action that its network believes in most (greedy sampling, section V-G)."""

    adversary: str
    network: PatchNet
    compute: Compute
    patch_px: float

    def choose(self, views: Sequence[View], grasps: Sequence[ImageGrasp], rng: np.random.Generator) -> list[AttackChoice]:
        """The best action for each grasp."""
        if not grasps:
            return []
        images = [view.image for view in views]
        seen = grasped_patches(images, grasps, patch_px=self.patch_px)
        believed = attack_probabilities(self.network, seen, patch_px=self.patch_px, compute=self.compute)
        return [AttackChoice(int(row.argmax()), float(row.max())) for row in believed]


@dataclass(frozen=True)
class Stage:
    """A part of the match that gathers attempts."""

    name: str
    grasps_n: int


def collect(
    stage: Stage,
    player: GraspPlayer,
    attacker: AttackPlayer | None,
    *,
    config: RunConfig,
    cell: Cell,
    run: RunFolder,
    progress: Progress,
) -> None:
    """Plays every wave of a stage whose shard is not on disk yet."""
    waves = _waves(stage, config)
    with progress.task(stage.name, stage.grasps_n, "grasps") as task:
        for wave, scenes in enumerate(waves):
            path = shard_path(run.stage(stage.name), wave)
            if path.exists():
                rows = read_shard(path, ["sensed", "lifted", "dislodged", "invalid"]).to_pylist()
            else:
                rows = play_wave(stage.name, wave, scenes, player, attacker, config=config, cell=cell)
                write_shard(path, table_of(rows))
            task.advance(len(rows), **_counts(rows))


def _counts(rows: list[Row]) -> dict[str, int]:
    return {
        "sensed": sum(row["sensed"] for row in rows),
        "attacked": sum(row.get("dislodged") is not None for row in rows),
        "dislodged": sum(bool(row.get("dislodged")) for row in rows),
        "invalid": sum(row["invalid"] for row in rows),
    }


def _waves(stage: Stage, config: RunConfig) -> list[list[tuple[SceneSpec, int]]]:
    """Scenes with their numbers of grasps, cut into waves."""
    each, per_wave = config.match.attempts_per_scene_n, config.match.wave_scenes_n
    names = names_in("training", config.world.objects)
    counts = [min(each, stage.grasps_n - start) for start in range(0, stage.grasps_n, each)]
    scenes = []
    for index, count in enumerate(counts):
        seed = seed_of(config.seed, "scene", stage.name, index)
        name = names[int(rng_of(seed, "object").integers(len(names)))]
        scenes.append((SceneSpec(name, seed), count))
    return [scenes[start : start + per_wave] for start in range(0, len(scenes), per_wave)]


def play_wave(
    stage: str,
    wave: int,
    scenes: Sequence[tuple[SceneSpec, int]],
    player: GraspPlayer,
    attacker: AttackPlayer | None,
    *,
    config: RunConfig,
    cell: Cell,
) -> list[Row]:
    """One round of play on some scenes; a row an attempt."""
    views: list[View] = []
    chosen: list[list[ImageGrasp]] = []
    for view, (_, count) in zip(
        cell.look([spec for spec, _ in scenes]), scenes, strict=True
    ):  # chooses while others are looked at
        views.append(view)
        chosen.append(player.choose(view.image, count, rng_of(view.spec.seed, "choose")))
    requests = [_request(view, grasps) for view, grasps in zip(views, chosen, strict=True)]
    outcomes = list(cell.grasp(requests))
    rows = [
        _row(stage, wave, number, request, grasps[index], outcome, index, config)
        for number, (request, grasps, outcome) in enumerate(zip(requests, chosen, outcomes, strict=True))
        for index in range(len(grasps))
    ]
    if attacker is None:
        return rows
    return _attacked(rows, requests, chosen, outcomes, attacker, cell, rng_of(config.seed, "attack", stage, wave))


def _request(view: View, grasps: Sequence[ImageGrasp]) -> GraspRequest:
    return GraspRequest(
        view=view,
        grasps=tuple(world_grasp(view, grasp) for grasp in grasps),
        seeds=tuple(seed_of(view.spec.seed, "noise", index) for index in range(len(grasps))),
    )


def world_grasp(view: View, grasp: ImageGrasp) -> Grasp:
    """A grasp in the image, in the world."""
    x, y = view.calibration.metres(np.array([[grasp.column_px, grasp.row_px]]))[0]
    return Grasp(float(x), float(y), float(view.calibration.world_angle(angle_rad(grasp.angle))))


def _attacked(
    rows: list[Row],
    requests: Sequence[GraspRequest],
    chosen: Sequence[Sequence[ImageGrasp]],
    outcomes: Sequence[GraspOutcomes],
    attacker: AttackPlayer,
    cell: Cell,
    rng: np.random.Generator,
) -> list[Row]:
    """Attacks every grasp that the weak sensor believes in; one that has meanwhile let go is dislodged by raising alone."""
    places = [(scene, index) for scene, grasps in enumerate(chosen) for index in range(len(grasps))]
    targets = [k for k, (scene, index) in enumerate(places) if outcomes[scene].sensed[index]]
    choices = attacker.choose(
        [requests[places[k][0]].view for k in targets], [chosen[places[k][0]][places[k][1]] for k in targets], rng
    )
    still: dict[int, list[tuple[int, int, int]]] = {}
    for k, choice in zip(targets, choices, strict=True):
        scene, index = places[k]
        rows[k] |= {
            "adversary": attacker.adversary,
            "action": choice.action,
            "action_probability": choice.probability,
            "dislodged": True,
        }
        if outcomes[scene].lifted[index]:
            still.setdefault(scene, []).append((k, index, choice.action))
    played = [
        AttackRequest(requests[scene].view, outcomes[scene], tuple(i for _, i, _ in held), tuple(action for _, _, action in held))
        for scene, held in still.items()
    ]
    for held, result in zip(still.values(), cell.attack(attacker.adversary, played), strict=True):
        for (k, _, _), dislodged, invalid in zip(held, result.dislodged, result.invalid, strict=True):
            rows[k] |= {"dislodged": bool(dislodged), "invalid": bool(invalid)}
            if invalid:
                scene, index = places[k]
                rows[k]["replay_state"] = outcomes[scene].states[index].tolist()
    return rows


def _row(
    stage: str,
    wave: int,
    number: int,
    request: GraspRequest,
    grasp: ImageGrasp,
    outcome: GraspOutcomes,
    index: int,
    config: RunConfig,
) -> Row:
    return {
        "attempt": f"{stage}/{wave:05d}/{number:04d}-{index}",
        "stage": stage,
        "image": {"bytes": request.view.png, "path": None},
    } | attempt_row(request, grasp, outcome, index, config)


def attempt_row(request: GraspRequest, grasp: ImageGrasp, outcome: GraspOutcomes, index: int, config: RunConfig) -> Row:
    """What is known of an attempt, but for its name and its image."""
    view, commanded, executed = request.view, request.grasps[index], outcome.executed[index]
    heights = sensing_heights_m(config.world.lift)
    forces = {
        column: float(outcome.forces_n[index, heights.index(height)])
        for height, column in FORCE_COLUMNS.items()
        if height in heights
    }
    invalid = bool(outcome.invalid[index])
    return forces | {
        "object": view.spec.object_name,
        "family": view.family,
        "scene_seed": view.spec.seed,
        "noise_seed": request.seeds[index],
        "pixel_m": view.calibration.pixel_m,
        "camera_x_m": view.calibration.centre_x_m,
        "camera_y_m": view.calibration.centre_y_m,
        "camera_turn_rad": view.calibration.turn_rad,
        "column_px": grasp.column_px,
        "row_px": grasp.row_px,
        "angle": grasp.angle,
        "probability": grasp.probability,
        "x_m": commanded.x_m,
        "y_m": commanded.y_m,
        "theta_rad": commanded.theta_rad,
        "executed_x_m": executed.x_m,
        "executed_y_m": executed.y_m,
        "executed_theta_rad": executed.theta_rad,
        "gap_m": float(outcome.gap_m[index]),
        "sensed": bool(outcome.sensed[index]),
        "lifted": bool(outcome.lifted[index]),
        "invalid": invalid,
        "replay_state": outcome.states[index].tolist() if invalid else None,
        "mass_kg": view.mass_kg,
        "friction": view.friction,
        "com_x_m": view.centre_of_mass_m[0],
        "com_y_m": view.centre_of_mass_m[1],
    }
