"""Interactive components of a Feishu card: buttons, inputs, selects, pickers."""

from __future__ import annotations

from typing import Any

from bot.emulator.desk import Json
from bot.emulator.feishu_rules import (
    PARSE,
    CardError,
    Reading,
    Rule,
    anything,
    flag,
    number,
    pixels,
    several,
    shape,
    tagged,
    text,
    word,
)
from bot.emulator.feishu_values import (
    BEHAVIORS,
    COMMON,
    CONFIRM,
    ICON,
    LINKS,
    PLAIN,
    STYLED,
)

NAME = text(least=1)
WIDTH = pixels(100, 9999, "default", "fill")


def unique_options(value: Any, path: str, _: Reading) -> None:
    values = [option["value"] for option in value]
    for one in values:
        if values.count(one) > 1:
            raise CardError(PARSE, path, f"option value {one!r} is not unique")


def short_text(value: Any, path: str, reading: Reading) -> None:
    PLAIN(value, path, reading)
    text(100)(value["content"], path, reading)


def both(*rules: Rule) -> Rule:
    def check(value: Any, path: str, reading: Reading) -> None:
        for rule in rules:
            rule(value, path, reading)

    return check


def chosen_exists(value: Json, path: str, _: Reading) -> None:
    """What is preselected must be among the options."""
    options = {option["value"] for option in value.get("options", [])}
    chosen = [value["initial_option"]] if "initial_option" in value else []
    for one in (*chosen, *value.get("selected_values", [])):
        if options and one not in options:
            raise CardError(PARSE, path, f"preselected {one!r} is no option")


_PRESSED: dict[str, Rule] = COMMON | {
    "name": NAME,
    "disabled": flag,
    "behaviors": BEHAVIORS,
    "confirm": CONFIRM,
}
_ASKED: dict[str, Rule] = _PRESSED | {"required": flag, "placeholder": PLAIN, "width": WIDTH}
_OPTIONS = both(
    several(
        shape({"text": PLAIN, "value": text(least=1), "icon": ICON}, ["text", "value"]), least=1
    ),
    unique_options,
)
_PEOPLE = both(several(shape({"value": text(least=1)}, ["value"])), unique_options)
_ONE: dict[str, Rule] = {"initial_option": text()}
_MANY: dict[str, Rule] = {"selected_values": several(text())}
_KIND: dict[str, Rule] = {"type": word("default", "text")}
_DAY, _TIME = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", r"([01]\d|2[0-3]):[0-5]\d"

_BUTTON: dict[str, Rule] = _PRESSED | {
    "text": PLAIN,
    "type": word(
        *("default", "primary", "danger", "text", "primary_text", "danger_text"),
        *("primary_filled", "danger_filled", "laser"),
    ),
    "size": word("tiny", "small", "medium", "large"),
    "width": WIDTH,
    "icon": ICON,
    "hover_tips": PLAIN,
    "disabled_tips": PLAIN,
    "form_action_type": word("submit", "reset"),
}
BUTTON = shape(_BUTTON, ["text"])
_INPUT: dict[str, Rule] = _ASKED | {
    "placeholder": short_text,
    "default_value": text(),
    "max_length": number(1, 1000),
    "input_type": word("text", "multiline_text", "password"),
    "rows": number(1, 1000),
    "auto_resize": flag,
    "max_rows": number(1, 1000),
    "show_icon": flag,
    "label": PLAIN,
    "label_position": word("top", "left"),
}
_CHECKER: dict[str, Rule] = COMMON | {
    "name": NAME,
    "checked": flag,
    "text": STYLED,
    "overall_checkable": flag,
    "button_area": shape(
        {
            "pc_display_rule": word("always", "on_hover"),
            "buttons": several(tagged({"button": BUTTON}), most=3),
        }
    ),
    "checked_style": shape({"show_strikethrough": flag, "opacity": number(0, 1, whole=False)}),
    "behaviors": several(
        tagged({"callback": shape({"type": text(), "value": anything}, ["value"])}, by="type")
    ),
    "disabled": flag,
}
_MORE_OPTION = shape(
    {
        "text": short_text,
        "value": text(least=1),
        "multi_url": shape(LINKS),
    },
    ["text"],
)
_OVERFLOW: dict[str, Rule] = COMMON | {
    "name": NAME,
    "options": several(_MORE_OPTION, least=1),
    "behaviors": BEHAVIORS,
}

INPUTS: dict[str, Rule] = {
    "button": BUTTON,
    "input": shape(_INPUT),
    "select_static": both(
        shape(_ASKED | _KIND | _ONE | {"options": _OPTIONS}, ["options"]), chosen_exists
    ),
    "multi_select_static": both(
        shape(_ASKED | _KIND | _MANY | {"options": _OPTIONS}, ["options"]), chosen_exists
    ),
    "select_person": shape(_ASKED | _KIND | _ONE | {"options": _PEOPLE}),
    "multi_select_person": shape(_ASKED | _KIND | _MANY | {"options": _PEOPLE}),
    "date_picker": shape(_ASKED | {"initial_date": text(form=_DAY)}),
    "picker_time": shape(_ASKED | {"initial_time": text(form=_TIME)}),
    "picker_datetime": shape(_ASKED | {"initial_datetime": text(form=f"{_DAY} {_TIME}")}),
    "checker": shape(_CHECKER),
    "overflow": shape(_OVERFLOW, ["options"]),
}
"""Rules of the components that a form child's `name` is asked of."""
