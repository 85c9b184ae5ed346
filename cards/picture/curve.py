"""A line chart over time, with its thresholds and moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cards.drawing import Curve, Line
from cards.picture.ink import (
    FAINT,
    INK,
    MARGIN,
    PAPER,
    SERIES,
    SOFT,
    WIDTH,
    Box,
    Canvas,
    fitted,
    short,
    wide,
)

_LINE_TONES = {"good": "#15803d", "warn": "#d97706", "danger": "#dc2626", "info": "#2563eb"}


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


def drawn(curve: Curve) -> Canvas:
    canvas = Canvas(WIDTH, 560)
    steps = _steps(curve)
    left = MARGIN + max(wide(short(step), 24) for step in steps) + 14
    top = (158.0 if len(curve.lines) > 1 else 124.0) + (36 if curve.marks else 0)
    frame = _Frame((left, top, WIDTH - MARGIN - 6, 500), _x_range(curve), (steps[0], steps[-1]))
    title, size = fitted(curve.title, 36, WIDTH - 2 * MARGIN, 24)
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


def _legend(canvas: Canvas, curve: Curve) -> None:
    x, y = float(MARGIN), 108.0
    if curve.unit:
        words = f"单位：{curve.unit}"
        canvas.text(WIDTH - MARGIN, 94, words, 22, SOFT, "rm")
    if len(curve.lines) < 2:
        return
    for line, colour in zip(curve.lines, _colours(curve), strict=True):
        (canvas.dashes if line.dashed else canvas.line)([(x, y), (x + 40, y)], colour, 5)
        canvas.text(x + 50, y, line.label, 24, INK, "lm")
        x += 50 + wide(line.label, 24) + 32


def _axes(canvas: Canvas, curve: Curve, frame: _Frame, steps: Sequence[float]) -> None:
    left, _, right, bottom = frame.box
    for step in steps:
        y = frame.y(step)
        canvas.line([(left, y), (right, y)], FAINT, 1.5)
        canvas.text(left - 14, y, short(step), 24, SOFT, "rm")
    canvas.line([(left, bottom), (right, bottom)], "#aab2bb", 2)
    free = -math.inf
    for value, label in curve.ticks:
        half = wide(label, 24) / 2
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
        chosen.append(chosen[-1] if repeats else SERIES[solid % len(SERIES)])
        solid += not repeats
    return chosen


def _series(canvas: Canvas, frame: _Frame, line: Line, colour: str, *, ground: bool) -> None:
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


def _levels(canvas: Canvas, curve: Curve, frame: _Frame) -> None:
    left, _, right, _ = frame.box
    end, last = right, -math.inf  # a label that would cover the one before it moves to its left
    for level in sorted(curve.levels, key=lambda level: -level.y):
        colour, y = _LINE_TONES.get(level.tone, SOFT), frame.y(level.y)
        canvas.dashes([(left, y), (right, y)], colour, 3)
        said = level.label.endswith(short(level.y))
        words = level.label if said else f"{level.label} {short(level.y)}"
        broad = wide(words, 22) + 20
        end, last = (end if y - last < 38 else right), y
        canvas.box((end - broad, y - 17, end, y + 17), colour, radius=8)
        canvas.text(end - broad / 2, y, words, 22, PAPER, "mm")
        end -= broad + 8


def _marks(canvas: Canvas, curve: Curve, frame: _Frame) -> None:
    _, top, _, bottom = frame.box
    free = [-math.inf, -math.inf]  # two rows of labels, so that near marks stay readable
    for mark in curve.marks:
        canvas.line([(frame.x(mark.x), top - 6), (frame.x(mark.x), bottom)], "#9aa5b1", 2)
    for mark in sorted(curve.marks, key=lambda mark: mark.x):
        x, half = frame.x(mark.x), wide(mark.label, 22) / 2
        middle = min(max(x, half + 8), WIDTH - half - 8)
        row = 0 if middle - half >= free[0] else 1
        y = top - 20 - row * 30
        canvas.text(middle, y, mark.label, 22, INK, "mm")
        free[row] = middle + half + 12
