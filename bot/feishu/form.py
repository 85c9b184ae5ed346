"""What a person may do with a card: the form with its inputs, and the buttons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeGuard

from bot.event import Json
from bot.feishu.sheet import Sheet
from bot.feishu.text import plain
from cards.card import Block, Button, Columns, DatePick, Fold, Input, PersonPick, Select

BUTTONS_A_ROW = 4
MAX_HINT = 100
MAX_VALUE = 1_000
MAX_LABEL = 60
DAY = re.compile(r"\d{4}-\d\d-\d\d")

Asking = Select | Input | PersonPick | DatePick


def asks(block: Block) -> TypeGuard[Asking]:
    """Whether a person can answer it: a list of no options asks nothing."""
    return isinstance(block, Input | PersonPick | DatePick) or (
        isinstance(block, Select) and bool(block.options)
    )


def asking(blocks: Sequence[Block]) -> list[Asking]:
    """Every input, those in folds and columns too: a form may stand in no container."""
    found: list[Asking] = []
    for block in blocks:
        if isinstance(block, Fold):
            found += asking(block.blocks)
        elif isinstance(block, Columns):
            found += [entry for column in block.columns for entry in asking(column)]
        elif asks(block):
            found.append(block)
    return found


def form(inputs: Sequence[Asking], buttons: Sequence[Button], sheet: Sheet) -> Json:
    """The one form of a card: every input, and every button that sends them."""
    elements: list[Json] = []
    for entry in inputs:
        elements += _entry(entry, sheet)
    drawn = [
        {**_button(button, sheet), "name": f"submit_{number}", "form_action_type": "submit"}
        for number, button in enumerate(buttons, 1)
    ]
    return {"tag": "form", "name": "form", "elements": [*elements, *_rows(drawn)]}


def _entry(entry: Asking, sheet: Sheet) -> list[Json]:
    match entry:
        case Select():
            return _select(entry, sheet)
        case Input():
            return [_input(entry, sheet)]
        case PersonPick(name, label, people):
            return _labelled(label, _person(name, label, people, sheet), sheet)
        case DatePick(name, label, value):
            return _labelled(label, _date(name, label, value, sheet), sheet)


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
    return _labelled(entry.label, menu, sheet)


def _labelled(label: str, entry: Json, sheet: Sheet) -> list[Json]:
    return [{"tag": "div", "text": plain(sheet.cut(label, MAX_HINT))}, entry]


def _person(name: str, label: str, people: tuple[tuple[str, str], ...], sheet: Sheet) -> Json:
    """A choice of people, whose names the client knows; without any, the members of the chat."""
    return {
        "tag": "select_person",
        "name": name,
        "placeholder": plain(sheet.cut(label, MAX_HINT)),
        "width": "fill",
        "options": [{"value": one} for one in dict(sheet.first(people, sheet.size.items)) if one],
    }


def _date(name: str, label: str, value: str, sheet: Sheet) -> Json:
    picker: Json = {
        "tag": "date_picker",
        "name": name,
        "placeholder": plain(sheet.cut(label, MAX_HINT)),
        "width": "fill",
    }
    if DAY.fullmatch(value):
        picker["initial_date"] = value
    return picker


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
