"""Procedural families of objects. A family is a function from a generator to parts; z is up, the long axis along x.

Sizes are full lengths in metres. Most families are long and lopsided, since there it matters where one grasps.
"""

from collections.abc import Callable, Sequence

import numpy as np

from sparring.world.objects.model import MATERIALS, Part, Vector, quat_about

Parts = list[Part]
Family = Callable[[np.random.Generator], Parts]
LIGHT = ("wood", "plastic", "foam", "cardboard")
SOLID = ("wood", "plastic", "rubber")
HEAVY = ("steel", "brass", "rubber")


class Stuff:
    """A drawn material with its drawn look, from which parts are made."""

    def __init__(self, rng: np.random.Generator, materials: Sequence[str]) -> None:
        self.material = str(rng.choice(materials))
        colours = MATERIALS[self.material].colours
        shade = rng.uniform(0.8, 1.2)
        red, green, blue = (min(1.0, channel * shade) for channel in colours[rng.integers(len(colours))])
        self.colour: Vector = (red, green, blue)
        self.pattern = int(rng.choice(4, p=[0.55, 0.15, 0.15, 0.15]))

    def box(self, size: Vector, at: Vector, yaw: float = 0.0) -> Part:
        """A box of full size `size`, turned by `yaw` radians about z."""
        return self._part("box", (size[0] / 2, size[1] / 2, size[2] / 2), at, quat_about("z", yaw))

    def ellipsoid(self, size: Vector, at: Vector, yaw: float = 0.0) -> Part:
        """An ellipsoid of full size `size`, turned by `yaw` radians about z."""
        return self._part("ellipsoid", (size[0] / 2, size[1] / 2, size[2] / 2), at, quat_about("z", yaw))

    def rod(self, diameter: float, length: float, at: Vector, yaw: float = 0.0) -> Part:
        """A lying cylinder whose axis points along x, turned by `yaw` radians about z."""
        return self._part("cylinder", (diameter / 2, length / 2, 0.0), at, _lying(yaw))

    def pill(self, diameter: float, length: float, at: Vector, yaw: float = 0.0) -> Part:
        """A lying capsule of total length `length`, axis along x, turned by `yaw` radians about z."""
        straight = max(length - diameter, 0.002)
        return self._part("capsule", (diameter / 2, straight / 2, 0.0), at, _lying(yaw))

    def disc(self, diameter: float, height: float, at: Vector) -> Part:
        """A standing cylinder."""
        return self._part("cylinder", (diameter / 2, height / 2, 0.0), at, quat_about("z", 0.0))

    def _part(self, shape: str, half_size: Vector, at: Vector, quat: tuple[float, float, float, float]) -> Part:
        return Part(shape, half_size, at, self.material, self.colour, quat, self.pattern)  # type: ignore[arg-type]


def _lying(yaw: float) -> tuple[float, float, float, float]:
    """Quaternion that lays a z cylinder along x, then turns it by `yaw` about z."""
    c, s, h = np.cos(yaw / 2), np.sin(yaw / 2), np.sqrt(0.5)
    return float(c * h), float(-s * h), float(c * h), float(s * h)


def bar(rng: np.random.Generator) -> Parts:
    """A bar with a heavy end."""
    light, heavy = Stuff(rng, LIGHT), Stuff(rng, HEAVY)
    length, width, height = rng.uniform(0.12, 0.20), rng.uniform(0.016, 0.035), rng.uniform(0.02, 0.035)
    share = rng.uniform(0.15, 0.35)
    end = length * share
    return [
        light.box((length - end, width, height), (-end / 2, 0, height / 2)),
        heavy.box((end, width, height), ((length - end) / 2, 0, height / 2)),
    ]


def hammer(rng: np.random.Generator) -> Parts:
    """A handle with a heavy head across it."""
    light, heavy = Stuff(rng, ("wood", "plastic")), Stuff(rng, ("steel", "rubber", "brass"))
    length, grip = rng.uniform(0.12, 0.18), rng.uniform(0.016, 0.026)
    head, depth = rng.uniform(0.05, 0.09), rng.uniform(0.018, 0.032)
    return [
        light.box((length, grip, grip), (0, 0, depth / 2)),
        heavy.box((depth, head, depth), (length / 2 + depth / 2, 0, depth / 2)),
    ]


