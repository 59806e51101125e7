"""Following a match on the screen: a panel on a terminal, lines elsewhere."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.text import Text

if TYPE_CHECKING:
    from sparring.viewing.live import Match

EVERY_S = 1.0


def follow(path: Path, recording: Path | None) -> None:
    """Shows a match until it is complete, or until an interrupt, which is no error here.

    Args:
        path: its run folder, which need not be there yet.
        recording: where a Rerun recording goes.
    """
    from sparring.game.run_folder import RunFolder
    from sparring.viewing.live import Follower

    follower, console = Follower(RunFolder(path)), Console()
    is_panel = console.is_terminal and not console.is_dumb_terminal
    with ExitStack() as held:
        screen: Screen = held.enter_context(_Panel(path, console)) if is_panel else _Lines(path)
        recorder = None
        try:
            while True:
                match = follower.look()
                screen.show(match)
                if match is not None and recording is not None:
                    from sparring.viewing.live_recording import LiveRecording

                    recorder = recorder or held.enter_context(LiveRecording(recording, follower.run.config()))
                    for _, wave in follower.waves.values():
                        recorder.add(wave)
                if match is not None and match.complete:
                    return
                time.sleep(EVERY_S)
        except KeyboardInterrupt:
            return


class Screen(Protocol):
    """Where a match is shown."""

    def show(self, match: "Match | None") -> None:
        """Shows it as it is now; None: it has not begun."""
        ...


def _waiting(path: Path) -> str:
    return f"{path}: no run here yet; waiting for `sparring play` to begin"


class _Lines:
    """A line whenever something has changed."""

    def __init__(self, path: Path) -> None:
        self._path, self._said = path, ""

    def show(self, match: "Match | None") -> None:
        """Says it, unless it was said already."""
        from sparring.viewing.live import title, told

        line = _waiting(self._path) if match is None else "; ".join([title(match), *told(match)])
        if line != self._said:
            print(line, flush=True)
            self._said = line


class _Panel:
    """A panel that stays on its place, at any width."""

    def __init__(self, path: Path, console: Console) -> None:
        self._path = path
        self._live = Live(Text(""), console=console, auto_refresh=False)

    def __enter__(self) -> "_Panel":
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, match: "Match | None") -> None:
        """Draws it anew."""
        self._live.update(drawn(self._path, match), refresh=True)


def drawn(path: Path, match: "Match | None") -> Panel:
    """A match as a panel."""
    from sparring.viewing.live import title, told

    name = Text(path.name or str(path))
    if match is None:
        return Panel(Text(_waiting(path)), title=name)
    bar = Padding(ProgressBar(total=max(1, match.attempts_total_n), completed=match.attempts_n), 0)  # with the line's end
    words = Text("\n".join(told(match, time.time())))
    return Panel(Group(Text(title(match), style="bold"), bar, words), title=name)
