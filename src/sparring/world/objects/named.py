"""The ten novel objects of the paper's figure 11, modelled by hand. Frozen before any result was seen: never edit.

Sizes are estimated from the photograph and from such toys as one buys; masses are set, not weighed from density.
"""

from dataclasses import replace

import numpy as np

from sparring.world.objects.model import ObjectModel, Part, Shape, Vector, assemble, quat_about

RED, GREEN, BLUE, YELLOW = (0.75, 0.08, 0.08), (0.12, 0.55, 0.18), (0.10, 0.25, 0.75), (0.90, 0.75, 0.08)
ORANGE, WHITE, GREY = (0.90, 0.40, 0.05), (0.85, 0.85, 0.85), (0.35, 0.36, 0.38)
BROWN, TEAL = (0.45, 0.28, 0.14), (0.10, 0.50, 0.50)
LYING = quat_about("y", np.pi / 2)


def _part(shape: Shape, size: Vector, at: Vector, material: str, colour: Vector, *, yaw: float = 0.0, pattern: int = 0) -> Part:
    """A part of full size (length, width, height), or for rods (diameter, length, 0) lying along x."""
    if shape in ("cylinder", "capsule"):
        half, quat = (size[0] / 2, size[1] / 2, 0.0), LYING
    else:
        half, quat = (size[0] / 2, size[1] / 2, size[2] / 2), quat_about("z", yaw)
    return Part(shape, half, at, material, colour, quat, pattern)


def _tennis_pack() -> tuple[Part, ...]:
    return (
        _part("cylinder", (0.072, 0.185, 0), (0, 0, 0.036), "plastic", YELLOW, pattern=2),
        _part("cylinder", (0.074, 0.012, 0), (0.098, 0, 0.037), "plastic", RED),
    )


def _hand_tool() -> tuple[Part, ...]:
    return (
        _part("box", (0.105, 0.022, 0.026), (-0.03, 0, 0.016), "rubber", ORANGE),
        _part("box", (0.045, 0.034, 0.030), (0.045, 0, 0.016), "steel", GREY),
        _part("box", (0.040, 0.012, 0.016), (0.085, 0, 0.016), "steel", GREY),
    )


def _water_gun_1() -> tuple[Part, ...]:
    return (
        _part("box", (0.130, 0.028, 0.034), (0.02, 0, 0.017), "plastic", GREEN),
        _part("box", (0.028, 0.062, 0.028), (-0.03, -0.045, 0.017), "plastic", ORANGE, yaw=-0.25),
        _part("box", (0.050, 0.030, 0.034), (0.0, 0.028, 0.017), "plastic", YELLOW),
        _part("cylinder", (0.016, 0.024, 0), (0.097, 0, 0.017), "plastic", ORANGE),
    )


def _water_gun_2() -> tuple[Part, ...]:
    return (
        _part("box", (0.100, 0.036, 0.040), (0.0, 0, 0.020), "plastic", BLUE),
        _part("capsule", (0.048, 0.040, 0), (-0.01, 0.036, 0.024), "plastic", RED),
        _part("box", (0.026, 0.055, 0.030), (-0.035, -0.043, 0.020), "plastic", BLUE, yaw=-0.3),
        _part("box", (0.045, 0.018, 0.022), (0.07, 0.0, 0.020), "plastic", YELLOW),
        _part("box", (0.018, 0.030, 0.020), (0.02, -0.030, 0.020), "plastic", YELLOW),
    )


def _slingy_box() -> tuple[Part, ...]:
    return (
        _part("box", (0.070, 0.070, 0.030), (0, 0, 0.015), "cardboard", RED, pattern=1),
        _part("box", (0.070, 0.070, 0.036), (0, 0, 0.048), "cardboard", WHITE, pattern=1),
    )


