"""Deliveries: a card by our template, or a robot message; changes in place by outTrackId."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.adapter import (
    Address,
    CannotReplaceError,
    Delivery,
    DeliveryError,
    Receipt,
    TransientError,
    UndeliverableError,
)
from bot.dingtalk import robots
from bot.dingtalk.client import Client, listed
from bot.dingtalk.errors import ALREADY_THERE, OUT_OF_QUOTA, unreachable
from bot.dingtalk.extras import Extras
from bot.dingtalk.media import Load, Media
from bot.dingtalk.reading import inner, words
from bot.dingtalk.render import Sketch, drawn, message, summary, with_pictures
from bot.dingtalk.sessions import Sessions
from bot.event import Json
from cards.card import Card, is_sentence
from config.settings import DingTalk, SettingsError

CARDS = "/v1.0/card/instances"
ONE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
FLOW_SECONDS = 60
STREAM = "stream"
MODES = ("http", STREAM)


class Courier:
    """Sends for one app."""

    def __init__(
        self,
        settings: DingTalk,
        client: Client,
        route_key: str,
        *,
        now: Callable[[], datetime],
        load: Load | None = None,
    ) -> None:
        self.sessions = Sessions(now)
        self._settings = settings
        self._client = client
        self._route_key = route_key
        self._now = now
        self._robot = settings.robot_code or settings.app_key
        self._robots = robots.read_robots(settings.robots)
        if settings.mode not in MODES:
            raise SettingsError(f"MOMENTUM_DINGTALK__MODE：只能是 {' 或 '.join(MODES)}")
        self._media = Media(client, load)
        self._extras = Extras(client, self._robot, self._media, self._robot_message)

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send, or change in place; raises what `bot.adapter.Adapter.deliver` may raise.

        `done` has the handle of a card that went out when a file after it did not.
        """
        if delivery.handle is not None:
            return await self._replace(delivery.card, delivery.handle)
        if delivery.to.robot:
            return await self._post(delivery)
        if not delivery.to.person and not delivery.to.chat:
            raise UndeliverableError(
                "no-address", "此人没有钉钉账号", "在「管理控制台 → 人员」填写钉钉 staffId"
            )
        handle = dict(delivery.done) or await self._send(delivery)
        try:
            return Receipt(await self._extras.send(delivery, handle))
        except TransientError as fault:
            raise TransientError(
                fault.reason, after=fault.after, done={**handle, **fault.done}
            ) from fault

    async def recall(self, handle: Mapping[str, str]) -> None:
        """Take back a card or message and its files; raises as `deliver`."""
        await self._extras.recall(handle)

    async def _send(self, delivery: Delivery) -> dict[str, str]:
        if self._settings.card_template_id and not is_sentence(delivery.card):
            return await self._create(delivery)
        group = bool(delivery.to.chat)
        sketch = message(delivery.card, group=group)
        values = with_pictures(sketch, await self._media.pictures(delivery.card))
        try:
            return await self._robot_message(delivery.to, sketch.kind, values)
        except UndeliverableError as refused:
            if refused.code not in OUT_OF_QUOTA or not await self._by_session(delivery.to, sketch):
                raise
            return {}

    async def _create(self, delivery: Delivery) -> dict[str, str]:
        """Safe to repeat: an outTrackId that is there already is our own earlier try."""
        body = {
            "cardTemplateId": self._settings.card_template_id,
            "outTrackId": delivery.key,
            "userIdType": 1,
            "cardData": {"cardParamMap": await self._values(delivery.card)},
            **self._callback(),
            **_space(delivery.to, self._robot, summary(delivery.card)),
        }
        answer = await self._client.call(
            "POST", f"{CARDS}/createAndDeliver", body, fine=frozenset(ALREADY_THERE)
        )
        handle = {"message": delivery.key}
        for space in listed(inner(answer, "result"), "deliverResults"):
            handle |= _reached(space, delivery.to)
        return handle

    def _callback(self) -> Json:
        """Where presses go: over the long connection, or to our registered address."""
        if self._settings.mode == STREAM:
            return {"callbackType": "STREAM"}
        return {"callbackType": "HTTP", "callbackRouteKey": self._route_key}

    async def _replace(self, card: Card, handle: Mapping[str, str]) -> Receipt:
        """Change the card for everyone who has it; robot messages cannot be changed."""
        out_track_id = handle.get("message", "")
        if not out_track_id or not self._settings.card_template_id:
            raise CannotReplaceError("a robot message cannot be changed")
        body = {
            "outTrackId": out_track_id,
            "userIdType": 1,
            "cardData": {"cardParamMap": await self._values(card)},
            # by key: what the presser was told in "tip" stays on their copy
            "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
        }
        await self._client.call("PUT", CARDS, body)
        return Receipt(dict(handle))

    async def _values(self, card: Card) -> dict[str, str]:
        return with_pictures(drawn(card), await self._media.pictures(card))

    async def _robot_message(
        self, to: Address, kind: str, values: Mapping[str, str]
    ) -> dict[str, str]:
        """DingTalk has no idempotency key here: after a lost answer the message comes twice."""
        param = json.dumps(values, ensure_ascii=False)
        body: Json = {"robotCode": self._robot, "msgKey": kind, "msgParam": param}
        if to.chat:
            body["openConversationId"] = to.chat
            answer = await self._client.call("POST", GROUP, body)
        else:
            body["userIds"] = [to.person]
            answer = await self._client.call("POST", ONE, body)
            _check_reached(answer)
        return _recallable(words(answer.get("processQueryKey")), to)

    async def _post(self, delivery: Delivery) -> Receipt:
        """By a group robot's webhook; its `msgUuid` keeps a repeated message out."""
        robot = self._robots.get(delivery.to.robot)
        if robot is None:
            raise UndeliverableError(
                "no-robot",
                f"没有名为「{delivery.to.robot}」的群机器人",
                "在 MOMENTUM_DINGTALK__ROBOTS 加上 名称=access_token:加签密钥，然后重启",
            )
        body = robots.message_of(message(delivery.card, group=True))
        url = self._settings.oapi_base + robots.PATH
        query = robots.query_of(robot, self._now())
        await self._client.post(url, query, {**body, "msgUuid": delivery.key})
        return Receipt({"robot": robot.name})

    async def _by_session(self, to: Address, sketch: Sketch) -> bool:
        """A group's own answer address, when the month's API calls are spent."""
        url = self.sessions.of(to.chat)
        if not url:
            return False
        try:
            await self._client.post(url, {}, robots.message_of(sketch))
        except DeliveryError:
            self.sessions.forget(to.chat)
            return False
        return True


