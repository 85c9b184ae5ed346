"""Feishu's long connection (长连接): events and presses without a public address.

Our own client: lark-oapi costs 160 MB and seconds to import, owns the event loop it finds, and
drops frames of type card, so the whole protocol (§1.7 of the reference) is spoken here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp

from bot.adapter import Inline, TransientError
from bot.event import Event, Json
from bot.feishu.endpoint import Endpoint, Pace, endpoint, refused_handshake
from bot.feishu.frame import CONTROL, Frame, FrameError, decode, encode, ping
from bot.feishu.pieces import Pieces
from bot.feishu.reception import Reception
from config.settings import Feishu

log = logging.getLogger(__name__)

Take = Callable[[Event], Awaitable[Inline | None]]
MAX_FRAME = 4_000_000  # bytes
MISSED_PINGS = 2.5  # so many ping intervals of silence, and the line is dead
CONNECT_SECONDS = 15.0
FAREWELL_SECONDS = 5.0


class FeishuListener:
    """One connection of one app, in a process of its own; events go to one of at most 50.

    Raises UndeliverableError for what an admin must mend (wrong keys, too many connections),
    TransientError when the platform's own number of attempts is used up.
    """

    def __init__(
        self,
        settings: Feishu,
        app: str,
        tenant: str,
        session: Callable[[], aiohttp.ClientSession],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        press_seconds: float = 2.5,
    ) -> None:
        self._settings = settings
        self._app = app
        self._tenant = tenant
        self._session = session
        self._sleep = sleep
        self._jitter = jitter
        self._press_seconds = press_seconds
        self._pace = Pace()

    async def run(self, take: Take) -> None:
        """Stay connected until cancelled."""
        failures = 0
        while True:
            try:
                found = await endpoint(self._session(), self._settings)
                self._pace = self._pace.updated(found.config)
                if await self._listen(found, take):
                    failures = 0
            except TransientError as fault:
                log.warning("long connection failed", extra={"fault": fault.reason})
            failures += 1
            if 0 <= self._pace.attempts < failures:
                raise TransientError("long connection: attempts used up")
            first = failures == 1
            wait = self._jitter() * self._pace.nonce if first else self._pace.interval
            await self._sleep(wait)

    async def _listen(self, found: Endpoint, take: Take) -> bool:
        """Serve one connection to its end; whether it was ever open."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):  # wait_for may swallow a cancellation
                link = await self._session().ws_connect(found.url, max_msg_size=MAX_FRAME)
        except aiohttp.WSServerHandshakeError as fault:
            raise refused_handshake(fault) from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise TransientError(f"network: {type(fault).__name__}") from fault
        log.info("long connection open", extra={"app": self._app})
        reception = Reception(
            self._settings,
            app=self._app,
            tenant=self._tenant,
            take=take,
            press_seconds=self._press_seconds,
        )
        pings = asyncio.create_task(self._ping(link, found.service))
        work: set[asyncio.Task[None]] = set()
        try:
            await self._receive(link, reception, work)
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            log.warning("long connection lost", extra={"fault": type(fault).__name__})
        finally:
            pings.cancel()
            if work:  # what was taken is finished, so that it is not sent to somebody else again
                await asyncio.wait(work, timeout=FAREWELL_SECONDS)
            await link.close()
        return True

    async def _receive(
        self,
        link: aiohttp.ClientWebSocketResponse,
        reception: Reception,
        work: set[asyncio.Task[None]],
    ) -> None:
        pieces = Pieces()
        while True:
            message = await link.receive(timeout=self._pace.ping * MISSED_PINGS)
            if message.type is not aiohttp.WSMsgType.BINARY:
                if message.type is aiohttp.WSMsgType.TEXT:
                    continue
                return  # closing, closed or broken
            try:
                frame = decode(message.data)
            except FrameError as fault:
                log.warning("frame not understood", extra={"fault": str(fault)})
                continue
            if frame.method == CONTROL:
                self._heed(frame)
            elif (payload := pieces.whole(frame)) is not None:
                task = asyncio.create_task(_reply(link, reception, frame, payload))
                work.add(task)
                task.add_done_callback(work.discard)

    async def _ping(self, link: aiohttp.ClientWebSocketResponse, service: int) -> None:
        with suppress(aiohttp.ClientError, OSError):  # the reader notices the end
            while not link.closed:
                await link.send_bytes(encode(ping(service)))
                await asyncio.sleep(self._pace.ping)

    def _heed(self, frame: Frame) -> None:
        """A pong may bring new intervals."""
        if frame.header("type") == "pong" and frame.payload:
            with suppress(ValueError):
                config: Json = json.loads(frame.payload)
                self._pace = self._pace.updated(config)


async def _reply(
    link: aiohttp.ClientWebSocketResponse, reception: Reception, frame: Frame, payload: bytes
) -> None:
    answer, milliseconds = await reception.take(frame.header("type"), payload)
    with suppress(aiohttp.ClientError, OSError):  # without an answer it comes again
        await link.send_bytes(encode(frame.acknowledged(answer, milliseconds)))
