"""Getting one card to one place: pictures and files first, text when the card itself is refused."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

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
from bot.feishu.render import Drawn, attachments, drawn, sentence, wire
from bot.feishu.text import plain
from bot.pictures import png
from cards.card import Attachment, is_sentence
from cards.drawing import Drawing

log = logging.getLogger(__name__)

Load = Callable[[str], Awaitable[bytes]]
MAX_UUID = 50
MAX_FILE = 30_000_000
TOKEN_USES = 2
FILE = "file:"
"""Begins the keys of a handle, and of `done`, that hold the message of an attachment."""


class Courier:
    """One delivery; `done` grows with what is achieved, and leaves with a TransientError."""

    def __init__(self, client: Client, delivery: Delivery, load: Load | None = None) -> None:
        self._client = client
        self._delivery = delivery
        self._load = load
        self._done = dict(delivery.done)
        self._files: dict[str, str] = {}

    async def deliver(self) -> Receipt:
        """Send, or change in place."""
        try:
            if self._delivery.handle is not None:
                return await self._replace(dict(self._delivery.handle))
            receipt = await self._new()
            return Receipt({**receipt.handle, **await self._enclose({})})
        except TransientError as fault:
            raise TransientError(
                fault.reason, after=fault.after, done={**self._done, **fault.done}
            ) from fault

    async def _new(self) -> Receipt:
        """A new message, and a bell if it is urgent; neither a second time."""
        await self._upload_files({})
        if "message" not in self._done:
            if is_sentence(self._delivery.card):
                await self._say(self._delivery.card.title, self._delivery.key)
            else:
                await self._send()
        handle: dict[str, str] = {
            name: self._done[name] for name in ("message", "kind") if name in self._done
        }
        await self._ring(handle["message"])
        return Receipt(handle)

    async def _send(self) -> None:
        delivery = self._delivery
        if "refused" not in self._done:
            try:
                content = wire(await self._illustrated(()))
                self._done["message"] = await self._client.send(
                    delivery.to, "interactive", content, uuid=delivery.key
                )
                return
            except UndeliverableError as fault:
                if fault.code not in map(str, CARD):
                    raise
                log.warning("card refused, sent as text", extra={"code": fault.code})
                self._done["refused"] = fault.code
        await self._say(delivery.card.plain(), second_key(delivery.key, "t"))

    async def _say(self, text: str, uuid: str) -> None:
        content = wire(sentence(text))
        message = await self._client.send(self._delivery.to, "text", content, uuid=uuid)
        self._done |= {"message": message, "kind": "text"}

    async def _ring(self, message: str) -> None:
        """Make it ring; the message is there, so a refusal (no quota, no right) is only noted."""
        person = self._delivery.to.person
        if not (self._delivery.urgent and person) or "urgent" in self._done:
            return
        try:
            await self._client.ring(message, person)
            self._done["urgent"] = "yes"
        except UndeliverableError as fault:
            log.warning("urgent refused", extra={"code": fault.code})
            self._done["urgent"] = fault.code

    async def _replace(self, handle: dict[str, str]) -> Receipt:
        message, token = handle.get("message", ""), handle.get("token", "")
        if not (message or token) or handle.get("kind") == "text":
            raise CannotReplaceError("only cards can be changed")
        await self._upload_files(handle)
        content = await self._illustrated(handle)
        if message:
            await self._client.replace(message, wire(content))
        else:
            uses = int(handle.get("uses", "0"))
            if uses >= TOKEN_USES:
                raise CannotReplaceError("press token used up")
            await self._client.replace_pressed(token, content)
            handle["uses"] = str(uses + 1)
        return Receipt({**handle, **await self._enclose(handle)})

    async def _illustrated(self, sent: Iterable[str]) -> Json:
        """The card with its pictures uploaded; one that cannot be is replaced by its name."""
        to = self._delivery.to
        page: Drawn = drawn(
            self._delivery.card,
            private=bool(to.person) and not to.chat,
            files=frozenset(self._files) | {name.removeprefix(FILE) for name in sent},
        )
        keys = {
            placeholder(number): await self._uploaded(number, picture)
            for number, picture in enumerate(page.pictures)
        }
        filled: Json = _filled(page.card, keys)
        return filled

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

    async def _upload_files(self, handle: dict[str, str]) -> None:
        """Upload what the receiver does not have yet; a file that cannot go is only its name."""
        for number, attachment in enumerate(attachments(self._delivery.card.blocks)):
            if self._load is None or f"{FILE}{attachment.key}" in handle:
                continue
            name = f"upload{number}"
            if name not in self._done:
                self._done[name] = await self._upload(self._load, attachment)
            if self._done[name]:
                self._files[attachment.key] = self._done[name]

    async def _upload(self, load: Load, attachment: Attachment) -> str:
        try:
            content = await load(attachment.key)
            if not 0 < len(content) <= MAX_FILE:
                raise ValueError("size")
            return await self._client.upload_file(attachment.name, content)
        except TransientError:
            raise
        except Exception as fault:  # a file that fails must not cost the card
            log.warning("file left out", extra={"fault": type(fault).__name__})
            return ""

    async def _enclose(self, handle: dict[str, str]) -> dict[str, str]:
        """Send the uploaded files after the card; returns their messages for the handle."""
        for key, file in self._files.items():
            name = f"{FILE}{key}"
            if name in handle or name in self._done:
                continue
            uuid = second_key(self._delivery.key, hashlib.sha256(key.encode()).hexdigest()[:12])
            content = wire({"file_key": file})
            try:
                message = await self._client.send(self._delivery.to, "file", content, uuid=uuid)
            except UndeliverableError as fault:  # the card is there already
                log.warning("file refused", extra={"code": fault.code})
                continue
            self._done[name] = message
        return {name: text for name, text in self._done.items() if name.startswith(FILE)}


def messages(handle: Mapping[str, str]) -> list[str]:
    """The ids of all messages that a handle stands for, the card's first."""
    files = [text for name, text in handle.items() if name.startswith(FILE)]
    return [message for message in (handle.get("message", ""), *files) if message]


def second_key(key: str, tail: str) -> str:
    """Another idempotency key of the same delivery, within the platform's 50 characters."""
    if len(key) + len(tail) <= MAX_UUID:
        return key + tail
    return hashlib.sha256(key.encode()).hexdigest()[: MAX_UUID - len(tail)] + tail


def _filled(value: Json, keys: dict[str, str]) -> Json:
    """The card with the pictures' keys in place, wherever its pictures stand."""
    if value.get("tag") == "img":
        key = keys[value["img_key"]]
        if key:
            return {**value, "img_key": key}
        return {"tag": "div", "text": plain(f"〔图：{value['alt']['content']}〕")}
    return {name: _inner(inner, keys) for name, inner in value.items()}


def _inner(value: object, keys: dict[str, str]) -> object:
    if isinstance(value, list):
        return [_inner(item, keys) for item in value]
    return _filled(value, keys) if isinstance(value, dict) else value
