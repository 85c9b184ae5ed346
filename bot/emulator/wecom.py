"""WeCom's side of the conversation: people who type and press, and the app's passive answers.

Source: developer.work.weixin.qq.com/document/path/90238 (callback, 5 s, three retries), 90239,
90240 (template_card_event) and 90241 (passive replies).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
from aiohttp import web

from bot.emulator.calls import Answer
from bot.emulator.desk import Bubble, Desk, Json
from bot.emulator.faults import Faults
from bot.emulator.wecom_api import WeComApi
from bot.emulator.wecom_bot import BotKeys, WeComBot
from bot.emulator.wecom_gate import PER_MINUTE, Gate
from bot.emulator.wecom_inbound import (
    address_is_checked,
    change_fields,
    file_fields,
    link_fields,
    place_fields,
)
from bot.emulator.wecom_press import card_element, event_kind, known_reply, selected
from bot.emulator.wecom_seal import Seal, card_of, readable, xml
from bot.emulator.wire import Callback, Received, Wire

FAILED = "操作失败，请稍后重试"


class WeComSide:
    """One self-built app on the emulated WeCom; implements `Side`.

    `budget` and `pauses` are the platform's patience in seconds: for one answer, and before each
    further try. `webhooks` are the group robots' keys with their groups' members, `accounts` the
    open_kfids of 微信客服, `bot` an AI bot in URL mode.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        corp_id: str,
        agent_id: int,
        secret: str,
        token: str,
        aes_key: str,
        callback_url: str,
        session: Callable[[], aiohttp.ClientSession],
        faults: Faults,
        budget: float = 5.0,
        pauses: Sequence[float] = (1.0, 2.0, 4.0),
        webhooks: Mapping[str, Sequence[str]] | None = None,
        accounts: tuple[str, ...] = (),
        per_minute: int = PER_MINUTE,
        bot: BotKeys | None = None,
    ) -> None:
        self.wire = Wire("wecom", desk, faults, session, throttled=_throttled)
        self._desk = desk
        self._corp_id = corp_id
        self._agent_id = int(agent_id)
        self._callback_url = callback_url
        self._budget = budget
        self._pauses = pauses
        self._seal = Seal(token, aes_key, corp_id)
        self._session = session
        gate = Gate(desk, faults, corp_id=corp_id, secret=secret, per_minute=per_minute)
        self.refusals = gate.refusals
        """Errcodes that an API ("message/send") answers while they stand here: 60020, 81013 …"""
        self._api = WeComApi(
            desk,
            self.wire,
            gate,
            agent_id=self._agent_id,
            webhooks=webhooks or {},
            accounts=accounts,
        )
        self.service = self._api.service
        self.bot = WeComBot(desk, self.wire, self._api, bot) if bot else None

    def routes(self) -> list[web.RouteDef]:
        """The endpoints of the emulated https://qyapi.weixin.qq.com."""
        return self._api.routes() + (self.bot.routes() if self.bot else [])

    async def check_address(self) -> bool:
        """Save the callback address in the console; whether Momentum answered rightly."""
        return await address_is_checked(self._desk, self._session(), self._seal, self._callback_url)

    async def send_file(self, user: str, kind: str, name: str, data: bytes) -> None:
        """The person sends an image, a voice message, a video or a file."""
        self._resident(user)
        fields = file_fields(self._api.media, kind, name, data)
        self._api.show(user, kind, {"media": fields["MediaId"], "name": name}, mine=True)
        await self._tell(user, fields, None)

    async def send_place(self, user: str, latitude: float, longitude: float, label: str) -> None:
        """The person sends where they are."""
        self._resident(user)
        self._api.show(user, "location", {"label": label}, mine=True)
        await self._tell(user, place_fields(latitude, longitude, label), None)

    async def send_link(self, user: str, title: str, description: str, url: str) -> None:
        """The person shares a page."""
        self._resident(user)
        self._api.show(user, "link", {"title": title, "url": url}, mine=True)
        await self._tell(user, link_fields(title, description, url), None)

    async def change(self, event: str, change: str, **facts: Any) -> None:
        """The corp changes: change_contact/delete_user(UserID=…), change_external_contact/…"""
        whole = {
            "ToUserName": self._corp_id,
            "FromUserName": "sys",
            "CreateTime": int(self._desk.now().timestamp()),
            **change_fields(event, change, facts),
        }
        await self._post(whole, "")

    async def customer_writes(
        self, account: str, customer: str, text: str = "", *, msgtype: str = "text", **content: Any
    ) -> None:
        """A customer writes to 微信客服; the callback only says that there is something."""
        said = {"content": text} if msgtype == "text" else content
        token = self.service.written(account, customer, msgtype, said)
        whole = {
            "ToUserName": self._corp_id,
            "CreateTime": int(self._desk.now().timestamp()),
            "MsgType": "event",
            "Event": "kf_msg_or_event",
            "Token": token,
            "OpenKfId": account,
        }
        await self._post(whole, "")

    async def say(self, user: str, text: str) -> None:
        """The person types a message to the app."""
        self._resident(user)
        self._api.show(user, "text", {"content": text}, mine=True)
        message = {"MsgType": "text", "Content": text, "MsgId": secrets.randbits(62)}
        await self._tell(user, message, bubble=None)

    async def enter(self, user: str) -> None:
        """The person opens the app."""
        self._resident(user)
        await self._tell(user, {"MsgType": "event", "Event": "enter_agent", "EventKey": ""}, None)

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        """The person presses a button, submits, or picks from the card's menu.

        `form` has the chosen option ids by question_key, several joined with ",". Raises
        LookupError when that person has no such bubble or the card no such key.
        """
        card = self._desk.bubbles[bubble]
        if self.bot and self.bot.owns(bubble):
            return await self.bot.press(user, bubble, button, form)
        if card.user != user or card.kind != "template_card":
            raise LookupError(bubble)
        kind = event_kind(card.body, button["key"])
        if card.greyed:
            return ""
        event: Json = {
            "MsgType": "event",
            "Event": kind,
            "EventKey": button["key"],
            "TaskId": self._api.task_of(bubble),
            "CardType": card.body["card_type"],
            "ResponseCode": self._api.new_code(bubble),
        }
        chosen = selected(card.body, form) if kind == "template_card_event" else []
        if chosen:
            event["SelectedItems"] = {"SelectedItem": chosen}
        received = await self._tell(user, event, card)
        return FAILED if received is None else ""

    async def _tell(self, user: str, fields: Json, bubble: Bubble | None) -> Received | None:
        """Send a callback, and show what the app answers to it."""
        whole = {
            "ToUserName": self._corp_id,
            "FromUserName": user,
            "CreateTime": int(self._desk.now().timestamp()),
            **fields,
            "AgentID": self._agent_id,
        }
        received = await self._post(whole, user)
        if received is not None and received.readable:
            self._apply(user, bubble, self._reply(user, received.body))
        return received

    async def _post(self, whole: Json, user: str) -> Received | None:
        """Seal a callback's fields and send them."""
        timestamp = int(self._desk.now().timestamp())
        query, body = self._seal.close(xml(whole), agent_id=self._agent_id, timestamp=timestamp)
        callback = Callback(
            self._callback_url,
            body,
            {"query": query, "body": whole},
            headers={"Content-Type": "text/xml"},
            query=query,
            user=user,
        )
        return await self.wire.deliver(
            callback, budget=self._budget, pauses=self._pauses, opened=self._log_of(user)
        )

    def _log_of(self, user: str) -> Callable[[bytes], Any]:
        def opened(body: bytes) -> Any:
            reply = self._reply(user, body)
            return "" if reply is None else readable(reply)

        return opened

    def _reply(self, user: str, body: bytes) -> Element | None:
        """Open a passive reply; ValueError for one that WeCom would not act upon."""
        reply = self._seal.open(body)
        if reply is None:
            return None
        if (reply.findtext("ToUserName"), reply.findtext("FromUserName")) != (user, self._corp_id):
            raise ValueError("ToUserName or FromUserName of the reply")
        known_reply(reply)
        return reply

    def _apply(self, user: str, bubble: Bubble | None, reply: Element | None) -> None:
        if reply is None:
            return
        match reply.findtext("MsgType"):
            case "text":
                content = reply.findtext("Content", "")
                cut = content.encode()[:2048].decode(errors="ignore")
                self._api.show(user, "text", {"content": cut})
            case "image":
                self._api.show(user, "image", {"media": reply.findtext("Image/MediaId", "")})
            case "update_button" if bubble is not None:
                self._api.change(bubble.id, None, reply.findtext("Button/ReplaceName", ""))
            case "update_template_card" if bubble is not None:
                card = card_of(card_element(reply))
                self._api.change(bubble.id, card, card.get("replace_text", ""))

    def _resident(self, user: str) -> None:
        if not any((r.platform, r.user) == ("wecom", user) for r in self._desk.residents):
            raise LookupError(user)


def _throttled() -> Answer:
    return Answer({"errcode": 45009, "errmsg": "api freq out of limit"}, note="fault: throttled")
