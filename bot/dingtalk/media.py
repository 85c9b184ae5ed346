"""Pictures and files on their way out: drawn or loaded, uploaded once, known by mediaId."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.adapter import UndeliverableError
from bot.dingtalk.blocks import IMAGES, extension, unfolded
from bot.dingtalk.client import Client
from bot.pictures import png
from cards.card import Attachment, Card, Picture
from cards.drawing import Drawing

log = logging.getLogger(__name__)

Load = Callable[[str], Awaitable[bytes]]

KEPT = 256
LARGEST = 20 << 20  # bytes of an image or a file
PICTURE = "picture.png"


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as a robot message: its msgKey and msgParam."""

    kind: str
    values: dict[str, str]


class Media:
    """Uploads for one app, remembered: a mediaId does not expire."""

    def __init__(self, client: Client, load: Load | None) -> None:
        self.sends = load is not None
        self._client = client
        self._load = load
        self._known: OrderedDict[Drawing | str, str] = OrderedDict()

    async def pictures(self, card: Card) -> dict[int, str]:
        """MediaIds by the picture's number in the opened card; raises as the upload does."""
        blocks = unfolded(card).blocks
        found = {}
        for number, picture in enumerate(b for b in blocks if isinstance(b, Picture)):
            media_id = await self._drawn(picture.drawing)
            if media_id:
                found[number] = media_id
        return found

    async def file(self, file: Attachment) -> Sent | None:
        """The file as a message; None when it cannot go, then its name in the card must do.

        Raises TransientError.
        """
        is_image = extension(file) in IMAGES
        media_id = self._known.get(file.key) or await self._loaded(file, is_image)
        if not media_id:
            return None
        if is_image:
            return Sent("sampleImageMsg", {"photoURL": media_id})
        values = {"mediaId": media_id, "fileName": file.name, "fileType": extension(file)}
        return Sent("sampleFile", values)

    async def _loaded(self, file: Attachment, is_image: bool) -> str:
        content = await self._bytes(file)
        if not content or len(content) > LARGEST:
            return ""
        try:
            media_id = await self._client.upload(
                "image" if is_image else "file", file.name, content
            )
        except UndeliverableError as refused:
            log.warning("file not accepted", extra={"code": refused.code})
            return ""
        return self._remember(file.key, media_id)

    async def _bytes(self, file: Attachment) -> bytes:
        if self._load is None:
            return b""
        try:
            return await self._load(file.key)
        except Exception:
            # a file that is gone must not hold back the words that name it
            log.exception("a file could not be loaded")
            return b""

    async def _drawn(self, drawing: Drawing) -> str:
        if drawing in self._known:
            self._known.move_to_end(drawing)
            return self._known[drawing]
        try:
            image = await png(drawing)
        except Exception:
            # a fault in a picture must not hold back the words that say the same
            log.exception("a picture could not be drawn")
            return ""
        return self._remember(drawing, await self._client.upload("image", PICTURE, image))

    def _remember(self, what: Drawing | str, media_id: str) -> str:
        self._known[what] = media_id
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return media_id
