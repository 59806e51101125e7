"""A scene is decided by its spec, and measures what is in it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from stage import OBJECT_QPOS, box, laid_at, scene_with
from tiny import world_config

from sparring.errors import ConfigError
from sparring.world.scene import Scene, SceneSpec


def test_the_same_spec_settles_to_the_same_bits_in_every_process() -> None:
    code = (
        "from tiny import world_config; from sparring.world.scene import Scene, SceneSpec; "
        "print(Scene(world_config(), SceneSpec('hammer-0003', 11)).settled.tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"], capture_output=True, text=True, check=True
    )
    here = Scene(world_config(), SceneSpec("hammer-0003", 11)).settled
    assert done.stdout.strip() == here.tobytes().hex()


def test_another_seed_lays_the_object_elsewhere() -> None:
    first, second = (Scene(world_config(), SceneSpec("hammer-0003", seed)).settled for seed in (1, 2))
    assert np.abs(first[OBJECT_QPOS][:2] - second[OBJECT_QPOS][:2]).max() > 0.001


def test_bounds_and_centre_of_mass_of_a_box_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_with(monkeypatch, box((0.10, 0.04, 0.03), 0.2), world_config())
    state = laid_at(scene, 0.02, -0.03, 0.01)
    low, high = scene.object_bounds_m(state)
    assert low == pytest.approx([-0.03, -0.05, 0.01])
    assert high == pytest.approx([0.07, -0.01, 0.04])
    assert scene.object_top_m(state) == pytest.approx(0.04)
    assert scene.centre_of_mass_m(state) == pytest.approx([0.02, -0.03, 0.025])


def test_an_object_that_finds_no_rest_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = replace(world_config(), spread_m=(0.0, 0.0))
    monkeypatch.setattr("sparring.world.scene.REST_M_S", 0.0)
    with pytest.raises(ConfigError, match=r"'crate-0001' did not come to rest"):
        _ = Scene(world, SceneSpec("crate-0001", 0)).settled
