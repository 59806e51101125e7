"""The table of subcommands, in the order of `sparring --help`."""

from collections.abc import Callable

from sparring.cli.keeping import cell, digest, verify
from sparring.cli.playing import crossplay, evaluate, play
from sparring.cli.showing import report
from sparring.cli.using import export, grasp, weights

COMMANDS: dict[str, Callable[..., None]] = {
    "play": play,
    "evaluate": evaluate,
    "crossplay": crossplay,
    "report": report,
    "grasp": grasp,
    "export": export,
    "digest": digest,
    "verify": verify,
    "cell": cell,
    "weights": weights,
}
