"""The emulated WeCom with a fake Momentum behind it, for the tests."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from defusedxml import ElementTree
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.emulator.desk import Bubble, Desk, Exchange, Resident
from bot.emulator.faults import Faults
from bot.emulator.wecom import WeComSide
from bot.emulator.wecom_bot import BotKeys
from bot.emulator.wecom_seal import xml
from tests.bot.emulator.stage import Came, Clock, FakeMomentum

CORP, AGENT, SECRET = "ww0000000000000001", 1000002, "wecom-secret"
TOKEN, AES_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + b"\r\n--not-the-end\r\n"
CARD: dict[str, Any] = {
    "card_type": "button_interaction",
    "main_title": {"title": "动能衰减 · 云杉科技"},
    "button_list": [
        {"text": "立即跟进", "key": "跟进 17", "style": 1},
        {"text": "转交", "key": "转交 17"},
    ],
    "task_id": "task-1",
}


@dataclass
class Stage:
    side: WeComSide
    desk: Desk
    clock: Clock
    faults: Faults
    momentum: FakeMomentum
    api: TestClient[web.Request, web.Application]
    token: str = ""

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        url = f"/cgi-bin/{path}"
        async with self.api.post(url, params={"access_token": self.token}, data=data) as answer:
            assert answer.status == 200
            found: dict[str, Any] = await answer.json()
            return found

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        params = {"access_token": self.token, **query}
        async with self.api.get(f"/cgi-bin/{path}", params=params) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def robot(self, body: Any, key: str = "key-1") -> int:
        data = json.dumps(body, ensure_ascii=False).encode()
        async with self.api.post(
            "/cgi-bin/webhook/send", params={"key": key}, data=io.BytesIO(data)
        ) as answer:
            return int((await answer.json())["errcode"])

    async def fetch_token(self) -> None:
        query = {"corpid": CORP, "corpsecret": SECRET}
        async with self.api.get("/cgi-bin/gettoken", params=query) as answer:
            self.token = (await answer.json())["access_token"]

    async def send(self, msgtype: str = "template_card", body: Any = None, **more: Any) -> Any:
        body = copy.deepcopy(CARD) if body is None else body
        common = {"touser": "zhangsan", "msgtype": msgtype, "agentid": AGENT, msgtype: body}
        return await self.post("message/send", {**common, **more})

    async def upload(
        self, kind: str, data: bytes, path: str = "media/upload", **more: str
    ) -> dict[str, Any]:
        form = aiohttp.FormData()
        form.add_field("media", io.BytesIO(data), filename="a.png", content_type="image/png")
        query = {"access_token": self.token, "type": kind, **more}
        async with self.api.post(f"/cgi-bin/{path}", params=query, data=form) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    @property
    def callbacks(self) -> list[Exchange]:
        return [e for e in self.desk.exchanges if e.direction == "in"]

    def bubbles(self, user: str = "zhangsan") -> list[Bubble]:
        return [b for b in self.desk.bubbles.values() if b.user == user and not b.mine]


BOT_TOKEN, BOT_KEY = "b0tT0ken", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"


@asynccontextmanager
async def opened_stage(**options: Any) -> AsyncIterator[Stage]:
    clock, faults, momentum = Clock(), Faults(), FakeMomentum()
    base = [""]
    await momentum.start()
    people = [Resident("wecom", user, user, "销售") for user in ("zhangsan", "LiSi")]
    desk = Desk(clock.now, people)
    async with aiohttp.ClientSession() as session:
        side = WeComSide(
            desk,
            corp_id=CORP,
            agent_id=AGENT,
            secret=SECRET,
            token=TOKEN,
            aes_key=AES_KEY,
            callback_url=momentum.url("/webhooks/wecom/main"),
            session=lambda: session,
            faults=faults,
            pauses=(0.001, 0.001, 0.001),
            webhooks={"key-1": ("zhangsan", "LiSi"), "key-2": ("LiSi",)},
            accounts=("wk01",),
            bot=BotKeys(
                bot_id="动能助手",
                callback_url=momentum.url("/webhooks/wecom/bot"),
                base=lambda: base[0],
                token=BOT_TOKEN,
                aes_key=BOT_KEY,
                groups={"wr01": ("zhangsan", "LiSi")},
                poll_seconds=0.0,
            ),
            **options,
        )
        app = web.Application()
        app.add_routes(side.routes())
        async with TestClient(TestServer(app)) as api:
            base[0] = str(api.make_url("")).rstrip("/")
            stage = Stage(side, desk, clock, faults, momentum, api)
            await stage.fetch_token()
            yield stage
    assert momentum.server is not None
    await momentum.server.close()


def opened(came: Came) -> Any:
    crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
    query = came.query
    plain = crypto.decrypt_message(
        came.body, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return ElementTree.fromstring(plain)


def passive(fields: dict[str, Any], user: str = "zhangsan") -> Callable[[Came], web.Response]:
    whole = {"ToUserName": user, "FromUserName": CORP, "CreateTime": 1, **fields}
    sealed = WeChatCrypto(TOKEN, AES_KEY, CORP).encrypt_message(xml(whole), "n0nce", "1700000000")
    return lambda _: web.Response(text=sealed)
