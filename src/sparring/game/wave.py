"""One round of play on some scenes: look, choose, grasp, attack. A row an attempt."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparring.actions.grasp import Grasp, angle_rad, sensing_heights_m
from sparring.config import RunConfig
from sparring.data.records import FORCE_COLUMNS, PHYSICS, Row
from sparring.game.attackers import AttackChoice, AttackPlayer
from sparring.game.cell import AttackRequest, Cell, GraspRequest
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View
from sparring.players.choosing import GraspPlayer, ImageGrasp
from sparring.seeding import rng_of, seed_of
from sparring.world.scene import SceneSpec

THINKING = threading.Lock()
"""Waves may overlap, but their networks take turns: two at once on the same cores are slower than one after the other."""


@dataclass(frozen=True)
class Wave:
    """Some scenes of a stage, played together; one shard."""

    stage: str
    number: int
    scenes: tuple[tuple[SceneSpec, int], ...]
    """Scenes with their numbers of grasps."""

    @property
    def attempts(self) -> list[str]:
        """Names of its attempts, in order."""
        return [self.attempt(scene, index) for scene, (_, count) in enumerate(self.scenes) for index in range(count)]

    def attempt(self, scene: int, index: int) -> str:
        """Name of an attempt."""
        return f"{self.stage}/{self.number:05d}/{scene:04d}-{index}"


@dataclass(frozen=True, eq=False)
class _Tried:
    """The grasps of one scene: what was asked for, what came of it, and where its rows begin."""

    view: View
    chosen: Sequence[ImageGrasp]
    request: GraspRequest
    outcome: GraspOutcomes
    row: int


def play_wave(wave: Wave, player: GraspPlayer, attacker: AttackPlayer | None, *, config: RunConfig, cell: Cell) -> list[Row]:
    """Plays a wave, as many scenes at once as the cell can have before it."""
    rng = rng_of(config.seed, "attack", wave.stage, wave.number)
    at_once = cell.scenes_at_once or len(wave.scenes)
    rows: list[Row] = []
    for first in range(0, len(wave.scenes), at_once):
        rows += _round(wave, range(first, min(first + at_once, len(wave.scenes))), player, attacker, rng, config, cell)
    return rows


def _round(
    wave: Wave,
    numbers: Sequence[int],
    player: GraspPlayer,
    attacker: AttackPlayer | None,
    rng: np.random.Generator,
    config: RunConfig,
    cell: Cell,
) -> list[Row]:
    """Some scenes of a wave from looking to attacking."""
    rows: list[Row] = [
        {"attempt": wave.attempt(number, index), "stage": wave.stage}
        for number in numbers
        for index in range(wave.scenes[number][1])
    ]
    asked: list[tuple[View, list[ImageGrasp], GraspRequest, int]] = []
    row = 0
    for number, looked in zip(numbers, cell.look([wave.scenes[number][0] for number in numbers]), strict=True):
        count = wave.scenes[number][1]
        if isinstance(looked, Unseen):
            for index in range(row, row + count):
                rows[index] |= unseen_row(looked)
        else:
            with THINKING:  # while others are looked at
                chosen = player.choose(looked.image, count, rng_of(looked.spec.seed, "choose"))
            asked.append((looked, chosen, _request(looked, chosen), row))
        row += count
    outcomes = cell.grasp([request for _, _, request, _ in asked])
    tried = [
        _Tried(view, chosen, request, outcome, row) for (view, chosen, request, row), outcome in zip(asked, outcomes, strict=True)
    ]
    for one in tried:
        for index, grasp in enumerate(one.chosen):
            picture = {"image": {"bytes": one.view.png, "path": None}}
            rows[one.row + index] |= picture | attempt_row(one.view, grasp, one.request, one.outcome, index, config)
    if attacker is not None:
        _attack(rows, tried, attacker, cell, rng)
    return rows


def _request(view: View, grasps: Sequence[ImageGrasp]) -> GraspRequest:
    return GraspRequest(
        spec=view.spec,
        state=view.state,
        grasps=tuple(world_grasp(view, grasp) for grasp in grasps),
        seeds=tuple(seed_of(view.spec.seed, "noise", index) for index in range(len(grasps))),
    )


def world_grasp(view: View, grasp: ImageGrasp) -> Grasp:
    """A grasp in the image, in the world."""
    x, y = view.calibration.metres(np.array([[grasp.column_px, grasp.row_px]]))[0]
    return Grasp(float(x), float(y), float(view.calibration.world_angle(angle_rad(grasp.angle))))


def _attack(rows: list[Row], tried: Sequence[_Tried], attacker: AttackPlayer, cell: Cell, rng: np.random.Generator) -> None:
    """Attacks every grasp that the weak sensor believes in; one that has meanwhile let go is dislodged by raising alone.

    The records of the attacked, `rows`, are completed in place.
    """
    sensed = [(one, index) for one in tried for index in range(len(one.chosen)) if one.outcome.sensed[index]]
    with THINKING:
        choices = attacker.choose([one.view for one, _ in sensed], [one.chosen[index] for one, index in sensed], rng)
    held: dict[int, list[tuple[int, AttackChoice]]] = {}
    for (one, index), choice in zip(sensed, choices, strict=True):
        rows[one.row + index] |= {
            "adversary": attacker.adversary,
            "action": choice.action,
            "action_probability": choice.probability,
            "dislodged": True,
            "dislodging": sorted((choice.action, *choice.also)) if choice.also else None,
        }
        if one.outcome.lifted[index]:
            held.setdefault(one.row, []).append((index, choice))
    attacked = [one for one in tried if one.row in held]
    requests = [_attack_request(one, held[one.row]) for one in attacked]
    for one, request, result in zip(attacked, requests, cell.attack(attacker.adversary, requests), strict=True):
        at = 0
        for index, choice in held[one.row]:
            row, after = rows[one.row + index], at + 1 + len(choice.also)
            told = at + int(np.argmax(result.invalid[at:after]))  # the first that went wrong, else the choice
            row |= attack_row(result, told, one.outcome.states[index]) | {"action": request.actions[told]}
            if choice.also:
                fell = zip(request.actions[at:after], result.dislodged[at:after], strict=True)
                row["dislodging"] = sorted(action for action, dislodged in fell if dislodged)
            at = after


def _attack_request(tried: _Tried, held: Sequence[tuple[int, AttackChoice]]) -> AttackRequest:
    """Attacks on some of a scene's grasps, those that are tried on one grasp together."""
    todo = [(index, action) for index, choice in held for action in (choice.action, *choice.also)]
    indices = [index for index, _ in todo]
    executed = tuple(tried.outcome.executed[index] for index in indices)
    return AttackRequest(tried.request.spec, tried.outcome.states[indices], executed, tuple(action for _, action in todo))


