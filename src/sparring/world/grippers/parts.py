"""The parts of a gripper as scenes are built from them: links, solids, joints and what ties them, carried into the hand frame."""

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
from collections.abc import Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from jaxtyping import Float

from sparring.config import Point
from sparring.errors import ConfigError
from sparring.world.frames import quat_of
from sparring.world.grippers.adapter import Adapter
from sparring.world.grippers.model import PALM, Gear, Joint, Link, Pin, Role, ShapeKind, Solid
from sparring.world.grippers.sweep import Sweep, hull_m

LEAST_SIDE_M = 1e-4
DIGITS = 7
"""Decimals that are kept: a tenth of a micrometre. So a gripper is the same wherever it was measured."""
KINDS: dict[int, ShapeKind] = {
    int(mujoco.mjtGeom.mjGEOM_BOX): "box",
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): "cylinder",
    int(mujoco.mjtGeom.mjGEOM_CAPSULE): "capsule",
    int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): "ellipsoid",
    int(mujoco.mjtGeom.mjGEOM_SPHERE): "ellipsoid",
    int(mujoco.mjtGeom.mjGEOM_MESH): "hull",
}


@dataclass(frozen=True, eq=False)
class Frame:
    """The hand frame in the model's."""

    origin_m: Float[np.ndarray, " 3"]
    axes: Float[np.ndarray, "3 3"]
    """Its x, y and z as columns."""

    def points(self, points_m: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Places in the hand frame."""
        return (points_m - self.origin_m) @ self.axes

    def vectors(self, vectors: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Directions in the hand frame."""
        return vectors @ self.axes


class Parts:
    """Reads a gripper's parts from its model, which stands open."""

    def __init__(self, sweep: Sweep, frame: Frame, adapter: Adapter) -> None:
        sweep.at(0.0)
        self._model, self._data, self._sweep, self._frame, self._adapter = sweep.model, sweep.data, sweep, frame, adapter
        self._moving = [body for body in range(1, self._model.nbody) if self._model.body_jntnum[body]]
        self._link_of = {body: k for k, body in enumerate(self._moving)} | {0: PALM}
        self._masses_kg = self._masses()

    @property
    def mass_kg(self) -> float:
        """Of the whole gripper."""
        return rounded(sum(self._masses_kg.values()))

    def links(self) -> tuple[Link, ...]:
        """All that moves, parents first."""
        bare = set(self._masses_kg) - {self._link(self._model.geom_bodyid[geom]) for geom in self._sweep.shown}
        return tuple(
            Link(
                parent=self._link(self._model.body_parentid[body]),
                mass_kg=rounded(self._masses_kg[k]) if k in bare else 0.0,
                centre_m=point(self._frame.points(self._data.xipos[body])),
            )
            for k, body in enumerate(self._moving)
        )

    def solids(self) -> tuple[Solid, ...]:
        """All that collides; what a link weighs is spread over its solids by their bulk."""
        bulks = {geom: self._bulk(geom) for geom in self._sweep.shown}
        links = {geom: self._link(self._model.geom_bodyid[geom]) for geom in self._sweep.shown}
        wholes = {link: sum(bulks[geom] for geom in bulks if links[geom] == link) for link in links.values()}
        return tuple(self._solid(geom, k, self._masses_kg[k] * bulks[geom] / wholes[k]) for geom, k in links.items())

    def joints(self, stop: float, closes_m: float) -> tuple[Joint, ...]:
        """The joints; closing ends at a share `stop` of the adapter's travel, and then the gap is `closes_m` less."""
        travels = dict(zip(self._sweep.driven, self._sweep.travel() * stop, strict=True))
        return tuple(self._joint(k, rounded(travels.get(k, 0.0)), closes_m) for k in range(self._model.njnt))

    def pins(self) -> tuple[Pin, ...]:
        """Links that are joined at a point."""
        return tuple(self._pin(k) for k in self._active(mujoco.mjtEq.mjEQ_CONNECT))

    def gears(self) -> tuple[Gear, ...]:
        """Joints that follow others: the driven ones the first of them, and as the model says, told anew from open."""
        first, travel = self._sweep.driven[0], self._sweep.travel()
        driven = zip(self._sweep.driven[1:], travel[1:] / travel[0], strict=True)
        ours = [Gear(joint, first, (0.0, rounded(ratio), 0.0, 0.0, 0.0)) for joint, ratio in driven]
        return (*ours, *(self._gear(k) for k in self._active(mujoco.mjtEq.mjEQ_JOINT)))

    def _link(self, body: int | np.integer) -> int:
        """The link that a body is fixed to."""
        return self._link_of[int(self._model.body_weldid[body])]

    def _active(self, kind: mujoco.mjtEq) -> list[int]:
        return [k for k in range(self._model.neq) if self._data.eq_active[k] and self._model.eq_type[k] == int(kind)]

    def _bulk(self, geom: int) -> float:
        """Volume of the box around a geom, cubic metres."""
        return float(np.prod(np.maximum(2 * self._model.geom_aabb[geom, 3:], LEAST_SIDE_M)))

    def _masses(self) -> dict[int, float]:
        """Of every link and of the palm, as the model has them, scaled to the adapter's sum where that says one."""
        masses = dict.fromkeys(self._link_of.values(), 0.0)
        for body in range(1, self._model.nbody):
            masses[self._link(body)] += float(self._model.body_mass[body])
        total, wanted = sum(masses.values()), self._adapter.mass_kg
        if not total > 0:
            raise ConfigError("the model has no mass: give its bodies some")
        return {link: mass * (1.0 if wanted is None else wanted / total) for link, mass in masses.items()}

    def _solid(self, geom: int, link: int, mass_kg: float) -> Solid:
        model, data = self._model, self._data
        name, kind = model.geom(geom).name, KINDS.get(int(model.geom_type[geom]))
        if kind is None:
            allowed = ", ".join(sorted(set(KINDS.values())))
            raise ConfigError(f"geom {name!r} has a shape that a gripper may not have; there are: {allowed}")
        role: Role = "left pad" if name in self._adapter.left_pad else "right pad" if name in self._adapter.right_pad else "link"
        a, b, c = map(float, model.geom_size[geom])
        is_sphere, is_hull = model.geom_type[geom] == int(mujoco.mjtGeom.mjGEOM_SPHERE), kind == "hull"
        corners = hull_m(model, int(model.geom_dataid[geom])) if is_hull else []
        w, x, y, z = map(rounded, quat_of(self._frame.axes.T @ data.geom_xmat[geom].reshape(3, 3)))
        return Solid(
            link=link,
            role=role,
            kind=kind,
            size_m=(0.0, 0.0, 0.0) if is_hull else point((a, a, a) if is_sphere else (a, b, c)),
            position_m=point(self._frame.points(data.geom_xpos[geom])),
            quat_wxyz=(w, x, y, z),
            mass_kg=rounded(mass_kg),
            corners_m=tuple(map(point, corners)),
        )

    def _joint(self, k: int, travel: float, closes_m: float) -> Joint:
        model, data = self._model, self._data
        is_slide = model.jnt_type[k] == int(mujoco.mjtJoint.mjJNT_SLIDE)
        driven = Joint(
            link=self._link_of[int(model.jnt_bodyid[k])],
            kind="slide" if is_slide else "hinge",
            axis=point(self._frame.vectors(data.xaxis[k])),
            anchor_m=point(self._frame.points(data.xanchor[k])),
            travel=travel,
            lever_m=rounded(closes_m / 2 / abs(travel)) if travel else 1.0,
        )
        return driven if travel else self._following(k, driven)

    def _following(self, k: int, joint: Joint) -> Joint:
        """A joint that is not driven keeps the model's spring, friction and limits, told from where it is when open."""
        model, place, dof = self._model, self._model.jnt_qposadr[k], self._model.jnt_dofadr[k]
        at, (low, high) = float(self._data.qpos[place]), model.jnt_range[k]
        return replace(
            joint,
            limits=(rounded(low - at), rounded(high - at)) if model.jnt_limited[k] else None,
            stiffness=rounded(model.jnt_stiffness[k]),
            spring_at=rounded(model.qpos_spring[place] - at),
            damping=rounded(model.dof_damping[dof]),
            armature=rounded(model.dof_armature[dof]),
        )

    def _pin(self, k: int) -> Pin:
        model, data = self._model, self._data
        if model.eq_objtype[k] != int(mujoco.mjtObj.mjOBJ_BODY):
            raise ConfigError("a <connect> must name bodies and an anchor, not sites")
        first, second = int(model.eq_obj1id[k]), int(model.eq_obj2id[k])
        at = data.xpos[first] + data.xmat[first].reshape(3, 3) @ model.eq_data[k, :3]
        return Pin(self._link(first), self._link(second), point(self._frame.points(at)))

    def _gear(self, k: int) -> Gear:
        model = self._model
        follower, leader = int(model.eq_obj1id[k]), int(model.eq_obj2id[k])
        moved = (self._data.qpos - model.qpos0)[model.jnt_qposadr]
        begins = np.polynomial.Polynomial([float(moved[leader]) if leader >= 0 else 0.0, 1.0])
        told = np.polynomial.Polynomial(model.eq_data[k, :5])(begins) - float(moved[follower])
        a, b, c, d, e = map(rounded, np.pad(told.coef, (0, 5))[:5])
        return Gear(follower, leader if leader >= 0 else None, (a, b, c, d, e))


def rounded(value: float | np.floating) -> float:
    """A number with the decimals that are kept."""
    return round(float(value), DIGITS) + 0.0


def point(values: Sequence[float] | np.ndarray) -> Point:
    """Three numbers with the decimals that are kept."""
    x, y, z = map(rounded, values)
    return x, y, z
