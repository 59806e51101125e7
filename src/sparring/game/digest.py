"""One sha256 over all that decided a run and all that it resulted in; times, paths and machines are left out."""

import hashlib
import json

from safetensors import SafetensorError, safe_open

from sparring.data.files import read_text
from sparring.data.store import digest_of, read_shard
from sparring.errors import CheckpointError
from sparring.game.run_folder import FOREIGN, NOT_DECIDING, RunFolder


def digest_run(run: RunFolder) -> str:
    """The digest of a run, finished or not: equal runs have equal digests wherever and in how many pieces they ran.

    Raises:
        SparringError: the folder holds no run, or a file of it is damaged.
    """
    run.config()  # it is one
    total = hashlib.sha256(read_text(run.config_path).encode())
    for folder in ("stages", "evaluation", "crossplay"):
        for path in sorted(path for path in (run.path / folder).rglob("*.parquet") if FOREIGN not in path.stem):
            total.update(f"{path.relative_to(run.path).as_posix()}:{digest_of(read_shard(path))}".encode())
    for path in sorted((run.path / "players").glob("*.safetensors")):
        total.update(f"{path.name}:{_tensors_digest(path)}".encode())
    for row in run.metrics():
        kept = {name: value for name, value in row.items() if name not in NOT_DECIDING}
        total.update(json.dumps(kept, sort_keys=True).encode())
    return total.hexdigest()


def _tensors_digest(path: object) -> str:
    total = hashlib.sha256()
    try:
        with safe_open(path, framework="np") as file:
            total.update(json.dumps(file.metadata() or {}, sort_keys=True).encode())
            for name in sorted(file.keys()):
                tensor = file.get_tensor(name)
                if tensor.dtype.kind not in "iuf":  # some libraries teach numpy more types; no player has them
                    raise TypeError(f"{name} is of type {tensor.dtype}")
                total.update(f"{name}{tensor.shape}{tensor.dtype}".encode() + tensor.tobytes())
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:  # numpy knows fewer types and shapes
        raise CheckpointError(f"{path} is damaged ({error}); delete it and run `sparring play` again to redo it") from None
    return total.hexdigest()
