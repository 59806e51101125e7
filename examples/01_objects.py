"""Draw what there is to grasp: the paper's ten novel objects, or any other set, as the robot's camera sees them.

python examples/01_objects.py --objects named --out objects.png
"""

from pathlib import Path

import numpy as np
import tyro
from PIL import Image

from sparring.config import WorldConfig
from sparring.world.camera import render
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import Scene, SceneSpec


def main(out: Path, objects: str = "named", n: int = 10, columns: int = 5) -> None:
    """Writes a contact sheet.

    Args:
        out: the picture.
        objects: which set.
        n: how many of it.
        columns: pictures in a row.
    """
    world = WorldConfig()
    scenes = [Scene(world, SceneSpec(name, seed)) for seed, name in enumerate(names_in(objects, world.objects)[:n])]
    pictures = [render(scene, scene.settled) for scene in scenes]
    blank = np.full_like(pictures[0], 255)
    pictures += [blank] * (-len(pictures) % columns)
    rows = [np.concatenate(pictures[start : start + columns], axis=1) for start in range(0, len(pictures), columns)]
    Image.fromarray(np.concatenate(rows)).save(out)
    print(f"wrote {out}: {', '.join(scene.spec.object_name for scene in scenes)}")


if __name__ == "__main__":
    tyro.cli(main)
