"""Draw all 36 snatches on the patch that the adversary sees, and play each of them on the same grasp.

python examples/03_snatch.py --out snatches.png --object hammer-0002
"""

from pathlib import Path

import numpy as np
import tyro

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import AttackConfig, PatchConfig, WorldConfig
from sparring.evaluation.drawing import draw_snatches
from sparring.game.jobs import AttackJob, GraspJob, LookJob, attack, grasp, look
from sparring.game.wave import world_grasp
from sparring.players.choosing import ImageGrasp, canonical_views, grasped_patches
from sparring.world.scene import SceneSpec

TRIES_N = 200


def main(out: Path, object: str = "hammer-0002", seed: int = 0, side_px: int = 480) -> None:
    """Writes the picture: red snatches made the object fall, blue ones did not.

    Args:
        out: the picture.
        object: which object to hold.
        seed: how it lies, and which grasps are tried until one holds.
        side_px: side of the picture.
    """
    world, config, patches = WorldConfig(), AttackConfig(), PatchConfig()
    view = look(LookJob(world, SceneSpec(object, seed)))
    rng = np.random.default_rng(seed)
    middle = view.calibration.pixels(np.array([view.centre_of_mass_m]))[0]
    places, angles = middle + rng.normal(0, 8, (TRIES_N, 2)), rng.integers(18, size=TRIES_N)
    wanted = [ImageGrasp(float(x), float(y), int(angle), None) for (x, y), angle in zip(places, angles, strict=True)]
    outcomes = grasp(
        GraspJob(world, view.spec, view.state, tuple(world_grasp(view, one) for one in wanted), tuple(range(TRIES_N)))
    )
    if not outcomes.lifted.any():
        raise SystemExit(f"no grasp of {object} held; try another --seed or --object")
    held = int(outcomes.lifted.argmax())
    n = ADVERSARIES["snatch"].actions_n
    job = AttackJob(
        world=world,
        attack=config,
        adversary="snatch",
        spec=view.spec,
        states=np.repeat(outcomes.states[held][None], n, axis=0),
        grasps=(outcomes.executed[held],) * n,
        actions=tuple(range(n)),
    )
    results = attack(job)
    dislodged = results.dislodged & ~results.invalid
    patch_px = patches.size_px(world.camera.pixel_m)
    seen = grasped_patches([view.image], [wanted[held]], patch_px=patch_px)
    picture = canonical_views(seen, patch_px=patch_px, out_px=side_px)[0]
    draw_snatches(picture, patch_m=patches.size_m, config=config.snatch, dislodged=[bool(one) for one in dislodged]).save(out)
    print(f"wrote {out}: {dislodged.sum()} of {n} snatches make {object} fall")


if __name__ == "__main__":
    tyro.cli(main)
