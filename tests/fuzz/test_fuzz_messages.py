"""What a cell and a match say to each other is understood or refused by either, whatever the bytes are."""

import json
import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import tiny
from hostile import ANY_TEXT, JSON_TEXTS, damaged, fuzzed, mostly, paths_in, read_or_refused, with_texts
from hypothesis import given
from hypothesis import strategies as st

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp, sensing_heights_m
from sparring.config import AttackConfig, WorldConfig
from sparring.data.pictures import encode_image
from sparring.errors import CellError
from sparring.game.cell import AttackRequest, GraspRequest
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View
from sparring.world.camera import Calibration
from sparring.world.scene import SceneSpec

pytest.importorskip("grpc")
messages = pytest.importorskip("sparring.remote.messages")
server = pytest.importorskip("sparring.remote.server")

WORLD = replace(tiny.world_config(), camera=replace(tiny.world_config().camera, width_px=16, height_px=12))
HEIGHTS_N = len(sensing_heights_m(WORLD.lift))
SPEC = SceneSpec("bar-0003", 2**63 - 1)
GRASPS = (Grasp(0.01, -0.02, 0.3), Grasp(0.0, 0.05, 3.1))
STATE = np.arange(9.0)
ASKED = GraspRequest(SPEC, STATE, GRASPS, (5, 6))
ATTACKED = AttackRequest(SPEC, np.stack([STATE, STATE]), GRASPS, (0, 14))
PNG = encode_image(np.arange(16 * 12 * 3, dtype=np.uint8).reshape(12, 16, 3))
VIEW = View(SPEC, PNG, Calibration(16, 12, 0.003, 0.001, 0.002, 1.1, 0.01), STATE, 0.2, 1.0, "bar", (0.01, math.nan))
OUTCOMES = GraspOutcomes(
    forces_n=np.ones((2, HEIGHTS_N)),
    gap_m=np.array([0.01, 0.02]),
    sensed=np.array([True, False]),
    lifted=np.array([True, False]),
    invalid=np.array([False, True]),
    executed=GRASPS,
    states=np.stack([STATE, STATE]),
)
ENDS = AttackOutcomes(np.array([True, False]), np.array([False, False]), (STATE, np.tile(STATE, 2)))


def finite(*arrays: np.ndarray) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def near(grasps: tuple[Grasp, ...]) -> bool:
    return all(math.hypot(one.x_m, one.y_m) < 15 and abs(one.theta_rad) <= 100 for one in grasps)


def setup_understood(message: Any) -> None:
    world, attack = messages.setup_of(message)
    assert isinstance(world, WorldConfig)
    assert isinstance(attack, AttackConfig)
    assert len(messages.setup_name(message)) == 16


def scene_understood(message: Any) -> None:
    spec = messages.spec_of(message)
    assert 0 < len(spec.object_name) <= 200
    assert 0 <= spec.seed < 2**63


def grasps_understood(message: Any) -> None:
    request = messages.grasp_request_of(message)
    assert 1 <= len(request.grasps) == len(request.seeds) <= messages.MAX_ATTEMPTS_N
    assert finite(request.state)
    assert request.state.dtype == float
    assert near(request.grasps)
    assert all(0 <= seed < 2**63 for seed in request.seeds)


def attacks_understood(message: Any) -> None:
    request = messages.attack_request_of(message)
    assert 1 <= len(request.grasps) == len(request.actions) == len(request.states) <= messages.MAX_ATTEMPTS_N
    assert finite(request.states)
    assert near(request.grasps)
    assert all(0 <= action < ADVERSARIES[message.adversary].actions_n for action in request.actions)


def view_understood(message: Any) -> None:
    view = messages.view_of(message, SPEC, WORLD)
    if isinstance(view, Unseen):
        assert 0 < len(view.fault) <= messages.MAX_TEXT
        return
    assert view.image.shape == (12, 16, 3)
    assert finite(view.state, view.calibration.metres(np.array([[0.0, 0.0], [15.0, 11.0]])))


def outcomes_understood(message: Any) -> None:
    outcomes = messages.grasp_outcomes_of(message, ASKED, WORLD)
    assert outcomes.forces_n.shape == (2, HEIGHTS_N)
    assert finite(outcomes.forces_n, outcomes.gap_m, outcomes.states[~outcomes.invalid])
    assert len(outcomes.executed) == len(outcomes.states) == len(outcomes.sensed) == 2
    assert near(outcomes.executed)


def ends_understood(message: Any) -> None:
    outcomes = messages.attack_outcomes_of(message, ATTACKED)
    assert len(outcomes.dislodged) == len(outcomes.invalid) == 2


