"""Recordings for Rerun, read back: what is in them is where it was, and on one timeline."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tiny
from rerun.chunk import Chunk, RrdReader
from stage import OBJECT_QPOS

from sparring.errors import RunFolderError
from sparring.evaluation.attempts import find_attempt, telling_attempt
from sparring.game.replay import Replay, replay
from sparring.game.run_folder import RunFolder
from sparring.viewing.beliefs import belief_of
from sparring.viewing.live import Follower
from sparring.viewing.live_recording import LiveRecording
from sparring.viewing.moments import smooth_forces_n, times_of
from sparring.viewing.recording import TIMELINE, write_recording
from sparring.world.scene import SHAPES
from sparring.world.solids import solids

HAND = {"palm", "left_shaft", "left_pad", "right_shaft", "right_pad"}


@pytest.fixture(scope="module")
def again(played: tiny.PlayedRun) -> Replay:
    """An attempt with a second hand."""
    names = [path.stem for path in played.folder.stage("snatch-1").glob("*.parquet")]
    assert names
    found = telling_attempt(played.folder)
    for number in range(8):
        one = find_attempt(played.folder, f"snatch-1/00000/{number // 4:04d}-{number % 4}")
        found = one if one.row["lifted"] else found
    replayed = replay(found)
    assert replayed.motions[-1].scene.has_second_hand
    return replayed


@pytest.fixture(scope="module")
def chunks(again: Replay, played: tiny.PlayedRun, tmp_path_factory: pytest.TempPathFactory) -> list[Chunk]:
    """Its recording, read back."""
    path = tmp_path_factory.mktemp("recording") / "attempt.rrd"
    write_recording(path, again, belief_of(played.folder, again))
    assert [entry.kind for entry in RrdReader(path).blueprints()] == ["blueprint"]
    return read(path)


def read(path: Path) -> list[Chunk]:
    """All chunks of a recording."""
    return list(RrdReader(path).store().stream())


def column(chunks: list[Chunk], entity: str, component: str, timeline: str = TIMELINE) -> tuple[np.ndarray, list[object]]:
    """Times and values of a component of an entity, in order."""
    rows: list[tuple[object, object]] = []
    for chunk in chunks:
        if chunk.entity_path == entity:
            table = pa.table(chunk.to_record_batch())
            if component in table.schema.names and timeline in table.schema.names:
                times = table[timeline].cast(pa.int64()).to_pylist()
                rows += [pair for pair in zip(times, table[component].to_pylist(), strict=True) if pair[1] is not None]
    rows.sort(key=lambda row: row[0])  # type: ignore[arg-type,return-value]
    return np.array([time for time, _ in rows]), [value for _, value in rows]


def test_all_that_was_there_is_in_the_recording_on_one_timeline(again: Replay, chunks: list[Chunk]) -> None:
    parts = {f"/world/object/part_{number}" for number in range(len(again.motions[0].scene.object.parts))}
    hands = {f"/world/{hand}/{box}" for hand in ("hand", "second_hand") for box in HAND}
    others = {"/world/table", "/image", "/scores", "/log", "/forces/left", "/forces/right", "/forces/smaller"}
    assert {chunk.entity_path for chunk in chunks} >= parts | hands | others
    timelines = {name for chunk in chunks for name in chunk.timeline_names}
    assert timelines - {"log_time", "log_tick"} == {TIMELINE}


def test_solids_are_where_they_were(again: Replay, chunks: list[Chunk]) -> None:
    times, places = column(chunks, "/world/object/part_0", "Transform3D:translation")
    first, last = solids(again.motions[0].scene, again.motions[0].states[0]), solids(again.motions[-1].scene, again.end_state)
    for index, state in ((0, first), (-1, last)):
        part = next(solid for solid in state if solid.name == "part_0")
        assert places[index][0] == pytest.approx(part.position_m, abs=1e-6)  # type: ignore[index]
    assert times[-1] == pytest.approx(again.duration_s * 1e9)


def test_the_second_hand_is_not_there_before_it_comes(again: Replay, chunks: list[Chunk]) -> None:
    times, _ = column(chunks, "/world/second_hand/palm", "Boxes3D:half_sizes")
    (came,) = times
    with_second = next(motion for motion in again.motions if motion.scene.has_second_hand)
    assert came >= with_second.times_s[0] * 1e9 - 1
    assert column(chunks, "/world/hand/palm", "Boxes3D:half_sizes")[0][0] < came


def test_forces_are_recorded_at_every_step(again: Replay, chunks: list[Chunk]) -> None:
    forces = np.concatenate([smooth_forces_n(motion) for motion in again.motions])
    for name, expected in (("left", forces[:, 0]), ("right", forces[:, 1]), ("smaller", forces.min(axis=1))):
        times, values = column(chunks, f"/forces/{name}", "Scalars:scalars")
        assert np.allclose(np.ravel(values), expected)
        assert np.allclose(times, times_of(again.motions) * 1e9, atol=2)


def test_words_name_every_motion_and_the_outcome(again: Replay, chunks: list[Chunk]) -> None:
    _, words = column(chunks, "/log", "TextLog:text")
    said = [one[0] for one in words]  # type: ignore[index]
    assert {motion.name for motion in again.motions} <= set(said)
    assert said[-1].startswith(("lifted", "grasped", "not grasped"))


def test_scores_are_eighteen(chunks: list[Chunk]) -> None:
    _, ((values,),) = column(chunks, "/scores", "BarChart:values")
    assert values["shape"] == [18]


def test_every_shape_of_the_world_is_a_solid(again: Replay) -> None:
    scene, state = again.motions[-1].scene, again.end_state
    found = solids(scene, state)
    assert found[0].name == "table"
    assert {solid.name for solid in found} >= HAND | {f"second_{box}" for box in HAND}
    assert {solid.shape for solid in found} <= set(SHAPES)
    assert len({solid.name for solid in found}) == len(found)
    assert all(np.linalg.norm(solid.quat_wxyz) == pytest.approx(1) for solid in found)


def test_solids_are_as_large_as_the_parts_that_they_show(played: tiny.PlayedRun, tmp_path: Path) -> None:
    names = {"box": "Boxes3D", "cylinder": "Cylinders3D", "capsule": "Capsules3D", "ellipsoid": "Ellipsoids3D"}
    shown = set()
    for again in one_of_every_object(played.folder):
        scene = again.motions[0].scene
        parts = [solid for solid in solids(scene, scene.settled) if solid.name.startswith("part_")]
        for part, solid in zip(scene.object.parts, parts, strict=True):
            a, b, c = part.half_size_m
            assert solid.shape == part.shape
            assert tuple(solid.half_size_m) == pytest.approx((a, a, b) if part.shape in ("cylinder", "capsule") else (a, b, c))
            assert tuple(solid.colour) == part.colour
        write_recording(tmp_path / "attempt.rrd", again, belief_of(played.folder, again))
        components = {name for chunk in read(tmp_path / "attempt.rrd") for name in chunk.to_record_batch().schema.names}
        for shape in {part.shape for part in scene.object.parts}:
            assert any(name.startswith(f"{names[shape]}:") for name in components)
            shown.add(shape)
    assert len(shown) > 1


def one_of_every_object(run: RunFolder) -> Iterator[Replay]:
    """An attempt on every object of the random stage."""
    known = set()
    for number in range(16):
        attempt = find_attempt(run, f"random/{number // 8:05d}/{number // 4 % 2:04d}-{number % 4}")
        if attempt.row["object"] not in known and not attempt.row["invalid"]:
            known.add(attempt.row["object"])
            yield replay(attempt)


def test_parts_lie_about_the_objects_place(again: Replay) -> None:
    scene, state = again.motions[0].scene, again.motions[0].states[0]
    low, high = scene.object_bounds_m(state)
    parts = [solid for solid in solids(scene, state) if solid.name.startswith("part_")]
    assert len(parts) == len(scene.object.parts)
    assert all((solid.position_m >= low).all() and (solid.position_m <= high).all() for solid in parts)
    assert np.linalg.norm(parts[0].position_m - state[OBJECT_QPOS][:3]) < 0.3


def test_a_recording_that_cannot_be_written_is_said(again: Replay, played: tiny.PlayedRun, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    belief = belief_of(played.folder, again)
    with pytest.raises(RunFolderError, match="could not write"):
        write_recording(tmp_path / "file" / "attempt.rrd", again, belief)
    with pytest.raises(RunFolderError, match="could not write"):
        LiveRecording(tmp_path / "file" / "live.rrd", played.config)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_followed_match_has_every_wave_once_with_picture_and_rates(played: tiny.PlayedRun, tmp_path: Path) -> None:
    follower = Follower(RunFolder(played.folder.path))
    assert follower.look() is not None
    with LiveRecording(tmp_path / "live.rrd", played.config) as recording:
        for _ in range(2):
            for _, wave in follower.waves.values():
                recording.add(wave)
    chunks = read(tmp_path / "live.rrd")
    times, rates = column(chunks, "/success/rate", "Scalars:scalars", "attempts")
    waves = [wave for _, wave in follower.waves.values()]
    assert times.tolist() == np.cumsum([wave.attempts_n for wave in waves]).tolist()
    assert np.ravel(rates) == pytest.approx([100 * wave.sensed_n / wave.valid_n for wave in waves])
    assert len(column(chunks, "/image", "EncodedImage:blob", "attempts")[0]) == len(waves)


def test_a_wave_whose_picture_is_damaged_is_recorded_without_it(copied: RunFolder, tmp_path: Path) -> None:
    follower = Follower(copied)
    assert follower.look() is not None
    (_, wave), *_ = follower.waves.values()
    wave.path.write_bytes(wave.path.read_bytes()[:-300])
    with LiveRecording(tmp_path / "live.rrd", copied.config()) as recording:
        recording.add(wave)
    _, words = column(read(tmp_path / "live.rrd"), "/log", "TextLog:text", "attempts")
    assert any("damaged" in one[0] for one in words)  # type: ignore[index]
