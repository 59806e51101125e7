"""From a picture to grasps on the table: a grasper, a calibrated camera, and the hand that tries the best of them.

python examples/05_grasp.py --object hammer-5000 --out grasps.png
"""

from pathlib import Path

import numpy as np
import tyro

from sparring import Grasper
from sparring.actions.grasp import Grasp
from sparring.config import QUARTER
from sparring.evaluation.drawing import draw_grasps
from sparring.farm.executors import SerialExecutor
from sparring.game.cell import GraspRequest, SimulatedCell
from sparring.game.jobs import View
from sparring.world.scene import SceneSpec


def main(out: Path, object: str = "hammer-5000", seed: int = 3, top_k: int = 3, player: Path | None = None) -> None:
    """Draws the best grasps, and tries each of them three times with the hand's error.

    Args:
        out: the picture.
        object: what lies on the table.
        seed: how it lies.
        top_k: how many grasps.
        player: a checkpoint or an exported folder; the player that comes with the package unless given.
    """
    cell = SimulatedCell(QUARTER.world, QUARTER.attack, SerialExecutor())
    (view,) = cell.look([SceneSpec(object, seed)])
    assert isinstance(view, View)
    grasper = Grasper.load(player)
    grasps = grasper.predict(view.image, top_k=top_k, camera=view.calibration.as_pinhole())
    draw_grasps(view.image, grasps, opening_px=QUARTER.world.hand.opening_m / view.calibration.pixel_m).save(out)
    for grasp in grasps:
        assert grasp.pose is not None
        on_table = Grasp(grasp.pose.x_m, grasp.pose.y_m, grasp.pose.theta_rad)
        (tried,) = cell.grasp([GraspRequest(view.spec, view.state, (on_table,) * 3, (1, 2, 3))], must_hold=True)
        place = f"x {1000 * on_table.x_m:6.1f} mm, y {1000 * on_table.y_m:6.1f} mm, {np.rad2deg(on_table.theta_rad):5.1f} degrees"
        print(f"{place}: probability {grasp.probability:.2f}, lifted {tried.lifted.sum()} of 3")


if __name__ == "__main__":
    tyro.cli(main)
