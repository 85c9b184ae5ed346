"""One fake a seam: a clock, a platform, the house that work is done in, and its people."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.adapter import Delivery, Inline, Receipt, RejectedError, Rendered, WireAnswer
from bot.event import Event, Incoming, Kind
from cards.card import Card, to_json
from crm.person import Person, PersonRow, Role
from jobs.inbox import House
from models import person
from models.policy import Book

TENANT = "main"
APP = "main"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # a Monday, 12:00 in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
PLATFORMS = ("wecom", "feishu", "dingtalk")


@dataclass
class Clock:
    """Time that only tests move."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


Fate = BaseException | Callable[[Delivery], Awaitable[None]] | None
"""What happens to a delivery: a failure, something to do first, or nothing special."""


@dataclass
class FakePlatform:
    """An adapter and the phones behind it: what was sent lies there, and may be changed in place.

    `fates` are used up one a delivery. A key that was seen before sends nothing new, as on a
    platform with idempotency keys; `calls` counts what reached the platform nevertheless.
    """

    name: str = "feishu"
    app: str = APP
    press_seconds: float = 2.0
    fates: deque[Fate] = field(default_factory=deque)
    calls: list[Delivery] = field(default_factory=list)
    phones: dict[str, Card] = field(default_factory=dict)  # message id → the card as it shows
    order: list[str] = field(default_factory=list)  # titles, as they arrived
    _known: dict[str, str] = field(default_factory=dict)

    def decode(self, incoming: Incoming) -> Event | WireAnswer | None:
        if incoming.headers.get("X-Signature") != "genuine":
            raise RejectedError("signature")
        try:
            body = json.loads(incoming.body)
        except ValueError as fault:
            raise RejectedError("json", 400) from fault
        if "challenge" in body:
            return WireAnswer(body=body["challenge"].encode())
        return Event.from_json(body) if body else None

    def answer(self, incoming: Incoming, event: Event | None, inline: Inline | None) -> WireAnswer:
        del incoming
        if inline is None:
            return WireAnswer()
        if event and inline.card:
            self.phones[event.origin["message"]] = inline.card
        told = {"toast": inline.toast, "tone": inline.tone.value}
        body = {**told, "card": to_json(inline.card) if inline.card else None}
        return WireAnswer(200, json.dumps(body).encode(), "application/json")

    def render(self, card: Card) -> Rendered:
        return Rendered({"text": card.plain()})

    async def deliver(self, delivery: Delivery) -> Receipt:
        self.calls.append(delivery)
        fate = self.fates.popleft() if self.fates else None
        if isinstance(fate, BaseException):
            raise fate
        if fate is not None:
            await fate(delivery)
        await asyncio.sleep(0)
        if delivery.handle is not None:
            message = delivery.handle["message"]
            self.phones[message] = delivery.card
        elif delivery.key not in self._known:
            message = self._known[delivery.key] = f"om_{len(self._known) + 1}"
            self.phones[message] = delivery.card
            self.order.append(delivery.card.title)
        return Receipt({"message": self._known.get(delivery.key) or message})

    def shown(self) -> list[str]:
        """Titles of the cards as they show now."""
        return [card.title for card in self.phones.values()]


def platforms(*names: str) -> dict[tuple[str, str], Any]:
    return {(name, APP): FakePlatform(name) for name in names or PLATFORMS}


def house(clock: Clock, book: Book | None = None) -> House:
    """What every piece of work is given."""
    apps = dict.fromkeys(PLATFORMS, APP)
    return House(clock, ZONE, (book or Book()).current, "http://127.0.0.1:8080", {TENANT: apps})


def event(
    text: str = "帮助",
    *,
    key: str = "",
    who: str = "zhao",
    kind: Kind = Kind.MESSAGE,
    platform: str = "feishu",
    chat: str = "",
    form: Mapping[str, str] | None = None,
    origin: Mapping[str, str] | None = None,
    at: datetime = NOON,
) -> Event:
    """Something that a person said or did."""
    key = key or f"k:{platform}:{who}:{kind}:{text}"
    return Event(
        platform, APP, TENANT, key, who, chat, kind, text, at, form=form or {}, origin=origin or {}
    )


async def hire(
    name: str, *roles: Role, team: str = "", store: str = "", manager: str = "", **accounts: str
) -> Person:
    """Somebody who works here; without accounts the name is the account on every platform."""
    row = PersonRow(
        name=name,
        roles=frozenset(roles or (Role.REP,)),
        team=team,
        store=store,
        manager=manager,
        mobile="",
        skills=(),
        accounts=accounts or dict.fromkeys(PLATFORMS, name),
    )
    await person.save(TENANT, [row])
    found = [item for item in await person.by_name(TENANT, name) if item.team == team]
    return found[-1]


async def silence() -> None:
    """A wake-up that nobody needs."""
