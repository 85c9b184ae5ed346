"""Feishu's server API as far as Momentum calls it, with its limits and its error codes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.emulator.books import Frequency
from bot.emulator.calls import Answer, Call, Upload
from bot.emulator.desk import Json
from bot.emulator.feishu_card import check
from bot.emulator.feishu_chats import CardToken, Chats, Message, union_id
from bot.emulator.feishu_content import (
    RefusalError,
    card,
    content,
    invalid,
    picture_type,
    simplified,
)
from bot.emulator.feishu_gate import Gate, done, json_body, milliseconds
from bot.emulator.feishu_rules import CardError
from bot.emulator.wire import Wire, Work

UPDATE_WINDOW = timedelta(days=14)
TOKEN_LIFE, TOKEN_USES = timedelta(minutes=30), 2
SAME_UUID = timedelta(hours=1)
LARGEST_PICTURE = 10 << 20


class Api:
    """The endpoints. `app_secret` is what the app must show for a token."""

    def __init__(self, chats: Chats, wire: Wire, *, app_secret: str, tenant_key: str) -> None:
        self._chats = chats
        self._tenant = tenant_key
        self.gate = Gate(wire, app_id=chats.app_id, app_secret=app_secret)
        self._receiver = Frequency(chats.desk.now, 5, 1)
        self._message = Frequency(chats.desk.now, 5, 1)

    def routes(self) -> list[web.RouteDef]:
        one = "/open-apis/im/v1/messages/{message_id}"
        table: list[tuple[str, str, Work]] = [
            ("POST", "/open-apis/im/v1/messages", self._send),
            ("POST", f"{one}/reply", self._reply),
            ("PATCH", one, self._patch),
            ("DELETE", one, self._recall),
            ("GET", one, self._read),
            ("PATCH", f"{one}/urgent_app", self._urgent),
            ("POST", "/open-apis/im/v1/images", self._upload),
            ("GET", "/open-apis/bot/v3/info", self._bot),
            ("POST", "/open-apis/interactive/v1/card/update", self._update),
        ]
        guarded = [
            web.route(verb, at, self.gate.guarded(verb + at, work)) for verb, at, work in table
        ]
        return [self.gate.route(), *guarded]

    async def _send(self, call: Call) -> Answer:
        asked = json_body(call)
        chat = self._chat(call.query.get("receive_id_type", ""), asked.get("receive_id"))
        return self._sent(asked, chat)

    async def _reply(self, call: Call) -> Answer:
        return self._sent(json_body(call), self._found(call).chat)

    def _sent(self, asked: Json, chat: str) -> Answer:
        uuid = asked.get("uuid", "")
        if not isinstance(uuid, str) or len(uuid) > 50:
            raise invalid("uuid is longer than 50")
        before = self._chats.sent.get(f"{chat} {uuid}") if uuid else None
        if before is not None and self._age(before.at) < SAME_UUID:
            return self._told(before, note="same uuid, not sent again")
        body = content(
            asked.get("msg_type"), asked.get("content"), self._chats.images, self._chats.files
        )
        if not self._receiver.take(chat):
            raise RefusalError(230020, "This operation triggers the frequency limit.")
        message = self._chats.post(asked["msg_type"], body, chat, self._chats.app_id)
        if uuid:
            self._chats.sent[f"{chat} {uuid}"] = message
        return self._told(message)

    def _chat(self, kind: str, receiver: Any) -> str:
        """The chat that a receiver's id means."""
        if kind not in {"open_id", "union_id", "user_id", "email", "chat_id"}:
            raise invalid("receive_id_type")
        if not isinstance(receiver, str) or not receiver:
            raise invalid("receive_id")
        if kind == "chat_id":
            if not self._chats.members(receiver):
                raise RefusalError(230002, "The bot can not be outside the group.")
            return receiver
        for user in self._chats.residents():
            if receiver == (union_id(user) if kind == "union_id" else user) and kind != "email":
                return self._chats.direct(user)
        if kind == "open_id" and not receiver.startswith("ou_"):
            raise invalid("invalid receive_id")
        raise RefusalError(230013, "Bot has NO availability to this user.")

    async def _patch(self, call: Call) -> Answer:
        message = self._found(call)
        if message.kind != "interactive":
            raise RefusalError(230054, "This operation is not supported for this message type.")
        self._own(message)
        if self._age(message.at) > UPDATE_WINDOW:
            raise RefusalError(230031, "The message is too old to be updated: 14 days.")
        if not self._message.take(message.id):
            raise RefusalError(230020, "This operation triggers the frequency limit.")
        new = card(json_body(call).get("content"), self._chats.images)
        if new.get("config", {}).get("update_multi") is not True:
            raise invalid("config.update_multi must be true to update")
        self._chats.change(message, new)
        return done(user=message.viewers[0])

    async def _recall(self, call: Call) -> Answer:
        message = self._found(call)
        self._own(message)
        self._chats.recall(message)
        return done(user=message.viewers[0])

    async def _read(self, call: Call) -> Answer:
        message = self._found(call, recalled=True)
        whole = call.query.get("card_msg_content_type") == "user_card_content"
        return done({"items": [self._data(message, whole=whole)]})

    async def _urgent(self, call: Call) -> Answer:
        message = self._found(call)
        self._own(message)
        users = json_body(call).get("user_id_list")
        if call.query.get("user_id_type", "open_id") != "open_id":
            raise invalid("user_id_type")
        if not isinstance(users, list) or not 0 < len(users) <= 200:
            raise invalid("user_id_list")
        for bubble in self._chats.bubbles(message):
            if bubble.user in users:
                bubble.toast = "加急"
                self._chats.desk.show(bubble)
        invalid_users = [user for user in users if user not in message.viewers]
        return done({"invalid_user_id_list": invalid_users})

    async def _upload(self, call: Call) -> Answer:
        form = call.body if isinstance(call.body, dict) else {}
        upload = form.get("image")
        if form.get("image_type") not in ("message", "avatar") or not isinstance(upload, Upload):
            raise RefusalError(234001, "Invalid request param.")
        if len(upload.data) > LARGEST_PICTURE:
            raise RefusalError(234006, "The file size exceed the max value.")
        kind = picture_type(upload.data)
        return done({"image_key": self._chats.keep_image(kind, upload.data)})

    async def _bot(self, _: Call) -> Answer:
        bot = {
            "activate_status": 2,
            "app_name": "动能",
            "avatar_url": "https://example.invalid/momentum.png",
            "ip_white_list": [],
            "open_id": self._chats.bot_id(),
        }
        return Answer({"code": 0, "msg": "ok", "bot": bot})

    async def _update(self, call: Call) -> Answer:
        """Change the pressed card later, by the token of the press."""
        asked = json_body(call)
        token = self._usable(asked.get("token"))
        new = asked.get("card")
        if isinstance(new, dict) and new.get("type") == "raw":
            new = new.get("data")
        try:
            check(new, self._chats.images)
        except CardError as fault:
            raise RefusalError(10002, f"Bad request, ext={fault}") from fault
        token.uses += 1
        self._chats.change(token.message, dict(new or {}))
        return done(user=token.message.viewers[0])

    def _usable(self, given: Any) -> CardToken:
        token = self._chats.tokens.get(given) if isinstance(given, str) else None
        if token is None:
            raise RefusalError(300020, "token is invalid")
        if not token.answered:  # the platform reverts or refuses; the code is unconfirmed
            raise RefusalError(300090, "the callback is not answered yet")
        if self._age(token.at) > TOKEN_LIFE:
            raise RefusalError(300030, "token is expired")
        if token.uses >= TOKEN_USES:
            raise RefusalError(300040, "token is used up")
        if token.message.recalled:
            raise RefusalError(200000, "the message is recalled")
        return token

    def _found(self, call: Call, *, recalled: bool = False) -> Message:
        message = self._chats.messages.get(call.match["message_id"])
        if message is None:
            raise invalid("message does not exist")
        if message.recalled and not recalled:
            raise RefusalError(230011, "The message was recalled.")
        return message

    def _own(self, message: Message) -> None:
        if message.sender != self._chats.app_id:
            raise RefusalError(230012, "The operator is not the sender of the message.")

    def _age(self, since: datetime) -> timedelta:
        return self._chats.desk.now() - since

    def _told(self, message: Message, *, note: str = "") -> Answer:
        return done(self._data(message), user=message.viewers[0], note=note)

    def _data(self, message: Message, *, whole: bool = False) -> Json:
        app = message.sender == self._chats.app_id
        body = message.body
        if message.kind == "interactive" and not whole:
            body = simplified(body)
        return {
            "message_id": message.id,
            "msg_type": message.kind,
            "create_time": milliseconds(message.at),
            "update_time": milliseconds(message.updated),
            "deleted": message.recalled,
            "updated": message.updated != message.at,
            "chat_id": message.chat,
            "sender": {
                "id": message.sender,
                "id_type": "app_id" if app else "open_id",
                "sender_type": "app" if app else "user",
                "tenant_key": self._tenant,
            },
            "body": {"content": json.dumps(body, ensure_ascii=False)},
        }
