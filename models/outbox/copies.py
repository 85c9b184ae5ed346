"""Copies of a card on people's phones, and the newest edition that all of them should show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cards.card import Card, from_json
from models.outbox.rows import DROPPED, NEW, UNSEEN, CardCopy, CardEdition, OutboxRow, dumps


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
    body = dumps(card)
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
        row = await change(copy, body, edition, now=now, wait=wait, trace=trace)
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
        await change(copy, dumps(card), copy.edition, now=now, wait=timedelta(), trace=trace)


async def newest(tenant: str, ref: str) -> Card | None:
    """The newest edition of a card that was replaced at least once."""
    current = await edition_of(tenant, ref)
    return from_json(json.loads(current.card)) if current and current.card else None


async def edition_of(tenant: str, ref: str) -> CardEdition | None:
    return await CardEdition.get_or_none(tenant=tenant, ref=ref) if ref else None


async def locked_edition(tenant: str, ref: str) -> CardEdition | None:
    """Locked until the transaction ends: nobody delivers the first copy unseen by a replacement."""
    if not ref:
        return None
    await CardEdition.get_or_create(tenant=tenant, ref=ref)
    return await CardEdition.filter(tenant=tenant, ref=ref).select_for_update().get()


async def _next_edition(tenant: str, card: Card) -> int:
    current = await locked_edition(tenant, card.ref)
    assert current, "only a card with a ref is replaced"
    current.edition += 1
    current.card = dumps(card)
    await current.save(update_fields=["edition", "card"])
    return int(current.edition)


async def change(
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


async def copied(row: OutboxRow, handle: Mapping[str, str], now: datetime) -> CardCopy:
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
