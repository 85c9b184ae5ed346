"""What people and the corp send an app besides text: files, places, links, changes, checks.

Source: developer.work.weixin.qq.com/document/path/90238 (address check), 90239 (messages; a file
message is not on the page), 90240 (change_contact from `sys`), 94699 (kf, without a sender).
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.emulator.desk import Desk, Exchange, Json
from bot.emulator.wecom_media import MediaShelf
from bot.emulator.wecom_seal import Seal

CHECK_SECONDS = 1.0
KINDS = {"image": "image/png", "voice": "audio/amr", "video": "video/mp4", "file": ""}


def file_fields(shelf: MediaShelf, kind: str, name: str, data: bytes) -> Json:
    """A message with a file on the shelf; LookupError for a kind that no message has."""
    if kind not in KINDS:
        raise LookupError(kind)
    media_id = shelf.keep(kind, name, KINDS[kind], data)
    found: Json = {"MsgType": kind, "MediaId": media_id, "MsgId": secrets.randbits(62)}
    match kind:
        case "image":
            found["PicUrl"] = f"http://p.qpic.cn/pic_wework/{media_id}/0"
        case "voice":
            found["Format"] = "amr"
        case "video":
            found["ThumbMediaId"] = shelf.keep("image", "thumb.png", "image/png", b"thumb")
        case _:
            found["FileName"] = name
    return found


def place_fields(latitude: float, longitude: float, label: str) -> Json:
    return {
        "MsgType": "location",
        "Location_X": f"{latitude:.6f}",
        "Location_Y": f"{longitude:.6f}",
        "Scale": 15,
        "Label": label,
        "AppType": "wxwork",
        "MsgId": secrets.randbits(62),
    }


def link_fields(title: str, description: str, url: str) -> Json:
    return {
        "MsgType": "link",
        "Title": title,
        "Description": description,
        "Url": url,
        "PicUrl": "",
        "MsgId": secrets.randbits(62),
    }


def change_fields(event: str, change: str, facts: Mapping[str, Any]) -> Json:
    """change_contact, change_external_contact …: facts as WeCom names them."""
    return {"MsgType": "event", "Event": event, "ChangeType": change, **facts}


async def address_is_checked(
    desk: Desk, session: aiohttp.ClientSession, seal: Seal, url: str
) -> bool:
    """What the console does when the address is saved: the word must come back bare in 1 s."""
    word = str(secrets.randbits(63))
    query = seal.echo(word, timestamp=int(desk.now().timestamp()))
    started, status, body = time.perf_counter(), 0, b""
    try:
        timeout = aiohttp.ClientTimeout(total=CHECK_SECONDS)
        async with session.get(url, params=query, timeout=timeout) as answer:
            status, body = answer.status, await answer.read()
    except (aiohttp.ClientError, TimeoutError, OSError):
        body = b""
    is_right = status == 200 and body == word.encode()
    desk.record(
        Exchange(
            id=desk.next_id(),
            platform="wecom",
            direction="in",
            at=desk.now().isoformat(),
            method="GET",
            path=re.sub(r"^https?://[^/]+", "", url),
            status=status,
            ms=round((time.perf_counter() - started) * 1000, 1),
            request={"query": query},
            response=body.decode(errors="replace")[:200],
            note="address check" if is_right else "address check failed",
        )
    )
    return is_right