def attack_row(result: AttackOutcomes, at: int, before: np.ndarray) -> Row:
    """What is known of an attack; `before` is the state that it began in."""
    invalid = bool(result.invalid[at])
    return {
        "dislodged": bool(result.dislodged[at]),
        "invalid": invalid,
        "fault": (result.fault or PHYSICS) if invalid else None,
        "replay_state": before.tolist() if invalid else None,
        "end_state": None if invalid or not result.states else _known_state(result.states[at]),
        "attack_slowdown": None if result.slowdown is None else float(result.slowdown[at]),
    }


def unseen_row(unseen: Unseen) -> Row:
    """What is known of an attempt on a scene that could not be looked at."""
    return {
        "object": unseen.spec.object_name,
        "scene_seed": unseen.spec.seed,
        "sensed": False,
        "lifted": False,
        "invalid": True,
        "fault": unseen.fault,
    }


def attempt_row(
    view: View, grasp: ImageGrasp, request: GraspRequest, outcome: GraspOutcomes, index: int, config: RunConfig
) -> Row:
    """What is known of an attempt, but for its name and its image."""
    commanded, executed = request.grasps[index], outcome.executed[index]
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
        "fault": (outcome.fault or PHYSICS) if invalid else None,
        "replay_state": outcome.states[index].tolist() if invalid else None,
        "end_state": None if invalid else _known_state(outcome.states[index]),
        "slowdown": None if outcome.slowdown is None else float(outcome.slowdown[index]),
        "mass_kg": _known(view.mass_kg),
        "friction": _known(view.friction),
        "com_x_m": _known(view.centre_of_mass_m[0]),
        "com_y_m": _known(view.centre_of_mass_m[1]),
    }


def _known_state(state: np.ndarray) -> list[float] | None:
    """A robot has none."""
    return state.tolist() if len(state) else None


def _known(value: float) -> float | None:
    """Not every cell knows everything of an object."""
    return value if math.isfinite(value) else None
