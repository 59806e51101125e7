"""Every hand that a test is put to: our own, two drawn for the tests, and those of robosuite where it is installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from drawn_hands import LINKAGE, LINKAGE_ADAPTER, RACK, RACK_ADAPTER, drawn

from sparring.config import HandConfig
from sparring.world.grippers.store import IN_PACKAGES, bring_in

HANDS = ("own", "rack", "linkage", *IN_PACKAGES)
DRAWN = {"rack": (RACK, RACK_ADAPTER), "linkage": (LINKAGE, LINKAGE_ADAPTER)}


@pytest.fixture(autouse=True)
def kept_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Grippers are kept in a folder of the tests."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("SPARRING_CACHE", str(folder))
    return folder


@pytest.fixture(params=HANDS)
def hand(request: pytest.FixtureRequest, tmp_path: Path) -> HandConfig:
    """Each of the hands in turn."""
    name: str = request.param
    if name == "own":
        return HandConfig()
    if name in DRAWN:
        return bring_in(drawn(tmp_path / "drawn", name, *DRAWN[name]))
    package, _ = IN_PACKAGES[name]
    if find_spec(package) is None:
        pytest.skip(f"the package {package} is not installed")
    return bring_in(name)
