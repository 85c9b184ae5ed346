"""The emulated DingTalk with a fake Momentum behind it, for the tests."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.emulator.desk import Bubble, Desk, Exchange, Resident
from bot.emulator.dingtalk import DingTalkSide
from bot.emulator.faults import Faults
from tests.bot.emulator.stage import Clock, FakeMomentum

CORP, APP_KEY, APP_SECRET, ROBOT = "ding0001", "dingappkey0000000001", "this is secret", "dingrobot"
TOKEN, AES_KEY = "T0kenForShopBot", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"
TEMPLATE, GROUP = "abc.schema", "cidGroup=="
SHORT = {"title": "换班", "markdown": "**换班**", "buttons": "[]"}


@dataclass
class Stage:
    side: DingTalkSide
    desk: Desk
    clock: Clock
    faults: Faults
    momentum: FakeMomentum
    api: TestClient[web.Request, web.Application]
    token: str = ""

    async def call(self, path: str, body: Any, method: str = "POST") -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"x-acs-dingtalk-access-token": self.token, "Content-Type": "application/json"}
        url = f"/v1.0/{path}"
        async with self.api.request(method, url, data=data, headers=headers) as answer:
            return answer.status, await answer.json()

    async def code(self, path: str, body: Any, method: str = "POST") -> str:
        """The error code, or "" on success."""
        status, answer = await self.call(path, body, method)
        assert (status == 200) == ("code" not in answer)
        found: str = answer.get("code", "")
        return found

    async def fetch_token(self) -> None:
        body = {"appKey": APP_KEY, "appSecret": APP_SECRET}
        self.token = (await self.call("oauth2/accessToken", body))[1]["accessToken"]

    async def send(self, msg_key: str, params: Any, **more: Any) -> tuple[int, Any]:
        body = {"robotCode": ROBOT, "userIds": ["staff01"], "msgKey": msg_key}
        text = params if isinstance(params, str) else json.dumps(params, ensure_ascii=False)
        return await self.call("robot/oToMessages/batchSend", {**body, "msgParam": text, **more})

    async def register(self, **more: Any) -> tuple[int, Any]:
        url = self.momentum.url("/webhooks/dingtalk/main/card")
        body = {"callbackRouteKey": "momentum-main", "callbackUrl": url, "apiSecret": "card-secret"}
        return await self.call("card/callbacks/register", {**body, **more})

    async def create(self, params: Any = None, **more: Any) -> tuple[int, Any]:
        return await self.call("card/instances/createAndDeliver", new_card(params, **more))

    async def update(self, body: Any) -> str:
        return await self.code("card/instances", body, "PUT")

    async def upload(self, kind: str, name: str, data: bytes) -> dict[str, Any]:
        form = aiohttp.FormData()
        form.add_field("media", io.BytesIO(data), filename=name, content_type="image/png")
        query = {"access_token": self.token, "type": kind}
        async with self.api.post("/media/upload", params=query, data=form) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    @property
    def callbacks(self) -> list[Exchange]:
        return [e for e in self.desk.exchanges if e.direction == "in"]

    def bubbles(self, user: str = "staff01") -> list[Bubble]:
        return [b for b in self.desk.bubbles.values() if b.user == user and not b.mine]


def new_card(params: Any = None, **more: Any) -> dict[str, Any]:
    """A createAndDeliver request; a value of None in `more` takes the field out."""
    body = {
        "cardTemplateId": TEMPLATE,
        "outTrackId": "track-1",
        "cardData": {"cardParamMap": SHORT if params is None else params},
        "callbackType": "HTTP",
        "callbackRouteKey": "momentum-main",
        "openSpaceId": "dtv1.card//IM_ROBOT.staff01",
        "imRobotOpenSpaceModel": {"supportForward": True},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
        **more,
    }
    return {name: value for name, value in body.items() if value is not None}


@asynccontextmanager
async def opened_stage(**changes: Any) -> AsyncIterator[Stage]:
    clock, faults, momentum = Clock(), Faults(), FakeMomentum()
    await momentum.start()
    people = [Resident("dingtalk", f"staff0{n}", f"店员{n}", "店员") for n in (1, 2)]
    desk = Desk(clock.now, people)
    async with aiohttp.ClientSession() as session:
        side = DingTalkSide(
            desk,
            corp_id=CORP,
            app_key=APP_KEY,
            app_secret=APP_SECRET,
            robot_code=ROBOT,
            token=TOKEN,
            aes_key=AES_KEY,
            owner_key=APP_KEY,
            card_template_id=TEMPLATE,
            robot_url=momentum.url("/webhooks/dingtalk/main/robot"),
            event_url=momentum.url("/webhooks/dingtalk/main/event"),
            session=lambda: session,
            faults=faults,
            groups={GROUP: ["staff01", "staff02"]},
            event_pauses=(0.001, 0.001),
            **changes,
        )
        app = web.Application()
        app.add_routes(side.routes())
        async with TestClient(TestServer(app)) as api:
            stage = Stage(side, desk, clock, faults, momentum, api)
            await stage.fetch_token()
            yield stage
            await side.gateway.close()
    assert momentum.server is not None
    await momentum.server.close()
