"""A decrypted callback of a WeCom AI bot (智能机器人) as a neutral event.

Source: developer.work.weixin.qq.com/document/path/100719 (messages), 101027 (events).
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.event import Event, Json, Kind
from bot.wecom.events import MEDIA

log = logging.getLogger(__name__)

KEY = "bot:"
"""How the keys of an AI bot's events begin."""
HOME = "https://qyapi.weixin.qq.com"
_LONGEST_RAW = 4000
_MENTION = re.compile(r"^\s*@\S+[\s\u2005]+")  # a group's message begins with "@BotName "
_LATEST = 1 << 33  # seconds; what is beyond is no time


def read(
    message: bytes,
    *,
    app: str,
    tenant: str,
    at: datetime,
    api_base: str,
    media_hosts: Collection[str],
) -> Event | None:
    """Map an authenticated message; what we do not know becomes Kind.UNKNOWN, never an error.

    None is WeCom's poll for more of a streamed answer: we finish ours at once, so there is none.
    """
    key = KEY + hashlib.sha256(message).hexdigest()
    try:
        data = json.loads(message)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raw = {"raw": message.decode(errors="replace").replace("\0", "")[:_LONGEST_RAW]}
        return Event("wecom", app, tenant, key, "", "", Kind.UNKNOWN, "", at, raw, {})
    msgtype = _text(data, "msgtype").lower()
    if msgtype == "stream":
        return None
    number = _text(data, "msgid")
    is_group = _text(data, "chattype") == "group"
    kind, text = _meaning(data, msgtype)
    return Event(
        platform="wecom",
        app=app,
        tenant=tenant,
        key=KEY + number if number and len(number) <= 80 and number.isprintable() else key,
        person=_text(data, "from", "userid").lower(),
        chat=_text(data, "chatid") if is_group else "",
        kind=kind,
        text=_MENTION.sub("", text).strip() if is_group and kind is Kind.MESSAGE else text,
        at=_time(data, at),
        form=_form(data, kind, message),
        origin=_origin(data, msgtype, kind, api_base, media_hosts),
    )


def allowed(url: str, api_base: str, hosts: Collection[str] = ()) -> bool:
    """Whether `url` is the platform's own: https on its domain, or exactly where its API is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or not parts.hostname:
        return False
    if f"{parts.scheme}://{parts.netloc}".lower() == api_base.lower():
        return True
    home = {urlsplit(HOME).hostname, urlsplit(api_base).hostname, *hosts}
    return parts.scheme == "https" and parts.hostname in home and port in (None, 443)


def _meaning(data: Json, msgtype: str) -> tuple[Kind, str]:
    match msgtype:
        case "text" | "voice":  # an AI bot's voice comes as the words that were said
            words = _text(data, msgtype, "content")
            return (Kind.MESSAGE, words) if words.strip() else (Kind.UNKNOWN, f"[{msgtype}]")
        case "mixed":
            words = " ".join(_mixed(data))
            said = any(_text(item, "text", "content").strip() for item in _items(data))
            return (Kind.MESSAGE if said else Kind.UNKNOWN), words
        case "event":
            return _event_meaning(data)
        case other if other in MEDIA:
            return Kind.UNKNOWN, f"[{MEDIA[other]}]"
        case other:
            return Kind.UNKNOWN, other


def _event_meaning(data: Json) -> tuple[Kind, str]:
    match _text(data, "event", "eventtype").lower():
        case "template_card_event":
            return Kind.PRESS, _text(data, "event", "template_card_event", "event_key")
        case "enter_chat":
            return Kind.ENTER, "enter_chat"
        case "feedback_event":
            return Kind.NOTICE, "feedback_event"
        case other:
            return Kind.UNKNOWN, other


def _form(data: Json, kind: Kind, message: bytes) -> dict[str, str]:
    if kind is Kind.UNKNOWN:
        return {"raw": message.decode(errors="replace").replace("\0", "")[:_LONGEST_RAW]}
    if kind is not Kind.PRESS:
        return {}
    chosen = _at(data, "event", "template_card_event", "selected_items", "selected_item")
    found = {}
    for item in chosen if isinstance(chosen, list) else ():
        options = _at(item, "option_ids", "option_id")
        ids = options if isinstance(options, list) else [options]
        found[_text(item, "question_key")] = ",".join(one for one in ids if isinstance(one, str))
    return {name: value for name, value in found.items() if name}


def _origin(
    data: Json, msgtype: str, kind: Kind, api_base: str, media_hosts: Collection[str]
) -> dict[str, str]:
    found = {
        "user": _text(data, "from", "userid"),
        "bot": _text(data, "aibotid") or "ai",
        "msgtype": msgtype,
        "chat_type": _text(data, "chattype"),
        "quote": _text(data, "quote", "text", "content"),
        "media_url": _media_url(data, msgtype),
        "response_url": _text(data, "response_url"),
    }
    for name, hosts in (("media_url", media_hosts), ("response_url", ())):
        if found[name] and not allowed(found[name], api_base, hosts):
            # kept, it would be a request that a stranger makes from our network
            log.warning("address is not the platform's", extra={"field": name})
            found[name] = ""
    if msgtype == "event":
        found |= _event_origin(data, kind)
    return {name: value for name, value in found.items() if value}


def _event_origin(data: Json, kind: Kind) -> dict[str, str]:
    name = _text(data, "event", "eventtype").lower()
    body = _at(data, "event", name)
    facts = {"event": name}
    if kind is Kind.PRESS:
        task = _text(body, "task_id")
        facts |= {"task_id": task, "message": task, "card_type": _text(body, "card_type")}
    elif kind is Kind.NOTICE and isinstance(body, dict):
        for key, value in body.items():
            many = value if isinstance(value, list) else [value]
            facts[key.lower()] = ",".join(str(one) for one in many if isinstance(one, str | int))
    return facts


def _media_url(data: Json, msgtype: str) -> str:
    if msgtype == "mixed":
        return next((url for item in _items(data) if (url := _text(item, "image", "url"))), "")
    return _text(data, msgtype, "url")


def _items(data: Json) -> list[Any]:
    items = _at(data, "mixed", "msg_item")
    return items if isinstance(items, list) else []


def _mixed(data: Json) -> list[str]:
    return [
        "[图片]" if _text(item, "msgtype") == "image" else _text(item, "text", "content").strip()
        for item in _items(data)
    ]


def _at(data: Any, *path: str) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _text(data: Any, *path: str) -> str:
    """The string at `path` (a number as digits), fit to be kept; "" for anything else."""
    found = _at(data, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if not isinstance(found, str):
        return ""
    return found.replace("\0", "").encode(errors="replace").decode()


def _time(data: Json, at: datetime) -> datetime:
    seconds = _at(data, "create_time")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < _LATEST:
        return datetime.fromtimestamp(seconds, UTC)
    return at
