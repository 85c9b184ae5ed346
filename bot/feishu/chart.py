"""Curves and bars as Feishu's native charts: VChart's JSON, which may hold no functions."""

from __future__ import annotations

from bisect import bisect_right
from math import isfinite

from bot.event import Json
from cards.drawing import Bars, Curve, Line

COLOURS = {
    "good": "rgba(46,161,33,1)",
    "warn": "rgba(222,120,2,1)",
    "danger": "rgba(216,57,49,1)",
}
GREY = "rgba(143,149,158,1)"
ZERO, ONE = "\u200b", "\u200c"  # digits nobody sees

Points = list[tuple[float, float]]


def line_chart(curve: Curve, *, points: int, letters: int) -> Json | None:
    """The chart_spec, with `points` places on its x axis; None when there is nothing to draw."""
    lines = [(line, _finite(line)) for line in curve.lines]
    reach = [x for _, known in lines for x, _ in known]
    if not reach:
        return None
    low, high = min(reach), max(reach)
    places = [low + (high - low) * i / max(points - 1, 1) for i in range(points)]
    if high == low:
        places = [low]
    names = _names(curve, places)
    labels = [line.label[:letters] for line, _ in lines]
    values = [
        {"x": name, "y": round(y, 2), "s": label}
        for label, (_, known) in zip(labels, lines, strict=True)
        for name, place in zip(names, places, strict=True)
        if (y := _height(known, place)) is not None
    ]
    spec: Json = {
        "type": "line",
        "title": {"text": curve.title[:letters]},
        "data": {"values": values},
        "xField": "x",
        "yField": "y",
        "seriesField": "s",
        "point": {"visible": False},
        "legends": {"visible": len(lines) > 1, "orient": "bottom"},
        "axes": [_y_axis(curve, lines), {"orient": "bottom", "type": "band"}],
    }
    if any(line.dashed for line in curve.lines):
        spec["line"] = {"style": {"lineDash": _dashes(curve.lines, labels)}}
    if rules := [*_levels(curve, letters), *_marks(curve, places, names, letters)]:
        spec["markLine"] = rules
    return spec


def bar_chart(bars: Bars, *, items: int, letters: int) -> Json | None:
    """The chart_spec with at most `items` categories; None when there is nothing to draw."""
    many = len(bars.series) > 1
    values = [
        {"x": category[:letters], "y": round(height, 2), "s": label[:letters]}
        for label, heights in bars.series
        for category, height in zip(bars.categories[:items], heights, strict=False)
        if isfinite(height)
    ]
    if not values:
        return None
    axis: Json = {"orient": "left", "type": "linear"}
    if bars.unit:
        axis["title"] = {"visible": True, "text": bars.unit}
    return {
        "type": "bar",
        "title": {"text": bars.title[:letters]},
        "data": {"values": values},
        "xField": ["x", "s"] if many else "x",  # a second field puts series side by side
        "yField": "y",
        "seriesField": "s",
        "legends": {"visible": many, "orient": "bottom"},
        "axes": [axis, {"orient": "bottom", "type": "band"}],
    }


def _finite(line: Line) -> Points:
    return [(x, y) for x, y in line.points if isfinite(x) and isfinite(y)]


def _names(curve: Curve, places: list[float]) -> list[str]:
    """A category a place: the tick's label where there is one, else nothing that can be seen.

    An even grid of categories keeps distances true, and a category axis is the only one that
    can carry labels of our own; categories must differ, hence the invisible number.
    """
    ticks: dict[int, str] = {}
    for x, label in curve.ticks:
        if isfinite(x) and places[0] <= x <= places[-1]:
            ticks.setdefault(_nearest(places, x), label)
    width = len(places).bit_length()
    return [ticks.get(i, "") + _invisible(i, width) for i in range(len(places))]


def _invisible(number: int, width: int) -> str:
    return "".join(ONE if number >> bit & 1 else ZERO for bit in range(width))


def _nearest(places: list[float], x: float) -> int:
    return min(range(len(places)), key=lambda i: abs(places[i] - x))


def _height(known: Points, x: float) -> float | None:
    """The line's height at `x`, straight between its points; None outside of them."""
    if not known or not known[0][0] <= x <= known[-1][0]:
        return None
    after = bisect_right(known, x, key=lambda point: point[0])
    if after == len(known):
        return known[-1][1]
    (x0, y0), (x1, y1) = known[after - 1], known[after]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def _y_axis(curve: Curve, lines: list[tuple[Line, Points]]) -> Json:
    heights = [y for _, known in lines for _, y in known]
    heights += [level.y for level in curve.levels if isfinite(level.y)]
    low, high = min(0.0, *heights), max(heights)
    axis: Json = {
        "orient": "left",
        "type": "linear",
        "range": {"min": round(low, 2), "max": round(high + (high - low) * 0.05 or 1.0, 2)},
    }
    if curve.unit:
        axis["title"] = {"visible": True, "text": curve.unit}
    return axis


def _dashes(lines: tuple[Line, ...], labels: list[str]) -> Json:
    dashes = [[6, 4] if line.dashed else [0] for line in lines]
    return {"type": "ordinal", "field": "s", "domain": labels, "range": dashes}


def _levels(curve: Curve, letters: int) -> list[Json]:
    return [
        {"y": level.y, **_rule(level.label[:letters], COLOURS.get(level.tone, GREY))}
        for level in curve.levels
        if isfinite(level.y)
    ]


def _marks(curve: Curve, places: list[float], names: list[str], letters: int) -> list[Json]:
    return [
        {"x": names[_nearest(places, mark.x)], **_rule(mark.label[:letters], GREY)}
        for mark in curve.marks
        if isfinite(mark.x) and places[0] <= mark.x <= places[-1]
    ]


def _rule(label: str, colour: str) -> Json:
    return {
        "label": {"visible": True, "text": label, "position": "insideEndTop"},
        "line": {"style": {"stroke": colour, "lineDash": [4, 4]}},
    }
