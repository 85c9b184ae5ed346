"""A fake Stream gateway: gives out tickets, pushes frames by script, keeps the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from .desk import NOW, millis

Talk = Callable[["Wire"], Awaitable[None]]


class Wire:
    """One connection as the gateway sees it."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket

    async def push(self, type_: str, topic: str, data: Any, **heads: str) -> None:
        headers = {"topic": topic, "messageId": "m-1", "contentType": "application/json"}
        frame = {
            "specVersion": "1.0",
            "type": type_,
            "headers": {**headers, "time": millis(NOW), **heads},
            "data": json.dumps(data, ensure_ascii=False),
        }
        await self.socket.send_str(json.dumps(frame, ensure_ascii=False))

    async def answer(self) -> Any:
        message = await self.socket.receive(5)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        found = json.loads(message.data)
        found["data"] = json.loads(found["data"])
        return found


class Gateway:
    """Each connection is talked to by the next of `talks`; then it stays open."""

    def __init__(self, *talks: Talk) -> None:
        self.base = ""
        self.opened: list[Any] = []
        self.tickets: list[str] = []
        self.refusals: list[tuple[int, Any]] = []
        self.done = asyncio.Event()
        self._talks = list(talks)

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1.0/gateway/connections/open", self._open)
        app.router.add_get("/connect", self._connect)
        return app

    async def _open(self, request: web.Request) -> web.Response:
        self.opened.append(await request.json())
        assert request.headers["Accept"] == "application/json"
        if self.refusals:
            status, body = self.refusals.pop(0)
            return web.json_response(body, status=status)
        ticket = f"t/{len(self.opened)}+="
        endpoint = self.base.replace("http", "ws") + "/connect"
        return web.json_response({"endpoint": endpoint, "ticket": ticket})

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        self.tickets.append(request.query["ticket"])
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if self._talks:
            await self._talks.pop(0)(Wire(socket))
        if not self._talks:
            self.done.set()
        async for _ in socket:  # until the other side leaves
            pass
        return socket
