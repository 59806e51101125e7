"""A real camera over the simulated table: where it stands, which part of its photos matters, how they are rectified."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from sparring.config import CameraConfig
from sparring.errors import ConfigError
from sparring.overhead import Calibration
from sparring.pinhole import PinholeCamera
from sparring.rectification import Rectification, Weights, bilinear, rectification_of
from sparring.world.looks import Looks
from sparring.world.sight import Through


@dataclass(frozen=True, eq=False)
class Rig:
    """A camera and the overhead picture that its photos become, fixed to each other.

    All in a frame of their own, whose origin is on the table, in the middle of the overhead picture.
    """

    camera: PinholeCamera
    rectification: Rectification
    corner_px: tuple[int, int]
    """First column and row of the part of the photo that is taken."""
    own: Float[np.ndarray, "rows columns 3"]
    """Rays of that part, in the camera's frame."""
    table: Weights
    """From the overhead picture of the bare table to that part of the photo; beyond its rim the table goes on as in a mirror."""

    def at(self, calibration: Calibration) -> Through:
        """The camera in the world, where a scene's calibration has its overhead picture."""
        turn = Rotation.from_euler("z", calibration.turn_rad).as_matrix()
        camera = self.camera.moved(turn, np.array([calibration.centre_x_m, calibration.centre_y_m, 0.0]))
        return Through(camera, self.own, self.corner_px)

    def bare(self, table: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "rows columns 3"]:
        """The photo of a table with nothing on it, from the overhead picture of it."""
        return (self.table @ table.reshape(-1, 3)).reshape(self.own.shape)


def rig_of(config: CameraConfig, looks: Looks, *, whole: bool = False) -> Rig:
    """The lens of a config as it stands in a scene: randomisation leans it about the middle of the table, and moves it away.

    It takes the part of its photo that the overhead picture is made from, or all of it.

    Raises:
        ConfigError: there is no lens.
    """
    lens = config.lens
    if lens is None:
        raise ConfigError("this camera has no lens: give it one with --camera FILE, or as CameraConfig.lens")
    if looks.tilt_rad or looks.height != 1:
        axis = np.array([-np.sin(looks.tilt_towards_rad), np.cos(looks.tilt_towards_rad), 0.0])
        lens = lens.moved(Rotation.from_rotvec(looks.tilt_rad * axis).as_matrix(), np.zeros(3))
        lens = lens.moved(np.eye(3), (looks.height - 1) * lens.eye_m)
    return _rig(lens, config.width_px, config.height_px, config.pixel_m, whole)


@lru_cache(maxsize=4)
def _rig(camera: PinholeCamera, width_px: int, height_px: int, pixel_m: float, whole: bool) -> Rig:
    overhead = Calibration(width_px, height_px, pixel_m, 0.0, 0.0, float(camera.eye_m[2]), 0.0)
    rectification = rectification_of(camera, overhead)
    rows, columns = rectification.rows, rectification.columns
    if whole:
        rows, columns = slice(0, camera.size_px[1]), slice(0, camera.size_px[0])
    row, column = np.mgrid[rows, columns]
    own = camera.own_rays(np.stack([column.ravel(), row.ravel()], axis=1).astype(float)).reshape(*row.shape, 3)
    weights = _table_weights(camera, own.reshape(-1, 3), overhead)
    return Rig(camera, rectification, (columns.start, rows.start), own, weights)


def _table_weights(camera: PinholeCamera, own: np.ndarray, overhead: Calibration) -> Weights:
    """Rays that do not meet the table see nothing: black."""
    places = camera.met(own)
    meets = ~np.isnan(places).any(axis=1)
    reach_px = np.array([overhead.width_px - 1, overhead.height_px - 1])
    along = np.nan_to_num(overhead.pixels(places[:, :2])) % (2 * reach_px)
    weights = bilinear(np.minimum(along, 2 * reach_px - along), overhead.width_px, overhead.height_px)
    weights.data *= np.repeat(meets, 4)
    return weights