def _space(to: Address, robot: str, shown: str) -> Json:
    """Where the card appears, and what lists and notifications show for it."""
    model = {
        "supportForward": False,  # a forwarded card would carry its buttons along
        "lastMessageI18n": {"ZH_CN": shown},
        "notification": {"alertContent": shown, "notificationOff": False},
    }
    if to.chat:
        return {
            "openSpaceId": f"dtv1.card//IM_GROUP.{to.chat}",
            "imGroupOpenSpaceModel": model,
            "imGroupOpenDeliverModel": {"robotCode": robot},
        }
    return {
        "openSpaceId": f"dtv1.card//IM_ROBOT.{to.person}",
        "imRobotOpenSpaceModel": model,
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot},
    }


def _reached(space: object, to: Address) -> dict[str, str]:
    """What recalls the card there; HTTP 200 may still hold a space that was not reached."""
    if not isinstance(space, dict):
        return {}
    if space.get("success") is not True:
        raise unreachable(words(space.get("errorMsg")))
    return _recallable(words(space.get("carrierId")), to)


def _recallable(key: str, to: Address) -> dict[str, str]:
    """A handle by which a message can be taken back; a group's needs the group."""
    if not key:
        return {}
    return {"process_query_key": key} | ({"chat": to.chat} if to.chat else {})


def _check_reached(answer: Json) -> None:
    if listed(answer, "invalidStaffIdList"):
        raise UndeliverableError(
            "staffId.invalid",
            "接收人已不在这个组织里，或不在机器人的可见范围内",
            "在「管理控制台 → 人员」更新此人的钉钉 staffId，"
            "并在「开发者后台 → 版本管理与发布」核对可见范围",
        )
    if listed(answer, "flowControlledStaffIdList"):
        raise TransientError("flow controlled", after=FLOW_SECONDS)
