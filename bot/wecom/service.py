"""WeChat customer service (微信客服): what customers wrote, pulled after a notice says so.

Source: developer.work.weixin.qq.com/document/path/94699; wecom.md §2.3.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.event import Json
from bot.wecom.client import Client
from bot.wecom.events import MEDIA

LIMIT = 1000
_MOST_PAGES = 200  # of one pull: three days of messages at most lie there
_CUSTOMER = 3


@dataclass(frozen=True, slots=True)
class CustomerMessage:
    """One customer's message; `media_id` is there for pictures, voices, videos and files."""

    key: str
    service: str  # open_kfid: which service account was written to
    customer: str  # external_userid
    text: str
    at: datetime
    media_id: str = ""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A page; keep `cursor` for this service account once its messages are kept."""

    messages: tuple[CustomerMessage, ...]
    cursor: str


async def pull(
    client: Client, open_kfid: str, *, token: str = "", cursor: str = ""
) -> AsyncIterator[Pulled]:
    """Pages from `cursor` ("" begins three days ago) until WeCom has no more.

    `token` is the notice's; it lifts a strict frequency limit for ten minutes. An empty page is
    not the last one: only `has_more` tells. Raises TransientError or UndeliverableError.
    """
    for _ in range(_MOST_PAGES):
        body: Json = {"open_kfid": open_kfid, "limit": LIMIT, "voice_format": 0}
        body |= ({"token": token} if token else {}) | ({"cursor": cursor} if cursor else {})
        answer = await client.post("kf/sync_msg", body)
        following = _text(answer, "next_cursor") or cursor
        rows = answer.get("msg_list")
        found = [_message(row) for row in rows if isinstance(row, dict)] if rows else []
        yield Pulled(tuple(message for message in found if message), following)
        if not answer.get("has_more") or following == cursor:
            return
        cursor = following


def _message(row: Json) -> CustomerMessage | None:
    """A customer's own message; None for the system's events and the servicers' answers."""
    if row.get("origin") != _CUSTOMER:
        return None
    msgtype, sent = _text(row, "msgtype"), row.get("send_time")
    seconds = sent if isinstance(sent, int) and 0 < sent < 1 << 33 else 0
    return CustomerMessage(
        key=_text(row, "msgid"),
        service=_text(row, "open_kfid"),
        customer=_text(row, "external_userid"),
        text=_words(row, msgtype),
        at=datetime.fromtimestamp(seconds, UTC),
        media_id=_text(row, msgtype, "media_id"),
    )


def _words(row: Json, msgtype: str) -> str:
    match msgtype:
        case "text":
            return _text(row, "text", "content")
        case "location":
            return f"[位置] {_text(row, 'location', 'name')}".strip()
        case "link":
            return f"[链接] {_text(row, 'link', 'title')} {_text(row, 'link', 'url')}".strip()
        case "miniprogram":
            return f"[小程序] {_text(row, 'miniprogram', 'title')}".strip()
        case "business_card":
            return "[名片]"
        case other:
            return f"[{MEDIA.get(other, other)}]"


def _text(row: Any, *path: str) -> str:
    for name in path:
        row = row.get(name) if isinstance(row, dict) else None
    return row if isinstance(row, str) else ""
