"""Units of a mesh file, by what is asked for and by what its size makes likely."""

from typing import Literal, get_args

from sparring.errors import DataError

Units = Literal["m", "cm", "mm", "inch", "auto"]
METRES: dict[str, float] = {"m": 1.0, "mm": 0.001, "cm": 0.01, "inch": 0.0254}
"""A unit in metres, the likelier first."""
SMALLEST_M, LARGEST_M = 0.005, 0.5
"""Longest side of an object that can be played with: below, fingers do not feel it; above, the camera does not see it whole."""
UNITS: tuple[Units, ...] = get_args(Units)


def scale_for(longest: float, units: Units, scale: float | None) -> float:
    """Metres a unit of a file whose longest side is `longest` units.

    Raises:
        DataError: the object would be too large or too small.
    """
    if scale is None and units == "auto":
        likely = _likely(longest)
        if likely is None:
            raise DataError(f"its longest side is {longest:g} units, which in none of {', '.join(METRES)} is {_ALLOWED}; {_GIVE}")
        return METRES[likely]
    found = METRES[units] if scale is None else scale
    long_m = longest * found
    if SMALLEST_M <= long_m <= LARGEST_M:
        return found
    likely = _likely(longest)
    looks = f"it looks like {likely}: pass --units {likely} or --scale {METRES[likely]:g}" if likely else _GIVE
    raise DataError(f"its longest side is {_told(long_m)}, and only {_ALLOWED} can be played with; {looks}")


def _likely(longest: float) -> str | None:
    return next((unit for unit, metres in METRES.items() if SMALLEST_M <= longest * metres <= LARGEST_M), None)


def _told(length_m: float) -> str:
    return f"{length_m:.3g} m" if length_m >= 0.1 else f"{1000 * length_m:.3g} mm"


_ALLOWED = f"{_told(SMALLEST_M)} to {_told(LARGEST_M)}"
_GIVE = "give the metres a unit of the file with --scale"
