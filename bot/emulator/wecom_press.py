"""What a press on a card makes, and which passive replies WeCom acts upon.

Source: developer.work.weixin.qq.com/document/path/90240 (template_card_event), 90241.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from bot.emulator.desk import Json
from bot.emulator.wecom_check import RefusedError, check_passive_card
from bot.emulator.wecom_seal import card_of


def known_reply(reply: Element) -> None:
    match reply.findtext("MsgType"):
        case "text":
            if not reply.findtext("Content"):
                raise ValueError("text without Content")
        case "image":
            if not reply.findtext("Image/MediaId"):
                raise ValueError("image without MediaId")
        case "update_button":
            if not reply.findtext("Button/ReplaceName"):
                raise ValueError("update_button without ReplaceName")
        case "update_template_card":
            try:
                check_passive_card(card_of(card_element(reply)))
            except RefusedError as refused:
                raise ValueError(str(refused)) from refused
        case other:
            raise ValueError(f"MsgType {other} of the reply")


def card_element(reply: Element) -> Element:
    element = reply.find("TemplateCard")
    if element is None:
        raise ValueError("update_template_card without TemplateCard")
    return element


def event_kind(card: Json, key: str) -> str:
    """Which event a key of this card makes; LookupError if it has no such key."""
    buttons = [*card.get("button_list", ()), card.get("submit_button", {})]
    if any(button.get("key") == key for button in buttons):
        return "template_card_event"
    if any(entry["key"] == key for entry in card.get("action_menu", {}).get("action_list", ())):
        return "template_card_menu_event"
    raise LookupError(key)


def selected(card: Json, form: Mapping[str, str]) -> list[Json]:
    """What the person chose, as SelectedItem elements; a list's first option stands by default."""
    items = []
    selectors = [*card.get("select_list", ())]
    if "button_selection" in card:
        selectors.append(card["button_selection"])
    for selector in selectors:
        default = selector.get("selected_id") or selector["option_list"][0]["id"]
        items.append(_item(selector, form.get(selector["question_key"], default)))
    if "checkbox" in card:
        box = card["checkbox"]
        ticked = [option["id"] for option in box["option_list"] if option.get("is_checked")]
        items.append(_item(box, form.get(box["question_key"], ",".join(ticked))))
    return items


def _item(question: Json, chosen: str) -> Json:
    ids = [option["id"] for option in question["option_list"]]
    picked = [one for one in chosen.split(",") if one]
    if unknown := [one for one in picked if one not in ids]:
        raise LookupError(", ".join(unknown))
    return {"QuestionKey": question["question_key"], "OptionIds": {"OptionId": picked}}
