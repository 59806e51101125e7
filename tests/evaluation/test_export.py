"""A player exported to be used elsewhere."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image

from sparring.config import NetworkConfig, PatchConfig
from sparring.errors import CheckpointError, ConfigError, DataError, ExportError, SparringError
from sparring.evaluation.evaluate import read_results
from sparring.evaluation.export import ADVERSARY_USE, WITHOUT_RUN, export
from sparring.game.run_folder import RunFolder
from sparring.players import onnx_model
from sparring.players.checkpoint import PlayerCard, load_player, save_player
from sparring.players.grasper import Grasper
from sparring.players.networks import new_network

pytest.importorskip("onnxruntime")
NAMES = ["README.md", "config.json", "model.onnx", "model.safetensors"]


def picture() -> np.ndarray:
    """A picture full of features."""
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(played: tiny.PlayedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "shake-2"
    assert sorted(path.name for path in export(played.folder.player("shake-2"), out)) == NAMES
    return out


def test_an_export_is_whole_and_readable_by_others(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in folder.iterdir())


def test_an_exported_player_grasps_as_its_checkpoint_does(folder: Path, played: tiny.PlayedRun) -> None:
    exported, own = Grasper.load(folder), Grasper.load(played.folder.player("shake-2"))
    assert exported.card == own.card
    assert exported.predict(picture()) == own.predict(picture())


def test_a_config_says_what_goes_in_and_what_comes_out(folder: Path, played: tiny.PlayedRun) -> None:
    told = json.loads((folder / "config.json").read_text())
    _, card = load_player(played.folder.player("shake-2"))
    assert told["input"]["shape"] == ["batch", 3, 64, 64]
    assert told["output"]["shape"] == ["batch", 18]
    assert told["preprocessing"]["patch_px"] == pytest.approx(card.patches.size_px(card.pixel_m))
    assert told["run"]["seed"] == played.config.seed


def test_a_model_card_has_the_runs_own_results(folder: Path, played: tiny.PlayedRun) -> None:
    text = (folder / "README.md").read_text()
    assert text.startswith("---\nlicense: apache-2.0\n")
    (row,) = [row for row in read_results(played.folder) if row["player"] == "shake-2"]
    assert f"| {row['protocol']} | {row['objects']} | {100 * row['rate']:.1f} %" in text
    assert f"| {row['n']} |" in text
    assert WITHOUT_RUN not in text


def test_the_models_own_instructions_give_what_the_network_gives(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    with_package, alone = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    exec(with_package, {})
    assert len(capsys.readouterr().out.splitlines()) == 5
    names: dict[str, np.ndarray] = {}
    exec(alone, names)
    player = Grasper.load(folder).protagonist
    assert len(names["centres"]) == player.patches_n
    assert names["logits"] == pytest.approx(player.score(picture(), names["centres"]), abs=1e-4)
    assert "degrees counter-clockwise" in capsys.readouterr().out


def test_an_adversary_is_exported_too(played: tiny.PlayedRun, tmp_path: Path) -> None:
    export(played.folder.player("adversary-snatch-1"), tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "which snatch makes a grasped object fall" in text
    assert "the largest of the 36" in text
    assert ADVERSARY_USE.splitlines()[0] in text
    with pytest.raises(CheckpointError, match="role adversary"):
        Grasper.load(tmp_path)


def test_a_lone_checkpoint_says_that_nothing_is_known_of_it(tmp_path: Path) -> None:
    card = PlayerCard("mine", "protagonist", "compact", 18, 0.003, PatchConfig(), 32, 100)
    save_player(tmp_path / "mine.safetensors", new_network(NetworkConfig("compact"), 18, dropout=0.5, seed=0), card)
    files = export(tmp_path / "mine.safetensors", tmp_path / "out", onnx=False)
    assert len(files) == 3
    text = (tmp_path / "out" / "README.md").read_text()
    assert WITHOUT_RUN in text
    assert "model.onnx" not in text


def test_an_export_takes_the_place_of_another_whole(played: tiny.PlayedRun, tmp_path: Path) -> None:
    export(played.folder.player("start"), tmp_path / "out")
    export(played.folder.player("shake-1"), tmp_path / "out", onnx=False)
    assert not (tmp_path / "out" / "model.onnx").exists()
    assert Grasper.load(tmp_path / "out").card.name == "shake-1"


def test_nothing_else_is_overwritten(played: tiny.PlayedRun, copied: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "README.md").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = copied.config_path.read_bytes()
    for out in (copied.path, tmp_path / "notes", tmp_path / "file"):
        with pytest.raises(ExportError, match="holds something else"):
            export(played.folder.player("start"), out, onnx=False)
    assert copied.config_path.read_bytes() == before
    assert (tmp_path / "notes" / "README.md").read_text() == "mine"


def test_a_damaged_player_does_not_get_the_results_of_a_whole_one(copied: RunFolder, tmp_path: Path) -> None:
    path = copied.player("start")
    copied.enter(path)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged.*sparring verify"):
        export(path, tmp_path / "out", onnx=False)


def test_an_export_is_exported_again(folder: Path, tmp_path: Path) -> None:
    export(folder, tmp_path / "again", onnx=False)
    assert Grasper.load(tmp_path / "again").predict(picture()) == Grasper.load(folder).predict(picture())


def test_a_player_of_a_damaged_run_is_not_exported_in_silence(copied: RunFolder, tmp_path: Path) -> None:
    copied.metrics_path.write_text('{"fit": "start", "summary": {"held_out": {"n": 3}}}\n')
    with pytest.raises(DataError, match="metrics"):
        export(copied.player("start"), tmp_path / "out", onnx=False)
    copied.config_path.write_text("{")
    with pytest.raises(SparringError, match="config"):
        export(copied.player("start"), tmp_path / "out", onnx=False)
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_the_network_is_refused(
    played: tiny.PlayedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_model, "TOLERANCE", -1.0)
    with pytest.raises(ExportError, match="differ from the network's"):
        export(played.folder.player("start"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_its_libraries_an_export_says_what_to_install(
    played: tiny.PlayedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_model, "NEEDED", ("onnx", "there_is_no_such_library"))
    with pytest.raises(ConfigError, match=r"there_is_no_such_library: pip install 'sparring\[onnx\]'"):
        export(played.folder.player("start"), tmp_path / "out")
    assert export(played.folder.player("start"), tmp_path / "out", onnx=False)
