"""How a scene differs from its plain self by domain randomisation, drawn from the scene's seed."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from sparring.config import RandomiseConfig
from sparring.seeding import rng_of
from sparring.world.objects.mesh import MeshBody
from sparring.world.objects.model import ObjectModel, Vector

COLOURED = 1 / 3
"""Share of the light's variation that differs between colours."""


@dataclass(frozen=True, eq=False)
class Looks:
    """What is random about the look of one scene."""

    light_shift_m: Float[np.ndarray, " 3"]
    light: Float[np.ndarray, " 3"]
    """Factors of red, green and blue."""
    table_share: float
    """How far the table's colour is `table_colour`."""
    table_colour: Float[np.ndarray, " 3"]
    texture: float
    """Contrast of the table's pattern."""
    texture_seed: int
    height: float
    """Factor of the camera's height."""
    tilt_rad: float
    tilt_towards_rad: float
    """Where the camera stands aside, counter-clockwise from x."""
    exposure: float
    """Factor of all brightness."""
    noise: float
    """Standard deviation, 0-255."""


def looks_of(config: RandomiseConfig, seed: int) -> Looks:
    """The looks of the scene with that seed. Every draw is made whatever the config says, so that settings act by themselves."""
    rng = rng_of(seed, "randomise")
    return Looks(
        light_shift_m=config.light_m * rng.uniform(-1, 1, 3),
        light=(1 + config.light_share * rng.uniform(-1, 1)) * (1 + COLOURED * config.light_share * rng.uniform(-1, 1, 3)),
        table_share=config.table_colour * rng.uniform(),
        table_colour=rng.uniform(0.1, 0.9, 3),
        texture=config.table_texture * rng.uniform(),
        texture_seed=int(rng.integers(2**62)),
        height=1 + config.height_share * rng.uniform(-1, 1),
        tilt_rad=np.deg2rad(config.tilt_deg) * float(np.sqrt(rng.uniform())),
        tilt_towards_rad=rng.uniform(0, 2 * np.pi),
        exposure=1 + config.exposure_share * rng.uniform(-1, 1),
        noise=config.noise * rng.uniform(),
    )


def recoloured(model: ObjectModel, config: RandomiseConfig, seed: int) -> ObjectModel:
    """The object with each of its colours mixed with a random one."""
    if config.object_colour == 0:
        return model
    rng = rng_of(seed, "randomise", "object")
    mixed: dict[Vector, Vector] = {}
    for colour in dict.fromkeys(part.colour for part in model.parts):
        share = config.object_colour * rng.uniform()
        red, green, blue = ((1 - share) * np.array(colour) + share * rng.uniform(0.05, 0.95, 3)).tolist()
        mixed[colour] = (red, green, blue)
    parts = tuple(replace(part, colour=mixed[part.colour]) for part in model.parts)
    return replace(model, parts=parts, mesh=None if model.mesh is None else _recoloured_mesh(model.mesh, config, rng))


def _recoloured_mesh(mesh: MeshBody, config: RandomiseConfig, rng: np.random.Generator) -> MeshBody:
    """The mesh under a coat of a random colour."""
    share, coat = config.object_colour * rng.uniform(), 255 * rng.uniform(0.05, 0.95, 3)
    return replace(mesh, colours=((1 - share) * mesh.colours + share * coat).astype(mesh.colours.dtype))
