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
from bot.emulator.wecom_check import RefusedError, check_passive_card
from bot.emulator.wecom_seal import Seal, card_of, readable, xml
from bot.emulator.wire import Callback, Received, Wire

FAILED = "操作失败，请稍后重试"


class WeComSide:
    """One self-built app on the emulated WeCom; implements `Side`.

    `budget` and `pauses` are the platform's patience in seconds: for one answer, and before each
    further try.
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
    ) -> None:
        self.wire = Wire("wecom", desk, faults, session, throttled=_throttled)
        self._desk = desk
        self._corp_id = corp_id
        self._agent_id = int(agent_id)
        self._callback_url = callback_url
        self._budget = budget
        self._pauses = pauses
        self._seal = Seal(token, aes_key, corp_id)
        self._api = WeComApi(
            desk, self.wire, faults, corp_id=corp_id, agent_id=self._agent_id, secret=secret
        )

    def routes(self) -> list[web.RouteDef]:
        """The endpoints of the emulated https://qyapi.weixin.qq.com."""
        return self._api.routes()

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
        if card.user != user or card.kind != "template_card":
            raise LookupError(bubble)
        kind = _event_kind(card.body, button["key"])
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
        chosen = _selected(card.body, form) if kind == "template_card_event" else []
        if chosen:
            event["SelectedItems"] = {"SelectedItem": chosen}
        received = await self._tell(user, event, card)
        return FAILED if received is None else ""

    async def _tell(self, user: str, fields: Json, bubble: Bubble | None) -> Received | None:
        """Send a callback, and show what the app answers to it."""
        timestamp = int(self._desk.now().timestamp())
        whole = {
            "ToUserName": self._corp_id,
            "FromUserName": user,
            "CreateTime": timestamp,
            **fields,
            "AgentID": self._agent_id,
        }
        query, body = self._seal.close(xml(whole), agent_id=self._agent_id, timestamp=timestamp)
        callback = Callback(
            self._callback_url,
            body,
            {"query": query, "body": whole},
            headers={"Content-Type": "text/xml"},
            query=query,
            user=user,
        )
        received = await self.wire.deliver(
            callback, budget=self._budget, pauses=self._pauses, opened=self._log_of(user)
        )
        if received is not None and received.readable:
            self._apply(user, bubble, self._reply(user, received.body))
        return received

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
        _known_reply(reply)
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
                card = card_of(_card_element(reply))
                self._api.change(bubble.id, card, card.get("replace_text", ""))

    def _resident(self, user: str) -> None:
        if not any((r.platform, r.user) == ("wecom", user) for r in self._desk.residents):
            raise LookupError(user)


def _known_reply(reply: Element) -> None:
    match reply.findtext("MsgType"):
        case "text":
            if not reply.findtext("Content"):
                raise ValueError("text without Content")
        case "image":
            if not reply.findtext("Image/MediaId"):
                raise ValueError("image without MediaId")
        case "update_button":
            if not reply.findtext("Button/ReplaceName"):
                raise ValueError("update_button without ReplaceName")
        case "update_template_card":
            try:
                check_passive_card(card_of(_card_element(reply)))
            except RefusedError as refused:
                raise ValueError(str(refused)) from refused
        case other:
            raise ValueError(f"MsgType {other} of the reply")


def _card_element(reply: Element) -> Element:
    element = reply.find("TemplateCard")
    if element is None:
        raise ValueError("update_template_card without TemplateCard")
    return element


def _event_kind(card: Json, key: str) -> str:
    """Which event a key of this card makes; LookupError if it has no such key."""
    buttons = [*card.get("button_list", ()), card.get("submit_button", {})]
    if any(button.get("key") == key for button in buttons):
        return "template_card_event"
    if any(entry["key"] == key for entry in card.get("action_menu", {}).get("action_list", ())):
        return "template_card_menu_event"
    raise LookupError(key)


def _selected(card: Json, form: Mapping[str, str]) -> list[Json]:
    """What the person chose, as SelectedItem elements; a list's first option stands by default."""
    items = []
    selectors = [*card.get("select_list", ())]
    if "button_selection" in card:
        selectors.append(card["button_selection"])
    for selector in selectors:
        default = selector.get("selected_id") or selector["option_list"][0]["id"]
        items.append(_item(selector, form.get(selector["question_key"], default)))
    if "checkbox" in card:
        box = card["checkbox"]
        ticked = [option["id"] for option in box["option_list"] if option.get("is_checked")]
        items.append(_item(box, form.get(box["question_key"], ",".join(ticked))))
    return items


def _item(question: Json, chosen: str) -> Json:
    ids = [option["id"] for option in question["option_list"]]
    picked = [one for one in chosen.split(",") if one]
    if unknown := [one for one in picked if one not in ids]:
        raise LookupError(", ".join(unknown))
    return {"QuestionKey": question["question_key"], "OptionIds": {"OptionId": picked}}


def _throttled() -> Answer:
    return Answer({"errcode": 45009, "errmsg": "api freq out of limit"}, note="fault: throttled")
