"""The gallery hung once: every sample delivered by the real adapters to the strict emulator."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.adapter import Adapter
from bot.dingtalk.adapter import DingTalkAdapter
from bot.emulator.desk import Json
from bot.emulator.gallery import Column
from bot.feishu.adapter import FeishuAdapter
from bot.gallery import Hung, Session, hang, load
from bot.wecom.adapter import WeComAdapter
from config.settings import Settings

CARDS = "http://127.0.0.1:8080/webhooks/dingtalk/main/card"  # never called: nothing is pressed


@dataclass(frozen=True)
class Hall:
    """What hangs there, and each exchange that the emulator refused."""

    hung: Hung
    refused: Sequence[Json]

    def native(self, column: Column) -> Json:
        """A column as its golden file says it: media by hash, since keys differ every time."""
        messages = [{"kind": bubble.kind, "body": bubble.body} for bubble in column.bubbles]
        text = json.dumps(messages, ensure_ascii=False)
        for key, (_, data) in self.hung.media.items():
            if key in text:
                text = text.replace(key, f"<media {hashlib.sha256(data).hexdigest()[:16]}>")
        return {
            "dropped": list(column.dropped),
            "replaced": column.replaced,
            "messages": json.loads(text),
        }


@cache
def hall() -> Hall:
    """Hang everything, once a process."""
    refused: list[Json] = []

    def watch(kind: str, data: Json) -> None:
        if kind == "exchange" and is_refusal(data):
            refused.append(data)

    return Hall(asyncio.run(hang(build, watch=watch)), refused)


def build(settings: Settings, session: Session) -> dict[str, Adapter]:
    """The product's own adapters, by platform."""
    common: dict[str, Any] = {"app": "main", "tenant": "main", "session": session, "load": load}
    return {
        "wecom": WeComAdapter(settings.wecom, **common),
        "feishu": FeishuAdapter(settings.feishu, **common),
        "dingtalk": DingTalkAdapter(settings.dingtalk, callback_url=CARDS, **common),
    }


def is_refusal(exchange: Json) -> bool:
    """Whether the platform said no, in whichever of the platforms' ways."""
    answer = exchange["response"] if isinstance(exchange["response"], dict) else {}
    bad = [answer.get(name) not in (None, 0, "0", "ok") for name in ("errcode", "code")]
    return exchange["status"] != 200 or any(bad) or answer.get("success") is False
