"""A tiny Feishu for the tests: scripted answers by method and path, every call kept."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.feishu.adapter import FeishuAdapter
from bot.feishu.client import Client
from config.settings import Feishu
from tests.bot.feishu.seal import NOW

FILES = {"报价.xlsx": b"xlsx", "手册.pdf": b"pdf", "空.txt": b""}


@dataclass
class Called:
    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any


@dataclass
class Platform:
    """`answers` maps "METHOD path" to bodies given in turn; anything else succeeds."""

    answers: dict[str, deque[Any]] = field(default_factory=dict)
    calls: list[Called] = field(default_factory=list)
    messages: int = 0

    def answer(self, call: str, *bodies: Any) -> None:
        self.answers.setdefault(call, deque()).extend(bodies)

    def seen(self, call: str) -> list[Called]:
        return [one for one in self.calls if f"{one.method} {one.path}" == call]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/open-apis")
        body = await _body(request)
        self.calls.append(Called(request.method, path, list(request.query.items()), body))
        waiting = self.answers.get(f"{request.method} {path}")
        if waiting:
            given = waiting.popleft()
            if isinstance(given, web.Response):
                return given
            return web.json_response(given, status=200 if given.get("code") == 0 else 400)
        return web.json_response({"code": 0, "msg": "ok", **self._success(request.method, path)})

    def _success(self, method: str, path: str) -> dict[str, Any]:
        if path.endswith("internal"):
            return {"tenant_access_token": "t-1", "expire": 7200}
        if (method, path) == ("POST", "/im/v1/messages"):
            self.messages += 1
            return {"data": {"message_id": f"om_{self.messages}"}}
        return {"data": {"file_key": "file_v3_9", "image_key": "img_v3_9"}}


async def _body(request: web.Request) -> Any:
    if request.content_type != "multipart/form-data":
        return await request.json() if request.can_read_body else None
    form = await request.post()
    return {
        name: value.file.read() if isinstance(value, web.FileField) else value
        for name, value in form.items()
    }


async def load(key: str) -> bytes:
    return FILES[key]


@asynccontextmanager
async def opened(
    platform: Platform, **changes: Any
) -> AsyncIterator[tuple[FeishuAdapter, Client, Feishu]]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", platform.serve)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        base = str(server.make_url("")).rstrip("/")
        robots = "销售群=hook-1:s3cr3t, 门店群=https://open.feishu.cn/open-apis/bot/v2/hook/hook-2"
        settings = Feishu("cli_r", "secret", "vt", "ek", base, robots=robots)
        adapter = FeishuAdapter(
            settings,
            app="main",
            tenant="acme",
            session=lambda: session,
            now=lambda: NOW,
            **{"load": load, **changes},
        )
        yield adapter, Client(settings, lambda: session), settings
