"""Objects by name, and the sets that players train and are tested on.

A procedural object is called `family-seed`, such as `hammer-0017`, one that was imported `NAME@DIGEST:OBJECT`; the same name is
the same object everywhere.
"""

from collections import ChainMap
from functools import lru_cache

import numpy as np

from sparring.config import FAMILIES_SET, IMPORTED_SET, OBJECT_SETS, ObjectConfig
from sparring.errors import ConfigError, unknown_name
from sparring.seeding import rng_of
from sparring.world.objects.families import NOVEL_FAMILIES, TRAINING_FAMILIES
from sparring.world.objects.imported import imported_object, imported_set
from sparring.world.objects.model import ObjectModel, assemble, looks_like_kg, recoloured
from sparring.world.objects.named import NAMED_OBJECTS

FAMILIES = ChainMap(NOVEL_FAMILIES, TRAINING_FAMILIES)
LOOKS_MIDDLE_KG = 0.1
"""What a typical procedural object would weigh by volume and material."""
FIRST_HELD_OUT_SEED = 5000
"""Seeds from here on are never trained on."""


@lru_cache(maxsize=4096)
def object_named(name: str, config: ObjectConfig) -> ObjectModel:
    """The object of that name.

    Raises:
        ConfigError: no such named object, no such family, no such object in an imported set.
        DataError: the imported set is not on this machine, or damaged.
    """
    if "@" in name:
        return imported_object(name)
    if name in NAMED_OBJECTS:
        return NAMED_OBJECTS[name]
    family, _, number = name.rpartition("-")
    if family not in FAMILIES or not number.isdecimal():
        raise ConfigError(unknown_name("object", name, [*NAMED_OBJECTS, *(f"{family}-SEED" for family in FAMILIES)]))
    rng = rng_of(int(number), "object", family)
    parts = FAMILIES[family](rng)
    hidden = bool(rng.random() < config.painted_share)
    if hidden:
        paint = (float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.9)))
        parts = [recoloured(part, paint, 0) for part in parts]
    return assemble(
        name,
        family,
        parts,
        mass_kg=_mass_kg(looks_like_kg(parts), float(rng.uniform(*config.mass_factor)), config),
        friction_factor=float(rng.uniform(*config.friction_factor)),
        materials_hidden=hidden,
    )


def _mass_kg(looks_kg: float, factor: float, config: ObjectConfig) -> float:
    """Mass follows visible size and material, drawn in towards the middle so that mass alone decides little."""
    mass = config.mass_middle_kg * (looks_kg / LOOKS_MIDDLE_KG) ** config.mass_exponent
    return float(np.clip(mass * factor, *config.mass_kg))


def names_in(objects: str, config: ObjectConfig) -> tuple[str, ...]:
    """The names in a set: `training` (what players train on), `held-out` (other seeds of the training families), `novel-families`
    (families never trained on), `named` (the paper's ten), or an imported set, NAME@DIGEST.

    Raises:
        ConfigError: there is no such set.
        DataError: an imported set is not on this machine, or damaged.
    """
    if objects == "training" and config.train_on != FAMILIES_SET:
        objects = config.train_on
    match objects:
        case "named":
            return tuple(NAMED_OBJECTS)
        case "training":
            return _spread(tuple(TRAINING_FAMILIES), 0, config.training_n)
        case "held-out":
            return _spread(tuple(TRAINING_FAMILIES), FIRST_HELD_OUT_SEED, config.held_out_n)
        case "novel-families":
            return _spread(tuple(NOVEL_FAMILIES), 0, config.novel_n)
        case _ if IMPORTED_SET.fullmatch(objects):
            return imported_set(objects).object_names
        case _:
            raise ConfigError(unknown_name("set of objects", objects, [*OBJECT_SETS, "NAME@DIGEST of an imported set"]))


def kind_of(name: str) -> str:
    """What an object is counted with in tables: its family; one of the paper's ten, and an imported one, by itself."""
    if "@" in name:
        return name.partition(":")[2]
    return name if name in NAMED_OBJECTS else name.rpartition("-")[0]


def _spread(families: tuple[str, ...], first_seed: int, n: int) -> tuple[str, ...]:
    return tuple(f"{families[k % len(families)]}-{first_seed + k // len(families):04d}" for k in range(n))
