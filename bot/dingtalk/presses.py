"""Card callbacks: which command a press stands for, and what its form held."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone

from bot.adapter import RejectedError
from bot.dingtalk.messages import Home
from bot.dingtalk.reading import flat, inner, parsed, parsed_text, words
from bot.event import Event, Json, Kind

COMMAND = "command"
DYNAMIC_DATA = "dynamicDataCallback"
_VERSION = re.compile(r"(?:^|\s)v\d+(?:\s|$)")

# Callbacks have no id. The same press within this many seconds is one press: impatient fingers.
# With a version in its command a late copy does no harm, and a redelivery comes after a minute;
# longer would swallow a press that was refused for a passing reason and is tried again.
SAME_SECONDS = 2
LEAST_MILLIS, MOST_MILLIS = 10**12, 10**13  # 2001 to 2286
CHINA = timezone(timedelta(hours=8))  # DingTalk's days are China's, wherever we run
SAME_SECONDS_VERSIONED = 60


def press_event(home: Home, raw: bytes | str, at: datetime) -> Event | None:
    """Read an authentic card callback that was signed `at`; None asks for data, not for an act.

    Raises RejectedError when the presser is of another organisation, or for no JSON object.
    """
    body = parsed(raw)
    corp = words(body.get("corpId"))
    if corp and home.settings.corp_id and corp != home.settings.corp_id:
        raise RejectedError("receiver")
    if body.get("type") == DYNAMIC_DATA:
        return None
    content = parsed_text(body.get("content")) or parsed_text(body.get("value"))
    params = inner(inner(content, "cardPrivateData"), "params") or inner(content, "params")
    form = _form(params)
    command = words(params.get(COMMAND)) or form.get(COMMAND, "")
    form.pop(COMMAND, None)
    card, space = words(body.get("outTrackId")), words(body.get("spaceId"))
    return Event(
        platform="dingtalk",
        app=home.app,
        tenant=home.tenant,
        key=_key(body, content, command, at),
        person=words(body.get("userId")),
        chat=space if words(body.get("spaceType")).upper() == "IM_GROUP" else "",
        kind=Kind.PRESS if command.strip() else Kind.UNKNOWN,
        text=command.strip(),
        at=at,
        form=form,
        origin={"message": card, "out_track_id": card, "space": space},
    )


def _form(params: Json) -> dict[str, str]:
    fields = parsed_text(params.get("form"))
    return {words(name): _chosen(value) for name, value in fields.items()}


def _chosen(value: object) -> str:
    """A field's value; choices come as {"index", "value"}, a day as text or as milliseconds."""
    if isinstance(value, dict) and "value" in value:
        value = value["value"]
    if isinstance(value, int) and LEAST_MILLIS <= value < MOST_MILLIS:
        # our fields bring text; the documents do not say how a DATE comes
        return f"{datetime.fromtimestamp(value / 1000, UTC).astimezone(CHINA):%Y-%m-%d}"
    return flat(value)


def _key(body: Json, content: Json, command: str, at: datetime) -> str:
    seconds = SAME_SECONDS_VERSIONED if _VERSION.search(command) else SAME_SECONDS
    parts = [body.get("outTrackId"), body.get("userId"), content, int(at.timestamp()) // seconds]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