def ell(rng: np.random.Generator) -> Parts:
    """Two arms at a right angle, perhaps of different stuff."""
    one, two = Stuff(rng, LIGHT), Stuff(rng, LIGHT + HEAVY)
    a, b = rng.uniform(0.09, 0.18), rng.uniform(0.06, 0.11)
    width, height = rng.uniform(0.018, 0.032), rng.uniform(0.02, 0.035)
    return [
        one.box((a, width, height), (0, 0, height / 2)),
        two.box((width, b, height), (a / 2 - width / 2, b / 2 + width / 2, height / 2)),
    ]


def tee(rng: np.random.Generator) -> Parts:
    """A stem and a crossbar."""
    one, two = Stuff(rng, LIGHT), Stuff(rng, LIGHT + HEAVY)
    stem, bar_length = rng.uniform(0.09, 0.16), rng.uniform(0.07, 0.14)
    width, height = rng.uniform(0.018, 0.032), rng.uniform(0.02, 0.035)
    return [
        one.box((stem, width, height), (0, 0, height / 2)),
        two.box((width, bar_length, height), (stem / 2 + width / 2, 0, height / 2)),
    ]


def cross(rng: np.random.Generator) -> Parts:
    """Two bars that cross off their middles."""
    one, two = Stuff(rng, LIGHT), Stuff(rng, LIGHT)
    a, b = rng.uniform(0.12, 0.19), rng.uniform(0.08, 0.14)
    width, height = rng.uniform(0.016, 0.028), rng.uniform(0.02, 0.032)
    at, rest = rng.uniform(-0.3, 0.3) * a, (b - width) / 2
    return [
        one.box((a, width, height), (0, 0, height / 2)),
        two.box((width, rest, height), (at, (width + rest) / 2, height / 2)),
        two.box((width, rest, height), (at, -(width + rest) / 2, height / 2)),
    ]


def bottle(rng: np.random.Generator) -> Parts:
    """A lying bottle: a body too wide or nearly so, a neck, a cap, its filling at the bottom."""
    body, cap = Stuff(rng, ("plastic", "rubber")), Stuff(rng, LIGHT)
    width, length = rng.uniform(0.04, 0.075), rng.uniform(0.08, 0.13)
    neck, neck_length = rng.uniform(0.018, 0.03), rng.uniform(0.025, 0.05)
    z = width / 2
    return [
        body.rod(width, length, (0, 0, z)),
        body.rod(neck, neck_length, (length / 2 + neck_length / 2, 0, z)),
        cap.rod(neck * 1.25, 0.018, (length / 2 + neck_length + 0.009, 0, z)),
    ]


def ring(rng: np.random.Generator) -> Parts:
    """A flat ring of short boxes, one side of it heavier."""
    light, heavy = Stuff(rng, ("plastic", "wood", "foam")), Stuff(rng, SOLID + HEAVY)
    radius, thick, height = rng.uniform(0.035, 0.065), rng.uniform(0.012, 0.02), rng.uniform(0.018, 0.03)
    parts, n, loaded = [], 10, rng.integers(0, 4)
    for k in range(n):
        angle = 2 * np.pi * k / n
        stuff = heavy if k < loaded else light
        at = (radius * float(np.cos(angle)), radius * float(np.sin(angle)), height / 2)
        side = 2 * (radius + thick / 2) * float(np.tan(np.pi / n))
        parts.append(stuff.box((thick, side, height), at, angle))
    return parts


def mug(rng: np.random.Generator) -> Parts:
    """A standing mug, wider than most grasps can span, with a handle."""
    stuff = Stuff(rng, ("plastic", "wood", "rubber"))
    radius, height, wall = rng.uniform(0.03, 0.045), rng.uniform(0.045, 0.07), 0.006
    parts, n = [stuff.disc(2 * radius, 0.008, (0, 0, 0.004))], 10
    for k in range(n):
        angle = 2 * np.pi * (k + 0.5) / n
        middle = radius - wall / 2
        at = (middle * float(np.cos(angle)), middle * float(np.sin(angle)), height / 2)
        parts.append(stuff.box((wall, 2 * radius * float(np.tan(np.pi / n)), height), at, angle))
    reach = rng.uniform(0.02, 0.032)
    out, grip = radius + reach, 0.011
    parts.append(stuff.box((grip, grip, height * 0.6), (out, 0, height / 2)))
    parts.append(stuff.box((reach, grip, grip), (radius + reach / 2 - grip / 2, 0, height * 0.75)))
    parts.append(stuff.box((reach, grip, grip), (radius + reach / 2 - grip / 2, 0, height * 0.25)))
    return parts


