"""What leaves later: held messages, the digest that lists them, quotas, and who was told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from cards.card import from_json
from cards.parcel import Parcel
from crm.delivery import CAP, QUIET, Held
from models.moment import MomentField
from models.outbox import ANSWER, DEAD, HELD, LISTED, NEW, SENT, OutboxRow

_EVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


class MonthlyCalls(Model):
    """Calls that a platform bills, by month (2026-03) in the zone of the tenant."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    platform = fields.CharField(max_length=16)
    month = fields.CharField(max_length=7)
    calls = fields.BigIntField(default=0)
    told = fields.IntField(default=0)  # the highest mark (per cent) that admins know of

    class Meta:
        table = "monthly_calls"
        unique_together = (("tenant", "platform", "month"),)


class Notice(Model):
    """When admins were last told of something."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    name = fields.CharField(max_length=32)
    at = MomentField()

    class Meta:
        table = "notice"
        unique_together = (("tenant", "name"),)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A held message as the digest and the command line name it."""

    id: int
    title: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person was not told yet; `lane` is the place, `key` names this very list."""

    tenant: str
    platform: str
    app: str
    user: str
    key: str
    items: tuple[Waiting, ...]


async def pushed(parcel: Parcel, *, since: datetime) -> int:
    """How many messages rang in the parcel's lane since then, answers left out.

    Others that are under way count too, so that two at once cannot both be the last.
    """
    rows = OutboxRow.filter(lane=parcel.lane, copy_id=None, rank__gt=ANSWER)
    gone = await rows.filter(state=SENT, sent_at__gte=since).count()
    others = rows.filter(state=NEW, leased_until__isnull=False).exclude(id=parcel.id)
    return gone + await others.count()


async def hold(parcel: Parcel, held: Held) -> None:
    """Keep a leased message back."""
    await OutboxRow.filter(id=parcel.id).update(
        state=HELD, code=held.why, not_before=held.until, leased_until=None
    )


async def release(*, now: datetime) -> int:
    """The night is over: what waited for its end is due."""
    due = OutboxRow.filter(state=HELD, not_before__lte=now, code=QUIET)
    return int(await due.update(state=NEW, code=""))


async def show(tenant: str, id: int, accounts: Sequence[tuple[str, str]], *, now: datetime) -> bool:
    """Send a held message after all to the person who asks for it; False if it is not theirs."""
    for platform, user in accounts:
        rows = OutboxRow.filter(tenant=tenant, id=id, platform=platform, user=user, chat="")
        found = await rows.filter(state__in=(HELD, LISTED)).update(
            state=NEW, code="", rank=ANSWER, direct=True, not_before=now
        )
        if found:
            return True
    return False


async def waiting(tenant: str, accounts: Sequence[tuple[str, str]]) -> list[Waiting]:
    """What is held or was only listed for one person, oldest first, at most 50."""
    mine = Q(*(Q(platform=platform, user=user) for platform, user in accounts), join_type="OR")
    rows = OutboxRow.filter(mine, tenant=tenant, chat="", state__in=(HELD, LISTED), copy_id=None)
    return [Waiting(row.id, _title(row)) for row in await rows.order_by("id").limit(50)]


async def has_digests(tenant: str, *, now: datetime) -> bool:
    return await OutboxRow.filter(tenant=tenant, state=HELD, not_before__lte=now, code=CAP).exists()


async def has_dead(tenant: str, *, now: datetime) -> bool:
    """Whether there are dead letters that no admin was told of by `now`."""
    del now
    return await OutboxRow.filter(tenant=tenant, state=DEAD, is_reported=False).exists()


async def digests(tenant: str, *, now: datetime) -> list[Digest]:
    """What is due to be listed, by place; call `listed` in the same transaction."""
    rows = (
        await OutboxRow.filter(tenant=tenant, state=HELD, not_before__lte=now, code=CAP)
        .order_by("lane", "id")
        .select_for_update(skip_locked=True)
    )
    found = []
    for _, group in groupby(rows, key=lambda row: row.lane):
        some = list(group)
        first, items = some[0], tuple(Waiting(row.id, _title(row)) for row in some)
        key = f"digest:{first.id}"
        found.append(Digest(tenant, first.platform, first.app, first.user, key, items))
    return found


async def listed(digest: Digest) -> None:
    """These were named; they stay to be asked for."""
    ids = [item.id for item in digest.items]
    await OutboxRow.filter(id__in=ids, state=HELD).update(state=LISTED)


async def unreported(tenant: str) -> list[OutboxRow]:
    """Dead letters that no admin was told of."""
    return await OutboxRow.filter(tenant=tenant, state=DEAD, is_reported=False).order_by("id")


async def report(rows: Sequence[OutboxRow]) -> None:
    await OutboxRow.filter(id__in=[row.id for row in rows]).update(is_reported=True)


async def may_tell(tenant: str, name: str, *, now: datetime, every: timedelta) -> bool:
    """True at most once in `every`, however many ask; the caller's transaction keeps it."""
    await Notice.get_or_create(tenant=tenant, name=name, defaults={"at": _EVER})
    mine = Notice.filter(tenant=tenant, name=name, at__lte=now - every)
    return bool(await mine.update(at=now))


async def count_call(tenant: str, platform: str, month: str, calls: int = 1) -> None:
    """Count what a platform will bill."""
    row = MonthlyCalls.filter(tenant=tenant, platform=platform, month=month)
    if not await row.update(calls=F("calls") + calls):
        await MonthlyCalls.get_or_create(tenant=tenant, platform=platform, month=month)
        await row.update(calls=F("calls") + calls)


async def month_calls(tenant: str, platform: str, month: str) -> tuple[int, int]:
    """(calls, the mark that admins know of) of a month."""
    row = await MonthlyCalls.get_or_none(tenant=tenant, platform=platform, month=month)
    return (row.calls, row.told) if row else (0, 0)


async def tell_mark(tenant: str, platform: str, month: str, mark: int) -> bool:
    """True for the one who is to tell the admins that `mark` per cent are used."""
    rows = MonthlyCalls.filter(tenant=tenant, platform=platform, month=month, told__lt=mark)
    return bool(await rows.update(told=mark))


async def counts() -> dict[str, int]:
    """How many are held and how many only listed, for the metrics."""
    return {
        "held": await OutboxRow.filter(state=HELD).count(),
        "listed": await OutboxRow.filter(state=LISTED).count(),
    }


def _title(row: OutboxRow) -> str:
    return str(from_json(json.loads(row.card)).title)
