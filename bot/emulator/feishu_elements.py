"""Content components and containers of a Feishu card, and what may stand in what.

The tags are those of feishu.md §4.4 and §4.5; a property that is not named there is refused.
"""

from __future__ import annotations

from typing import Any

from bot.emulator.desk import Json
from bot.emulator.feishu_data import chart_spec, table
from bot.emulator.feishu_inputs import INPUTS, NAME
from bot.emulator.feishu_rules import (
    DUPLICATE_ID,
    PARSE,
    UNNAMED,
    UNSUPPORTED,
    CardError,
    Reading,
    Rule,
    anything,
    colour,
    either,
    flag,
    image,
    markdown,
    number,
    pixels,
    several,
    shape,
    sides,
    text,
    text_size,
    walk,
    word,
)
from bot.emulator.feishu_values import (
    ALIGN_X,
    ALIGN_Y,
    BEHAVIORS,
    COMMON,
    CONFIRM,
    ICON,
    LAYOUT,
    LINKS,
    PLAIN,
    PLAIN_OR_MARKDOWN,
    SPACING,
    STYLED,
)

DEEPEST = 5
CONTAINERS = {"column_set", "form", "interactive_container", "collapsible_panel"}
AT_ROOT = {"form", "table"}
FROM_1_0 = ("note", "action")
ELEMENT_ID = text(20, form=r"[A-Za-z][A-Za-z0-9_]*")


def element(value: Any, path: str, reading: Reading) -> None:
    """Check one component where it stands, and everything in it."""
    anything(value, path, reading)
    tag = value.get("tag")
    if tag in FROM_1_0:
        reason = f"cards of schema V2 no longer support this capability; unsupported tag {tag}"
        raise CardError(UNSUPPORTED, path, reason)
    if not isinstance(tag, str) or tag not in _ELEMENTS:
        raise CardError(PARSE, path, f"unknown tag {tag!r}")
    here = f"{path}(tag: {tag})"
    reading.count(here)
    _place(tag, here, reading)
    _identity(value, here, reading)
    if tag in INPUTS:
        _form_child(value, here, reading)
    if tag in CONTAINERS:
        reading.inside.append(tag)
        _ELEMENTS[tag](value, here, reading)
        reading.inside.pop()
    else:
        _ELEMENTS[tag](value, here, reading)


def _place(tag: str, path: str, reading: Reading) -> None:
    if tag in AT_ROOT and reading.inside:
        raise CardError(PARSE, path, f"{tag} can only be placed in the body")
    if tag in CONTAINERS and len(reading.inside) >= DEEPEST:
        raise CardError(PARSE, path, f"containers are nested deeper than {DEEPEST}")


def _identity(value: Json, path: str, reading: Reading) -> None:
    if "element_id" not in value:
        return
    ELEMENT_ID(value["element_id"], path, reading)
    if value["element_id"] in reading.ids:
        raise CardError(DUPLICATE_ID, path, f"duplicate element_id {value['element_id']}")
    reading.ids.add(value["element_id"])


def _form_child(value: Json, path: str, reading: Reading) -> None:
    if "form" in reading.inside:
        if not value.get("name"):
            raise CardError(UNNAMED, path, "form child has no name")
        _unique_name(value["name"], path, reading)
    elif "form_action_type" in value:
        raise CardError(PARSE, path, "form_action_type outside a form")


def _unique_name(name: Any, path: str, reading: Reading) -> None:
    NAME(name, path, reading)
    if name in reading.names:
        raise CardError(PARSE, path, f"name {name} is not unique")
    reading.names.add(name)


def elements(value: Any, path: str, reading: Reading) -> None:
    several(element)(value, path, reading)


def _form(value: Any, path: str, reading: Reading) -> None:
    _unique_name(value.get("name"), path, reading)
    _FORM(value, path, reading)
    if not any(one.get("form_action_type") == "submit" for one in walk(value)):
        raise CardError(PARSE, path, "form has no submit button")


def _column(value: Any, path: str, reading: Reading) -> None:
    anything(value, path, reading)
    if value.get("tag") != "column":
        raise CardError(PARSE, path, f"unknown tag {value.get('tag')!r} in columns")
    reading.count(path)
    _identity(value, path, reading)
    _COLUMN(value, path, reading)


def _div(value: Any, path: str, reading: Reading) -> None:
    _DIV(value, path, reading)
    if "text" not in value and "fields" not in value:
        raise CardError(PARSE, path, "div has neither text nor fields")


