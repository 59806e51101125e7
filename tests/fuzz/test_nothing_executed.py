"""No file of a run is ever unpickled or evaluated, and the package knows no way to do so but the ones that are told here."""

import ast
import os
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hostile import read_or_refused

import sparring
from sparring.data.pictures import decode_image
from sparring.data.store import read_shard, read_stage
from sparring.errors import SparringError
from sparring.game.digest import _tensors_digest, digest_run
from sparring.game.manifest import read_manifest
from sparring.game.run_folder import RunFolder
from sparring.pinhole import PinholeCamera
from sparring.players.checkpoint import load_player

ROOT = Path(sparring.__file__).parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))
EXECUTING_MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "code",
    "codeop",
    "runpy",
    "yaml",
}
EXECUTING_BUILTINS = {"eval", "exec", "compile", "__import__"}
ALLOWED = {
    "players/weights.py": {"pickle"},
    "farm/processes.py": {"pickle"},
    "stress/foreign/ggcnn.py": {"pickle"},
    "camera_file.py": {"yaml", "yaml.constructor"},
}
"""Weights of others are read with an unpickler that knows arrays alone; a worker asks whether an error survives pickling;
calibration files are read with YAML's safe loader; GG-CNN's reader names the error of what torch's weights_only refuses."""


class Evil:
    """Leaves a mark when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def evils(mark: Path, folder: Path) -> dict[str, bytes]:
    """Pickles of several kinds, and text that an `eval` would run."""
    torch.save({"weight": Evil(mark)}, folder / "evil.pt")
    code = f"__import__('os').mkdir({str(mark)!r})"
    return {
        **{f"pickle {protocol}": pickle.dumps(Evil(mark), protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
        "torch": (folder / "evil.pt").read_bytes(),
        "code": code.encode(),
        "yaml": f"!!python/object/apply:os.mkdir ['{mark}']".encode(),
        "postscript": f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({mark}) (w) file closefile showpage\n".encode(),
    }


def reading(run: RunFolder) -> dict[Path, list[Callable[[], object]]]:
    """What reads each kind of file of a run."""
    shard, player = run.stage("random") / "wave-00000.parquet", run.player("start")
    return {
        run.config_path: [run.config],
        run.manifest_path: [lambda: read_manifest(run.manifest_path)],
        run.metrics_path: [run.metrics],
        shard: [lambda: read_shard(shard), lambda: read_stage(shard.parent, ["sensed"])],
        player: [lambda: load_player(player), lambda: _tensors_digest(player)],
        run.path / "camera.yaml": [lambda: PinholeCamera.read(run.path / "camera.yaml")],
        run.path / "image.png": [lambda: decode_image((run.path / "image.png").read_bytes())],
    }


def test_a_pickle_is_refused_everywhere_and_not_executed(tmp_path: Path) -> None:
    run, mark = RunFolder(tmp_path / "run"), tmp_path / "executed"
    for content in evils(mark, tmp_path).values():
        for path, reads in reading(run).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            for read in reads:
                with pytest.raises(SparringError):
                    read()
        assert read_or_refused(lambda: digest_run(run)) is None
        assert not mark.exists()
    pickle.loads(pickle.dumps(Evil(mark)))
    assert mark.exists(), "the test itself would not notice"


def executing(source: str) -> Iterator[str]:
    """Names in a module by which files could come to be executed."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.partition(".")[0] in EXECUTING_MODULES)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in EXECUTING_MODULES:
                yield module
            case ast.Name(id=name) if name in EXECUTING_BUILTINS:
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load"), keywords=keywords):
                only = [one.value for one in keywords if one.arg == "weights_only"]
                if not (only and isinstance(only[0], ast.Constant) and only[0].value is True):
                    yield "torch.load"
            case ast.Call(keywords=keywords):
                asked = [one for one in keywords if one.arg == "allow_pickle" and getattr(one.value, "value", None) is not False]
                yield from ("allow_pickle" for _ in asked)
            case _:
                pass


@pytest.mark.parametrize("module", MODULES)
def test_no_module_can_execute_what_it_reads(module: str) -> None:
    assert set(executing((ROOT / module).read_text())) <= ALLOWED.get(module, set())


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import shelve as shelf",
        "def f():\n    from marshal import loads",
        "eval(text)",
        "exec(text)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_what_could_execute_is_noticed(source: str) -> None:
    assert list(executing(source))


def unpickled_in(module: str) -> list[str]:
    """How a module uses pickle, as written."""
    tree = ast.parse((ROOT / module).read_text())
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return sorted({f"{one.value.id}.{one.attr}" for one in names if isinstance(one.value, ast.Name) and one.value.id == "pickle"})


def test_where_pickle_is_known_it_does_what_is_told_of_it_and_no_more() -> None:
    assert unpickled_in("players/weights.py") == ["pickle.Unpickler", "pickle.UnpicklingError"]
    assert unpickled_in("farm/processes.py") == ["pickle.dumps", "pickle.loads"]
    assert "pickle.loads(pickle.dumps(error))" in (ROOT / "farm/processes.py").read_text()


def test_yaml_is_read_by_the_safe_loader_alone() -> None:
    source = (ROOT / "camera_file.py").read_text()
    assert re.findall(r"class _Loader\((.*)\)", source) == ["yaml.SafeLoader"]
    assert source.count("Loader=_Loader") == source.count("yaml.load") == 1
