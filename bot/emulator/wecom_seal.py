"""WeCom's envelope as the platform writes and reads it, with the vendor SDK's crypto.

Source: developer.work.weixin.qq.com/document/path/90238, 90240, 90241.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.emulator.desk import Json

WHOLE = {
    "Type",
    "DescColor",
    "Style",
    "Mode",
}
JUMP = {"Url": "url", "AppId": "appid", "PagePath": "pagepath"}
OPTION = {"Id": "id", "Text": "text", "IsChecked": "is_checked"}
SELECTOR: dict[str, Any] = {
    "QuestionKey": "question_key",
    "Title": "title",
    "SelectedId": "selected_id",
    "Disable": "disable",
    "OptionList": ("option_list", [OPTION]),
}
TITLE = {"Title": "title", "Desc": "desc"}
# Element → name in the JSON form, with the inner elements; a list means that it repeats.
CARD: dict[str, Any] = {
    "CardType": "card_type",
    "TaskId": "task_id",
    "SubTitleText": "sub_title_text",
    "ReplaceText": "replace_text",
    "Source": ("source", {"IconUrl": "icon_url", "Desc": "desc", "DescColor": "desc_color"}),
    "ActionMenu": (
        "action_menu",
        {"Desc": "desc", "ActionList": ("action_list", [{"Text": "text", "Key": "key"}])},
    ),
    "MainTitle": ("main_title", TITLE),
    "EmphasisContent": ("emphasis_content", TITLE),
    "QuoteArea": (
        "quote_area",
        {
            "Type": "type",
            "Url": "url",
            "Appid": "appid",
            "PagePath": "pagepath",
            "Title": "title",
            "QuoteText": "quote_text",
        },
    ),
    "ImageTextArea": (
        "image_text_area",
        {"Type": "type", **JUMP, **TITLE, "ImageUrl": "image_url"},
    ),
    "CardImage": ("card_image", {"Url": "url", "AspectRatio": "aspect_ratio"}),
    "VerticalContentList": ("vertical_content_list", [TITLE]),
    "HorizontalContentList": (
        "horizontal_content_list",
        [
            {
                "KeyName": "keyname",
                "Value": "value",
                "Type": "type",
                "Url": "url",
                "MediaId": "media_id",
                "UserId": "userid",
            }
        ],
    ),
    "JumpList": ("jump_list", [{"Title": "title", "Type": "type", **JUMP}]),
    "CardAction": ("card_action", {"Type": "type", **JUMP}),
    "ButtonSelection": ("button_selection", SELECTOR),
    "ButtonList": (
        "button_list",
        [{"Text": "text", "Style": "style", "Type": "type", "Key": "key", "Url": "url"}],
    ),
    "CheckBox": (
        "checkbox",
        {
            "QuestionKey": "question_key",
            "Mode": "mode",
            "Disable": "disable",
            "OptionList": ("option_list", [OPTION]),
        },
    ),
    "SelectList": ("select_list", [SELECTOR]),
    "SubmitButton": ("submit_button", {"Text": "text", "Key": "key"}),
}


class Seal:
    """Signs and encrypts for one app, and opens what the app answers."""

    def __init__(self, token: str, aes_key: str, corp_id: str) -> None:
        self._crypto = WeChatCrypto(token, aes_key, corp_id)
        self._corp_id = corp_id

    def close(self, plain: str, *, agent_id: int, timestamp: int) -> tuple[dict[str, str], bytes]:
        """The query and the body of a callback that says `plain`."""
        nonce = str(secrets.randbelow(10**10))
        sealed = ElementTree.fromstring(
            self._crypto.encrypt_message(plain, nonce, str(timestamp)), forbid_dtd=True
        )
        query = {
            "msg_signature": sealed.findtext("MsgSignature", ""),
            "timestamp": str(timestamp),
            "nonce": nonce,
        }
        body = xml(
            {
                "ToUserName": self._corp_id,
                "AgentID": str(agent_id),
                "Encrypt": sealed.findtext("Encrypt", ""),
            }
        )
        return query, body.encode()

    def echo(self, word: str, *, timestamp: int) -> dict[str, str]:
        """The query of the check that follows saving the address."""
        query, body = self.close(word, agent_id=0, timestamp=timestamp)
        sealed = ElementTree.fromstring(body, forbid_dtd=True)
        return {**query, "echostr": sealed.findtext("Encrypt", "")}

    def open(self, body: bytes) -> Element | None:
        """The plain XML of a passive reply; None for an empty answer.

        Raises ValueError for anything that WeCom would not understand.
        """
        if body in (b"", b"success"):
            return None
        try:
            outer = ElementTree.fromstring(body, forbid_dtd=True)
            fields = {child.tag: child.text or "" for child in outer}
            plain = self._crypto.decrypt_message(
                {"Encrypt": fields["Encrypt"]},
                fields["MsgSignature"],
                fields["TimeStamp"],
                fields["Nonce"],
            )
            return ElementTree.fromstring(plain, forbid_dtd=True)
        except Exception as fault:  # the SDK lets whatever happened out
            raise ValueError(f"passive reply: {type(fault).__name__} {fault}") from fault


def xml(fields: Mapping[str, Any], root: str = "xml") -> str:
    """Write nested fields as WeCom does: text in CDATA, numbers bare, lists repeated."""
    return f"<{root}>{''.join(_element(name, value) for name, value in fields.items())}</{root}>"


def card_of(element: Element) -> Json:
    """A TemplateCard element in the form of the JSON API; ValueError for an unknown element."""
    return _object(element, CARD)


def readable(element: Element) -> Any:
    """XML as nested plain values, for the log."""
    if not len(element):
        return (element.text or "").strip()
    shown: Json = {}
    for child in element:
        value = readable(child)
        if child.tag in shown:
            earlier = shown[child.tag]
            shown[child.tag] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            shown[child.tag] = value
    return shown


def _element(name: str, value: Any) -> str:
    match value:
        case dict():
            return xml(value, name)
        case list():
            return "".join(_element(name, inner) for inner in value)
        case int():
            return f"<{name}>{value}</{name}>"
        case _:
            inside = str(value).replace("]]>", "]]]]><![CDATA[>")
            return f"<{name}><![CDATA[{inside}]]></{name}>"


def _object(element: Element, names: Mapping[str, Any]) -> Json:
    out: Json = {}
    for child in element:
        entry = names.get(child.tag)
        match entry:
            case None:
                raise ValueError(f"{child.tag} is no element of {element.tag}")
            case str():
                out[entry] = _scalar(child)
            case (name, [inner]):
                out.setdefault(name, []).append(_object(child, inner))
            case (name, inner):
                out[name] = _object(child, inner)
    return out


def _scalar(element: Element) -> Any:
    value = element.text or ""
    if element.tag in WHOLE:
        return int(value)
    if element.tag == "AspectRatio":
        return float(value)
    if element.tag in ("Disable", "IsChecked"):
        if value not in ("true", "false"):
            raise ValueError(f"{element.tag} must be true or false")
        return value == "true"
    return value
