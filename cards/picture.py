"""Drawings as PNG, with a font of our own: no dependence on what the machine has installed."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from cards.drawing import Cell, Curve, Drawing, Grid, Line
from cards.fonts import FILE, drawable

Point = tuple[float, float]
Box = tuple[float, float, float, float]

WIDTH = 900  # points are pixels of the finished picture; a phone shows 900 of them in 390
MARGIN = 28
_FINE = 2  # shapes and text are drawn this much larger and shrunk: smooth edges
_COLOURS = 48

INK, SOFT, FAINT, PAPER = "#1f2933", "#66727f", "#e6e9ed", "#ffffff"
_SERIES = ("#2563eb", "#0d9488", "#c2410c", "#7c3aed", "#64748b")
_LINE_TONES = {"good": "#15803d", "warn": "#d97706", "danger": "#dc2626", "info": "#2563eb"}
_CELL_TONES = {  # tone: (ground, ink)
    "": (PAPER, INK),
    "morning": ("#fff3d1", "#8a5a00"),
    "day": ("#dcf3e6", "#14653b"),
    "evening": ("#dfe6fd", "#2c3fa3"),
    "rest": ("#f4f5f7", "#98a1ab"),
    "leave": ("#f0e6fa", "#6d3aa5"),
    "info": ("#dbeafe", "#1e4fa8"),
    "good": ("#dcf3e6", "#14653b"),
    "warn": ("#ffe9c7", "#9a5200"),
    "danger": ("#fde0e0", "#b01c1c"),
}


def png(drawing: Drawing) -> bytes:
    """Draw as PNG bytes, about 900 px wide, palette of 48 colours."""
    canvas = _curve(drawing) if isinstance(drawing, Curve) else _grid(drawing)
    return canvas.png()


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FILE, size * _FINE, layout_engine=ImageFont.Layout.BASIC)


def _wide(text: str, size: int) -> float:
    return _font(size).getlength(drawable(text)) / _FINE


def _fitted(text: str, size: int, room: float, smallest: int = 17) -> tuple[str, int]:
    """The text and size that fit `room` points: smaller first, then cut with an ellipsis."""
    text = text[:200]
    while size > smallest and _wide(text, size) > room:
        size -= 1
    while len(text) > 1 and _wide(text, size) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text, size


class _Canvas:
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


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie on the sheet: the plot's box and the ranges of both axes."""

    box: Box
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_range
        return self.box[0] + (value - low) / (high - low) * (self.box[2] - self.box[0])

    def y(self, value: float) -> float:
        low, high = self.y_range
        return self.box[3] - (value - low) / (high - low) * (self.box[3] - self.box[1])


def _curve(curve: Curve) -> _Canvas:
    canvas = _Canvas(WIDTH, 560)
    steps = _steps(curve)
    left = MARGIN + max(_wide(_short(step), 24) for step in steps) + 14
    top = (158.0 if len(curve.lines) > 1 else 124.0) + (36 if curve.marks else 0)
    frame = _Frame((left, top, WIDTH - MARGIN - 6, 500), _x_range(curve), (steps[0], steps[-1]))
    title, size = _fitted(curve.title, 36, WIDTH - 2 * MARGIN, 24)
    canvas.text(MARGIN, 48, title, size, INK, "lm", bold=True)
    _legend(canvas, curve)
    _axes(canvas, curve, frame, steps)
    for line, colour in zip(curve.lines, _colours(curve), strict=True):
        _series(canvas, frame, line, colour, ground=line is curve.lines[0])
    _levels(canvas, curve, frame)
    _marks(canvas, curve, frame)
    return canvas


def _x_range(curve: Curve) -> tuple[float, float]:
    values = [x for line in curve.lines for x, _ in line.points]
    values += [x for x, _ in curve.ticks] + [mark.x for mark in curve.marks]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _steps(curve: Curve) -> list[float]:
    """Round values for the y axis, about five, holding every point and level."""
    values = [y for line in curve.lines for _, y in line.points] + [lv.y for lv in curve.levels]
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = min(low, 0.0) if low < (high - low) * 2 else low
    high = high if high - low > 1e-9 * max(1.0, abs(high)) else low + 1.0
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * many for many in (1, 2, 2.5, 5, 10) if power * many >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _short(value: float) -> str:
    """A number as an axis says it: 40, 2.5, 120万."""
    if abs(value) >= 1e8:
        return f"{value / 1e8:.4g}亿"
    return f"{value / 1e4:.4g}万" if abs(value) >= 1e4 else f"{round(value, 6):g}"


def _legend(canvas: _Canvas, curve: Curve) -> None:
    x, y = float(MARGIN), 108.0
    if curve.unit:
        words = f"单位：{curve.unit}"
        canvas.text(WIDTH - MARGIN, 94, words, 22, SOFT, "rm")
    if len(curve.lines) < 2:
        return
    for line, colour in zip(curve.lines, _colours(curve), strict=True):
        (canvas.dashes if line.dashed else canvas.line)([(x, y), (x + 40, y)], colour, 5)
        canvas.text(x + 50, y, line.label, 24, INK, "lm")
        x += 50 + _wide(line.label, 24) + 32


def _axes(canvas: _Canvas, curve: Curve, frame: _Frame, steps: Sequence[float]) -> None:
    left, _, right, bottom = frame.box
    for step in steps:
        y = frame.y(step)
        canvas.line([(left, y), (right, y)], FAINT, 1.5)
        canvas.text(left - 14, y, _short(step), 24, SOFT, "rm")
    canvas.line([(left, bottom), (right, bottom)], "#aab2bb", 2)
    free = -math.inf
    for value, label in curve.ticks:
        half = _wide(label, 24) / 2
        x = min(max(frame.x(value), half + 4), WIDTH - half - 4)
        canvas.line([(frame.x(value), bottom), (frame.x(value), bottom + 7)], "#aab2bb", 2)
        if x - half >= free:  # a label that would cover its neighbour is left out
            canvas.text(x, bottom + 28, label, 24, SOFT, "mm")
            free = x + half + 12


