"""A listener at the fake gateway, and what stands in for the rest of Momentum."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import aiohttp
from aiohttp.test_utils import TestServer

from bot.adapter import Inline
from bot.dingtalk.stream import DingTalkListener
from bot.event import Event

from .desk import NOW, SETTINGS
from .gateway import Gateway

ROBOT, CARD = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
Take = Callable[[Event], Awaitable[Inline | None]]


class Taker:
    """Keeps events; answers presses, or fails, as told."""

    def __init__(self, inline: Inline | None = None, fault: Exception | None = None) -> None:
        self.events: list[Event] = []
        self._inline = inline
        self._fault = fault

    async def __call__(self, event: Event) -> Inline | None:
        self.events.append(event)
        if self._fault:
            raise self._fault
        return self._inline


class Waits:
    """The time between dials, noted instead of waited."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@asynccontextmanager
async def listening(
    gateway: Gateway, take: Take, *, waits: Waits | None = None, idle: float = 60
) -> AsyncIterator[None]:
    """A listener connected to the gateway while the block runs."""
    async with TestServer(gateway.application()) as server, aiohttp.ClientSession() as session:
        gateway.base = str(server.make_url("")).rstrip("/")
        settings = replace(SETTINGS, api_base=gateway.base, stream_idle_seconds=idle)  # type: ignore[arg-type]
        listener = DingTalkListener(
            settings,
            app="main",
            tenant="shop",
            session=lambda: session,
            now=lambda: NOW,
            sleep=waits or Waits(),
        )
        task = asyncio.create_task(listener.run(take))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
