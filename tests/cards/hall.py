"""The gallery hung once: every sample delivered by the real adapters to the strict emulator."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import aiohttp

from bot.adapter import Adapter
from bot.dingtalk.adapter import DingTalkAdapter
from bot.emulator.desk import Bubble, Json
from bot.emulator.gallery import Column, Exhibit
from bot.emulator.stage import Stage
from bot.feishu.adapter import FeishuAdapter
from bot.gallery import Showing, load, residents
from bot.wecom.adapter import WeComAdapter
from config.settings import Settings

START = datetime(2026, 10, 8, 6, 30, tzinfo=UTC)
CARDS = "http://127.0.0.1:8080/webhooks/dingtalk/main/card"  # never called: nothing is pressed
STEP = timedelta(seconds=2)  # between two deliveries


@dataclass
class Hall:
    """What hangs there, the pictures by key, and each exchange that the emulator refused."""

    exhibits: list[Exhibit] = field(default_factory=list)
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    phones: dict[tuple[str, str], list[Bubble]] = field(default_factory=dict)
    refused: list[Json] = field(default_factory=list)

    def native(self, column: Column) -> Json:
        """A column as its golden file says it: media by hash, since keys differ every time."""
        messages = [{"kind": bubble.kind, "body": bubble.body} for bubble in column.bubbles]
        text = json.dumps(messages, ensure_ascii=False)
        for key, (kind, data) in self.media.items():
            if key in text:
                digest = hashlib.sha256(data).hexdigest()[:16]
                text = text.replace(key, f"<{kind.split('/')[-1]} {digest}>")
        return {
            "dropped": list(column.dropped),
            "replaced": column.replaced,
            "messages": json.loads(text),
        }


@cache
def hall() -> Hall:
    """Hang everything; two seconds, once a process."""
    return asyncio.run(_hung())


async def _hung() -> Hall:
    now = [START]

    def tick() -> None:
        now[0] += STEP

    found = Hall()
    async with (
        Stage(lambda: now[0], 0, residents()).open() as stage,
        aiohttp.ClientSession() as session,
    ):
        stage.desk.changed.append(lambda kind, data: _note(found, kind, data))
        adapters = _adapters(stage.settings(Settings()), session)
        await _register(adapters)
        showing = Showing(stage.desk, adapters, tick)
        found.exhibits = await showing.exhibits()
        found.media = dict(stage.desk.media)
        for number, exhibit in enumerate(found.exhibits):
            for column in adapters:
                found.phones[exhibit.name, column] = showing.bubbles(column, number)
    return found


async def _register(adapters: dict[str, Adapter]) -> None:
    """DingTalk wants to know where presses go before it takes a card."""
    for adapter in adapters.values():
        if isinstance(adapter, DingTalkAdapter):
            await adapter.register_card_callback()


def _adapters(settings: Settings, session: aiohttp.ClientSession) -> dict[str, Adapter]:
    common: dict[str, Any] = {
        "app": "main",
        "tenant": "main",
        "session": lambda: session,
        "load": load,
    }
    bare = replace(settings.dingtalk, card_template_id="")
    return {
        "wecom": WeComAdapter(settings.wecom, **common),
        "feishu": FeishuAdapter(settings.feishu, **common),
        "dingtalk": DingTalkAdapter(settings.dingtalk, callback_url=CARDS, **common),
        "plain": DingTalkAdapter(bare, callback_url=CARDS, **common),
    }


def _note(found: Hall, kind: str, data: Json) -> None:
    if kind == "exchange" and _is_refusal(data):
        found.refused.append(data)


def _is_refusal(exchange: Json) -> bool:
    answer = exchange["response"] if isinstance(exchange["response"], dict) else {}
    bad = [answer.get(name) not in (None, 0, "0", "ok") for name in ("errcode", "code")]
    return exchange["status"] != 200 or any(bad) or answer.get("success") is False
