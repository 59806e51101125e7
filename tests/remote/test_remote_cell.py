"""A match over the wire is the same match; lost connections, refusals and stuck robots end in one clear error at worst."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from sparring.actions.grasp import Grasp
from sparring.config import AttackConfig, WorldConfig
from sparring.errors import CellError, ConfigError, RunFolderError
from sparring.evaluation import evaluate
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import AttackRequest, Cell, GraspRequest, SimulatedCell
from sparring.game.digest import digest_run
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View
from sparring.game.match import Match
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.remote import messages
from sparring.remote.client import CellConnection, Patience, RemoteCell, remote_cells
from sparring.remote.server import CellServer, OpenCell
from sparring.remote.wire import Address, address_of, token_from
from sparring.world.scene import SceneSpec

grpc = pytest.importorskip("grpc")
HERE = "127.0.0.1"
TOKEN = "0123456789abcdef0123"
CONFIG = tiny.tiny_config()
BRIEF = Patience(call_s=5.0, reconnect_s=3.0)


class Told(Cell):
    """A cell that does as the test says, and remembers what it was asked."""

    name = "told"
    scenes_at_once = 1
    waves_at_once_n = 1

    def __init__(self, does: Callable[[SceneSpec], View | Unseen]) -> None:
        self.does, self.asked = does, list[SceneSpec]()

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View | Unseen]:
        """As the test says."""
        for spec in specs:
            self.asked.append(spec)
            yield self.does(spec)

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Iterator[GraspOutcomes]:
        """Answers something else than what was asked."""
        for _ in requests:
            yield GraspOutcomes(
                np.zeros((3, 4)), np.zeros(3), *(np.zeros(3, bool),) * 3, (Grasp(0.0, 0.0, 0.0),) * 3, np.zeros((3, 2))
            )

    def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
        """Never asked."""
        raise NotImplementedError


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    import socket

    with socket.create_server((HERE, 0)) as taken:
        return taken.getsockname()[1]


def simulated(executor: Any) -> OpenCell:
    """What gives the simulated cell."""
    return lambda world, attack: SimulatedCell(world, attack, executor)


def always(cell: Cell) -> OpenCell:
    """What gives that cell."""
    return lambda world, attack: cell


def connected(port: int, token: str | None = None, patience: Patience = BRIEF) -> CellConnection:
    """A connection to a cell here."""
    return CellConnection(Address(HERE, port), token, patience)


def unseen(spec: SceneSpec) -> Unseen:
    """Nothing is seen."""
    return Unseen(spec, "dark")


def test_a_match_over_the_wire_has_the_digest_of_one_at_home(played: tiny.PlayedRun, port: int, tmp_path: Path) -> None:
    run, compute = RunFolder(tmp_path / "run"), tiny.cpu(CONFIG)
    with (
        open_farm(FarmConfig("process", 2)) as executor,
        CellServer(simulated(executor), Address(HERE, port), token=TOKEN, requests_at_once=4),
        connected(port, TOKEN, Patience()) as connection,
    ):
        open_cell = remote_cells(connection)
        run.begin(CONFIG, {"command": "test"})
        Match(CONFIG, open_cell(CONFIG), run, compute, Silent()).play()
        evaluate.evaluate(run, evaluate.tests_of(CONFIG), open_cell=open_cell, compute=compute, progress=Silent())
    assert digest_run(run) == played.digest


def test_what_a_cell_can_do_is_believed(port: int) -> None:
    with CellServer(always(Told(unseen)), Address(HERE, port)), connected(port) as connection:
        cell = RemoteCell(connection, CONFIG)
        assert (cell.scenes_at_once, cell.waves_at_once_n) == (1, 1)
        assert list(cell.look([SceneSpec("bar-0001", 1)])) == [Unseen(SceneSpec("bar-0001", 1), "dark")]
    with (
        open_farm(FarmConfig("serial")) as executor,
        CellServer(simulated(executor), Address(HERE, port)),
        connected(port) as connection,
    ):
        cell = RemoteCell(connection, CONFIG)
        assert (cell.scenes_at_once, cell.waves_at_once_n) == (None, 2)


def test_answers_come_in_order_whoever_is_done_first(port: int) -> None:
    def slow_first(spec: SceneSpec) -> Unseen:
        time.sleep(0.2 / (1 + spec.seed))
        return Unseen(spec, str(spec.seed))

    specs = [SceneSpec("bar-0001", seed) for seed in range(12)]
    with CellServer(always(Told(slow_first)), Address(HERE, port), requests_at_once=4), connected(port) as connection:
        assert [one.spec for one in RemoteCell(connection, CONFIG).look(specs)] == specs


def test_a_robot_is_asked_one_thing_at_a_time(port: int) -> None:
    busy, most = [0], [0]

    def one_at_a_time(spec: SceneSpec) -> Unseen:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.01)
        busy[0] -= 1
        return Unseen(spec, "dark")

    with CellServer(always(Told(one_at_a_time)), Address(HERE, port)):
        threads = [threading.Thread(target=_look_at, args=(port, 5)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1]


def _look_at(port: int, n: int) -> None:
    with connected(port) as connection:
        list(RemoteCell(connection, CONFIG).look([SceneSpec("bar-0001", seed) for seed in range(n)]))


def test_a_cell_that_is_started_anew_is_told_again_and_the_match_goes_on(port: int) -> None:
    cell = Told(unseen)
    specs = [SceneSpec("bar-0001", seed) for seed in range(6)]
    with connected(port) as connection:
        with CellServer(always(cell), Address(HERE, port)):
            seen = RemoteCell(connection, CONFIG).look(specs)
            assert next(seen).spec == specs[0]
        done = threading.Event()
        again = threading.Timer(0.7, lambda: _serve_until(done, cell, port))
        again.start()
        try:
            assert [one.spec for one in seen] == specs[1:]
        finally:
            done.set()
        again.join()


def _serve_until(done: threading.Event, cell: Cell, port: int) -> None:
    with CellServer(always(cell), Address(HERE, port)):
        done.wait()


def test_a_request_that_is_sent_twice_is_carried_out_once(port: int) -> None:
    cell = Told(unseen)
    with CellServer(always(cell), Address(HERE, port)), connected(port) as connection:
        able = connection.answer("Begin", messages.setup_message(CONFIG.world, CONFIG.attack))
        message = messages.look_message(SceneSpec("bar-0001", 7))
        message.setup, message.request = able.setup, "the same"
        first, second = connection.begin("Look", message), connection.begin("Look", message)
        assert first.result() == second.result()
        assert connection.answer("Look", message) == first.result()
    assert len(cell.asked) == 1


def test_a_robot_that_was_started_anew_does_not_grasp_what_is_no_longer_there(port: int) -> None:
    request = GraspRequest(SceneSpec("bar-0001", 1), np.zeros(2), (Grasp(0.0, 0.0, 0.0),), (1,))
    with connected(port) as connection:
        with CellServer(always(Told(unseen)), Address(HERE, port)):
            cell = RemoteCell(connection, CONFIG)
        with CellServer(always(Told(unseen)), Address(HERE, port)):
            (outcomes,) = cell.grasp([request])
    assert outcomes.invalid.tolist() == [True]
    assert outcomes.fault == "the cell was started anew in between"


def test_a_robot_that_fails_at_length_is_not_asked_again(port: int) -> None:
    def broken(spec: SceneSpec) -> Unseen:
        raise RuntimeError("x" * 50_000)

    cell = Told(broken)
    with CellServer(always(cell), Address(HERE, port)), connected(port) as connection, pytest.raises(CellError, match="xxx"):
        list(RemoteCell(connection, CONFIG).look([SceneSpec("bar-0001", 1)]))
    assert len(cell.asked) == 1


@pytest.mark.parametrize("name", ["", "n" * 101])
def test_a_request_without_a_name_of_its_own_is_refused(port: int, name: str) -> None:
    with CellServer(always(Told(unseen)), Address(HERE, port)), connected(port) as connection:
        able = connection.answer("Begin", messages.setup_message(CONFIG.world, CONFIG.attack))
        message = messages.look_message(SceneSpec("bar-0001", 7))
        message.setup, message.request = able.setup, name
        with pytest.raises(CellError, match="a request has a name"):
            connection.answer("Look", message)


def test_a_run_goes_on_only_in_the_cell_that_it_was_begun_in(port: int, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin(CONFIG, {"cell": "simulated"})
    run.begin(CONFIG, {"cell": "simulated"})
    with pytest.raises(RunFolderError, match=r"begun in the cell 'simulated', not 'my arm'"):
        run.begin(CONFIG, {"cell": "my arm"})


def test_a_cell_that_is_gone_is_an_error_that_says_what_to_do(port: int) -> None:
    begun = time.monotonic()
    with (
        connected(port, patience=Patience(5.0, 0.5)) as connection,
        pytest.raises(CellError, match=r"sparring cell serve.*goes on"),
    ):
        RemoteCell(connection, CONFIG)
    assert time.monotonic() - begun < 10


def test_a_robot_that_is_stuck_is_an_error(port: int) -> None:
    freed = threading.Event()

    def stuck(spec: SceneSpec) -> Unseen:
        freed.wait(10)
        return Unseen(spec, "late")

    with CellServer(always(Told(stuck)), Address(HERE, port)), connected(port, patience=Patience(0.5, 1.0)) as connection:
        with pytest.raises(CellError, match=r"no answer within 0.5 s.*stuck"):
            list(RemoteCell(connection, CONFIG).look([SceneSpec("bar-0001", 1)]))
        freed.set()


def test_a_robot_that_fails_says_why(port: int) -> None:
    def broken(spec: SceneSpec) -> Unseen:
        raise RuntimeError("the gripper does not answer")

    with (
        CellServer(always(Told(broken)), Address(HERE, port)),
        connected(port) as connection,
        pytest.raises(CellError, match="RuntimeError: the gripper does not answer"),
    ):
        list(RemoteCell(connection, CONFIG).look([SceneSpec("bar-0001", 1)]))


def test_a_robot_that_cannot_do_what_is_asked_refuses_with_its_reason(port: int) -> None:
    def weak(world: WorldConfig, attack: AttackConfig) -> Cell:
        raise ConfigError("this gripper has 5 N at most")

    with (
        CellServer(weak, Address(HERE, port)),
        connected(port) as connection,
        pytest.raises(CellError, match="5 N at most"),
    ):
        RemoteCell(connection, CONFIG)


def test_a_robot_that_answers_nonsense_is_an_error_that_says_what_was_wrong(port: int) -> None:
    request = GraspRequest(SceneSpec("bar-0001", 1), np.zeros(2), (Grasp(0.0, 0.0, 0.0),), (1,))
    with (
        CellServer(always(Told(unseen)), Address(HERE, port)),
        connected(port) as connection,
        pytest.raises(CellError, match=r"answered a grasp with 3 outcomes of 1 grasps"),
    ):
        list(RemoteCell(connection, CONFIG).grasp([request]))


@pytest.mark.parametrize("token", [None, "fedcba9876543210fedc"])
def test_who_does_not_know_the_token_is_not_let_in(port: int, token: str | None) -> None:
    cell = Told(unseen)
    with (
        CellServer(always(cell), Address(HERE, port), token=TOKEN),
        connected(port, token) as connection,
        pytest.raises(CellError, match=r"token is missing or wrong.*SPARRING_CELL_TOKEN"),
    ):
        RemoteCell(connection, CONFIG)


def test_a_cell_that_anybody_could_reach_wants_a_token() -> None:
    with pytest.raises(ConfigError, match=r"anybody could reach.*SPARRING_CELL_TOKEN"):
        CellServer(always(Told(unseen)), Address("0.0.0.0", 5580))


def test_a_port_that_is_taken_is_refused(port: int) -> None:
    with CellServer(always(Told(unseen)), Address(HERE, port)), pytest.raises(ConfigError, match="port is taken"):
        CellServer(always(Told(unseen)), Address(HERE, port))


def test_too_many_requests_a_second_wait_and_none_is_lost(port: int) -> None:
    cell, specs = Told(unseen), [SceneSpec("bar-0001", seed) for seed in range(30)]
    with CellServer(always(cell), Address(HERE, port), requests_per_s=20.0), connected(port) as connection:
        assert [one.spec for one in RemoteCell(connection, CONFIG).look(specs)] == specs
    assert cell.asked == specs


def test_what_is_no_message_or_too_large_a_one_is_refused(port: int) -> None:
    with CellServer(always(Told(unseen)), Address(HERE, port)), grpc.insecure_channel(f"{HERE}:{port}") as channel:
        plain = channel.unary_unary(f"/{messages.SERVICE}/Grasp")
        codes = {b"\xff" * 50: grpc.StatusCode.INTERNAL, b"\0" * 5_000_000: grpc.StatusCode.RESOURCE_EXHAUSTED}
        for content, code in codes.items():
            with pytest.raises(grpc.RpcError) as refused:
                plain(content, timeout=60)
            assert refused.value.code() == code
        unknown = channel.unary_unary(f"/{messages.SERVICE}/Execute")
        with pytest.raises(grpc.RpcError) as refused:
            unknown(b"", timeout=60)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("text", ["tcp://127.0.0.1:5580", "tcp://[::1]:80", "tcp://robot.lab:65535/"])
def test_an_address_names_host_and_port(text: str) -> None:
    assert str(address_of(text)) == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:5580",
        "http://a:1",
        "tcp://a",
        "tcp://:5",
        "tcp://a:0",
        "tcp://a:70000",
        "tcp://a:b",
        "tcp://a:1/x",
        "tcp://[::1:5",
    ],
)
def test_an_impossible_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        address_of(text)


def test_a_token_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARRING_CELL_TOKEN", raising=False)
    assert token_from(None) is None
    monkeypatch.setenv("SPARRING_CELL_TOKEN", TOKEN)
    assert token_from(None) == TOKEN
    (tmp_path / "token").write_text("a token of a file\n")
    assert token_from(tmp_path / "token") == "a token of a file"
    (tmp_path / "token").write_text("short")
    with pytest.raises(ConfigError, match="at least 16"):
        token_from(tmp_path / "token")
    with pytest.raises(ConfigError, match="could not read the token"):
        token_from(tmp_path / "none")


def test_grpc_that_is_not_installed_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "grpc", None)
    with pytest.raises(ConfigError, match=r"pip install 'sparring\[cell\]'"):
        connected(5580)
