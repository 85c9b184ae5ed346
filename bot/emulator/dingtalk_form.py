"""What a DingTalk client sends: a card's form, a button's parameters, a link's words.

Source: open.dingtalk.com/document/development/form-variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.emulator.desk import Bubble, Json

LINK = re.compile(r"\[[^\]]*\]\((dtmd://[^)\s]+)\)")


class UnfilledError(Exception):
    """A required field is empty: the client says so and sends nothing."""


def filled(params: Mapping[str, str], form: Mapping[str, str]) -> Json:
    """The submitted values of the form variable among a card's params.

    `form` has what the person entered, by field name; several choices joined with ",". A field
    not in it keeps its default. Raises UnfilledError, or LookupError for a choice not offered or
    a card without a form.
    """
    values: Json = {}
    fields = _fields(params)
    if not fields:
        raise LookupError("form")
    for one in fields:
        value = _value(one, form[one["name"]]) if one["name"] in form else one.get("defaultValue")
        if one.get("required") and value in (None, "", []):
            raise UnfilledError(one.get("requiredMsg") or f"请填写{one.get('label', one['name'])}")
        if value is not None:
            values[one["name"]] = value
    return values


def _fields(params: Mapping[str, str]) -> list[Json]:
    for value in params.values():
        if value.startswith("{"):
            try:
                found = json.loads(value)
            except ValueError:
                continue
            if isinstance(found.get("fields"), list):
                return list(found["fields"])
    return []


def _value(one: Json, entered: str) -> Any:
    match one.get("type"):
        case "SELECT" | "CHECKBOX_GROUP":
            return _chosen(one, entered) if entered else None
        case "MULTI_SELECT" | "MULTI_CHECKBOX_GROUP":
            chosen = [_chosen(one, value) for value in entered.split(",") if value]
            index = [choice["index"] for choice in chosen]
            return {"index": index, "value": [choice["value"] for choice in chosen]}
        case "CHECKBOX" | "SWITCH":
            return entered == "true"
        case _:
            return entered


def _chosen(one: Json, value: str) -> Json:
    values = [option["value"] for option in one.get("options", ())]
    if value not in values:
        raise LookupError(value)
    return {"index": values.index(value), "value": value}


def link_text(bubble: Bubble, url: str) -> str:
    """The text that a dtmd link of this bubble sends; LookupError if there is no such link.

    Such links work in the text of messages, not in cards.
    """
    words = bubble.body.get("text", "") if bubble.kind in ("markdown", "actionCard") else ""
    parts = urlsplit(url)
    content = parse_qs(parts.query).get("content", [""])[0]
    place = (parts.scheme, parts.netloc, parts.path)
    if url not in LINK.findall(words) or not content:
        raise LookupError(url)
    if place != ("dtmd", "dingtalkclient", "/sendMessage"):
        raise LookupError(url)
    return content


def params_of(bubble: Bubble, button: Json, form: dict[str, str]) -> Json:
    """What a press brings along: the button's own parameters, and the form's values."""
    params = dict(button.get("params") or {})
    if form or button["id"] == "form":
        params["form"] = filled(bubble.body["params"], form)
    return params
