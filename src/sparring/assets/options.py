"""How meshes become objects: every option, checked."""

from dataclasses import dataclass

from sparring.assets.sizing import UNITS, Units
from sparring.errors import ConfigError

MOST_PARTS_N = 256
"""No object has more convex parts."""


@dataclass(frozen=True)
class ImportConfig:
    """How meshes become objects."""

    units: Units = "m"
    """Units of the files; auto: what their size makes likely, which is told."""
    scale: float | None = None
    """Metres a unit of the files, in place of --units."""
    density_kg_m3: float = 300.0
    """What meshes are filled with; household things are hollow."""
    mass_kg: float | None = None
    """Mass of every object, in place of the density."""
    friction: float = 1.0
    """Surface factor that multiplies the pad's friction coefficient; wood is 1, steel 0.85, rubber 1.25."""
    flip: bool = False
    """Turn meshes that are inside out, in place of refusing them."""
    concavity_m: float = 0.007
    """How far a part's surface may lie below its convex hull: less makes more parts. Fingers, 1 cm wide, feel nothing finer."""
    max_parts: int = 64
    """A mesh that needs more convex parts is refused."""

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            ConfigError: out of range.
        """
        if self.units not in UNITS:
            raise ConfigError(f"--units must be one of {', '.join(UNITS)}, got {self.units!r}")
        for name in ("scale", "density_kg_m3", "mass_kg", "friction"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"--{name.replace('_', '-')} must be positive, got {value}")
        if self.friction > 10:
            raise ConfigError(f"--friction must be at most 10, got {self.friction}")
        if not 0.0005 <= self.concavity_m <= 0.5:
            raise ConfigError(f"--concavity-m must be in 0.0005..0.5, got {self.concavity_m}")
        if not 1 <= self.max_parts <= MOST_PARTS_N:
            raise ConfigError(f"--max-parts must be in 1..{MOST_PARTS_N}, got {self.max_parts}")
