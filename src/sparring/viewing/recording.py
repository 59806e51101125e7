"""A replayed attempt as a recording for the Rerun viewer: what there is in space, what was seen, what the fingers feel."""

from pathlib import Path

import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from sparring.actions.grasp import ANGLES_N
from sparring.data.files import write_atomically
from sparring.data.pictures import colours
from sparring.evaluation.drawing import as_png, draw_grasps
from sparring.game.replay import Replay
from sparring.viewing.beliefs import Belief, chosen_grasp
from sparring.viewing.moments import film_moments, smooth_forces_n, times_of
from sparring.viewing.tones import INK, LEFT, RIGHT
from sparring.viewing.words import attack_in_words, belief_in_words, outcome
from sparring.world.solids import Solid, solids

APPLICATION = "sparring"
TIMELINE = "attempt"
"""Seconds since the attempt began."""
POSES_HZ = 50
FORCES = (("left", LEFT), ("right", RIGHT), ("smaller", INK))


def write_recording(path: Path, again: Replay, belief: Belief) -> None:
    """Writes a recording whole or not at all.

    Raises:
        RunFolderError: it cannot be written there.
    """

    def write(part: Path) -> None:
        part.touch()  # the system says what is wrong with a place, Rerun does not
        stream = rr.RecordingStream(APPLICATION, recording_id=again.attempt.name)
        stream.save(part, default_blueprint=_blueprint())
        _record(stream, again, belief)
        stream.flush()
        stream.disconnect()

    write_atomically(path, write)


def _record(stream: rr.RecordingStream, again: Replay, belief: Belief) -> None:
    stream.log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    stream.set_time(TIMELINE, duration=0.0)
    _record_choice(stream, again, belief)
    _record_space(stream, again)
    _record_forces(stream, again)
    for motion in again.motions:
        stream.set_time(TIMELINE, duration=float(motion.times_s[0]))
        stream.log("log", rr.TextLog(motion.name))
    stream.set_time(TIMELINE, duration=again.duration_s)
    stream.log("log", rr.TextLog(outcome(again), level="WARN" if again.dislodged else "INFO"))


def _record_choice(stream: rr.RecordingStream, again: Replay, belief: Belief) -> None:
    """What was seen, what was thought of it, and what was decided."""
    attempt, grasp = again.attempt, chosen_grasp(again.attempt)
    opening_px = attempt.config.world.hand.opening_m / attempt.config.world.camera.pixel_m
    drawn = draw_grasps(colours(again.view.image), [grasp], opening_px=opening_px)
    stream.log("image", rr.EncodedImage(contents=as_png(drawn), media_type="image/png"))
    stream.log("log", rr.TextLog(f"player: {belief_in_words(attempt, belief)}"))
    stream.log("log", rr.TextLog(f"adversary: {attack_in_words(attempt)}"))
    if belief.scores is not None:
        degrees = np.arange(ANGLES_N) * (180 / ANGLES_N)
        stream.log("scores", rr.BarChart(belief.scores, abscissa=degrees))


def _record_space(stream: rr.RecordingStream, again: Replay) -> None:
    """Each solid when it is first there, and where it is from then on."""
    known: set[str] = set()
    for moment in film_moments(again, POSES_HZ):
        stream.set_time(TIMELINE, duration=moment.time_s)
        for solid in solids(moment.motion.scene, moment.state):
            path = _path_of(solid)
            if path not in known:
                stream.log(path, _shape_of(solid))
                known.add(path)
            w, x, y, z = solid.quat_wxyz
            stream.log(path, rr.Transform3D(translation=solid.position_m, quaternion=rr.Quaternion(xyzw=[x, y, z, w])))


def _path_of(solid: Solid) -> str:
    """Where a solid stands in the recording: the table, the object's parts, the one hand's and the other's."""
    if solid.name == "table":
        return "world/table"
    if solid.name.startswith("part_") or solid.mesh is not None:
        return f"world/object/{solid.name}"
    own = solid.name.removeprefix("second_")
    return f"world/hand/{own}" if own == solid.name else f"world/second_hand/{own}"


def _shape_of(solid: Solid) -> rr.Boxes3D | rr.Cylinders3D | rr.Capsules3D | rr.Ellipsoids3D | rr.Mesh3D:
    colour, (a, _, c) = (solid.colour * 255).astype(np.uint8), solid.half_size_m
    match solid.shape:
        case "box":
            return rr.Boxes3D(half_sizes=[solid.half_size_m], colors=[colour], fill_mode="solid")
        case "ellipsoid":
            return rr.Ellipsoids3D(half_sizes=[solid.half_size_m], colors=[colour], fill_mode="solid")
        case "cylinder":
            return rr.Cylinders3D(lengths=[2 * c], radii=[a], colors=[colour], fill_mode="solid")
        case "capsule":  # Rerun's begins at the middle of a cap
            return rr.Capsules3D(lengths=[2 * c], radii=[a], translations=[[0, 0, -c]], colors=[colour], fill_mode="solid")
        case "mesh":
            assert solid.mesh is not None
            colours = (255 * solid.mesh.colours_at(solid.mesh.vertices)).astype(np.uint8)
            return rr.Mesh3D(vertex_positions=solid.mesh.vertices, triangle_indices=solid.mesh.faces, vertex_colors=colours)


def _record_forces(stream: rr.RecordingStream, again: Replay) -> None:
    """Newtons, at every time step."""
    forces = np.concatenate([smooth_forces_n(motion) for motion in again.motions])
    index = rr.TimeColumn(TIMELINE, duration=times_of(again.motions))
    for (name, colour), values in zip(FORCES, (*forces.T, forces.min(axis=1)), strict=True):
        stream.log(f"forces/{name}", rr.SeriesLines(colors=[colour], names=[name]), static=True)
        stream.send_columns(f"forces/{name}", indexes=[index], columns=rr.Scalars.columns(scalars=values))


def _blueprint() -> rrb.Blueprint:
    """Space at the left; image, scores, forces and words at the right."""
    return rrb.Blueprint(
        rrb.Horizontal(
            rrb.Spatial3DView(origin="world", name="scene"),
            rrb.Vertical(
                rrb.Spatial2DView(origin="image", name="what was seen, and the grasp"),
                rrb.BarChartView(origin="scores", name="score of every angle there, degrees"),
                rrb.TimeSeriesView(origin="forces", name="finger forces, N"),
                rrb.TextLogView(origin="log", name="what happened"),
            ),
            column_shares=[3, 2],
        ),
        rrb.TimePanel(timeline=TIMELINE, state="collapsed"),
    )
