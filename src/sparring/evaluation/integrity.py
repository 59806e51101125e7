"""Checking a run: is everything there that should be, and as it was written? Reads; changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparring.config import RunConfig
from sparring.data.store import read_shard, shard_path
from sparring.errors import DataError, SparringError
from sparring.evaluation.evaluate import all_results, is_whole, read_results
from sparring.game.collect import waves_of
from sparring.game.manifest import Manifest, read_manifest, sha256_of
from sparring.game.plan import all_players, stages_of
from sparring.game.run_folder import RunFolder
from sparring.game.wave import Wave
from sparring.players.checkpoint import load_player

AGAIN = "run the same `sparring play` again"


@dataclass(frozen=True)
class Damage:
    """Something that is not as it should be."""

    path: Path
    """Within the run."""
    what: str
    mend: str
    """What to do about it."""


@dataclass
class Findings:
    """What a check came to."""

    run: Path
    complete: bool = False
    """Whether the run says that it is."""
    checked: dict[str, int] = field(default_factory=dict[str, int])
    """Number of things that were looked at, by kind."""
    missing: list[str] = field(default_factory=list[str])
    """What a run that goes on has still to do."""
    damages: list[Damage] = field(default_factory=list[Damage])

    def count(self, kind: str, n: int = 1) -> None:
        """Adds to what was looked at."""
        self.checked[kind] = self.checked.get(kind, 0) + n


def verify(run: RunFolder) -> Findings:
    """Checks a run, finished or not.

    Raises:
        RunFolderError: it is no run, or its config is damaged, without which nothing else can be judged.
    """
    config, found = run.config(), Findings(run.path)
    manifest = _manifest(run, config, found)
    found.complete = manifest.complete
    for path, what in _not_as_written(run, manifest):
        found.damages.append(Damage(path, what, _mend(path)))
    known = {damage.path for damage in found.damages}
    for path, check in _checks(run, config, found):
        inside = path.relative_to(run.path)
        try:
            if inside not in known:
                check()
        except SparringError as error:
            found.damages.append(Damage(inside, _reason(error, path), _mend(inside)))
    if found.complete and not is_whole(run, config):
        found.damages.append(
            Damage(run.manifest_path.relative_to(run.path), "says complete, and players or tests are missing", AGAIN)
        )
    return found


def _manifest(run: RunFolder, config: RunConfig, found: Findings) -> Manifest:
    """The manifest; an empty one where it is damaged."""
    name = run.manifest_path.relative_to(run.path)
    try:
        manifest = read_manifest(run.manifest_path)
    except DataError as error:
        found.damages.append(Damage(name, _reason(error, run.manifest_path), f"delete it and {AGAIN}"))
        return Manifest()
    if manifest.complete and manifest.config != run.config_hash():
        found.damages.append(
            Damage(Path("config.json"), "is not the config that the run was played with", _mend(Path("config.json")))
        )
    return manifest


def _not_as_written(run: RunFolder, manifest: Manifest) -> Iterator[tuple[Path, str]]:
    for name, checksum in sorted(manifest.sha256.items()):
        inside = Path(name)
        if not inside.parts or inside.is_absolute() or ".." in inside.parts or not name.isprintable():
            yield Path("manifest.json"), f"names {name[:200]!r}, which is not in the run"
        elif not _is_file(run.path / inside):
            yield inside, "is missing"
        elif sha256_of(run.path / inside) != checksum:
            yield inside, "has another sha256 than when it was written"


def _is_file(path: Path) -> bool:
    """Whether a file is there; none is under a name that the system does not take."""
    try:
        return path.is_file()
    except OSError:
        return False


def _checks(run: RunFolder, config: RunConfig, found: Findings) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Files, with what is to be checked of each beyond its checksum."""
    for stage in stages_of(config):
        waves_n = missing_n = 0
        for wave in waves_of(stage, config):
            path = shard_path(run.stage(stage.name), wave.number)
            if path.exists():
                yield path, lambda path=path, wave=wave: _check_wave(path, wave, found)
            waves_n, missing_n = waves_n + 1, missing_n + (not path.exists())
        for path in sorted(run.stage(stage.name).glob("wave-*.parquet"))[waves_n - missing_n :]:
            found.damages.append(Damage(path.relative_to(run.path), "is no wave of its stage, and is learned from", "delete it"))
        if missing_n:
            found.missing.append(f"{missing_n} of {waves_n} waves of {stage.name}")
    for name, role in all_players(config):
        path = run.player(name)
        if path.exists():
            yield path, lambda path=path, role=role: _check_player(path, role, found)
        else:
            found.missing.append(f"player {name}")
    yield run.metrics_path, lambda: found.count("rows of metrics", len(run.metrics()))
    for path in sorted((run.path / "evaluation").glob("*/*/*.parquet")):
        yield path, lambda path=path: _check_tries(path, found)
    if run.results_path.exists():
        yield run.results_path, lambda: _check_results(run, config)
    for path in sorted((run.path / "crossplay").rglob("*.parquet")):
        yield path, lambda path=path: _check_tries(path, found)


