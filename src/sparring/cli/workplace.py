"""Where a match is played: in simulation on some executor, or in a cell on another machine."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sparring.config import RunConfig
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import Cell, simulated_cells


@dataclass(frozen=True)
class Workplace:
    """What gives cells, and what to call it in the provenance of a run."""

    open_cell: Callable[[RunConfig], Cell]
    """Gives a cell with the world of a config."""
    name: str
    workers_n: int


@contextmanager
def workplace(farm: FarmConfig, cell: str | None, token_file: Path | None) -> Generator[Workplace]:
    """A simulated cell on an executor, or the cell at an address.

    Raises:
        ConfigError: an impossible address, or something that it needs is not installed.
    """
    if cell is None:
        with open_farm(farm) as executor:
            yield Workplace(simulated_cells(executor), farm.executor, executor.workers_n)
        return
    from sparring.remote.client import CellConnection, remote_cells
    from sparring.remote.wire import address_of, token_from

    with CellConnection(address_of(cell), token_from(token_file)) as connection:
        yield Workplace(remote_cells(connection), cell, 0)
