"""A robot of your own plays the match: what a lab writes is the class `MyArm`; all else is the stand-in it moves here.

    python examples/04_robot.py --port 5580
    sparring play smoke --out runs/robot --cell tcp://127.0.0.1:5580 --set match.attempts_per_scene_n=1 match.wave_scenes_n=8

`MyArm` runs beside the robot, the match wherever the networks train. `world` holds what the match reckons with (grip force, lift
heights, camera); poses are in metres and radians on the table.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import tyro

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import Grasp, sensing_heights_m
from sparring.config import AttackConfig, WorldConfig
from sparring.data.pictures import encode_image
from sparring.game.cell import AttackRequest, GraspRequest
from sparring.game.jobs import AttackOutcomes, GraspOutcomes, Unseen, View
from sparring.remote.server import CellServer
from sparring.remote.wire import Address, token_from
from sparring.world.camera import Calibration
from sparring.world.scene import SceneSpec


class MyArm:
    """One arm, one table, one object at a time."""

    name = "my arm"
    scenes_at_once = 1
    waves_at_once_n = 1

    def __init__(self, world: WorldConfig, attack: AttackConfig) -> None:
        """Called for each world: a match's, its tests'. Raise a `ConfigError` where the robot cannot do that, such as 35 N."""
        self.world, self.attack_config, self.robot = world, attack, StandIn(world)

    def look(self, specs: Sequence[SceneSpec]) -> Iterator[View | Unseen]:
        """Puts the object that `spec` names on the table (a helper does, or a bin-picking routine), and takes its picture."""
        for spec in specs:
            camera = self.world.camera
            picture = self.robot.photograph(spec)
            where = Calibration(camera.width_px, camera.height_px, camera.pixel_m, 0.0, 0.0, camera.height_m, 0.0)
            unknown = float("nan")
            yield View(spec, encode_image(picture), where, np.empty(0), unknown, unknown, spec.object_name, (unknown, unknown))

    def grasp(self, requests: Sequence[GraspRequest], *, must_hold: bool = False) -> Iterator[GraspOutcomes]:
        """Closes at the pose with `grip.force_n`, raises, and reads the finger force at each height."""
        lift = self.world.lift
        for request in requests:
            (grasp,) = request.grasps
            gap_m = self.robot.close_at(grasp, self.world.grip.force_n)
            forces = np.array([[self.robot.raise_to(height) for height in sensing_heights_m(lift)]])
            if must_hold:
                self.robot.wait(lift.hold_s)
            sensed = forces[:, sensing_heights_m(lift).index(lift.sense_height_m)] > lift.sense_force_n
            lifted = np.array([self.robot.raise_to(lift.lift_height_m) > lift.sense_force_n])
            yield GraspOutcomes(forces, np.array([gap_m]), sensed, lifted, np.zeros(1, bool), (grasp,), np.empty((1, 0)))

    def attack(self, adversary: str, requests: Sequence[AttackRequest]) -> Iterator[AttackOutcomes]:
        """Carries out an action on the object in the hand; what the fingers feel in the end says whether it fell."""
        for request in requests:
            (action,) = request.actions
            self.robot.swing(ADVERSARIES[adversary].description(action), action)
            fell = self.robot.raise_to(self.world.lift.lift_height_m) <= self.world.lift.sense_force_n
            yield AttackOutcomes(dislodged=np.array([fell]), invalid=np.zeros(1, bool))


class StandIn:
    """In place of your robot's driver: a bar on a table that is held when it is grasped across, near its middle."""

    def __init__(self, world: WorldConfig) -> None:
        self._world, self._bar, self._force_n = world, Grasp(0.0, 0.0, 0.0), 0.0

    def photograph(self, spec: SceneSpec) -> np.ndarray:
        """A dark bar, 12 x 3 cm, on a light table; the fingers should close across it."""
        rng, camera = np.random.default_rng(spec.seed), self._world.camera
        x, y = rng.uniform(-1, 1, 2) * self._world.spread_m
        self._bar = Grasp(float(x), float(y), float(rng.uniform(0, np.pi)))
        columns, rows = np.meshgrid(np.arange(camera.width_px), np.arange(camera.height_px))
        right = (columns - (camera.width_px - 1) / 2) * camera.pixel_m - x
        up = ((camera.height_px - 1) / 2 - rows) * camera.pixel_m - y
        c, s = np.cos(self._bar.theta_rad), np.sin(self._bar.theta_rad)
        across, along = right * c + up * s, up * c - right * s
        inside = (np.abs(across) < 0.015) & (np.abs(along) < 0.06)
        noise = rng.integers(-6, 7, (*inside.shape, 1))
        return (np.where(inside, 70, 190)[..., None] + noise + np.zeros(3, int)).astype(np.uint8)

    def close_at(self, grasp: Grasp, force_n: float) -> float:
        """Closes; returns the gap between the fingers."""
        turn = (grasp.theta_rad - self._bar.theta_rad + np.pi / 2) % np.pi - np.pi / 2
        near = np.hypot(grasp.x_m - self._bar.x_m, grasp.y_m - self._bar.y_m) < 0.05
        self._force_n = force_n if near and abs(turn) < 0.5 else 0.0
        return 0.03 if self._force_n else self._world.hand.closed_gap_m

    def raise_to(self, height_m: float) -> float:
        """Moves up; returns the finger force there."""
        return self._force_n

    def wait(self, seconds: float) -> None:
        """Holds still."""

    def swing(self, motion: str, action: int) -> None:
        """Shakes or snatches; every third action takes the bar away."""
        self._force_n = 0.0 if action % 3 == 0 else self._force_n


def main(port: int = 5580, host: str = "127.0.0.1") -> None:
    """Serves the robot until it is interrupted. Beyond this machine it wants SPARRING_CELL_TOKEN."""
    with CellServer(MyArm, Address(host, port), token=token_from(None)) as server:
        print(f"my arm is at tcp://{host}:{port}", flush=True)
        server.wait()


if __name__ == "__main__":
    tyro.cli(main)
