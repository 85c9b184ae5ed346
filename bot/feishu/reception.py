"""What happens to one message of the long connection, and what it is answered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.adapter import Inline
from bot.event import Event, Json, Kind
from bot.feishu.answer import event_of, seen
from bot.feishu.envelope import opened
from config.settings import Feishu

log = logging.getLogger(__name__)

OK, FAILED = 200, 500
LATER = Inline(toast="正在处理，卡片稍后更新")


class Reception:
    """Turns payloads into events for `take`; a payload needs no signature, the line has one."""

    def __init__(
        self,
        settings: Feishu,
        *,
        app: str,
        tenant: str,
        take: Callable[[Event], Awaitable[Inline | None]],
        press_seconds: float,
    ) -> None:
        self._settings = settings
        self._app = app
        self._tenant = tenant
        self._take = take
        self._press_seconds = press_seconds
        self._going_on: set[asyncio.Task[Inline | None]] = set()

    async def take(self, kind: str, payload: bytes) -> tuple[bytes, int]:
        """The answer's payload, and the milliseconds it took; code 500 has it sent again."""
        started = time.perf_counter()
        try:
            body = await self._answered(kind, payload)
        except Exception as fault:  # the connection serves others too
            log.error("event not taken", extra={"fault": type(fault).__name__})
            body = {"code": FAILED}
        text = json.dumps(body, separators=(",", ":")).encode()
        return text, round((time.perf_counter() - started) * 1000)

    async def _answered(self, kind: str, payload: bytes) -> Json:
        if kind not in ("event", "card"):
            log.warning("frame of unknown type", extra={"type": kind[:40]})
            return {"code": OK}
        try:
            event = self._read(payload)
        except (ValueError, RecursionError):
            log.error("payload is no JSON object")
            return {"code": OK}  # it would be the same the next time
        if event is None:
            return {"code": OK}
        task = asyncio.ensure_future(self._take(event))
        done, _ = await asyncio.wait((task,), timeout=self._press_seconds)
        if not done:  # it goes on; a press is told so, an event comes again and is known then
            self._going_on.add(task)
            task.add_done_callback(self._going_on.discard)
            log.warning("event outlasted its budget", extra={"kind": event.kind.value})
        inline = task.result() if done else LATER
        if event.kind is not Kind.PRESS:
            return {"code": OK if done else FAILED}
        answer = json.dumps(seen(event, inline), ensure_ascii=False).encode("utf-8", "replace")
        return {"code": OK, "data": base64.b64encode(answer).decode()}

    def _read(self, payload: bytes) -> Event | None:
        data = json.loads(payload)
        if not isinstance(data, dict):
            raise ValueError("payload")
        digest = hashlib.sha256(payload).hexdigest()
        envelope, app_id = opened(data, datetime.now(UTC), digest)
        if app_id and app_id != self._settings.app_id:
            log.warning("event of another app")
            return None
        return event_of(envelope, app=self._app, tenant=self._tenant)
