"""Films of replayed attempts: what is shown is what happened, and what is written can be read."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import tiny
from PIL import Image, ImageChops

from sparring.data.store import read_shard
from sparring.errors import ConfigError, RunFolderError
from sparring.evaluation.attempts import attempt_of, find_attempt
from sparring.game.plan import START, chooser_of, stages_of
from sparring.game.replay import Replay, replay
from sparring.game.run_folder import RunFolder
from sparring.viewing import film_file
from sparring.viewing.beliefs import RANDOM_GRASP, belief_of, player_of
from sparring.viewing.film import FPS, animation, film, strip
from sparring.viewing.film_file import LAST_FRAME_S, write_film
from sparring.viewing.moments import film_moments, moments_at, smooth_forces_n, telling_moments
from sparring.viewing.rose import rose
from sparring.viewing.sheet import NAMES_PX, SIZE_PX, Sheet
from sparring.viewing.tones import BAR, CHOSEN, Box
from sparring.viewing.words import outcome, told


def attempts(run: RunFolder, pattern: str) -> Iterator[Replay]:
    """All attempts of some shards, played again."""
    for shard in sorted(run.path.glob(pattern)):
        for row in read_shard(shard).to_pylist():
            yield replay(attempt_of(run, run.config(), shard, row))


@pytest.fixture(scope="module")
def attacked(crossed: RunFolder) -> Replay:
    """An attempt that met a whole attack with a second hand."""
    found = attempts(crossed, "stages/snatch-1/*.parquet")
    return next(one for one in found if one.lifted and one.motions[-1].name == "attacking")


@pytest.fixture(scope="module")
def random(played: tiny.PlayedRun) -> Replay:
    """A random grasp."""
    return replay(find_attempt(played.folder, "random/00000/0000-0"))


@pytest.fixture(scope="module")
def frames(attacked: Replay, crossed: RunFolder) -> list[Image.Image]:
    """Every twelfth frame of its film."""
    _, drawn = film(attacked, belief_of(crossed, attacked))
    return [frame for number, frame in enumerate(drawn) if number % 12 == 0]


def test_moments_are_evenly_spaced_in_real_time_from_the_beginning_to_the_end(attacked: Replay) -> None:
    times = np.array([moment.time_s for moment in film_moments(attacked, 25)])
    step_s = attacked.attempt.config.world.timestep_s
    assert times[-1] == attacked.duration_s
    assert np.allclose(np.diff(times[:-1]), 1 / 25, atol=1.01 * step_s)
    assert len(times) == np.ceil(attacked.duration_s * 25) + 1


def test_a_moment_is_the_last_step_that_is_not_later(attacked: Replay) -> None:
    for motion in attacked.motions:
        for step in (0, len(motion.states) - 1):
            (found,) = moments_at(attacked, [float(motion.times_s[step])])
            assert (found.motion, found.step) == (motion, step)
    first, last = moments_at(attacked, [-1.0, 1e9])
    assert (first.step, first.motion) == (0, attacked.motions[0])
    assert np.array_equal(last.state, attacked.end_state)


@pytest.mark.parametrize("frames_n", [1, 2, 5, 6, 9])
def test_at_least_half_of_the_telling_moments_are_of_the_attack_and_the_last_is_the_end(attacked: Replay, frames_n: int) -> None:
    moments = telling_moments(attacked, frames_n)
    assert len(moments) == frames_n
    assert 2 * sum(moment.is_attack for moment in moments) >= frames_n
    assert frames_n == 1 or not moments[0].is_attack
    assert moments[-1].time_s == attacked.duration_s
    assert [moment.time_s for moment in moments] == sorted(moment.time_s for moment in moments)


def test_without_an_attack_moments_are_spread_over_the_grasp(random: Replay) -> None:
    times = [moment.time_s for moment in telling_moments(random, 4)]
    assert times == pytest.approx([random.duration_s * share for share in (0.25, 0.5, 0.75, 1.0)], abs=0.003)


def test_smooth_forces_are_those_that_are_judged(attacked: Replay) -> None:
    closing = attacked.motions[0]
    judged = smooth_forces_n(closing)[-1].min()
    assert judged == pytest.approx(attacked.attempt.row["force_closing_n"], rel=1e-5)


def test_scores_are_those_that_the_grasp_was_chosen_by(crossed: RunFolder) -> None:
    chosen = [
        one
        for pattern in ("stages/shake-1/*", "evaluation/*/*/*", "stages/collaborative-2/*")
        for one in attempts(crossed, f"{pattern}.parquet")
    ]
    for again in chosen:
        belief = belief_of(crossed, again)
        assert belief.scores is not None
        assert belief.scores.shape == (18,)
        assert belief.scores[again.attempt.row["angle"]] == pytest.approx(again.attempt.row["probability"], abs=2e-3)
    assert {player_of(one.attempt) for one in chosen} >= {START, "collaborative", "shake-1", "shake-2", "collaborative-1"}


def test_every_stage_has_the_player_that_was_last_trained_in_its_arm(played: tiny.PlayedRun) -> None:
    choosers = {stage.name: chooser_of(played.config, stage.name) for stage in stages_of(played.config)}
    assert choosers == {
        "random": None,
        "collaborative-1": START,
        "collaborative-2": "collaborative-1",
        "collaborative-3": "collaborative-2",
        "shake-1": START,
        "shake-2": "shake-1",
        "snatch-1": "shake-2",
    }
    with pytest.raises(ConfigError, match="shake-9"):
        chooser_of(played.config, "shake-9")


def test_nobody_has_scores_for_a_random_grasp(random: Replay, played: tiny.PlayedRun) -> None:
    belief = belief_of(played.folder, random)
    assert (belief.player, belief.scores, belief.why_not) == (None, None, RANDOM_GRASP)


@pytest.mark.parametrize("content", [None, b"", b"not a player"])
def test_without_its_player_an_attempt_is_shown_without_scores_and_says_why(
    attacked: Replay, copied: RunFolder, content: bytes | None
) -> None:
    player = copied.player("shake-2")
    player.unlink()
    if content is not None:
        player.write_bytes(content)
    belief = belief_of(copied, attacked)
    assert belief.scores is None
    assert "no scores" in belief.why_not
    assert "shake-2.safetensors" in told(attacked, belief)
    _, frames = film(attacked, belief)
    assert next(frames).size == SIZE_PX


def test_words_say_what_happened_and_whether_it_was_exact(attacked: Replay, crossed: RunFolder) -> None:
    belief = belief_of(crossed, attacked)
    said = told(attacked, belief)
    assert all(motion.name in said for motion in attacked.motions)
    assert attacked.attempt.name in said
    assert "adversary: snatch " in said
    assert "to the bit: it ended" in said
    other = told(replace(attacked, differences=("the end state differs",)), belief)
    assert "NOT replayed to the bit" in other
    assert "the end state differs" in other


def test_every_outcome_has_words_of_its_own(attacked: Replay) -> None:
    def ended(**what: bool | None) -> str:
        return outcome(replace(attacked, **({"invalid": False, "sensed": True, "lifted": True, "dislodged": None} | what)))  # type: ignore[arg-type]

    cases = [
        ended(),
        ended(dislodged=True),
        ended(dislodged=False),
        ended(lifted=False, dislodged=True),
        ended(lifted=False, sensed=False),
        ended(invalid=True),
    ]
    assert len(set(cases)) == len(cases)
    assert "adversary wins" in cases[1]
    assert "player wins" in cases[2]


def test_frames_are_as_large_as_promised_and_tell_the_outcome_only_in_the_end(
    attacked: Replay, frames: list[Image.Image], crossed: RunFolder
) -> None:
    assert {frame.size for frame in frames} == {SIZE_PX}
    assert all(ImageChops.difference(one, other).getbbox() for one, other in pairwise(frames))
    frames_n, drawn = film(attacked, belief_of(crossed, attacked))
    last = list(drawn)[-2:]
    assert frames_n == len(film_moments(attacked, FPS))
    box = (200, 300, 440, 340)
    colours = [np.asarray(frame.crop(box)).reshape(-1, 3) for frame in last]
    pill = [(colour[:, 0].astype(int) - colour[:, 2] > 60) | (colour[:, 1].astype(int) - colour[:, 0] > 60) for colour in colours]
    assert pill[1].mean() > 0.5 > pill[0].mean()


def test_a_long_name_is_cut_before_the_clock(attacked: Replay, crossed: RunFolder) -> None:
    row = attacked.attempt.row | {"attempt": "snatch-1/tennis-pack/" + "6649541408853371748/" * 6}
    named = replace(attacked, attempt=replace(attacked.attempt, row=row))
    sheets = [Sheet(one, belief_of(crossed, attacked)).frame(film_moments(one, 1)[0], is_last=False) for one in (attacked, named)]
    changed = ImageChops.difference(*sheets).getbbox()
    assert changed is not None
    assert changed[2] <= 16 + NAMES_PX
    assert changed[3] < 45


def test_an_attempt_that_went_wrong_is_drawn_whatever_was_felt(attacked: Replay, crossed: RunFolder) -> None:
    forces = attacked.motions[0].forces_n.copy()
    forces[5:9] = [[np.nan, np.inf], [-np.inf, 1e9], [1e300, 0.0], [0.0, 0.0]]
    wrong = replace(attacked, motions=(replace(attacked.motions[0], forces_n=forces),), invalid=True)
    frames = [frame for _, frame in zip(range(2), film(wrong, belief_of(crossed, attacked))[1], strict=False)]
    assert {frame.size for frame in frames} == {SIZE_PX}


def test_the_longest_wedge_is_the_best_angle_and_the_chosen_one_is_green() -> None:
    scores = np.full(18, 0.1)
    scores[3] = 1.0
    box = Box(0, 0, 296, 234)
    drawn = np.asarray(rose(scores, 3, "start", box)).astype(int)
    green = np.argwhere((abs(drawn - CHOSEN).sum(axis=2) < 12) & (np.arange(box.height) > 30)[:, None])
    rows, columns = box.height - 24 - green[:, 0], green[:, 1] - box.width // 2
    far = np.hypot(rows, columns) > 40
    assert np.rad2deg(np.arctan2(rows[far], columns[far])) == pytest.approx(30, abs=6)
    assert (abs(drawn - BAR).sum(axis=2) < 12).any()


def test_a_strip_is_so_many_frames_wide_with_words_below(attacked: Replay) -> None:
    sheet = strip(attacked, frames_n=4, side_px=60)
    assert sheet.width == pytest.approx(4 * 60, abs=20)
    assert 60 < sheet.height < 90
    assert np.asarray(sheet)[61:].min() < 120


def test_an_animation_is_in_real_time_and_stays_on_its_last_frame(attacked: Replay) -> None:
    with Image.open(BytesIO(animation(attacked, side_px=48, fps=5))) as read:
        assert read.size == (48, 48)
        durations = []
        for number in range(read.n_frames):
            read.seek(number)
            read.load()
            durations.append(read.info["duration"])
    assert durations[-1] >= 1000 * LAST_FRAME_S
    assert sum(durations) == pytest.approx(1000 * (attacked.duration_s + LAST_FRAME_S), abs=400)


def test_an_mp4_holds_every_frame_and_the_last_for_a_while(frames: list[Image.Image], tmp_path: Path) -> None:
    write_film(tmp_path / "film.mp4", iter(frames), fps=10)
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert float(stream.average_rate) == 10
        read = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(stream)]
    assert len(read) == len(frames) + 10 * LAST_FRAME_S
    for one, written in zip(read, frames, strict=False):
        assert one.shape == (SIZE_PX[1], SIZE_PX[0], 3)
        assert abs(one - np.asarray(written)).mean() < 4
    assert abs(read[0] - read[-1]).mean() > 2


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".GIF"])
def test_webp_and_gif_hold_every_frame(frames: list[Image.Image], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    write_film(path, iter(frames), fps=10)
    with Image.open(path) as read:
        assert read.size == SIZE_PX
        assert read.n_frames == len(frames)
        first = np.asarray(read.convert("RGB")).astype(int)
        read.seek(read.n_frames - 1)
        last = np.asarray(read.convert("RGB")).astype(int)
    assert abs(first - np.asarray(frames[0])).mean() < 6
    assert abs(last - np.asarray(frames[-1])).mean() < 6


def test_a_film_of_another_kind_is_refused_before_a_frame_is_drawn(tmp_path: Path) -> None:
    def never() -> Iterator[Image.Image]:
        raise AssertionError
        yield

    with pytest.raises(ConfigError, match=r"\.mp4, \.webp, \.gif"):
        write_film(tmp_path / "film.avi", never(), fps=10)


def test_without_pyav_an_mp4_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(film_file, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'sparring\[film\]'; \.webp and \.gif need nothing"):
        write_film(tmp_path / "film.mp4", iter(()), fps=10)


@pytest.mark.parametrize("suffix", [".mp4", ".webp"])
def test_what_cannot_be_written_leaves_nothing_behind(frames: list[Image.Image], tmp_path: Path, suffix: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(RunFolderError, match="could not write"):
        write_film(tmp_path / "file" / f"film{suffix}", iter(frames), fps=10)

    def interrupted() -> Iterator[Image.Image]:
        yield frames[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(tmp_path / f"film{suffix}", interrupted(), fps=10)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
