"""The platforms' contacts as we last saw them, and the walks through them, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tortoise import fields
from tortoise.models import Model

from crm.person import Listed, normal_mobile
from models.db import transaction
from models.moment import MomentField

WALKING, DONE, HELD, FAILED, ANSWERED = "walking", "done", "held", "failed", "answered"
STALE = timedelta(hours=12)  # a walk that stood still so long begins anew

Department = tuple[str, str, str]
"""(id, name, parent) as the platform tells it; the parent of the root is ""."""


class ContactRow(Model):
    """A member of a platform's contacts, whether or not we know the person."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    platform = fields.CharField(max_length=16)
    user = fields.CharField(max_length=128)
    name = fields.CharField(max_length=100, default="")
    mobile = fields.CharField(max_length=20, default="")
    departments = fields.CharField(max_length=400, default="")
    is_active = fields.BooleanField(default=True)  # what the platform said last
    is_present = fields.BooleanField(default=False)  # what we made of it
    person_id = fields.IntField(null=True)
    run_id = fields.IntField(default=0)  # the last walk that met this member
    seen_at = MomentField()

    class Meta:
        table = "contact"
        unique_together = (("tenant", "platform", "user"),)
        indexes = (("tenant", "person_id"),)

    def listed(self) -> Listed:
        parts = tuple(part for part in self.departments.split(",") if part)
        return Listed(self.id, self.user, self.name, self.mobile, parts, self.is_active)


