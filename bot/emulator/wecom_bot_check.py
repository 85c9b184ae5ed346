"""What WeCom takes from an AI bot: passive replies, and the message to a response_url.

Source: developer.work.weixin.qq.com/document/path/101031, 101032, 101138.
"""

from __future__ import annotations

from typing import Any

from bot.emulator.desk import Json
from bot.emulator.rules import Rule, WrongError, flag, many, record, text
from bot.emulator.wecom_card import check_card
from bot.emulator.wecom_check import RefusedError

FILLED = text(empty=False)
CONTENT = text(octets=20_480)
FEEDBACK = record({"id": text(octets=256, empty=False)})
PICTURE = record(
    {"msgtype": text(among=("image",)), "image": record({"base64": FILLED, "md5": FILLED})}
)


def _images_last(path: str, stream: Json) -> None:
    if stream.get("msg_item") and not stream.get("finish"):
        raise WrongError(f"{path}.msg_item", "only with finish")


STREAM = record(
    {"id": FILLED},
    {"finish": flag, "content": CONTENT, "msg_item": many(PICTURE, 0, 10), "feedback": FEEDBACK},
    then=_images_last,
)


def _card(path: str, card: Any) -> None:
    _take(path, card, update=False)


def _changed(path: str, card: Any) -> None:
    _take(path, card, update=True)


def _take(path: str, card: Any, *, update: bool) -> None:
    if isinstance(card, dict) and "feedback" in card:
        FEEDBACK(f"{path}.feedback", card["feedback"])
        card = {name: value for name, value in card.items() if name != "feedback"}
    check_card(card, update=update)


KIND = {"msgtype": FILLED}
PASSIVE: dict[str, Rule] = {
    "stream": record({**KIND, "stream": STREAM}),
    "template_card": record({**KIND, "template_card": _card}),
    "stream_with_template_card": record({**KIND, "stream": STREAM}, {"template_card": _card}),
}
UPDATE = record(
    {"response_type": text(among=("update_template_card",)), "template_card": _changed},
    {"userids": many(FILLED, 0, 1000)},
)
TEXT = record({**KIND, "text": record({"content": FILLED})})
MARKDOWN = record({"content": text(octets=20_480, empty=False)}, {"feedback": FEEDBACK})
ACTIVE: dict[str, Rule] = {
    "markdown": record({**KIND, "markdown": MARKDOWN}),
    "template_card": record({**KIND, "template_card": _card}),
}


def check_passive(body: Json) -> None:
    """A reply to a message or a press; ValueError names what is wrong."""
    if "response_type" in body:
        _keep(UPDATE, body)
        return
    kind = body.get("msgtype")
    if not isinstance(kind, str) or kind not in PASSIVE:
        raise ValueError(f"msgtype {kind} of the reply")
    _keep(PASSIVE[kind], body)


def check_welcome(body: Json) -> None:
    """A reply to somebody who came in: a text or a card."""
    if body.get("msgtype") not in ("text", "template_card"):
        raise ValueError("a welcome is a text or a card")
    _keep(TEXT if body["msgtype"] == "text" else PASSIVE["template_card"], body)


def check_active(body: Json, *, is_group: bool) -> None:
    """The message to a response_url; RefusedError with WeCom's errcode."""
    kind = body.get("msgtype")
    if not isinstance(kind, str) or kind not in ACTIVE or (kind == "template_card" and is_group):
        raise RefusedError(40008, "invalid message type")
    try:
        ACTIVE[kind]("response", body)
    except WrongError as wrong:
        raise RefusedError(40063 if wrong.missing else 40058, str(wrong)) from wrong


def _keep(rule: Rule, body: Json) -> None:
    try:
        rule("reply", body)
    except (WrongError, RefusedError) as wrong:
        raise ValueError(str(wrong)) from wrong
