"""The errors that a user can cause or meet. All derive from `SparringError`; the command line prints their message."""

MESSAGE_N = 2000
"""Most characters of a message."""


class SparringError(Exception):
    """Root of every error this package raises on purpose. The message says what, what it got, and what is allowed."""

    def __init__(self, message: str) -> None:
        """A message may quote a damaged file: it becomes one line of bounded length that any terminal can show."""
        super().__init__(_one_line(message))


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


class ExportError(SparringError):
    """A player could not be written in another format."""


class DeviceError(SparringError):
    """A device was asked for by name and is not there."""


class WorkerError(SparringError):
    """A worker process died."""


class PolicyError(SparringError):
    """A foreign grasp detector cannot be imported, failed, or returned something else than grasps."""


class CellError(SparringError):
    """A remote cell does not answer, refuses, or answers nonsense; or a request to one is impossible."""


def _one_line(text: str) -> str:
    shown = text if len(text) <= MESSAGE_N else f"{text[: MESSAGE_N - 300]} ... {text[-200:]}"
    if shown.isprintable():
        return shown
    return "".join(one if one.isprintable() else " " if one.isspace() else ascii(one)[1:-1] for one in shown)[:MESSAGE_N]


def unknown_name(kind: str, name: object, known: object) -> str:
    """The message for a name that no table holds: what it is, what was asked, what there is."""
    return f"no {kind} is called {name!r}; there are: {', '.join(map(str, known))}"  # type: ignore[call-overload]
