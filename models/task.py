"""Durable work for later: what is too slow for a reply, and what has its time."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from config.log import trace
from models.db import transaction
from models.moment import MomentField

log = logging.getLogger(__name__)

NEW, DONE, DEAD = "new", "done", "dead"
DEATHS = 3  # so often a task may take its worker along


class TaskRow(Model):
    """One piece of work, unique on (tenant, key), so asking twice is the same as once."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    name = fields.CharField(max_length=64)
    key = fields.CharField(max_length=190)
    args = fields.TextField(default="{}")
    state = fields.CharField(max_length=8, default=NEW)
    attempts = fields.IntField(default=0)
    recoveries = fields.IntField(default=0)  # times in a row that whoever had it did not come back
    not_before = MomentField()
    leased_until = MomentField(null=True)
    error = fields.CharField(max_length=400, default="")
    trace = fields.CharField(max_length=32, default="")
    created_at = MomentField()
    done_at = MomentField(null=True)

    class Meta:
        table = "task"
        unique_together = (("tenant", "key"),)
        indexes = (("state", "not_before"),)


class Cursor(Model):
    """How far something outside has been read, by the name of what is read."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    name = fields.CharField(max_length=190)
    value = fields.TextField(default="")

    class Meta:
        table = "cursor"
        unique_together = (("tenant", "name"),)


@dataclass(frozen=True, slots=True)
class Task:
    """A leased piece of work."""

    id: int
    tenant: str
    name: str
    args: Mapping[str, Any]
    attempts: int
    trace: str


async def ask(
    tenant: str, name: str, *, key: str, now: datetime, args: Mapping[str, Any], at: datetime | None
) -> bool:
    """Queue work inside the caller's transaction, to begin at `at`; False if already asked."""
    _, is_new = await TaskRow.get_or_create(
        tenant=tenant,
        key=key,
        defaults={
            "name": name,
            "args": json.dumps(dict(args), ensure_ascii=False),
            "not_before": at or now,
            "created_at": now,
            "trace": trace.get(),
        },
    )
    return is_new


async def read_to(tenant: str, name: str) -> str:
    """How far `name` has been read; "" if never."""
    row = await Cursor.get_or_none(tenant=tenant, name=name)
    return str(row.value) if row else ""


async def keep_place(tenant: str, name: str, value: str) -> None:
    """Note how far it has been read, in the transaction that keeps what was read."""
    await Cursor.update_or_create(tenant=tenant, name=name, defaults={"value": value})


async def claim(*, now: datetime, lease: timedelta, limit: int = 1) -> list[Task]:
    """Lease what is due; a lease also says who is being worked at, so take no more than that.

    A lease that has run out means that its worker died or never came back: whoever has done that
    to DEATHS workers in a row is dead, before it does so to this one.
    """
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    async with transaction():
        rows = (
            await TaskRow.filter(free, state=NEW, not_before__lte=now)
            .order_by("id")
            .limit(limit)
            .select_for_update(skip_locked=True)
        )
        found = [row for row in rows if await _outlived(row)]
        await TaskRow.filter(id__in=[row.id for row in found]).update(leased_until=now + lease)
    return [
        Task(row.id, row.tenant, row.name, json.loads(row.args), row.attempts, row.trace)
        for row in found
    ]


async def _outlived(row: TaskRow) -> bool:
    """Count a lease that nobody gave back; False if that was once too often."""
    deaths = row.recoveries + (row.leased_until is not None)
    if deaths < DEATHS:
        if row.leased_until is not None:
            await TaskRow.filter(id=row.id).update(recoveries=deaths)
        return True
    await TaskRow.filter(id=row.id).update(
        state=DEAD, recoveries=deaths, leased_until=None, error="its worker died or hung each time"
    )
    log.error("task buried: worker died each time", extra={"task": row.id, "job": row.name})
    return False


async def free_leases() -> int:
    """Give up every lease; only for a process that knows itself alone, after another's death."""
    left = TaskRow.filter(leased_until__isnull=False)
    return int(await left.update(leased_until=None, recoveries=F("recoveries") + 1))


async def give_back(id: int) -> None:
    """The worker stops before it is done: the task is free, and none of it counts."""
    await TaskRow.filter(id=id, state=NEW).update(leased_until=None)


async def hold(id: int) -> bool:
    """Lock a leased task in the transaction of its effects; False if another has done it."""
    return bool(await TaskRow.filter(id=id, state=NEW).select_for_update().first())


async def finish(id: int, *, now: datetime) -> None:
    """Done; called inside the transaction of the work's effects."""
    await TaskRow.filter(id=id).update(state=DONE, done_at=now, leased_until=None)


async def fail(task: Task, *, error: str, retry_at: datetime | None) -> None:
    """Try again at `retry_at`; without it the task is dead."""
    changes: dict[str, Any] = {
        "attempts": task.attempts + 1,
        "recoveries": 0,
        "error": error[:400],
    }
    if retry_at is None:
        changes["state"] = DEAD
    else:
        changes["not_before"] = retry_at
    await TaskRow.filter(id=task.id, state=NEW).update(leased_until=None, **changes)
