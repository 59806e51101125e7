"""Messages of `cell.proto` to and from what the game uses. Whatever comes in is checked before it is believed."""

# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false
# protobuf is an optional extra, and makes its classes at run time.
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp, sensing_heights_m
from sparring.config import AttackConfig, WorldConfig
from sparring.config_file import structured
from sparring.errors import CellError, ConfigError, DataError
from sparring.game.cell import AttackRequest, GraspRequest
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View, attacks_set_aside, grasps_set_aside
from sparring.overhead import Calibration
from sparring.remote.wire import not_installed
from sparring.world.scene import SceneSpec

SERVICE = "sparring.cell.v1.Cell"
METHODS = {
    "Begin": ("Setup", "Capabilities"),
    "Look": ("LookRequest", "LookReply"),
    "Grasp": ("GraspRequest", "GraspReply"),
    "Attack": ("AttackRequest", "AttackReply"),
}
"""Name -> (request, reply)."""
MAX_REQUEST_BYTES = 4 * 2**20
MAX_REPLY_BYTES = 64 * 2**20
MAX_STATE_N = 4096
MAX_ATTEMPTS_N = 256
MAX_TEXT = 20_000
FAR_M = 10.0
"""No workspace reaches further."""


def message_class(name: str) -> Any:
    """The class of a message.

    Raises:
        ConfigError: protobuf is not installed.
    """
    return _message_classes()[name]


