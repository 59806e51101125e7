"""A scene: one object on the table under the camera, drawn from a seed, compiled, settled; a second hand where one is asked for.

World frame: origin in the middle of the table's top, z up, x to the right and y up in the image.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float

from sparring.config import GripConfig, HandConfig, SecondHandConfig, WorldConfig
from sparring.errors import ConfigError, DataError
from sparring.seeding import rng_of
from sparring.world.carrier import carrier_of
from sparring.world.frames import angle_between
from sparring.world.grippers.build import add_gripper
from sparring.world.hand import HAND_TARGETS_N, add_hand
from sparring.world.looks import recoloured
from sparring.world.mount import HAND_BIT, SECOND_BIT, TABLE_BIT, Mount, first_mount, second_mount
from sparring.world.objects.catalogue import object_named
from sparring.world.objects.mesh import MeshBody
from sparring.world.objects.model import ObjectModel, Part, Shape
from sparring.world.physics import Engine

SETTLE_CHUNK_S = 0.2
SETTLE_CHUNKS_N = 20
REST_M_S = 0.004
"""An object that moves less than this, and turns less than ten times this (rad/s), has settled."""
PLACEMENTS_N = 60
AIR_DAMPING = 0.0006
"""Damps the rocking of round objects (N m s); nothing to a hand that turns one (N s/m for the linear axes)."""
TUMBLED_SHARE = 0.25
"""Share of objects dropped on a side instead of laid as their family draws them."""
HULL_GROUP, SURFACE = 4, "surface"
"""Geom group of the convex parts of a mesh, which touch and are not seen; and the name of its surface, which is seen alone."""
SHAPES: dict[Shape, mujoco.mjtGeom] = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}


@dataclass(frozen=True)
class SceneSpec:
    """All that a scene is drawn from; with the config it decides every pixel and every force."""

    object_name: str
    seed: int


@dataclass(frozen=True, eq=False)
class Command:
    """What the engine is told."""

    controls: Float[np.ndarray, "steps controls"]
    """More steps than targets where an arm is too slow for them."""
    slowdown: float
    """By what factor it takes longer."""


class Scene:
    """A compiled scene. `settled` holds the state in which the object has come to rest, the hand parked above."""

    def __init__(self, config: WorldConfig, spec: SceneSpec, second: SecondHandConfig | None = None) -> None:
        self.config = config
        self.spec = spec
        plain = object_named(spec.object_name, config.objects)
        self.object: ObjectModel = recoloured(plain, config.camera.randomise, spec.seed)
        self.engine = Engine(_compile(config, self.object, second))
        self.has_second_hand = second is not None
        mounts = [first_mount(config)] + ([] if second is None else [second_mount(second, config.arms)])
        firsts = (1, self.object_qpos.stop)
        self._carriers = [(carrier_of(mount), first) for mount, first in zip(mounts, firsts, strict=False)]
        self._settled: np.ndarray | None = None

    @property
    def settled(self) -> Float[np.ndarray, " state"]:
        """The state after placement. Simulates it on first use; a scene with a second hand is only gone on with."""
        assert not self.has_second_hand
        if self._settled is None:
            self._settled = self._place()
        return self._settled

    def object_top_m(self, state: Float[np.ndarray, " state"]) -> float:
        """Height of the object's highest point over the table."""
        _, high = self.object_bounds_m(state)
        return float(high[2])

    def object_bounds_m(self, state: Float[np.ndarray, " state"]) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner of the object's axis-aligned bounding box in the world."""
        return self._bounds_m(state, np.eye(3), np.zeros(3))

    def depth_m(self, state: Float[np.ndarray, " state"], mount: Mount) -> float:
        """How far the object reaches along a mount's z axis, from the mount's origin."""
        _, high = self._bounds_m(state, mount.rotation, np.array(mount.position_m))
        return float(high[2])

    def _bounds_m(self, state: np.ndarray, turn: np.ndarray, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner of the object's bounding box in a frame: `turn` is world from frame."""
        data = self.engine.forward(state)
        if self.object.mesh is not None:
            body = data.body("object")
            corners = (self.object.mesh.corners @ body.xmat.reshape(3, 3).T + body.xpos - origin) @ turn
            return corners.min(axis=0), corners.max(axis=0)
        ids = self.object_geoms
        turns = turn.T @ data.geom_xmat[ids].reshape(-1, 3, 3)
        extents = np.stack([_extent(part, each) for part, each in zip(self.object.parts, turns, strict=True)])
        centres = (data.geom_xpos[ids] - origin) @ turn
        return (centres - extents).min(axis=0), (centres + extents).max(axis=0)

    def is_between_fingers(self, state: Float[np.ndarray, " state"]) -> bool:
        """Whether both of the protagonist's fingers touch the object."""
        data, model = self.engine.forward(state), self.engine.model
        pairs = {tuple(pair) for pair in model.geom_bodyid[data.contact.geom]}
        body = model.body("object").id
        fingers = [int(model.site(f"{side}_touch").bodyid[0]) for side in ("left", "right")]
        return all((body, finger) in pairs or (finger, body) in pairs for finger in fingers)

    def slip(self, before: Float[np.ndarray, " state"], after: Float[np.ndarray, " state"]) -> tuple[float, float]:
        """How far the object has moved (m) and turned (rad) in the protagonist's hand between two states."""
        (first, first_turn), (last, last_turn) = self._in_hand(before), self._in_hand(after)
        return float(np.linalg.norm(last - first)), angle_between(first_turn, last_turn)

    def _in_hand(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The object's position and rotation in the hand frame."""
        data = self.engine.forward(state)
        hand, held = data.body("hand"), data.body("object")
        turn = hand.xmat.reshape(3, 3)
        return turn.T @ (held.xpos - hand.xpos), turn.T @ held.xmat.reshape(3, 3)

    def hand_m(self, state: Float[np.ndarray, " state"]) -> Float[np.ndarray, " 3"]:
        """Where the protagonist's hand is in the world: the origin of its frame."""
        return self.engine.forward(state).body("hand").xpos.copy()

    def with_hand_at(self, state: Float[np.ndarray, " state"], pose: Float[np.ndarray, " 7"]) -> Float[np.ndarray, " state"]:
        """The state with the protagonist's hand, which was open and at rest, at a pose.

        Raises:
            Unreachable: its arm cannot bring it there.
        """
        placed, (carrier, first) = state.copy(), self._carriers[0]
        placed[first : first + carrier.joints_n] = carrier.joints_at(pose[:6])
        return placed

    def with_second_hand(self, state: Float[np.ndarray, " state"], pose: Float[np.ndarray, " 7"]) -> Float[np.ndarray, " longer"]:
        """A state of the scene without a second hand, gone on with in this one: the second hand open and at rest at a pose.

        Raises:
            Unreachable: its arm cannot bring it there.
        """
        assert self.has_second_hand
        joined, (carrier, first) = self.engine.initial_state(), self._carriers[1]
        joined[:first] = state[:first]
        joined[first : first + carrier.joints_n] = carrier.joints_at(pose[:6])
        joined[self.object_qvel.stop - (len(state) - first) : self.object_qvel.stop] = state[first:]
        return joined

    def command(
        self, state: Float[np.ndarray, " state"], targets: Float[np.ndarray, "steps targets"], *, freely: bool = False
    ) -> Command:
        """What the engine is told so that the hands follow their targets, 7 columns a hand, from a state on.

        `freely`: where they end is what matters, so that an arm which cannot keep to the path may take another.

        Raises:
            Unreachable: an arm cannot bring its hand there.
        """
        dt, hands = self.config.timestep_s, np.split(targets, targets.shape[1] // HAND_TARGETS_N, axis=1)
        paths = [
            carrier.follow(state[first : first + carrier.joints_n], hand[:, :-1], dt=dt, freely=freely)
            for (carrier, first), hand in zip(self._carriers, hands, strict=True)
        ]
        slowdown = max(carrier.slowdown(path, dt=dt) for (carrier, _), path in zip(self._carriers, paths, strict=True))
        columns = [column for path, hand in zip(paths, hands, strict=True) for column in (path, hand[:, -1:])]
        return Command(_slowed(np.concatenate(columns, axis=1), slowdown), slowdown)

    def centre_of_mass_m(self, state: Float[np.ndarray, " state"]) -> Float[np.ndarray, " 3"]:
        """The object's centre of mass in the world."""
        data = self.engine.forward(state)
        return data.xipos[self.engine.model.body("object").id].copy()

    @cached_property
    def object_qpos(self) -> slice:
        """Where the object's pose (position, quaternion wxyz) stands in a state vector: after the hand, before a second one."""
        first = 1 + int(self.engine.model.joint("object").qposadr[0])
        return slice(first, first + 7)

    @cached_property
    def object_qvel(self) -> slice:
        """Where the object's velocities (linear, angular) stand in a state vector."""
        first = 1 + self.engine.model.nq + int(self.engine.model.joint("object").dofadr[0])
        return slice(first, first + 6)

    @cached_property
    def object_geoms(self) -> np.ndarray:
        """Geom ids of what is seen of the object: its parts, in order, or the surface of its mesh."""
        model = self.engine.model
        names = [SURFACE] if self.object.mesh is not None else [f"part_{k}" for k in range(len(self.object.parts))]
        return np.array([model.geom(name).id for name in names])

    def _place(self) -> np.ndarray:
        """Lays the object down until it rests inside the workspace.

        Raises:
            ConfigError: it came to rest nowhere in as many tries.
        """
        for attempt in range(PLACEMENTS_N):
            rng = rng_of(self.spec.seed, "placement", attempt)
            state = self._laid(rng)
            rested = self._settle(state)
            if rested is not None and self._inside(rested):
                return rested
        raise ConfigError(
            f"object {self.spec.object_name!r} did not come to rest on the table in {PLACEMENTS_N} placements "
            f"(scene seed {self.spec.seed}); widen WorldConfig.spread_m or leave the object out"
        )

    def _laid(self, rng: np.random.Generator) -> np.ndarray:
        state = self.engine.initial_state()
        parked = self._carriers[0][0].parked
        state[1 : 1 + len(parked)] = parked
        quat = self._drawn_turn(rng)
        spread = np.array(self.config.spread_m)
        state[self.object_qpos] = np.concatenate([[0, 0, 0.5], quat])
        low, high = self.object_bounds_m(state)
        middle = (low + high) / 2
        state[self.object_qpos][:2] = rng.uniform(-spread, spread) - middle[:2]
        state[self.object_qpos][2] = 0.5 - low[2] + 0.003
        return state

    def _drawn_turn(self, rng: np.random.Generator) -> np.ndarray:
        """How the object is laid down, quaternion wxyz: turned about z at will, a mesh in one of its stable poses."""
        yaw, tumble = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi)
        tumbled = rng.random() < TUMBLED_SHARE
        poses = self.object.mesh.poses if self.object.mesh is not None else ()
        about_z = np.array([np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)])
        laid = np.array([np.cos(tumble / 2), np.sin(tumble / 2), 0, 0]) if tumbled else np.array([1.0, 0, 0, 0])
        if poses:
            odds = np.array([pose.probability for pose in poses])
            laid = np.array(poses[int(rng.choice(len(poses), p=odds / odds.sum()))].quat_wxyz)
        quat = np.empty(4)
        mujoco.mju_mulQuat(quat, about_z, laid)
        return quat

    def _settle(self, state: np.ndarray) -> np.ndarray | None:
        chunk = round(SETTLE_CHUNK_S / self.config.timestep_s)
        controls = np.tile(np.append(self._carriers[0][0].parked, 0.0), (1, chunk, 1))
        for _ in range(SETTLE_CHUNKS_N):
            played = self.engine.play(state[None], controls)
            if not played.valid[0]:
                return None
            state = played.states[0]
            speeds = np.abs(state[self.object_qvel])
            if speeds[:3].max() < REST_M_S and speeds[3:].max() < 10 * REST_M_S:
                return self._stilled(state)
        return None

    def _stilled(self, state: np.ndarray) -> np.ndarray:
        state = state.copy()
        state[0] = 0.0
        state[1 + self.engine.model.nq :] = 0.0
        return state

    def _inside(self, state: np.ndarray) -> bool:
        low, high = self.object_bounds_m(state)
        reach = np.array(self.config.spread_m) + 0.03
        return bool((np.abs((low + high)[:2] / 2) <= reach).all())


def _slowed(controls: np.ndarray, slowdown: float) -> np.ndarray:
    """The same path, taking longer."""
    if slowdown <= 1:
        return controls
    steps = np.arange(len(controls))
    longer = np.linspace(0, len(controls) - 1, 1 + int(np.ceil((len(controls) - 1) * slowdown)))
    return np.stack([np.interp(longer, steps, column) for column in controls.T], axis=1)


@lru_cache(maxsize=256)
def open_scene(config: WorldConfig, spec: SceneSpec, second: SecondHandConfig | None = None) -> Scene:
    """The scene, compiled once a process and kept while it is in use."""
    return Scene(config, spec, second)


def require_compiles(model: ObjectModel) -> None:
    """Whether the engine takes an object.

    Raises:
        DataError: it does not.
    """
    try:
        _compile(WorldConfig(), model, None)
    except ValueError as error:
        raise DataError(f"the physics engine refuses it ({error}); simplify or mend the mesh (Blender: Remesh)") from None


def _compile(config: WorldConfig, model: ObjectModel, second: SecondHandConfig | None) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    option = spec.option
    option.timestep = config.timestep_s
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10
    option.noslip_iterations = 5
    option.iterations = 30
    option.ls_iterations = 20
    spec.worldbody.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[1, 1, 0.1],
        friction=[config.table_friction, 0.003, 0.0001],
        condim=3,
        contype=TABLE_BIT,
        conaffinity=HAND_BIT | SECOND_BIT,
    )
    _add_hand(spec, config.hand, config.grip, first_mount(config), model)
    _add_object(spec, model)
    if second is not None:
        _add_hand(spec, second.hand, second.grip, second_mount(second, config.arms), model)
    return spec.compile()


