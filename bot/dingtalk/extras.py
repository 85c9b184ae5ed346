"""What follows a message: its files, a ring for urgent ones, and taking it back."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from bot.adapter import Address, Delivery, DeliveryError, TransientError, UndeliverableError
from bot.dingtalk.blocks import is_sendable, unfolded
from bot.dingtalk.client import Client
from bot.dingtalk.media import Media
from bot.dingtalk.reading import inner
from bot.dingtalk.render import summary
from bot.event import Json
from cards.card import Attachment, Card

log = logging.getLogger(__name__)

DING = "/v1.0/robot/ding/send"
RECALL_ONE = "/v1.0/robot/otoMessages/batchRecall"  # lower-case "oto", unlike the sending
RECALL_GROUP = "/v1.0/robot/groupMessages/recall"
IN_APP = 1  # remindType: SMS and calls cost the organisation money
MOST_KEYS = 20
KEYS = "process_query_key"

Say = Callable[[Address, str, Mapping[str, str]], Awaitable[dict[str, str]]]


class Extras:
    """For one app; `say` sends a robot message and returns its handle."""

    def __init__(self, client: Client, robot: str, media: Media, say: Say) -> None:
        self._client = client
        self._robot = robot
        self._media = media
        self._say = say

    async def send(self, delivery: Delivery, handle: dict[str, str]) -> dict[str, str]:
        """Send the card's files and ring; the handle that takes all of it back.

        Files that went out are counted in "files" of `done`. Raises TransientError with it; a
        file that is refused for good stays a name in the card.
        """
        found = dict(handle)
        files = self._files(delivery.card)
        sent = int(found.pop("files", "0"))
        for number, file in enumerate(files[sent:], sent + 1):
            try:
                found = _joined(found, await self._file(delivery.to, file))
            except TransientError as fault:
                done = {**found, "files": str(number - 1)}
                raise TransientError(fault.reason, after=fault.after, done=done) from fault
        if delivery.urgent and delivery.to.person:
            await self._ring(delivery)
        return found

    def _files(self, card: Card) -> list[Attachment]:
        if not self._media.sends:
            return []
        blocks = unfolded(card).blocks
        return [b for b in blocks if isinstance(b, Attachment) and is_sendable(b)]

    async def _file(self, to: Address, file: Attachment) -> dict[str, str]:
        sent = await self._media.file(file)
        if sent is None:
            return {}
        try:
            return await self._say(to, sent.kind, sent.values)
        except UndeliverableError as refused:
            log.warning("file not delivered", extra={"code": refused.code})
            return {}

    async def _ring(self, delivery: Delivery) -> None:
        """A DING in the app. Editions differ in who may: the message itself has arrived."""
        body = {
            "robotCode": self._robot,
            "remindType": IN_APP,
            "receiverUserIdList": [delivery.to.person],
            "content": summary(delivery.card),
        }
        try:
            await self._client.call("POST", DING, body)
        except DeliveryError as refused:
            code = getattr(refused, "code", refused.reason)
            log.warning("message did not ring", extra={"code": code})

    async def recall(self, handle: Mapping[str, str]) -> None:
        """Take back within 24 hours; raises TransientError or UndeliverableError."""
        keys = [key for key in handle.get(KEYS, "").split(",") if key]
        if not keys:
            raise UndeliverableError(
                "recall.none", "这条消息不能撤回", "卡片可以更新，群机器人的消息只能由群成员撤回"
            )
        chat = handle.get("chat", "")
        for start in range(0, len(keys), MOST_KEYS):
            body: Json = {
                "robotCode": self._robot,
                "processQueryKeys": keys[start : start + MOST_KEYS],
            }
            if chat:
                body["openConversationId"] = chat
            path = RECALL_GROUP if chat else RECALL_ONE
            answer = await self._client.call("POST", path, body)
            if inner(answer, "failedResult"):
                raise UndeliverableError(
                    "recall.failed", "消息没有撤回", "发出超过 24 小时或已撤回的消息不能再撤回"
                )


def _joined(handle: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """One handle for two messages."""
    keys = ",".join(filter(None, (handle.get(KEYS, ""), added.get(KEYS, ""))))
    return {**handle, **added, **({KEYS: keys} if keys else {})}
