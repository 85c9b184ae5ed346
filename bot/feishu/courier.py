"""Getting one card to one place: pictures first, text when the card itself is refused."""

from __future__ import annotations

import hashlib
import logging

from bot.adapter import (
    CannotReplaceError,
    Delivery,
    Receipt,
    TransientError,
    UndeliverableError,
)
from bot.event import Json
from bot.feishu.blocks import placeholder
from bot.feishu.client import Client
from bot.feishu.faults import CARD
from bot.feishu.render import Drawn, drawn, sentence, wire
from bot.feishu.text import plain
from bot.pictures import png
from cards.card import is_sentence
from cards.drawing import Drawing

log = logging.getLogger(__name__)

MAX_UUID = 50


class Courier:
    """One delivery; `done` grows with what is achieved, and leaves with a TransientError."""

    def __init__(self, client: Client, delivery: Delivery) -> None:
        self._client = client
        self._delivery = delivery
        self._done = dict(delivery.done)

    async def deliver(self) -> Receipt:
        """Send, or change in place."""
        try:
            if self._delivery.handle is not None:
                return await self._replace(dict(self._delivery.handle))
            if is_sentence(self._delivery.card):
                return await self._say(self._delivery.card.title, self._delivery.key)
            return await self._send()
        except TransientError as fault:
            raise TransientError(
                fault.reason, after=fault.after, done={**self._done, **fault.done}
            ) from fault

    async def _send(self) -> Receipt:
        delivery = self._delivery
        if "refused" not in self._done:
            try:
                content = wire(await self._illustrated())
                sent = await self._client.send(
                    delivery.to, "interactive", content, uuid=delivery.key
                )
                return Receipt({"message": sent})
            except UndeliverableError as fault:
                if fault.code not in map(str, CARD):
                    raise
                log.warning("card refused, sent as text", extra={"code": fault.code})
                self._done["refused"] = fault.code
        return await self._say(delivery.card.plain(), _second(delivery.key))

    async def _say(self, text: str, uuid: str) -> Receipt:
        content = wire(sentence(text))
        sent = await self._client.send(self._delivery.to, "text", content, uuid=uuid)
        return Receipt({"message": sent, "kind": "text"})

    async def _replace(self, handle: dict[str, str]) -> Receipt:
        message = handle.get("message", "")
        if not message or handle.get("kind") == "text":
            raise CannotReplaceError("only cards can be changed")
        await self._client.replace(message, wire(await self._illustrated()))
        return Receipt(handle)

    async def _illustrated(self) -> Json:
        """The card with its pictures uploaded; one that cannot be is replaced by its name."""
        to = self._delivery.to
        page: Drawn = drawn(self._delivery.card, private=bool(to.person) and not to.chat)
        keys = {
            placeholder(number): await self._uploaded(number, picture)
            for number, picture in enumerate(page.pictures)
        }
        elements = page.card["body"]["elements"]
        page.card["body"]["elements"] = [_filled(element, keys) for element in elements]
        return page.card

    async def _uploaded(self, number: int, picture: Drawing) -> str:
        """The picture's key, or "" when it cannot be drawn or is refused."""
        name = f"image{number}"
        if name not in self._done:
            try:
                self._done[name] = await self._client.upload(await png(picture))
            except TransientError:
                raise
            except Exception as fault:  # a picture that fails must not cost the words around it
                log.warning("picture left out", extra={"fault": type(fault).__name__})
                return ""
        return self._done[name]


def _filled(element: Json, keys: dict[str, str]) -> Json:
    if element["tag"] != "img":
        return element
    key = keys[element["img_key"]]
    if key:
        return {**element, "img_key": key}
    return {"tag": "div", "text": plain(f"〔图：{element['alt']['content']}〕")}


def _second(key: str) -> str:
    """Another idempotency key of the same delivery, within the platform's 50 characters."""
    if len(key) < MAX_UUID:
        return f"{key}t"
    return hashlib.sha256(key.encode()).hexdigest()[: MAX_UUID - 1] + "t"