def _add_hand(spec: mujoco.MjSpec, hand: HandConfig, grip: GripConfig, mount: Mount, model: ObjectModel) -> None:
    add = add_gripper if hand.model else add_hand
    add(spec, hand, grip, mount, surface_friction=model.friction)


def _add_object(spec: mujoco.MjSpec, model: ObjectModel) -> None:
    body = spec.worldbody.add_body(name="object", pos=[0, 0, 0.5])
    body.add_joint(name="object", type=mujoco.mjtJoint.mjJNT_FREE, damping=[AIR_DAMPING, 0, 0])
    if model.mesh is not None:
        _add_mesh(spec, body, model, model.mesh)
        return
    for k, (part, mass) in enumerate(zip(model.parts, model.masses_kg, strict=True)):
        body.add_geom(
            name=f"part_{k}",
            type=SHAPES[part.shape],
            size=list(part.half_size_m),
            pos=list(part.position_m),
            quat=list(part.quat_wxyz),
            mass=mass,
            **_object_contacts(model),
        )


def _object_contacts(model: ObjectModel) -> dict[str, Any]:
    return {
        "condim": 3,
        "contype": TABLE_BIT | HAND_BIT,
        "conaffinity": TABLE_BIT | HAND_BIT | SECOND_BIT,
        "friction": [0.5, 0.003, 0.0001],
        "solref": [0.008 + model.softness_s, 1.0],
    }


