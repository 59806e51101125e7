"""The player of this project as any other detector."""

import numpy as np
from jaxtyping import UInt8

from sparring.pinhole import PinholeCamera
from sparring.players.grasper import Grasp, Grasper


class Player:
    """The player in the package, as it is called on any picture."""

    def __init__(self) -> None:
        self._grasper = Grasper.load(device="cpu")

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], camera: PinholeCamera) -> list[Grasp]:
        """Its best grasps."""
        return self._grasper.predict(image, camera=camera)
