"""Files uploaded to the emulated WeCom: known for three days, then gone.

Source: developer.work.weixin.qq.com/document/path/90253 and 90254.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from bot.emulator.books import Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json
from bot.emulator.wecom_check import RefusedError, check_media

LIFE = timedelta(days=3)
KEEP = 200


class MediaShelf:
    """The media of one corp; the bytes lie in `Desk.media`, only the newest of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: Recent[tuple[str, str, datetime]] = Recent(KEEP)  # type, file name, until
        self._order: list[str] = []

    def upload(self, call: Call) -> Answer:
        kind = call.query.get("type", "")
        form = call.body if isinstance(call.body, dict) else {}
        upload = check_media(kind, form.get("media"))
        media_id = self.keep(kind, upload.filename, upload.content_type, upload.data)
        at = str(int(self._desk.now().timestamp()))
        body = {"type": kind, "media_id": media_id, "created_at": at}
        return Answer({"errcode": 0, "errmsg": "ok", **body})

    def keep(self, kind: str, name: str, content_type: str, data: bytes) -> str:
        """Put a file on the shelf, as an upload or a person's message does; its media_id."""
        media_id = secrets.token_urlsafe(32)
        self._known[media_id] = kind, name, self._desk.now() + LIFE
        self._desk.media[media_id] = content_type, data
        self._order.append(media_id)
        for old in self._order[:-KEEP]:
            self._desk.media.pop(old, None)
        del self._order[:-KEEP]
        return media_id

    def download(self, call: Call) -> Answer:
        media_id = call.query.get("media_id", "")
        self.check(media_id)
        content_type, data = self._desk.media[media_id]
        return Answer(data, content_type=content_type or "application/octet-stream")

    def check(self, media_id: str, kind: str = "") -> None:
        """Raise RefusedError unless the id lives (and is of that type)."""
        found, _, until = self._known.get(media_id) or ("", "", self._desk.now())
        if not found or self._desk.now() >= until or (kind and found != kind):
            raise RefusedError(40007, "invalid media_id")

    def shown(self, content: Json) -> Json:
        """A message as the phone keeps it: its file by the key in the desk's media."""
        if "media_id" not in content:
            return content
        name = (self._known.get(content["media_id"]) or ("", ""))[1]
        return {**content, "media": content["media_id"], "name": name}
