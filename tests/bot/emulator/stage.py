"""What the emulator's tests stand on: a clock, a tiny Momentum that answers callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Clock:
    at: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass
class Came:
    """One callback as the fake Momentum got it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Reply = Callable[[Came], web.Response]


@dataclass
class FakeMomentum:
    """Keeps what came; answers with `replies` in turn, then with an empty 200."""

    came: list[Came] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    hang: asyncio.Event | None = None
    server: TestServer | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._take)
        self.server = TestServer(app)
        await self.server.start_server()

    def url(self, path: str) -> str:
        assert self.server is not None
        return str(self.server.make_url(path))

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        came = Came(request.path, dict(request.query), headers, await request.read())
        self.came.append(came)
        if self.hang is not None:
            await self.hang.wait()
        return self.replies.pop(0)(came) if self.replies else web.Response()


def status(code: int) -> Reply:
    return lambda _: web.Response(status=code)
