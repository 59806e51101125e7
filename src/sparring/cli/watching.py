"""The subcommand that shows: a recorded attempt played again, or a match that goes on. Its docstring is its help."""

import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from sparring.errors import ConfigError, RunFolderError

if TYPE_CHECKING:
    from PIL.Image import Image

    from sparring.game.replay import Attempt, Replay
    from sparring.game.run_folder import RunFolder
    from sparring.viewing.beliefs import Belief


def watch(
    run: Positional[Path],
    /,
    attempt: str | None = None,
    video: Path | None = None,
    rerun: Path | None = None,
    live: bool = False,
) -> None:
    """Play a recorded attempt again, exactly, and make a film of it; or follow a match while it is played.

    Says what the player believed, what happened motion by motion, and whether the attempt ended in the recorded state to the
    bit; where it did not, in what it differs, and ends with code 1. Nothing in the run folder is changed.

    Args:
        run: a run folder, finished or not.
        attempt: its name: STAGE/WAVE/SCENE-GRASP, such as shake-1/00000/0003-1, or of a test PROTOCOL/OBJECTS/PLAYER/OBJECT/SEED;
            the shards have it in column `attempt`. One of the last stage that an adversary dislodged unless given.
        video: where the film goes, .mp4 (needs pip install 'sparring[film]'), .webp or .gif. Without this and --rerun it is named
            after the attempt, here: .mp4 where PyAV is installed, else .webp.
        rerun: where a recording for the Rerun viewer goes, .rrd; needs pip install 'sparring[rerun]'. With --live of every wave's
            first picture with its grasps, and the rates.
        live: follow the match from its folder until it is complete or Ctrl-C: how far it is, rates with 95 % intervals, losses.
            The folder need not be there yet.
    """
    if rerun is not None:
        _require_recording_name(rerun)
    if live:
        if attempt is not None or video is not None:
            raise ConfigError("--live follows the whole match: leave --attempt and --video out")
        from sparring.cli.following import follow

        follow(run, rerun)
        return
    _watch_attempt(run, attempt, video, rerun)


def _watch_attempt(path: Path, name: str | None, video: Path | None, rerun: Path | None) -> None:
    from sparring.evaluation.attempts import find_attempt, telling_attempt
    from sparring.game.replay import replay
    from sparring.game.run_folder import RunFolder
    from sparring.viewing.beliefs import belief_of
    from sparring.viewing.film_file import require_film_name
    from sparring.viewing.words import told

    if video is not None:
        require_film_name(video)
    run = RunFolder(path)
    run.config()
    _require_simulated(run)
    again = replay(telling_attempt(run) if name is None else find_attempt(run, name))
    belief = belief_of(run, again)
    print(told(again, belief), flush=True)
    if video is not None or rerun is None:
        _film(again, belief, video or Path(_film_name(again.attempt)))
    if rerun is not None:
        from sparring.viewing.recording import write_recording

        write_recording(rerun, again, belief)
        print(f"recording: {rerun}, to be opened with `rerun {rerun}`")
    if again.differences:
        sys.exit(1)


def _film(again: "Replay", belief: "Belief", path: Path) -> None:
    from sparring.cli.progress import progress_for
    from sparring.viewing.film import FPS, film
    from sparring.viewing.film_file import write_film

    frames_n, frames = film(again, belief)
    with progress_for() as progress, progress.task(f"film {path.name}", frames_n, "frames") as task:

        def counted() -> Iterator["Image"]:
            for frame in frames:
                yield frame
                task.advance(1, found=False)

        write_film(path, counted(), fps=FPS)
    print(f"film: {path}")


def _film_name(attempt: "Attempt") -> str:
    """A file's name after the attempt's, of the best kind that can be written here."""
    from sparring.viewing.film_file import can_write_mp4

    return re.sub(r"[^\w.-]+", "-", attempt.name) + (".mp4" if can_write_mp4() else ".webp")


def _require_simulated(run: "RunFolder") -> None:
    """Only what was simulated can be played again.

    Raises:
        RunFolderError: the run was played elsewhere.
    """
    from sparring.game.cell import SimulatedCell

    cell = run.cell()
    if cell not in (None, SimulatedCell.name):
        raise RunFolderError(
            f"{run.path} was played in the cell {cell!r}: only attempts of the cell 'simulated' can be played again"
        )


def _require_recording_name(path: Path) -> None:
    """Checks, before any work is done, that a recording of that name can be written.

    Raises:
        ConfigError: it ends in something else, or Rerun is not installed.
    """
    if path.suffix.lower() != ".rrd":
        raise ConfigError(f"--rerun must end in .rrd, got {str(path)!r}")
    if find_spec("rerun") is None:
        raise ConfigError(f"{path}: a recording needs the Rerun SDK: pip install 'sparring[rerun]'")
