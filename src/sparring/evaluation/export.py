"""A player as a folder to use elsewhere, laid out as Hugging Face's hub has models: weights, config, model card, ONNX."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sparring.actions.adversaries import ADVERSARIES
from sparring.data.files import write_atomically, write_text
from sparring.evaluation.evaluate import all_results
from sparring.evaluation.markdown import markdown, percent, with_interval
from sparring.evaluation.statistics import Rate
from sparring.game.run_folder import RunFolder
from sparring.players.checkpoint import FORMAT, PlayerCard, load_player, save_player
from sparring.players.grasper import EXPORTED
from sparring.players.networks import PatchNet
from sparring.players.onnx_model import INPUT, OUTPUT, onnx_model
from sparring.players.policies import SMOOTHING

WITHOUT_RUN = "It was exported without its run, so that nothing is said here of how good it is."
CONFIG, MODEL_CARD, ONNX = "config.json", "README.md", "model.onnx"
FRONT_MATTER = """---
license: apache-2.0
library_name: sparring
pipeline_tag: robotics
tags: [robotics, grasping, parallel-jaw, self-supervised, adversarial, mujoco]
---
"""
PROTAGONIST_USE = """## Use it

In this folder, with the package, which samples patches, scores them (densely, where that is exact) and chooses:

```python
from sparring import Grasper

for grasp in Grasper.load(".").predict("photo.png", top_k=5, pixel_m={pixel_m}):
    print(grasp.column_px, grasp.row_px, grasp.angle_deg, grasp.probability)
```

Without it, from `model.onnx` alone (numpy, scipy, pillow, onnxruntime):

```python
import numpy as np
import onnxruntime
from PIL import Image
from scipy.ndimage import map_coordinates

PATCH_PX, SIDE = {patch_px}, {side}  # a patch of {patch_m} m, in pixels of {pixel_m} m on the table and of the network
image = np.asarray(Image.open("photo.png").convert("RGB"), np.float32)
h, w, _ = image.shape
low, high = [PATCH_PX / 2] * 2, [w - 1 - PATCH_PX / 2, h - 1 - PATCH_PX / 2]
centres = np.random.default_rng(0).uniform(low, high, ({patches_n}, 2))  # column, row
steps = ((np.arange(SIDE) + 0.5) / SIDE - 0.5) * PATCH_PX
rows, columns = centres[:, 1, None, None] + steps[:, None], centres[:, 0, None, None] + steps
at = np.broadcast_arrays(rows, columns)
patches = np.stack([map_coordinates(image[..., c], at, order=1) for c in range(3)], axis=1)
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
(logits,) = session.run(["{output}"], {{"{input}": patches.astype(np.float32)}})
smooth = 0.25 * np.roll(logits, 1, 1) + 0.5 * logits + 0.25 * np.roll(logits, -1, 1)  # over neighbouring angles
patch, angle = np.unravel_index(smooth.argmax(), smooth.shape)
print(centres[patch], 10 * angle, "degrees counter-clockwise", 1 / (1 + np.exp(-smooth[patch, angle])))
```
"""
ADVERSARY_USE = """## Use it