class DepartmentRow(Model):
    """A department as its platform names it."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    platform = fields.CharField(max_length=16)
    number = fields.CharField(max_length=128)
    name = fields.CharField(max_length=200, default="")
    parent = fields.CharField(max_length=128, default="")
    run_id = fields.IntField(default=0)

    class Meta:
        table = "department"
        unique_together = (("tenant", "platform", "number"),)


class ContactRun(Model):
    """One walk through a platform's contacts. The cursor is kept, so a fault costs one page."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    platform = fields.CharField(max_length=16)
    state = fields.CharField(max_length=12, default=WALKING)
    cursor = fields.TextField(default="")
    pages = fields.IntField(default=0)
    is_whole = fields.BooleanField(default=False)  # the last page has been read
    why = fields.CharField(max_length=400, default="")
    missing = fields.TextField(default="[]")  # contacts whose leaving an admin must confirm
    started_at = MomentField()
    moved_at = MomentField()

    class Meta:
        table = "contact_run"
        indexes = (("tenant", "platform", "state"),)


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a walk stands."""

    id: int
    platform: str
    cursor: str
    pages: int
    is_whole: bool


async def begin(tenant: str, platform: str, *, now: datetime) -> Walk:
    """The walk that is under way, else a new one."""
    rows = ContactRun.filter(tenant=tenant, platform=platform, state=WALKING)
    await rows.filter(moved_at__lt=now - STALE).update(state=FAILED, why="中断太久，已重新开始")
    row = await rows.order_by("id").first()
    if row is None:
        row = await ContactRun.create(
            tenant=tenant, platform=platform, started_at=now, moved_at=now
        )
    return _walk(row)


async def keep(
    walk: Walk,
    tenant: str,
    members: Sequence[Listed],
    departments: Sequence[Department],
    *,
    cursor: str,
    now: datetime,
) -> Walk:
    """Keep one page and how to go on; one that somebody else has kept changes nothing."""
    async with transaction():
        row = await ContactRun.filter(id=walk.id).select_for_update().get()
        if (row.state, row.cursor, row.pages) != (WALKING, walk.cursor, walk.pages):
            return _walk(row)
        await _keep_members(tenant, walk, members, now)
        await _keep_departments(tenant, walk, departments)
        row.cursor, row.pages, row.moved_at = cursor, row.pages + 1, now
        row.is_whole = not cursor
        await row.save()
    return _walk(row)


async def give_up(walk: Walk, why: str) -> bool:
    """The walk ends without a result; what it has learnt stays. False if it had ended already."""
    rows = ContactRun.filter(id=walk.id, state=WALKING)
    return bool(await rows.update(state=FAILED, why=why[:400]))


async def close(id: int, state: str, *, why: str = "", missing: Iterable[int] = ()) -> bool:
    """The walk was settled; False if somebody else did it."""
    rows = ContactRun.filter(id=id, state=WALKING)
    told = json.dumps(list(missing))
    return bool(await rows.update(state=state, why=why[:400], missing=told))


async def answer(tenant: str, id: int) -> tuple[str, list[ContactRow]] | None:
    """Take the question of a held walk off the table: its platform, and who is still missing.

    None if there is no such question, or it was answered.
    """
    run = await ContactRun.filter(tenant=tenant, id=id, state=HELD).select_for_update().first()
    if run is None:
        return None
    run.state = ANSWERED
    await run.save(update_fields=["state"])
    rows = await ContactRow.filter(id__in=json.loads(run.missing), is_present=True)
    return run.platform, [row for row in rows if row.run_id < run.id or not row.is_active]


async def upsert(tenant: str, platform: str, told: Listed, *, now: datetime) -> ContactRow:
    """What an event tells about one member; what it leaves out stays as it was."""
    row, _ = await ContactRow.get_or_create(
        tenant=tenant,
        platform=platform,
        user=told.user,
        defaults={"seen_at": now, "is_active": told.is_active},
    )
    _fill(row, told)
    row.is_active, row.is_present, row.seen_at = told.is_active, told.is_active, now
    await row.save()
    return row


async def rename(tenant: str, platform: str, user: str, new: str) -> None:
    """The platform gave a member another id."""
    if not await ContactRow.filter(tenant=tenant, platform=platform, user=new).exists():
        await ContactRow.filter(tenant=tenant, platform=platform, user=user).update(user=new)


async def present(tenant: str, platform: str) -> list[ContactRow]:
    return await ContactRow.filter(tenant=tenant, platform=platform, is_present=True).order_by("id")


async def unmatched(tenant: str, limit: int = 50) -> list[ContactRow]:
    """Members who are nobody we know, oldest first."""
    rows = ContactRow.filter(tenant=tenant, is_present=True, person_id=None)
    return await rows.order_by("id").limit(limit)


async def nobody(tenant: str, number: int) -> ContactRow | None:
    """One of the unmatched, by number."""
    rows = ContactRow.filter(tenant=tenant, id=number, is_present=True, person_id=None)
    return await rows.first()


async def by_user(tenant: str, platform: str, user: str) -> ContactRow | None:
    return await ContactRow.get_or_none(tenant=tenant, platform=platform, user=user)


async def _keep_members(tenant: str, walk: Walk, members: Iterable[Listed], now: datetime) -> None:
    told: dict[str, Listed] = {}
    for item in members:  # somebody in two departments comes twice
        both = told[item.user].departments if item.user in told else ()
        told[item.user] = replace(item, departments=_union(both, item.departments))
    rows = ContactRow.filter(tenant=tenant, platform=walk.platform, user__in=list(told))
    known = {row.user: row for row in await rows}
    for user, item in told.items():
        row = known.get(user)
        if row is None:
            row = ContactRow(tenant=tenant, platform=walk.platform, user=user)
        elif row.run_id == walk.id:
            item = replace(item, departments=_union(row.listed().departments, item.departments))
        _fill(row, item)
        row.is_active, row.run_id, row.seen_at = item.is_active, walk.id, now
        await row.save()


async def _keep_departments(tenant: str, walk: Walk, found: Iterable[Department]) -> None:
    for number, name, parent in found:
        await DepartmentRow.update_or_create(
            tenant=tenant,
            platform=walk.platform,
            number=number,
            defaults={"parent": parent, "run_id": walk.id} | ({"name": name} if name else {}),
        )


def _fill(row: ContactRow, told: Listed) -> None:
    row.name = told.name[:100] or row.name
    row.mobile = normal_mobile(told.mobile) or row.mobile
    row.departments = ",".join(told.departments)[:400] or row.departments


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _walk(row: ContactRun) -> Walk:
    return Walk(row.id, row.platform, row.cursor, row.pages, row.is_whole)


async def department_names(tenant: str, platform: str) -> dict[str, str]:
    rows = await DepartmentRow.filter(tenant=tenant, platform=platform)
    return {row.number: row.name for row in rows}


async def count_departments(run: int) -> int:
    return await DepartmentRow.filter(run_id=run).count()
