"""Frames for people: the robot's picture with the grasp drawn in, and beside it what a spectator sees."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import angle_rad
from sparring.config import RunConfig
from sparring.envs.bench import Attacked, Tried
from sparring.evaluation.drawing import BEST, DISLODGED, draw_jaws
from sparring.game.jobs import View
from sparring.players.choosing import ImageGrasp
from sparring.world.scene import Scene, open_scene
from sparring.world.spectator import fixed, picture

SIDE_PX = 480
"""Height of a frame."""


def frame(
    config: RunConfig, view: View, tried: Tried | None = None, attack: tuple[str, Attacked] | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """A scene as it lies, after its grasp, or after the attack; the grasp is green as long as the object is held, else red.

    Args:
        config: what the scene was played with.
        view: the scene.
        tried: its grasp.
        attack: the adversary's name, and what its attack led to.
    """
    scene, state = open_scene(config.world, view.spec), view.state
    if tried is not None:
        state = tried.outcome.states[0]
    if attack is not None and attack[1].outcome.states:
        state = attack[1].outcome.states[0]
        scene = _with_second_hand(config, view, attack) if len(state) > len(view.state) else scene
    held = tried is not None and tried.lifted and (attack is None or not attack[1].dislodged)
    seen = _drawn(config, view, None if tried is None else tried.grasp, BEST if held else DISLODGED)
    return np.concatenate([seen, picture(scene, state, fixed(side_px=SIDE_PX))], axis=1)


def _with_second_hand(config: RunConfig, view: View, attack: tuple[str, Attacked]) -> Scene:
    kind, _ = ADVERSARIES[attack[0]].action(attack[1].action)
    assert kind.second_hand is not None
    return open_scene(config.world, view.spec, kind.second_hand.config(config.attack))


def _drawn(config: RunConfig, view: View, grasp: ImageGrasp | None, colour: tuple[int, int, int]) -> np.ndarray:
    """What the camera saw, as high as a frame."""
    pixels = view.image[..., :3]
    scale = SIDE_PX / pixels.shape[0]
    drawn = Image.fromarray(pixels).resize((round(pixels.shape[1] * scale), SIDE_PX), Image.Resampling.BICUBIC)
    if grasp is not None:
        centre = (np.array([grasp.column_px, grasp.row_px]) + 0.5) * scale
        opening_px = config.world.hand.opening_m / view.calibration.pixel_m * scale
        draw_jaws(drawn, centre, float(angle_rad(grasp.angle)), opening_px=opening_px, colour=colour, thick=2)
    return np.asarray(drawn)
