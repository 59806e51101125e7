"""A player as a folder to use elsewhere, laid out as Hugging Face's hub has models: weights, config, model card, ONNX."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sparring.actions.adversaries import ADVERSARIES
from sparring.config_file import to_json
from sparring.data.files import read_text, write_bytes, write_text
from sparring.errors import DataError, ExportError
from sparring.evaluation.evaluate import all_results
from sparring.evaluation.fits import fits_of
from sparring.evaluation.markdown import markdown
from sparring.evaluation.statistics import Rate
from sparring.evaluation.wording import percent, with_interval
from sparring.game.run_folder import RunFolder
from sparring.players.checkpoint import FORMAT, PlayerCard, load_player, save_player
from sparring.players.grasper import EXPORTED, exported_in
from sparring.players.networks import PatchNet
from sparring.players.onnx_model import INPUT, OUTPUT, onnx_model
from sparring.players.policies import SMOOTHING

LIMITS = """## Limits

Simulated pictures and physics: one rigid object on a table seen from above, planar grasps by a parallel jaw. Batches were half
successes, so that rarer events get too much probability: trust the order rather than the size."""
WITHOUT_RUN = "It was exported without its run, so that nothing is said here of how good it is."
CONFIG, MODEL_CARD, ONNX, MODEL_TYPE = "config.json", "README.md", "model.onnx", "sparring"
CHANNELS = {3: "RGB", 4: "RGB and height over the table in millimetres (as alpha)"}
FRONT_MATTER = """---
license: apache-2.0
library_name: sparring
pipeline_tag: robotics
tags: [robotics, grasping, parallel-jaw, self-supervised, adversarial, mujoco]
---
"""
GRASPER_USE = """## Use it

In this folder, with the package, which samples patches, scores them (densely, where that is exact) and chooses:

```python
from sparring import Grasper

for grasp in Grasper.load(".").predict("photo.png", top_k=5, pixel_m={pixel_m}):
    print(grasp.column_px, grasp.row_px, grasp.angle_deg, grasp.probability)
```
"""
GRASPER_ONNX_USE = """Without it, from `model.onnx` alone (numpy, scipy, pillow, onnxruntime):

```python
import numpy as np
import onnxruntime
from PIL import Image
from scipy.ndimage import map_coordinates

# a patch of {patch_m} m is PATCH_PX pixels of {pixel_m} m on the table, and SIDE pixels of the network
N, PATCH_PX, SIDE = {patches_n}, {patch_px}, {side}
image = np.asarray(Image.open("photo.png").convert("{mode}"), np.float32)  # {channels}
h, w, _ = image.shape
low, high = [PATCH_PX / 2] * 2, [w - 1 - PATCH_PX / 2, h - 1 - PATCH_PX / 2]
centres = np.random.default_rng(0).uniform(low, high, (4 * N, 2))  # column, row
steps = ((np.arange(SIDE) + 0.5) / SIDE - 0.5) * PATCH_PX
at = np.broadcast_arrays(centres[:, 1, None, None] + steps[:, None], centres[:, 0, None, None] + steps)
patches = np.stack([map_coordinates(image[..., c], at, order=1) for c in range({channels_n})], axis=1)
featured = np.argsort(patches[:, :3].std(axis=(1, 2, 3)) <= {feature_std}, kind="stable")[:N]  # those with features first
centres, patches = centres[featured], patches[featured].astype(np.float32)
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
(logits,) = session.run(["{output}"], {{"{input}": patches}})
smooth = {before} * np.roll(logits, 1, 1) + {here} * logits + {after} * np.roll(logits, -1, 1)  # over neighbouring angles
patch, angle = np.unravel_index(smooth.argmax(), smooth.shape)
print(centres[patch], 10 * angle, "degrees counter-clockwise", 1 / (1 + np.exp(-smooth[patch, angle])))
```
"""
ADVERSARY_USE = """## Use it

`sparring` plays it as an adversary. What it sees is the patch of {patch_m} m about the grasp, turned by the grasp's angle so
that the fingers close from left and right (the view s+, section V-E), scaled to {side} x {side} px.
"""
ADVERSARY_ONNX_USE = "`model.onnx` gives their logits: the largest of the {actions_n} is the attack that it believes in most."


@dataclass(frozen=True)
class Source:
    """The run that a player comes from."""

    run: RunFolder
    name: str


def source_of(checkpoint: Path) -> Source | None:
    """The run that a checkpoint lies in; None where it lies in none."""
    place = checkpoint.resolve()
    run = RunFolder(place.parent.parent)
    inside = place.parent.name == "players" and run.config_path.exists()
    return Source(run, place.stem) if inside else None


def export(checkpoint: Path, out: Path, *, onnx: bool = True) -> list[Path]:
    """Writes a player's folder, in place of any that was exported there before, and returns its files.

    Raises:
        CheckpointError: there is no whole player.
        ConfigError: a library for ONNX is not installed.
        ExportError: the ONNX model is not what the network is, or the folder holds something else.
        RunFolderError: the folder cannot be written, or the player's run is damaged.
    """
    checkpoint = exported_in(checkpoint) if checkpoint.is_dir() else checkpoint
    network, card = load_player(checkpoint)
    source = source_of(checkpoint)
    if source is not None:
        source.run.require_undamaged(source.run.player(source.name))
    _require_ours(out)
    content, off = onnx_model(network) if onnx else (None, None)
    texts = {
        CONFIG: json.dumps(_config(network, card, source), indent=2) + "\n",
        MODEL_CARD: _card_text(card, source, network, off),
    }
    for name, text in texts.items():
        write_text(out / name, text)
    save_player(out / EXPORTED, network, card)
    if content is None:
        (out / ONNX).unlink(missing_ok=True)
        return [out / name for name in (CONFIG, MODEL_CARD, EXPORTED)]
    write_bytes(out / ONNX, content)
    return [out / name for name in (CONFIG, MODEL_CARD, EXPORTED, ONNX)]


def _require_ours(out: Path) -> None:
    """A folder that is not there, is empty, or was exported to."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        ours = json.loads(read_text(out / CONFIG)).get("model_type") == MODEL_TYPE
    except (DataError, ValueError, AttributeError, RecursionError):
        ours = False
    if not ours:
        raise ExportError(f"{out} exists and holds something else than an exported player; choose another --out")


