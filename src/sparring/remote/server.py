"""Serves a cell, simulated or real, to a match on another machine."""

# pyright: reportMissingImports=false
# gRPC is an optional extra.
import hashlib
import hmac
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from sparring.config import AttackConfig, WorldConfig
from sparring.errors import CellError, ConfigError, SparringError, WorkerError
from sparring.game.cell import Cell
from sparring.remote import messages
from sparring.remote.wire import METADATA_KEY, TOKEN_VARIABLE, TOO_MANY, Address, grpc

SETUPS_N = 8
"""Worlds that are remembered; a match has one, and one for each of its tests."""
REQUESTS_PER_S = 2000.0
"""More than this many requests a second are refused for the moment."""
_LOG = logging.getLogger(__name__)
OpenCell = Callable[[WorldConfig, AttackConfig], Cell]


class CellServer:
    """A cell on a port. Use it as a context, and `wait` in it."""

    def __init__(
        self,
        open_cell: OpenCell,
        address: Address,
        *,
        token: str | None = None,
        requests_at_once: int = 1,
        requests_per_s: float = REQUESTS_PER_S,
    ) -> None:
        """Binds the port.

        Args:
            open_cell: gives a cell for a world and attacks, or raises a `SparringError` that says why it cannot do that. A match
                asks for another world in its tests; keep what there is but one of, such as a driver, outside.
            address: where to listen.
            token: what a match must know to be let in.
            requests_at_once: how many requests the cell takes together; a robot 1.
            requests_per_s: bound on their rate.

        Raises:
            ConfigError: no gRPC, a port that is taken, or anybody could reach it without a token.
        """
        if not address.is_loopback and token is None:
            raise ConfigError(
                f"anybody could reach a cell on {address}: give it a token (environment variable {TOKEN_VARIABLE}, or "
                "--token-file), or listen on 127.0.0.1"
            )
        self._grpc = grpc()
        self._open, self._token, self._at_once_n = open_cell, token, requests_at_once
        self._cells: OrderedDict[str, Cell] = OrderedDict()
        self._failure: WorkerError | None = None
        self._opening = threading.Lock()
        self._turns = threading.Semaphore(requests_at_once)
        self._answers, self._rate = _Answers(8 * requests_at_once), _Rate(requests_per_s)
        self._server = self._grpc.server(
            ThreadPoolExecutor(2 * requests_at_once + 2, thread_name_prefix="cell"),
            options=[
                ("grpc.max_receive_message_length", messages.MAX_REQUEST_BYTES),
                ("grpc.max_send_message_length", messages.MAX_REPLY_BYTES),
                ("grpc.so_reuseport", 0),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
            ],
            maximum_concurrent_rpcs=8 * requests_at_once + 8,
        )
        self._server.add_generic_rpc_handlers((self._grpc.method_handlers_generic_handler(messages.SERVICE, self._handlers()),))
        try:
            self._server.add_insecure_port(address.target)
        except RuntimeError:
            raise ConfigError(f"could not listen on {address}: the port is taken, or the host is not of this machine") from None

    def wait(self) -> None:
        """Serves until it is interrupted.

        Raises:
            WorkerError: the cell's workers are lost for good.
        """
        self._server.wait_for_termination()
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.stop(grace=0.5).wait()

    def _handlers(self) -> dict[str, Any]:
        doing = {"Begin": self._begin, "Look": self._look, "Grasp": self._grasp, "Attack": self._attack}
        return {
            name: self._grpc.unary_unary_rpc_method_handler(
                self._guarded(doing[name]),
                request_deserializer=_parsed(messages.message_class(asked)),
                response_serializer=messages.message_class(answer).SerializeToString,
            )
            for name, (asked, answer) in messages.METHODS.items()
        }

    def _guarded(self, do: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
        """Only who knows the token is served, not too often, and is told what went wrong."""
        codes = self._grpc.StatusCode

        def handle(request: Any, context: Any) -> Any:
            if not self._knows_token(context):
                context.abort(codes.UNAUTHENTICATED, "the token is missing or wrong")
            if not self._rate.allows():
                context.abort(codes.RESOURCE_EXHAUSTED, TOO_MANY)
            try:
                return do(request)
            except _UnknownSetupError:
                context.abort(codes.FAILED_PRECONDITION, "begin first: this setup is not known here")
            except CellError as error:
                context.abort(codes.INVALID_ARGUMENT, str(error))
            except WorkerError as error:  # it will not get better
                self._failure = error
                self._server.stop(grace=0.5)
                context.abort(codes.ABORTED, str(error))
            except SparringError as error:
                context.abort(codes.ABORTED, str(error))
            except Exception as error:
                _LOG.exception("the cell failed")
                bounded = SparringError(f"{type(error).__name__}: {error}")  # gRPC drops the status where it is too long
                context.abort(codes.INTERNAL, str(bounded))

        return handle

    def _knows_token(self, context: Any) -> bool:
        given = next((value for key, value in context.invocation_metadata() if key == METADATA_KEY), "")
        given = given.encode() if isinstance(given, str) else given
        return self._token is None or hmac.compare_digest(given, self._token.encode())

    def _begin(self, message: Any) -> Any:
        name = messages.setup_name(message)
        with self._opening:
            if name not in self._cells:
                self._cells[name] = self._open(*messages.setup_of(message))
                if len(self._cells) > SETUPS_N:
                    self._cells.popitem(last=False)
            cell = self._cells[name]
        return messages.message_class("Capabilities")(
            name=cell.name, scenes_at_once=cell.scenes_at_once or 0, requests_at_once=self._at_once_n, setup=name
        )

    def _cell(self, message: Any) -> Cell:
        with self._opening:
            if message.setup not in self._cells:
                raise _UnknownSetupError
            self._cells.move_to_end(message.setup)
            return self._cells[message.setup]

    def _once(self, message: Any, do: Callable[[], Any]) -> Any:
        """A request that is sent again gets the answer to the first."""
        if not 0 < len(message.request) <= 100:
            raise CellError("a request has a name of 1 to 100 characters, another for every request")

        def in_turn() -> Any:
            with self._turns:
                return do()

        content = hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
        return self._answers.of(f"{type(message).__name__}/{message.request}/{content}", in_turn)

    def _look(self, message: Any) -> Any:
        cell, spec = self._cell(message), messages.spec_of(message)
        return self._once(message, lambda: messages.look_reply(next(iter(cell.look([spec])))))

    def _grasp(self, message: Any) -> Any:
        cell, request = self._cell(message), messages.grasp_request_of(message)
        return self._once(message, lambda: messages.grasp_reply(next(iter(cell.grasp([request], must_hold=message.must_hold)))))

    def _attack(self, message: Any) -> Any:
        cell, request = self._cell(message), messages.attack_request_of(message)
        return self._once(message, lambda: messages.attack_reply(next(iter(cell.attack(message.adversary, [request])))))


class _UnknownSetupError(Exception):
    """A request about a setup that was not begun here."""


def _parsed(message: Any) -> Callable[[bytes], Any]:
    """Reads a message; None, which gRPC refuses, where it is none."""

    def parse(content: bytes) -> Any:
        from google.protobuf.message import DecodeError

        try:
            return message.FromString(content)
        except DecodeError:
            return None

    return parse


class _Answers:
    """The last answers, by request. A request that failed is done again when it is sent again."""

    def __init__(self, kept_n: int) -> None:
        self._kept_n, self._lock = kept_n, threading.Lock()
        self._known: OrderedDict[str, Future[Any]] = OrderedDict()

    def of(self, name: str, do: Callable[[], Any]) -> Any:
        """The answer to a request, which is done if it is new."""
        with self._lock:
            future = self._known.get(name)
            mine = future is None
            if future is None:
                future = self._known[name] = Future()
                if len(self._known) > self._kept_n:
                    self._known.popitem(last=False)
        if mine:
            try:
                future.set_result(do())
            except Exception as error:
                with self._lock:
                    self._known.pop(name, None)
                future.set_exception(error)
        return future.result()


class _Rate:
    """A bucket that fills at so many requests a second and holds one second's worth."""

    def __init__(self, per_s: float) -> None:
        self._per_s, self._left, self._at, self._lock = per_s, per_s, time.monotonic(), threading.Lock()

    def allows(self) -> bool:
        """Takes one, if there is one."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self._per_s, self._left + (now - self._at) * self._per_s)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
