"""A match that is followed, as a recording for Rerun: of every wave the first picture with its grasps, and the rates."""

from pathlib import Path
from typing import Self

import rerun as rr
import rerun.blueprint as rrb

from sparring.config import RunConfig
from sparring.data.pictures import colours, decode_image
from sparring.data.store import read_shard
from sparring.errors import DataError, RunFolderError
from sparring.evaluation.drawing import as_png, draw_grasps
from sparring.evaluation.statistics import Rate
from sparring.players.choosing import ImageGrasp
from sparring.viewing.live import Wave
from sparring.viewing.recording import APPLICATION

TIMELINE = "attempts"
"""Attempts of the run when a wave was done, in the order in which waves are met."""


class LiveRecording:
    """A recording that grows as a match goes on, and can be opened meanwhile. As a context it is closed in the end."""

    def __init__(self, path: Path, config: RunConfig) -> None:
        """Begins the file, in place of one that is there.

        Raises:
            RunFolderError: it cannot be written there.
        """
        self._config, self._attempts_n, self._known = config, 0, set[Path]()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("wb").close()  # the system says what is wrong with a place, Rerun does not
        except OSError as error:
            raise RunFolderError(f"could not write {path}: {error.strerror or error}; choose another name") from None
        self._stream = rr.RecordingStream(APPLICATION)
        self._stream.save(path, default_blueprint=_blueprint())

    def add(self, wave: Wave) -> None:
        """Adds a wave, unless it is in there already."""
        if wave.path in self._known:
            return
        self._known.add(wave.path)
        self._attempts_n += wave.attempts_n
        self._stream.set_time(TIMELINE, sequence=self._attempts_n)
        self._stream.log("log", rr.TextLog(f"{wave.stage}: {wave.path.stem}, {wave.sensed_n} of {wave.valid_n} grasped"))
        for name, rate in _rates(wave).items():
            low, high = rate.interval
            for line, value in (("rate", rate.rate), ("low", low), ("high", high)):
                self._stream.log(f"{name}/{line}", rr.Scalars(100 * value))
        self._add_picture(wave)
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.flush()
        self._stream.disconnect()

    def _add_picture(self, wave: Wave) -> None:
        """The first scene that was seen, with the grasps that were tried there."""
        columns = ["image", "scene_seed", "column_px", "row_px", "angle", "probability", "invalid"]
        try:
            table = read_shard(wave.path, columns)
        except DataError as error:  # what was counted was whole; a follower is not to end for a picture
            self._stream.log("log", rr.TextLog(str(error), level="WARN"))
            return
        rows = [row for row in table.to_pylist() if not row["invalid"] and row["image"] is not None]
        if not rows:
            return
        scene = [row for row in rows if row["scene_seed"] == rows[0]["scene_seed"]]
        grasps = [ImageGrasp(row["column_px"], row["row_px"], row["angle"], row["probability"]) for row in scene]
        world = self._config.world
        drawn = draw_grasps(
            colours(decode_image(rows[0]["image"]["bytes"])), grasps, opening_px=world.hand.opening_m / world.camera.pixel_m
        )
        self._stream.log("image", rr.EncodedImage(contents=as_png(drawn), media_type="image/png"))


def _rates(wave: Wave) -> dict[str, Rate]:
    """Rates of a wave by itself, of what was tried at all."""
    rates = {"success": Rate(wave.sensed_n, wave.valid_n), "dislodged": Rate(wave.dislodged_n, wave.attacked_n)}
    return {name: rate for name, rate in rates.items() if rate.n}


def _blueprint() -> rrb.Blueprint:
    return rrb.Blueprint(
        rrb.Horizontal(
            rrb.Vertical(
                rrb.Spatial2DView(origin="image", name="first picture of a wave, and its grasps"),
                rrb.TextLogView(origin="log", name="waves"),
            ),
            rrb.Vertical(
                rrb.TimeSeriesView(origin="success", name="success, %, with 95 % interval"),
                rrb.TimeSeriesView(origin="dislodged", name="dislodged, %, with 95 % interval"),
            ),
        ),
        rrb.TimePanel(timeline=TIMELINE, state="collapsed"),
    )
