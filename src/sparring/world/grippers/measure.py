"""From a compiled model and its adapter to a gripper in the hand frame: opening, pads, reach and force are measured, not told."""

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
from collections.abc import Sequence

import mujoco
import numpy as np

from sparring.config import PALM_ROOM_M, UNLIMITED_N
from sparring.errors import ConfigError, unknown_name
from sparring.world.grippers.adapter import Adapter
from sparring.world.grippers.model import Gripper
from sparring.world.grippers.parts import Frame, Parts, point, rounded
from sparring.world.grippers.sweep import Moment, Sweep

SHARES = np.linspace(0.0, 1.0, 33)
LEAST_GAP_M = 0.001
"""Fingers stop this far apart, where a model would let them meet: they never press on each other, so a force means an object."""
LEAST_TRAVEL_M = 0.002
LARGEST_M = 0.5
LEAST_FINGER_M = 0.01
OFF_MIDDLE_M = 0.003
"""The middle between the fingers may wander by this much while they close."""


def measured(model: mujoco.MjModel, adapter: Adapter) -> Gripper:
    """The gripper, measured by closing it without force.

    Raises:
        ConfigError: adapter and model do not fit, or it is no parallel-jaw gripper.
    """
    sweep = Sweep(model, adapter)
    sides = [_places(sweep, names) for names in (adapter.left_pad, adapter.right_pad)]
    moments = [sweep.at(float(share)) for share in SHARES]
    rough = Frame(np.zeros(3), _axes(np.array(adapter.approach), moments[0], sides))
    gaps = np.array([_gap_m(rough, moment, sides) for moment in moments])
    stop = _stop(gaps)
    closed_gap = float(np.interp(stop, SHARES, gaps))
    frame = _with_origin(rough, moments, sides, sweep, adapter)
    opened, reached = moments[0], [*(moments[k] for k in np.flatnonzero(stop > SHARES)), sweep.at(stop)]
    everything = frame.points(np.concatenate([points for moment in reached for points in moment.points_m]))
    (left_low, left_high), (right_low, right_high) = bounds = [_bounds_m(frame, opened, side) for side in sides]
    across, height = (max(float(high[axis] - low[axis]) for low, high in bounds) for axis in (1, 2))
    parts = Parts(sweep, frame, adapter)
    return Gripper(
        opening_m=rounded(gaps[0]),
        closed_gap_m=rounded(closed_gap),
        finger_length_m=rounded(max(float(everything[:, 2].max()) - PALM_ROOM_M, LEAST_FINGER_M)),
        pad_width_m=rounded(across),
        pad_height_m=rounded(height),
        fingertip_m=rounded(-float(everything[:, 2].min()) - height / 2),
        force_limit_n=_force_limit_n(model, moments, gaps) if adapter.force_n is None else adapter.force_n,
        mass_kg=parts.mass_kg,
        pad_bounds_m=((point(left_low), point(left_high)), (point(right_low), point(right_high))),
        links=parts.links(),
        joints=parts.joints(stop, float(gaps[0]) - closed_gap),
        solids=parts.solids(),
        pins=parts.pins(),
        gears=parts.gears(),
    )


def _places(sweep: Sweep, names: Sequence[str]) -> list[int]:
    """Where a pad's geoms stand among those that collide."""
    model, places = sweep.model, list[int]()
    for name in names:
        index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, name)
        if index not in sweep.shown:
            known = [model.geom(k).name for k in sweep.shown if model.geom(k).name]
            raise ConfigError(unknown_name("geom that collides", name, known))
        places.append(sweep.shown.index(index))
    links = {int(model.body_weldid[model.geom_bodyid[sweep.shown[place]]]) for place in places}
    if len(links) > 1 or 0 in links:
        raise ConfigError(f"the geoms {', '.join(names)} of a pad must be on one link, and that must move")
    return places


