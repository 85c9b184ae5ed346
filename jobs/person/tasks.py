"""Contacts read every day and followed by events; departures and moves carried out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.commands import Work
from cards import person as views
from cards.card import Card
from crm.lead import Handover
from crm.person import (
    CREATED,
    DELETED,
    PLATFORM_WORDS,
    Listed,
    Role,
    SyncReport,
    next_sync,
)
from jobs.inbox import House
from jobs.person.walk import Walked, walked
from jobs.task import TRIES, Job, TaskWork
from models import person, task
from models.db import transaction
from models.person import contact, moving, settling
from models.person.saving import MOVED

log = logging.getLogger(__name__)

SYNC, CHANGED = "person.sync", "person.changed"


def sweep(house: House, _: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[int]]:
    """Plans the next daily look into each platform's contacts; never one for now, so that a
    start at noon does not begin by reading everybody.
    """
    planned: set[str] = set()

    async def drain() -> int:
        for tenant in house.tenants:
            policy, now = house.policies(tenant).person, house.now()
            due = next_sync(now.astimezone(house.zone), policy)
            for app in house.apps_of(tenant).items():
                key = f"{SYNC}:{tenant}:{app[0]}:{due:%Y-%m-%d}"
                if policy.sync_daily and app in house.adapters and key not in planned:
                    await _plan(tenant, app[0], key, now=now, at=due.astimezone(UTC))
                    planned.add(key)
        return 0

    return drain


async def _plan(tenant: str, platform: str, key: str, *, now: datetime, at: datetime) -> None:
    async with transaction():
        await task.ask(tenant, SYNC, key=key, now=now, args={"platform": platform}, at=at)


async def read(work: TaskWork) -> Walked | None:
    """Some pages of the contacts, outside any transaction; None where there is no such platform."""
    platform = str(work.args["platform"])
    adapter = work.adapters.get((platform, work.apps.get(platform, "")))
    if adapter is None:
        return None
    is_last = work.attempts + 1 >= TRIES
    return await walked(adapter, work.tenant, now=work.now, is_last_try=is_last)


async def sync(work: TaskWork, read_: Walked | None) -> None:
    """Draw the consequences of a whole walk, or ask for its next turn."""
    if read_ is None:
        log.warning("no such platform to sync", extra={"platform": work.args["platform"]})
        return
    is_manual = bool(work.args.get("is_manual"))
    walk = read_.walk
    if read_.fault:
        await tell(work, SyncReport(walk.platform, fault=read_.fault), walk.id)
        return
    if not walk.is_whole:
        key = f"{SYNC}:{work.tenant}:{walk.platform}:{walk.id}:{walk.pages}"
        await task.ask(work.tenant, SYNC, key=key, now=work.now, args=work.args, at=None)
        return
    done = await settling.settle(work.tenant, walk, work.policies.person, now=work.now)
    if done is None:
        return
    await tell_departures(work, done.handovers)
    if is_manual or done.report.is_news:
        await tell(work, done.report, walk.id)


async def change(work: TaskWork, _: Any) -> None:
    """A platform told that members have come, changed or gone."""
    platform, kind = str(work.args["platform"]), str(work.args["change"])
    users = [str(user) for user in work.args["users"]]
    if kind == DELETED:
        for user in users:
            await _gone(work, platform, user)
        return
    if new := str(work.args.get("new_user", "")):
        await _renamed(work, platform, users[0], new)
        users = [new]
    for user in users:
        await _told(work, platform, user, is_new=kind == CREATED)


async def move(work: TaskWork, _: Any) -> None:
    """Somebody is in another team, store or under another manager."""
    who = await person.by_id(work.tenant, int(work.args["person"]))
    if who is None:
        return
    before = {name: str(work.args[name]) for name in ("team", "store", "manager")}
    done = await moving.follow(who, **before, now=work.now)
    for to, card, key in views.move(done, f"{MOVED}:{who.id}:{work.now.timestamp():.6f}"):
        work.send(to, card, key=key)


async def tell(work: Work, report: SyncReport, run: int) -> None:
    """The report goes to every admin."""
    await _tell_admins(work, views.report(report, run), f"{SYNC}:{run}")


async def tell_departures(work: Work, handovers: Iterable[Handover]) -> None:
    for done in handovers:
        sellers = await moving.sellers(work.tenant, done.heir) if done.heir else []
        for to, card, key in views.departure(done, sellers):
            work.send(to, card, key=key)


async def _gone(work: TaskWork, platform: str, user: str) -> None:
    why = f"{PLATFORM_WORDS[platform]}通知"
    done = await moving.gone_from(work.tenant, platform, user, now=work.now, why=why)
    if isinstance(done, Handover):
        await tell_departures(work, [done])
        words = f"{len(done.leads)} 条线索交给 {done.heir.name if done.heir else '无人'}"
        card = Card(f"{done.gone.name} 已离职（{why}），{words}。")
        await _tell_admins(work, card, done.key)


async def _renamed(work: TaskWork, platform: str, user: str, new: str) -> None:
    """The platform changed a member's id: still the same person."""
    if await person.by_account(work.tenant, platform, new) is None:
        await person.rename_account(work.tenant, platform, user, new)
    await contact.rename(work.tenant, platform, user, new)


async def _told(work: TaskWork, platform: str, user: str, *, is_new: bool) -> None:
    args = work.args
    told = Listed(
        0,
        user,
        str(args.get("name", "")),
        str(args.get("mobile", "")),
        tuple(args.get("departments", ())),
    )
    row = await contact.upsert(work.tenant, platform, told, now=work.now)
    here = await contact.present(work.tenant, platform)
    await settling.join(work.tenant, platform, here, now=work.now)
    await row.refresh_from_db()
    if row.person_id is None:
        if is_new:
            key = f"{CHANGED}:{platform}:{row.id}:{work.now:%Y%m%d}"
            await _tell_admins(work, views.newcomer(platform, row.listed()), key)
        return
    if work.policies.person.follow_departments:
        await settling.follow_one(work.tenant, row, now=work.now)


async def _tell_admins(work: Work, card: Card, key: str) -> None:
    admins = await person.with_role(work.tenant, Role.ADMIN)
    if not admins:
        log.error("no admin to tell", extra={"what": key.partition(":")[0]})
    for admin in admins:
        work.send(admin, card, key=f"admin:{key}:{admin.id}")


JOBS = (
    Job(SYNC, sync, read, timedelta(minutes=5)),
    Job(CHANGED, change),
    Job(MOVED, move),
)
