"""Subcommands that check a run, and that serve a cell. Their docstrings are their help."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from sparring.cli.options import FARM, Farm
from sparring.farm.executors import open_farm


def verify(run: Positional[Path], /) -> None:
    """Check a run: manifest, checksums, schema and counts. Says what is damaged, and how to mend it; exits with 1 then.

    Args:
        run: a run folder, finished or not.
    """
    from sparring.errors import DataError
    from sparring.evaluation.integrity import told
    from sparring.evaluation.integrity import verify as check
    from sparring.game.run_folder import RunFolder

    found = check(RunFolder(run))
    print(told(found))
    if found.damages:
        raise DataError(f"{run}: {len(found.damages)} damaged")


def digest(run: Positional[Path], /) -> None:
    """Print one sha256 over all that decided a run and all that it resulted in.

    Args:
        run: a run folder. Equal runs have equal digests, on however many workers and however often they were killed.
    """
    from sparring.game.digest import digest_run
    from sparring.game.run_folder import RunFolder

    print(digest_run(RunFolder(run)))


def cell(
    action: Positional[Literal["serve"]],
    /,
    host: str = "127.0.0.1",
    port: int = 5580,
    token_file: Path | None = None,
    farm: Farm = FARM,
) -> None:
    """Serve the simulated cell to a match on another machine: sparring play demo --out RUN --cell tcp://HOST:PORT.

    A robot serves itself in the same way, from a few lines of Python: examples/04_robot.py.

    Args:
        action: serve.
        host: where to listen; beyond this machine only with a token.
        port: where to listen.
        token_file: holds the token that a match must know, where the environment variable SPARRING_CELL_TOKEN does not.
        farm: where the physics runs.
    """
    from sparring.game.cell import SimulatedCell
    from sparring.remote.server import CellServer
    from sparring.remote.wire import Address, token_from

    address, token = Address(host, port), token_from(token_file)
    with open_farm(farm) as executor:
        at_once = 1 if executor.here else 2 * executor.workers_n
        serving = CellServer(
            lambda world, attack: SimulatedCell(world, attack, executor),
            address,
            token=token,
            requests_at_once=at_once,
        )
        with serving:
            print(f"serving a simulated cell on {address}; interrupt to stop", flush=True)
            serving.wait()