def _check_wave(path: Path, wave: Wave, found: Findings) -> None:
    """All attempts that were planned, once each, on the scenes that were planned."""
    table = read_shard(path)
    attempts: list[Any] = table["attempt"].to_pylist()
    if attempts != wave.attempts:
        raise DataError(f"holds {len(attempts)} attempts, not the {len(wave.attempts)} that its wave has")
    seeds = [spec.seed for spec, count in wave.scenes for _ in range(count)]
    if table["scene_seed"].to_pylist() != seeds:
        raise DataError("holds attempts on other scenes than its wave has")
    invalid: list[Any] = table["invalid"].to_pylist()
    found.count("shards")
    found.count("attempts", len(attempts))
    found.count("invalid attempts", sum(map(bool, invalid)))


def _check_player(path: Path, role: Any, found: Findings) -> None:
    load_player(path, role=role)
    found.count("players")


def _check_tries(path: Path, found: Findings) -> None:
    """Every scene once."""
    table = read_shard(path)
    scenes = list(zip(table["object"].to_pylist(), table["scene_seed"].to_pylist(), strict=True))
    if len(set(scenes)) < len(scenes):
        raise DataError("holds a scene twice")
    found.count("shards")
    found.count("tries", len(scenes))


def _check_results(run: RunFolder, config: RunConfig) -> None:
    if read_results(run) != all_results(run, config):
        raise DataError("does not say what the shards of the tests say")


def _reason(error: Exception, path: Path) -> str:
    return str(error).replace(f"shard {path} ", "").replace(f"{path} ", "").replace(str(path), path.name)


def _mend(path: Path) -> str:
    """What to do about a damaged file."""
    room = path.parts[0]
    if room == "stages":
        wave = path.stem.removeprefix("wave-").lstrip("0") or "0"
        return f"{AGAIN}: wave {wave} of {path.parent.name} is played again, nothing else"
    if room == "players":
        return f"delete it and {AGAIN}: it is trained again, best on the machine that it was trained on"
    if room == "evaluation":
        return f"{AGAIN}, or the `sparring evaluate` that made it"
    if room == "crossplay":
        return "run the same `sparring crossplay` again"
    if path.name == "config.json":
        return "put back the config that the run was played with; without it nobody can say what was played"
    if path.name == "metrics.jsonl":
        return "put it back from a copy, or delete it: what was told of the training is lost, all else stays"
    if path.name == "provenance.json":
        return "put it back from a copy, or leave it: it decides nothing"
    return f"{AGAIN}: it is written anew"


def told(found: Findings) -> str:
    """The findings as text."""
    lines = [f"{found.run}: {'complete' if found.complete else 'not complete'}"]
    if found.checked:
        lines.append("checked: " + ", ".join(f"{n} {kind}" for kind, n in found.checked.items()))
    lines += [f"to do: {one}" for one in found.missing]
    for damage in found.damages:
        lines += [f"damaged: {damage.path} {damage.what}", f"   mend: {damage.mend}"]
    if not found.damages:
        lines.append("nothing is damaged")
    return "\n".join(lines)