def _config(network: PatchNet, card: PlayerCard, source: Source | None) -> dict[str, Any]:
    side = network.input_px
    protagonist = card.role == "protagonist"
    before, here, after = SMOOTHING
    return {
        "model_type": MODEL_TYPE,
        "architectures": ["PatchNet"],
        "format": FORMAT,
        "card": asdict(card),
        "run": None if source is None else json.loads(to_json(source.run.config())),
        "input": {
            "name": INPUT,
            "shape": ["batch", card.channels_n, side, side],
            "dtype": "float32",
            "values": f"{CHANNELS[card.channels_n]}, in 0..255; scaling is part of the model",
        },
        "output": {"name": OUTPUT, "shape": ["batch", card.actions_n], "dtype": "float32"},
        "preprocessing": {
            "patch_m": card.patches.size_m,
            "pixel_m": card.pixel_m,
            "patch_px": card.patches.size_px(card.pixel_m),
            "resampling": f"bilinear, sample k of {side} at ((k + 0.5) / {side} - 0.5) of a patch from its centre",
            "orientation": "upright" if protagonist else "turned by the grasp's angle: the fingers close from left and right",
        },
        "postprocessing": {
            "smoothing": f"{before} before + {here} here + {after} after, over the circle of angles" if protagonist else None,
            "probability": "sigmoid",
            "action": "10 degrees times the index, counter-clockwise in the image" if protagonist else "index of the attack",
        },
    }


def _card_text(card: PlayerCard, source: Source | None, network: PatchNet, off: float | None) -> str:
    before, here, after = SMOOTHING
    known = {
        "pixel_m": card.pixel_m,
        "patch_m": card.patches.size_m,
        "patch_px": round(card.patches.size_px(card.pixel_m), 6),
        "patches_n": card.patches_n,
        "feature_std": card.patches.feature_std,
        "side": network.input_px,
        "channels_n": card.channels_n,
        "channels": CHANNELS[card.channels_n],
        "mode": "RGBA" if card.channels_n > len("RGB") else "RGB",
        "actions_n": card.actions_n,
        "input": INPUT,
        "output": OUTPUT,
        "before": before,
        "here": here,
        "after": after,
    }
    use, onnx_use = (GRASPER_USE, GRASPER_ONNX_USE) if card.role == "protagonist" else (ADVERSARY_USE, ADVERSARY_ONNX_USE)
    parts = [
        FRONT_MATTER + f"# {card.name}: {_what(card)}",
        f"Trunk `{card.trunk}`, trained on {card.trained_n} attempts in simulation, with pictures of {1000 * card.pixel_m:g} mm "
        f"a pixel ({CHANNELS[card.channels_n]}) and patches of {100 * card.patches.size_m:g} cm, after *Supervision via "
        "Competition: Robot Adversaries for Learning Tasks* (Pinto, Davidson, Gupta, ICRA 2017).",
        *(_results(source) if source is not None else [WITHOUT_RUN]),
        use.format(**known).strip(),
    ]
    if off is not None:
        checked = f"Run by onnxruntime on random patches, `model.onnx` was within {off:.1e} of the network's logits."
        parts += [onnx_use.format(**known).strip(), checked]
    return "\n\n".join([*parts, LIMITS]) + "\n"


def _what(card: PlayerCard) -> str:
    if card.role == "protagonist":
        return "where to grasp, at which of 18 angles"
    kinds = [name for name, kind in ADVERSARIES.items() if kind.actions_n == card.actions_n]
    return f"which {' or '.join(kinds) or 'attack'} makes a grasped object fall"


def _results(source: Source) -> list[str]:
    """What the run itself found out about the player, with n and intervals."""
    run, config = source.run, source.run.config()
    rows = [row for row in all_results(run, config) if row["player"] == source.name]
    told = [fit.held_out for fit in fits_of(run) if fit.name == source.name]
    tests = [[row["protocol"], row["objects"], with_interval(Rate(row["successes"], row["n"])), str(row["n"])] for row in rows]
    lift = config.world.lift
    parts = ["## Results of its own run"]
    if tests:
        lifted = f"lifted {100 * lift.lift_height_m:g} cm and held {lift.hold_s:g} s (95 %)"
        parts.append(markdown((["protocol", "objects", lifted, "n"], tests)))
    for held in filter(None, told):
        area = "" if held.auc is None else f"AUC {held.auc:.3f}, "
        parts.append(
            f"On {held.n} attempts with objects of the training families that it was not trained on: {area}"
            f"accuracy {percent(held.accuracy)}, calibration error {held.calibration_error:.3f}."
        )
    parts.append(
        f"Seed {config.seed}, {config.match.random_grasps_n} random grasps, alpha {config.learning.alpha}; the whole config is "
        f"in `{CONFIG}`. Intervals are Wilson's; one training seed."
    )
    return parts
