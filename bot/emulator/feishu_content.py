"""What may be in a message that is sent through the Feishu API, and how it is read back."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from bot.emulator.desk import Json
from bot.emulator.feishu_card import LARGEST, parsed
from bot.emulator.feishu_rules import TOO_LONG, CardError, walk
from bot.emulator.feishu_values import LOCALES

LARGEST_TEXT = 150 * 1024
NO_TEMPLATE, NO_ENTITY = 200380, 200740
POST_TAGS = {"text", "a", "at", "img", "media", "emotion", "hr", "code_block", "md"}
PNG = b"\x89PNG\r\n\x1a\n"
PICTURES = ((PNG, "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
LARGEST_SIDE = 12_000


class RefusalError(Exception):
    """The API refuses a call with the platform's own code."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, headers: Json | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.headers = headers or {}


def invalid(why: str) -> RefusalError:
    text = f"Your request contains an invalid request parameter, ext={why}"
    return RefusalError(230001, text)


def content(kind: Any, raw: Any, images: Collection[str], files: Collection[str] = ()) -> Json:
    """The content of a message of this kind, from its JSON string. Raises RefusalError."""
    if not isinstance(raw, str):
        raise invalid("content is not a string in json format")
    match kind:
        case "interactive":
            return card(raw, images)
        case "text":
            return _text(_object(raw, LARGEST_TEXT))
        case "post":
            return _post(_object(raw, LARGEST))
        case "image":
            return _uploaded(_object(raw, LARGEST_TEXT), "image_key", images)
        case "file" | "audio":
            return _uploaded(_object(raw, LARGEST_TEXT), "file_key", files)
    raise invalid(f"msg_type {kind} is not supported")


def card(raw: Any, images: Collection[str]) -> Json:
    """A card from its JSON string. Raises RefusalError as the message API does."""
    if not isinstance(raw, str):
        raise invalid("content is not a string in json format")
    try:
        _no_reference(raw)
        return parsed(raw, images)
    except CardError as fault:
        if fault.code == TOO_LONG:
            reason = "The length of the message content reaches its limit."
            raise RefusalError(230025, reason) from fault
        raise RefusalError(230099, f"Failed to create card content, ext={fault}; ") from fault


def simplified(body: Json) -> Json:
    """A card as the API reads it back: its title and its texts."""
    lines = []
    for root in body["body"]["elements"]:
        for one in walk(root):
            text = one.get("content") or one.get("text", {}).get("content")
            if text:
                lines.append([{"tag": "text", "text": text}])
    return {"title": body.get("header", {}).get("title", {}).get("content", ""), "elements": lines}


def picture_type(data: bytes) -> str:
    """The content type of an uploaded picture. Raises RefusalError for what is none."""
    if not data:
        raise RefusalError(234010, "The file is empty.")
    if data.startswith(PNG):
        sides = (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
        if not all(0 < side <= LARGEST_SIDE for side in sides):
            raise RefusalError(234039, "Image resolution exceeds limit.")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    for magic, content_type in PICTURES:
        if data.startswith(magic):
            return content_type
    raise RefusalError(234011, "Can't recognize the image format.")


def _no_reference(raw: str) -> None:
    """Templates and card entities do not exist in this tenant."""
    try:
        found = json.loads(raw)
    except ValueError:
        return
    if isinstance(found, dict) and found.get("type") in ("template", "card"):
        code = NO_TEMPLATE if found["type"] == "template" else NO_ENTITY
        raise CardError(code, "ROOT", f"{found['type']} does not exist")


def _object(raw: str, most: int) -> Json:
    if len(raw.encode()) > most:
        raise RefusalError(230025, "The length of the message content reaches its limit.")
    try:
        value = json.loads(raw)
    except ValueError as fault:
        raise invalid("content is not a string in json format") from fault
    if not isinstance(value, dict):
        raise invalid("content is no object")
    return value


def _text(value: Json) -> Json:
    if set(value) != {"text"} or not isinstance(value["text"], str) or not value["text"]:
        raise invalid("text content")
    return value


def _post(value: Json) -> Json:
    if not value or not set(value) <= set(LOCALES):
        raise invalid("post content has no locale")
    for post in value.values():
        if not isinstance(post, dict) or not isinstance(post.get("content"), list):
            raise invalid("post content")
        for line in post["content"]:
            tags = [one.get("tag") for one in line] if isinstance(line, list) else [None]
            if not set(tags) <= POST_TAGS:
                raise invalid(f"post content tags {tags}")
    return value


def _uploaded(value: Json, name: str, known: Collection[str]) -> Json:
    if set(value) != {name} or value[name] not in known:
        raise invalid(f"invalid {name}")
    return value
