"""Files that people send to DingTalk's robot: a code, then a temporary address, then the bytes.

Source: open.dingtalk.com/document/development/download-the-file-content-of-the-robot-receiving-
message. How long code and address live is not documented; here an hour.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from bot.emulator.books import Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.dingtalk_check import RefusedError, keep
from bot.emulator.rules import record, text

FILLED = text(empty=False)
DOWNLOAD = record({"downloadCode": FILLED, "robotCode": FILLED})
LIFE = timedelta(hours=1)


class Files:
    """Bytes by downloadCode, and by the address it was changed for."""

    def __init__(self, now: Callable[[], datetime], robot_code: str) -> None:
        self._now = now
        self._robot_code = robot_code
        self._codes: Recent[tuple[datetime, bytes]] = Recent(200)
        self._addresses: Recent[tuple[datetime, bytes]] = Recent(200)

    def keep(self, data: bytes) -> str:
        """The downloadCode of a file."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = self._now() + LIFE, data
        return code

    def address(self, call: Call) -> Answer:
        keep(DOWNLOAD, "invalidParameter", "request", call.body)
        if call.body["robotCode"] != self._robot_code:
            raise RefusedError("invalidParameter.robotCode.auth", "another robot's code")
        found = self._codes.get(call.body["downloadCode"])
        if found is None or self._now() >= found[0]:
            raise RefusedError("invalidParameter.robotCode.downloadCode", "wrong or expired")
        name = f"{secrets.token_hex(16)}.file"
        self._addresses[name] = self._now() + LIFE, found[1]
        host = call.headers.get("Host", "")
        return Answer({"downloadUrl": f"http://{host}/emulated/dingtalk/files/{name}"})

    async def serve(self, request: web.Request) -> web.Response:
        """The bytes; the address is the only right one needs."""
        found = self._addresses.get(request.match_info["name"])
        if found is None or self._now() >= found[0]:
            raise web.HTTPForbidden(text="expired")
        return web.Response(body=found[1], content_type="application/octet-stream")
