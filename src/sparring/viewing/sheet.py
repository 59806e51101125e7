"""A frame of a film: two cameras, what the player saw and thought, what the fingers feel, and what is going on in words."""

import textwrap
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sparring.actions.adversaries import ADVERSARIES
from sparring.actions.grasp import angle_rad
from sparring.data.pictures import colours
from sparring.evaluation.drawing import draw_jaws
from sparring.game.replay import Replay
from sparring.viewing.beliefs import Belief, chosen_grasp
from sparring.viewing.force_plot import ForcePlot
from sparring.viewing.moments import Moment
from sparring.viewing.rose import rose
from sparring.viewing.tones import CHOSEN, DIM, FAILED, INK, PAPER, PLAIN, SUCCEEDED, Box
from sparring.viewing.words import is_success, outcome
from sparring.world.spectator import fixed, following, picture

SIZE_PX = (960, 540)
CAMERA_PX = 304
FIXED_AT, FOLLOWING_AT = (16, 52), (328, 52)
SEEN, SCORES = Box(648, 52, 296, 222), Box(648, 290, 296, 234)
NAMES_PX = 760
"""Width of the attempt's names, before the clock."""
WORDS_Y, PLOT = 384, Box(16, 420, 616, 104)
FINER = 3
"""What does not move is drawn so many times larger, then reduced, for smooth edges."""


@lru_cache(maxsize=16)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def _fitted(text: str, size_px: int, width_px: float) -> str:
    """The text, cut where it would be wider."""
    if _font(size_px).getlength(text) <= width_px:
        return text
    while text and _font(size_px).getlength(f"{text}…") > width_px:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""


class Sheet:
    """The frames of one film. What does not move is drawn once."""

    def __init__(self, again: Replay, belief: Belief) -> None:
        self._again = again
        self._plot = ForcePlot(again, PLOT)
        self._base = Image.new("RGB", SIZE_PX, PAPER)
        self._draw_header()
        self._draw_seen()
        self._draw_scores(belief)
        self._base.paste(self._plot.ahead, (PLOT.left, PLOT.top))

    def frame(self, moment: Moment, *, is_last: bool) -> Image.Image:
        """The film at a moment; the last one tells the outcome."""
        sheet = self._base.copy()
        sheet.paste(seen(moment, side_px=CAMERA_PX, follows=False), FIXED_AT)
        sheet.paste(seen(moment, side_px=CAMERA_PX, follows=True), FOLLOWING_AT)
        pen = ImageDraw.Draw(sheet)
        pen.text((SIZE_PX[0] - 16, 27), self._clock(moment), fill=INK, font=_font(18), anchor="rm")
        pen.text((PLOT.left, WORDS_Y), moment.motion.name, fill=INK, font=_font(22), anchor="lm")
        doing = self._doing(moment)
        if doing:
            pen.text((PLOT.right, WORDS_Y + 1), doing, fill=FAILED, font=_font(16), anchor="rm")
        self._plot.draw_until(sheet, moment.time_s)
        if is_last:
            self._draw_outcome(pen)
        return sheet

    def _clock(self, moment: Moment) -> str:
        return f"{moment.time_s:.2f} s of {self._again.duration_s:.2f} s"

    def _doing(self, moment: Moment) -> str:
        """What the adversary does meanwhile, in words."""
        attempt = self._again.attempt
        if not moment.is_attack or attempt.kind is None:
            return ""
        if attempt.kind in ADVERSARIES:
            return ADVERSARIES[attempt.kind].description(attempt.row["action"])
        return f"published test: {attempt.kind}"

    def _draw_header(self) -> None:
        pen, attempt = ImageDraw.Draw(self._base), self._again.attempt
        name = _fitted(attempt.name, 20, NAMES_PX)
        pen.text((16, 27), name, fill=INK, font=_font(20), anchor="lm")
        right = 16 + pen.textlength(name, font=_font(20)) + 14
        met = f"  ·  against {attempt.row['adversary']}" if attempt.kind is not None else ""
        rest = _fitted(f"{attempt.row['object']}{met}", 16, 16 + NAMES_PX - right)
        pen.text((right, 28), rest, fill=DIM, font=_font(16), anchor="lm")

    def _draw_seen(self) -> None:
        attempt, image = self._again.attempt, Image.fromarray(colours(self._again.view.image))
        scale = FINER * min(SEEN.width / image.width, SEEN.height / image.height)
        drawn = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
        grasp, hand, camera = chosen_grasp(attempt), attempt.config.world.hand, attempt.config.world.camera
        centre, angle = (np.array([grasp.column_px, grasp.row_px]) + 0.5) * scale, float(angle_rad(grasp.angle))
        for colour, thick in ((PAPER, 2 * FINER), (CHOSEN, FINER)):  # a rim, so that it is seen on any object
            draw_jaws(drawn, centre, angle, opening_px=scale * hand.opening_m / camera.pixel_m, colour=colour, thick=thick)
        fitted = drawn.reduce(FINER)
        self._base.paste(fitted, (SEEN.left + (SEEN.width - fitted.width) // 2, SEEN.top))

    def _draw_scores(self, belief: Belief) -> None:
        pen, grasp = ImageDraw.Draw(self._base), chosen_grasp(self._again.attempt)
        if belief.scores is not None:
            assert belief.player is not None
            self._base.paste(rose(belief.scores, grasp.angle, belief.player, SCORES), (SCORES.left, SCORES.top))
            return
        words = "\n".join(textwrap.wrap(belief.why_not, 38, break_long_words=True)[:8])
        pen.text((SCORES.left, SCORES.top + 8), words, fill=DIM, font=_font(14), spacing=5)

    def _draw_outcome(self, pen: ImageDraw.ImageDraw) -> None:
        again, words = self._again, outcome(self._again)
        colour = PLAIN if again.invalid else SUCCEEDED if is_success(again) else FAILED
        middle = (FIXED_AT[0] + PLOT.right) / 2
        half = pen.textlength(words, font=_font(22)) / 2 + 20
        top, bottom = FIXED_AT[1] + CAMERA_PX - 56, FIXED_AT[1] + CAMERA_PX - 16
        pen.rounded_rectangle((middle - half, top, middle + half, bottom), radius=20, fill=colour)
        pen.text((middle, (top + bottom) / 2), words, fill=PAPER, font=_font(22), anchor="mm")


def seen(moment: Moment, *, side_px: int, follows: bool, finer: int = 1) -> Image.Image:
    """What one of the two spectators sees at a moment; `finer` times finer rays make edges smooth, and take longer."""
    drawn_px = side_px * finer
    spectator = following(moment.motion.scene, moment.state, side_px=drawn_px) if follows else fixed(side_px=drawn_px)
    return Image.fromarray(picture(moment.motion.scene, moment.state, spectator)).reduce(finer)
