"""Objects by name, their sets, and that all of them can be laid on the table."""

import hashlib
import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import OBJECT_QPOS
from tiny import world_config

from sparring.config import OBJECT_SETS, ObjectConfig
from sparring.errors import ConfigError
from sparring.world.carrier import PARKED_HAND_M
from sparring.world.hand import HAND_TARGETS_N
from sparring.world.objects.catalogue import FAMILIES, names_in, object_named
from sparring.world.objects.families import NOVEL_FAMILIES, TRAINING_FAMILIES
from sparring.world.objects.model import MATERIALS, Part, assemble
from sparring.world.objects.named import NAMED_OBJECTS
from sparring.world.scene import Scene, SceneSpec

CONFIG = ObjectConfig(training_n=40, held_out_n=40, novel_n=20)
LAID = [*NAMED_OBJECTS, *(f"{family}-{seed:04d}" for family in FAMILIES for seed in (1, 2))]
FIGURE_11 = [
    "tennis-pack",
    "hand-tool",
    "water-gun-1",
    "slingy-box",
    "plush-toy",
    "turtle-toy",
    "water-gun-2",
    "soap-bottle",
    "ring-toy",
    "foam-bottle",
]
FROZEN = "405026679626436d6b21d51760664ffbae68ef40e5d1ed66e9677faeeb1d2e93"


def rounded(tree: object) -> object:
    """Numbers to nine places, so that a digest does not hang on the last bit."""
    if isinstance(tree, dict):
        return {key: rounded(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [rounded(value) for value in tree]
    return round(tree, 9) + 0.0 if isinstance(tree, float) else tree


def test_the_named_objects_are_the_papers_ten_and_frozen() -> None:
    assert list(NAMED_OBJECTS) == FIGURE_11
    trees = {name: asdict(model) for name, model in NAMED_OBJECTS.items()}
    assert [tree.pop("mesh") for tree in trees.values()] == [None] * 10
    text = json.dumps(rounded(trees), sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == FROZEN


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_name_is_the_same_object(family: str) -> None:
    first = object_named(f"{family}-0007", CONFIG)
    object_named.cache_clear()
    assert object_named(f"{family}-0007", CONFIG) == first
    assert object_named(f"{family}-0008", CONFIG).parts != first.parts
    assert (first.name, first.family) == (f"{family}-0007", family)


def test_sets_share_no_object() -> None:
    names = [name for which in OBJECT_SETS for name in names_in(which, CONFIG)]
    assert len(set(names)) == len(names) == 40 + 40 + 20 + 10


def test_novel_families_are_never_trained_on() -> None:
    assert NOVEL_FAMILIES.keys().isdisjoint(TRAINING_FAMILIES)
    assert NAMED_OBJECTS.keys().isdisjoint(FAMILIES)
    trained = {name.rpartition("-")[0] for which in ("training", "held-out") for name in names_in(which, CONFIG)}
    novel = {name.rpartition("-")[0] for name in names_in("novel-families", CONFIG)}
    assert trained == set(TRAINING_FAMILIES)
    assert novel == set(NOVEL_FAMILIES)
    assert len(TRAINING_FAMILIES) >= 10


@given(st.integers(1, 90_000) | st.just(65_001))
def test_held_out_objects_are_never_trained_on_however_many_there_are(training_n: int) -> None:
    try:
        config = ObjectConfig(training_n=training_n, held_out_n=26)
    except ConfigError:
        return
    assert set(names_in("training", config)).isdisjoint(names_in("held-out", config))


@pytest.mark.parametrize("name", ["teapot", "teapot-0001", "bar", "bar-", "bar-x", "bar--1", "0001", ""])
def test_an_unknown_object_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigError, match=r"no object is called .*tennis-pack.*hammer-SEED"):
        object_named(name, CONFIG)


@given(st.sampled_from(sorted(FAMILIES)), st.integers(0, 10_000))
def test_no_object_is_lighter_or_heavier_than_allowed(family: str, seed: int) -> None:
    config = ObjectConfig(mass_kg=(0.15, 0.25), mass_middle_kg=0.2, mass_exponent=1.0, mass_factor=(0.5, 2.0))
    assert 0.15 - 1e-9 <= object_named(f"{family}-{seed}", config).mass_kg <= 0.25 + 1e-9


@given(st.sampled_from(sorted(FAMILIES)), st.integers(0, 10_000))
def test_an_object_is_graspably_sized_and_made_of_known_stuff(family: str, seed: int) -> None:
    model = object_named(f"{family}-{seed}", CONFIG)
    corners = np.array([np.array(part.position_m) for part in model.parts])
    assert float(np.ptp(corners, axis=0).max()) < 0.25
    assert all(part.material in MATERIALS and min(part.half_size_m[:2]) > 0.001 for part in model.parts)
    assert len(model.masses_kg) == len(model.parts)
    assert min(model.masses_kg) > 0
    assert model.friction > 0


@given(st.integers(0, 3_000))
def test_paint_hides_what_an_object_is_made_of(seed: int) -> None:
    painted = object_named(f"bar-{seed}", ObjectConfig(painted_share=1.0))
    plain = object_named(f"bar-{seed}", ObjectConfig(painted_share=0.0))
    assert painted.materials_hidden
    assert not plain.materials_hidden
    assert len({part.colour for part in painted.parts}) == 1


def test_parts_share_the_mass_by_volume_and_material() -> None:
    wood = Part("box", (0.05, 0.01, 0.01), (-0.05, 0.0, 0.01), "wood", (0.5, 0.5, 0.5))
    steel = Part("box", (0.05, 0.01, 0.01), (0.05, 0.0, 0.01), "steel", (0.5, 0.5, 0.5))
    model = assemble("pair", "pair", [wood, steel], mass_kg=0.3, friction_factor=2.0)
    heavy = 0.3 * 5200 / (5200 + 650)
    assert model.mass_kg == pytest.approx(0.3)
    assert model.masses_kg == pytest.approx((0.3 - heavy, heavy))
    assert model.centre_of_mass_m[0] == pytest.approx(0.05 * (2 * heavy - 0.3) / 0.3)
    assert model.friction == pytest.approx(2.0 * (1.0 + 0.85) / 2)


@pytest.mark.parametrize("name", LAID)
def test_an_object_comes_to_rest_on_the_table_within_the_workspace(name: str) -> None:
    config = world_config()
    scene = Scene(config, SceneSpec(name, 5))
    settled = scene.settled
    low, high = scene.object_bounds_m(settled)
    assert -0.006 < low[2] < 0.004
    assert np.all(np.abs((low + high)[:2] / 2) <= np.array(config.spread_m) + 0.03)
    assert np.all(settled[1 + scene.engine.model.nq :] == 0)
    controls = np.zeros((1, 250, HAND_TARGETS_N))
    controls[..., 2] = PARKED_HAND_M
    later = scene.engine.play(settled[None], controls)
    assert later.valid[0]
    moved = later.states[0][OBJECT_QPOS][:3] - settled[OBJECT_QPOS][:3]
    assert float(np.linalg.norm(moved)) < 0.004
