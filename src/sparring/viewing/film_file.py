"""Frames to a film on disk: H.264 through PyAV, or animated WebP and GIF through Pillow alone."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from sparring.data.files import write_atomically
from sparring.errors import ConfigError

LAST_FRAME_S = 1.5
"""How long a film stays on its last frame."""
WEBP_QUALITY, H264_QUALITY = 80, "19"
"""WebP's is best at 100, H.264's at 0."""
Frames = Iterable[Image.Image]


def can_write_mp4() -> bool:
    """Whether PyAV is installed."""
    return find_spec("av") is not None


def require_film_name(path: Path) -> None:
    """Checks, before any work is done, that a film of that name can be written.

    Raises:
        ConfigError: it ends in nothing that is known, or needs what is not installed.
    """
    if path.suffix.lower() not in WRITERS:
        raise ConfigError(f"a film ends in {', '.join(WRITERS)}, got {str(path)!r}")
    if path.suffix.lower() == ".mp4" and not can_write_mp4():
        raise ConfigError(f"{path}: .mp4 needs PyAV: pip install 'sparring[film]'; .webp and .gif need nothing")


def write_film(path: Path, frames: Frames, *, fps: int) -> None:
    """Writes a film whole or not at all; its last frame stays for `LAST_FRAME_S`.

    Raises:
        ConfigError: its name is impossible, or PyAV is missing.
        RunFolderError: it cannot be written there.
    """
    require_film_name(path)
    write_atomically(path, partial(WRITERS[path.suffix.lower()], frames, fps))


def _write_mp4(frames: Frames, fps: int, part: Path) -> None:
    import av

    with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": H264_QUALITY, "preset": "fast"})
        stream.pix_fmt = "yuv420p"
        for frame in _held(frames, round(fps * LAST_FRAME_S)):
            if not stream.codec_context.is_open:
                stream.width, stream.height = frame.size
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
        container.mux(stream.encode())


def _held(frames: Frames, more_n: int) -> Iterator[Image.Image]:
    """The frames, and so many times more the last."""
    frame = None
    for frame in frames:
        yield frame
    if frame is not None:
        yield from [frame] * more_n


def _write_animation(kind: str, frames: Frames, fps: int, part: Path) -> None:
    """Pillow wants all frames at once: 1.5 MB each."""
    drawn = list(frames)
    durations = [round(1000 / fps)] * (len(drawn) - 1) + [round(1000 * LAST_FRAME_S)]
    drawn[0].save(part, kind, save_all=True, append_images=drawn[1:], duration=durations, loop=0, quality=WEBP_QUALITY, method=2)


WRITERS: dict[str, Callable[[Frames, int, Path], None]] = {
    ".mp4": _write_mp4,
    ".webp": partial(_write_animation, "webp"),
    ".gif": partial(_write_animation, "gif"),
}
"""Suffix -> what writes such a film."""
