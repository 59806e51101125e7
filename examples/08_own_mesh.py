"""Train on a mesh of your own, in small: a mesh is made here, brought in, looked at, played with and tested.

python examples/08_own_mesh.py --out runs/vase        (needs pip install 'sparring[mesh]')
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import trimesh
import tyro

from sparring.assets.bringing_in import BroughtIn, MeshJob, bring_in
from sparring.assets.keeping import write_set
from sparring.assets.options import ImportConfig
from sparring.config import SMOKE
from sparring.evaluation.evaluate import evaluate, tests_of
from sparring.farm.executors import FarmConfig, open_farm
from sparring.game.cell import SimulatedCell, simulated_cells
from sparring.game.match import Match
from sparring.game.progress import Silent
from sparring.game.run_folder import RunFolder
from sparring.players.device import compute_for, device_named
from sparring.viewing.contact_sheet import contact_sheet


def main(out: Path, tries: int = 4) -> None:
    """Makes a vase, 12 cm high with a slender neck, and plays the smoke preset on it, without an adversary.

    Args:
        out: the folder for the mesh, the set and the run.
        tries: tries of every player in the test.
    """
    out.mkdir(parents=True, exist_ok=True)
    profile_m = np.array([[0, 0], [0.018, 0], [0.035, 0.03], [0.012, 0.075], [0.012, 0.1], [0.02, 0.12], [0, 0.12]])
    trimesh.creation.revolve(profile_m, sections=32).export(out / "vase.stl")
    vase = bring_in(MeshJob(out / "vase.stl", "vase", ImportConfig(density_kg_m3=600.0)))
    assert isinstance(vase, BroughtIn), vase.reason
    objects = write_set(out / "objects", "vases", [vase])
    print(f"{objects.name}: {1000 * vase.card.mass_kg:.0f} g in {vase.card.parts_n} parts, {len(vase.card.poses)} ways to lie")
    contact_sheet(objects.name, most_n=1, columns_n=1).save(out / "objects.png")
    config = replace(
        SMOKE,
        world=replace(SMOKE.world, objects=replace(SMOKE.world.objects, train_on=objects.name)),
        match=replace(SMOKE.match, bouts=(), collaborative_grasps_n=32),
        learning=replace(SMOKE.learning, precision="fp32", threads_n=2, held_out_share=0.0),
        test=replace(SMOKE.test, objects=objects.name, tries_n=tries),
    )
    run, compute = RunFolder(out / "run"), compute_for(config.learning, device_named("cpu"))
    run.begin(config, {"made by": "examples/08_own_mesh.py"})
    with open_farm(FarmConfig("process", 2)) as executor:
        Match(config, SimulatedCell(config.world, config.attack, executor), run, compute, Silent()).play()
        results = evaluate(run, tests_of(config), open_cell=simulated_cells(executor), compute=compute, progress=Silent())
    for row in results:
        print(f"{row['player']:>14}: {row['successes']} of {row['n']} lifted, 95 % {row['low']:.2f} to {row['high']:.2f}")


if __name__ == "__main__":
    tyro.cli(main)
