"""What DingTalk's robot and media APIs accept, and the error codes for the rest.

Source: open.dingtalk.com/document/development/robot-message-type, and the pages
chatbots-send-one-on-one-chat-messages-in-batches and the-robot-sends-a-group-message. Where the
documentation names no code, ours starts with `invalidParameter.` and the field's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from bot.emulator.calls import Upload
from bot.emulator.desk import Json
from bot.emulator.rules import Rule, WrongError, flag, link, many, record, text

PARAM_BYTES = 15_000
MARKDOWN_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
TEXT, FILLED = text(), text(empty=False)
WORDS: dict[str, Rule] = {"title": FILLED, "text": FILLED}


def _digits(path: str, value: Any) -> None:
    if isinstance(value, bool) or not str(value).isdigit():
        raise WrongError(path, "must be a number")


def _actions(count: int) -> Rule:
    parts = {
        f"{part}{n}": FILLED for n in range(1, count + 1) for part in ("actionTitle", "actionURL")
    }
    return record({**WORDS, **parts})


TEMPLATES: dict[str, Rule] = {
    "sampleText": record({"content": FILLED}),
    "sampleMarkdown": record(WORDS),
    "sampleImageMsg": record({"photoURL": FILLED}),
    "sampleLink": record({**WORDS, "picUrl": TEXT, "messageUrl": FILLED}),
    "sampleActionCard": record({**WORDS, "singleTitle": FILLED, "singleURL": FILLED}),
    **{f"sampleActionCard{count}": _actions(count) for count in (2, 3, 4, 5)},
    "sampleActionCard6": record(
        {
            **WORDS,
            "buttonTitle1": FILLED,
            "buttonUrl1": FILLED,
            "buttonTitle2": FILLED,
            "buttonUrl2": FILLED,
        }
    ),
    "sampleAudio": record({"mediaId": FILLED, "duration": _digits}),
    "sampleFile": record(
        {
            "mediaId": FILLED,
            "fileName": FILLED,
            "fileType": text(among=("xlsx", "pdf", "zip", "rar", "doc", "docx")),
        }
    ),
    "sampleVideo": record(
        {
            "videoMediaId": FILLED,
            "videoType": text(among=("mp4",)),
            "picMediaId": FILLED,
            "duration": _digits,
        },
        {"width": _digits, "height": _digits},
    ),
}
AT = record(
    {},
    {"atMobiles": many(TEXT, 0, 50), "atUserIds": many(TEXT, 0, 50), "isAtAll": flag},
)


def _button_or_buttons(path: str, value: Json) -> None:
    if ("btns" in value) == ("singleTitle" in value and "singleURL" in value):
        raise WrongError(path, "needs either btns or singleTitle and singleURL", missing=True)


WEBHOOK: dict[str, Rule] = {
    "text": record({"content": FILLED}),
    "markdown": record(WORDS),
    "link": record({**WORDS, "messageUrl": FILLED}, {"picUrl": TEXT}),
    "actionCard": record(
        WORDS,
        {
            "singleTitle": FILLED,
            "singleURL": FILLED,
            "btnOrientation": text(among=("0", "1")),
            "btns": many(record({"title": FILLED, "actionURL": FILLED}), 1, 20),
        },
        then=_button_or_buttons,
    ),
    "feedCard": record(
        {"links": many(record({"title": FILLED, "messageURL": link(), "picURL": FILLED}), 1, 20)}
    ),
}
MEDIA_BYTES = {"image": 20 << 20, "voice": 2 << 20, "video": 20 << 20, "file": 20 << 20}
ENDINGS = {
    "image": ("jpg", "jpeg", "gif", "png", "bmp"),
    "voice": ("amr", "mp3", "wav"),
    "video": ("mp4",),
    "file": ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"),
}


class RefusedError(Exception):
    """DingTalk's refusal: its code, and the HTTP status (of the new APIs)."""

    def __init__(self, code: str, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.code = code
        self.status = status


def keep(rule: Rule, code: str, path: str, value: Any) -> None:
    """Hold a value to a rule, or refuse it with this code."""
    try:
        rule(path, value)
    except WrongError as wrong:
        raise RefusedError(code, str(wrong)) from wrong


def check_send(body: Any, robot_code: str, target: Rule, *, name: str) -> tuple[str, Json]:
    """Check a robot send whose receivers stand in the field `name`; its msgKey and parameters."""
    rule = record(
        {"robotCode": FILLED, name: target, "msgKey": FILLED, "msgParam": FILLED},
        {"coolAppCode": TEXT},
    )
    keep(rule, "invalidParameter", "request", body)
    if body["robotCode"] != robot_code:
        raise RefusedError("invalidParameter.robotCode.notExsit", "robotCode is not this app's")
    if body["msgKey"] not in TEMPLATES:
        raise RefusedError("invalidParameter.msgKey", f"no template {body['msgKey']}")
    if len(body["msgParam"].encode()) > PARAM_BYTES:
        raise RefusedError("invalidParameter.msgParam", f"over {PARAM_BYTES} bytes")
    try:
        params = json.loads(body["msgParam"])
    except ValueError as fault:
        raise RefusedError("invalidParameter.msgParam", "must be JSON text") from fault
    keep(TEMPLATES[body["msgKey"]], "invalidParameter.msgParam", "msgParam", params)
    return body["msgKey"], params


def check_webhook(message: Any) -> Json | None:
    """Check a message of a reply or a session webhook; None for the empty one.

    Raises ValueError.
    """
    kind = message.get("msgtype") if isinstance(message, dict) else None
    if kind == "empty":
        return None
    if not isinstance(kind, str) or kind not in WEBHOOK:
        raise ValueError(f"msgtype {kind}")
    optional = {} if kind == "link" else {"at": AT}
    try:
        record({"msgtype": FILLED, kind: WEBHOOK[kind]}, optional)("message", message)
    except WrongError as wrong:
        raise ValueError(str(wrong)) from wrong
    return {"kind": kind, "body": message[kind]}


def check_images(body: Json, known: Callable[[str], bool]) -> None:
    """Pictures inside markdown must be web addresses or uploaded media; ValueError."""
    for target in MARKDOWN_IMAGE.findall(body.get("text", "")):
        if not target.startswith(("https://", "http://")) and not known(target):
            raise ValueError(f"unknown mediaId {target[:12]}…")


def check_media(kind: str, upload: Any) -> Upload:
    """Check an uploaded file; ValueError with DingTalk's errcode first."""
    if kind not in MEDIA_BYTES:
        raise RefusedError("40004", "invalid media type")
    if not isinstance(upload, Upload) or not upload.filename or not upload.data:
        raise RefusedError("40035", "multipart field media with filename needed")
    if upload.filename.rpartition(".")[2].lower() not in ENDINGS[kind]:
        raise RefusedError("40005", f"{kind}: {', '.join(ENDINGS[kind])} only")
    if len(upload.data) > MEDIA_BYTES[kind]:
        raise RefusedError("40006", "file too large")
    return upload


def shown(msg_key: str, params: Json) -> tuple[str, Json]:
    """A template message as the phone keeps it: kind and body."""
    match msg_key:
        case "sampleText":
            return "text", params
        case "sampleMarkdown":
            return "markdown", params
        case "sampleImageMsg":
            return "image", {"media": params["photoURL"]}
        case "sampleLink":
            return "link", params
        case "sampleFile":
            return "file", {"media": params["mediaId"], "name": params["fileName"]}
        case "sampleAudio" | "sampleVideo":
            return msg_key.removeprefix("sample").lower(), params
    words = {"title": params["title"], "text": params["text"]}
    if msg_key == "sampleActionCard":
        return "actionCard", {**words, "btns": [_button(params, "single", "")]}
    if msg_key == "sampleActionCard6":
        pair = [(params[f"buttonTitle{n}"], params[f"buttonUrl{n}"]) for n in (1, 2)]
        buttons = [{"title": title, "actionURL": url} for title, url in pair]
        return "actionCard", {**words, "btns": buttons, "btnOrientation": "1"}
    count = int(msg_key[-1])
    buttons = [_button(params, "action", str(n)) for n in range(1, count + 1)]
    return "actionCard", {**words, "btns": buttons}


def _button(params: Json, stem: str, number: str) -> Json:
    return {"title": params[f"{stem}Title{number}"], "actionURL": params[f"{stem}URL{number}"]}
