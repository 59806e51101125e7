"""Makes the pictures of loop.md from one attempt of a finished run.

    python docs/make_loop_pictures.py RUN --attempt shake-3/00000/0028-1

Everything is asked of the run's own players again, as the match asked them, and must come out as it was recorded.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import tyro
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from PIL import Image
from tyro.conf import Positional

from sparring.actions.grasp import ANGLES_N, angle_rad
from sparring.actions.shake import DIRECTIONS, ORIENTATIONS, SHAKES_N
from sparring.actions.snatch import snatch_of
from sparring.config import RunConfig
from sparring.data.files import write_atomically
from sparring.data.pictures import decode_image
from sparring.data.store import read_shard, shard_path
from sparring.evaluation.drawing import snatch_pixel
from sparring.game.plan import START, adversary_name
from sparring.game.run_folder import RunFolder
from sparring.players.checkpoint import load_player
from sparring.players.choosing import (
    GraspedPatches,
    ImageGrasp,
    Protagonist,
    attack_probabilities,
    canonical_views,
    grasped_patches,
)
from sparring.players.device import compute_for, device_named
from sparring.players.policies import TOP_N, sigmoid, smoothed
from sparring.seeding import rng_of

GREEN, ORANGE, RED, BLUE, GREY = "#00c040", "#ff9d00", "#e0301e", "#3b82c4", "#9aa0a6"
VIEW_PX = 360
DPI = 100
AGREES = 0.02
"""A probability may differ by so much from the recorded one: networks round differently on other machines."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """One attempt, and what the players thought of it."""

    row: dict[str, Any]
    siblings: list[dict[str, Any]]
    """All attempts on its scene, itself among them."""
    image: np.ndarray
    config: RunConfig
    centres: np.ndarray
    """Of the sampled patches, [patches, 2]."""
    probabilities: np.ndarray
    """Of every patch and angle, smoothed as the policy does, [patches, 18]."""
    shakes: np.ndarray
    snatches: np.ndarray
    """The adversaries' probabilities for every action on the grasp's view s+."""

    @property
    def grasp(self) -> ImageGrasp:
        """As it was chosen."""
        return _grasp_of(self.row)

    @property
    def patch_px(self) -> float:
        """Side of a patch."""
        return self.config.patch_px

    def seen(self, angle: int) -> GraspedPatches:
        """The patch about the grasp; turned by `angle`."""
        turned = ImageGrasp(self.grasp.column_px, self.grasp.row_px, angle, None)
        return grasped_patches([self.image], [turned], patch_px=self.patch_px)

    def patch(self, angle: int) -> np.ndarray:
        """The same as a picture."""
        return canonical_views(self.seen(angle), patch_px=self.patch_px, out_px=VIEW_PX)[0]


def main(run: Positional[Path], attempt: str = "shake-3/00000/0028-1", out: Path | None = None) -> None:
    """Writes loop-*.png.

    Args:
        run: a finished run folder that has met shake and snatch.
        attempt: a shake that was chosen by a learned adversary.
        out: where the pictures go; pictures/ beside this script unless given.
    """
    mpl.use("agg")
    plt.rcParams |= {"font.size": 9, "axes.titlesize": 9.5, "font.family": "DejaVu Sans", "axes.spines.top": False}
    plt.rcParams |= {"axes.spines.right": False}
    found, folder = read_attempt(RunFolder(run), attempt), out or Path(__file__).parent / "pictures"
    drawings = {"choosing": choosing(found), "patch": angles(found), "view": view(found), "menus": menus(found)}
    for name, figure in drawings.items():
        path = folder / f"loop-{name}.png"
        size = save(figure, path)
        print(f"wrote {path}: {size / 1000:.0f} kB")
    row = found.row
    print(f"{attempt}: {row['object']}, P {row['probability']:.4f}, action {row['action']}, A {row['action_probability']:.4f}")


def read_attempt(run: RunFolder, name: str) -> Attempt:
    """An attempt of a stage that a learned adversary played; its players are asked again."""
    stage, wave, _ = name.split("/")
    rows = read_shard(shard_path(run.stage(stage), int(wave))).to_pylist()
    (row,) = [one for one in rows if one["attempt"] == name]
    siblings = [one for one in rows if one["scene_seed"] == row["scene_seed"]]
    config, image = run.config(), decode_image(row["image"]["bytes"])
    before = _iteration_before(config, stage)
    compute = compute_for(config.learning, device_named("cpu"))
    network, _ = load_player(run.player(before), role="protagonist")
    match, pixel_m = config.match, config.world.camera.pixel_m
    player = Protagonist(network, compute, config.patches, pixel_m, match.patches_n, "importance", match.scoring)
    chosen = player.choose(image, len(siblings), rng_of(row["scene_seed"], "choose"))
    for one, told in zip(chosen, siblings, strict=True):
        assert (one.angle, round(one.column_px, 2)) == (told["angle"], round(told["column_px"], 2))
        assert abs((one.probability or 0) - told["probability"]) < AGREES
    centres, logits = player.scored(image, rng_of(row["scene_seed"], "choose"))
    seen = grasped_patches([image], [_grasp_of(row)], patch_px=config.patch_px)
    believed = {}
    for bout, last in (("shake", before), ("snatch", config.match.bouts[-1].iterations[-1])):
        adversary, _ = load_player(run.player(adversary_name(last)), role="adversary")
        believed[bout] = attack_probabilities(adversary, seen, patch_px=config.patch_px, compute=compute)[0]
    assert int(believed["shake"].argmax()) == row["action"]
    assert abs(believed["shake"].max() - row["action_probability"]) < AGREES
    probabilities = sigmoid(smoothed(logits))
    return Attempt(row, siblings, image, config, centres, probabilities, believed["shake"], believed["snatch"])


def _grasp_of(row: dict[str, Any]) -> ImageGrasp:
    return ImageGrasp(row["column_px"], row["row_px"], row["angle"], row["probability"])


def _iteration_before(config: RunConfig, stage: str) -> str:
    """Whose players were at work in a stage."""
    names = [START, *(name for bout in config.match.bouts for name in bout.iterations)]
    return names[names.index(stage) - 1]


def choosing(one: Attempt) -> Figure:
    """The scene, what importance sampling chooses among, and what it drew."""
    figure, (scene, drawn, bars) = plt.subplots(1, 3, figsize=(10.4, 2.9), width_ratios=(1.25, 1.25, 1), layout="constrained")
    best = one.probabilities.max(axis=1)
    _picture(scene, one.image, f"{len(one.centres)} patches (white: one), by best angle")
    dots = scene.scatter(*one.centres.T, c=best, s=16, cmap="viridis", vmin=0, edgecolors="black", linewidths=0.4)
    figure.colorbar(dots, ax=scene, shrink=0.8, pad=0.02).set_label("probability of success")
    _square(scene, one.grasp.column_px, one.grasp.row_px, one.patch_px, 0.0, "white")
    pairs = np.argsort(-one.probabilities, axis=None, kind="stable")[:TOP_N]
    patches, angles_of = np.unravel_index(pairs, one.probabilities.shape)
    _picture(drawn, one.image, f"the {TOP_N} best pairs (orange), the {len(one.siblings)} drawn (green)")
    opening_px = one.config.world.hand.opening_m / one.config.world.camera.pixel_m
    for patch, angle in zip(patches, angles_of, strict=True):
        _jaws(drawn, *one.centres[patch], float(angle_rad(int(angle))), opening_px, ORANGE, 0.9)
    for row in one.siblings:
        _jaws(drawn, row["column_px"], row["row_px"], float(angle_rad(row["angle"])), opening_px, GREEN, 2.0)
    middle = np.array([one.grasp.column_px, one.grasp.row_px])
    drawn.set_xlim(middle[0] - 75, middle[0] + 75)
    drawn.set_ylim(middle[1] + 60, middle[1] - 60)
    weights = one.probabilities.ravel()[pairs]
    taken = {(np.float32(row["column_px"]), np.float32(row["row_px"]), row["angle"]) for row in one.siblings}
    places = [(*one.centres[patch].astype(np.float32), int(angle)) for patch, angle in zip(patches, angles_of, strict=True)]
    assert len(taken & set(places)) == len(one.siblings)
    bars.bar(range(1, TOP_N + 1), weights, color=[GREEN if place in taken else ORANGE for place in places])
    bars.set(xlabel="rank", ylabel="probability of success", title="drawn in proportion to this", ylim=(0, 1))
    return figure


def angles(one: Attempt) -> Figure:
    """A patch as the protagonist sees it, and its 18 outputs."""
    figure, (patch, bars) = plt.subplots(1, 2, figsize=(7.2, 2.9), width_ratios=(1, 1.5), layout="constrained")
    nearest = np.linalg.norm(one.centres - [one.grasp.column_px, one.grasp.row_px], axis=1).argmin()
    probabilities = one.probabilities[nearest]
    _picture(patch, one.patch(0), "the patch, 18 angles of closing")
    colours = mpl.colormaps["viridis"](probabilities / probabilities.max())
    for angle in range(ANGLES_N):
        _line(patch, VIEW_PX / 2, VIEW_PX / 2, float(angle_rad(angle)), 0.8 * VIEW_PX, colours[angle], 1.4)
    opening_px = one.config.world.hand.opening_m / one.config.patches.size_m * VIEW_PX
    _jaws(patch, VIEW_PX / 2, VIEW_PX / 2, float(angle_rad(one.grasp.angle)), opening_px, GREEN, 2.4)
    bars.bar(10 * np.arange(ANGLES_N), probabilities, width=8, color=colours)
    bars.bar(10 * one.grasp.angle, probabilities[one.grasp.angle], width=8, fill=False, edgecolor=GREEN, linewidth=2)
    bars.set(xlabel="angle of closing, degrees counter-clockwise", ylabel="probability of success", ylim=(0, 1))
    bars.set_title("its 18 probabilities (green: the drawn one)")
    bars.set_xticks(range(0, 180, 30))
    return figure


def view(one: Attempt) -> Figure:
    """How the adversary's view s+ comes about."""
    figure, axes = plt.subplots(1, 3, figsize=(8.6, 2.75), width_ratios=(1.33, 1, 1), layout="constrained")
    theta, opening_px = float(angle_rad(one.grasp.angle)), one.config.world.hand.opening_m / one.config.world.camera.pixel_m
    _picture(axes[0], one.image, f"a grasp at theta = {10 * one.grasp.angle} degrees, its patch")
    _square(axes[0], one.grasp.column_px, one.grasp.row_px, one.patch_px, 0.0, "white")
    _square(axes[0], one.grasp.column_px, one.grasp.row_px, one.patch_px, theta, RED)
    _jaws(axes[0], one.grasp.column_px, one.grasp.row_px, theta, opening_px, GREEN, 2.0)
    scale = VIEW_PX / one.patch_px
    for axis, angle, title in ((axes[1], 0, "s: the patch, upright"), (axes[2], one.grasp.angle, "s+: turned by minus theta")):
        _picture(axis, one.patch(angle), title)
        shown = theta - float(angle_rad(angle))
        _jaws(axis, VIEW_PX / 2, VIEW_PX / 2, shown, opening_px * scale, GREEN, 2.4)
    for axis, colour in ((axes[1], "white"), (axes[2], RED)):
        for spine in axis.spines.values():
            spine.set(visible=True, color=colour, linewidth=2)
    return figure


