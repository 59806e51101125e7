"""Play a match from Python, change one thing, and read the result.

python examples/02_match.py --out runs/alpha-one
"""

from dataclasses import replace
from pathlib import Path

import tyro

from sparring.config import SMOKE
from sparring.evaluation.evaluate import evaluate, tests_of
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import SimulatedCell, simulated_cells
from sparring.game.match import Match
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.players.device import compute_for, device_named


def main(out: Path, alpha: float = 1.0) -> None:
    """Plays the smoke preset with another alpha (eq. 5).

    Args:
        out: the run folder.
        alpha: how strongly the adversary controls the protagonist's learning.
    """
    config = replace(SMOKE, learning=replace(SMOKE.learning, alpha=alpha, precision="fp32", threads_n=2))
    run, compute = RunFolder(out), compute_for(config.learning, device_named("cpu"))
    run.begin(config, {"made by": "examples/02_match.py"})
    with open_farm(FarmConfig("process", 2)) as executor:
        cell = SimulatedCell(config.world, config.attack, executor)
        Match(config, cell, run, compute, Silent()).play()
        results = evaluate(run, tests_of(config), open_cell=simulated_cells(executor), compute=compute, progress=Silent())
    for row in results:
        print(f"{row['player']:>14}: {row['successes']} of {row['n']} lifted, 95 % {row['low']:.2f} to {row['high']:.2f}")


if __name__ == "__main__":
    tyro.cli(main)