KINDS = {
    "Setup": (setup_understood, messages.setup_message(WORLD, AttackConfig())),
    "LookRequest": (scene_understood, messages.look_message(SPEC)),
    "GraspRequest": (grasps_understood, messages.grasp_message(ASKED, must_hold=True)),
    "AttackRequest": (attacks_understood, messages.attack_message("shake", ATTACKED)),
    "LookReply": (view_understood, messages.look_reply(VIEW)),
    "GraspReply": (outcomes_understood, messages.grasp_reply(OUTCOMES)),
    "AttackReply": (ends_understood, messages.attack_reply(ENDS)),
}
"""Every message that is read: what must hold of what was understood, and a sound one."""
READERS = {name: server._parsed(messages.message_class(name)) for name in KINDS}
"""Bytes to messages as the server reads them; gRPC does the same for a match."""


def used(name: str, content: bytes) -> None:
    """A message is none, understood, or refused."""
    message = READERS[name](content)
    if message is not None:
        read_or_refused(lambda: KINDS[name][0](message))


@pytest.mark.parametrize("name", KINDS)
def test_a_sound_message_is_understood(name: str) -> None:
    understood, message = KINDS[name]
    understood(READERS[name](message.SerializeToString()))


@pytest.mark.parametrize("name", KINDS)
@fuzzed
@given(data=st.data())
def test_damaged_bytes_are_understood_or_refused(name: str, data: st.DataObject) -> None:
    used(name, data.draw(damaged(KINDS[name][1].SerializeToString(), edits_n=2)))


def varint(value: int) -> bytes:
    """A whole number as protobuf writes it."""
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


LENGTHS_N = st.integers(0, 40) | st.sampled_from([2**31 - 1, 2**31, 2**32, 2**63, 2**64 - 1])
FIELDS = st.one_of(
    st.tuples(st.just(0), st.integers(0, 2**64 - 1).map(varint) | st.sampled_from([b"\xff" * 9 + b"\x01", b"\xff" * 11])),
    st.tuples(st.just(1), st.binary(min_size=8, max_size=8)),
    st.tuples(st.just(5), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(2), st.binary(max_size=80).map(lambda content: varint(len(content)) + content)),
    st.tuples(st.just(2), st.integers(0, 20).map(lambda n: varint(8 * n) + b"\0\0\0\0\0\0\xf0\x3f" * n)),
    st.tuples(st.just(3), st.sampled_from([b"", b"\x1b" * 200, b"\x1c"])),
    st.tuples(st.integers(0, 7), st.builds(lambda n, content: varint(n) + content, LENGTHS_N, st.binary(max_size=20))),
)
NUMBERS = st.integers(1, 9) | st.sampled_from([0, 10, 100, 2**29 - 1, 2**29])
WIRES = st.lists(st.tuples(NUMBERS, FIELDS), max_size=6).map(
    lambda fields: b"".join(varint(number << 3 | wire) + content for number, (wire, content) in fields)
)
"""Any sequence of fields, known and unknown, of any wire type."""


@fuzzed
@given(st.sampled_from(list(KINDS)), WIRES, st.booleans())
def test_any_fields_are_understood_or_refused(name: str, wires: bytes, more: bool) -> None:
    used(name, (KINDS[name][1].SerializeToString() if more else b"") + wires)


DOUBLES = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 10.0, 10.1, 100.5])
STATES = st.lists(DOUBLES, max_size=6) | st.integers(0, 6000).map(lambda n: [0.5] * n)
UINTS = st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, 11, 12, 13, 15, 16, 17, 2**31])
SEEDS = st.integers(0, 2**64 - 1) | st.sampled_from([0, 2**63 - 1, 2**63, 2**64 - 1])
TEXTS = ANY_TEXT.map(lambda text: text.encode(errors="replace").decode()) | st.sampled_from(
    ["", "x" * 201, "x" * 30_000, "../../etc", "bar-0003", "shake", "snatch", "mixed", "nobody", "a\nb\0"]
)
PNGS = st.sampled_from([PNG, b"", encode_image(np.zeros((16, 12, 3), np.uint8))]) | damaged(PNG) | st.binary(max_size=40)


