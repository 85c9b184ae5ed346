"""DingTalk's side of the conversation: people who type and press, and events of the corp.

Source: open.dingtalk.com/document/development/receive-message and robot-message-type (robot,
2.5 s, an answer may be a message), event-callback-card (2 s), configure-stream-push (events).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web

from bot.emulator.calls import Answer
from bot.emulator.desk import Bubble, Desk, Json
from bot.emulator.dingtalk_api import QPS, DingTalkApi, new_error, new_key, old_error
from bot.emulator.dingtalk_card_check import read_answer
from bot.emulator.dingtalk_cards import Route
from bot.emulator.dingtalk_form import UnfilledError, filled
from bot.emulator.dingtalk_seal import Envelope, card_sign, robot_sign
from bot.emulator.faults import Faults
from bot.emulator.wire import Callback, Wire

LATE = "操作超时"
SESSION_LIFE = timedelta(minutes=90)
LINK = re.compile(r"\[[^\]]*\]\((dtmd://[^)\s]+)\)")


class DingTalkSide:
    """One internal app with its robot on the emulated DingTalk; implements `Side`.

    `groups` has the members by openConversationId. `base` is where session webhooks live.
    The budgets are the platform's patience in seconds, `event_pauses` the waits before an event
    is pushed again.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        corp_id: str,
        app_key: str,
        app_secret: str,
        robot_code: str,
        token: str,
        aes_key: str,
        owner_key: str,
        card_template_id: str,
        robot_url: str,
        event_url: str,
        session: Callable[[], aiohttp.ClientSession],
        faults: Faults,
        groups: Mapping[str, Sequence[str]] | None = None,
        base: str = "https://oapi.dingtalk.com",
        budget: float = 2.5,
        card_budget: float = 2.0,
        event_pauses: Sequence[float] = (10.0, 30.0),
    ) -> None:
        self.wire = Wire("dingtalk", desk, faults, session, throttled=_throttled)
        self.old_wire = Wire("dingtalk", desk, faults, session, throttled=_throttled_old)
        self._desk = desk
        self._corp_id = corp_id
        self._app_secret = app_secret
        self._robot_code = robot_code or app_key
        self._sealing = (token, aes_key, owner_key or app_key)
        self._robot_url = robot_url
        self._event_url = event_url
        self._groups = groups or {}
        self._base = base.rstrip("/")
        self._budget = budget
        self._card_budget = card_budget
        self._event_pauses = event_pauses
        self._api = DingTalkApi(
            desk,
            self.wire,
            self.old_wire,
            faults,
            app_key=app_key,
            app_secret=app_secret,
            robot_code=self._robot_code,
            card_template_id=card_template_id,
            groups=self._groups,
        )

    def routes(self) -> list[web.RouteDef]:
        """The endpoints of the emulated api.dingtalk.com and oapi.dingtalk.com."""
        return self._api.routes()

    async def say(self, user: str, text: str, *, group: str = "") -> None:
        """The person writes to the robot, one to one, or with an @ in a group."""
        if not self._api.knows(user):
            raise LookupError(user)
        if group and user not in self._groups[group]:
            raise LookupError(group)
        self._api.show(user, "text", {"content": text}, mine=True)
        timestamp = self._millis()
        message = self._message(user, text, group)
        callback = Callback(
            self._robot_url,
            json.dumps(message, ensure_ascii=False).encode(),
            message,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "timestamp": timestamp,
                "sign": robot_sign(self._app_secret, timestamp),
            },
            user=user,
        )
        received = await self.wire.deliver(
            callback, budget=self._budget, opened=self._api.read_reply
        )
        if received is not None and received.readable is not None:
            self._api.show_reply(group or user, received.readable)

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        """The person presses a card's button ({"id", "params"}) or a link ({"dtmd"}).

        Raises LookupError when that person sees no such thing. Returns the toast.
        """
        seen = self._desk.bubbles[bubble]
        if seen.user != user or seen.mine:
            raise LookupError(bubble)
        if "dtmd" in button:
            await self.say(user, _link_text(seen, button["dtmd"]))
            return ""
        track = bubble.removesuffix(f":{user}")
        if seen.kind != "card":
            raise LookupError(bubble)
        route = self._api.cards.press_route(track)
        if route is None:
            return ""
        try:
            params = _params(seen, button, form)
        except UnfilledError as unfilled:
            return str(unfilled)
        return await self._press(
            track, user, route, {"actionIds": [button["id"]], "params": params}
        )

    async def notify(self, event_type: str, fields: Json | None = None) -> bool:
        """Push an event of the corp, as "check_url"; whether it was acknowledged."""
        timestamp = self._millis()
        event: Json = {
            "EventType": event_type,
            "EventTime": int(timestamp),
            "CorpId": self._corp_id,
            "eventId": secrets.token_hex(16),
            **(fields or {}),
        }
        envelope = Envelope(*self._sealing)
        query, body = envelope.close(json.dumps(event, ensure_ascii=False), timestamp)
        callback = Callback(
            self._event_url,
            body,
            {"query": query, "body": event},
            headers={"Content-Type": "application/json"},
            query=query,
        )
        received = await self.wire.deliver(
            callback, budget=self._budget, pauses=self._event_pauses, opened=envelope.open
        )
        return received is not None and received.readable == "success"

    async def _press(self, track: str, user: str, route: Route, pressed: Json) -> str:
        content = json.dumps({"cardPrivateData": pressed}, ensure_ascii=False)
        body: Json = {
            "type": "actionCallback",
            "outTrackId": track,
            "corpId": self._corp_id,
            "userId": user,
            "userIdType": 1,
            "spaceType": "im",
            "spaceId": _conversation(user),
            "extension": "{}",
            "content": content,
            "value": content,
        }
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if route.secret:
            timestamp = self._millis()
            headers["x-ddpaas-signature-timestamp"] = timestamp
            headers["x-ddpaas-signature"] = card_sign(route.secret, timestamp)
        raw = json.dumps(body, ensure_ascii=False).encode()
        callback = Callback(route.url, raw, body, headers=headers, user=user)
        received = await self.wire.deliver(callback, budget=self._card_budget, opened=read_answer)
        if received is None:
            return LATE
        if received.readable is not None:
            self._api.cards.answered(track, user, received.readable)
        return ""

    def _message(self, user: str, text: str, group: str) -> Json:
        now = self._desk.now()
        until = now + SESSION_LIFE
        robot = f"$:LWCP_v1:${_digest(self._robot_code)}"
        session = self._api.new_session(group or user, until)
        message: Json = {
            "msgtype": "text",
            "text": {"content": f" {text}" if group else text},
            "msgId": f"msg{new_key()}==",
            "createAt": int(now.timestamp() * 1000),
            "conversationType": "2" if group else "1",
            "conversationId": group or _conversation(user),
            "senderId": f"$:LWCP_v1:${_digest(user)}",
            "senderStaffId": user,
            "senderNick": next(r.name for r in self._desk.residents if r.user == user),
            "senderCorpId": self._corp_id,
            "senderPlatform": "iOS",
            "isAdmin": False,
            "chatbotCorpId": self._corp_id,
            "chatbotUserId": robot,
            "robotCode": self._robot_code,
            "sessionWebhook": f"{self._base}/robot/sendBySession?session={session}",
            "sessionWebhookExpiredTime": int(until.timestamp() * 1000),
        }
        if group:
            message |= {"conversationTitle": "门店群", "isInAtList": True}
            message["atUsers"] = [{"dingtalkId": robot}]
        return message

    def _millis(self) -> str:
        return str(int(self._desk.now().timestamp() * 1000))


def _link_text(bubble: Bubble, url: str) -> str:
    """The text that a dtmd link of this bubble sends; LookupError if there is no such link.

    Such links work in the text of messages, not in cards.
    """
    words = bubble.body.get("text", "") if bubble.kind in ("markdown", "actionCard") else ""
    parts = urlsplit(url)
    content = parse_qs(parts.query).get("content", [""])[0]
    place = (parts.scheme, parts.netloc, parts.path)
    if url not in LINK.findall(words) or not content:
        raise LookupError(url)
    if place != ("dtmd", "dingtalkclient", "/sendMessage"):
        raise LookupError(url)
    return content


def _params(bubble: Bubble, button: Json, form: dict[str, str]) -> Json:
    params = dict(button.get("params") or {})
    if form or button["id"] == "form":
        params["form"] = filled(bubble.body["params"], form)
    return params


def _conversation(user: str) -> str:
    return f"cid{_digest(user)}=="


def _digest(value: str) -> str:
    return base64.b64encode(hashlib.sha256(value.encode()).digest()[:16]).decode().rstrip("=")


def _throttled() -> Answer:
    return new_error(QPS, "fault: throttled", 403)


def _throttled_old() -> Answer:
    return old_error(90018, "fault: throttled")
