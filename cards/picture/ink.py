"""The sheet, the pens and the colours of every drawing."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from cards.fonts import FILE, drawable

Point = tuple[float, float]
Box = tuple[float, float, float, float]

WIDTH = 900  # points are pixels of the finished picture; a phone shows 900 of them in 390
MARGIN = 28
_FINE = 2  # shapes and text are drawn this much larger and shrunk: smooth edges
_COLOURS = 48

INK, SOFT, FAINT, PAPER = "#1f2933", "#66727f", "#e6e9ed", "#ffffff"
SERIES = ("#2563eb", "#0d9488", "#c2410c", "#7c3aed", "#64748b")


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FILE, size * _FINE, layout_engine=ImageFont.Layout.BASIC)


def wide(text: str, size: int) -> float:
    return _font(size).getlength(drawable(text)) / _FINE


def fitted(text: str, size: int, room: float, smallest: int = 17) -> tuple[str, int]:
    """The text and size that fit `room` points: smaller first, then cut with an ellipsis."""
    text = text[:200]
    while size > smallest and wide(text, size) > room:
        size -= 1
    while len(text) > 1 and wide(text, size) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text, size


class Canvas:
    """A sheet measured in finished pixels, drawn finer and shrunk at the end."""

    def __init__(self, width: float, height: float) -> None:
        size = (math.ceil(width) * _FINE, math.ceil(height) * _FINE)
        self.image = Image.new("RGB", size, PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.width = width

    def box(self, box: Box, fill: str, *, radius: float = 0) -> None:
        self.draw.rounded_rectangle([side * _FINE for side in box], radius * _FINE, fill=fill)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        places = [(x * _FINE, y * _FINE) for x, y in points]
        self.draw.line(places, fill=colour, width=round(width * _FINE), joint="curve")

    def dashes(self, points: Sequence[Point], colour: str, width: float) -> None:
        """A broken line: 14 on, 9 off, carried on from one piece to the next."""
        gone = 0.0
        for start, end in itertools.pairwise(points):
            length = math.dist(start, end)
            at = -(gone % 23)
            while at < length:
                first, last = max(0.0, at), min(length, at + 14)
                if last > first:
                    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
                    parts = (first / length, last / length)
                    self.line([(x + dx * part, y + dy * part) for part in parts], colour, width)
                at += 23
            gone += length

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        self.draw.circle((x * _FINE, y * _FINE), radius * _FINE, fill=colour)

    def area(self, points: Sequence[Point], colour: str) -> None:
        self.draw.polygon([(x * _FINE, y * _FINE) for x, y in points], fill=colour)

    def text(
        self, x: float, y: float, words: str, size: int, colour: str, at: str, bold: bool = False
    ) -> None:
        """Write at a pillow anchor ("lm" left middle …); bold thickens the strokes a little."""
        place, thick = (x * _FINE, y * _FINE), size // 24 if bold else 0
        self.draw.text(place, drawable(words), colour, _font(size), at, stroke_width=thick)

    def png(self) -> bytes:
        small = self.image.reduce(_FINE)
        few = small.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        out = io.BytesIO()
        few.save(out, "PNG", optimize=True)
        return out.getvalue()


def short(value: float) -> str:
    """A number as an axis says it: 40, 2.5, 120万."""
    if abs(value) >= 1e8:
        return f"{value / 1e8:.4g}亿"
    return f"{value / 1e4:.4g}万" if abs(value) >= 1e4 else f"{round(value, 6):g}"
