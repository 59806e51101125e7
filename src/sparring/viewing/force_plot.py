"""What both fingers feel over an attempt, as a plot with a moving cursor."""

from itertools import groupby

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sparring.game.replay import Replay
from sparring.viewing.moments import smooth_forces_n, times_of
from sparring.viewing.tones import DIM, FAILED, FAINT, INK, LEFT, PAPER, RIGHT, Box

FINER = 3
MARGIN_PX = 26
"""For the numbers at the left."""
TOP_PX, BOTTOM_PX = 20, 4
DASH_PX = 6
LINES_N = 4
"""At most so many of the scale, above that of zero."""
SHOWN_QUANTILE, HEADROOM = 0.985, 1.15
"""Short blows that go beyond are cut off."""


class ForcePlot:
    """The plot of one attempt; `ahead` is what it is before anything has happened."""

    def __init__(self, again: Replay, box: Box) -> None:
        self._box, self._duration_s = box, again.duration_s
        self._times = times_of(again.motions)
        self._forces = np.concatenate([smooth_forces_n(motion) for motion in again.motions])
        threshold_n = again.attempt.config.world.lift.sense_force_n
        self._most_n = max(2 * threshold_n, HEADROOM * float(np.quantile(self._forces.max(axis=1), SHOWN_QUANTILE)))
        spans = [list(some) for _, some in groupby(again.motions, lambda motion: motion.name)]
        begins = [float(some[0].times_s[0]) for some in spans]
        self._done = self._drawn(begins, threshold_n)
        self.ahead = self._done.copy()
        curves = self._done.crop((0, TOP_PX - 2, box.width, box.height))
        self.ahead.paste(Image.blend(curves, Image.new("RGB", curves.size, PAPER), 0.72), (0, TOP_PX - 2))

    def draw_until(self, sheet: Image.Image, time_s: float) -> None:
        """Draws on a sheet what has happened until a time, with the cursor there."""
        x = round(self._x(time_s))
        sheet.paste(self._done.crop((0, 0, x, self._box.height)), (self._box.left, self._box.top))
        line = (self._box.left + x, self._box.top + TOP_PX, self._box.left + x, self._box.top + self._box.height - BOTTOM_PX)
        ImageDraw.Draw(sheet).line(line, fill=INK, width=2)

    def _x(self, time_s: float) -> float:
        return MARGIN_PX + (self._box.width - MARGIN_PX - 2) * time_s / self._duration_s

    def _y(self, force_n: float) -> float:
        low = self._box.height - BOTTOM_PX
        return low - (low - TOP_PX) * min(1.0, max(0.0, force_n / self._most_n))

    def _drawn(self, begins: list[float], threshold_n: float) -> Image.Image:
        drawn = Image.new("RGB", (self._box.width * FINER, self._box.height * FINER), PAPER)
        pen, small = ImageDraw.Draw(drawn), ImageFont.load_default(12 * FINER)
        low, high = self._box.height - BOTTOM_PX, TOP_PX
        for time_s in begins:
            x = self._x(time_s) * FINER
            pen.line((x, high * FINER, x, low * FINER), fill=FAINT, width=FINER)
        self._draw_scale(pen, small)
        for values, colour, width in (
            (self._forces[:, 0], LEFT, 1),
            (self._forces[:, 1], RIGHT, 1),
            (self._forces.min(axis=1), INK, 2),
        ):
            points = [
                (self._x(x) * FINER, self._y(y) * FINER) for x, y in zip(self._times.tolist(), values.tolist(), strict=True)
            ]
            pen.line(points, fill=colour, width=width * FINER, joint="curve")
        self._draw_threshold(pen, threshold_n)
        self._draw_legend(pen, small, threshold_n)
        return drawn.reduce(FINER)

    def _draw_scale(self, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> None:
        """Round numbers at the left."""
        tens = 10.0 ** np.floor(np.log10(self._most_n / LINES_N))
        step = float(next(one * tens for one in (1, 2, 5, 10) if one * tens * LINES_N >= self._most_n))
        for value in np.arange(0.0, self._most_n, step).tolist():
            y = self._y(value) * FINER
            pen.line((MARGIN_PX * FINER, y, self._box.width * FINER, y), fill=FAINT, width=FINER)
            pen.text(
                ((MARGIN_PX - 6) * FINER, y - (4 * FINER if value == 0 else 0)), f"{value:g}", fill=DIM, font=font, anchor="rm"
            )

    def _draw_threshold(self, pen: ImageDraw.ImageDraw, threshold_n: float) -> None:
        y = self._y(threshold_n) * FINER
        for x in range(MARGIN_PX, self._box.width, 2 * DASH_PX):
            pen.line((x * FINER, y, (x + DASH_PX) * FINER, y), fill=FAILED, width=FINER)

    def _draw_legend(
        self, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, threshold_n: float
    ) -> None:
        x, y = 0.0, 7.0 * FINER
        for words, colour in (
            ("finger force, N:", DIM),
            ("left", LEFT),
            ("right", RIGHT),
            ("the smaller", INK),
            (f"felt above {threshold_n:g}", FAILED),
        ):
            pen.text((x, y), words, fill=colour, font=font, anchor="lm")
            x += pen.textlength(words, font=font) + 10 * FINER
