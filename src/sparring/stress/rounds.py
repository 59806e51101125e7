"""One wave of the stress test: a detector's best grasp on every scene, and attacks on whatever that holds up."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sparring.actions.grasp import Grasp, angle_index
from sparring.config import RunConfig
from sparring.data.files import write_text
from sparring.data.pictures import colours
from sparring.data.records import Row
from sparring.errors import PolicyError
from sparring.game.attackers import LearnedAttacks
from sparring.game.cell import AttackRequest, GraspRequest, HeldRequest, SimulatedCell
from sparring.game.jobs import GraspOutcomes, Unseen, View
from sparring.game.run_folder import RunFolder
from sparring.game.wave import THINKING, attack_row, attempt_row, unseen_row
from sparring.players.choosing import ImageGrasp, attack_probabilities, grasped_patches
from sparring.seeding import seed_of
from sparring.stress.policy import Found, Policy
from sparring.stress.sight import depth_of
from sparring.world.scene import SceneSpec

NO_GRASP = "the detector found no grasp"
"""The fault of a scene without a grasp: there is nothing to play, and it counts as a failure."""
WAITING = "none"
"""The published test that just waits."""
Menu = Callable[[SceneSpec], Mapping[str, Sequence[int]]]
"""By adversary, the actions that an object held up in a scene meets, each from the same state."""


@dataclass(frozen=True)
class Stage:
    """A part of the stress test: scenes, and what becomes of the objects that are held up there."""

    name: str
    specs: tuple[SceneSpec, ...]
    menu: Menu
    keeps_pictures: bool = False
    """Whether records hold the picture, to learn from."""

    @property
    def step(self) -> str:
        """What it is announced as."""
        return f"stage {self.name}"


@dataclass(frozen=True, eq=False)
class _Tried:
    row: Row
    view: View
    grasp: ImageGrasp
    request: GraspRequest
    outcome: GraspOutcomes


@dataclass(frozen=True, eq=False)
class Rounds:
    """Plays waves of one detector in one cell."""

    policy: Policy
    config: RunConfig
    cell: SimulatedCell
    run: RunFolder
    adversaries: Mapping[str, LearnedAttacks]
    """Those that have learned already: what they believe of every action is recorded with it."""

    def play(self, stage: Stage, number: int, specs: Sequence[SceneSpec]) -> list[Row]:
        """The records of a wave: a try for every scene, then the attacks on those that are held up."""
        rows: list[Row] = [{"attempt": f"{stage.name}/{number:05d}/{at:04d}", "stage": stage.name} for at in range(len(specs))]
        asked: list[tuple[Row, View, ImageGrasp, GraspRequest]] = []
        for row, looked in zip(rows, self.cell.look(specs), strict=True):
            if isinstance(looked, Unseen):
                row |= unseen_row(looked)
                continue
            found = self._found(looked)  # while others are looked at
            if found is None:
                row |= _ungrasped_row(looked)
            else:
                asked.append((row, looked, _image_grasp(found), _request(looked, found)))
        outcomes = self.cell.grasp([request for *_, request in asked], must_hold=True)
        tried = [_Tried(*one, outcome) for one, outcome in zip(asked, outcomes, strict=True)]
        for one in tried:
            picture = {"image": {"bytes": one.view.png, "path": None}} if stage.keeps_pictures else {}
            one.row.update(picture | attempt_row(one.view, one.grasp, one.request, one.outcome, 0, self.config))
        held = [one for one in tried if one.outcome.lifted[0]]
        return rows + self._waited(held) + self._attacked(held, stage.menu)

    def _found(self, view: View) -> Found | None:
        depth_m = depth_of(view, self.config.world) if self.policy.wants_depth else None
        scene = f"{view.spec.object_name} (seed {view.spec.seed})"
        seed = seed_of(view.spec.seed, "policy")
        with THINKING:
            try:
                return self.policy.best(colours(view.image), view.calibration.as_pinhole(), depth_m, scene=scene, seed=seed)
            except PolicyError as error:
                if error.__cause__ is None:
                    raise
                log = self.run.path.parent / "detector-error.log"
                write_text(log, "".join(traceback.format_exception(error.__cause__)))
                raise PolicyError(f"{error} (its traceback is in {log})") from error.__cause__

    def _waited(self, held: Sequence[_Tried]) -> list[Row]:
        """Nobody attacks: whether the hand still holds it two seconds later."""
        results = self.cell.stability(WAITING, [_held(one) for one in held])
        return [
            one.row | _named(one, WAITING) | {"adversary": WAITING} | attack_row(result, 0, one.outcome.states[0])
            for one, result in zip(held, results, strict=True)
        ]

    def _attacked(self, held: Sequence[_Tried], menu: Menu) -> list[Row]:
        menus = [menu(one.view.spec) for one in held]
        rows: list[Row] = []
        for adversary in dict.fromkeys(name for actions in menus for name in actions):
            believed = self._believed(adversary, held)
            requests = [_attack_request(one, actions[adversary]) for one, actions in zip(held, menus, strict=True)]
            results = self.cell.attack(adversary, requests)
            for index, (one, request, result) in enumerate(zip(held, requests, results, strict=True)):
                rows += [
                    one.row
                    | _named(one, f"{adversary}-{action:02d}")
                    | {"adversary": adversary, "action": action}
                    | ({} if believed is None else {"action_probability": float(believed[index, action])})
                    | attack_row(result, at, one.outcome.states[0])
                    for at, action in enumerate(request.actions)
                ]
        return rows

    def _believed(self, adversary: str, held: Sequence[_Tried]) -> Float[np.ndarray, "held actions"] | None:
        """The adversary's probability of dislodging for every action on every held object; None before it has learned."""
        player = self.adversaries.get(adversary)
        if player is None:
            return None
        seen = grasped_patches([one.view.image for one in held], [one.grasp for one in held], patch_px=player.patch_px)
        with THINKING:
            return attack_probabilities(player.network, seen, patch_px=player.patch_px, compute=player.compute)


def _ungrasped_row(view: View) -> Row:
    known = {"family": view.family, "mass_kg": view.mass_kg, "friction": view.friction}
    return unseen_row(Unseen(view.spec, NO_GRASP)) | known


def _image_grasp(found: Found) -> ImageGrasp:
    """The grasp as the adversary sees it: at the nearest of the 18 angles. It is carried out at its own."""
    return ImageGrasp(found.column_px, found.row_px, angle_index(float(np.deg2rad(found.angle_deg))), found.score)


def _request(view: View, found: Found) -> GraspRequest:
    x, y = view.calibration.metres(np.array([[found.column_px, found.row_px]]))[0]
    theta = view.calibration.world_angle(float(np.deg2rad(found.angle_deg)))
    grasp = Grasp(float(x), float(y), float(theta))
    return GraspRequest(view.spec, view.state, (grasp,), (seed_of(view.spec.seed, "noise"),))


def _held(one: _Tried) -> HeldRequest:
    return HeldRequest(one.view.spec, one.outcome.states, one.outcome.executed)


def _attack_request(one: _Tried, actions: Sequence[int]) -> AttackRequest:
    """Every action on the same held object, each from the same state."""
    n = len(actions)
    states = np.repeat(one.outcome.states, n, axis=0)
    return AttackRequest(one.view.spec, states, one.outcome.executed * n, tuple(actions))


def _named(one: _Tried, attack: str) -> Row:
    return {"attempt": f"{one.row['attempt']}/{attack}"}
