"""Stream frames: the same readers as over HTTP, and the answer each kind of frame is due."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.adapter import Inline, RejectedError
from bot.dingtalk.messages import Home, message_event
from bot.dingtalk.notices import notice_event
from bot.dingtalk.presses import press_event
from bot.dingtalk.reading import inner, moment, words
from bot.dingtalk.render import press_answer
from bot.event import Event, Json

log = logging.getLogger(__name__)

Take = Callable[[Event], Awaitable[Inline | None]]

ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
PRESS_SECONDS = 1.5  # of the platform's two
_HEADS = {
    "eventType": "eventtype",
    "eventId": "eventid",
    "eventCorpId": "corpid",
    "eventBornTime": "eventtime",
}


class Frames:
    """Turns a frame into an event, has it kept, and says what goes back.

    The connection is the authentication: only DingTalk is at its other end.
    """

    def __init__(self, home: Home, take: Take, now: Callable[[], datetime]) -> None:
        self._home = home
        self._take = take
        self._now = now
        self._late: set[asyncio.Task[Inline | None]] = set()

    async def answer(self, frame: Json) -> Json | None:
        """The acknowledgement, or None for a frame that wants none."""
        heads = inner(frame, "headers") or inner(frame, "header")
        data = words(frame.get("data"))
        topic = words(heads.get("topic"))
        match words(frame.get("type")):
            case "SYSTEM":
                return _ack(heads, data) if topic == "ping" else None
            case "EVENT":
                return await self._event(heads, data)
            case "CALLBACK" if topic == ROBOT_TOPIC:
                return await self._message(heads, data)
            case "CALLBACK" if topic == CARD_TOPIC:
                return await self._press(heads, data)
            case _:
                return _ack(heads, "{}", 404, "no such topic")

    async def _event(self, heads: Json, data: str) -> Json:
        """Kept or not for us: done; not kept: to be sent again, as the documents have it."""
        known = {ours: words(heads.get(theirs)) for theirs, ours in _HEADS.items()}
        try:
            event = notice_event(self._home, data, self._now(), known)
        except RejectedError as refused:
            _warn(refused)
            event = None
        if event is None or await self._kept(event):
            return _ack(heads, _text({"status": "SUCCESS", "message": "OK"}))
        return _ack(heads, _text({"status": "LATER", "message": "try again"}))

    async def _message(self, heads: Json, data: str) -> Json:
        nothing = _text({"response": None})
        try:
            event = message_event(self._home, data, self._now())
        except RejectedError as refused:
            _warn(refused)
            return _ack(heads, nothing)
        if await self._kept(event):
            return _ack(heads, nothing)
        return _ack(heads, nothing, 500, "not kept")  # whether it comes again is undocumented

    async def _press(self, heads: Json, data: str) -> Json:
        """In time the card's new state, else nothing: the card changes by the API later."""
        try:
            event = press_event(self._home, data, moment(heads.get("time"), self._now()))
        except RejectedError as refused:
            _warn(refused)
            return _ack(heads, _text({"response": press_answer(None)}))
        if event is None:
            return _ack(heads, _text({"response": {"dataSourceQueryResponses": []}}))
        try:
            inline = await self._in_time(event)
        except Exception:
            log.exception("press not taken")  # its presser sees the template's own failure words
            return _ack(heads, _text({"response": press_answer(None)}), 500, "not kept")
        return _ack(heads, _text({"response": press_answer(inline)}))

    async def _in_time(self, event: Event) -> Inline | None:
        task = asyncio.ensure_future(self._take(event))
        self._late.add(task)
        task.add_done_callback(self._done)
        try:
            async with asyncio.timeout(PRESS_SECONDS):
                return await asyncio.shield(task)
        except TimeoutError:
            log.warning("press outlasted its budget")
            return None

    def _done(self, task: asyncio.Task[Inline | None]) -> None:
        self._late.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            log.error("press failed", extra={"fault": type(fault).__name__})

    async def _kept(self, event: Event) -> bool:
        try:
            await self._take(event)
        except Exception:
            log.exception("event not kept")
            return False
        return True


def _ack(heads: Json, data: str, code: int = 200, message: str = "OK") -> Json:
    headers = {"messageId": words(heads.get("messageId")), "contentType": "application/json"}
    return {"code": code, "headers": headers, "message": message, "data": data}


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _warn(refused: RejectedError) -> None:
    log.warning("frame rejected", extra={"check": refused.check})
