"""Durable work for later: what is too slow for a reply, and what has its time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from config.log import trace
from models.db import transaction
from models.moment import MomentField

NEW, DONE, DEAD = "new", "done", "dead"


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


async def claim(*, now: datetime, lease: timedelta, limit: int = 4) -> list[Task]:
    """Lease what is due."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    async with transaction():
        rows = (
            await TaskRow.filter(free, state=NEW, not_before__lte=now)
            .order_by("id")
            .limit(limit)
            .select_for_update(skip_locked=True)
        )
        await TaskRow.filter(id__in=[row.id for row in rows]).update(leased_until=now + lease)
    return [
        Task(row.id, row.tenant, row.name, json.loads(row.args), row.attempts, row.trace)
        for row in rows
    ]


async def free_leases() -> int:
    """Give up every lease; only for a process that knows itself alone, after another's death."""
    return int(await TaskRow.filter(leased_until__isnull=False).update(leased_until=None))


async def hold(id: int) -> bool:
    """Lock a leased task in the transaction of its effects; False if another has done it."""
    return bool(await TaskRow.filter(id=id, state=NEW).select_for_update().first())


async def finish(id: int, *, now: datetime) -> None:
    """Done; called inside the transaction of the work's effects."""
    await TaskRow.filter(id=id).update(state=DONE, done_at=now, leased_until=None)


async def fail(task: Task, *, error: str, retry_at: datetime | None) -> None:
    """Try again at `retry_at`; without it the task is dead."""
    changes: dict[str, Any] = {"attempts": task.attempts + 1, "error": error[:400]}
    if retry_at is None:
        changes["state"] = DEAD
    else:
        changes["not_before"] = retry_at
    await TaskRow.filter(id=task.id, state=NEW).update(leased_until=None, **changes)