@cache
def _message_classes() -> dict[str, Any]:
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        raise not_installed() from None
    compiled = resources.files("sparring.remote").joinpath("cell.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(compiled).file:
        pool.AddSerializedFile(file.SerializeToString())
    named = pool.FindFileByName("cell.proto").message_types_by_name
    return {name: message_factory.GetMessageClass(one) for name, one in named.items()}


def setup_message(world: WorldConfig, attack: AttackConfig) -> Any:
    """What the requests to come are about."""
    return message_class("Setup")(world_json=json.dumps(asdict(world)), attack_json=json.dumps(asdict(attack)))


def setup_of(message: Any) -> tuple[WorldConfig, AttackConfig]:
    """The world and the attacks that a match is about.

    Raises:
        CellError: not configs of this version.
    """
    if max(len(message.world_json), len(message.attack_json)) > MAX_TEXT:
        raise CellError(f"a setup may have {MAX_TEXT} characters")
    try:
        return structured(json.loads(message.world_json), WorldConfig), structured(json.loads(message.attack_json), AttackConfig)
    except (ValueError, RecursionError, ConfigError) as error:
        raise CellError(f"the setup is not of this version of sparring: {error}") from None


def setup_name(message: Any) -> str:
    """A short name for a setup."""
    return hashlib.sha256(f"{message.world_json}\0{message.attack_json}".encode()).hexdigest()[:16]


def look_message(spec: SceneSpec) -> Any:
    """A request to look."""
    return message_class("LookRequest")(scene=_scene(spec))


def grasp_message(request: GraspRequest, *, must_hold: bool) -> Any:
    """A request to grasp."""
    return message_class("GraspRequest")(
        scene=_scene(request.spec),
        state=request.state.tolist(),
        grasps=[_grasp(one) for one in request.grasps],
        noise_seeds=request.seeds,
        must_hold=must_hold,
    )


def attack_message(adversary: str, request: AttackRequest) -> Any:
    """A request to attack."""
    held = message_class("Held")
    return message_class("AttackRequest")(
        scene=_scene(request.spec),
        adversary=adversary,
        held=[
            held(state=state.tolist(), grasp=_grasp(grasp), action=action)
            for state, grasp, action in zip(request.states, request.grasps, request.actions, strict=True)
        ],
    )


def spec_of(message: Any) -> SceneSpec:
    """The scene that a request is about.

    Raises:
        CellError: impossible.
    """
    scene = message.scene
    if not 0 < len(scene.object) <= 200 or scene.seed >= 2**63:
        raise CellError(f"impossible scene: object {scene.object[:80]!r}, seed {scene.seed}")
    return SceneSpec(scene.object, scene.seed)


def grasp_request_of(message: Any) -> GraspRequest:
    """A request to grasp, checked.

    Raises:
        CellError: impossible.
    """
    n = len(message.grasps)
    if not 1 <= n <= MAX_ATTEMPTS_N or len(message.noise_seeds) != n:
        raise CellError(f"a request has 1 to {MAX_ATTEMPTS_N} grasps and as many seeds; got {n} and {len(message.noise_seeds)}")
    if max(message.noise_seeds) >= 2**63:
        raise CellError("a noise seed must be below 2**63")
    grasps = tuple(_grasp_of(one) for one in message.grasps)
    return GraspRequest(spec_of(message), _state_of(message.state), grasps, tuple(message.noise_seeds))


def attack_request_of(message: Any) -> AttackRequest:
    """A request to attack, checked.

    Raises:
        CellError: impossible.
    """
    if message.adversary not in ADVERSARIES:
        raise CellError(f"no adversary is called {message.adversary[:80]!r}; there are: {', '.join(ADVERSARIES)}")
    if not 1 <= len(message.held) <= MAX_ATTEMPTS_N:
        raise CellError(f"a request has 1 to {MAX_ATTEMPTS_N} attacks, got {len(message.held)}")
    actions_n = ADVERSARIES[message.adversary].actions_n
    actions = tuple(one.action for one in message.held)
    if max(actions) >= actions_n:
        raise CellError(f"{message.adversary} has actions 0 to {actions_n - 1}, got {max(actions)}")
    states = [_state_of(one.state) for one in message.held]
    if len({len(state) for state in states}) > 1:
        raise CellError("states of one scene have one length")
    return AttackRequest(spec_of(message), np.stack(states), tuple(_grasp_of(one.grasp) for one in message.held), actions)


def look_reply(looked: View | Unseen) -> Any:
    """What was seen."""
    reply = message_class("LookReply")
    if isinstance(looked, Unseen):
        return reply(fault=looked.fault or "unknown")
    x, y = looked.centre_of_mass_m
    known = {"mass_kg": looked.mass_kg, "friction": looked.friction, "com_x_m": x, "com_y_m": y}
    return reply(
        png=looked.png,
        calibration=message_class("Calibration")(**asdict(looked.calibration)),
        state=looked.state.tolist(),
        family=looked.family,
        **{name: value for name, value in known.items() if math.isfinite(value)},
    )


def view_of(reply: Any, spec: SceneSpec, world: WorldConfig) -> View | Unseen:
    """What a cell saw, checked against the camera that the match reckons with.

    Raises:
        CellError: nonsense.
    """
    if reply.fault:
        return Unseen(spec, reply.fault[:MAX_TEXT])
    seen, camera = reply.calibration, world.camera
    calibration = Calibration(**{field.name: getattr(seen, field.name) for field in seen.DESCRIPTOR.fields})
    if not all(map(math.isfinite, asdict(calibration).values())) or max(abs(seen.centre_x_m), abs(seen.centre_y_m)) > FAR_M:
        raise CellError(f"an impossible calibration: {calibration}")
    for name in ("width_px", "height_px", "pixel_m"):
        if getattr(calibration, name) != getattr(camera, name):
            raise CellError(
                f"a camera with {name} {getattr(calibration, name)}; the match reckons with {getattr(camera, name)}: "
                f"--set world.camera.{name}={getattr(calibration, name)}"
            )
    view = View(
        spec=spec,
        png=reply.png,
        calibration=calibration,
        state=_state_of(reply.state),
        mass_kg=_known(reply, "mass_kg"),
        friction=_known(reply, "friction"),
        family=reply.family[:200],
        centre_of_mass_m=(_known(reply, "com_x_m"), _known(reply, "com_y_m")),
    )
    try:
        shape = view.image.shape
    except DataError as error:
        raise CellError(f"a picture that is none: {error}") from None
    if shape[:2] != (calibration.height_px, calibration.width_px):
        raise CellError(f"a picture of {shape[1]} x {shape[0]} pixels with a calibration for {seen.width_px} x {seen.height_px}")
    if shape[2] != camera.channels_n:
        wanted = "RGBA, with heights in millimetres as alpha" if camera.depth else "RGB"
        raise CellError(
            f"a picture with {shape[2]} channels; the match (world.camera.depth) reckons with {camera.channels_n}: {wanted}"
        )
    return view


def grasp_reply(outcomes: GraspOutcomes) -> Any:
    """What became of grasps."""
    reply, outcome = message_class("GraspReply"), message_class("GraspOutcome")
    return reply(
        fault="" if outcomes.fault is None else outcomes.fault or "unknown",
        outcomes=[
            outcome(
                forces_n=outcomes.forces_n[row].tolist(),
                gap_m=float(outcomes.gap_m[row]),
                sensed=bool(outcomes.sensed[row]),
                lifted=bool(outcomes.lifted[row]),
                invalid=bool(outcomes.invalid[row]),
                executed=_grasp(executed),
                state=outcomes.states[row].tolist(),
                slowdown=_told(outcomes.slowdown, row),
            )
            for row, executed in enumerate(outcomes.executed)
        ],
    )


def grasp_outcomes_of(reply: Any, request: GraspRequest, world: WorldConfig) -> GraspOutcomes:
    """What became of grasps, checked.

    Raises:
        CellError: nonsense.
    """
    n, heights_n = len(request.grasps), len(sensing_heights_m(world.lift))
    if reply.fault and not reply.outcomes:
        return grasps_set_aside(request.grasps, request.state, world.lift, reply.fault[:MAX_TEXT])
    if len(reply.outcomes) != n:
        raise CellError(f"{len(reply.outcomes)} outcomes of {n} grasps")
    if any(len(one.forces_n) != heights_n for one in reply.outcomes):
        raise CellError(f"finger forces at other than {heights_n} heights: {sensing_heights_m(world.lift)}")
    forces = np.array([list(one.forces_n) for one in reply.outcomes], float)
    gaps = np.array([one.gap_m for one in reply.outcomes], float)
    if not (np.isfinite(forces).all() and np.isfinite(gaps).all()):
        raise CellError("finger forces or gaps that are not finite")
    states = [_state_of(one.state, finite=not one.invalid) for one in reply.outcomes]
    if len({len(state) for state in states}) > 1:
        raise CellError("states of different lengths")
    if reply.fault and not all(one.invalid for one in reply.outcomes):
        raise CellError("a fault, and outcomes that are valid")
    return GraspOutcomes(
        fault=reply.fault[:MAX_TEXT] or None,
        forces_n=forces,
        gap_m=gaps,
        sensed=np.array([one.sensed for one in reply.outcomes], bool),
        lifted=np.array([one.lifted for one in reply.outcomes], bool),
        invalid=np.array([one.invalid for one in reply.outcomes], bool),
        executed=tuple(_grasp_of(one.executed) for one in reply.outcomes),
        states=np.stack(states),
        slowdown=_slowdown_of(reply.outcomes),
    )


def attack_reply(outcomes: AttackOutcomes) -> Any:
    """What became of attacks."""
    reply, outcome = message_class("AttackReply"), message_class("AttackOutcome")
    if outcomes.fault is not None:
        return reply(fault=outcomes.fault or "unknown")
    states = outcomes.states or ((),) * len(outcomes.dislodged)
    return reply(
        outcomes=[
            outcome(
                dislodged=bool(outcomes.dislodged[row]),
                invalid=bool(outcomes.invalid[row]),
                state=state,
                slowdown=_told(outcomes.slowdown, row),
            )
            for row, state in enumerate(states)
        ]
    )


def attack_outcomes_of(reply: Any, request: AttackRequest) -> AttackOutcomes:
    """What became of attacks, checked.

    Raises:
        CellError: nonsense.
    """
    n = len(request.actions)
    if reply.fault:
        return attacks_set_aside(n, reply.fault[:MAX_TEXT])
    if len(reply.outcomes) != n:
        raise CellError(f"{len(reply.outcomes)} outcomes of {n} attacks")
    return AttackOutcomes(
        dislodged=np.array([one.dislodged for one in reply.outcomes], bool),
        invalid=np.array([one.invalid for one in reply.outcomes], bool),
        states=tuple(_state_of(one.state, finite=not one.invalid) for one in reply.outcomes),
        slowdown=_slowdown_of(reply.outcomes),
    )


def _told(slowdown: np.ndarray | None, row: int) -> float | None:
    return None if slowdown is None else float(slowdown[row])


def _slowdown_of(outcomes: Sequence[Any]) -> np.ndarray | None:
    """None where an outcome does not tell it."""
    if not outcomes or not all(one.HasField("slowdown") for one in outcomes):
        return None
    slowdown = np.array([one.slowdown for one in outcomes], float)
    if not (slowdown >= 1).all():
        raise CellError("a slowdown is at least 1, or infinite")
    return slowdown


def _scene(spec: SceneSpec) -> Any:
    return message_class("Scene")(object=spec.object_name, seed=spec.seed)


def _grasp(grasp: Grasp) -> Any:
    return message_class("Grasp")(x_m=grasp.x_m, y_m=grasp.y_m, theta_rad=grasp.theta_rad)


def _grasp_of(message: Any) -> Grasp:
    grasp = Grasp(message.x_m, message.y_m, message.theta_rad)
    if not (abs(grasp.x_m) <= FAR_M and abs(grasp.y_m) <= FAR_M and abs(grasp.theta_rad) <= 100):
        raise CellError(f"an impossible grasp: {grasp}")
    return grasp


def _state_of(values: Sequence[float], *, finite: bool = True) -> np.ndarray:
    if len(values) > MAX_STATE_N:
        raise CellError(f"a state has at most {MAX_STATE_N} numbers, got {len(values)}")
    state = np.array(values, float)
    if finite and not np.isfinite(state).all():
        raise CellError("a state that is not finite")
    return state


def _known(reply: Any, name: str) -> float:
    return getattr(reply, name) if reply.HasField(name) else math.nan