def _colours(curve: Curve) -> list[str]:
    """One colour a line; a dashed one goes on in the colour of the line before it."""
    chosen: list[str] = []
    solid = 0
    for line in curve.lines:
        repeats = line.dashed and bool(chosen)
        chosen.append(chosen[-1] if repeats else _SERIES[solid % len(_SERIES)])
        solid += not repeats
    return chosen


def _series(canvas: _Canvas, frame: _Frame, line: Line, colour: str, *, ground: bool) -> None:
    points = [(frame.x(x), frame.y(y)) for x, y in line.points]
    if not points:
        return
    if ground and not line.dashed and len(points) > 1:
        zero = frame.y(min(max(0.0, frame.y_range[0]), frame.y_range[1]))
        canvas.area([(points[0][0], zero), *points, (points[-1][0], zero)], "#eaf1fe")
        canvas.line([(frame.box[0], zero), (frame.box[2], zero)], "#aab2bb", 2)
    (canvas.dashes if line.dashed else canvas.line)(points, colour, 5)
    if not line.dashed:
        canvas.dot(*points[-1], 10, PAPER)
        canvas.dot(*points[-1], 8, colour)


def _levels(canvas: _Canvas, curve: Curve, frame: _Frame) -> None:
    left, _, right, _ = frame.box
    end, last = right, -math.inf  # a label that would cover the one before it moves to its left
    for level in sorted(curve.levels, key=lambda level: -level.y):
        colour, y = _LINE_TONES.get(level.tone, SOFT), frame.y(level.y)
        canvas.dashes([(left, y), (right, y)], colour, 3)
        words = f"{level.label} {_short(level.y)}"
        wide = _wide(words, 22) + 20
        end, last = (end if y - last < 38 else right), y
        canvas.box((end - wide, y - 17, end, y + 17), colour, radius=8)
        canvas.text(end - wide / 2, y, words, 22, PAPER, "mm")
        end -= wide + 8


def _marks(canvas: _Canvas, curve: Curve, frame: _Frame) -> None:
    _, top, _, bottom = frame.box
    free = [-math.inf, -math.inf]  # two rows of labels, so that near marks stay readable
    for mark in curve.marks:
        canvas.line([(frame.x(mark.x), top - 6), (frame.x(mark.x), bottom)], "#9aa5b1", 2)
    for mark in sorted(curve.marks, key=lambda mark: mark.x):
        x, half = frame.x(mark.x), _wide(mark.label, 22) / 2
        middle = min(max(x, half + 8), WIDTH - half - 8)
        row = 0 if middle - half >= free[0] else 1
        y = top - 20 - row * 30
        canvas.text(middle, y, mark.label, 22, INK, "mm")
        free[row] = middle + half + 12


def _grid(grid: Grid) -> _Canvas:
    names = max((_wide(name, 28) for name, _ in grid.rows), default=80.0)
    first = min(max(names + 24, 96.0), 220.0)
    count = max(len(grid.columns), 1)
    column = max((WIDTH - 2 * 18 - first) / count, 104.0)
    feet = grid.foot.split("\n") if grid.foot else []
    height = 190 + len(grid.rows) * 82 + len(feet) * 34
    canvas = _Canvas(max(WIDTH, 2 * 18 + first + count * column), height)
    title, size = _fitted(grid.title, 36, canvas.width - 2 * MARGIN, 24)
    canvas.text(24, 48, title, size, INK, "lm", bold=True)
    for number, label in enumerate(grid.columns):
        _header(canvas, 18 + first + number * column, column, label)
    for number, (name, cells) in enumerate(grid.rows):
        top = 168 + number * 82.0
        words, size = _fitted(name, 28, first - 12, 20)
        canvas.text(24, top + 39, words, size, INK, "lm")
        for place, cell in enumerate(cells[:count]):
            _cell(canvas, (18 + first + place * column, top), column, cell)
    for number, line in enumerate(feet):
        words, size = _fitted(line, 24, canvas.width - 48)
        canvas.text(24, 168 + len(grid.rows) * 82 + 26 + number * 34, words, size, SOFT, "lm")
    return canvas


def _header(canvas: _Canvas, x: float, column: float, label: str) -> None:
    """Day over date: the words before the first space or line feed are the larger ones."""
    day, _, date = label.replace("\n", " ").partition(" ")
    words, size = _fitted(day, 28, column - 8)
    canvas.text(x + column / 2, 112 if date else 126, words, size, INK, "mm", bold=True)
    if date:
        words, size = _fitted(date, 22, column - 8)
        canvas.text(x + column / 2, 143, words, size, SOFT, "mm")


def _cell(canvas: _Canvas, corner: Point, column: float, cell: Cell) -> None:
    x, y = corner
    ground, ink = _CELL_TONES.get(cell.tone, _CELL_TONES[""])
    canvas.box((x + 2, y + 2, x + column - 2, y + 78), ground, radius=10)
    words, size = _fitted(cell.text, 30, column - 12)
    canvas.text(x + column / 2, y + (26 if cell.sub else 39), words, size, ink, "mm")
    if cell.sub:
        words, size = _fitted(cell.sub, 20, column - 6, 16)
        canvas.text(x + column / 2, y + 58, words, size, ink, "mm")
