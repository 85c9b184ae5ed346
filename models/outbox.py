"""Outgoing messages and the copies of cards that people have on their phones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from cards.card import Card, Tone, from_json, to_json
from cards.parcel import Parcel
from models.db import connection, is_postgres, stamp, transaction
from models.moment import MomentField

NEW, SENT, DEAD, DROPPED = "new", "sent", "dead", "dropped"
HELD, LISTED, RECALLED = "held", "listed", "recalled"
STATES = (NEW, HELD, LISTED, SENT, DEAD, DROPPED, RECALLED)
"""held: waits for the morning or the digest; listed: the digest named it, nobody asked for it."""

UNSEEN = (NEW, HELD, LISTED)
ANSWER, URGENT, GRAVE, USUAL = range(4)
"""Ranks: of two messages that wait for one person, the lower leaves first."""


class OutboxRow(Model):
    """One message to one place, unique on (tenant, key), so a repeated job sends nothing new."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    key = fields.CharField(max_length=190)
    platform = fields.CharField(max_length=16)
    app = fields.CharField(max_length=64)
    user = fields.CharField(max_length=128, default="")
    chat = fields.CharField(max_length=190, default="")
    robot = fields.CharField(
        max_length=64, default=""
    )  # a group robot, by its name in the settings
    lane = fields.CharField(max_length=200)  # messages of one lane leave in order
    direct = fields.BooleanField(default=False)  # an answer to what this person has just said
    urgent = fields.BooleanField(default=False)
    rank = fields.SmallIntField(default=USUAL)
    topic = fields.CharField(max_length=100, default="")  # a newer one takes an unsent one's place
    ref = fields.CharField(max_length=100, default="")
    edition = fields.IntField(default=0)  # which edition of the card `ref` this is
    card = fields.TextField()
    copy_id = fields.BigIntField(null=True)  # the copy to change in place
    state = fields.CharField(max_length=8, default=NEW)
    attempts = fields.IntField(default=0)
    replays = fields.IntField(default=0)  # a replay must not look like a repetition to the platform
    not_before = MomentField()
    leased_until = MomentField(null=True)
    done = fields.TextField(default="{}")
    code = fields.CharField(max_length=64, default="")
    reason = fields.CharField(max_length=400, default="")
    trace = fields.CharField(max_length=32, default="")
    created_at = MomentField()
    sent_at = MomentField(null=True)
    handle = fields.TextField(default="{}")  # where it lies, to take it back
    is_reported = fields.BooleanField(default=False)  # admins know that it is a dead letter

    class Meta:
        table = "outbox"
        unique_together = (("tenant", "key"),)
        indexes = (("state", "not_before"), ("lane", "state", "sent_at"), ("tenant", "ref"))


class CardCopy(Model):
    """A card as it lies in one chat: what is needed to change it there."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    ref = fields.CharField(max_length=100)
    platform = fields.CharField(max_length=16)
    app = fields.CharField(max_length=64)
    user = fields.CharField(max_length=128, default="")
    chat = fields.CharField(max_length=190, default="")
    message = fields.CharField(max_length=190)  # what a press on it brings back
    handle = fields.TextField()
    edition = fields.IntField(default=0)
    at = MomentField()

    class Meta:
        table = "card_copy"
        indexes = (("tenant", "ref"), ("platform", "app", "message"))


class CardEdition(Model):
    """The newest edition of a card that everyone who has it should see."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    ref = fields.CharField(max_length=100)
    edition = fields.IntField(default=0)
    card = fields.TextField(default="")

    class Meta:
        table = "card_edition"
        unique_together = (("tenant", "ref"),)