def menus(one: Attempt) -> Figure:
    """What the adversaries choose from on this view, and what they believe."""
    figure, (shakes, snatches) = plt.subplots(1, 2, figsize=(8.6, 3.2), width_ratios=(1.25, 1), layout="constrained")
    table = one.shakes.reshape(len(ORIENTATIONS), len(DIRECTIONS))
    assert table.size == SHAKES_N
    shakes.imshow(table, cmap="Reds", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        best = value == table.max()
        shakes.text(
            column,
            row,
            f"{value:.2f}",
            ha="center",
            va="center",
            weight="bold" if best else "normal",
            color="white" if value > 0.6 else "black",
        )
    row, column = np.unravel_index(table.argmax(), table.shape)
    shakes.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=GREEN, linewidth=2.5))
    shakes.set_xticks(range(len(DIRECTIONS)), [f"swings along\n{name}" for name in DIRECTIONS])
    shakes.set_yticks(range(len(ORIENTATIONS)), [f"hand {name}" for name in ORIENTATIONS])
    shakes.set_title("15 shakes: the adversary's probabilities")
    for spine in shakes.spines.values():
        spine.set_visible(False)
    _picture(snatches, one.patch(one.grasp.angle), "36 snatches on the same view s+")
    config, believed = one.config.attack.snatch, one.snatches
    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(believed.min(), believed.max()), "Reds")
    length = 0.72 * config.spacing_m / one.config.patches.size_m * VIEW_PX
    for index in np.argsort(believed):
        at = snatch_pixel(config, int(index), side_px=VIEW_PX, patch_m=one.config.patches.size_m)
        best = index == believed.argmax()
        colour = GREEN if best else scale.to_rgba(believed[index])
        _jaws(snatches, *at, snatch_of(int(index)).angle_rad, length, colour, 3.0 if best else 1.6)
    figure.colorbar(scale, ax=snatches, shrink=0.85, pad=0.03).set_label("probability that the object falls")
    return figure


