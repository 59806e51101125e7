"""The report's pictures: the most confident grasps, stable beside unstable ones, and attacks as film strips."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import angle_rad
from sparring.config import RunConfig
from sparring.data.pictures import colours, decode_image
from sparring.data.records import Row
from sparring.data.store import read_shard
from sparring.evaluation.attempts import action_told, attack_of, attempt_of, kind_of
from sparring.evaluation.causes import cause_of
from sparring.evaluation.drawing import as_png, draw_jaws
from sparring.evaluation.reading import Reading
from sparring.evaluation.successes import Tested
from sparring.evaluation.wording import percent
from sparring.game import jobs
from sparring.game.plan import stages_of
from sparring.game.replay import Attempt, replay
from sparring.game.run_folder import RunFolder
from sparring.players.patches import crop_about
from sparring.viewing.document import Gallery, Picture, Section, Text
from sparring.viewing.film import animation, strip
from sparring.viewing.words import outcome
from sparring.world.scene import SceneSpec

CONFIDENT_N, PAIRS_N = 12, 4
TILE_PX = 180
AROUND = 1.5
"""A tile shows this many times the side of the patch that the player looked at."""
STABLE, UNSTABLE, HALO = (0, 158, 115), (213, 94, 0), (255, 255, 255)
FRAMES_N, FRAME_PX = 8, 190
ANIMATION_PX, ANIMATION_FPS = 240, 10
FEW = ["attempt", "object", "lifted", "dislodged", "invalid", "adversary", "action"]


def grasp_sections(run: RunFolder, of: str, test: Tested | None, reading: Reading) -> list[Section]:
    """Galleries of one run.

    Args:
        run: its attempts are shown.
        of: names it in titles where there are several.
        test: the one whose most confident grasps are shown, if this run took it.
        reading: what cannot be read or does not replay is noted here.
    """
    config = run.config()
    confident = reading.tried(lambda: _confident(run, test)) if test is not None else None
    galleries = [part for part in (confident, _stable_and_unstable(run, config, reading)) if part is not None]
    films = _films(run, config, reading)
    return [
        *([Section(f"Grasps{of}", tuple(galleries))] if galleries else []),
        *([Section(f"Attacks{of}", (Text(_FILMED), films))] if films else []),
    ]


_FILMED = "Attempts of the match, played again from their seeds; `sparring watch` plays any other. The strip goes with the hand."


def _confident(run: RunFolder, test: Tested) -> Gallery | None:
    """The grasps that the last player of a test believed in most, and what became of them."""
    config, name = run.config(), list(test.lifted)[-1]
    shard = run.test(test.protocol, test.objects, name)
    rows = [row for row in read_shard(shard).to_pylist() if not row["invalid"] and row["probability"] is not None]
    rows.sort(key=lambda row: -row["probability"])
    pictures = [_confident_tile(attempt_of(run, config, shard, row)) for row in rows[:CONFIDENT_N]]
    if not pictures:
        return None
    where = f"the test {test.protocol}, {test.objects} objects"
    told = f"The most confident grasps of {name} in {where}: what it saw, and what came of it"
    return Gallery(f"confident-{name}", told, tuple(pictures))


def _confident_tile(attempt: Attempt) -> Picture:
    row, config = attempt.row, attempt.config
    view = jobs.look(jobs.LookJob(config.world, SceneSpec(row["object"], row["scene_seed"])))
    cause = cause_of(row, config.world.lift) or "invalid"
    told = f"{row['object']}, {10 * row['angle']} degrees, believed {percent(row['probability'])}: {cause}"
    return Picture(told, f"A patch with a grasp: {told}", _tile(colours(view.image), row, config), label=cause)


def _stable_and_unstable(run: RunFolder, config: RunConfig, reading: Reading) -> Gallery | None:
    """Grasps of one object that an attack survived and did not survive, side by side, as in the paper's fig. 2."""
    outcomes: dict[tuple[str, bool], Row] = {}
    both: list[str] = []
    for row in _attacks(run, config, reading):
        if row["lifted"] and (row["object"], row["dislodged"]) not in outcomes:
            outcomes[row["object"], row["dislodged"]] = row
            both += [row["object"]] if (row["object"], not row["dislodged"]) in outcomes else []
        if len(both) == PAIRS_N:
            break
    pictures: list[Picture] = []
    for name in both:
        pictures += [_attacked_tile(outcomes[name, fell], config) for fell in (False, True)]
    if not pictures:
        return None
    return Gallery(
        "stable-unstable", "Stable and unstable grasps of the same objects, both lifted, both attacked", tuple(pictures)
    )


