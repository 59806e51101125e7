"""A config, a setting and a config file are read or refused, whatever they are."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hostile import ANY_TEXT, JSON_TEXTS, JSON_VALUES, damaged, fuzzed, mostly, paths_in, read_or_refused, with_texts
from hypothesis import given
from hypothesis import strategies as st

from sparring.config import SMOKE, RunConfig
from sparring.config_file import altered, from_json, hash_of, to_json
from sparring.errors import ConfigError
from sparring.game.plan import all_players, stages_of
from sparring.game.run_folder import RunFolder

TREE = json.loads(to_json(SMOKE))
PATHS = paths_in(TREE)
BOUT_PATHS = [("adversary",), ("iterations_n",), ("grasps_per_iteration_n",), ("surprise",)]
WHOLE = to_json(SMOKE).encode()


def usable(config: RunConfig | None) -> None:
    """What was read is a config: it can be written, named, and its stages and players lie within a run."""
    if config is None:
        return
    assert from_json(to_json(config)) == config
    assert hash_of(config)
    names = [stage.name for stage in stages_of(config)] + [name for name, _ in all_players(config)]
    assert len(names) < 10_000
    assert all(Path(name).parts == (name,) and name.isprintable() for name in names)


@fuzzed
@given(st.lists(st.tuples(st.sampled_from(PATHS), JSON_TEXTS), min_size=1, max_size=3))
def test_a_config_with_any_values_is_read_or_refused(changes: list[tuple[tuple[str, ...], str]]) -> None:
    usable(read_or_refused(lambda: from_json(with_texts(TREE, changes))))


@fuzzed
@given(st.sampled_from([(), *PATHS]), ANY_TEXT, JSON_TEXTS)
def test_a_config_with_any_further_key_is_read_or_refused(path: tuple[str, ...], key: str, text: str) -> None:
    usable(read_or_refused(lambda: from_json(with_texts(TREE, [((*path, key), text)]))))


@fuzzed
@given(st.lists(st.tuples(st.sampled_from(BOUT_PATHS), JSON_TEXTS), max_size=3), mostly("900000", JSON_TEXTS))
def test_bouts_of_any_kind_are_read_or_refused(changes: list[tuple[tuple[str, ...], str]], grasps: str) -> None:
    bout = with_texts(asdict(SMOKE.match.bouts[0]), changes)
    tree = [(("match", "bouts"), f"[{bout}]"), (("match", "collaborative_grasps_n"), grasps)]
    usable(read_or_refused(lambda: from_json(with_texts(TREE, tree))))


@fuzzed
@given(JSON_TEXTS)
def test_any_json_is_a_config_or_refused(text: str) -> None:
    usable(read_or_refused(lambda: from_json(text)))


@fuzzed
@given(damaged(WHOLE))
def test_a_damaged_config_file_is_read_or_refused(folder: Path, content: bytes) -> None:
    run = RunFolder(folder)
    run.config_path.write_bytes(content)
    usable(read_or_refused(run.config))


SETTING_NAMES = st.sampled_from([".".join(path) for path in PATHS] + ["match.bouts.0", "match.bouts.0.adversary"]) | ANY_TEXT
SETTINGS = st.builds("{}={}".format, SETTING_NAMES, JSON_TEXTS | ANY_TEXT) | ANY_TEXT


@fuzzed
@given(st.lists(SETTINGS, min_size=1, max_size=3))
def test_any_settings_are_applied_or_refused(settings: list[str]) -> None:
    usable(read_or_refused(lambda: altered(SMOKE, tuple(settings))))


@fuzzed
@given(st.sampled_from(PATHS), JSON_VALUES)
def test_a_setting_does_what_the_same_value_in_a_file_does(path: tuple[str, ...], value: object) -> None:
    text = json.dumps(value)
    set_there = read_or_refused(lambda: from_json(with_texts(TREE, [(path, text)])))
    assert read_or_refused(lambda: altered(SMOKE, (f"{'.'.join(path)}={text}",))) == set_there


@pytest.mark.parametrize(
    "adversary", ["../../shake", "/tmp/shake", "", "a" * 300, "shake\0", "shake\n", "\ud800", "shake 1", "é" * 80]
)
def test_an_adversary_whose_stages_would_lie_elsewhere_is_refused(adversary: str) -> None:
    with pytest.raises(ConfigError, match=r"BoutConfig\.adversary"):
        from_json(
            with_texts(
                TREE,
                [
                    (
                        (
                            "match",
                            "bouts",
                        ),
                        json.dumps([asdict(SMOKE.match.bouts[0]) | {"adversary": adversary}]),
                    )
                ],
            )
        )


@pytest.mark.parametrize(
    "name", ["match.random_grasps_n", "match.collaborative_grasps_n", "test.tries_n", "world.objects.novel_n"]
)
def test_a_count_without_end_is_refused(name: str) -> None:
    for value in (10**9 + 1, 10**15, 10**400):
        with pytest.raises(ConfigError, match="at most 1000000"):
            altered(SMOKE, (f"{name}={value}",))


@pytest.mark.parametrize(
    "settings",
    [("attack={}", "attack.shake.turn_s=1"), ("match.bouts=[]", "match.bouts.0.adversary=a"), ("world=3", "world.timestep_s=1")],
)
def test_a_setting_within_what_another_has_replaced_is_refused(settings: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="a setting before it has replaced what it is a part of"):
        altered(SMOKE, settings)


def test_iterations_without_end_are_refused() -> None:
    with pytest.raises(ConfigError, match="iterations_n must be at most 1000"):
        altered(SMOKE, ("match.bouts.0.iterations_n=1001", "match.collaborative_grasps_n=900000"))


def test_a_long_value_is_not_told_whole() -> None:
    with pytest.raises(ConfigError, match=r"expected float, got 'xxx.*\.\.\. .*learning\.alpha") as caught:
        from_json(with_texts(TREE, [(("learning", "alpha"), json.dumps("x" * 100_000))]))
    assert len(str(caught.value)) < 2000


def test_a_name_that_is_none_of_a_few_is_told_with_them() -> None:
    with pytest.raises(ConfigError, match=r"expected auto or fp32 or bf16, got 'a\\nb'"):
        from_json(with_texts(TREE, [(("learning", "precision"), json.dumps("a\nb"))]))
