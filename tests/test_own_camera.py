"""A whole match seen from aside, through a bent lens, with heights, noise and randomised looks: played, told, exported, used."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
from lenses import lens
from PIL import Image

from sparring import Grasper
from sparring.config import BoutConfig, CameraConfig, RandomiseConfig, RunConfig
from sparring.data.pictures import decode_image
from sparring.data.store import read_stage
from sparring.evaluation.attempts import telling_attempt
from sparring.evaluation.export import export
from sparring.evaluation.integrity import verify
from sparring.game.replay import replay
from sparring.players.checkpoint import load_player
from sparring.viewing.beliefs import belief_of
from sparring.viewing.document import Gallery
from sparring.viewing.film import film
from sparring.viewing.report import report


def config() -> RunConfig:
    """One shake iteration, seen from aside."""
    camera = CameraConfig(
        width_px=160,
        height_px=120,
        pixel_m=0.003,
        lens=lens(30.0, size_px=(320, 240)).over_table(),
        depth=True,
        noise=2.0,
        blur_px=0.5,
        depth_noise_m=0.001,
        randomise=RandomiseConfig(0.2, 0.2, 0.3, 0.1, 0.3, 0.05, 3.0, 0.1, 2.0),
    )
    whole = tiny.tiny_config()
    match = replace(whole.match, random_grasps_n=8, bouts=(BoutConfig("shake", 1, 8),), collaborative_grasps_n=12)
    return replace(whole, world=replace(whole.world, camera=camera), match=match)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tiny.PlayedRun:
    """The match."""
    return tiny.play(config(), tmp_path_factory.mktemp("aside") / "run")


@pytest.fixture(scope="module")
def seen(run: tiny.PlayedRun) -> np.ndarray:
    """A picture that it was played on."""
    return decode_image(read_stage(run.folder.stage("random"))["image"][0]["bytes"].as_py())


def test_worker_processes_see_the_same(run: tiny.PlayedRun, tmp_path: Path) -> None:
    assert tiny.play(config(), tmp_path / "run", executor="process", workers_n=2).digest == run.digest


def test_records_hold_colours_and_heights_and_nothing_is_damaged(run: tiny.PlayedRun, seen: np.ndarray) -> None:
    assert seen.shape == (120, 160, 4)
    assert 10 < seen[..., 3].max() < 200
    assert not verify(run.folder).damages
    network, card = load_player(run.folder.player("shake-1"))
    assert network.channels_n == card.channels_n == 4


def test_an_attack_is_replayed_to_the_bit_and_filmed(run: tiny.PlayedRun) -> None:
    again = replay(telling_attempt(run.folder))
    assert again.differences == ()
    belief = belief_of(run.folder, again)
    count, frames = film(again, belief)
    assert count > 10
    assert next(iter(frames)).mode == "RGB"


def test_a_report_shows_its_pictures(run: tiny.PlayedRun) -> None:
    sections = report([run.folder]).sections
    pictures = [block for section in sections for block in section.parts if isinstance(block, Gallery)]
    assert sum(len(gallery.pictures) for gallery in pictures) > 3


def test_an_exported_player_says_that_it_sees_heights_and_does(
    run: tiny.PlayedRun, seen: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(run.folder.player("shake-1"), tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert "RGB and height over the table in millimetres" in text
    shutil.copy(tmp_path / "out" / "model.onnx", tmp_path / "model.onnx")
    Image.fromarray(seen).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    _, alone = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, np.ndarray] = {}
    exec(alone, names)
    grasper = Grasper.load(tmp_path / "out")
    assert names["logits"] == pytest.approx(grasper.protagonist.score(seen, names["centres"]), abs=1e-4)
    assert grasper.predict(tmp_path / "photo.png") == grasper.predict(seen)