def _add_mesh(spec: mujoco.MjSpec, body: mujoco.MjsBody, model: ObjectModel, mesh: MeshBody) -> None:
    """A surface that weighs nothing and touches nothing, convex parts that do not weigh either, and the mass as it is known."""
    body.explicitinertial = True
    body.mass = model.mass_kg
    body.ipos = list(mesh.centre_of_mass_m)
    body.fullinertia = list(mesh.inertia_kg_m2)
    surface = spec.add_mesh(name=SURFACE, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    surface.uservert, surface.userface = mesh.vertices.ravel(), mesh.faces.ravel()
    as_mesh = {"type": mujoco.mjtGeom.mjGEOM_MESH, "mass": 0.0}
    body.add_geom(name=SURFACE, meshname=SURFACE, contype=0, conaffinity=0, **as_mesh)
    for k, corners in enumerate(mesh.hulls):
        hull = spec.add_mesh(name=f"hull_{k}", inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX)
        hull.uservert = corners.ravel()
        body.add_geom(name=hull.name, meshname=hull.name, group=HULL_GROUP, **as_mesh, **_object_contacts(model))


def _extent(part: Part, rotation: np.ndarray) -> np.ndarray:
    """Half size of the axis-aligned box around a part turned by `rotation` (world from part)."""
    a, b, c = part.half_size_m
    along = np.abs(rotation[:, 2])
    match part.shape:
        case "box":
            return np.abs(rotation) @ np.array([a, b, c])
        case "ellipsoid":
            return np.linalg.norm(rotation * np.array([a, b, c]), axis=1)
        case "cylinder":
            return along * b + np.sqrt(np.maximum(0.0, 1 - along**2)) * a
        case "capsule":
            return along * b + a