`sparring` plays it as an adversary. Without the package: cut the patch of {patch_m} m about the grasp, turned by the grasp's
angle so that the fingers close from left and right (the view s+, section V-E), scale it to {side} x {side} px, and run
`model.onnx`: the largest of its {actions_n} logits is the attack that it believes in most.
"""


@dataclass(frozen=True)
class Source:
    """The run that a player comes from."""

    run: RunFolder
    name: str


def source_of(checkpoint: Path) -> Source | None:
    """The run that a checkpoint lies in; None where it lies in none."""
    run = RunFolder(checkpoint.parent.parent)
    inside = checkpoint.parent.name == "players" and run.config_path.exists()
    return Source(run, checkpoint.stem) if inside else None


def export(checkpoint: Path, out: Path, *, onnx: bool = True) -> list[Path]:
    """Writes a player's folder and returns its files.

    Raises:
        CheckpointError: there is no whole player.
        ConfigError: a library for ONNX is not installed.
        ExportError: the ONNX model is not what the network is.
        RunFolderError: the folder cannot be written.
    """
    network, card = load_player(checkpoint)
    source = source_of(checkpoint)
    files = [out / EXPORTED, out / CONFIG, out / MODEL_CARD]
    off: float | None = None
    if onnx:
        content, off = onnx_model(network)
        write_atomically(out / ONNX, lambda part: _write(part, content))
        files.append(out / ONNX)
    save_player(out / EXPORTED, network, card)
    write_text(out / CONFIG, json.dumps(_config(network, card, source), indent=2) + "\n")
    write_text(out / MODEL_CARD, _model_card(card, source, network, off))
    return files


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _config(network: PatchNet, card: PlayerCard, source: Source | None) -> dict[str, Any]:
    side = network.input_px
    protagonist = card.role == "protagonist"
    before, here, after = SMOOTHING
    return {
        "model_type": "sparring",
        "architectures": ["PatchNet"],
        "format": FORMAT,
        "card": asdict(card),
        "run": None if source is None else json.loads(source.run.config_path.read_text()),
        "input": {
            "name": INPUT,
            "shape": ["batch", 3, side, side],
            "dtype": "float32",
            "values": "RGB in 0..255; scaling is part of the model",
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


def _model_card(card: PlayerCard, source: Source | None, network: PatchNet, off: float | None) -> str:
    protagonist = card.role == "protagonist"
    use = (PROTAGONIST_USE if protagonist else ADVERSARY_USE).format(
        pixel_m=card.pixel_m,
        patch_m=card.patches.size_m,
        patch_px=card.patches.size_px(card.pixel_m),
        patches_n=card.patches_n,
        side=network.input_px,
        actions_n=card.actions_n,
        input=INPUT,
        output=OUTPUT,
    )
    checked = "" if off is None else f"`model.onnx` in onnxruntime, on random patches, is within {off:.1e} of torch."
    parts = [
        FRONT_MATTER + f"# {card.name}: {_what(card)}",
        f"Trunk `{card.trunk}`, trained on {card.trained_n} attempts in simulation, with pictures of {1000 * card.pixel_m:g} mm "
        f"a pixel and patches of {100 * card.patches.size_m:g} cm, after *Supervision via Competition: Robot Adversaries for "
        "Learning Tasks* (Pinto, Davidson, Gupta, ICRA 2017).",
        *(_results(source) if source is not None else [WITHOUT_RUN]),
        use.strip(),
        checked,
        "## Limits",
        "Simulated pictures and physics: one rigid object on a table seen from above, planar grasps by a parallel jaw. Batches "
        "were half successes, so that probabilities of rarer events are too high; their order is what counts.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _what(card: PlayerCard) -> str:
    if card.role == "protagonist":
        return "where to grasp, at which of 18 angles"
    kinds = [name for name, kind in ADVERSARIES.items() if kind.actions_n == card.actions_n]
    return f"which {' or '.join(kinds) or 'attack'} makes a grasped object fall"


def _results(source: Source) -> list[str]:
    """What the run itself found out about the player, with n and intervals."""
    run, config = source.run, source.run.config()
    rows = [row for row in all_results(run, config) if row["player"] == source.name]
    told = [row["summary"] for row in run.metrics() if row["fit"] == source.name and "summary" in row]
    tests = [[row["protocol"], row["objects"], with_interval(Rate(row["successes"], row["n"])), str(row["n"])] for row in rows]
    parts = ["## Results of its own run"]
    if tests:
        parts.append(markdown((["protocol", "objects", "lifted 30 cm and held (95 %)", "n"], tests)))
    held = told[-1].get("held_out") if told else None
    if held:
        area = "" if held["auc"] is None else f"AUC {held['auc']:.3f}, "
        parts.append(
            f"On {held['n']} attempts with objects of the training families that it was not trained on: {area}"
            f"accuracy {percent(held['accuracy'])}, calibration error {held['calibration_error']:.3f}."
        )
    parts.append(
        f"Seed {config.seed}, {config.match.random_grasps_n} random grasps, alpha {config.learning.alpha}; the whole config is "
        f"in `{CONFIG}`. Intervals are Wilson's; one training seed."
    )
    return parts
