"""The errors that a user can cause or meet. All derive from `SparringError`; the command line prints their message."""


class SparringError(Exception):
    """Root of every error this package raises on purpose. The message says what, what it got, and what is allowed."""


class ConfigError(SparringError):
    """A setting is impossible, or two settings contradict each other."""


class DataError(SparringError):
    """A stored file is missing, damaged, or not what its name says."""


class CheckpointError(DataError):
    """A checkpoint is truncated, foreign, or made for another network."""


class RunFolderError(SparringError):
    """A run folder belongs to another run, is incomplete, or cannot be written."""


class TrainingError(SparringError):
    """Training diverged."""


class DeviceError(SparringError):
    """A device was asked for by name and is not there."""


class WorkerError(SparringError):
    """A worker process died."""


class CellError(SparringError):
    """A remote cell does not answer, refuses, or answers nonsense; or a request to one is impossible."""


def unknown_name(kind: str, name: object, known: object) -> str:
    """The message for a name that no table holds: what it is, what was asked, what there is."""
    return f"no {kind} is called {name!r}; there are: {', '.join(map(str, known))}"  # type: ignore[call-overload]
