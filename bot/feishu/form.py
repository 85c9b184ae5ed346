"""What a person may do with a card: the form with its inputs, and the buttons."""

from __future__ import annotations

from collections.abc import Sequence

from bot.event import Json
from bot.feishu.sheet import Sheet
from bot.feishu.text import plain
from cards.card import Button, Input, Select

BUTTONS_A_ROW = 4
MAX_HINT = 100
MAX_VALUE = 1_000
MAX_LABEL = 60


def form(inputs: Sequence[Select | Input], buttons: Sequence[Button], sheet: Sheet) -> Json:
    """The one form of a card: every input, and every button that sends them."""
    elements: list[Json] = []
    for entry in inputs:
        elements += _select(entry, sheet) if isinstance(entry, Select) else [_input(entry, sheet)]
    drawn = [
        {**_button(button, sheet), "name": f"submit_{number}", "form_action_type": "submit"}
        for number, button in enumerate(buttons, 1)
    ]
    return {"tag": "form", "name": "form", "elements": [*elements, *_rows(drawn)]}


def row(buttons: Sequence[Button], sheet: Sheet) -> list[Json]:
    """Buttons outside of the form, side by side."""
    return _rows([_button(button, sheet) for button in buttons])


def _rows(buttons: Sequence[Json]) -> list[Json]:
    chunks = (buttons[i : i + BUTTONS_A_ROW] for i in range(0, len(buttons), BUTTONS_A_ROW))
    return [
        {
            "tag": "column_set",
            "flex_mode": "flow",
            "horizontal_spacing": "8px",
            "columns": [
                {"tag": "column", "width": "auto", "elements": [button]} for button in chunk
            ],
        }
        for chunk in chunks
    ]


def _button(button: Button, sheet: Sheet) -> Json:
    kind = "default"
    if button.danger:
        kind = "danger_filled" if button.primary else "danger"
    elif button.primary:
        kind = "primary_filled"
    return {
        "tag": "button",
        "text": plain(sheet.cut(button.label, MAX_LABEL)),
        "type": kind,
        "behaviors": [_behaviour(button, sheet)],
    }


def _behaviour(button: Button, sheet: Sheet) -> Json:
    if button.url:
        return {"type": "open_url", "default_url": button.url}
    value = {"command": button.command}
    if sheet.private:  # a press names its chat but not whether others are in it
        value["chat"] = "p2p"
    return {"type": "callback", "value": value}


def _select(entry: Select, sheet: Sheet) -> list[Json]:
    options = dict(sheet.first(entry.options, sheet.size.items))
    chosen = entry.chosen
    if chosen and chosen not in options:
        options |= {value: label for value, label in entry.options if value == chosen}
    menu: Json = {
        "tag": "select_static",
        "name": entry.name,
        "placeholder": plain(sheet.cut(entry.label, MAX_HINT)),
        "width": "fill",
        "options": [
            {"text": plain(sheet.cut(label, MAX_HINT)), "value": value}
            for value, label in options.items()
        ],
    }
    if chosen in options:
        menu["initial_option"] = chosen
    return [{"tag": "div", "text": plain(sheet.cut(entry.label, MAX_HINT))}, menu]


def _input(entry: Input, sheet: Sheet) -> Json:
    field: Json = {
        "tag": "input",
        "name": entry.name,
        "label": plain(sheet.cut(entry.label, MAX_HINT)),
        "label_position": "top",
        "width": "fill",
        "max_length": MAX_VALUE,
        "input_type": "multiline_text" if entry.multiline else "text",
    }
    if entry.multiline:
        field["rows"] = 3
    if entry.hint:
        field["placeholder"] = plain(sheet.cut(entry.hint, MAX_HINT))
    if entry.value:
        field["default_value"] = sheet.cut(entry.value, MAX_VALUE)
    return field
