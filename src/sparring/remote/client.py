"""A cell on another machine, as the match sees it."""

# pyright: reportMissingImports=false
# gRPC is an optional extra.
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from sparring.config import RunConfig
from sparring.errors import CellError
from sparring.game.cell import AttackRequest, GraspRequest
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View
from sparring.remote import messages
from sparring.remote.wire import CONCURRENT, METADATA_KEY, TOKEN_VARIABLE, TOO_MANY, Address, grpc
from sparring.world.scene import SceneSpec

CALL_TIMEOUT_S = 300.0
"""A robot takes a minute over a grasp."""
RECONNECT_S = 60.0
"""For so long a cell may be gone."""
FIRST_CONTACT_S = 5.0
"""A cell that was never there is sooner given up."""
STARTED_ANEW = "the cell was started anew in between"
BACKOFF_S = (0.1, 2.0)
MAX_REQUESTS_AT_ONCE = 1024
_LOG = logging.getLogger(__name__)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a cell."""

    call_s: float = CALL_TIMEOUT_S
    """For the answer to a request."""
    reconnect_s: float = RECONNECT_S
    """For a cell that is gone to come back."""


class CellConnection:
    """A channel to a cell, and what the cell is able to do."""

    def __init__(self, address: Address, token: str | None = None, patience: Patience | None = None) -> None:
        """Connects when it is first used.

        Raises:
            ConfigError: gRPC is not installed.
        """
        self.address, self._patience, self._met = address, patience or Patience(), False
        self._grpc = grpc()
        options = [
            ("grpc.max_receive_message_length", messages.MAX_REPLY_BYTES),
            ("grpc.max_send_message_length", messages.MAX_REQUEST_BYTES),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.enable_http_proxy", 0),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
        ]
        self._channel = self._grpc.insecure_channel(address.target, options=options)
        self._metadata = ((METADATA_KEY, token),) if token else ()
        self._calls = {
            name: self._channel.unary_unary(
                f"/{messages.SERVICE}/{name}",
                request_serializer=messages.message_class(asked).SerializeToString,
                response_deserializer=messages.message_class(answer).FromString,
            )
            for name, (asked, answer) in messages.METHODS.items()
        }

    def begin(self, call: str, request: Any) -> Any:
        """Sends a request; its answer is a future."""
        return self._calls[call].future(request, timeout=self._patience.call_s, metadata=self._metadata)

    def answer(self, call: str, request: Any, future: Any = None, *, setup: Any = None, repeatable: bool = True) -> Any:
        """The answer to a request; it is sent again, under the same name, for as long as the cell is gone.

        A cell that was started anew has forgotten the `setup`, and is told it again. What is not `repeatable`, since the object
        may be elsewhere by now, is then not carried out: the answer is a fault.

        Raises:
            CellError: no answer in time, or a refusal.
        """
        gone_since: float | None = None
        wait_s = BACKOFF_S[0]
        while True:
            try:
                answer = (future or self.begin(call, request)).result()
                self._met = True
                return answer
            except self._grpc.RpcError as error:
                now, future = time.monotonic(), None
                if error.code() == self._grpc.StatusCode.FAILED_PRECONDITION and setup is not None:
                    self.answer("Begin", setup)
                    if not repeatable:
                        return messages.message_class(messages.METHODS[call][1])(fault=STARTED_ANEW)
                    setup = None
                    continue
                if not self._passes(error):
                    raise self._refusal(call, error) from None
                limit_s = self._patience.reconnect_s if self._met else min(FIRST_CONTACT_S, self._patience.reconnect_s)
                if gone_since is None:
                    _LOG.warning("the cell at %s does not answer; trying again for %g s", self.address, limit_s)
                    gone_since = now
                if now - gone_since > limit_s:
                    raise self._refusal(call, error) from None
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, BACKOFF_S[1])

    def _passes(self, error: Any) -> bool:
        """Whether it may be better next time."""
        codes = self._grpc.StatusCode
        busy = error.code() == codes.RESOURCE_EXHAUSTED and (error.details() or "").startswith((TOO_MANY, CONCURRENT))
        return busy or error.code() == codes.UNAVAILABLE

    def _refusal(self, call: str, error: Any) -> CellError:
        status, told = error.code(), (error.details() or "").strip()[:2000]
        codes = self._grpc.StatusCode
        hints = {
            codes.UNAVAILABLE: "is it running? sparring cell serve",
            codes.DEADLINE_EXCEEDED: f"no answer within {self._patience.call_s:g} s; is the robot stuck?",
            codes.UNAUTHENTICATED: f"put the cell's token into {TOKEN_VARIABLE} or --token-file",
            codes.UNIMPLEMENTED: "is that a cell of this version of sparring?",
        }
        hint = f"; {hints[status]}" if status in hints else ""
        return CellError(
            f"the cell at {self.address} did not {call.lower()}: {told or status.name}{hint}. Nothing written is lost: "
            "the same command goes on"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._channel.close()


class RemoteCell:
    """A cell that a connection leads to, set up for the world of one config."""

    def __init__(self, connection: CellConnection, config: RunConfig) -> None:
        """Tells the cell what the match is about.

        Raises:
            CellError: it does not answer, cannot do that, or answers nonsense.
        """
        self._connection, self._config = connection, config
        self._setup = messages.setup_message(config.world, config.attack)
        able = connection.answer("Begin", self._setup)
        if not 1 <= able.requests_at_once <= MAX_REQUESTS_AT_ONCE:
            raise self._nonsense(
                "begin", CellError(f"requests_at_once of 1 to {MAX_REQUESTS_AT_ONCE}, not {able.requests_at_once}")
            )
        if not 0 < len(able.setup) <= 200 or not 0 < len(able.name) <= 200 or able.scenes_at_once > 1:
            raise self._nonsense("begin", CellError("no name of its own or of the setup, or scenes_at_once other than 0 or 1"))
        self.name, self._setup_name, self._at_once_n = able.name, able.setup, int(able.requests_at_once)
        self._scenes_at_once: Literal[1] | None = 1 if able.scenes_at_once else None

    @property
    def scenes_at_once(self) -> Literal[1] | None:
        """As the cell says."""
        return self._scenes_at_once

    @property
    def waves_at_once_n(self) -> int:
        """One for a robot."""
        return 1 if self._scenes_at_once else 2

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View | Unseen]:
        """Asks for pictures."""
        asked = [(messages.look_message(spec), spec) for spec in specs]
        return self._ask("Look", asked, lambda reply, spec: messages.view_of(reply, spec, self._config.world))

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Iterator[GraspOutcomes]:
        """Asks for grasps."""
        asked = [(messages.grasp_message(one, must_hold=must_hold), one) for one in requests]
        return self._ask("Grasp", asked, lambda reply, one: messages.grasp_outcomes_of(reply, one, self._config.world))

    def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
        """Asks for attacks."""
        asked = [(messages.attack_message(adversary, one), one) for one in requests]
        return self._ask("Attack", asked, messages.attack_outcomes_of)

    def _ask(self, call: str, asked: Sequence[tuple[Any, Asked]], understood: Callable[[Any, Asked], Answer]) -> Iterator[Answer]:
        """Answers in order, with as many requests under way as the cell takes."""
        todo = deque(asked)
        under_way: deque[tuple[Any, Asked, Any]] = deque()
        while todo or under_way:
            while todo and len(under_way) < self._at_once_n:
                message, one = todo.popleft()
                message.setup, message.request = self._setup_name, uuid.uuid4().hex
                under_way.append((message, one, self._connection.begin(call, message)))
            message, one, future = under_way.popleft()
            repeatable = call == "Look" or self._scenes_at_once is None
            reply = self._connection.answer(call, message, future, setup=self._setup, repeatable=repeatable)
            try:
                answer = understood(reply, one)
            except CellError as error:
                raise self._nonsense(call.lower(), error) from None
            yield answer

    def _nonsense(self, call: str, error: CellError) -> CellError:
        return CellError(f"the cell at {self._connection.address} answered a {call} with {error}")


def remote_cells(connection: CellConnection) -> Callable[[RunConfig], RemoteCell]:
    """What gives the remote cell with the world of a config."""
    return lambda config: RemoteCell(connection, config)
