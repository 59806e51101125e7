"""A picture of a hand, open and closed, with its frame: to see whether a gripper was understood as it is meant."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sparring.actions.grasp import Grasp
from sparring.actions.trajectory import hold, ramp, steps_in
from sparring.config import HandConfig, Point, WorldConfig
from sparring.viewing.tones import INK, PAPER
from sparring.world.hand import HandSensors, closed_target_m, gap_m
from sparring.world.scene import Scene, SceneSpec
from sparring.world.solids import solids
from sparring.world.spectator import Spectator, picture

OBJECT, BEHIND_M = "soap-bottle", (0.0, -5.0, 0.0)
"""A scene has an object; this one is left behind the spectator."""
FRONT, SIDE = (0.0, -1.0, 0.0), (0.75, -0.6, 0.25)
"""Where the spectator is, seen from the hand."""
VIEW_DEG, FINER, MARGIN = 20.0, 2, 1.3
AXIS_M, AXIS_PX = 0.03, 2
AXES = ((np.eye(3)[0], (214, 60, 50)), (np.eye(3)[2], (50, 90, 210)))
"""The hand frame: the closing direction in red; in blue away from the object, against the approach."""
CAPTION_PX, OVER_TABLE_M, REST_S = 20, 0.02, 0.2


def hand_sheet(hand: HandConfig, *, side_px: int = 320) -> Image.Image:
    """The hand open, closed by its motor on nothing, and open from the side; below, the gaps as its sensor has them."""
    scene = Scene(WorldConfig(hand=hand), SceneSpec(OBJECT, 0))
    opened = scene.with_hand_at(scene.engine.initial_state(), _pose(hand))
    opened[scene.object_qpos] = [*BEHIND_M, 1.0, 0.0, 0.0, 0.0]
    played = scene.engine.play(opened[None], scene.command(opened, _closing(scene.config)).controls[None])
    gap = gap_m(hand, played.sensors[0, :, HandSensors.closing])
    panels = (
        (f"open: {1000 * gap[0]:.1f} mm", opened, FRONT),
        (f"closed: {1000 * gap[-1]:.1f} mm", played.states[0], FRONT),
        ("open, from the side", opened, SIDE),
    )
    sheet = Image.new("RGB", (len(panels) * side_px, side_px + CAPTION_PX), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (caption, state, eye) in enumerate(panels):
        spectator = _spectator(scene, opened, eye, FINER * side_px)
        sheet.paste(_drawn(scene, state, spectator).reduce(FINER), (number * side_px, 0))
        pen.text(((number + 0.5) * side_px, side_px + CAPTION_PX / 2), caption, fill=INK, font=font, anchor="mm")
    return sheet


def _pose(hand: HandConfig, closing_m: float = 0.0) -> np.ndarray:
    """Just over the table."""
    return Grasp(0.0, 0.0, 0.0).pose(hand.pad_height_m / 2 + hand.fingertip_m + OVER_TABLE_M, closing_m)


def _closing(world: WorldConfig) -> np.ndarray:
    """Targets of closing on the spot."""
    closing_m, dt = closed_target_m(world.hand, world.grip), world.timestep_s
    closed = _pose(world.hand, closing_m)
    path = ramp(_pose(world.hand), closed, steps_in(closing_m / (2 * world.hand.closing_speed_m_s), dt))
    return np.concatenate([path, hold(closed, steps_in(REST_S, dt))])


def _drawn(scene: Scene, state: np.ndarray, spectator: Spectator) -> Image.Image:
    at = _pose(scene.config.hand)[:3]
    image = Image.fromarray(picture(scene, state, spectator))
    for axis, colour in AXES:
        ends = [_pixel(spectator, place) for place in (at, at + AXIS_M * axis)]
        ImageDraw.Draw(image).line(ends, fill=colour, width=FINER * AXIS_PX)
    return image


def _spectator(scene: Scene, state: np.ndarray, eye: Point, side_px: int) -> Spectator:
    """One who has the whole hand and a little table in view."""
    parts = [solid for solid in solids(scene, state) if solid.name != "table" and not solid.name.startswith("part_")]
    reaches = np.array([np.abs(solid.position_m) + solid.half_size_m.max() for solid in parts])
    wide, _, high = (float(reach) for reach in reaches.max(axis=0))
    away = MARGIN * max(wide, high / 2) / np.tan(np.deg2rad(VIEW_DEG) / 2)
    x, y, z = (float(value) for value in np.array([0.0, 0.0, high / 2]) + away * np.array(eye))
    return Spectator((x, y, z), (0.0, 0.0, high / 2), side_px, side_px, VIEW_DEG)


def _pixel(spectator: Spectator, place_m: np.ndarray) -> tuple[float, float]:
    """Where a place in the world is seen: column, row."""
    rays = spectator.rays.reshape(spectator.height_px, spectator.width_px, 3)
    first, right, down = rays[0, 0], rays[0, 1] - rays[0, 0], rays[1, 0] - rays[0, 0]
    _, column, row = np.linalg.solve(np.stack([place_m - spectator.eye_m, -right, -down], axis=1), first)
    return float(column), float(row)