def _attacked_tile(row: Row, config: RunConfig) -> Picture:
    outcome = "unstable" if row["dislodged"] else "stable"
    done = "made to fall by" if row["dislodged"] else "survived"
    told = f"{outcome}: {row['object']}, {10 * row['angle']} degrees, {done} {action_told(row)}"
    image = colours(decode_image(row["image"]["bytes"]))
    return Picture(told, f"A patch with a grasp, {told}", _tile(image, row, config), label=outcome)


def _attacks(run: RunFolder, config: RunConfig, reading: Reading) -> Iterator[Row]:
    """Records of attacks, the last stage's first."""
    for stage in reversed(stages_of(config)):
        for shard in sorted(run.stage(stage.name).glob("wave-*.parquet")):
            few = reading.tried(lambda path=shard: read_shard(path, FEW).to_pylist(), shard) or []
            if any(row["adversary"] is not None for row in few):
                rows = reading.tried(lambda path=shard: read_shard(path).to_pylist(), shard) or []
                yield from (row for row in rows if row["adversary"] is not None and not row["invalid"])


def _tile(image: UInt8[np.ndarray, "h w 3"], row: Row, config: RunConfig) -> bytes:
    """The surroundings of a grasp with its jaws, as PNG."""
    crop, _ = crop_about(image, np.array([row["column_px"], row["row_px"]], float), round(AROUND * config.patch_px))
    held = row["lifted"] and not row["dislodged"]
    picture = Image.fromarray(np.ascontiguousarray(crop.transpose(1, 2, 0))).resize((TILE_PX, TILE_PX), Image.Resampling.BICUBIC)
    opening_px = config.world.hand.opening_m / config.world.camera.pixel_m * TILE_PX / crop.shape[1]
    middle, angle = np.array([TILE_PX / 2, TILE_PX / 2]), float(angle_rad(row["angle"]))
    for colour, thick in ((HALO, 2), (STABLE if held else UNSTABLE, 1)):
        draw_jaws(picture, middle, angle, opening_px=opening_px, colour=colour, thick=thick)
    return as_png(picture)


def _films(run: RunFolder, config: RunConfig, reading: Reading) -> Gallery | None:
    """One attack of every kind that the match knew, as a strip and as an animation."""
    adversaries = [ADVERSARIES[bout.adversary] for bout in config.match.bouts if bout.adversary in ADVERSARIES]
    kinds = {attack.taken for adversary in adversaries for attack in adversary.attacks}
    chosen: dict[str, Row] = {}
    for row in _attacks(run, config, reading):
        found = attack_of(row)
        if row["lifted"] and found is not None:
            kind = found[0].taken
            if kind not in chosen or (row["dislodged"] and not chosen[kind]["dislodged"]):
                chosen[kind] = row
            if chosen.keys() == kinds and all(one["dislodged"] for one in chosen.values()):
                break
    pictures = [
        picture for row in chosen.values() for picture in reading.tried(lambda row=row: _filmed(row, config, reading)) or []
    ]
    return Gallery("films", "Attacks of the match", tuple(pictures), wide=True) if pictures else None


def _filmed(row: Row, config: RunConfig, reading: Reading) -> Sequence[Picture]:
    again = replay(Attempt(row, config, kind=kind_of(row["adversary"])))
    told = f"{action_told(row)} on {row['object']}: {outcome(again)} (attempt {row['attempt']})"
    if again.differences:
        told += "; NOT replayed as it was recorded"
        reading.missing.append(f"attempt {row['attempt']} does not replay as it was recorded: {'; '.join(again.differences)}")
    strip_png = as_png(strip(again, frames_n=FRAMES_N, side_px=FRAME_PX).quantize(128))
    return (
        Picture(told, f"Film strip: {told}", strip_png, label="strip"),
        Picture(
            f"{told}, as it moves",
            f"Animation: {told}",
            animation(again, side_px=ANIMATION_PX, fps=ANIMATION_FPS),
            "image/webp",
            label="animation",
        ),
    )
