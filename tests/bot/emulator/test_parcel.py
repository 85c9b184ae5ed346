"""Ready-made pictures, files and voices, sent on the whole stage to a listening Momentum."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.emulator import parcel
from bot.emulator.desk import Resident
from bot.emulator.stage import Stage
from config.settings import Settings

NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PEOPLE = [
    Resident("wecom", "lina", "李娜", "销售代表"),
    Resident("feishu", "ou_1", "陈静", "销售经理"),
    Resident("dingtalk", "d1", "杨帆", "店长"),
]


@pytest.fixture
def bodies() -> list[str]:
    """What Momentum heard."""
    return []


@pytest.fixture
async def stage(bodies: list[str]) -> AsyncIterator[Stage]:
    async def heard(request: web.Request) -> web.Response:
        bodies.append(await request.text())
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks/{tail:.*}", heard)
    async with TestServer(app) as momentum:
        assert momentum.port is not None
        async with Stage(lambda: NINE, momentum.port, PEOPLE).open() as stage:
            yield stage


@pytest.mark.parametrize("kind", parcel.KINDS)
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.platform)
async def test_every_platform_sends_every_kind(stage: Stage, person: Resident, kind: str) -> None:
    await parcel.send(stage.sides[person.platform], person.user, kind)
    [bubble] = stage.desk.bubbles.values()
    assert (bubble.mine, bubble.user) == (True, person.user)
    called = [one for one in stage.desk.exchanges if one.direction == "in"]
    assert [(one.platform, one.status) for one in called] == [(person.platform, 200)]


async def test_nobody_sends_what_is_no_kind(stage: Stage) -> None:
    with pytest.raises(LookupError):
        await parcel.send(stage.sides["feishu"], "ou_1", "poem")


async def test_a_session_webhook_leads_to_the_stage(stage: Stage, bodies: list[str]) -> None:
    await stage.sides["dingtalk"].say("d1", "帮助")
    api = stage.settings(Settings()).dingtalk.api_base
    webhook = json.loads(bodies[0])["sessionWebhook"]
    assert webhook.startswith(f"{api}/robot/sendBySession?session=")