def made(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A message with any values in its fields, and perhaps without one of them."""
    given = st.tuples(st.fixed_dictionaries(fields), mostly(None, st.sampled_from(list(fields))))
    return given.map(
        lambda pair: messages.message_class(name)(**{key: value for key, value in pair[0].items() if key != pair[1]})
    )


GRASP = made("Grasp", x_m=mostly(0.1, DOUBLES), y_m=mostly(0.1, DOUBLES), theta_rad=mostly(0.1, DOUBLES))
SCENE = made("Scene", object=mostly("bar-0003", TEXTS), seed=mostly(5, SEEDS))
COUNTS_N = st.integers(0, 4) | st.sampled_from([255, 256, 257, 3000])
HELD = made("Held", state=mostly([0.5] * 9, STATES), grasp=GRASP, action=mostly(3, UINTS))
FORCES = mostly([1.0] * HEIGHTS_N, st.lists(DOUBLES, max_size=HEIGHTS_N + 1))
OUTCOME = made(
    "GraspOutcome",
    forces_n=FORCES,
    gap_m=mostly(0.01, DOUBLES),
    sensed=st.booleans(),
    lifted=st.booleans(),
    invalid=st.booleans(),
    executed=GRASP,
    state=mostly([0.5] * 9, STATES),
)
ATTACK_OUTCOME = made("AttackOutcome", dislodged=st.booleans(), invalid=st.booleans())
CALIBRATION = made(
    "Calibration",
    width_px=mostly(16, UINTS),
    height_px=mostly(12, UINTS),
    pixel_m=mostly(0.003, DOUBLES),
    centre_x_m=mostly(0.0, DOUBLES),
    centre_y_m=mostly(0.0, DOUBLES),
    height_m=mostly(1.1, DOUBLES),
    turn_rad=mostly(0.0, DOUBLES),
)


def many(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Two as a rule, none or few, or thousands of the same."""
    two, few = st.lists(one, min_size=2, max_size=2), st.lists(one, max_size=4)
    return st.integers(0, 4).flatmap(lambda at: [two, two, two, few, st.builds(lambda item, n: [item] * n, one, COUNTS_N)][at])


MADE = {
    "LookRequest": made("LookRequest", setup=TEXTS, request=TEXTS, scene=SCENE),
    "GraspRequest": made(
        "GraspRequest",
        scene=SCENE,
        state=mostly([0.5] * 9, STATES),
        grasps=many(GRASP),
        noise_seeds=many(mostly(5, SEEDS)),
        must_hold=st.booleans(),
    ),
    "AttackRequest": made("AttackRequest", scene=SCENE, adversary=mostly("shake", TEXTS), held=many(HELD)),
    "LookReply": made(
        "LookReply",
        fault=mostly("", TEXTS),
        png=mostly(PNG, PNGS),
        calibration=CALIBRATION,
        state=mostly([0.5] * 9, STATES),
        family=TEXTS,
        mass_kg=DOUBLES,
        friction=DOUBLES,
        com_x_m=DOUBLES,
        com_y_m=DOUBLES,
    ),
    "GraspReply": made("GraspReply", fault=mostly("", TEXTS), outcomes=many(OUTCOME)),
    "AttackReply": made("AttackReply", fault=mostly("", TEXTS), outcomes=many(ATTACK_OUTCOME)),
}


@pytest.mark.parametrize("name", MADE)
@fuzzed
@given(data=st.data())
def test_any_values_are_understood_or_refused(name: str, data: st.DataObject) -> None:
    used(name, data.draw(MADE[name]).SerializeToString())


TREES = {"world_json": json.loads(json.dumps(asdict(WORLD))), "attack_json": json.loads(json.dumps(asdict(AttackConfig())))}
CHANGES = [(part, path) for part, tree in TREES.items() for path in [*paths_in(tree), ("surprise",)]]


@fuzzed
@given(st.lists(st.tuples(st.sampled_from(CHANGES), JSON_TEXTS), max_size=3), st.none() | JSON_TEXTS)
def test_any_setup_is_understood_or_refused(changes: list[tuple[tuple[str, tuple[str, ...]], str]], instead: str | None) -> None:
    told = {
        part: with_texts(tree, [(path, text) for (which, path), text in changes if which == part]) for part, tree in TREES.items()
    }
    if instead is not None:
        told["attack_json"] = instead
    told = {part: text.encode(errors="replace").decode() for part, text in told.items()}
    used("Setup", messages.message_class("Setup")(**told).SerializeToString())


def test_a_picture_that_claims_gigabytes_is_refused() -> None:
    bomb = PNG[:16] + (2**31 - 1).to_bytes(4) * 2 + PNG[24:]
    with pytest.raises(CellError, match="a picture that is none"):
        messages.view_of(messages.look_reply(replace(VIEW, png=bomb)), SPEC, WORLD)
