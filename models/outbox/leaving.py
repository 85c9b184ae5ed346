"""Messages on their way out: put, leased, delivered, tried again or given up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tortoise.expressions import Q

from cards.card import Card, Tone, from_json
from cards.parcel import Parcel
from models.db import connection, is_postgres, stamp, transaction
from models.outbox.copies import change, copied, edition_of, locked_edition
from models.outbox.rows import (
    ANSWER,
    DEAD,
    DROPPED,
    GRAVE,
    NEW,
    SENT,
    UNSEEN,
    URGENT,
    USUAL,
    CardCopy,
    OutboxRow,
    dumps,
)


@dataclass(frozen=True, slots=True)
class Message:
    """A card for one place; `key` makes sending it twice the same as once.

    `direct` is an answer to what this person has just said: it respects no quiet hours and no
    cap. Nor does `urgent`, which also rings by the platform's means. Of two unsent messages to
    one place about the same `topic` (empty: the card's ref) only the newer one leaves. `origin` is
    the answered event's, for platforms that take an answer by it.
    """

    tenant: str
    key: str
    platform: str
    app: str
    card: Card
    user: str = ""
    chat: str = ""
    trace: str = ""
    robot: str = ""
    direct: bool = False
    urgent: bool = False
    topic: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)


async def put(message: Message, *, now: datetime) -> bool:
    """Queue a new message inside the caller's transaction; False if the key is already there."""
    if await OutboxRow.filter(tenant=message.tenant, key=message.key).exists():
        return False
    lane = _lane(message)
    topic = (message.topic or message.card.ref)[:100]
    if topic and not message.direct:
        await OutboxRow.filter(
            tenant=message.tenant,
            lane=lane,
            topic=topic,
            direct=False,
            state__in=UNSEEN,
            leased_until=None,
        ).update(state=DROPPED, reason="已由同一事项的新消息代替")
    current = await edition_of(message.tenant, message.card.ref)
    await OutboxRow.create(
        tenant=message.tenant,
        key=message.key,
        platform=message.platform,
        app=message.app,
        user=message.user,
        chat=message.chat,
        robot=message.robot,
        lane=lane,
        direct=message.direct,
        urgent=message.urgent,
        rank=_rank(message),
        topic=topic,
        origin=json.dumps(dict(message.origin)),
        ref=message.card.ref,
        edition=current.edition if current else 0,
        card=dumps(message.card),
        not_before=now,
        trace=message.trace,
        created_at=now,
    )
    return True


async def drop(ids: Iterable[int]) -> None:
    """Take back messages that are no longer needed (the answer to a press has arrived)."""
    await OutboxRow.filter(id__in=list(ids), state=NEW).update(state=DROPPED)


async def claim(
    *,
    now: datetime,
    limit: int,
    lease: timedelta,
    share: int | None = None,
    busy: Mapping[str, int] | None = None,
) -> list[Parcel]:
    """Lease what is due, by rank and age; in a lane one of a rank at a time, so order is kept.

    No platform gets more than `share`, of which it has used up what `busy` says.
    """
    async with transaction():
        ids = await _due(now, limit, share or limit, busy or {})
        if not ids:
            return []
        free = Q(leased_until=None) | Q(leased_until__lt=now)  # again: another may have been faster
        rows = (
            await OutboxRow.filter(free, id__in=ids, state=NEW)
            .order_by("rank", "id")
            .select_for_update(skip_locked=True)
        )
        await OutboxRow.filter(id__in=[row.id for row in rows]).update(leased_until=now + lease)
    copies = {
        copy.id: copy
        for copy in await CardCopy.filter(id__in=[row.copy_id for row in rows if row.copy_id])
    }
    return [_parcel(row, copies.get(row.copy_id or 0)) for row in rows]


async def free_leases() -> int:
    """Give up every lease; only for a process that knows itself alone, after another's death."""
    return int(await OutboxRow.filter(leased_until__isnull=False).update(leased_until=None))


async def sent(parcel: Parcel, handle: Mapping[str, str], *, now: datetime) -> None:
    """Record a delivery and where its card lies; queue a change if it is outdated already."""
    async with transaction():
        current = await locked_edition(parcel.tenant, parcel.card.ref)
        row = await OutboxRow.filter(id=parcel.id).select_for_update().get()
        if row.state == SENT:
            return  # another postman's lease overlapped ours, and it was faster
        row.state, row.sent_at, row.leased_until = SENT, now, None
        row.handle = json.dumps(dict(handle))
        await row.save(update_fields=["state", "sent_at", "leased_until", "handle"])
        if not row.ref:
            return
        copy = await copied(row, handle, now)
        if current and current.card and current.edition > row.edition:
            wait = timedelta()
            await change(copy, current.card, current.edition, now=now, wait=wait, trace=row.trace)


async def retry(
    parcel: Parcel, *, reason: str, not_before: datetime, done: Mapping[str, str]
) -> None:
    """Try again later, remembering what was already done."""
    await OutboxRow.filter(id=parcel.id).update(
        attempts=parcel.attempts + 1,
        not_before=not_before,
        leased_until=None,
        reason=reason[:400],
        done=json.dumps(dict(done)),
    )


async def put_back(parcel: Parcel, *, not_before: datetime) -> None:
    """Let it wait for a frequency limit; nothing was tried, so nothing counts."""
    await OutboxRow.filter(id=parcel.id).update(not_before=not_before, leased_until=None)


async def bury(parcel: Parcel, *, code: str, reason: str) -> None:
    """Give up: a dead letter with its reason in Chinese."""
    await OutboxRow.filter(id=parcel.id, state=NEW).update(
        state=DEAD,
        attempts=parcel.attempts + 1,
        leased_until=None,
        code=code[:64],
        reason=reason[:400],
    )


async def send_anew(parcel: Parcel) -> None:
    """The copy can no longer be changed in place: send the card as a new message instead."""
    async with transaction():
        row = await OutboxRow.get(id=parcel.id)
        newer = OutboxRow.filter(copy_id=row.copy_id, state=NEW, id__gt=row.id)
        if row.copy_id and await newer.exists():  # that one goes instead
            await OutboxRow.filter(id=row.id).update(state=DROPPED, leased_until=None)
            return
        if row.copy_id:
            await CardCopy.filter(id=row.copy_id).delete()
        row.copy_id, row.leased_until, row.done, row.origin = None, None, "{}", "{}"
        await row.save(update_fields=["copy_id", "leased_until", "done", "origin"])


async def _due(now: datetime, limit: int, share: int, busy: Mapping[str, int]) -> list[int]:
    mark = "$1" if is_postgres() else "?1"  # the same moment, three times
    sql = (
        "SELECT o.id, o.rank, o.platform, "
        "ROW_NUMBER() OVER (PARTITION BY o.platform ORDER BY o.rank, o.id) AS place "
        f"FROM outbox o WHERE o.state = 'new' AND o.not_before <= {mark} "
        f"AND (o.leased_until IS NULL OR o.leased_until < {mark}) "
        "AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.lane = o.lane AND e.state = 'new' "
        "AND (e.rank = o.rank AND e.id < o.id "
        f"OR e.rank < o.rank AND e.not_before <= {mark}))"
    )
    sql = f"SELECT id, platform, place FROM ({sql}) d WHERE place <= {int(share)} ORDER BY rank, id"
    rows = await connection().execute_query_dict(sql, [stamp(now)])
    fair = [int(row["id"]) for row in rows if row["place"] <= share - busy.get(row["platform"], 0)]
    return fair[:limit]


def _parcel(row: OutboxRow, copy: CardCopy | None) -> Parcel:
    return Parcel(
        id=row.id,
        key=delivery_key(row.tenant, row.key, row.replays),
        tenant=row.tenant,
        platform=row.platform,
        app=row.app,
        user=row.user,
        chat=row.chat,
        lane=row.lane,
        robot=row.robot,
        is_direct=row.direct,
        is_urgent=row.urgent,
        card=from_json(json.loads(row.card)),
        attempts=row.attempts,
        trace=row.trace,
        handle=json.loads(copy.handle) if copy else None,
        done=json.loads(row.done),
        origin=json.loads(row.origin),
    )


def delivery_key(tenant: str, key: str, replays: int) -> str:
    """The platforms' idempotency key: short, ASCII and the same at every try."""
    return "m-" + hashlib.sha256(f"{tenant}\n{key}\n{replays}".encode()).hexdigest()[:38]


def _lane(message: Message) -> str:
    place = f"robot:{message.robot}" if message.robot else message.chat or message.user
    return f"{message.platform}:{message.app}:{place}"[:200]


def _rank(message: Message) -> int:
    if message.direct:
        return ANSWER
    if message.urgent:
        return URGENT
    return GRAVE if message.card.tone is Tone.DANGER else USUAL
