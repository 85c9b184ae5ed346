"""Feishu's side: people who type and press, callbacks that leave sealed, and the server API."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import aiohttp
from aiohttp import web

from bot.emulator import feishu_press
from bot.emulator.desk import Bubble, Desk, Json
from bot.emulator.faults import Faults
from bot.emulator.feishu_api import UPDATE_WINDOW, Api
from bot.emulator.feishu_chats import PLATFORM, CardToken, Chats, Message, union_id
from bot.emulator.feishu_contact import AddressBook, Office
from bot.emulator.feishu_files import Files
from bot.emulator.feishu_gate import milliseconds, refused, throttled
from bot.emulator.feishu_hook import Hook, Hooks
from bot.emulator.feishu_people import FeishuPeople
from bot.emulator.feishu_press import AnswerError, RefusedError
from bot.emulator.feishu_seal import envelope, sign
from bot.emulator.feishu_socket import LongConnection
from bot.emulator.wire import Callback, Wire

RETRY_PAUSES = (2.0, 5.0)  # the platform itself waits 15 s, 5 min, 1 h and 6 h


class FeishuSide(FeishuPeople):
    """One app of one tenant, as the platform sees it.

    `retry_pauses` are the seconds before each repetition of an event that was not answered 200
    within `budget` seconds; presses are never repeated. `groups` has the members of group chats,
    `hooks` the groups' custom bots by webhook id. While a client holds the long connection, events
    and presses go through it instead of to the webhook.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        app_id: str,
        app_secret: str,
        verification_token: str,
        encrypt_key: str,
        tenant_key: str,
        callback_url: str,
        session: Callable[[], aiohttp.ClientSession],
        faults: Faults,
        groups: Mapping[str, tuple[str, ...]] | None = None,
        hooks: Mapping[str, Hook] | None = None,
        offices: Sequence[Office] = (),
        mobiles: Mapping[str, str] | None = None,
        emails: Mapping[str, str] | None = None,
        hears_all: bool = False,
        retry_pauses: Sequence[float] = RETRY_PAUSES,
        budget: float = 3.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._desk = desk
        self._token = verification_token
        self._key = encrypt_key
        self._tenant = tenant_key
        self._url = callback_url
        self._pauses = retry_pauses
        self._budget = budget
        self._chats = Chats(desk, app_id, groups or {})
        self._wire = Wire(
            PLATFORM,
            desk,
            faults,
            session,
            throttled=lambda: refused(throttled()),
            sleep=sleep,
        )
        self._api = Api(self._chats, self._wire, app_secret=app_secret, tenant_key=tenant_key)
        self._files = Files(self._chats, self._api.gate)
        self._book = AddressBook(
            desk, self._api.gate, offices=offices, mobiles=mobiles, emails=emails
        )
        self._hooks = Hooks(self._chats, self._wire, hooks or {})
        self.long = LongConnection(self._wire, app_id=app_id, app_secret=app_secret)
        self._hears_all = hears_all

    def routes(self) -> list[web.RouteDef]:
        """The server API, to be mounted at the root of the emulated host."""
        parts = (self._api, self._files, self._book, self._hooks, self.long)
        return [route for part in parts for route in part.routes()]

    async def verify(self) -> bool:
        """Check the callback address as the console does when it is saved (1 s, unsigned)."""
        challenge = secrets.token_hex(16)
        data = {"challenge": challenge, "token": self._token, "type": "url_verification"}
        callback = Callback(
            self._url,
            envelope(self._key, data),
            data,
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        received = await self._wire.deliver(callback, budget=1.0, opened=feishu_press.opened)
        return received is not None and received.readable == {"challenge": challenge}

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        """The person presses; the answer's card replaces the message for all who see it."""
        shown = self._desk.bubbles.get(bubble)
        if shown is None or shown.user != user or shown.platform != PLATFORM:
            raise ValueError(f"no such bubble on this phone: {bubble}")
        try:
            message = self._pressable(shown)
            element, around = feishu_press.find(shown.body, button)
            if not feishu_press.calls_back(element):
                return ""
            action = feishu_press.action(element, around, form)
            toast = await self._pressed(user, message, action)
        except RefusedError as refusal:
            toast = str(refusal)
        except AnswerError as fault:
            toast = fault.toast
        shown.toast = toast
        self._desk.show(shown)
        return toast

    async def _tell(self, kind: str, event: Json, user: str, at: str = "") -> None:
        data = self._event(kind, at or milliseconds(self._desk.now()), event)
        callback = self._callback(data, user)
        if self.long.is_connected:
            await self.long.deliver(callback, budget=self._budget, pauses=self._pauses)
            return
        await self._wire.deliver(
            callback, budget=self._budget, pauses=self._pauses, opened=_anything
        )

    def _pressable(self, shown: Bubble) -> Message:
        message = self._chats.messages.get(shown.id.partition(":")[0])
        if message is None or message.kind != "interactive":
            raise RefusedError("这条消息没有按钮")
        if message.recalled:
            raise RefusedError("消息已撤回")
        if self._desk.now() - message.at > UPDATE_WINDOW:
            raise RefusedError("卡片已超过 14 天，不能再操作")
        return message

    async def _pressed(self, user: str, message: Message, action: Json) -> str:
        now = self._desk.now()
        credential = f"c-{secrets.token_hex(20)}"
        token = self._chats.tokens[credential] = CardToken(message, now)
        event = {
            "operator": {"tenant_key": self._tenant, "open_id": user, "union_id": union_id(user)},
            "token": credential,
            "action": action,
            "host": "im_message",
            "context": {"open_message_id": message.id, "open_chat_id": message.chat},
        }
        data = self._event("card.action.trigger", _microseconds(now), event)
        callback = self._callback(data, user)
        if self.long.is_connected:
            received = await self.long.deliver(callback, budget=self._budget)
        else:
            received = await self._wire.deliver(
                callback, budget=self._budget, opened=feishu_press.opened
            )
        token.answered = True
        if received is None:
            raise AnswerError(self._why_unanswered(data["header"]["event_id"]))
        toast, card = feishu_press.answered(received.readable, self._chats.images)
        if card is not None and not message.recalled:
            self._chats.change(message, card)
        return toast

    def _why_unanswered(self, event_id: str) -> int:
        """The code for a callback that brought no answer, by what the wire log says of it."""
        for exchange in reversed(self._desk.exchanges):
            head = exchange.request.get("header") if isinstance(exchange.request, dict) else None
            if exchange.direction == "in" and head and head.get("event_id") == event_id:
                if exchange.status:
                    return feishu_press.BAD_STATUS
                late = "no answer within" in exchange.note
                return feishu_press.NO_ANSWER if late else feishu_press.NO_CONNECTION
        return feishu_press.NO_ANSWER

    def _event(self, kind: str, create_time: str, event: Json) -> Json:
        return {
            "schema": "2.0",
            "header": {
                "event_id": secrets.token_hex(16),
                "token": self._token,
                "create_time": create_time,
                "event_type": kind,
                "tenant_key": self._tenant,
                "app_id": self._chats.app_id,
            },
            "event": event,
        }

    def _callback(self, data: Json, user: str) -> Callback:
        """A callback sealed and signed; without an Encrypt Key it is neither."""
        body = envelope(self._key, data)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self._key:
            timestamp, nonce = str(int(self._desk.now().timestamp())), secrets.token_hex(8)
            headers |= {
                "X-Lark-Request-Timestamp": timestamp,
                "X-Lark-Request-Nonce": nonce,
                "X-Lark-Signature": sign(timestamp, nonce, self._key, body),
            }
        return Callback(self._url, body, data, headers=headers, user=user)


def _microseconds(at: datetime) -> str:
    return str(round(at.timestamp() * 1_000_000))


def _anything(body: bytes) -> str:
    return body.decode(errors="replace")[:2000]
