"""DingTalk's Stream mode: a ticket, a websocket, frames with acknowledgements.

Source: open-dingtalk/developerpedia docs/learn/stream/protocol.md.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import WSMsgType, web

from bot.emulator.books import Recent
from bot.emulator.calls import Answer, Call, masked
from bot.emulator.desk import Desk, Exchange, Json
from bot.emulator.dingtalk_check import RefusedError, keep
from bot.emulator.faults import Faults
from bot.emulator.rules import many, record, text

ROBOT, CARD = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
FILLED, ANY = text(empty=False), text()
OPEN = record(
    {
        "clientId": FILLED,
        "clientSecret": FILLED,
        "subscriptions": many(
            record({"type": text(among=("EVENT", "CALLBACK")), "topic": FILLED}), 1, 20
        ),
    },
    {"ua": ANY, "localIp": ANY, "extras": lambda _path, _value: None},
)
TICKET_LIFE = timedelta(seconds=90)
Topics = frozenset[tuple[str, str]]


@dataclass(eq=False, slots=True)
class _Line:
    """One open connection; `waiting` are the acknowledgements still to come."""

    socket: web.WebSocketResponse
    topics: Topics
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    leaving: bool = False


class Gateway:
    """All connections of one app; each push goes to one of them, chosen by chance.

    `keepalive` is the seconds between SYSTEM pings, `farewell` those between `disconnect` and
    the end of the connection.
    """

    def __init__(
        self,
        desk: Desk,
        faults: Faults,
        *,
        client_id: str,
        client_secret: str,
        keepalive: float = 25.0,
        farewell: float = 10.0,
    ) -> None:
        self._desk = desk
        self._faults = faults
        self._client = client_id, client_secret
        self._keepalive = keepalive
        self._farewell = farewell
        self._tickets: Recent[tuple[datetime, Topics]] = Recent(100)
        self._lines: list[_Line] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, call: Call) -> Answer:
        """Give out an address and a ticket for one connection."""
        keep(OPEN, "invalidParameter", "request", call.body)
        if (call.body["clientId"], call.body["clientSecret"]) != self._client:
            raise RefusedError("authFailed", "clientId or clientSecret is wrong", 401)
        topics = frozenset((one["type"], one["topic"]) for one in call.body["subscriptions"])
        if any(kind == "EVENT" and topic != "*" for kind, topic in topics):
            raise RefusedError("invalidParameter", "the only topic of events is *")
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = self._desk.now() + TICKET_LIFE, topics
        host = call.headers.get("Host", "")
        return Answer({"endpoint": f"ws://{host}/connect", "ticket": ticket})

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve a connection to its end."""
        until, topics = self._tickets.pop(request.query.get("ticket", "")) or (None, None)
        if until is None or topics is None or self._desk.now() >= until:
            raise web.HTTPUnauthorized(text="ticket")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = _Line(socket, topics)
        self._lines.append(line)
        beat = asyncio.create_task(self._beat(line))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    _acknowledge(line, message.data)
        finally:
            self._lines.remove(line)
            beat.cancel()
            for waiting in line.waiting.values():
                waiting.cancel()
        return socket

    def subscribed(self, kind: str, topic: str) -> bool:
        """Whether somebody listens."""
        return bool(self._listeners(kind, topic))

    async def push(
        self,
        kind: str,
        topic: str,
        data: Json,
        *,
        budget: float,
        headers: Json | None = None,
        pauses: Sequence[float] = (),
        user: str = "",
    ) -> Json | None:
        """Push a frame, again after each of `pauses`; the `data` of its acknowledgement.

        None when nobody acknowledged within `budget` seconds, or only with an error or LATER.
        """
        if self._faults.late_seconds:
            await asyncio.sleep(self._faults.late_seconds)
        found = None
        for pause in (0.0, *pauses):
            if pause:
                await asyncio.sleep(pause)
            found = await self._push(kind, topic, data, headers or {}, budget, user)
            if found is not None:
                break
        for _ in range(self._faults.repeats):
            await self._push(kind, topic, data, headers or {}, budget, user)
        return found

    async def ping(self, *, budget: float = 5.0) -> bool:
        """Ask every connection for a sign of life; whether all gave it."""
        opaque = {"opaque": secrets.token_hex(8)}
        echoes = [
            await self._exchange(line, "SYSTEM", "ping", opaque, {}, budget)
            for line in list(self._lines)
        ]
        return all(echo is not None and _inner(echo) == opaque for echo in echoes)

    async def disconnect(self, reason: str = "connection is expired") -> None:
        """Announce the end to every connection, push nothing more, and close a little later."""
        for line in list(self._lines):
            line.leaving = True
            frame = _frame("SYSTEM", {"topic": "disconnect"}, {"reason": reason})
            with suppress(ConnectionError):
                await line.socket.send_str(frame)
            task = asyncio.create_task(self._close(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all connections at once."""
        for line in list(self._lines):
            await line.socket.close()

    def _listeners(self, kind: str, topic: str) -> list[_Line]:
        wanted = (kind, "*" if kind == "EVENT" else topic)
        return [line for line in self._lines if wanted in line.topics and not line.leaving]

    async def _push(
        self, kind: str, topic: str, data: Json, headers: Json, budget: float, user: str
    ) -> Json | None:
        lines = self._listeners(kind, topic)
        if not lines:
            return None
        started = time.perf_counter()
        line = self._faults.dice.choice(lines)
        ack = await self._exchange(line, kind, topic, data, headers, budget)
        code = ack.get("code") if ack else 0
        inner = _inner(ack) if ack else None
        self._desk.record(
            Exchange(
                id=self._desk.next_id(),
                platform="dingtalk",
                direction="in",
                at=self._desk.now().isoformat(),
                method="PUSH",
                path=topic,
                status=code if isinstance(code, int) else 0,
                ms=round((time.perf_counter() - started) * 1000, 1),
                request=masked(data),
                response=masked(inner),
                user=user,
                note="stream" if ack else f"stream, no answer within {budget:g} s",
            )
        )
        if code != 200 or (kind == "EVENT" and inner is not None and _is_later(inner)):
            return None
        return inner if isinstance(inner, dict) else {}

    async def _exchange(
        self, line: _Line, kind: str, topic: str, data: Json, headers: Json, budget: float
    ) -> Json | None:
        ident = secrets.token_hex(16)
        now = str(int(self._desk.now().timestamp() * 1000))
        head: Json = {"topic": topic, "messageId": ident, "time": now, **headers}
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        line.waiting[ident] = waiting
        try:
            async with asyncio.timeout(budget):
                await line.socket.send_str(_frame(kind, head, data))
                return await waiting
        except (TimeoutError, ConnectionError):
            return None
        except asyncio.CancelledError:
            if waiting.cancelled():  # the connection ended, not we
                return None
            raise
        finally:
            line.waiting.pop(ident, None)

    async def _beat(self, line: _Line) -> None:
        while True:
            await asyncio.sleep(self._keepalive)
            opaque = {"opaque": secrets.token_hex(8)}
            await self._exchange(line, "SYSTEM", "ping", opaque, {}, self._keepalive)

    async def _close(self, line: _Line) -> None:
        await asyncio.sleep(self._farewell)
        await line.socket.close()


def _frame(kind: str, headers: Json, data: Json) -> str:
    head = {"contentType": "application/json", **headers}
    frame = {"specVersion": "1.0", "type": kind, "headers": head}
    return json.dumps({**frame, "data": json.dumps(data, ensure_ascii=False)}, ensure_ascii=False)


def _acknowledge(line: _Line, raw: str) -> None:
    """Match an acknowledgement to its frame; anything else is ignored, as there."""
    with suppress(ValueError, AttributeError):
        ack = json.loads(raw)
        waiting = line.waiting.get(ack.get("headers", {}).get("messageId"))
        if waiting is not None and not waiting.done():
            waiting.set_result(ack)


def _inner(ack: Json) -> Any:
    try:
        return json.loads(ack.get("data") or "{}")
    except (ValueError, TypeError):
        return None


def _is_later(inner: Any) -> bool:
    return isinstance(inner, dict) and inner.get("status") == "LATER"
