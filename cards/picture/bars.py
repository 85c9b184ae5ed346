"""A bar chart with lying bars: long names stay legible, and every value stands at its bar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cards.drawing import Bars
from cards.picture.ink import INK, MARGIN, SERIES, SOFT, WIDTH, Canvas, fitted, short, wide

MOST_CATEGORIES = 40
THICK = 30.0
GAP = 24.0  # between two categories
_NAMES = (90.0, 250.0)  # the least and the most room for the categories' names
_LABEL = 24


def drawn(bars: Bars) -> Canvas:
    """A row of bars a category, one bar a series; what is not a finite number is left out."""
    names = bars.categories[:MOST_CATEGORIES]
    left_out = len(bars.categories) - len(names)
    top = 158.0 if len(bars.series) > 1 else 124.0
    row = THICK * max(len(bars.series), 1) + GAP
    canvas = Canvas(WIDTH, top + row * len(names) + (60 if left_out else 24))
    title, size = fitted(bars.title, 36, WIDTH - 2 * MARGIN, 24)
    canvas.text(MARGIN, 48, title, size, INK, "lm", bold=True)
    _legend(canvas, bars)
    scale = _Scale(bars, names)
    bottom = top + row * len(names)
    for number, name in enumerate(names):
        words, size = fitted(name, 26, scale.names - 16, 20)
        middle = top + row * number + (row - GAP) / 2
        canvas.text(MARGIN, middle, words, size, INK, "lm")
        _group(canvas, scale, bars, number, top + row * number)
    canvas.line([(scale.x(0.0), top - 8), (scale.x(0.0), bottom - GAP + 8)], "#aab2bb", 2)
    if left_out:
        canvas.text(MARGIN, bottom + 20, f"另有 {left_out} 项没有画出", 22, SOFT, "lm")
    return canvas


class _Scale:
    """Where values lie between the names on the left and the labels at the bars' ends."""

    def __init__(self, bars: Bars, names: Sequence[str]) -> None:
        least, most = _NAMES
        self.names = min(max((wide(name, 26) + 18 for name in names), default=least), most)
        self.names = max(self.names, least)
        values = [value for _, row in bars.series for value in row if math.isfinite(value)]
        self.low, self.high = min(values, default=0.0), max(values, default=0.0)
        self.low, self.high = min(self.low, 0.0), max(self.high, 0.0)
        label = max((wide(short(value), _LABEL) for value in values), default=0.0) + 14
        self.left = MARGIN + self.names + (label if self.low < 0 else 0.0)
        self.right = WIDTH - MARGIN - label

    def x(self, value: float) -> float:
        span = self.high - self.low
        share = (value - self.low) / span if span > 0 else 0.0
        return self.left + share * (self.right - self.left)


def _group(canvas: Canvas, scale: _Scale, bars: Bars, number: int, top: float) -> None:
    zero = scale.x(0.0)
    for place, (_, values) in enumerate(bars.series):
        value = values[number] if number < len(values) else math.nan
        if not math.isfinite(value):
            continue
        y, end = top + place * THICK, scale.x(value)
        near, far = sorted((zero, end))
        if far - near >= 1:
            box = (near, y + 2, far, y + THICK - 2)
            canvas.box(box, SERIES[place % len(SERIES)], radius=min(5.0, (far - near) / 2))
        side = "rm" if value < 0 else "lm"
        gap = -8 if value < 0 else 8
        canvas.text(end + gap, y + THICK / 2, short(value), _LABEL, INK, side)


def _legend(canvas: Canvas, bars: Bars) -> None:
    """The colours of several series; a single one is what the title says."""
    if bars.unit:
        canvas.text(WIDTH - MARGIN, 94, f"单位：{bars.unit}", 22, SOFT, "rm")
    if len(bars.series) < 2:
        return
    x, y = float(MARGIN), 108.0
    room = (WIDTH - 2 * MARGIN - (200 if bars.unit else 0)) / len(bars.series)
    for place, (label, _) in enumerate(bars.series):
        words, size = fitted(label, 24, room - 50)
        canvas.box((x, y - 10, x + 20, y + 10), SERIES[place % len(SERIES)], radius=4)
        canvas.text(x + 30, y, words, size, INK, "lm")
        x += 30 + wide(words, size) + 28
