"""A press on a Feishu card: what the client checks and sends, and what it makes of the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bot.emulator.desk import Json
from bot.emulator.feishu_card import check
from bot.emulator.feishu_inputs import INPUTS
from bot.emulator.feishu_rules import CardError, walk
from bot.emulator.feishu_values import LOCALES

NO_ANSWER, NO_CONNECTION, BAD_STATUS = 200341, 200342, 200671
BAD_BODY, BAD_CARD, OLD_CARD = 200672, 200673, 200830
SAID = {
    NO_ANSWER: "应用未在 3 秒内响应",
    NO_CONNECTION: "无法连接应用的服务器",
    BAD_STATUS: "应用返回了错误的状态码",
    BAD_BODY: "应用返回的内容格式错误",
    BAD_CARD: "应用返回的卡片不合法",
    OLD_CARD: "2.0 卡片不能更新为 1.0 卡片",
}
TOASTS = {"info", "success", "error", "warning"}
PICKERS = {"date_picker", "picker_time", "picker_datetime"}
MANY = {"multi_select_static", "multi_select_person"}
DEFAULTS = ("default_value", "initial_option", "initial_date", "initial_time", "initial_datetime")
ZONE = "+0800"


class RefusedError(Exception):
    """The client itself does not let the press through; the text says why, in Chinese."""


class AnswerError(Exception):
    """Momentum's answer cannot be used; `code` is what the client shows."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(why)
        self.code = code

    @property
    def toast(self) -> str:
        return f"{SAID[self.code]}，错误码：{self.code}"


def find(card: Json, button: Json) -> tuple[Json, Json | None]:
    """The pressed component by its callback value and name, and the form around it.

    Raises RefusedError when the card, as it is now, has no such component.
    """
    for root in card["body"]["elements"]:
        for one in walk(root):
            if _is(one, button):
                return one, root if root["tag"] == "form" else None
    raise RefusedError("卡片上已没有这个按钮")


def action(element: Json, form: Json | None, filled: Mapping[str, str]) -> Json:
    """The callback's `action`. Raises RefusedError where the client would not send it."""
    if element.get("disabled"):
        raise RefusedError(element.get("disabled_tips", {}).get("content", "按钮不可用"))
    act: Json = {"tag": element["tag"], "value": _value(element)}
    if "name" in element:
        act["name"] = element["name"]
    if form is not None and element.get("form_action_type") == "submit":
        act["form_value"] = dict(_form_values(form, filled))
    elif element["tag"] != "button":
        act |= _alone(element, filled)
    return act


def calls_back(element: Json) -> bool:
    """Whether pressing reaches Momentum at all, rather than opening a page or clearing a form."""
    if element.get("form_action_type") == "reset":
        return False
    return element.get("form_action_type") == "submit" or any(
        behavior["type"] == "callback" for behavior in element.get("behaviors", [])
    )


def opened(body: bytes) -> Json:
    """The answer's JSON object. Raises ValueError when it is none."""
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise ValueError("answer is no JSON object")
    return answer


def answered(answer: Any, images: Collection[str]) -> tuple[str, Json | None]:
    """The toast and the new card of an answer. Raises AnswerError."""
    if not isinstance(answer, dict) or not set(answer) <= {"toast", "card"}:
        raise AnswerError(BAD_BODY, "properties other than toast and card")
    return _toast(answer.get("toast", {})), _card(answer.get("card"), images)


def _toast(toast: Any) -> str:
    if not isinstance(toast, dict) or not set(toast) <= {"type", "content", "i18n"}:
        raise AnswerError(BAD_BODY, "toast")
    texts = toast.get("i18n", {})
    content = toast.get("content", "")
    strings = isinstance(texts, dict) and all(isinstance(one, str) for one in texts.values())
    if not strings or not isinstance(content, str) or not set(texts) <= set(LOCALES):
        raise AnswerError(BAD_BODY, "toast")
    if toast.get("type", "info") not in TOASTS:
        raise AnswerError(BAD_BODY, "toast type")
    return str(texts.get("zh_cn") or content)


def _card(card: Any, images: Collection[str]) -> Json | None:
    if card is None:
        return None
    if not isinstance(card, dict) or set(card) != {"type", "data"}:
        raise AnswerError(BAD_BODY, "card")
    data = card["data"]
    if card["type"] != "raw" or not isinstance(data, dict):
        raise AnswerError(BAD_CARD, "only raw cards are known here")
    if data.get("schema") != "2.0":
        raise AnswerError(OLD_CARD)
    try:
        check(data, images)
    except CardError as fault:
        raise AnswerError(BAD_CARD, str(fault)) from fault
    return data


def _is(element: Json, button: Json) -> bool:
    named = "name" not in button or element.get("name") == button["name"]
    if not named or (element["tag"] not in INPUTS and element["tag"] != "interactive_container"):
        return False
    if not _callbacks(element):  # a submit button need not have a value
        return "name" in button and not button.get("value")
    return "value" not in button or button["value"] in _callbacks(element)


def _callbacks(element: Json) -> list[Json]:
    behaviors = element.get("behaviors", [])
    return [one["value"] for one in behaviors if one["type"] == "callback"]


def _value(element: Json) -> Json:
    return next(iter(_callbacks(element)), {})


def _form_values(form: Json, filled: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Names and values of a form's inputs; what was not touched and has no default is missing."""
    for one in walk(form):
        if one["tag"] not in INPUTS or one["tag"] in {"button", "overflow"}:
            continue
        value = _entered(one, filled.get(one["name"]))
        if one.get("required") and not value:
            label = one.get("label") or one.get("placeholder") or {}
            raise RefusedError(f"请填写：{label.get('content') or one['name']}")
        if value is not None:
            yield one["name"], value


def _alone(element: Json, filled: Mapping[str, str]) -> Json:
    """What a component outside a form sends of itself; `filled` has it by name or as "value"."""
    value = _entered(element, filled.get(element.get("name", "value")))
    match element["tag"]:
        case "input":
            return {"input_value": value or ""}
        case "checker":
            return {"checked": bool(value)}
        case "interactive_container":
            return {}
        case tag if tag in MANY:
            return {"options": value or []}
        case tag if tag in PICKERS:
            return {"option": value or "", "timezone": "Asia/Shanghai"}
    return {"option": value or ""}


def _entered(element: Json, text: str | None) -> Any:
    """A component's value as the callback has it; None when there is none."""
    tag = element["tag"]
    if tag == "checker":
        return element.get("checked", False) if text is None else text in {"true", "1", "on"}
    if tag in MANY:
        return _many(element, text)
    if text is None:
        text = next((element[name] for name in DEFAULTS if name in element), None)
    if tag == "input":
        return _written(element, text)
    if not text:
        return None
    if tag in PICKERS:
        return text if re.search(r"[+-]\d{4}$", text) else f"{text} {ZONE}"
    return _chosen(element, text)


def _many(element: Json, text: str | None) -> list[str] | None:
    values = element.get("selected_values") if text is None else [*filter(None, text.split(","))]
    return [_chosen(element, one) for one in values] if values else None


def _written(element: Json, text: str | None) -> str | None:
    if text is not None and len(text) > element.get("max_length", 1000):
        raise RefusedError(f"最多 {element.get('max_length', 1000)} 个字")
    return text


def _chosen(element: Json, value: str) -> str:
    options = [option.get("value") for option in element.get("options", [])]
    if options and value not in options:
        raise RefusedError("没有这个选项")
    return value
