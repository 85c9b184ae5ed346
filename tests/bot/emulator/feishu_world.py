"""A Feishu tenant with three people, the API on one port and a fake Momentum on another."""

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.emulator.desk import Bubble, Desk, Json, Resident
from bot.emulator.faults import Faults
from bot.emulator.feishu import FeishuSide
from bot.emulator.feishu_seal import unseal

KEY, TOKEN, APP, SECRET = "ek-123", "vt-456", "cli_r", "s3cr3t-of-the-app"
GROUP = "oc_store"
MESSAGES = "/open-apis/im/v1/messages"
PNG = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + bytes((0, 0, 0, 9) * 2) + b"\r\n\r"

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


def claim_card(*elements: Json, title: str = "线索 17") -> Json:
    """A small valid card with a button, and more elements if wanted."""
    button = {
        "tag": "button",
        "text": {"tag": "plain_text", "content": "领取"},
        "behaviors": [{"type": "callback", "value": {"command": "领取 17"}}],
    }
    return {
        "schema": "2.0",
        "config": {"update_multi": True},
        "header": {"title": {"tag": "plain_text", "content": title}, "template": "blue"},
        "body": {"elements": [{"tag": "markdown", "content": "**新线索**"}, button, *elements]},
    }


async def nothing(_: web.Request) -> web.StreamResponse:
    return web.json_response({})


@dataclass
class World:
    desk: Desk
    faults: Faults
    side: FeishuSide
    session: aiohttp.ClientSession
    api: str
    clock: list[datetime]
    slept: list[float]
    callbacks: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answering: Answering = nothing
    token: str = ""

    def wait(self, **span: float) -> None:
        self.clock[0] += timedelta(**span)

    async def fetch_token(self) -> str:
        asked = {"app_id": APP, "app_secret": SECRET}
        path = "/open-apis/auth/v3/tenant_access_token/internal"
        _, answer = await self.call("POST", path, asked)
        self.token = answer["tenant_access_token"]
        return self.token

    async def call(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Json]:
        headers = options.pop("headers", {"Authorization": f"Bearer {self.token}"})
        options |= {} if body is None else {"json": body}
        async with self.session.request(
            method, self.api + path, headers=headers, **options
        ) as response:
            self.headers = dict(response.headers)
            raw = await response.read()
            return response.status, json.loads(raw)

    async def send(self, content: Any, kind: str = "interactive", **more: Any) -> tuple[int, Json]:
        to, id_type = more.pop("to", "ou_rep"), more.pop("id_type", "open_id")
        body = {"receive_id": to, "msg_type": kind, "content": content, **more}
        if not isinstance(content, str):
            body["content"] = json.dumps(content, ensure_ascii=False)
        return await self.call("POST", f"{MESSAGES}?receive_id_type={id_type}", body)

    async def sent(self, content: Any, kind: str = "interactive", **more: Any) -> str:
        status, answer = await self.send(content, kind, **more)
        assert (status, answer["code"]) == (200, 0), answer
        return str(answer["data"]["message_id"])

    async def uploaded(self, data: bytes = PNG, **fields: str) -> tuple[int, Json]:
        form = aiohttp.FormData({"image_type": "message"} | fields)
        form.add_field("image", io.BytesIO(data), filename="a.png", content_type="image/png")
        return await self.call("POST", "/open-apis/im/v1/images", data=form)

    def bubble(self, id: str) -> Bubble:
        return self.desk.bubbles[id]

    def opened(self, index: int = -1) -> Json:
        """A callback as Momentum would read it."""
        sealed = json.loads(self.callbacks[index][1])["encrypt"]
        return dict(json.loads(unseal(KEY, sealed)))

    def answer(self, body: Any, status: int = 200) -> None:
        async def answering(_: web.Request) -> web.StreamResponse:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            return web.Response(body=raw, status=status, content_type="application/json")

        self.answering = answering


@asynccontextmanager
async def opened_world(**options: Any) -> AsyncIterator[World]:
    made: list[World] = []

    async def webhook(request: web.Request) -> web.StreamResponse:
        made[0].callbacks.append((dict(request.headers), await request.read()))
        return await made[0].answering(request)

    application = web.Application()
    application.router.add_post("/webhooks/feishu/main", webhook)
    async with TestServer(application) as momentum, aiohttp.ClientSession() as session:
        world = _world(session, str(momentum.make_url("/webhooks/feishu/main")), options)
        made.append(world)
        platform = web.Application()
        platform.add_routes(world.side.routes())
        async with TestServer(platform) as server:
            world.api = str(server.make_url("")).rstrip("/")
            await world.fetch_token()
            yield world


def _world(session: aiohttp.ClientSession, url: str, options: Json) -> World:
    clock, slept = [datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=UTC)], list[float]()
    people = [Resident("feishu", f"ou_{who}", who, "") for who in ("rep", "boss")]
    desk = Desk(now=lambda: clock[0], residents=people)
    faults = Faults()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    settings: dict[str, Any] = {
        "app_id": APP,
        "app_secret": SECRET,
        "verification_token": TOKEN,
        "encrypt_key": KEY,
        "tenant_key": "tk",
        "callback_url": url,
        "session": lambda: session,
        "faults": faults,
        "groups": {GROUP: ("ou_rep", "ou_boss")},
        "retry_pauses": (15, 300),
        "sleep": sleep,
    }
    side = FeishuSide(desk, **settings | options)
    return World(desk, faults, side, session, "", clock, slept)
