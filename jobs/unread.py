"""What comes in and is no words: who is to read it, and what its sender is told."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import PurePath

from bot.commands import Work
from bot.event import Event
from cards.card import Card, note
from crm.person import contact_change
from models import task

HEAR, PULL = "voice.hear", "service.pull"
TABLES = frozenset({".xlsx", ".xls", ".csv"})
_CUSTOMERS = "kf_msg_or_event"


async def answer(work: Work, event: Event, key: str) -> Card:
    """A voice is listened to; of all else its sender learns what to do instead."""
    if event.origin.get("content") == "audio":
        args = {"event": event.to_json()}
        await task.ask(event.tenant, HEAR, key=f"{HEAR}:{key}", now=work.now, args=args, at=None)
        return note("正在听写…")
    name = event.origin.get("file_name", "")
    if PurePath(name).suffix.lower() in TABLES:
        return note(
            f"已收到「{name}」，但我还不能读取表格文件。"
            "请逐条发送「新线索 公司 联系人 电话」，或发送「帮助」看看可以说什么。"
        )
    if name:
        return note(f"已收到「{name}」，但我还不能读取文件。请把要点用文字发给我。")
    return note("暂时还看不懂这种消息，请改用文字。发送「帮助」看看可以说什么。")


async def notice(event: Event, key: str, now: datetime) -> None:
    """A change in the contacts and a customer's message are followed by a task."""
    if told := contact_change(event.origin):
        args = {"platform": event.platform, **asdict(told)}
        name = "person.changed"
    elif event.origin.get("event") == _CUSTOMERS and event.origin.get("open_kfid"):
        args = {"platform": event.platform, "app": event.app, "origin": dict(event.origin)}
        name = PULL
    else:
        return
    await task.ask(event.tenant, name, key=f"{name}:{key}", now=now, args=args, at=None)