_FILL = pixels(16, 999, "fill", "auto")
_ACTION = shape({"multi_url": shape(LINKS)}, ["multi_url"])
_BACKGROUND: dict[str, Rule] = {"background_style": colour}
_PERSON: dict[str, Rule] = COMMON | {
    "size": word("extra_small", "small", "medium", "large"),
    "show_name": flag,
    "show_avatar": flag,
}
_IMG_SIZE = either(
    word("large", "medium", "small", "tiny", "stretch"),
    text(form=r"([1-9]\d{0,2}|1000)px ([1-9]\d{0,2}|1000)px"),
)
_DIV = shape(
    COMMON
    | {
        "text": STYLED,
        "fields": several(shape({"is_short": flag, "text": STYLED}, ["text"])),
        "icon": ICON,
        "width": _FILL,
    }
)
_FORM = shape(COMMON | LAYOUT | {"name": NAME, "elements": elements}, ["name", "elements"])
_COLUMN = shape(
    COMMON
    | LAYOUT
    | _BACKGROUND
    | {
        "width": pixels(16, 600, "auto", "weighted"),
        "weight": number(1, 5),
        "elements": elements,
        "action": _ACTION,
    },
    ["elements"],
)
_PANEL_HEADER = shape(
    {
        "title": PLAIN_OR_MARKDOWN,
        "background_color": colour,
        "width": word("fill", "auto", "auto_when_fold"),
        "vertical_align": ALIGN_Y,
        "padding": sides(0, 99, (1, 4)),
        "position": word("top", "bottom"),
        "icon": ICON,
        "icon_position": word("left", "right", "follow_text"),
        "icon_expanded_angle": number(-180, 180),
    },
    ["title"],
)
_CONTENT: dict[str, Rule] = {
    "markdown": shape(
        COMMON
        | {
            "content": markdown,
            "text_size": text_size,
            "text_align": word("left", "center", "right"),
            "icon": ICON,
        },
        ["content"],
    ),
    "div": _div,
    "hr": shape(COMMON),
    "img": shape(
        COMMON
        | {
            "img_key": image,
            "alt": PLAIN,
            "title": PLAIN,
            "corner_radius": either(pixels(0, 999), pixels(0, 100, unit="%")),
            "scale_type": word("crop_center", "crop_top", "fit_horizontal"),
            "size": _IMG_SIZE,
            "transparent": flag,
            "preview": flag,
        },
        ["img_key", "alt"],
    ),
    "img_combination": shape(
        COMMON
        | {
            "combination_mode": word("double", "triple", "bisect", "trisect"),
            "img_list": several(shape({"img_key": image}, ["img_key"]), least=1),
        },
        ["combination_mode", "img_list"],
    ),
    "person": shape(_PERSON | {"user_id": text(least=1)}, ["user_id"]),
    "person_list": shape(
        _PERSON | {"persons": several(shape({"id": text(least=1)}, ["id"]), least=1)}, ["persons"]
    ),
    "table": table,
    "chart": shape(
        COMMON
        | {
            "chart_spec": chart_spec,
            "aspect_ratio": word("1:1", "2:1", "4:3", "16:9"),
            "color_theme": word("brand", "rainbow", "complementary", "converse", "primary"),
            "preview": flag,
            "height": pixels(1, 999, "auto"),
        },
        ["chart_spec"],
    ),
}
_HOLDING: dict[str, Rule] = {
    "column_set": shape(
        COMMON
        | _BACKGROUND
        | {
            "flex_mode": word("none", "stretch", "flow", "bisect", "trisect"),
            "horizontal_spacing": SPACING,
            "horizontal_align": ALIGN_X,
            "action": _ACTION,
            "columns": several(_column, least=1),
        },
        ["columns"],
    ),
    "form": _form,
    "interactive_container": shape(
        COMMON
        | LAYOUT
        | _BACKGROUND
        | {
            "width": _FILL,
            "height": pixels(1, 999, "auto"),
            "has_border": flag,
            "border_color": colour,
            "corner_radius": either(pixels(0, 999), pixels(0, 100, unit="%")),
            "behaviors": BEHAVIORS,
            "disabled": flag,
            "disabled_tips": PLAIN,
            "confirm": CONFIRM,
            "hover_tips": PLAIN,
            "elements": elements,
        },
        ["behaviors", "elements"],
    ),
    "collapsible_panel": shape(
        COMMON
        | LAYOUT
        | {
            "expanded": flag,
            "header": _PANEL_HEADER,
            "border": shape({"color": colour, "corner_radius": pixels(0, 999)}),
            "background_color": colour,
            "elements": elements,
        },
        ["header", "elements"],
    ),
}
_ELEMENTS: dict[str, Rule] = _CONTENT | _HOLDING | INPUTS
