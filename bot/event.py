"""What came in, in our own words: one shape for three platforms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Kind(StrEnum):
    """What a person or a platform did."""

    MESSAGE = "message"  # typed (or said) something
    PRESS = "press"  # pressed a button, or sent a card's form
    ENTER = "enter"  # opened the chat with us, or was given access
    NOTICE = "notice"  # the platform tells a fact: contact changed, message read …
    UNKNOWN = "unknown"  # authentic, but of a shape we do not know: kept and counted


@dataclass(frozen=True, slots=True)
class Incoming:
    """An HTTP callback as it arrived, before anybody believed it.

    `route` is what follows the app in the path ("" or "robot", "event", "card").
    `headers` must be case-insensitive (aiohttp's are). `at` is our own clock, aware.
    """

    method: str
    route: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, after the adapter has authenticated it.

    `key` is unique within (platform, app) and the same for every redelivery.
    `person` is the platform's own id of who acted ("" when nobody did); `chat` is "" for a
    one-to-one chat, else the group. `text` is what was typed, or the pressed button's command.
    `form` holds a card form's values by input name; several choices are joined with ",".
    `origin` is what the platform needs to answer or to change the pressed card; for a press it
    has "message": the same id as the `message` of the Receipt that delivered the card, if known.
    """

    platform: str
    app: str
    tenant: str
    key: str
    person: str
    chat: str
    kind: Kind
    text: str
    at: datetime
    form: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> Json:
        return {
            "platform": self.platform,
            "app": self.app,
            "tenant": self.tenant,
            "key": self.key,
            "person": self.person,
            "chat": self.chat,
            "kind": self.kind.value,
            "text": self.text,
            "at": self.at.isoformat(),
            "form": dict(self.form),
            "origin": dict(self.origin),
        }

    @classmethod
    def from_json(cls, data: Json) -> Event:
        return cls(**{**data, "at": datetime.fromisoformat(data["at"]), "kind": Kind(data["kind"])})
