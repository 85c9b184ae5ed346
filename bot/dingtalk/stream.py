"""DingTalk's Stream mode: callbacks over a WebSocket that we dial, in a process of its own.

Source: open-dingtalk/developerpedia docs/learn/stream/protocol.md and the vendor's Go, Node and
Python SDKs. A ticket is good for one connection within 90 s. The server ends connections again
and again and says so first (`disconnect`): the new one is dialled before the old one ends,
because messages in between are lost.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp

from bot import http
from bot.adapter import DeliveryError, TransientError, UndeliverableError
from bot.dingtalk.client import ACCEPT
from bot.dingtalk.errors import code_of, refuse
from bot.dingtalk.frames import CARD_TOPIC, ROBOT_TOPIC, Frames, Take
from bot.dingtalk.link import Link
from bot.dingtalk.messages import Home
from bot.dingtalk.reading import words
from config.settings import DingTalk

log = logging.getLogger(__name__)

OPEN = "/v1.0/gateway/connections/open"
SUBSCRIPTIONS = (
    {"type": "EVENT", "topic": "*"},  # which events: ticked in the console
    {"type": "CALLBACK", "topic": ROBOT_TOPIC},
    {"type": "CALLBACK", "topic": CARD_TOPIC},
)
CONNECT_SECONDS = 10
LONGEST_WAIT = 60.0
Sleep = Callable[[float], Awaitable[None]]


class DingTalkListener:
    """One app's long connection. Two of them share the load: each push goes to one at random."""

    def __init__(
        self,
        settings: DingTalk,
        *,
        app: str,
        tenant: str,
        session: Callable[[], aiohttp.ClientSession],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.app = app
        self._settings = settings
        self._home = Home(settings, app, tenant)
        self._session = session
        self._now = now
        self._sleep = sleep

    async def run(self, take: Take) -> None:
        """Stay connected until cancelled; then finish what is being answered, and close."""
        frames = Frames(self._home, take, self._now)
        failures = 0
        async with _readers() as readers:
            while True:
                link = await self._dial(frames)
                if link:
                    task = asyncio.create_task(link.read())
                    readers.add(task)
                    task.add_done_callback(readers.discard)
                    await link.going.wait()
                failures = 0 if link and link.was_good() else failures + 1
                await self._sleep(_wait(failures))

    async def _dial(self, frames: Frames) -> Link | None:
        try:
            endpoint, ticket = await self._open()
            async with asyncio.timeout(CONNECT_SECONDS):
                socket = await self._connect(endpoint, ticket)
        except UndeliverableError as refused:
            told = {"code": refused.code, "advice": refused.advice}
            log.error("stream refused: %s", refused.reason, extra=told)
        except DeliveryError as fault:
            log.warning("stream not opened", extra={"fault": fault.reason})
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            # the exception's text has the address with the ticket
            log.warning("stream not connected", extra={"fault": type(fault).__name__})
        else:
            log.info("stream connected", extra={"app": self.app})
            return Link(socket, frames, idle_seconds=self._settings.stream_idle_seconds)
        return None

    async def _open(self) -> tuple[str, str]:
        """Where to connect, and with what; never logged, never kept."""
        body = {
            "clientId": self._settings.app_key,
            "clientSecret": self._settings.app_secret,
            "subscriptions": list(SUBSCRIPTIONS),
            "ua": "momentum-python/1.0",
        }
        url = self._settings.api_base + OPEN
        reply = await http.call(self._session(), "POST", url, json=body, headers=ACCEPT)
        code = code_of(reply)
        if code:
            refuse(code, reply)
        endpoint, ticket = words(reply.body.get("endpoint")), words(reply.body.get("ticket"))
        if not ticket or not self._is_safe(endpoint):
            raise TransientError("gateway names no secure endpoint")
        return endpoint, ticket

    def _is_safe(self, endpoint: str) -> bool:
        """The host changes, so the gateway's word is taken for it, but not for plain text."""
        plain = self._settings.api_base.startswith("http://")  # an emulator
        return urlsplit(endpoint).scheme in (("ws", "wss") if plain else ("wss",))

    async def _connect(self, endpoint: str, ticket: str) -> aiohttp.ClientWebSocketResponse:
        # pings are ours to answer: what the watchdog counts must not pass it by
        return await self._session().ws_connect(endpoint, params={"ticket": ticket}, autoping=False)


@asynccontextmanager
async def _readers() -> AsyncIterator[set[asyncio.Task[None]]]:
    """The links still being read; at the end all are closed, their answers finished."""
    tasks: set[asyncio.Task[None]] = set()
    try:
        yield tasks
    finally:
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _wait(failures: int) -> float:
    """Seconds before the next dial: none after a good link, else 1 to 60, spread."""
    if not failures:
        return 0.0
    return min(LONGEST_WAIT, 2.0 ** min(failures - 1, 6)) * random.uniform(0.8, 1.2)  # noqa: S311 — jitter
