"""Messages out: from a handler's words to rows, and from rows to people's phones."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypedDict, Unpack

from bot.adapter import Adapter, DeliveryError, UndeliverableError
from bot.commands import Work
from bot.metrics import Metrics
from bot.sender import Again, Anew, Dead, Sender, Sent, Wait
from cards.card import Card
from cards.parcel import Parcel
from config.log import trace
from crm.delivery import Held
from crm.person import Person
from jobs.worker import goes_on
from models import attachment, delivery, outbox

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)  # longer than any one delivery with its time-outs
PRESSED_WAIT = timedelta(seconds=3)  # an answered press needs no call; a lost answer does

Apps = Mapping[str, str]
"""Platform → the app that speaks for us there."""


class Way(TypedDict, total=False):
    """Where one message goes and how, as `outbox.Message` has it."""

    user: str
    chat: str
    robot: str
    direct: bool
    urgent: bool
    topic: str
    origin: Mapping[str, str]


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
        await send(
            work,
            item.card,
            key=item.key,
            platform=platform,
            apps=apps,
            user=user,
            urgent=item.urgent,
            topic=item.topic,
        )
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
    work: Work, card: Card, *, key: str, platform: str, apps: Apps, **more: Unpack[Way]
) -> None:
    """Queue one message to one place."""
    message = outbox.Message(
        work.tenant, key, platform, apps[platform], card, trace=trace.get(), **more
    )
    await outbox.put(message, now=work.now)


async def recall(adapters: Mapping[tuple[str, str], Adapter], tenant: str, id: int) -> str:
    """Take a sent message back; returns in Chinese what became of it, "" for success."""
    found = await outbox.lying(tenant, id)
    if found is None:
        return "不是已发送的消息"
    platform, app, handle = found
    adapter = adapters.get((platform, app))
    take_back = getattr(adapter, "recall", None)
    if take_back is None or not handle:
        return "平台未配置或不支持撤回"
    try:
        await take_back(handle)
    except UndeliverableError as fault:
        return f"{fault.reason}。{fault.advice}"
    except DeliveryError as fault:
        return f"暂时没有成功（{fault.reason}），请稍后再试"
    await outbox.recalled(tenant, id)
    return ""


async def load(key: str) -> bytes:
    """An attachment's bytes, for adapters. Raises UndeliverableError if they are gone."""
    content = await attachment.load(key)
    if content is None:
        raise UndeliverableError(
            "attachment", "附件已不在", "文件可能已按期清理，请重新生成后再发，或丢弃这条消息"
        )
    return content


class Door(Protocol):
    """Whoever decides that a message must not ring now."""

    async def judge(self, parcel: Parcel) -> Held | None: ...


class Postman:
    """Takes due messages and delivers them; any number of them may work side by side.

    Without a `door` everything leaves at once, whatever the hour.
    """

    SLOTS = 24  # deliveries under way at once
    SHARE = 10  # of them for one platform, so that none waits for another that hangs
    POLL_SECONDS = 0.25  # how soon something new is seen while all that is under way hangs

    def __init__(
        self,
        sender: Sender,
        *,
        now: Callable[[], datetime],
        metrics: Metrics,
        door: Door | None = None,
    ) -> None:
        self._sender = sender
        self._door = door
        self._now = now
        self._metrics = metrics

    async def drain(self) -> int:
        """Deliver until nothing is due; returns how many were tried.

        Whoever is done makes room for the next at once, so that one that hangs holds up nobody
        but those of its own lane.
        """
        tried, under_way = 0, dict[asyncio.Task[None], str]()
        await delivery.release(now=self._now())
        try:
            while (parcels := await self._next(under_way)) or under_way:
                for parcel in parcels:
                    under_way[asyncio.create_task(self._deliver(parcel))] = parcel.platform
                tried += len(parcels)
                done, _ = await asyncio.wait(
                    under_way, timeout=self.POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    del under_way[task]
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        return tried

    async def _next(self, under_way: Mapping[asyncio.Task[None], str]) -> list[Parcel]:
        """Lease as many as there is room for, of platforms that have room."""
        if not goes_on() or len(under_way) >= self.SLOTS:
            return []
        busy = Counter(under_way.values())
        return await outbox.claim(
            now=self._now(),
            limit=self.SLOTS - len(under_way),
            lease=LEASE,
            share=self.SHARE,
            busy=busy,
        )

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            await self._try(parcel)
        except Exception:  # the lease runs out, and then it is tried again
            log.exception("delivery not noted", extra={"outbox": parcel.id})

    async def _try(self, parcel: Parcel) -> None:
        trace.set(parcel.trace)
        if self._door and (held := await self._door.judge(parcel)):
            await delivery.hold(parcel, held)
            self._note(parcel, "held")
            return
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
            case Wait(seconds):
                await outbox.put_back(parcel, not_before=now + timedelta(seconds=seconds))
            case Dead(code, reason):
                await outbox.bury(parcel, code=code, reason=reason)
        self._note(parcel, type(outcome).__name__.lower())

    def _note(self, parcel: Parcel, result: str) -> None:
        self._metrics.count("momentum_deliveries_total", platform=parcel.platform, result=result)
        log.info(
            "delivery",
            extra={"outbox": parcel.id, "platform": parcel.platform, "result": result},
        )
