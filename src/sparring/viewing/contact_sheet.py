"""A set of objects on one sheet, each as the robot's camera sees it, with its name, mass and parts."""

from dataclasses import replace

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from sparring.config import CameraConfig, WorldConfig
from sparring.errors import ConfigError
from sparring.world.camera import calibration_of, render
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import Scene, SceneSpec

SEEN_M, TILE_PX, LABEL_PX = 0.27, 180, 32
"""Side of the square of table that a tile shows; larger objects are seen in part."""
PAPER, INK, DIM = (255, 255, 255), (30, 30, 30), (110, 110, 110)
FONT_PX = 11


def contact_sheet(objects: str, *, most_n: int, columns_n: int) -> Image.Image:
    """The first objects of a set, a tile each, all at one scale.

    Args:
        objects: a set that comes along, or an imported one, NAME@DIGEST.
        most_n: at most so many.
        columns_n: tiles in a row.
    """
    names = names_in(objects, WorldConfig().objects)[:most_n]
    tiles = [_tile(name, seed) for seed, name in enumerate(names)]
    rows_n = -(-len(tiles) // columns_n)
    sheet = Image.new("RGB", (min(columns_n, len(tiles)) * TILE_PX, rows_n * (TILE_PX + LABEL_PX)), PAPER)
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns_n * TILE_PX, number // columns_n * (TILE_PX + LABEL_PX)))
    return sheet


def _tile(name: str, seed: int) -> Image.Image:
    side_m = 2 * SEEN_M  # so that the square about the object is in the picture wherever it came to rest
    camera = CameraConfig(width_px=2 * TILE_PX, height_px=2 * TILE_PX, pixel_m=side_m / (2 * TILE_PX))
    scene = Scene(replace(WorldConfig(), camera=camera), SceneSpec(name, seed))
    tile = Image.new("RGB", (TILE_PX, TILE_PX + LABEL_PX), PAPER)
    pen, font = ImageDraw.Draw(tile), ImageFont.load_default(FONT_PX)
    parts_n = len(scene.object.parts) or len(scene.object.mesh.hulls if scene.object.mesh else ())
    own = name.partition(":")[2] or name
    told = f"{1000 * scene.object.mass_kg:.0f} g, {parts_n} {'part' if parts_n == 1 else 'parts'}"
    try:
        tile.paste(Image.fromarray(_about_object(scene, seed)))
    except ConfigError:
        told = "does not come to rest"
    pen.text((6, TILE_PX + 2), _fitted(own, font), fill=INK, font=font)
    pen.text((6, TILE_PX + 15), told, fill=DIM, font=font)
    return tile


def _about_object(scene: Scene, seed: int) -> UInt8[np.ndarray, "h w 3"]:
    """The square of the picture about the object."""
    picture = render(scene, scene.settled)
    low, high = scene.object_bounds_m(scene.settled)
    column, row = calibration_of(scene.config.camera, seed).pixels(((low + high) / 2)[None, :2])[0]
    left, top = (int(np.clip(at - TILE_PX / 2, 0, TILE_PX)) for at in (column, row))
    return picture[top : top + TILE_PX, left : left + TILE_PX]


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text, cut where it would be wider than a tile."""
    while font.getlength(text) > TILE_PX - 10:
        text = f"{text.rstrip('…')[:-1]}…"
    return text
