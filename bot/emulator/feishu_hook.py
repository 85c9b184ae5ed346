"""Feishu's custom bots (群自定义机器人): posts to one group by a webhook, signed if it wants so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.emulator.books import Frequency
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Json
from bot.emulator.feishu_chats import Chats
from bot.emulator.feishu_content import RefusalError, card, content
from bot.emulator.wire import Wire

LARGEST = 20 << 10
STALE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Hook:
    """One robot of one group; "" as secret or keyword means it asks for none."""

    chat: str
    secret: str = ""
    keyword: str = ""


class Hooks:
    """The webhooks by id; at most 5 posts a second and 100 a minute for each."""

    def __init__(self, chats: Chats, wire: Wire, hooks: Mapping[str, Hook]) -> None:
        self._chats = chats
        self._wire = wire
        self._hooks = hooks
        self._second = Frequency(chats.desk.now, 5, 1)
        self._minute = Frequency(chats.desk.now, 100, 60)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/open-apis/bot/v2/hook/{id}", self._wire.endpoint(self._post))]

    async def _post(self, call: Call) -> Answer:
        """Faults come as HTTP 200 with a code; no message_id is told."""
        try:
            self._take(call)
        except RefusalError as refusal:
            body = {"code": refusal.code, "msg": str(refusal), "data": {}}
            return Answer(body, note=f"refused: {refusal.code}")
        body = {"code": 0, "msg": "success", "data": {}}
        return Answer(body | {"StatusCode": 0, "StatusMessage": "success"})

    def _take(self, call: Call) -> None:
        name, asked = call.match["id"], call.body
        hook = self._hooks.get(name)
        if hook is None:
            raise RefusalError(19001, "param invalid: incoming webhook access token invalid")
        if not isinstance(asked, dict) or len(call.raw) > LARGEST:
            raise RefusalError(9499, "Bad Request")
        if hook.secret and not self._is_signed(asked, hook.secret):
            raise RefusalError(19021, "sign match fail or timestamp is not within one hour")
        if hook.keyword and hook.keyword not in json.dumps(asked, ensure_ascii=False):
            raise RefusalError(19024, "Key Words Not Found")
        kind, body = self._body(asked)
        if not (self._second.take(name) and self._minute.take(name)):
            raise RefusalError(11232, "frequency limited psm")
        self._chats.post(kind, body, hook.chat, f"hook:{name}")

    def _body(self, asked: Json) -> tuple[str, Json]:
        """The message; its content is an object here, not a string."""
        kind = asked.get("msg_type")
        inside = asked.get("card" if kind == "interactive" else "content")
        if kind not in ("text", "post", "interactive", "image") or not isinstance(inside, dict):
            raise RefusalError(9499, "Bad Request")
        if kind == "post":
            inside = inside.get("post")
        raw = json.dumps(inside, ensure_ascii=False)
        try:
            images = self._chats.images
            return kind, card(raw, images) if kind == "interactive" else content(kind, raw, images)
        except RefusalError as refusal:
            raise RefusalError(9499, f"Bad Request: {refusal}") from refusal

    def _is_signed(self, asked: Json, secret: str) -> bool:
        timestamp, sign = str(asked.get("timestamp", "")), str(asked.get("sign", ""))
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            return False
        age = abs(self._chats.desk.now().timestamp() - int(timestamp))
        expected = signature(timestamp, secret).encode()
        return age <= STALE_SECONDS and hmac.compare_digest(sign.encode(), expected)


def signature(timestamp: str, secret: str) -> str:
    """The string to sign is the key; what is signed is nothing."""
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
