"""WeCom's groups: chats that an app makes, and the webhooks of group robots.

Source: developer.work.weixin.qq.com/document/path/90244, 90245, 90248 (appchat) and 91770
(webhook: 20 messages a minute, no token).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bot.emulator.books import Frequency
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json
from bot.emulator.rules import Rule, WrongError, many, record, text
from bot.emulator.wecom_card import check_card
from bot.emulator.wecom_check import ARTICLE, MAGIC, MEDIA, OBJECTS, RefusedError, check_body
from bot.emulator.wecom_gate import ok
from bot.emulator.wecom_media import MediaShelf

FILLED = text(empty=False)
MENTIONS = {
    "mentioned_list": many(FILLED, 0, 1000),
    "mentioned_mobile_list": many(FILLED, 0, 1000),
}
CREATE = record(
    {"userlist": many(FILLED, 2, 2000, unique="")},
    {"name": text(chars=50), "owner": FILLED, "chatid": text(like="[0-9A-Za-z]{1,32}")},
)
APP_KINDS = ("text", "image", "voice", "video", "file", "textcard", "news", "markdown")
ROBOT: dict[str, Rule] = {
    "text": record({"content": text(octets=2048, empty=False)}, MENTIONS),
    "markdown": record({"content": text(octets=4096, empty=False)}),
    "markdown_v2": record({"content": text(octets=4096, empty=False)}),
    "image": record({"base64": FILLED, "md5": text(like="[0-9a-f]{32}")}),
    "news": record({"articles": many(ARTICLE, 1, 8)}),
    "file": MEDIA,
    "voice": MEDIA,
    "template_card": lambda _, card: check_card(card),
}
IMAGE_BYTES = 2 << 20
Show = Callable[[str, str, Json], str]


class Groups:
    """The app's own chats and the robots' groups (`webhooks`: key → members)."""

    def __init__(
        self,
        desk: Desk,
        media: MediaShelf,
        show: Show,
        people: Callable[[str], tuple[list[str], list[str]]],
        webhooks: Mapping[str, Sequence[str]],
    ) -> None:
        self._desk = desk
        self._media = media
        self._show = show
        self._people = people
        self._webhooks = webhooks
        self._chats: dict[str, Json] = {}
        self._owners: dict[str, str] = {}  # a webhook's media → its key
        self._calls = Frequency(desk.now, 20, 60)

    def create(self, call: Call) -> Answer:
        body = check_body(call.raw, call.body)
        _keep(CREATE, "appchat", body)
        members, unknown = self._people("|".join(body["userlist"]))
        if unknown:
            raise RefusedError(40003, f"invalid userid {unknown[0]}")
        owner = body.get("owner", members[0])
        if owner not in members:
            raise RefusedError(86006, "the owner is no member")
        chat = body.get("chatid") or secrets.token_hex(16)
        if chat in self._chats:
            raise RefusedError(86101, "chatid exists")
        self._chats[chat] = {
            "chatid": chat,
            "name": body.get("name", ""),
            "owner": owner,
            "userlist": members,
        }
        return ok(chatid=chat)

    def get(self, call: Call) -> Answer:
        return ok(chat_info=self._chat(call.query.get("chatid", "")))

    def send(self, call: Call) -> Answer:
        """appchat/send: as message/send, without cards."""
        body = check_body(call.raw, call.body)
        chat = self._chat(str(body.get("chatid", "")))
        kind = body.get("msgtype")
        if kind not in APP_KINDS:
            raise RefusedError(40008, "invalid message type")
        rule = OBJECTS[kind]
        if kind == "text":
            rule = record({"content": FILLED}, {"mentioned_list": MENTIONS["mentioned_list"]})
        fields = {"chatid": FILLED, "msgtype": FILLED, kind: rule}
        _keep(record(fields, {"safe": lambda *_: None}), "appchat", body)
        content = body[kind]
        if len(content.get("content", "").encode()) > 2048:
            raise RefusedError(45002, "content size out of limit")
        if "media_id" in content:
            self._media.check(content["media_id"], kind)
        self._appear(chat["userlist"], kind, self._media.shown(content))
        return ok()

    def robot_send(self, call: Call) -> Answer:
        """webhook/send."""
        key = self._key(call)
        body = check_body(call.raw, call.body)
        kind = body.get("msgtype")
        if not isinstance(kind, str) or kind not in ROBOT:
            raise RefusedError(40008, "invalid message type")
        _keep(record({"msgtype": FILLED, kind: ROBOT[kind]}), "webhook", body)
        if not self._calls.take(key):
            raise RefusedError(45009, "api freq out of limit: 20 a minute")
        self._appear(self._webhooks[key], kind, self._content(key, kind, body[kind]))
        return ok()

    def robot_upload(self, call: Call) -> Answer:
        """webhook/upload_media: file or voice, good for this webhook only."""
        key = self._key(call)
        if call.query.get("type") not in ("file", "voice"):
            raise RefusedError(40004, "invalid media type")
        answer = self._media.upload(call)
        self._owners[answer.body["media_id"]] = key
        return answer

    def _content(self, key: str, kind: str, content: Json) -> Json:
        if kind == "image":
            return self._picture(content)
        if kind == "template_card" and content["card_type"] not in ("text_notice", "news_notice"):
            raise RefusedError(40058, "webhooks take text_notice and news_notice only")
        if "media_id" in content:
            if self._owners.get(content["media_id"]) != key:
                raise RefusedError(40007, "media_id of another webhook")
            self._media.check(content["media_id"], kind)
        return self._media.shown(content)

    def _picture(self, content: Json) -> Json:
        try:
            raw = base64.b64decode(content["base64"], validate=True)
        except (binascii.Error, ValueError) as fault:
            raise RefusedError(40058, "image.base64") from fault
        if len(raw) > IMAGE_BYTES:
            raise RefusedError(40009, "invalid image size")
        if hashlib.md5(raw, usedforsecurity=False).hexdigest() != content["md5"]:
            raise RefusedError(40058, "image.md5 is not of the bytes")
        if not MAGIC["image"].match(raw):
            raise RefusedError(40123, "the bytes are no image")
        name = f"webhook-{secrets.token_hex(8)}"
        self._desk.media[name] = "image/png", raw
        return {"media": name}

    def _appear(self, users: Iterable[str], kind: str, content: Json) -> None:
        for user in users:
            self._show(user, kind, dict(content))

    def _chat(self, chat: str) -> Json:
        if chat not in self._chats:
            raise RefusedError(86003, "chatid not found")
        return self._chats[chat]

    def _key(self, call: Call) -> str:
        key = call.query.get("key", "")
        if key not in self._webhooks:
            raise RefusedError(93000, "invalid webhook url")
        return key


def _keep(rule: Rule, path: str, value: Any) -> None:
    try:
        rule(path, value)
    except WrongError as wrong:
        raise RefusedError(40063 if wrong.missing else 40058, str(wrong)) from wrong
