"""A gripper's model, moved from open to closed without force: what follows, follows, and is measured on the way."""

from collections.abc import Sequence
from dataclasses import dataclass

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float

from sparring.errors import ConfigError, unknown_name
from sparring.world.grippers.adapter import Adapter
from sparring.world.hand import STIFF_LIMIT, STIFF_SOLREF

RELAXING_STEPS, RELAXING_STEP_S, CALMING = 200, 0.002, 0.9
"""What is not driven comes to rest in so many steps, its speed reduced by a factor in each."""
LARGEST_PART = 1 / 32
"""Share of closing that is moved at a time."""
APART_M = 0.001
"""Links that are pinned to each other may be this far apart; or, of gears, radians."""


@dataclass(frozen=True, eq=False)
class Moment:
    """Where everything is at a share of closing."""

    qpos: Float[np.ndarray, " nq"]
    actuator_lengths: Float[np.ndarray, " nu"]
    points_m: tuple[Float[np.ndarray, "_ 3"], ...]
    """Corners of every geom that collides, in the model's frame."""


class Sweep:
    """A gripper's model under an adapter's hand."""

    def __init__(self, model: mujoco.MjModel, adapter: Adapter) -> None:
        self.model, self.data = model, mujoco.MjData(model)
        self.driven = [_joint_named(model, name) for name in adapter.joints]
        self._ends = np.array(list(adapter.joints.values()), float)
        self.shown = [k for k in range(model.ngeom) if model.geom_contype[k] or model.geom_conaffinity[k]]
        """Geoms that collide."""
        _require_simple(model, self.driven)
        self._require_in_range(adapter)
        model.opt.gravity[:] = 0
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_ACTUATION)
        model.opt.timestep, model.eq_solref[:], model.eq_solimp[:] = RELAXING_STEP_S, STIFF_SOLREF, STIFF_LIMIT
        for k in _given_by_adapter(model, self.driven):
            self.data.eq_active[k] = 0

    def _require_in_range(self, adapter: Adapter) -> None:
        for joint, (name, ends) in zip(self.driven, adapter.joints.items(), strict=True):
            low, high = self.model.jnt_range[joint]
            if self.model.jnt_limited[joint] and not (low - 1e-3 <= min(ends) and max(ends) <= high + 1e-3):
                raise ConfigError(
                    f"joint {name!r} moves in {low:g}..{high:g}; the adapter wants it from {ends[0]:g} to {ends[1]:g}"
                )

    def travel(self) -> Float[np.ndarray, " driven"]:
        """Closed less open, of every driven joint."""
        return self._ends[:, 1] - self._ends[:, 0]

    def at(self, share: float) -> Moment:
        """The gripper at a share of closing; 0 is open.

        Raises:
            ConfigError: links that are joined come apart there.
        """
        model, data = self.model, self.data
        values = self._ends[:, 0] + share * self.travel()
        places = model.jnt_qposadr[self.driven]
        if len(self.driven) < model.njnt:
            self._lead(places, values)
        data.qpos[places], data.qvel[:] = values, 0
        mujoco.mj_forward(model, data)
        apart = float(np.abs(data.efc_pos[: data.ne]).max(initial=0.0))
        if not apart < APART_M:
            raise ConfigError(
                f"at {share:.0%} of closing, what the model joins comes apart by {apart:.3g}: do the adapter's joints name all "
                "that is driven, with values that fit together?"
            )
        points = tuple(corners_m(model, k) @ data.geom_xmat[k].reshape(3, 3).T + data.geom_xpos[k] for k in self.shown)
        return Moment(data.qpos.copy(), data.actuator_length.copy(), points)

    def _lead(self, places: np.ndarray, values: np.ndarray) -> None:
        """Moves what is driven by little at a time, so that linkages do not snap over, and lets the rest come to rest."""
        start = self.data.qpos[places].copy()
        parts_n = max(1, round(float(np.abs((values - start) / self.travel()).max()) / LARGEST_PART))
        for part in range(1, parts_n + 1):
            self._relax(places, start + (values - start) * part / parts_n)

    def _relax(self, places: np.ndarray, values: np.ndarray) -> None:
        for _ in range(RELAXING_STEPS):
            self.data.qpos[places] = values
            self.data.qvel[self.model.jnt_dofadr[self.driven]] = 0
            self.data.qvel[:] *= CALMING
            mujoco.mj_step(self.model, self.data)


def _joint_named(model: mujoco.MjModel, name: str) -> int:
    index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, name)
    if index < 0:
        raise ConfigError(unknown_name("joint", name, [model.joint(k).name for k in range(model.njnt)]))
    return index


def _given_by_adapter(model: mujoco.MjModel, driven: Sequence[int]) -> list[int]:
    """Equalities between driven joints alone: the adapter says how these move."""
    gears = model.eq_type == int(mujoco.mjtEq.mjEQ_JOINT)
    ours = np.isin(model.eq_obj1id, driven) & (np.isin(model.eq_obj2id, driven) | (model.eq_obj2id < 0))
    return [int(k) for k in np.flatnonzero(gears & ours)]


def _require_simple(model: mujoco.MjModel, driven: Sequence[int]) -> None:
    """Refuses what cannot be carried over."""
    slides_or_hinges = (int(mujoco.mjtJoint.mjJNT_SLIDE), int(mujoco.mjtJoint.mjJNT_HINGE))
    for k in range(model.njnt):
        if model.jnt_type[k] not in slides_or_hinges:
            raise ConfigError(f"joint {model.joint(k).name!r} is neither a slide nor a hinge; a gripper has no others")
    allowed = (int(mujoco.mjtEq.mjEQ_JOINT), int(mujoco.mjtEq.mjEQ_CONNECT))
    for k in range(model.neq):
        if model.eq_active0[k] and model.eq_type[k] not in allowed:
            raise ConfigError("of the model's equality constraints, only those between joints and <connect> can be carried over")
    for k in range(model.ntendon):
        wraps = slice(model.tendon_adr[k], model.tendon_adr[k] + model.tendon_num[k])
        fixed = (model.wrap_type[wraps] == int(mujoco.mjtWrap.mjWRAP_JOINT)).all()
        ours = fixed and np.isin(model.wrap_objid[wraps], driven).all()
        if not ours and (model.tendon_limited[k] or model.tendon_stiffness[k]):
            raise ConfigError(
                f"tendon {model.tendon(k).name!r} is a spring or stop on joints that the adapter does not name: name them"
            )


def corners_m(model: mujoco.MjModel, geom: int) -> Float[np.ndarray, "_ 3"]:
    """Points whose hull a geom fills, or lies in, in its own frame."""
    if model.geom_type[geom] == int(mujoco.mjtGeom.mjGEOM_MESH):
        return hull_m(model, int(model.geom_dataid[geom]))
    middle, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
    return middle + half * np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])


def hull_m(model: mujoco.MjModel, mesh: int) -> Float[np.ndarray, "_ 3"]:
    """The corners of a mesh's convex hull, as contacts know it."""
    vertices = model.mesh_vert[model.mesh_vertadr[mesh] : model.mesh_vertadr[mesh] + model.mesh_vertnum[mesh]]
    graph = model.mesh_graph[model.mesh_graphadr[mesh] :]
    return vertices[graph[2 + graph[0] : 2 + 2 * graph[0]]].astype(float)
