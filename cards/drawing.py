"""What a picture shows, as values; `cards/picture.py` turns it into PNG."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: (x, y) points, x rising."""

    label: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line that means something, such as a threshold."""

    label: str
    y: float
    tone: str = "warn"  # good, warn, danger: values of cards.card.Tone


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on the x axis worth pointing at: a signal, now, a crossing."""

    label: str
    x: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A line chart over time. `ticks` are (x, label) pairs of the x axis; `unit` is y's."""

    title: str
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[Level, ...] = ()
    marks: tuple[Mark, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid: text, a second smaller line, and a tone ("" is plain)."""

    text: str
    sub: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table drawn as a picture, such as a week's roster; `rows` are (name, cells)."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    foot: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart: a value for each (category, series) pair; missing pairs are not drawn."""

    title: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]  # (label, one value a category)
    unit: str = ""


Drawing = Curve | Grid | Bars
