"""What WeCom's message API accepts, and the error codes with which it refuses the rest.

Source: developer.work.weixin.qq.com/document/path/90236, 94888, 90389. A text over 2048 bytes is
cut there in silence; here it is refused (45002), because a lost end is a defect of the sender.
The documentation names no codes for faults in cards: 40063 stands for a missing field, 40058 for
a wrong one.
"""

from __future__ import annotations

import re
from typing import Any

from bot.emulator.calls import Upload
from bot.emulator.desk import Json
from bot.emulator.rules import Rule, WrongError, link, many, number, record, text
from bot.emulator.wecom_card import check_card

ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
UNSAFE = {"markdown", "textcard", "template_card", "news", "voice"}  # may not be sent with safe=1

BITS = number(0, 1)
COMMON: dict[str, Rule] = {
    "touser": text(),
    "toparty": text(),
    "totag": text(),
    "msgtype": text(empty=False),
    "agentid": number(),
    "safe": BITS,
    "enable_id_trans": BITS,
    "enable_duplicate_check": BITS,
    "duplicate_check_interval": number(),
}
MEDIA = record({"media_id": text(empty=False)})
ARTICLE = record(
    {"title": text(octets=128, empty=False)},
    {
        "description": text(octets=512),
        "url": link(),
        "picurl": link(),
        "appid": text(),
        "pagepath": text(octets=128),
    },
)
OBJECTS: dict[str, Rule] = {
    "text": record({"content": text(empty=False)}),
    "markdown": record({"content": text(empty=False)}),
    "image": MEDIA,
    "voice": MEDIA,
    "file": MEDIA,
    "video": record(
        {"media_id": text(empty=False)},
        {"title": text(octets=128), "description": text(octets=512)},
    ),
    "textcard": record(
        {
            "title": text(chars=128, empty=False),
            "description": text(chars=512, empty=False),
            "url": link(),
        },
        {"btntxt": text(chars=4)},
    ),
    "news": record({"articles": many(ARTICLE, 1, 8)}),
    "template_card": lambda _, card: check_card(card),
}
UPDATE = record(
    {"agentid": number(), "response_code": text(empty=False)},
    {
        "userids": many(text(empty=False), 0, 1000),
        "partyids": many(number(), 0, 100),
        "tagids": many(number(), 0, 100),
        "atall": BITS,
        "enable_id_trans": BITS,
        "button": record({"replace_name": text(empty=False)}),
        "template_card": lambda _, card: check_card(card, update=True),
    },
)
SIZES = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
MAGIC = {
    "image": re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff"),
    "voice": re.compile(rb"#!AMR"),
    "video": re.compile(rb"(?s).{4}ftyp"),
    "file": re.compile(rb""),
}


class RefusedError(Exception):
    """WeCom's refusal, with its errcode."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def check_body(raw: bytes, body: Any) -> Json:
    """The request's JSON object; raw UTF-8 is demanded, `\\uXXXX` is not understood."""
    if not isinstance(body, dict):
        raise RefusedError(47001, "data format error")
    if ESCAPE.search(raw):
        raise RefusedError(40033, "invalid charset: \\uXXXX escapes")
    return body


def check_message(body: Json, agent_id: int) -> str:
    """Check a message/send request and tell its msgtype."""
    kind = body.get("msgtype")
    if not isinstance(kind, str) or kind not in OBJECTS:
        raise RefusedError(40008, "invalid message type")
    if body.get("agentid") != agent_id or isinstance(body.get("agentid"), bool):
        raise RefusedError(40056, "invalid agentid")
    _keep(record({"msgtype": COMMON["msgtype"], kind: OBJECTS[kind]}, COMMON), "message", body)
    content = body[kind].get("content", "") if kind in ("text", "markdown") else ""
    if len(content.encode()) > 2048:
        raise RefusedError(45002, f"content size out of limit: {len(content.encode())} bytes")
    if body.get("safe") and kind in UNSAFE:
        raise RefusedError(40058, f"safe is not for {kind}")
    if not 0 <= body.get("duplicate_check_interval", 0) <= 4 * 3600:
        raise RefusedError(40058, "duplicate_check_interval: at most 4 hours")
    _check_receivers(body)
    return kind


def check_update(body: Json, agent_id: int) -> None:
    """Check a message/update_template_card request."""
    _keep(UPDATE, "update", body)
    if body["agentid"] != agent_id:
        raise RefusedError(42015, "agentid is not the sender's")
    if ("button" in body) == ("template_card" in body):
        raise RefusedError(40058, "needs either button or template_card")
    if not any(body.get(name) for name in ("userids", "partyids", "tagids", "atall")):
        raise RefusedError(40063, "needs userids, partyids, tagids or atall")


def check_passive_card(card: Any) -> None:
    """Check the card of a passive reply."""
    _keep(lambda _, value: check_card(value, update=True), "TemplateCard", card)


def check_media(kind: str, upload: Any) -> Upload:
    """Check an uploaded file against the rules of its type."""
    if kind not in SIZES:
        raise RefusedError(40004, "invalid media type")
    if not isinstance(upload, Upload) or not upload.filename or len(upload.data) <= 5:
        raise RefusedError(44001, "empty media data: multipart field media with filename needed")
    if len(upload.data) > SIZES[kind]:
        raise RefusedError(40009 if kind == "image" else 40006, "invalid media size")
    if not MAGIC[kind].match(upload.data):
        raise RefusedError(40123 if kind == "image" else 40005, f"the bytes are no {kind}")
    return upload


def _check_receivers(body: Json) -> None:
    limits = {"touser": (1000, 40031), "toparty": (100, 82002), "totag": (100, 82003)}
    for name, (most, code) in limits.items():
        if len(body.get(name, "").split("|")) > most:
            raise RefusedError(code, f"{name}: at most {most}")
    if not any(body.get(name) for name in limits):
        raise RefusedError(82001, "touser, toparty and totag are all empty")


def _keep(rule: Rule, path: str, value: Any) -> None:
    try:
        rule(path, value)
    except WrongError as wrong:
        raise RefusedError(40063 if wrong.missing else 40058, str(wrong)) from wrong
