"""The messages of one delivery, one after the other; `done` remembers each step."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence

from bot import pictures
from bot.adapter import Delivery, Receipt, TransientError, UndeliverableError
from bot.event import Json
from bot.wecom import fetch, refusals, render
from cards.card import Attachment, Card, Picture

log = logging.getLogger(__name__)

Load = Callable[[str], Awaitable[bytes]]
SENT = "sent"


class Sending(ABC):
    """What app messages and group robots share; a subclass uploads and posts in its own way."""

    def __init__(self, delivery: Delivery, load: Load | None) -> None:
        self.delivery = delivery
        self.load = load
        self.done = dict(delivery.done)
        self.handle: dict[str, str] = {}

    async def send(self, card: Card, messages: Sequence[Json]) -> Receipt:
        """Send what is not yet done; `card` is the one drawn, in WeCom's own blocks."""
        drawings = [block for block in card.blocks if isinstance(block, Picture)]
        files = [block for block in card.blocks if isinstance(block, Attachment)]
        try:
            for number, message in enumerate(messages):
                await self._part(f"part{number}", message, drawings, files)
        except TransientError as fault:
            raise TransientError(fault.reason, after=fault.after, done=self.done) from fault
        return Receipt(self.handle)

    @abstractmethod
    async def image(self, png: bytes) -> Json:
        """The message that shows a picture, which is uploaded if need be."""

    @abstractmethod
    async def upload_file(self, content: bytes, name: str) -> str:
        """Upload a file and return its media id."""

    @abstractmethod
    async def post(self, message: Json) -> str:
        """Send one message and return its id, "" if it has none."""

    async def _part(
        self, name: str, message: Json, drawings: Sequence[Picture], files: Sequence[Attachment]
    ) -> None:
        if name in self.done:
            return
        media = ""
        if message["msgtype"] in ("image", "file"):
            kind, _, number = message[message["msgtype"]]["media_id"].partition(":")
            media = f"{'media' if kind == 'picture' else 'file'}{number}"
            message = await (
                self._picture(media, drawings[int(number)])
                if f"{kind}:" == render.PICTURE
                else self._file(media, files[int(number)])
            )
        try:
            sent = await self.post(message)
        except UndeliverableError as fault:
            if media and fault.code == str(refusals.MEDIA_GONE) and self.done.pop(media, ""):
                raise TransientError("media id expired") from fault  # uploaded days ago
            raise
        self.done[name] = sent or SENT

    async def _picture(self, name: str, picture: Picture) -> Json:
        """The image message; the picture's words instead when it cannot be drawn."""
        if name in self.done:
            return render.message("image", media_id=self.done[name])
        try:
            png = await pictures.png(picture.drawing)
        except Exception as fault:  # a broken chart must not hold back the decision below it
            log.warning("picture not drawn", extra={"fault": type(fault).__name__})
            return render.message("text", content=f"〔图：{picture.alt}〕")
        message = await self.image(png)
        if media_id := message[message["msgtype"]].get("media_id"):
            self.done[name] = media_id
        return message

    async def _file(self, name: str, file: Attachment) -> Json:
        """The file message; its name in words when the bytes are lost or WeCom can't take them."""
        if name in self.done:
            return render.message("file", media_id=self.done[name])
        assert self.load is not None  # or the file would have been drawn as words
        try:
            content = await self.load(file.key)
        except Exception as fault:
            log.warning("attachment not read", extra={"fault": type(fault).__name__})
            return render.message("text", content=f"〔文件：{file.name}，暂时取不到〕")
        if not 5 < len(content) <= fetch.LARGEST:
            why = "超过 20 MB" if len(content) > 5 else "是空的"
            return render.message("text", content=f"〔文件：{file.name}，{why}，请到网页端查看〕")
        self.done[name] = await self.upload_file(content, file.name)
        return render.message("file", media_id=self.done[name])
