"""A replayed attempt as a film, as a strip of frames and as an animation."""

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from sparring.game.replay import Replay
from sparring.viewing.beliefs import Belief
from sparring.viewing.film_file import LAST_FRAME_S
from sparring.viewing.moments import film_moments, telling_moments
from sparring.viewing.sheet import Sheet, seen

INK, PAPER = (38, 43, 52), (255, 255, 255)
GAP_PX = 4
"""Between the frames of a strip."""
ANIMATION_QUALITY = 85
"""Of WebP, 0..100."""
FPS = 25


def film(again: Replay, belief: Belief) -> tuple[int, Iterator[Image.Image]]:
    """Number of frames of a film in real time, and the frames, each drawn when it is asked for."""
    moments, sheet = film_moments(again, FPS), Sheet(again, belief)
    return len(moments), (sheet.frame(moment, is_last=moment is moments[-1]) for moment in moments)


def strip(again: Replay, *, frames_n: int, side_px: int) -> Image.Image:
    """Frames side by side from the camera that moves along with the hand, each with its motion and time below.

    Args:
        again: the replayed attempt.
        frames_n: number of frames, of which at least half are of the attack where there is one.
        side_px: side of a frame.
    """
    text_px = max(9, side_px // 13)
    caption_px = round(1.9 * text_px)
    sheet = Image.new("RGB", (frames_n * side_px + (frames_n - 1) * GAP_PX, side_px + caption_px), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(text_px)
    for number, moment in enumerate(telling_moments(again, frames_n)):
        left = number * (side_px + GAP_PX)
        sheet.paste(seen(moment, side_px=side_px, follows=True, finer=2), (left, 0))
        words = f"{moment.motion.name}, {moment.time_s:.2f} s"
        pen.text((left + side_px / 2, side_px + caption_px / 2), words, fill=INK, font=font, anchor="mm")
    return sheet


def animation(again: Replay, *, side_px: int, fps: int) -> bytes:
    """An animated WebP in real time from the camera that stays where it is.

    Args:
        again: the replayed attempt.
        side_px: side of the picture.
        fps: frames a second; the last one stays for a while.
    """
    frames = [seen(moment, side_px=side_px, follows=False) for moment in film_moments(again, fps)]
    durations = [round(1000 / fps)] * (len(frames) - 1) + [round(1000 * LAST_FRAME_S)]
    content = BytesIO()
    frames[0].save(
        content,
        "webp",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        quality=ANIMATION_QUALITY,
        method=4,
    )
    return content.getvalue()
