"""The platforms' callbacks over HTTP: believe, keep, answer; in that order."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aiohttp import web

from bot.adapter import Adapter, Inline, RejectedError, WireAnswer
from bot.event import Event, Incoming, Kind
from bot.inbox import Door, Kept
from bot.metrics import Metrics
from cards.card import Tone, from_json
from config.log import trace

log = logging.getLogger(__name__)

MAX_BODY = 1 << 20
DINGTALK_ROUTES = ("robot", "event", "card")


@dataclass(frozen=True, slots=True)
class Worked:
    """A worked press: what its presser sees, and the queued messages which that makes needless."""

    inline: Inline | None
    needless: tuple[int, ...] = ()


class Worker(Protocol):
    """Whoever works events (jobs.inbox)."""

    async def work(self, id: int) -> Worked | None: ...
    async def drop(self, ids: tuple[int, ...]) -> None: ...
    async def answered(self, id: int) -> Inline | None: ...


class Callbacks:
    """The webhook routes of all configured apps."""

    def __init__(
        self,
        adapters: Mapping[tuple[str, str], Adapter],
        door: Door,
        worker: Worker,
        *,
        now: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._adapters = adapters
        self._door = door
        self._worker = worker
        self._now = now
        self._metrics = metrics
        self._works: dict[int, asyncio.Task[Worked | None]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/webhooks/wecom/{app}", self._handler("wecom")),
            web.post("/webhooks/wecom/{app}", self._handler("wecom")),
            web.post("/webhooks/feishu/{app}", self._handler("feishu")),
            *(
                web.post(f"/webhooks/dingtalk/{{app}}/{route}", self._handler("dingtalk", route))
                for route in DINGTALK_ROUTES
            ),
        ]

    def _handler(
        self, platform: str, route: str = ""
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            adapter = self._adapters.get((platform, request.match_info["app"]))
            if adapter is None:
                raise web.HTTPNotFound(text="no such app")
            with self._metrics.callback(platform) as seen:
                incoming = await _read(request, route, self._now())
                return await self._take(request, adapter, incoming, seen)

        return handle

    async def _take(
        self, request: web.Request, adapter: Adapter, incoming: Incoming, seen: dict[str, str]
    ) -> web.StreamResponse:
        trace.set(secrets.token_hex(8))
        try:
            decoded = adapter.decode(incoming)
        except RejectedError as refused:
            seen.update(kind="-", result="rejected")
            log.warning("callback rejected", extra={"app": adapter.app, "check": refused.check})
            return web.Response(status=refused.status, text=refused.check)
        if not isinstance(decoded, Event):
            seen.update(kind="-", result="protocol" if decoded else "ignored")
            return _response(decoded or adapter.answer(incoming, None, None))
        seen.update(kind=decoded.kind.value)
        try:
            kept = await self._door.keep(decoded, trace.get())
        except Exception:  # disk full, database away: not kept, so the platform must send it again
            log.exception("event not kept", extra={"app": adapter.app})
            return web.Response(status=503)
        seen.update(result="kept" if kept.fresh else "repeated")
        worked = await self._pressed(adapter, decoded, kept)
        answer = adapter.answer(incoming, decoded, worked.inline if worked else None)
        response = _response(answer)
        if worked and worked.needless and answer.body:
            await response.prepare(request)
            await response.write_eof()  # only what has left makes the queued message needless
            await self._worker.drop(worked.needless)
        return response

    async def take(self, event: Event) -> Inline | None:
        """Keep an event of a long connection; what its presser sees at once, if it is a press."""
        trace.set(secrets.token_hex(8))
        with self._metrics.callback(event.platform) as seen:
            kept = await self._door.keep(event, trace.get())
            seen.update(kind=event.kind.value, result="kept" if kept.fresh else "repeated")
        worked = await self._pressed(self._adapters[event.platform, event.app], event, kept)
        return worked.inline if worked else None

    async def _pressed(self, adapter: Adapter, event: Event, kept: Kept) -> Worked | None:
        """Work a press at once if the platform waits for the new card; else the queue does it."""
        if event.kind is not Kind.PRESS or not adapter.press_seconds:
            return None
        if kept.done:
            return Worked(remembered(kept.answer))
        try:
            async with asyncio.timeout(adapter.press_seconds):
                return await self._outcome(kept)
        except TimeoutError:  # it goes on; the card changes by the API when it is done
            log.warning("press outlasted its budget", extra={"inbox": kept.id})
            return Worked(Inline(toast="正在处理，卡片稍后更新"))

    async def _outcome(self, kept: Kept) -> Worked | None:
        """Work the press, or wait for whoever is at it already, here or in another process."""
        task = self._works.get(kept.id)
        if task is None:
            task = self._works[kept.id] = asyncio.create_task(self._worker.work(kept.id))
            task.add_done_callback(lambda done: self._worked(kept.id, done))
        worked = await asyncio.shield(task)
        if worked is None and not kept.fresh:
            return Worked(await self._worker.answered(kept.id))
        return worked

    def _worked(self, id: int, task: asyncio.Task[Worked | None]) -> None:
        self._works.pop(id, None)
        if not task.cancelled() and (fault := task.exception()):
            log.error("press not worked", extra={"inbox": id, "fault": type(fault).__name__})


async def _read(request: web.Request, route: str, now: datetime) -> Incoming:
    """The request as it is, unless it is too large to be a callback."""
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
    body = await request.read()  # the application's client_max_size guards chunked bodies
    return Incoming(request.method, route, request.query, request.headers, body, now)


def _response(answer: WireAnswer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=answer.body,
        headers={"Content-Type": f"{answer.content_type}; charset=utf-8"},
    )


def remembered(answer: str) -> Inline | None:
    """What the presser saw the first time, for a platform that repeats an unanswered press."""
    if not answer:
        return None
    kept = json.loads(answer)
    card = from_json(kept["card"]) if kept["card"] else None
    return Inline(card, kept["toast"], Tone(kept["tone"]))
