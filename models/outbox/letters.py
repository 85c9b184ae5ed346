"""Messages looked at afterwards: dead letters listed and replayed, sent ones taken back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from tortoise.expressions import F

from models.db import transaction
from models.outbox.rows import DEAD, DROPPED, NEW, RECALLED, SENT, CardCopy, OutboxRow


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
