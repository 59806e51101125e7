"""Messages say what was meant, to the bit, and nonsense is refused with what is wrong with it."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

import sparring.remote
from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp, sensing_heights_m
from sparring.config import AttackConfig
from sparring.data.pictures import encode_image
from sparring.errors import CellError
from sparring.game.cell import AttackRequest, GraspRequest
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, LookJob, Unseen, View, attacks_set_aside, look
from sparring.remote import messages
from sparring.world.scene import SceneSpec

pytest.importorskip("grpc")
WORLD = tiny.world_config()
HEIGHTS_N = len(sensing_heights_m(WORLD.lift))
SPEC = SceneSpec("bar-0003", 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
near = st.floats(-9, 9)
grasps = st.builds(Grasp, near, near, near)
states = st.lists(floats, max_size=30).map(np.array).map(lambda state: state.astype(float))


@pytest.fixture(scope="module")
def view() -> View:
    """A scene that was looked at."""
    return look(LookJob(WORLD, SceneSpec("bar-0003", 5)))


def sent(message: Any) -> Any:
    """A message after its way over the wire."""
    return type(message).FromString(message.SerializeToString())


def outcomes_of(request: GraspRequest) -> GraspOutcomes:
    """Some outcomes, all different."""
    n = len(request.grasps)
    flags = np.arange(n)
    return GraspOutcomes(
        forces_n=np.arange(n * HEIGHTS_N).reshape(n, HEIGHTS_N) / 7,
        gap_m=flags / 3,
        sensed=flags % 2 == 0,
        lifted=flags % 3 == 0,
        invalid=flags % 5 == 4,
        executed=tuple(replace(one, x_m=one.x_m / 3) for one in request.grasps),
        states=np.repeat(request.state[None] / 3, n, axis=0),
    )


def same(first: object, second: object) -> bool:
    """Whether two dataclasses agree to the bit."""
    fields = first.__dataclass_fields__  # type: ignore[attr-defined]
    pairs = [(getattr(first, name), getattr(second, name)) for name in fields]
    return all(
        np.array_equal(one, other, equal_nan=True) if isinstance(one, np.ndarray | float) else repr(one) == repr(other)
        for one, other in pairs
    )


def test_a_view_arrives_as_it_was_sent(view: View) -> None:
    arrived = messages.view_of(sent(messages.look_reply(view)), view.spec, WORLD)
    assert isinstance(arrived, View)
    assert same(arrived, view)


def test_what_a_cell_does_not_know_of_an_object_is_not_a_number(view: View) -> None:
    unknown = replace(view, mass_kg=math.nan, friction=math.nan, centre_of_mass_m=(math.nan, math.nan), state=np.empty(0))
    reply = sent(messages.look_reply(unknown))
    assert not any(reply.HasField(name) for name in ("mass_kg", "friction", "com_x_m", "com_y_m"))
    assert same(messages.view_of(reply, view.spec, WORLD), unknown)


def test_a_scene_that_could_not_be_looked_at_arrives_as_such() -> None:
    unseen = Unseen(SPEC, "the object rolled off the table")
    assert messages.view_of(sent(messages.look_reply(unseen)), SPEC, WORLD) == unseen


@given(st.lists(st.tuples(grasps, st.integers(0, 2**63 - 1)), min_size=1, max_size=5), states, st.booleans())
def test_grasps_and_what_became_of_them_arrive_to_the_bit(
    tried: list[tuple[Grasp, int]], state: np.ndarray, must_hold: bool
) -> None:
    request = GraspRequest(SPEC, state, tuple(grasp for grasp, _ in tried), tuple(seed for _, seed in tried))
    message = sent(messages.grasp_message(request, must_hold=must_hold))
    assert message.must_hold == must_hold
    assert same(messages.grasp_request_of(message), request)
    outcomes = outcomes_of(request)
    assert same(messages.grasp_outcomes_of(sent(messages.grasp_reply(outcomes)), request, WORLD), outcomes)


@given(st.sampled_from(sorted(ADVERSARIES)), st.lists(st.tuples(grasps, st.integers(0, 14)), min_size=1, max_size=5), states)
def test_attacks_and_what_became_of_them_arrive_to_the_bit(
    adversary: str, held: list[tuple[Grasp, int]], state: np.ndarray
) -> None:
    n = len(held)
    request = AttackRequest(SPEC, np.repeat(state[None], n, axis=0), *map(tuple, zip(*held, strict=True)))  # type: ignore[arg-type]
    message = sent(messages.attack_message(adversary, request))
    assert message.adversary == adversary
    assert same(messages.attack_request_of(message), request)
    ends = tuple(np.arange(float(5 + row % 2)) for row in range(n))
    outcomes = AttackOutcomes(np.arange(n) % 2 == 0, np.arange(n) % 3 == 0, ends)
    assert same(messages.attack_outcomes_of(sent(messages.attack_reply(outcomes)), request), outcomes)


def test_a_fault_arrives_in_place_of_outcomes() -> None:
    request = GraspRequest(SPEC, np.zeros(3), (Grasp(0.0, 0.0, 0.0),) * 2, (1, 2))
    arrived = messages.grasp_outcomes_of(messages.message_class("GraspReply")(fault="no power"), request, WORLD)
    assert (arrived.fault, arrived.invalid.tolist(), arrived.sensed.tolist()) == ("no power", [True, True], [False, False])
    attacked = AttackRequest(SPEC, np.zeros((1, 3)), request.grasps[:1], (3,))
    assert (
        messages.attack_outcomes_of(sent(messages.attack_reply(attacks_set_aside(1, "no power"))), attacked).fault == "no power"
    )


def test_a_setup_arrives_and_has_a_name_of_its_own() -> None:
    message = sent(messages.setup_message(WORLD, AttackConfig()))
    assert messages.setup_of(message) == (WORLD, AttackConfig())
    stronger = replace(WORLD, grip=replace(WORLD.grip, force_n=35.0))
    names = {messages.setup_name(messages.setup_message(world, AttackConfig())) for world in (WORLD, stronger)}
    assert len(names) == 2


def _grasps(change: Callable[[Any], None]) -> Any:
    request = GraspRequest(SPEC, np.zeros(3), (Grasp(0.0, 0.0, 0.0),) * 2, (1, 2))
    message = messages.grasp_message(request, must_hold=False)
    change(message)
    return message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda message: message.noise_seeds.pop(), "as many seeds; got 2 and 1"),
        (lambda message: message.ClearField("grasps"), "got 0"),
        (lambda message: message.grasps.extend([message.grasps[0]] * 300), "1 to 256"),
        (lambda message: setattr(message.grasps[0], "x_m", math.nan), "impossible grasp"),
        (lambda message: setattr(message.grasps[0], "y_m", 11.0), "impossible grasp"),
        (lambda message: message.state.append(math.inf), "not finite"),
        (lambda message: message.state.extend([0.0] * 5000), "at most 4096 numbers"),
        (lambda message: setattr(message.scene, "object", ""), "impossible scene"),
        (lambda message: setattr(message.scene, "seed", 2**64 - 1), "impossible scene"),
    ],
)
def test_an_impossible_request_is_refused(change: Callable[[Any], None], said: str) -> None:
    with pytest.raises(CellError, match=said):
        messages.grasp_request_of(_grasps(change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda reply: reply.outcomes.pop(), "1 outcomes of 2 grasps"),
        (lambda reply: reply.outcomes[0].forces_n.pop(), "heights"),
        (lambda reply: setattr(reply.outcomes[1], "gap_m", math.nan), "not finite"),
        (lambda reply: setattr(reply.outcomes[0].executed, "x_m", math.inf), "impossible grasp"),
        (lambda reply: reply.outcomes[0].state.append(1.0), "different lengths"),
    ],
)
def test_nonsense_about_grasps_is_refused(change: Callable[[Any], None], said: str) -> None:
    request = messages.grasp_request_of(_grasps(lambda message: None))
    reply = messages.grasp_reply(outcomes_of(request))
    change(reply)
    with pytest.raises(CellError, match=said):
        messages.grasp_outcomes_of(reply, request, WORLD)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda reply: setattr(reply, "png", b"no picture"), "a picture that is none"),
        (lambda reply: setattr(reply, "png", encode_image(np.zeros((4, 4, 3), np.uint8))), "a picture of 4 x 4 pixels"),
        (lambda reply: setattr(reply, "png", encode_image(np.zeros((120, 160, 4), np.uint8))), "4 channels.*reckons with 3: RGB"),
        (lambda reply: setattr(reply.calibration, "pixel_m", 0.5), r"pixel_m 0.5; .* --set world.camera.pixel_m=0.5"),
        (lambda reply: setattr(reply.calibration, "width_px", 161), "width_px 161"),
        (lambda reply: setattr(reply.calibration, "turn_rad", math.nan), "impossible calibration"),
        (lambda reply: setattr(reply.calibration, "centre_x_m", 1e9), "impossible calibration"),
        (lambda reply: reply.state.append(math.nan), "not finite"),
    ],
)
def test_nonsense_about_a_scene_is_refused(view: View, change: Callable[[Any], None], said: str) -> None:
    reply = messages.look_reply(view)
    change(reply)
    with pytest.raises(CellError, match=said):
        messages.view_of(reply, view.spec, WORLD)


def test_an_unknown_adversary_or_action_is_refused() -> None:
    request = AttackRequest(SPEC, np.zeros((1, 3)), (Grasp(0.0, 0.0, 0.0),), (15,))
    with pytest.raises(CellError, match="shake has actions 0 to 14, got 15"):
        messages.attack_request_of(messages.attack_message("shake", request))
    with pytest.raises(CellError, match=r"'push'.*shake, snatch, mixed"):
        messages.attack_request_of(messages.attack_message("push", request))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hand": 3}', "[" * 100_000])
def test_a_setup_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        messages.setup_of(messages.message_class("Setup")(world_json=text, attack_json="{}"))


def test_the_compiled_messages_are_those_of_the_proto_file(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc")
    folder = Path(sparring.remote.__file__).parent
    out = tmp_path / "cell.binpb"
    assert protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={out}", "cell.proto"]) == 0
    assert out.read_bytes() == (folder / "cell.binpb").read_bytes(), "make proto"