def _plush_toy() -> tuple[Part, ...]:
    return (
        _part("ellipsoid", (0.085, 0.068, 0.060), (0, 0, 0.030), "plush", BROWN, pattern=3),
        _part("ellipsoid", (0.060, 0.058, 0.052), (0.062, 0, 0.030), "plush", BROWN, pattern=3),
        _part("ellipsoid", (0.050, 0.024, 0.024), (0.028, 0.045, 0.022), "plush", BROWN, yaw=0.9, pattern=3),
        _part("ellipsoid", (0.050, 0.024, 0.024), (0.028, -0.045, 0.022), "plush", BROWN, yaw=-0.9, pattern=3),
        _part("ellipsoid", (0.055, 0.026, 0.026), (-0.055, 0.026, 0.022), "plush", BROWN, yaw=-0.4, pattern=3),
        _part("ellipsoid", (0.055, 0.026, 0.026), (-0.055, -0.026, 0.022), "plush", BROWN, yaw=0.4, pattern=3),
    )


def _turtle_toy() -> tuple[Part, ...]:
    return (
        _part("ellipsoid", (0.100, 0.086, 0.064), (0, 0, 0.036), "rubber", GREEN, pattern=3),
        _part("ellipsoid", (0.044, 0.030, 0.030), (0.062, 0, 0.022), "rubber", YELLOW),
        _part("ellipsoid", (0.034, 0.020, 0.020), (0.036, 0.046, 0.012), "rubber", YELLOW, yaw=0.7),
        _part("ellipsoid", (0.034, 0.020, 0.020), (0.036, -0.046, 0.012), "rubber", YELLOW, yaw=-0.7),
        _part("ellipsoid", (0.034, 0.020, 0.020), (-0.036, 0.046, 0.012), "rubber", YELLOW, yaw=-0.7),
        _part("ellipsoid", (0.034, 0.020, 0.020), (-0.036, -0.046, 0.012), "rubber", YELLOW, yaw=0.7),
    )


def _soap_bottle() -> tuple[Part, ...]:
    return (
        _part("box", (0.120, 0.058, 0.036), (0, 0, 0.018), "plastic", WHITE),
        _part("cylinder", (0.024, 0.026, 0), (0.073, 0, 0.018), "plastic", TEAL),
        _part("box", (0.014, 0.034, 0.014), (0.091, 0.008, 0.018), "plastic", TEAL),
    )


def _ring_toy() -> tuple[Part, ...]:
    n, radius, thick = 14, 0.055, 0.022
    colours = (RED, YELLOW)
    side = 2 * (radius + thick / 2) * float(np.tan(np.pi / n))
    return tuple(
        _part(
            "box",
            (thick, side, 0.022),
            (radius * float(np.cos(angle)), radius * float(np.sin(angle)), 0.011),
            "plastic",
            colours[k % 2],
            yaw=float(angle),
        )
        for k, angle in enumerate(2 * np.pi * np.arange(n) / n)
    )


def _foam_bottle() -> tuple[Part, ...]:
    return (
        _part("cylinder", (0.052, 0.100, 0), (0, 0, 0.026), "foam", TEAL),
        _part("cylinder", (0.036, 0.024, 0), (0.062, 0, 0.026), "foam", TEAL),
        _part("cylinder", (0.022, 0.034, 0), (0.091, 0, 0.026), "foam", WHITE),
    )


def _object(name: str, parts: tuple[Part, ...], mass_kg: float, softness_s: float = 0.0) -> ObjectModel:
    made = assemble(name, "named", parts, mass_kg=mass_kg, softness_s=softness_s)
    return replace(made, family=name)


NAMED_OBJECTS: dict[str, ObjectModel] = {
    made.name: made
    for made in (
        _object("tennis-pack", _tennis_pack(), 0.22),
        _object("hand-tool", _hand_tool(), 0.35),
        _object("water-gun-1", _water_gun_1(), 0.14),
        _object("slingy-box", _slingy_box(), 0.24),
        _object("plush-toy", _plush_toy(), 0.12, softness_s=0.03),
        _object("turtle-toy", _turtle_toy(), 0.20),
        _object("water-gun-2", _water_gun_2(), 0.18),
        _object("soap-bottle", _soap_bottle(), 0.28),
        _object("ring-toy", _ring_toy(), 0.10),
        _object("foam-bottle", _foam_bottle(), 0.06),
    )
}
"""In the order of the paper's table II."""
