"""Careful reading of other people's JSON: nothing here raises, whatever the shape."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.event import Json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record(value: object, *path: str) -> Json:
    """The object at `path`, or an empty one."""
    found = _at(value, path)
    return found if isinstance(found, dict) else {}


def words(value: object, *path: str) -> str:
    """The scalar at `path` as text a database can hold (no NUL, no half surrogates), or ""."""
    found = _at(value, path)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int | float):
        return str(found)
    if not isinstance(found, str):
        return ""
    return found.replace("\0", "").encode("utf-8", "replace").decode()


def listed(value: object, *path: str) -> list[object]:
    """The array at `path`, or an empty one."""
    found = _at(value, path)
    return found if isinstance(found, list) else []


def moment(text: str, default: datetime) -> datetime:
    """Read seconds, milliseconds or microseconds since 1970, told apart by their digits."""
    whole = text.partition(".")[0]
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 17):
        return default
    units = 1 if len(whole) <= 11 else 1_000 if len(whole) <= 14 else 1_000_000
    return EPOCH + timedelta(microseconds=int(whole) * 1_000_000 // units)


def _at(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
