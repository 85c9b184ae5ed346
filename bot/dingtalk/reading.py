"""Reading what DingTalk sent without ever stumbling over its shape."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.adapter import RejectedError
from bot.event import Json


def parsed(raw: bytes | str) -> Json:
    """A JSON object; anything else is refused."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise RejectedError("json", 400) from fault
    if not isinstance(data, dict):
        raise RejectedError("json", 400)
    return data


def parsed_text(value: object) -> Json:
    """An object that came as itself or as JSON text; {} for anything else."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return {}
    try:
        return parsed(value)
    except RejectedError:
        return {}


def words(value: object) -> str:
    """A text or number as text that a database can keep; "" for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode().replace("\x00", "")


def inner(data: Mapping[str, Any], name: str) -> Json:
    """The object under `name`, or {}."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def moment(value: object, otherwise: datetime) -> datetime:
    """Milliseconds since 1970, number or text."""
    try:
        millis = float(words(value))
        if not math.isfinite(millis) or millis <= 0:
            return otherwise
        return datetime.fromtimestamp(millis / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise


def flat(value: object) -> str:
    """One value for keeping: plain ones as text, lists of them joined with ",", else JSON."""
    if value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ",".join(words(item) for item in value)
    if isinstance(value, dict | list):
        return words(json.dumps(value, ensure_ascii=False))
    return words(value)


def digest(raw: bytes | str) -> str:
    """What names a callback that has no id of its own: its content."""
    return hashlib.sha256(raw.encode() if isinstance(raw, str) else raw).hexdigest()
