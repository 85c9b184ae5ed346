"""Stores and their rosters: immutable versions, one table row each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tortoise import fields
from tortoise.models import Model

from crm.person import Role
from crm.roster import (
    History,
    Roster,
    RosterPolicy,
    Week,
    catalogue,
    demand,
    team,
    typical_traffic,
)
from models import person
from models.moment import MomentField

MAKING, DRAFT, PUBLISHED, REPLACED = "making", "draft", "published", "replaced"


class StoreRow(Model):
    """A store: when it is open and how many customers come, as the demand rule wants it."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    name = fields.CharField(max_length=64)
    facts = fields.TextField(default="{}")

    class Meta:
        table = "store"
        unique_together = (("tenant", "name"),)


class RosterRow(Model):
    """One version of a store's week. A change is a new version, only the state moves on."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    store = fields.CharField(max_length=64)
    week = fields.DateField()  # its Monday
    version = fields.IntField()
    state = fields.CharField(max_length=12, default=DRAFT)
    author = fields.CharField(max_length=64)
    body = fields.TextField()  # assignment, score, explanations as the solver gave them
    policy_version = fields.IntField(default=0)
    made_at = MomentField()
    published_at = MomentField(null=True)

    class Meta:
        table = "roster"
        unique_together = (("tenant", "store", "week", "version"),)
        indexes = (("tenant", "store", "week", "state"),)


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored roster version."""

    id: int
    store: str
    week: date
    version: int
    state: str
    author: str
    body: Mapping[str, Any]
    made_at: datetime

    def roster(self) -> Roster:
        return Roster(tuple((int(w), int(d), str(p)) for w, d, p in self.body["cells"]))


async def save_store(tenant: str, name: str, facts: Mapping[str, Any]) -> None:
    await StoreRow.update_or_create(
        tenant=tenant, name=name, defaults={"facts": json.dumps(facts, ensure_ascii=False)}
    )


async def reserve(
    tenant: str, *, store: str, week: date, author: str, policy_version: int, now: datetime
) -> Kept:
    """The store's next version of that week, still to be made."""
    last = (
        await RosterRow.filter(tenant=tenant, store=store, week=week).order_by("-version").first()
    )
    row = await RosterRow.create(
        tenant=tenant,
        store=store,
        week=week,
        version=last.version + 1 if last else 1,
        state=MAKING,
        author=author,
        body="{}",
        policy_version=policy_version,
        made_at=now,
    )
    return _kept(row)


async def finish(tenant: str, id: int, body: Mapping[str, Any], *, now: datetime) -> bool:
    """The made roster becomes a draft; False if it was finished before."""
    text = json.dumps(body, ensure_ascii=False)
    rows = RosterRow.filter(tenant=tenant, id=id, state=MAKING)
    return bool(await rows.update(state=DRAFT, body=text, made_at=now))


async def week_of(
    tenant: str, store: str, monday: date, policy: RosterPolicy, *, deep: bool = True
) -> Week:
    """Everything that rostering the store's week needs, with what the week before leaves behind."""
    row = await StoreRow.get_or_none(tenant=tenant, name=store)
    facts: Mapping[str, Any] = json.loads(row.facts) if row else {}
    shop = team.shop(row.id if row else 0, store, facts)
    people = await person.with_role(tenant, Role.STAFF, store=store)
    people += [
        head
        for head in await person.with_role(tenant, Role.STORE_MANAGER, store=store)
        if head not in people
    ]
    past = await _past(tenant, store, monday, policy) if deep else None
    workers = tuple(
        team.worker(item, team.history(item.id, *past) if past else History()) for item in people
    )
    traffic = typical_traffic(shop, float(facts.get("customers", team.DEFAULT_CUSTOMERS)))
    return Week(shop, monday, workers, catalogue(shop), demand(shop, traffic, policy))


async def _past(
    tenant: str, store: str, monday: date, policy: RosterPolicy
) -> tuple[Week, Roster] | None:
    last_monday = monday - timedelta(days=7)
    kept = await newest(tenant, store, last_monday, state=PUBLISHED)
    if kept is None:
        return None
    return await week_of(tenant, store, last_monday, policy, deep=False), kept.roster()


async def by_id(tenant: str, id: int) -> Kept | None:
    row = await RosterRow.get_or_none(tenant=tenant, id=id)
    return _kept(row) if row else None


async def newest(tenant: str, store: str, week: date, *, state: str = "") -> Kept | None:
    """The newest version of a week, of one state if given."""
    rows = RosterRow.filter(tenant=tenant, store=store, week=week)
    row = await (rows.filter(state=state) if state else rows).order_by("-version").first()
    return _kept(row) if row else None


async def upcoming(tenant: str, store: str, week: date) -> Kept | None:
    """The earliest published roster of `week` or later."""
    row = (
        await RosterRow.filter(tenant=tenant, store=store, state=PUBLISHED, week__gte=week)
        .order_by("week", "-version")
        .first()
    )
    return _kept(row) if row else None


async def publish(tenant: str, id: int, *, now: datetime) -> bool:
    """Make a draft the week's roster under a row lock; False if it is no draft any more."""
    row = await RosterRow.filter(tenant=tenant, id=id, state=DRAFT).select_for_update().first()
    if row is None:
        return False
    await RosterRow.filter(tenant=tenant, store=row.store, week=row.week, state=PUBLISHED).update(
        state=REPLACED
    )
    row.state, row.published_at = PUBLISHED, now
    await row.save(update_fields=["state", "published_at"])
    return True


def _kept(row: RosterRow) -> Kept:
    return Kept(
        row.id,
        row.store,
        row.week,
        row.version,
        row.state,
        row.author,
        json.loads(row.body),
        row.made_at,
    )
