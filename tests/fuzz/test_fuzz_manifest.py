"""A manifest, metrics and results are read or found damaged, whatever they say, and nothing outside the run is looked at."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
from hostile import JSON_TEXTS, JSON_VALUES, STRINGS, damaged, fuzzed, read_or_refused
from hypothesis import given
from hypothesis import strategies as st

from sparring.data.files import write_text
from sparring.errors import DataError
from sparring.evaluation.evaluate import all_results
from sparring.evaluation.integrity import Findings, told, verify
from sparring.game.digest import digest_run
from sparring.game.manifest import Manifest, enter, read_manifest
from sparring.game.run_folder import RunFolder

SHA = "0" * 64


@pytest.fixture(scope="module")
def run(played: tiny.PlayedRun, folder: Path) -> RunFolder:
    """A copy of the shared run, sealed, with a wave and a test alone: checking it is quick."""
    path = folder / "run"
    shutil.copytree(played.folder.path, path, ignore=shutil.ignore_patterns("*.safetensors"))
    for shard in path.rglob("*.parquet"):
        if shard.parent.name != "shake-1" and shard.stem != "start":
            shard.unlink()
    run = RunFolder(path)
    write_text(run.results_path, json.dumps(all_results(run, run.config())))
    run.seal()
    return run


def found_in(run: RunFolder) -> Findings | None:
    """What a check finds. It can be told, in lines that any terminal shows, and names nothing outside the run."""
    found = read_or_refused(lambda: verify(run))
    if found is not None:
        assert all(line.isprintable() for line in told(found).split("\n"))
        assert not any(damage.path.is_absolute() or ".." in damage.path.parts for damage in found.damages)
    return found


def replaced(path: Path, content: bytes, then: Callable[[], Any]) -> None:
    """Does something while a file has another content."""
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        then()
    finally:
        path.write_bytes(before)


NAMES = STRINGS | st.sampled_from(
    [
        "",
        ".",
        "/",
        "..",
        "config.json/..",
        "../../etc/passwd",
        "/etc/passwd",
        "config.json/x",
        "stages",
        "config.json",
        "metrics.jsonl",
        "stages/shake-1/wave-00000.parquet",
        "players/start.safetensors",
        "a/" * 3000,
        "n" * 5000,
        "C:\\windows",
        "~",
    ]
)
SUMS = st.dictionaries(NAMES, STRINGS | st.just(SHA) | JSON_VALUES, max_size=6)
MANIFESTS = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"complete": JSON_VALUES, "config": JSON_VALUES, "sha256": SUMS | JSON_VALUES, "more": JSON_VALUES}
    ),
    st.fixed_dictionaries(
        {"complete": st.booleans(), "config": STRINGS, "sha256": st.dictionaries(NAMES, st.just(SHA) | STRINGS, max_size=6)}
    ),
).map(json.dumps)


def manifest_of(run: RunFolder) -> bytes:
    """The bytes of the sealed run's manifest."""
    return run.manifest_path.read_bytes()


@fuzzed
@given(MANIFESTS | JSON_TEXTS)
def test_any_manifest_is_read_or_refused(folder: Path, text: str) -> None:
    path = folder / "manifest.json"
    path.write_bytes(text.encode(errors="surrogatepass"))
    manifest = read_or_refused(lambda: read_manifest(path))
    if manifest is not None:
        assert isinstance(manifest, Manifest)
        enter(path, "config.json", SHA)
        assert read_manifest(path).sha256 == manifest.sha256 | {"config.json": SHA}


@fuzzed
@given(st.data())
def test_a_damaged_manifest_is_read_or_refused(run: RunFolder, folder: Path, data: st.DataObject) -> None:
    path = folder / "manifest.json"
    path.write_bytes(data.draw(damaged(manifest_of(run))))
    read_or_refused(lambda: read_manifest(path))


@fuzzed
@given(st.data())
def test_a_run_with_any_manifest_is_checked(run: RunFolder, data: st.DataObject) -> None:
    content = data.draw(MANIFESTS.map(str.encode) | damaged(manifest_of(run)))
    replaced(run.manifest_path, content, lambda: found_in(run))


ROWS = st.one_of(
    st.fixed_dictionaries(
        {"fit": STRINGS | st.just("start")}, optional={"epoch": JSON_VALUES, "summary": JSON_VALUES, "loss": JSON_VALUES}
    ),
    JSON_VALUES,
).map(json.dumps)
METRICS = st.lists(ROWS | JSON_TEXTS, max_size=4).map("\n".join).map(lambda text: text.encode(errors="surrogatepass"))


@fuzzed
@given(st.data())
def test_a_run_with_any_metrics_is_checked_and_digested(run: RunFolder, data: st.DataObject) -> None:
    content = data.draw(METRICS | damaged(run.metrics_path.read_bytes()))

    def use() -> None:
        rows = read_or_refused(run.metrics)
        assert rows is None or all(isinstance(row["fit"], str) for row in rows)
        assert (rows is None) == any(damage.path.name == "metrics.jsonl" for damage in verify(run).damages)
        digest = read_or_refused(lambda: digest_run(run))
        assert (rows is None) == (digest is None)

    run.manifest_path.rename(run.path / "aside")  # so that it is judged by what it says, not by its checksum
    try:
        replaced(run.metrics_path, content, use)
    finally:
        (run.path / "aside").rename(run.manifest_path)


@fuzzed
@given(st.data())
def test_a_run_with_any_results_is_checked(run: RunFolder, data: st.DataObject) -> None:
    content = data.draw(JSON_TEXTS.map(lambda text: text.encode(errors="surrogatepass")) | damaged(run.results_path.read_bytes()))
    run.manifest_path.rename(run.path / "aside")
    try:
        replaced(run.results_path, content, lambda: found_in(run))
    finally:
        (run.path / "aside").rename(run.manifest_path)


@pytest.mark.parametrize("name", ["", ".", "/", "..", "../../etc/passwd", "/etc/passwd", "a\0b", "\ud800", "a\nb"])
def test_a_manifest_that_names_what_is_no_file_of_the_run_is_damaged(run: RunFolder, name: str) -> None:
    content = json.dumps({"complete": True, "config": run.config_hash(), "sha256": {name: SHA}}).encode()

    def check() -> None:
        found = found_in(run)
        assert found is not None
        assert ("manifest.json", f"names {name!r}, which is not in the run") in [
            (damage.path.as_posix(), damage.what) for damage in found.damages
        ]

    replaced(run.manifest_path, content, check)


@pytest.mark.parametrize("name", ["n" * 5000, "a/" * 3000 + "b", "config.json/x"])
def test_a_file_that_cannot_be_is_missing(run: RunFolder, name: str) -> None:
    content = json.dumps({"sha256": {name: SHA}}).encode()

    def check() -> None:
        found = found_in(run)
        assert found is not None
        assert (name, "is missing") in [(damage.path.as_posix(), damage.what) for damage in found.damages]

    replaced(run.manifest_path, content, check)


@pytest.mark.parametrize("text", ["3", "[]", "null", '{"epoch": 1}', '{"fit": 3}', "[" * 100_000, '{"fit": "start"}\nnull'])
def test_metrics_that_are_no_rows_are_damaged(run: RunFolder, text: str) -> None:
    def check() -> None:
        with pytest.raises(DataError, match=r"metrics\.jsonl is damaged"):
            run.metrics()

    replaced(run.metrics_path, text.encode(), check)
