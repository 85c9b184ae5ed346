"""Fixtures: the shop's adapter, goldens, and a fake DingTalk to deliver to."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapter import Adapter
from bot.dingtalk import media as media_module
from bot.dingtalk.adapter import DingTalkAdapter
from cards.drawing import Drawing

from .cards import GRID
from .desk import HERE, NOW, SETTINGS, adapter
from .fake import Fake


@pytest.fixture
def shop() -> Adapter:
    return adapter()


@pytest.fixture
def golden() -> Callable[[str, Any], None]:
    """Compare with golden/<name>.json; GOLDEN=write makes it anew, for a person to read."""

    def check(name: str, value: Any) -> None:
        path = HERE / "golden" / f"{name}.json"
        text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
        if os.environ.get("GOLDEN") == "write":
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return check


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    platform = Fake()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", platform.answer)
    async with TestServer(app) as server:
        platform.base = str(server.make_url("")).rstrip("/")
        yield platform


@pytest.fixture
async def make(fake: Fake) -> AsyncIterator[Callable[[str], DingTalkAdapter]]:
    async with aiohttp.ClientSession() as session:

        def build(template: str) -> DingTalkAdapter:
            settings = replace(
                SETTINGS, api_base=fake.base, oapi_base=fake.base, card_template_id=template
            )
            return DingTalkAdapter(
                settings,
                app="main",
                tenant="shop",
                session=lambda: session,
                callback_url="https://crm.example.com/webhooks/dingtalk/main/card",
            )

        yield build


FILES = {"bills": b"PK..", "photo": b"\x89PNG", "big": b"x" * (20 * 2**20 + 1)}
ROBOTS = "班组=tok3n:SECshop,公告=plain7"


async def load(key: str) -> bytes:
    return FILES[key]


@pytest.fixture
async def extra(fake: Fake) -> AsyncIterator[Callable[..., DingTalkAdapter]]:
    """An adapter with files, group robots and a clock that stands still."""
    async with aiohttp.ClientSession() as session:

        def build(template: str = "", **options: Any) -> DingTalkAdapter:
            settings = replace(
                SETTINGS,
                api_base=fake.base,
                oapi_base=fake.base,
                card_template_id=template,
                robots=ROBOTS,
            )
            return DingTalkAdapter(
                replace(settings, **options.pop("settings", {})),
                app="main",
                tenant="shop",
                session=lambda: session,
                load=load,
                now=lambda: NOW,
                **options,
            )

        yield build


@pytest.fixture
def by_template(make: Callable[[str], DingTalkAdapter]) -> DingTalkAdapter:
    return make("shop.schema")


@pytest.fixture
def by_message(make: Callable[[str], DingTalkAdapter]) -> DingTalkAdapter:
    return make("")


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[Drawing]:
    drawn: list[Drawing] = []

    async def png(drawing: Drawing) -> bytes:
        drawn.append(drawing)
        if drawing is GRID:
            raise OSError("no font")
        return b"\x89PNG"

    monkeypatch.setattr(media_module, "png", png)
    return drawn