def _picture(axis: Axes, pixels: np.ndarray, title: str) -> None:
    axis.imshow(pixels, interpolation="bilinear")
    axis.set(xticks=[], yticks=[])
    axis.set_title(title)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _line(axis: Axes, column: float, row: float, angle: float, length: float, colour: Any, width: float) -> None:
    dx, dy = np.cos(angle) * length / 2, -np.sin(angle) * length / 2
    axis.plot([column - dx, column + dx], [row - dy, row + dy], color=colour, linewidth=width, solid_capstyle="butt")


def _jaws(axis: Axes, column: float, row: float, angle: float, opening: float, colour: Any, width: float) -> None:
    """Two jaws and the line of closing, as `draw_grasps` draws them."""
    _line(axis, column, row, angle, opening, colour, width)
    for side in (-1, 1):
        at = column + side * np.cos(angle) * opening / 2, row - side * np.sin(angle) * opening / 2
        _line(axis, *at, angle + np.pi / 2, 0.35 * opening, colour, 2 * width)


def _square(axis: Axes, column: float, row: float, side: float, angle: float, colour: str) -> None:
    c, s = np.cos(angle), np.sin(angle)
    corners = [(x * c - y * s, x * s + y * c) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    points = [(column + side / 2 * x, row - side / 2 * y) for x, y in corners]
    axis.add_patch(Polygon(points, closed=True, fill=False, edgecolor=colour, linewidth=1.5))


def save(figure: Figure, path: Path) -> int:
    """Writes a figure as a small PNG, of at most 256 colours; its size in bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI, format="png")
    plt.close(figure)
    picture = Image.open(buffer).convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    write_atomically(path, lambda part: picture.save(part, "png", optimize=True))
    return path.stat().st_size


if __name__ == "__main__":
    tyro.cli(main)
