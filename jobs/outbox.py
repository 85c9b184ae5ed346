"""Messages out: from a handler's words to rows, and from rows to people's phones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.commands import Work
from bot.metrics import Metrics
from bot.sender import Again, Anew, Dead, Sender, Sent
from cards.card import Card
from cards.parcel import Parcel
from config.log import trace
from crm.person import Person
from models import outbox

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)  # longer than any one delivery with its time-outs
PRESSED_WAIT = timedelta(seconds=3)  # an answered press needs no call; a lost answer does

Apps = Mapping[str, str]
"""Platform → the app that speaks for us there."""


def place(person: Person, apps: Apps) -> tuple[str, str]:
    """(platform, user id) where a person is told things: at home, else wherever we can reach."""
    order = (person.home, *person.accounts)
    platform = next((name for name in order if name in apps), "")
    return platform, person.accounts.get(platform, "")


async def post(
    work: Work,
    apps: Apps,
    *,
    pressed: Mapping[str, str] | None = None,
    told: tuple[str, str] = ("", ""),
) -> tuple[int, ...]:
    """Queue what a handler or job has said, in its transaction.

    `pressed` is the origin of the press that caused it; `told` is the (platform, user) who is
    answered anyway. Returns the ids of messages that an answered press makes needless.
    """
    for item in work.outgoing:
        platform, user = place(item.to, apps)
        if not platform:
            log.warning("person cannot be reached", extra={"person": item.to.id})
            continue
        await send(work, item.card, key=item.key, platform=platform, apps=apps, user=user)
    needless: list[int] = []
    for card in work.replaced:
        needless += await outbox.replace(
            work.tenant,
            card,
            now=work.now,
            trace=trace.get(),
            pressed=pressed,
            pressed_wait=PRESSED_WAIT,
            told=told,
        )
    return tuple(needless)


async def send(
    work: Work, card: Card, *, key: str, platform: str, apps: Apps, user: str = "", chat: str = ""
) -> None:
    """Queue one message to one place."""
    message = outbox.Message(
        work.tenant, key, platform, apps[platform], card, user, chat, trace.get()
    )
    await outbox.put(message, now=work.now)


class Postman:
    """Takes due messages and delivers them; any number of them may work side by side."""

    BATCH = 20

    def __init__(self, sender: Sender, *, now: Callable[[], datetime], metrics: Metrics) -> None:
        self._sender = sender
        self._now = now
        self._metrics = metrics

    async def drain(self) -> int:
        """Deliver until nothing is due; returns how many were tried."""
        tried = 0
        while parcels := await outbox.claim(now=self._now(), limit=self.BATCH, lease=LEASE):
            await asyncio.gather(*(self._deliver(parcel) for parcel in parcels))
            tried += len(parcels)
        return tried

    async def _deliver(self, parcel: Parcel) -> None:
        trace.set(parcel.trace)
        outcome = await self._sender.deliver(parcel)
        now = self._now()
        match outcome:
            case Sent(handle):
                await outbox.sent(parcel, handle, now=now)
            case Again(seconds, reason, done):
                later = now + timedelta(seconds=seconds)
                await outbox.retry(parcel, reason=reason, not_before=later, done=done)
            case Anew():
                await outbox.send_anew(parcel)
            case Dead(code, reason):
                await outbox.bury(parcel, code=code, reason=reason)
        result = type(outcome).__name__.lower()
        self._metrics.count("momentum_deliveries_total", platform=parcel.platform, result=result)
        log.info(
            "delivery",
            extra={"outbox": parcel.id, "platform": parcel.platform, "result": result},
        )
