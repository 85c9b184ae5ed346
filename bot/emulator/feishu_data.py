"""Tables and charts of a Feishu card."""

from __future__ import annotations

import re
from typing import Any

from bot.emulator.desk import Json
from bot.emulator.feishu_rules import (
    CHART,
    PARSE,
    ROW_KEY,
    ROW_VALUE,
    TABLES,
    CardError,
    Reading,
    Rule,
    anything,
    either,
    flag,
    number,
    pixels,
    several,
    shape,
    text,
    word,
)
from bot.emulator.feishu_values import ALIGN_X, ALIGN_Y, COMMON

MOST_TABLES = 3
CHARTS = (
    "line",
    "area",
    "bar",
    "pie",
    "common",
    "funnel",
    "scatter",
    "radar",
    "linearProgress",
    "circularProgress",
    "wordCloud",
)


def chart_spec(value: Any, path: str, _: Reading) -> None:
    """A VChart specification: JSON with a type that Feishu draws, and data."""
    if not isinstance(value, dict):
        raise CardError(CHART, path, "chart spec is not an object")
    if value.get("type") not in CHARTS:
        raise CardError(CHART, path, f"chart type {value.get('type')!r} is not supported")
    if not isinstance(value.get("data"), dict | list):
        raise CardError(CHART, path, "chart spec has no data")


def table(value: Any, path: str, reading: Reading) -> None:
    reading.tables += 1
    if reading.tables > MOST_TABLES:
        raise CardError(TABLES, path, "card table number over limit")
    _TABLE(value, path, reading)
    kinds: dict[str, str] = {}
    for column in value["columns"]:
        if column["name"] in kinds:
            raise CardError(PARSE, path, f"column {column['name']} is declared twice")
        kinds[column["name"]] = column.get("data_type", "text")
    for index, row in enumerate(value["rows"]):
        _row(row, kinds, f"{path} -> rows -> [{index}]")


def _row(row: Json, kinds: dict[str, str], path: str) -> None:
    for name, cell in row.items():
        if name not in kinds:
            raise CardError(ROW_KEY, path, f"column {name} is not declared")
        if not _fits(cell, kinds[name]):
            raise CardError(ROW_VALUE, path, f"{name} is no value of a {kinds[name]} column")


def _fits(cell: Any, kind: str) -> bool:
    match kind:
        case "number":
            return isinstance(cell, int | float) and not isinstance(cell, bool)
        case "date":  # milliseconds
            return isinstance(cell, int) and not isinstance(cell, bool)
        case "options":
            return isinstance(cell, str) or _all(cell, _is_option)
        case "persons":
            return isinstance(cell, str) or _all(cell, lambda one: isinstance(one, str))
    return isinstance(cell, str)


def _all(cell: Any, holds: Any) -> bool:
    return isinstance(cell, list) and all(holds(one) for one in cell)


def _is_option(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("text"), str) and set(one) <= OPTION


def _percent(value: Any, path: str, _: Reading) -> None:
    found = re.fullmatch(r"(\d+)%", value) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= 100:
        raise CardError(PARSE, path, f"{value!r} is no width")


OPTION = {"text", "color"}
_COLUMN = shape(
    {
        "name": text(least=1),
        "display_name": text(),
        "width": either(pixels(80, 600, "auto"), _percent),
        "horizontal_align": ALIGN_X,
        "vertical_align": ALIGN_Y,
        "data_type": word("text", "lark_md", "markdown", "number", "date", "options", "persons"),
        "format": shape(
            {"precision": number(0, 10), "symbol": text(1), "separator": flag},
        ),
        "date_format": text(),
    },
    ["name"],
)
_HEADER_STYLE = shape(
    {
        "text_align": ALIGN_X,
        "text_size": word("normal", "heading"),
        "background_style": word("none", "grey"),
        "text_color": word("default", "grey"),
        "bold": flag,
        "lines": number(1, 1000),
    }
)
_TABLE_FIELDS: dict[str, Rule] = COMMON | {
    "page_size": number(1, 10),
    "row_height": pixels(32, 124, "low", "middle", "high", "auto"),
    "row_max_height": pixels(32, 999),
    "freeze_first_column": flag,
    "header_style": _HEADER_STYLE,
    "columns": several(_COLUMN, least=1, most=50, code=TABLES),
    "rows": several(anything),
}
_TABLE = shape(_TABLE_FIELDS, ["columns", "rows"])