@dataclass(frozen=True, slots=True)
class Message:
    """A card for one place; `key` makes sending it twice the same as once.

    `direct` is an answer to what this person has just said: it respects no quiet hours and no
    cap. Nor does `urgent`, which also rings by the platform's means. Of two unsent messages to
    one place about the same `topic` (empty: the card's ref) only the newer one leaves.
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
    current = await _edition(message.tenant, message.card.ref)
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
        ref=message.card.ref,
        edition=current.edition if current else 0,
        card=_dumps(message.card),
        not_before=now,
        trace=message.trace,
        created_at=now,
    )
    return True


async def replace(
    tenant: str,
    card: Card,
    *,
    now: datetime,
    trace: str,
    pressed: Mapping[str, str] | None = None,
    pressed_wait: timedelta = timedelta(),
    told: tuple[str, str] = ("", ""),
) -> list[int]:
    """Make `card` what everyone sees who has a copy of its ref; runs in the caller's transaction.

    Untried messages of that ref are rewritten (one that was tried may have arrived, and is
    corrected when it is sent), copies get a change queued. `pressed` is the
    origin of a press (its "message" names the copy): that one waits `pressed_wait`, because the
    presser usually sees the new card in the very answer; the ids of those rows are returned so
    that they can be dropped once the answer has left. A copy that cannot be changed in place is
    sent anew, except to `told`, the (platform, user) who gets the card as an answer anyway.
    """
    edition = await _next_edition(tenant, card)
    body = _dumps(card)
    await OutboxRow.filter(
        tenant=tenant, ref=card.ref, state__in=UNSEEN, copy_id=None, leased_until=None, attempts=0
    ).update(card=body, edition=edition)
    answered = []
    for copy in await CardCopy.filter(tenant=tenant, ref=card.ref).order_by("id"):
        if not copy.message and (copy.platform, copy.user) == told:
            continue
        is_pressed = bool(copy.message) and copy.message == (pressed or {}).get("message")
        if is_pressed:
            await _renew(copy, pressed or {})
        wait = pressed_wait if is_pressed else timedelta()
        row = await _change(copy, body, edition, now=now, wait=wait, trace=trace)
        if is_pressed:
            answered.append(row)
    return answered


async def adopt(tenant: str, ref: str, pressed: Mapping[str, str]) -> None:
    """The pressed copy shows the card `ref` from now on, whatever it was before."""
    if ref and pressed.get("message"):
        copies = CardCopy.filter(tenant=tenant, message=pressed["message"])
        await copies.exclude(ref=ref).update(ref=ref)


async def refresh(
    tenant: str, card: Card, *, now: datetime, trace: str, pressed: Mapping[str, str]
) -> None:
    """Change only the pressed copy: somebody pressed an outdated card."""
    copy = await CardCopy.filter(
        tenant=tenant, ref=card.ref, message=pressed.get("message", "")
    ).first()
    if copy:
        await _renew(copy, pressed)
        await _change(copy, _dumps(card), copy.edition, now=now, wait=timedelta(), trace=trace)


async def newest(tenant: str, ref: str) -> Card | None:
    """The newest edition of a card that was replaced at least once."""
    current = await _edition(tenant, ref)
    return from_json(json.loads(current.card)) if current and current.card else None


async def drop(ids: Iterable[int]) -> None:
    """Take back messages that are no longer needed (the answer to a press has arrived)."""
    await OutboxRow.filter(id__in=list(ids), state=NEW).update(state=DROPPED)


async def claim(*, now: datetime, limit: int, lease: timedelta) -> list[Parcel]:
    """Lease what is due, by rank and age; in a lane one of a rank at a time, so order is kept."""
    async with transaction():
        ids = await _due(now, limit)
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
        current = await _locked_edition(parcel.tenant, parcel.card.ref)
        row = await OutboxRow.filter(id=parcel.id).select_for_update().get()
        if row.state == SENT:
            return  # another postman's lease overlapped ours, and it was faster
        row.state, row.sent_at, row.leased_until = SENT, now, None
        row.handle = json.dumps(dict(handle))
        await row.save(update_fields=["state", "sent_at", "leased_until", "handle"])
        if not row.ref:
            return
        copy = await _copied(row, handle, now)
        if current and current.card and current.edition > row.edition:
            wait = timedelta()
            await _change(copy, current.card, current.edition, now=now, wait=wait, trace=row.trace)


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
        row.copy_id, row.leased_until, row.done = None, None, "{}"
        await row.save(update_fields=["copy_id", "leased_until", "done"])


async def listed(tenant: str, state: str, limit: int = 100) -> list[OutboxRow]:
    """Newest rows of a state, for `main.py outbox list` and the console."""
    return await OutboxRow.filter(tenant=tenant, state=state).order_by("-id").limit(limit)


async def lying(tenant: str, id: int) -> tuple[str, str, dict[str, str]] | None:
    """(platform, app, handle) of a message that was sent; None for any other."""
    row = await OutboxRow.get_or_none(tenant=tenant, id=id, state=SENT)
    return (row.platform, row.app, json.loads(row.handle)) if row else None


async def recalled(tenant: str, id: int) -> None:
    """It was taken back: nobody has a copy to change any more."""
    async with transaction():
        row = await OutboxRow.get(tenant=tenant, id=id)
        message = json.loads(row.handle).get("message", "")
        if message:
            copies = CardCopy.filter(tenant=tenant, platform=row.platform, message=message)
            gone = await copies.values_list("id", flat=True)
            await OutboxRow.filter(copy_id__in=gone, state=NEW).update(state=DROPPED)
            await CardCopy.filter(id__in=gone).delete()
        row.state = RECALLED
        await row.save(update_fields=["state"])


async def replay(tenant: str, ids: Iterable[int] | None, *, now: datetime) -> int:
    """Give dead letters another chance; None means all of them."""
    rows = OutboxRow.filter(tenant=tenant, state=DEAD)
    rows = rows.filter(id__in=list(ids)) if ids is not None else rows
    fresh = {"state": NEW, "attempts": 0, "not_before": now, "reason": "", "code": "", "done": "{}"}
    return int(await rows.update(**fresh, replays=F("replays") + 1))


async def discard(tenant: str, ids: Iterable[int]) -> int:
    """Drop dead letters for good."""
    rows = OutboxRow.filter(tenant=tenant, state=DEAD, id__in=list(ids))
    return int(await rows.update(state=DROPPED))


async def counts() -> dict[str, int]:
    """How many rows wait and how many are dead, for the metrics."""
    return {
        "waiting": await OutboxRow.filter(state=NEW).count(),
        "dead": await OutboxRow.filter(state=DEAD).count(),
    }


async def _due(now: datetime, limit: int) -> list[int]:
    mark = "$1" if is_postgres() else "?1"  # the same moment, three times
    sql = (
        f"SELECT o.id FROM outbox o WHERE o.state = 'new' AND o.not_before <= {mark} "
        f"AND (o.leased_until IS NULL OR o.leased_until < {mark}) "
        "AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.lane = o.lane AND e.state = 'new' "
        "AND (e.rank = o.rank AND e.id < o.id "
        f"OR e.rank < o.rank AND e.not_before <= {mark})) ORDER BY o.rank, o.id LIMIT {int(limit)}"
    )
    rows = await connection().execute_query_dict(sql, [stamp(now)])
    return [int(row["id"]) for row in rows]


async def _edition(tenant: str, ref: str) -> CardEdition | None:
    return await CardEdition.get_or_none(tenant=tenant, ref=ref) if ref else None


async def _locked_edition(tenant: str, ref: str) -> CardEdition | None:
    """Locked until the transaction ends: nobody delivers the first copy unseen by a replacement."""
    if not ref:
        return None
    await CardEdition.get_or_create(tenant=tenant, ref=ref)
    return await CardEdition.filter(tenant=tenant, ref=ref).select_for_update().get()


async def _next_edition(tenant: str, card: Card) -> int:
    current = await _locked_edition(tenant, card.ref)
    assert current, "only a card with a ref is replaced"
    current.edition += 1
    current.card = _dumps(card)
    await current.save(update_fields=["edition", "card"])
    return int(current.edition)


async def _change(
    copy: CardCopy, body: str, edition: int, *, now: datetime, wait: timedelta, trace: str
) -> int:
    """Queue the change of one copy; an older unsent change of it is superseded."""
    await OutboxRow.filter(copy_id=copy.id, state=NEW, leased_until=None).update(state=DROPPED)
    key = f"copy:{copy.id}:{edition}:{hashlib.sha256(body.encode()).hexdigest()[:12]}"
    row, _ = await OutboxRow.update_or_create(
        tenant=copy.tenant,
        key=key,
        defaults={
            "platform": copy.platform,
            "app": copy.app,
            "user": copy.user,
            "chat": copy.chat,
            "lane": f"copy:{copy.id}",
            "ref": copy.ref,
            "edition": edition,
            "card": body,
            "copy_id": copy.id,
            "state": NEW,
            "attempts": 0,
            "not_before": now + wait,
            "trace": trace,
            "created_at": now,
        },
    )
    return int(row.id)


async def _renew(copy: CardCopy, origin: Mapping[str, str]) -> None:
    """A press brings fresh means of changing the card (a new single-use code or token)."""
    copy.handle = json.dumps({**json.loads(copy.handle), **origin})
    await copy.save(update_fields=["handle"])


async def _copied(row: OutboxRow, handle: Mapping[str, str], now: datetime) -> CardCopy:
    """Note where the delivered card lies now."""
    place: dict[str, Any] = {
        "message": handle.get("message", ""),
        "handle": json.dumps(dict(handle)),
        "edition": row.edition,
        "at": now,
    }
    if row.copy_id and await CardCopy.filter(id=row.copy_id).update(**place):
        return await CardCopy.get(id=row.copy_id)
    return await CardCopy.create(
        tenant=row.tenant,
        ref=row.ref,
        platform=row.platform,
        app=row.app,
        user=row.user,
        chat=row.chat,
        **place,
    )


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


def _dumps(card: Card) -> str:
    return json.dumps(to_json(card), ensure_ascii=False)
