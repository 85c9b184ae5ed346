"""Deliveries: a card by our template, or a robot message; changes in place by outTrackId."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict

from bot.adapter import (
    Address,
    CannotReplaceError,
    Delivery,
    Receipt,
    TransientError,
    UndeliverableError,
)
from bot.dingtalk.client import Client, listed
from bot.dingtalk.errors import ALREADY_THERE
from bot.dingtalk.reading import inner, words
from bot.dingtalk.render import drawn, message, summary, with_pictures
from bot.event import Json
from bot.pictures import png
from cards.card import Card, Picture, is_sentence
from cards.drawing import Drawing
from config.settings import DingTalk

log = logging.getLogger(__name__)

CARDS = "/v1.0/card/instances"
FLOW_SECONDS = 60
KEPT_MEDIA = 256


class Courier:
    """Sends for one app. Uploaded pictures are remembered: a mediaId does not expire."""

    def __init__(self, settings: DingTalk, client: Client, route_key: str) -> None:
        self._settings = settings
        self._client = client
        self._route_key = route_key
        self._robot = settings.robot_code or settings.app_key
        self._media: OrderedDict[Drawing, str] = OrderedDict()

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send, or change in place; raises what `bot.adapter.Adapter.deliver` may raise."""
        if delivery.handle is not None:
            return await self._replace(delivery.card, delivery.handle.get("message", ""))
        if not delivery.to.person and not delivery.to.chat:
            raise UndeliverableError(
                "no-address", "此人没有钉钉账号", "在「管理控制台 → 人员」填写钉钉 staffId"
            )
        if self._settings.card_template_id and not is_sentence(delivery.card):
            return await self._create(delivery)
        return await self._send(delivery)

    async def _create(self, delivery: Delivery) -> Receipt:
        """Safe to repeat: an outTrackId that is there already is our own earlier try."""
        body = {
            "cardTemplateId": self._settings.card_template_id,
            "outTrackId": delivery.key,
            "userIdType": 1,
            "cardData": {"cardParamMap": await self._values(delivery.card)},
            "callbackType": "HTTP",
            "callbackRouteKey": self._route_key,
            **_space(delivery.to, self._robot, summary(delivery.card)),
        }
        answer = await self._client.call(
            "POST", f"{CARDS}/createAndDeliver", body, fine=frozenset(ALREADY_THERE)
        )
        for space in listed(inner(answer, "result"), "deliverResults"):
            _check_space(space)
        return Receipt({"message": delivery.key})

    async def _replace(self, card: Card, out_track_id: str) -> Receipt:
        """Change the card for everyone who has it; robot messages cannot be changed."""
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
        return Receipt({"message": out_track_id})

    async def _values(self, card: Card) -> dict[str, str]:
        return with_pictures(drawn(card), await self._uploaded(card))

    async def _send(self, delivery: Delivery) -> Receipt:
        """DingTalk has no idempotency key here: after a lost answer the message comes twice."""
        group = delivery.to.chat
        sketch = message(delivery.card, group=bool(group))
        values = with_pictures(sketch, await self._uploaded(delivery.card))
        param = json.dumps(values, ensure_ascii=False)
        body: Json = {"robotCode": self._robot, "msgKey": sketch.kind, "msgParam": param}
        if group:
            body["openConversationId"] = group
            answer = await self._client.call("POST", "/v1.0/robot/groupMessages/send", body)
        else:
            body["userIds"] = [delivery.to.person]
            answer = await self._client.call("POST", "/v1.0/robot/oToMessages/batchSend", body)
            _check_reached(answer)
        return Receipt({"process_query_key": words(answer.get("processQueryKey"))})

    async def _uploaded(self, card: Card) -> dict[int, str]:
        """MediaIds by the picture's number in the card."""
        pictures = [block for block in card.blocks if isinstance(block, Picture)]
        found = {}
        for number, picture in enumerate(pictures):
            media_id = await self._media_id(picture.drawing)
            if media_id:
                found[number] = media_id
        return found

    async def _media_id(self, drawing: Drawing) -> str:
        if drawing in self._media:
            self._media.move_to_end(drawing)
            return self._media[drawing]
        try:
            image = await png(drawing)
        except Exception:
            # a fault in a picture must not hold back the words that say the same
            log.exception("a picture could not be drawn")
            return ""
        media_id = await self._client.upload(image)
        if media_id:
            self._media[drawing] = media_id
        while len(self._media) > KEPT_MEDIA:
            self._media.popitem(last=False)
        return media_id


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


def _check_space(space: object) -> None:
    """HTTP 200 may still hold a space that was not reached."""
    if isinstance(space, dict) and space.get("success") is not True:
        why = words(space.get("errorMsg")) or "没有说明原因"
        raise UndeliverableError(
            "deliver.failed",
            f"卡片没有送达：{why[:200]}",
            "确认此人在应用的可见范围内（开发者后台 → 版本管理与发布），或机器人在群里",
        )


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