def blob(rng: np.random.Generator) -> Parts:
    """A lump of ellipsoids."""
    stuffs = [Stuff(rng, (*SOLID, "foam", "plush")), Stuff(rng, SOLID)]
    parts, x = [], 0.0
    for _ in range(int(rng.integers(2, 5))):
        size = (rng.uniform(0.04, 0.08), rng.uniform(0.03, 0.065), rng.uniform(0.025, 0.045))
        y = float(rng.uniform(-0.02, 0.02))
        parts.append(stuffs[int(rng.integers(2))].ellipsoid(size, (x, y, 0.022), float(rng.uniform(0, np.pi))))
        x += float(rng.uniform(0.02, 0.04))
    return parts


def wrench(rng: np.random.Generator) -> Parts:
    """A flat steel tool: a shaft and two jaws, sometimes with a soft grip."""
    steel, grip = Stuff(rng, ("steel", "brass")), Stuff(rng, ("rubber", "plastic"))
    length, width, height = rng.uniform(0.10, 0.15), rng.uniform(0.012, 0.02), rng.uniform(0.014, 0.02)
    jaw = rng.uniform(0.024, 0.036)
    gripped = rng.random() < 0.5
    shaft = grip if gripped else steel
    return [
        shaft.box((length, width, height), (0, 0, height / 2)),
        steel.box((jaw, 0.010, height), (length / 2 + jaw / 2, width / 2 + 0.004, height / 2)),
        steel.box((jaw, 0.010, height), (length / 2 + jaw / 2, -width / 2 - 0.004, height / 2)),
        steel.box((0.012, width + 0.018, height), (length / 2 + 0.006, 0, height / 2)),
    ]


def dumbbell(rng: np.random.Generator) -> Parts:
    """Two blocks of unlike weight on a bar."""
    middle, left, right = Stuff(rng, ("wood", "plastic")), Stuff(rng, LIGHT), Stuff(rng, HEAVY)
    length, width = rng.uniform(0.07, 0.12), rng.uniform(0.014, 0.024)
    a, b = rng.uniform(0.03, 0.05), rng.uniform(0.03, 0.05)
    z = max(a, b) / 2
    return [
        middle.box((length, width, width), (0, 0, z)),
        left.box((a * 0.6, a, a), (-length / 2 - a * 0.3, 0, a / 2)),
        right.box((b * 0.6, b, b), (length / 2 + b * 0.3, 0, b / 2)),
    ]


def brush(rng: np.random.Generator) -> Parts:
    """A long round handle with a broad flat head."""
    handle, head = Stuff(rng, ("wood", "plastic")), Stuff(rng, SOLID)
    length, diameter = rng.uniform(0.09, 0.14), rng.uniform(0.016, 0.026)
    broad, deep, height = rng.uniform(0.05, 0.09), rng.uniform(0.03, 0.05), rng.uniform(0.02, 0.035)
    return [
        handle.pill(diameter, length, (0, 0, height / 2)),
        head.box((deep, broad, height), (length / 2 + deep / 2 - 0.006, 0, height / 2)),
    ]


def crate(rng: np.random.Generator) -> Parts:
    """A box with one heavy half; some are wider than the hand opens both ways."""
    light, heavy = Stuff(rng, LIGHT), Stuff(rng, (*LIGHT, "rubber", "rubber"))
    length, width, height = rng.uniform(0.08, 0.15), rng.uniform(0.03, 0.085), rng.uniform(0.025, 0.05)
    return [
        light.box((length / 2, width, height), (-length / 4, 0, height / 2)),
        heavy.box((length / 2, width, height), (length / 4, 0, height / 2)),
    ]


TRAINING_FAMILIES: dict[str, Family] = {
    "bar": bar,
    "hammer": hammer,
    "ell": ell,
    "tee": tee,
    "cross": cross,
    "bottle": bottle,
    "ring": ring,
    "mug": mug,
    "blob": blob,
    "wrench": wrench,
    "dumbbell": dumbbell,
    "brush": brush,
    "crate": crate,
}
"""Families that players train on."""


