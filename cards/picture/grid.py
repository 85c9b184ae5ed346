"""A table as a picture, such as a week's roster."""

from __future__ import annotations

from cards.drawing import Cell, Grid
from cards.picture.ink import INK, MARGIN, PAPER, SOFT, WIDTH, Canvas, Point, fitted, wide

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


def drawn(grid: Grid) -> Canvas:
    names = max((wide(name, 28) for name, _ in grid.rows), default=80.0)
    first = min(max(names + 24, 96.0), 220.0)
    count = max(len(grid.columns), 1)
    column = max((WIDTH - 2 * 18 - first) / count, 104.0)
    feet = grid.foot.split("\n") if grid.foot else []
    height = 190 + len(grid.rows) * 82 + len(feet) * 34
    canvas = Canvas(max(WIDTH, 2 * 18 + first + count * column), height)
    title, size = fitted(grid.title, 36, canvas.width - 2 * MARGIN, 24)
    canvas.text(24, 48, title, size, INK, "lm", bold=True)
    for number, label in enumerate(grid.columns):
        _header(canvas, 18 + first + number * column, column, label)
    for number, (name, cells) in enumerate(grid.rows):
        top = 168 + number * 82.0
        words, size = fitted(name, 28, first - 12, 20)
        canvas.text(24, top + 39, words, size, INK, "lm")
        for place, cell in enumerate(cells[:count]):
            _cell(canvas, (18 + first + place * column, top), column, cell)
    for number, line in enumerate(feet):
        words, size = fitted(line, 24, canvas.width - 48)
        canvas.text(24, 168 + len(grid.rows) * 82 + 26 + number * 34, words, size, SOFT, "lm")
    return canvas


def _header(canvas: Canvas, x: float, column: float, label: str) -> None:
    """Day over date: the words before the first space or line feed are the larger ones."""
    day, _, date = label.replace("\n", " ").partition(" ")
    words, size = fitted(day, 28, column - 8)
    canvas.text(x + column / 2, 112 if date else 126, words, size, INK, "mm", bold=True)
    if date:
        words, size = fitted(date, 22, column - 8)
        canvas.text(x + column / 2, 143, words, size, SOFT, "mm")


def _cell(canvas: Canvas, corner: Point, column: float, cell: Cell) -> None:
    x, y = corner
    ground, ink = _CELL_TONES.get(cell.tone, _CELL_TONES[""])
    canvas.box((x + 2, y + 2, x + column - 2, y + 78), ground, radius=10)
    words, size = fitted(cell.text, 30, column - 12)
    canvas.text(x + column / 2, y + (26 if cell.sub else 39), words, size, ink, "mm")
    if cell.sub:
        words, size = fitted(cell.sub, 20, column - 6, 16)
        canvas.text(x + column / 2, y + 58, words, size, ink, "mm")