def _axes(approach: np.ndarray, moment: Moment, sides: Sequence[Sequence[int]]) -> np.ndarray:
    """The hand's x, from the right pad to the left one, its y, and z, against the approach, as columns."""
    left, right = (np.concatenate([moment.points_m[k] for k in side]) for side in sides)
    z = -approach / np.linalg.norm(approach)
    between = (left.max(axis=0) + left.min(axis=0) - right.max(axis=0) - right.min(axis=0)) / 2
    across = between - z * (between @ z)
    if np.linalg.norm(across) < LEAST_GAP_M:
        raise ConfigError(
            f"the pads lie behind each other along the approach {approach.tolist()}: the approach points from the gripper to the "
            "object, across the line from pad to pad"
        )
    x = across / np.linalg.norm(across)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _bounds_m(frame: Frame, moment: Moment, side: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner of a pad."""
    points = frame.points(np.concatenate([moment.points_m[k] for k in side]))
    return points.min(axis=0), points.max(axis=0)


def _gap_m(frame: Frame, moment: Moment, sides: Sequence[Sequence[int]]) -> float:
    (left_low, _), (_, right_high) = (_bounds_m(frame, moment, side) for side in sides)
    return float(left_low[0] - right_high[0])


def _stop(gaps: np.ndarray) -> float:
    """The share of closing at which the fingers stop."""
    if not LEAST_TRAVEL_M <= gaps[0] <= LARGEST_M:
        raise ConfigError(f"open, the pads are {1000 * gaps[0]:.1f} mm apart; a hand opens {1000 * LEAST_TRAVEL_M:g} to 500 mm")
    if gaps[0] - gaps[-1] < LEAST_TRAVEL_M or (np.diff(gaps) > 1e-5).any():
        raise ConfigError(
            f"the fingers do not close: the gap is {1000 * gaps[0]:.1f} mm open and {1000 * gaps[-1]:.1f} mm closed, and must "
            "shrink all the way; see the adapter's joints, whose values are open, then closed, in metres or radians"
        )
    if gaps[-1] >= LEAST_GAP_M:
        return 1.0
    return float(np.interp(-LEAST_GAP_M, -gaps, SHARES))


def _with_origin(
    rough: Frame, moments: Sequence[Moment], sides: Sequence[Sequence[int]], sweep: Sweep, adapter: Adapter
) -> Frame:
    """The frame at the grasp point: midway between the pads, half closed, or as the adapter says."""
    bounds = [[_bounds_m(rough, moment, side) for side in sides] for moment in moments]
    faces = np.array([(left[0][0] + right[1][0]) / 2 for left, right in bounds])
    if np.ptp(faces) > OFF_MIDDLE_M:
        raise ConfigError(
            f"the middle between the fingers wanders by {1000 * np.ptp(faces):.1f} mm while they close; both must close alike"
        )
    half = [np.concatenate(corners) for corners in bounds[len(moments) // 2]]
    middle = np.mean([(corners.reshape(2, 3)[0] + corners.reshape(2, 3)[1]) / 2 for corners in half], axis=0)
    middle[0] = faces[0]
    if adapter.site is not None:
        told = rough.points(_site_m(sweep, adapter.site))
        if abs(told[0] - middle[0]) > OFF_MIDDLE_M:
            raise ConfigError(f"the grasp point is {1000 * abs(told[0] - middle[0]):.1f} mm off the middle between the pads")
        middle[1:] = told[1:]
    return Frame(rough.axes @ middle, rough.axes)


def _site_m(sweep: Sweep, name: str) -> np.ndarray:
    index = mujoco.mj_name2id(sweep.model, mujoco.mjtObj.mjOBJ_SITE, name)
    if index < 0:
        raise ConfigError(unknown_name("site", name, [sweep.model.site(k).name for k in range(sweep.model.nsite)]))
    sweep.at(0.0)
    return sweep.data.site_xpos[index].copy()


def _force_limit_n(model: mujoco.MjModel, moments: Sequence[Moment], gaps: np.ndarray) -> float:
    """What the actuators can do at the pads, by virtual work: force times travel is the same at both ends of a gear."""
    lengths = np.abs(np.diff([moment.actuator_lengths for moment in moments], axis=0))
    acting = [k for k in range(model.nu) if lengths[:, k].any()]
    if not acting or not model.actuator_forcelimited[acting].all():
        return UNLIMITED_N
    works = lengths[:, acting] @ np.abs(model.actuator_forcerange[acting]).min(axis=1)
    return round(min(float((works / -np.diff(gaps)).min()), UNLIMITED_N), 1)
