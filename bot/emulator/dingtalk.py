"""DingTalk's side of the conversation: people who type and press, and events of the corp.

Source: open.dingtalk.com/document/development/receive-message and robot-message-type (robot,
2.5 s, an answer may be a message), event-callback-card (2 s), configure-stream-push (events).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import aiohttp
from aiohttp import web

from bot.emulator import dingtalk_messages as messages
from bot.emulator.calls import Answer
from bot.emulator.desk import Desk, Json
from bot.emulator.dingtalk_answers import QPS, new_error, old_error
from bot.emulator.dingtalk_api import DingTalkApi
from bot.emulator.dingtalk_card_check import read_answer
from bot.emulator.dingtalk_cards import Route
from bot.emulator.dingtalk_custom import CustomRobot
from bot.emulator.dingtalk_form import UnfilledError, link_text, params_of
from bot.emulator.dingtalk_messages import PRIVATE_ONLY, Content, Sender
from bot.emulator.dingtalk_quota import Quota
from bot.emulator.dingtalk_seal import Envelope, card_sign, robot_sign
from bot.emulator.dingtalk_stream import CARD, ROBOT, Gateway
from bot.emulator.faults import Faults
from bot.emulator.wire import Callback, Wire

LATE = "操作超时"
FREE_EVENTS = ("user_", "org_", "label_", "check_url")
SESSION_LIFE = timedelta(minutes=90)


class DingTalkSide:
    """One internal app with its robot on the emulated DingTalk; implements `Side`.

    `groups` has the members by openConversationId. `base` is where session webhooks live.
    The budgets are the platform's patience in seconds, `event_pauses` the waits before an event
    is pushed again. `robots` are custom group robots by access token, `mobiles` telephone numbers
    by user. The quotas are a month's billed calls and pushes; 0 only counts. What somebody
    listens to over Stream (`gateway`) goes there instead of to the URLs.
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
        robots: Mapping[str, CustomRobot] | None = None,
        mobiles: dict[str, str] | None = None,
        call_quota: int = 0,
        push_quota: int = 0,
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
        self.quota = Quota(desk.now, call_quota, push_quota)
        self.gateway = Gateway(desk, faults, client_id=app_key, client_secret=app_secret)
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
            quota=self.quota,
            robots=robots or {},
            mobiles=mobiles or {},
            gateway=self.gateway,
        )
        self.files = self._api.files

    def routes(self) -> list[web.RouteDef]:
        """The endpoints of the emulated api.dingtalk.com and oapi.dingtalk.com."""
        return self._api.routes()

    async def say(self, user: str, text: str, *, group: str = "") -> None:
        """The person writes to the robot, one to one, or with an @ in a group."""
        await self.send(user, messages.typed(text, group=group), group=group)

    async def send(self, user: str, content: Content, *, group: str = "") -> None:
        """The person sends any kind of message; see `dingtalk_messages` for the kinds.

        Raises LookupError for strangers, and for a kind that robots in groups are not told of.
        """
        if not self._api.knows(user):
            raise LookupError(user)
        if group and (user not in self._groups[group] or content.kind in PRIVATE_ONLY):
            raise LookupError(group)
        self._api.show(user, "text", content.shown, mine=True)
        message = self._message(user, content, group)
        if self.gateway.subscribed("CALLBACK", ROBOT):
            await self.gateway.push("CALLBACK", ROBOT, message, budget=3.0, user=user)
            return
        timestamp = self._millis()
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

    def read(self, user: str, bubble: str) -> None:
        """The person looks at a message of the robot; the read status tells."""
        self._api.sent.read(user, bubble)

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        """The person presses a card's button ({"id", "params"}) or a link ({"dtmd"}).

        Raises LookupError when that person sees no such thing. Returns the toast.
        """
        seen = self._desk.bubbles[bubble]
        if seen.user != user or seen.mine:
            raise LookupError(bubble)
        if "dtmd" in button:
            await self.say(user, link_text(seen, button["dtmd"]))
            return ""
        track = bubble.removesuffix(f":{user}")
        if seen.kind != "card":
            raise LookupError(bubble)
        route = self._api.cards.press_route(track)
        if route is None:
            return ""
        try:
            params = params_of(seen, button, form)
        except UnfilledError as unfilled:
            return str(unfilled)
        return await self._press(
            track, user, route, {"actionIds": [button["id"]], "params": params}
        )

    async def notify(self, event_type: str, fields: Json | None = None) -> bool:
        """Push an event of the corp, as "check_url"; whether it was acknowledged.

        For the contacts: user_add_org, user_modify_org, user_leave_org with {"userId": […]},
        org_dept_create, _modify, _remove with {"deptId": […]}.
        """
        fields = dict(fields or {})
        if not event_type.startswith(FREE_EVENTS) and not self.quota.take("pushes"):
            fields = {"errorCode": 20001, "errMsg": "push quota spent"}
        if self.gateway.subscribed("EVENT", "*"):
            return await self._notify_stream(event_type, fields)
        timestamp = self._millis()
        event: Json = {
            "EventType": event_type,
            "EventTime": int(timestamp),
            "CorpId": self._corp_id,
            "eventId": secrets.token_hex(16),
            **fields,
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

    async def _notify_stream(self, event_type: str, fields: Json) -> bool:
        headers: Json = {
            "eventType": event_type,
            "eventId": secrets.token_hex(16),
            "eventCorpId": self._corp_id,
            "eventBornTime": self._millis(),
        }
        pauses = self._event_pauses
        acknowledged = await self.gateway.push(
            "EVENT", "*", fields, budget=3.0, headers=headers, pauses=pauses
        )
        return acknowledged is not None

    async def _press(self, track: str, user: str, route: Route, pressed: Json) -> str:
        content = json.dumps({"cardPrivateData": pressed}, ensure_ascii=False)
        body: Json = {
            "type": "actionCallback",
            "outTrackId": track,
            "corpId": self._corp_id,
            "userId": user,
            "userIdType": 1,
            "spaceType": "im",
            "spaceId": messages.conversation(user),
            "extension": "{}",
            "content": content,
            "value": content,
        }
        if not route.url:
            return await self._press_stream(track, user, body)
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

    async def _press_stream(self, track: str, user: str, body: Json) -> str:
        budget = self._card_budget
        inner = await self.gateway.push("CALLBACK", CARD, body, budget=budget, user=user)
        if inner is None:
            return LATE
        raw = json.dumps(inner.get("response") or {}).encode()
        with suppress(ValueError):  # an answer DingTalk cannot read changes nothing
            answer = read_answer(raw)
            if answer is not None:
                self._api.cards.answered(track, user, answer)
        return ""

    def _message(self, user: str, content: Content, group: str) -> Json:
        now = self._desk.now()
        until = now + SESSION_LIFE
        name = next(one.name for one in self._desk.residents if one.user == user)
        session = self._api.new_session(group or user, until)
        return messages.message(
            Sender(user, name, group, self._corp_id, self._robot_code),
            content,
            at=now,
            session=f"{self._base}/robot/sendBySession?session={session}",
            until=until,
            spent=not self.quota.take("pushes"),
        )

    def _millis(self) -> str:
        return str(int(self._desk.now().timestamp() * 1000))


def _throttled() -> Answer:
    return new_error(QPS, "fault: throttled", 403)


def _throttled_old() -> Answer:
    return old_error(90018, "fault: throttled")
