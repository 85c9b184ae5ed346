"""What crosses the wire of an emulated platform: calls answered, callbacks sent, all recorded."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.emulator.calls import Answer, Call, brief, masked, read, response, shown
from bot.emulator.desk import Desk, Exchange
from bot.emulator.faults import Faults


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback to Momentum, sealed; `readable` is what the log shows of it."""

    url: str
    body: bytes
    readable: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    user: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What Momentum answered to a callback; `readable` is the opened body."""

    status: int
    body: bytes
    readable: Any


Work = Callable[[Call], Awaitable[Answer]]


@dataclass(slots=True)
class Wire:
    """One platform's wire. `throttled` and `failing` make that platform's own error answers."""

    platform: str
    desk: Desk
    faults: Faults
    session: Callable[[], aiohttp.ClientSession]
    throttled: Callable[[], Answer]
    failing: Callable[[], Answer] = lambda: Answer({"error": "Bad Gateway"}, 502)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def endpoint(self, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """An aiohttp handler that does `work` under the faults and records the exchange."""

        async def handle(request: web.Request) -> web.StreamResponse:
            started = time.perf_counter()
            call = await read(request)
            if self.faults.slow_seconds:
                await self.sleep(self.faults.slow_seconds)
            answer = await self._answer(call, work)
            lost = self.faults.hit(self.faults.lost)
            self._record_call(call, answer, started, lost=lost)
            if lost and request.transport is not None:
                request.transport.abort()
            return response(answer)

        return handle

    async def deliver(
        self,
        callback: Callback,
        *,
        budget: float,
        pauses: Sequence[float] = (),
        opened: Callable[[bytes], Any] = bytes.decode,
    ) -> Received | None:
        """Send a callback, again after each of `pauses` until it is answered 200.

        `budget` is the seconds the platform waits for an answer; `opened` makes an answer
        readable (ValueError: it could not be). Returns what was answered first with 200; None
        when nothing was. `faults.repeats` more copies follow; their answers are ignored.
        """
        if self.faults.late_seconds:
            await self.sleep(self.faults.late_seconds)
        received = None
        for turn, pause in enumerate((0.0, *pauses)):
            if pause:
                await self.sleep(pause)
            note = f"retry {turn}" if turn else ""
            received = await self._post(callback, budget, opened, note)
            if received is not None:
                break
        for _ in range(self.faults.repeats):
            await self._post(callback, budget, opened, "repeated")
        return received

    async def _answer(self, call: Call, work: Work) -> Answer:
        if self.faults.hit(self.faults.throttled):
            return self.throttled()
        if self.faults.hit(self.faults.failing):
            return self.failing()
        return await work(call)

    async def _post(
        self, callback: Callback, budget: float, opened: Callable[[bytes], Any], note: str
    ) -> Received | None:
        started = time.perf_counter()
        status, body, readable, notes = 0, b"", None, [note, f"{len(callback.body)} bytes"]
        try:
            async with self.session().post(
                callback.url,
                data=callback.body,
                headers=callback.headers,
                params=callback.query,
                timeout=aiohttp.ClientTimeout(total=budget),
            ) as answer:
                status, body = answer.status, await answer.read()
            readable = opened(body) if status == 200 else body.decode(errors="replace")[:2000]
        except TimeoutError:
            status = 0
            notes.append(f"no answer within {budget:g} s")
        except (aiohttp.ClientError, OSError) as fault:
            status = 0
            notes.append(type(fault).__name__)
        except ValueError as fault:
            notes.append(f"answer not understood: {fault}")
        self._record_callback(callback, status, readable, started, notes)
        return Received(status, body, readable) if status == 200 else None

    def _record_callback(
        self, callback: Callback, status: int, readable: Any, started: float, notes: list[str]
    ) -> None:
        self.desk.record(
            Exchange(
                id=self.desk.next_id(),
                platform=self.platform,
                direction="in",
                at=self.desk.now().isoformat(),
                method="POST",
                path=re.sub(r"^https?://[^/]+", "", callback.url),
                status=status,
                ms=_ms(started),
                request=masked(callback.readable),
                response=masked(readable),
                user=callback.user,
                note=", ".join(filter(None, notes)),
            )
        )

    def _record_call(self, call: Call, answer: Answer, started: float, *, lost: bool) -> None:
        self.desk.record(
            Exchange(
                id=self.desk.next_id(),
                platform=self.platform,
                direction="out",
                at=self.desk.now().isoformat(),
                method=call.method,
                path=call.path,
                status=0 if lost else answer.status,
                ms=_ms(started),
                request=masked(shown(call)),
                response=masked(brief(answer.body)),
                user=answer.user,
                note=", ".join(filter(None, (answer.note, "done, answer lost" if lost else ""))),
            )
        )


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
