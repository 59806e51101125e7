"""The weakest grasps of a stress test as pictures: what dislodges them, and film strips of how."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from sparring.actions.adversaries import ADVERSARIES
from sparring.config import RunConfig
from sparring.data.records import Row
from sparring.data.store import read_shard, shards_of
from sparring.evaluation.drawing import as_png, draw_jaws
from sparring.game import jobs
from sparring.game.replay import Attempt, replay
from sparring.players.patches import crop_about
from sparring.stress.outcomes import MENU, Outcomes
from sparring.stress.results import Stressed
from sparring.stress.trial import TEST
from sparring.viewing.document import Gallery, Picture, Section, Text
from sparring.viewing.film import strip
from sparring.viewing.grasps import AROUND, FRAME_PX, FRAMES_N, HALO, STABLE, TILE_PX, UNSTABLE
from sparring.viewing.words import outcome
from sparring.world.scene import SceneSpec

WEAKEST_N, STURDY_N, MISSED_N, FILMS_N = 12, 4, 8, 3


def picture_sections(tested: Stressed) -> list[Section]:
    """Galleries of the weakest and the sturdiest of what was lifted, of confident failures, and strips of attacks."""
    outcomes, config = tested.outcomes, tested.config
    attacked = np.flatnonzero(np.isfinite(outcomes.fell).any(axis=1))
    shares = np.nanmean(outcomes.fell[attacked], axis=1)
    weakest = np.argsort(-shares, kind="stable")
    held = list(map(int, attacked[weakest]))
    missed = np.flatnonzero(~outcomes.lifted & outcomes.found)
    scores = outcomes.column("probability")
    confident = sorted(map(int, missed), key=lambda at: -scores[at])[:MISSED_N]
    galleries = [
        Gallery(name, caption, tuple(pictures))
        for name, caption, pictures in (
            ("weakest", _WEAKEST, [_held_tile(outcomes, at, config) for at in held[:WEAKEST_N]]),
            ("sturdiest", _STURDIEST, [_held_tile(outcomes, at, config) for at in held[WEAKEST_N:][-STURDY_N:]]),
            ("missed", _MISSED, [_missed_tile(outcomes.rows[at], config) for at in confident]),
        )
        if pictures
    ]
    films = [_film(tested, at) for at in held[:FILMS_N] if (outcomes.fell[at] == 1).any()]
    return [
        *([Section("The weakest grasps", tuple(galleries))] if galleries else []),
        *([Section("How they fall", (Text(_FILMED), Gallery("films", "Attacks", tuple(films), wide=True)))] if films else []),
    ]


_WEAKEST = "Lifted, but the most attacks dislodge it"
_STURDIEST = "Lifted, and the fewest attacks dislodge it"
_MISSED = "Not lifted, though the detector gave its highest scores"
_FILMED = """The attack that the adversary believes in most, of those that dislodge; played again from its seeds. The strip goes
with the hand."""


def _held_tile(outcomes: Outcomes, at: int, config: RunConfig) -> Picture:
    row, fell = outcomes.rows[at], outcomes.fell[at]
    played_n, fell_n = int(np.isfinite(fell).sum()), int(np.nansum(fell))
    worst = _telling_attack(outcomes, at)
    by = f"; by {_action_told(worst)}" if worst is not None else ""
    told = f"{_grasp_told(row)}: {fell_n} of {played_n} attacks dislodge it{by}"
    return Picture(told, f"A grasp: {told}", _tile(row, config, UNSTABLE if fell_n else STABLE))


def _missed_tile(row: Row, config: RunConfig) -> Picture:
    why = "closed on nothing" if row["force_closing_n"] <= config.world.lift.sense_force_n else "slipped"
    told = f"{_grasp_told(row)}: {why}"
    return Picture(told, f"A grasp that did not lift: {told}", _tile(row, config, UNSTABLE), label=why)


def _grasp_told(row: Row) -> str:
    off_mm = 1000 * float(np.hypot(row["x_m"] - row["com_x_m"], row["y_m"] - row["com_y_m"]))
    return (
        f"{row['object']}, {1000 * row['mass_kg']:.0f} g, {off_mm:.0f} mm from its centre of mass, score {row['probability']:.2g}"
    )


def _telling_attack(outcomes: Outcomes, at: int) -> int | None:
    """Of the attacks that dislodge, the one that the adversary believes in most, or the first."""
    fell = np.flatnonzero(outcomes.fell[at] == 1)
    if not len(fell):
        return None
    believed = np.nan_to_num(outcomes.believed[at, fell], nan=0.0)
    return int(fell[believed.argmax()])


def _action_told(column: int) -> str:
    kind, action = MENU[column]
    return ADVERSARIES[kind].description(action)


def _tile(row: Row, config: RunConfig, colour: tuple[int, int, int]) -> bytes:
    """The surroundings of a grasp with its jaws, at its own angle, as PNG."""
    image = jobs.look(jobs.LookJob(config.world, SceneSpec(row["object"], row["scene_seed"]))).image
    crop, _ = crop_about(image, np.array([row["column_px"], row["row_px"]], float), round(AROUND * config.patch_px))
    picture = Image.fromarray(np.ascontiguousarray(crop.transpose(1, 2, 0))).resize((TILE_PX, TILE_PX), Image.Resampling.BICUBIC)
    opening_px = config.world.hand.opening_m / row["pixel_m"] * TILE_PX / crop.shape[1]
    middle, angle = np.array([TILE_PX / 2, TILE_PX / 2]), row["theta_rad"] - row["camera_turn_rad"]
    for shade, thick in ((HALO, 2), (colour, 1)):
        draw_jaws(picture, middle, angle, opening_px=opening_px, colour=shade, thick=thick)
    return as_png(picture)


def _film(tested: Stressed, at: int) -> Picture:
    column = _telling_attack(tested.outcomes, at)
    assert column is not None
    kind, action = MENU[column]
    row = _record(tested, f"{tested.outcomes.rows[at]['attempt']}/{kind}-{action:02d}")
    again = replay(Attempt(row, tested.config, must_hold=True, kind=kind))
    told = f"{_action_told(column)} on {row['object']}: {outcome(again)}"
    if again.differences:
        told += f"; NOT replayed as it was recorded: {'; '.join(again.differences)}"
    return Picture(told, f"Film strip: {told}", as_png(strip(again, frames_n=FRAMES_N, side_px=FRAME_PX).quantize(128)))


def _record(tested: Stressed, attempt: str) -> Row:
    """The whole record of an attempt."""
    for path in shards_of(tested.run.stage(TEST)):
        names: Sequence[str] = read_shard(path, ["attempt"])["attempt"].to_pylist()
        if attempt in names:
            return read_shard(path).slice(names.index(attempt), 1).to_pylist()[0]
    raise AssertionError(attempt)  # it was among the outcomes, which were read from these shards