def spoon(rng: np.random.Generator) -> Parts:
    """A thin handle with a heavy bowl."""
    handle, bowl = Stuff(rng, ("wood", "plastic")), Stuff(rng, (*SOLID, "steel"))
    length, width = rng.uniform(0.10, 0.15), rng.uniform(0.012, 0.02)
    a, b, height = rng.uniform(0.05, 0.07), rng.uniform(0.035, 0.05), rng.uniform(0.018, 0.028)
    return [
        handle.box((length, width, 0.016), (0, 0, height / 2)),
        bowl.ellipsoid((a, b, height), (length / 2 + a / 2 - 0.008, 0, height / 2)),
    ]


def pan(rng: np.random.Generator) -> Parts:
    """A disc wider than the hand opens, with a handle."""
    disc, handle = Stuff(rng, ("steel", "plastic", "rubber")), Stuff(rng, ("wood", "plastic"))
    diameter, height = rng.uniform(0.075, 0.10), rng.uniform(0.012, 0.02)
    length, width = rng.uniform(0.07, 0.10), rng.uniform(0.015, 0.024)
    return [
        disc.disc(diameter, height, (0, 0, height / 2)),
        handle.box((length, width, height), (diameter / 2 + length / 2 - 0.003, 0, height / 2)),
    ]


def zed(rng: np.random.Generator) -> Parts:
    """A stepped bar."""
    one, two = Stuff(rng, LIGHT), Stuff(rng, LIGHT + HEAVY)
    a, b, c = rng.uniform(0.05, 0.08), rng.uniform(0.05, 0.09), rng.uniform(0.05, 0.08)
    width, height = rng.uniform(0.018, 0.03), rng.uniform(0.02, 0.035)
    return [
        one.box((a, width, height), (-a / 2 + width / 2, -b / 2, height / 2)),
        one.box((width, b - width, height), (0, 0, height / 2)),
        two.box((c, width, height), (c / 2 - width / 2, b / 2, height / 2)),
    ]


def fork(rng: np.random.Generator) -> Parts:
    """A handle with two prongs."""
    one, two = Stuff(rng, SOLID), Stuff(rng, (*SOLID, "steel"))
    length, width, height = rng.uniform(0.08, 0.12), rng.uniform(0.016, 0.026), rng.uniform(0.018, 0.03)
    prong, apart = rng.uniform(0.05, 0.07), rng.uniform(0.04, 0.06)
    return [
        one.box((length, width, height), (0, 0, height / 2)),
        two.box((0.016, apart, height), (length / 2 + 0.008, 0, height / 2)),
        two.box((prong, 0.013, height), (length / 2 + 0.016 + prong / 2, apart / 2 - 0.0065, height / 2)),
        two.box((prong, 0.013, height), (length / 2 + 0.016 + prong / 2, -apart / 2 + 0.0065, height / 2)),
    ]


def star(rng: np.random.Generator) -> Parts:
    """Arms from one point, one of them heavy."""
    light, heavy = Stuff(rng, LIGHT), Stuff(rng, HEAVY)
    n, width, height = int(rng.integers(3, 6)), rng.uniform(0.014, 0.022), rng.uniform(0.02, 0.03)
    parts = []
    for k in range(n):
        arm, angle = rng.uniform(0.05, 0.08), 2 * np.pi * k / n
        at = (arm / 2 * float(np.cos(angle)), arm / 2 * float(np.sin(angle)), height / 2)
        parts.append((heavy if k == 0 else light).box((arm, width, height), at, angle))
    return parts


def lamp(rng: np.random.Generator) -> Parts:
    """A heavy foot, a thin pole, a light shade, lying down."""
    foot, pole, shade = Stuff(rng, HEAVY), Stuff(rng, ("wood", "plastic")), Stuff(rng, LIGHT)
    length, diameter = rng.uniform(0.08, 0.12), rng.uniform(0.014, 0.02)
    wide, bell = rng.uniform(0.04, 0.06), rng.uniform(0.04, 0.065)
    z = max(wide, bell) / 2
    return [
        foot.box((0.02, wide, wide), (-length / 2 - 0.01, 0, z)),
        pole.rod(diameter, length, (0, 0, z)),
        shade.rod(bell, 0.05, (length / 2 + 0.025, 0, z)),
    ]


NOVEL_FAMILIES: dict[str, Family] = {"spoon": spoon, "pan": pan, "zed": zed, "fork": fork, "star": star, "lamp": lamp}
"""Families that no player ever trains on; frozen before any result was seen."""
