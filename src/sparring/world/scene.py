"""A scene: one object on the table under the camera, drawn from a seed, compiled, settled; a second hand where one is asked for.

World frame: origin in the middle of the table's top, z up, x to the right and y up in the image.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

# pyright: reportAttributeAccessIssue=false
# mujoco publishes no types for its compiled names.
import mujoco
import numpy as np
from jaxtyping import Float

from sparring.config import SecondHandConfig, WorldConfig
from sparring.errors import ConfigError
from sparring.seeding import rng_of
from sparring.world.frames import angle_between
from sparring.world.hand import (
    CONTROLS_N,
    HAND_BIT,
    HAND_DOF_N,
    SECOND_BIT,
    TABLE_BIT,
    Mount,
    add_hand,
    first_mount,
    second_mount,
)
from sparring.world.looks import recoloured
from sparring.world.objects.catalogue import object_named
from sparring.world.objects.model import ObjectModel, Part, Shape
from sparring.world.physics import Engine

PARKED_HAND_M = 0.7
OBJECT_QPOS = slice(1 + HAND_DOF_N, 1 + HAND_DOF_N + 7)
"""Where the object's pose (position, quaternion wxyz) stands in a state vector; the second hand comes after it."""
OBJECT_DOF_N = 6
SETTLE_CHUNK_S = 0.2
SETTLE_CHUNKS_N = 20
REST_M_S = 0.004
"""An object that moves less than this, and turns less than ten times this (rad/s), has settled."""
PLACEMENTS_N = 60
AIR_DAMPING = 0.0006
"""Damps the rocking of round objects (N m s); nothing to a hand that turns one (N s/m for the linear axes)."""
TUMBLED_SHARE = 0.25
"""Share of objects dropped on a side instead of laid as their family draws them."""
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


class Scene:
    """A compiled scene. `settled` holds the state in which the object has come to rest, the hand parked above."""

    def __init__(self, config: WorldConfig, spec: SceneSpec, second: SecondHandConfig | None = None) -> None:
        self.config = config
        self.spec = spec
        plain = object_named(spec.object_name, config.objects)
        self.object: ObjectModel = recoloured(plain, config.camera.randomise, spec.seed)
        self.engine = Engine(_compile(config, self.object, second))
        self.has_second_hand = second is not None
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
        data, ids = self.engine.forward(state), self.object_geoms
        extents = np.stack(
            [_extent(part, data.geom_xmat[k].reshape(3, 3)) for part, k in zip(self.object.parts, ids, strict=True)]
        )
        centres = data.geom_xpos[ids]
        return (centres - extents).min(axis=0), (centres + extents).max(axis=0)

    def depth_m(self, state: Float[np.ndarray, " state"], mount: Mount) -> float:
        """How far the object reaches along a mount's z axis, from the mount's origin."""
        data, ids = self.engine.forward(state), self.object_geoms
        turns = mount.rotation.T @ data.geom_xmat[ids].reshape(-1, 3, 3)
        centres = (data.geom_xpos[ids] - np.array(mount.position_m)) @ mount.rotation
        return float(
            max(at[2] + _extent(part, turn)[2] for part, at, turn in zip(self.object.parts, centres, turns, strict=True))
        )

    def is_between_fingers(self, state: Float[np.ndarray, " state"]) -> bool:
        """Whether both of the protagonist's fingers touch the object."""
        data, model = self.engine.forward(state), self.engine.model
        pairs = {tuple(pair) for pair in model.geom_bodyid[data.contact.geom]}
        body = model.body("object").id
        fingers = [model.body(f"{side}_finger").id for side in ("left", "right")]
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

    def with_second_hand(self, state: Float[np.ndarray, " state"], pose: Float[np.ndarray, " 6"]) -> Float[np.ndarray, " longer"]:
        """A state of the scene without a second hand, gone on with in this one: the second hand open and at rest at a pose."""
        assert self.has_second_hand
        qvel = OBJECT_QPOS.stop
        assert len(state) == qvel + HAND_DOF_N + OBJECT_DOF_N
        return np.concatenate([state[:qvel], pose, np.zeros(2), state[qvel:], np.zeros(HAND_DOF_N)])

    def centre_of_mass_m(self, state: Float[np.ndarray, " state"]) -> Float[np.ndarray, " 3"]:
        """The object's centre of mass in the world."""
        data = self.engine.forward(state)
        return data.xipos[self.engine.model.body("object").id].copy()

    @cached_property
    def object_geoms(self) -> np.ndarray:
        """Geom ids of the object's parts, in order."""
        model = self.engine.model
        return np.array([model.geom(f"part_{k}").id for k in range(len(self.object.parts))])

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
        state[1 + 2] = PARKED_HAND_M
        yaw, tumble = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi)
        tumbled = rng.random() < TUMBLED_SHARE
        about_z = np.array([np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)])
        about_x = np.array([np.cos(tumble / 2), np.sin(tumble / 2), 0, 0]) if tumbled else np.array([1.0, 0, 0, 0])
        quat = np.empty(4)
        mujoco.mju_mulQuat(quat, about_z, about_x)
        spread = np.array(self.config.spread_m)
        state[OBJECT_QPOS] = np.concatenate([[0, 0, 0.5], quat])
        low, high = self.object_bounds_m(state)
        middle = (low + high) / 2
        state[OBJECT_QPOS][:2] = rng.uniform(-spread, spread) - middle[:2]
        state[OBJECT_QPOS][2] = 0.5 - low[2] + 0.003
        return state

    def _settle(self, state: np.ndarray) -> np.ndarray | None:
        chunk = round(SETTLE_CHUNK_S / self.config.timestep_s)
        controls = np.zeros((1, chunk, CONTROLS_N))
        controls[..., 2] = PARKED_HAND_M
        for _ in range(SETTLE_CHUNKS_N):
            played = self.engine.play(state[None], controls)
            if not played.valid[0]:
                return None
            state = played.states[0]
            speeds = np.abs(state[1 + self.engine.model.nq + HAND_DOF_N :])
            if speeds[:3].max() < REST_M_S and speeds[3:6].max() < 10 * REST_M_S:
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


@lru_cache(maxsize=256)
def open_scene(config: WorldConfig, spec: SceneSpec, second: SecondHandConfig | None = None) -> Scene:
    """The scene, compiled once a process and kept while it is in use."""
    return Scene(config, spec, second)


def _compile(config: WorldConfig, model: ObjectModel, second: SecondHandConfig | None) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
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
    add_hand(spec, config.hand, config.grip, first_mount(config.lift), surface_friction=model.friction)
    _add_object(spec, model)
    if second is not None:
        add_hand(spec, second.hand, second.grip, second_mount(second), surface_friction=model.friction)
    return spec.compile()


def _add_object(spec: mujoco.MjSpec, model: ObjectModel) -> None:
    body = spec.worldbody.add_body(name="object", pos=[0, 0, 0.5])
    body.add_joint(name="object", type=mujoco.mjtJoint.mjJNT_FREE, damping=[AIR_DAMPING, 0, 0])
    for k, (part, mass) in enumerate(zip(model.parts, model.masses_kg, strict=True)):
        body.add_geom(
            name=f"part_{k}",
            type=SHAPES[part.shape],
            size=list(part.half_size_m),
            pos=list(part.position_m),
            quat=list(part.quat_wxyz),
            mass=mass,
            condim=3,
            contype=TABLE_BIT | HAND_BIT,
            conaffinity=TABLE_BIT | HAND_BIT | SECOND_BIT,
            friction=[0.5, 0.003, 0.0001],
            solref=[0.008 + model.softness_s, 1.0],
        )


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
