"""Crossings as they come due: remind the rep, put the decision before the manager, celebrate."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from bot.commands import Work
from cards import momentum as views
from crm.lead import LeadView, Status
from crm.momentum import Heat
from crm.person import Person
from jobs.inbox import House
from jobs.outbox import post
from jobs.task import Job, TaskWork
from models import lead as leads
from models import momentum, outbox, person, sight
from models.db import transaction

log = logging.getLogger(__name__)

BATCH = 100
_WORDS = {
    Heat.GREEN: "回到绿色激活",
    Heat.YELLOW: "转为黄色预警",
    Heat.RED: "红色熔断",
}


def sweep(house: House, wake_outbox: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[int]]:
    """The room's drain: everything that is due, and nothing else, is looked at."""

    async def drain() -> int:
        acted = 0
        while due := await momentum.due(now=house.now(), limit=BATCH):
            done = [await _act(house, tenant, lead_id) for tenant, lead_id in due]
            acted += sum(done)
            if not any(done):
                break  # other processes have them
        acted += await _follow_policy(house)
        if acted:
            await wake_outbox()
        return acted

    return drain


async def _act(house: House, tenant: str, lead_id: int) -> bool:
    """One crossing with all that it says, in one transaction; a fault leaves it due."""
    try:
        async with transaction():
            work = house.work(tenant, house.now())
            policies = work.policies
            change = await momentum.cross(
                lead_id, policies.momentum, version=policies.version, now=work.now
            )
            if change is None:
                return False
            await _tell(work, lead_id, change)
            await post(work, house.apps_of(tenant))
    except Exception:
        log.exception("crossing failed", extra={"lead": lead_id})
        return False
    log.info("lead crossed", extra={"lead": lead_id, "heat": change.heat.value})
    return True


async def _tell(work: Work, lead_id: int, change: momentum.Crossing) -> None:
    """Record the crossing, and tell whoever must act; the keys name it, so it is told once."""
    key = f"heat:{lead_id}:{change.heat.value}:{change.at.timestamp():.0f}"
    at, words = change.at, _WORDS[change.heat]
    if change.rises and change.heat is Heat.YELLOW:
        words = "脱离红色，正在回升"
    await leads.record(work.tenant, lead_id, kind="heat", words=words, key=key, at=at)
    lead = await leads.by_id(work.tenant, lead_id)
    if lead is None or lead.status is not Status.OPEN:
        await momentum.stop(lead_id)
        return
    owner = await person.by_id(work.tenant, lead.owner_id) if lead.owner_id else None
    if change.before is Heat.RED:
        await _withdraw(work, lead, at)
    if change.heat is Heat.RED:
        if not lead.is_snoozed(work.now):
            await _fuse(work, lead, owner, key)
        return
    if owner is None:
        return
    topic = f"reminder:{lead_id}"
    seen = await sight.sight(lead, work.policies, now=work.now, zone=work.zone)
    if change.heat is Heat.YELLOW and change.rises:
        work.send(owner, views.rising(seen, at), key=key, topic=topic)
    elif change.heat is Heat.YELLOW:
        advice = await sight.advice(lead, now=work.now, zone=work.zone)
        work.send(owner, views.yellow(seen, at, advice), key=key, topic=topic)
    else:
        work.send(owner, views.green(seen, at), key=key, topic=topic)


async def _withdraw(work: Work, lead: LeadView, at: datetime) -> None:
    """The lead is out of the red: a fuse card that nobody has decided on says so."""
    ref = (await momentum.standing(lead.id)).fuse_ref()
    if await outbox.newest(work.tenant, ref) is None:
        work.replace(views.recovered(lead, at, work.zone, ref=ref))


async def _fuse(work: Work, lead: LeadView, owner: Person | None, key: str) -> None:
    """The manager decides; the owner sees that the manager has been asked."""
    facts = await sight.fuse(lead, work.policies, now=work.now, zone=work.zone)
    manager = (
        await person.manager_of(owner) if owner else await person.head_of(work.tenant, lead.team)
    )
    if manager:
        work.send(manager, views.fuse(facts), key=f"{key}:manager")
    else:
        log.error("no manager for a fused lead", extra={"lead": lead.id, "team": lead.team})
    if owner and owner != manager:
        notice = views.fuse_notice(facts, manager.name if manager else "")
        work.send(owner, notice, key=f"{key}:owner")


async def _follow_policy(house: House) -> int:
    """Solve crossings anew that were solved under other thresholds, a batch at a time."""
    solved = 0
    for tenant in house.tenants:
        policies = house.policies(tenant)
        for lead_id in await momentum.outdated(tenant, policies.version, BATCH):
            async with transaction():
                await momentum.resettle(
                    lead_id, policies.momentum, version=policies.version, now=house.now()
                )
            solved += 1
    return solved


async def fuse_again(work: TaskWork, _: Any) -> None:
    """A snooze is over: if the lead is still red and open, the decision comes back."""
    lead = await leads.by_id(work.tenant, int(work.args["lead"]))
    if lead is None or lead.status is not Status.OPEN or lead.heat is not Heat.RED:
        return
    owner = await person.by_id(work.tenant, lead.owner_id) if lead.owner_id else None
    await _fuse(work, lead, owner, f"fuse_again:{lead.id}:{lead.version}")


JOBS = (Job("momentum.fuse_again", fuse_again),)
