"""The table of subcommands, in the order of `sparring --help`."""

from collections.abc import Callable

from sparring.cli.giving import dataset
from sparring.cli.hands import hand
from sparring.cli.keeping import cell, digest, verify
from sparring.cli.objects import objects
from sparring.cli.playing import crossplay, evaluate, play
from sparring.cli.results import results
from sparring.cli.showing import figures, report
from sparring.cli.stressing import stress
from sparring.cli.studying import study
from sparring.cli.using import export, grasp, weights
from sparring.cli.watching import watch

COMMANDS: dict[str, Callable[..., None]] = {
    "play": play,
    "evaluate": evaluate,
    "crossplay": crossplay,
    "study": study,
    "stress": stress,
    "results": results,
    "report": report,
    "watch": watch,
    "figures": figures,
    "grasp": grasp,
    "export": export,
    "dataset": dataset,
    "hand": hand,
    "digest": digest,
    "verify": verify,
    "objects": objects,
    "cell": cell,
    "weights": weights,
}
