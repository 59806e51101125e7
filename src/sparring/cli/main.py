"""The `sparring` command. Each subcommand parses, calls, prints; what it needs is imported when it runs."""

import os
import sys

import tyro

from sparring.cli.commands import COMMANDS
from sparring.errors import ConfigError, SparringError
from sparring.plugins import load_plugins

DESCRIPTION = """Robots that learn to grasp by playing against an adversary, in physics simulation.

Start with: sparring play demo --out runs/demo
"""


def main() -> None:
    """Entry point. Exits with 0 when all is well, 2 for impossible settings, 1 for other errors, 130 when interrupted."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        load_plugins()
        tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="sparring", description=DESCRIPTION)
    except ConfigError as error:
        _fail(str(error), 2)
    except SparringError as error:
        _fail(str(error), 1)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and type(error).__name__ != "OutOfMemoryError":
            raise
        _fail(
            "out of memory; nothing written is lost: run the same command again with fewer --workers, or on a larger machine", 1
        )
    except KeyboardInterrupt:
        print("sparring: interrupted; run the same command again to go on", file=sys.stderr, flush=True)
        os._exit(130)  # a wave that is under way in a thread is not waited for
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 1)


def _fail(message: str, code: int) -> None:
    print(f"sparring: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
