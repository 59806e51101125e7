"""The picture by which somebody sees whether a gripper was understood, and the command that draws it."""

from pathlib import Path

import numpy as np
import pytest
from drawn_hands import LINKAGE, LINKAGE_ADAPTER, RACK, RACK_ADAPTER, drawn
from PIL import Image

from sparring.cli.hands import hand as hand_command
from sparring.cli.yours import YoursConfig, with_yours
from sparring.config import SMOKE, HandConfig, WorldConfig
from sparring.errors import ConfigError
from sparring.viewing.hand_sheet import AXES, hand_sheet
from sparring.world.grippers.store import bring_in
from sparring.world.scene import Scene, SceneSpec
from sparring.world.solids import solids


@pytest.fixture(autouse=True)
def _kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def linkage(tmp_path: Path) -> str:
    return drawn(tmp_path, "linkage", LINKAGE, LINKAGE_ADAPTER)


def dark_between(panel: np.ndarray) -> int:
    """Columns of the pads' row that show sky or table between the fingers: those about the middle, up to the first dark one."""
    red = np.abs(panel.astype(int) - AXES[0][1]).sum(axis=2) < 60
    row = panel[int(np.median(np.nonzero(red)[0])) + 3].mean(axis=1)
    middle = len(row) // 2
    return int(np.argmax(row[middle:] < 90) + np.argmax(row[middle::-1] < 90))


def test_the_sheet_shows_the_fingers_apart_and_then_together(linkage: str) -> None:
    sheet = np.asarray(hand_sheet(bring_in(linkage), side_px=160))
    assert sheet.shape == (180, 480, 3)
    apart, together = (dark_between(sheet[:160, start : start + 160]) for start in (0, 160))
    assert apart > 3 * max(together, 1)


def test_the_command_keeps_draws_and_tells(linkage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_command("show", linkage, out=tmp_path / "hand.png")
    told = capsys.readouterr().out
    assert "opens to 95.6 mm, closes to 5.5 mm" in told
    with Image.open(tmp_path / "hand.png") as picture:
        assert picture.width == 960
    assert len(list((tmp_path / "cache" / "hands").glob("linkage@*.json"))) == 1
    with pytest.raises(ConfigError, match=r"must end in \.png"):
        hand_command("show", linkage, out=tmp_path / "hand.jpg")


def test_hands_are_put_where_they_belong_and_keep_what_no_model_says(linkage: str, tmp_path: Path) -> None:
    rack = drawn(tmp_path, "rack", RACK, "force_n = 40\n" + RACK_ADAPTER)
    config = with_yours(SMOKE, YoursConfig(hand=linkage, second_hand=rack), ())
    assert config.world.hand.model.startswith("linkage@")
    assert config.attack.snatch.second_hand.hand.model.startswith("rack@")
    assert config.world.hand.closing_speed_m_s == SMOKE.world.hand.closing_speed_m_s
    assert with_yours(SMOKE, YoursConfig(), ()) == SMOKE
    assert bring_in(rack, HandConfig(closing_speed_m_s=0.05)).closing_speed_m_s == 0.05


def test_meshes_of_a_hand_are_solids_too(tmp_path: Path) -> None:
    """A tetrahedron as palm stands as the box around it."""
    palm = '<geom type="mesh" mesh="palm"/>'
    model = RACK.replace('<geom type="box" size="0.02 0.06 0.03"/>', palm).replace(
        "<worldbody>", '<asset><mesh name="palm" vertex="0 0 0  0.02 0 0  0 0.06 0  0 0 0.04"/></asset><worldbody>'
    )
    hand = bring_in(drawn(tmp_path, "rack", model, RACK_ADAPTER))
    scene = Scene(WorldConfig(hand=hand), SceneSpec("hand-tool", 0))
    found = {solid.name: solid for solid in solids(scene, scene.engine.initial_state())}
    assert found["0_link"].shape == "box"
    assert sorted(found["0_link"].half_size_m) == pytest.approx([0.01, 0.02, 0.03], abs=0.02)
    assert len(found) == scene.engine.model.ngeom
