"""Leads under a row lock: of many decisions on one version, one wins."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from crm.lead import (
    LeadPolicy,
    LeadView,
    OutdatedError,
    Status,
    reassigned,
    taken_over,
    written_off,
)
from crm.momentum import MomentumPolicy
from crm.person import Person, Role
from crm.refusal import NotFoundError, RefusedError
from models import audit
from models import lead as leads
from models import momentum as momenta
from models.db import transaction
from models.lead import LeadEvent, LeadRow, NewLead
from tests.fakes import NOON, TENANT, ZONE, hire

pytestmark = pytest.mark.usefixtures("database")


async def create(owner: Person, company: str = "华东医疗", mobile: str = "13800001234") -> LeadView:
    async with transaction():
        return await leads.create(
            TENANT, NewLead(company, "王", "主任", mobile), owner=owner, now=NOON
        )


async def decide(rule: leads.Rule, *, by: Person, key: str, lead: int = 1) -> LeadView | None:
    async with transaction():
        return await leads.change(TENANT, lead, rule, by=by, action="reassign", key=key, now=NOON)


async def test_of_fifty_decisions_on_one_version_exactly_one_wins() -> None:
    owner = await hire("李明", Role.REP, team="华东")
    managers = [await hire(f"经理{n}", Role.MANAGER, team="华东") for n in range(5)]
    lead = await create(owner)

    async def press(number: int) -> str:
        by = managers[number % 5]
        try:
            await decide(
                lambda now_lead: taken_over(now_lead, by=by, seen=lead.version, now=NOON),
                by=by,
                key=f"press:{number}",
                lead=lead.id,
            )
        except OutdatedError:
            return ""
        return by.name

    winners = [name for name in await asyncio.gather(*map(press, range(50))) if name]
    assert len(winners) == 1
    after = await leads.by_id(TENANT, lead.id)
    assert after is not None
    assert (after.version, after.owner_name) == (lead.version + 1, winners[0])
    assert await LeadEvent.filter(kind="reassign").count() == 1
    assert len(await audit.trail(TENANT, f"lead:{lead.id}")) == 2  # created, and decided once


async def test_decisions_without_a_version_follow_one_another() -> None:
    owner = await hire("李明", Role.REP)
    boss = await hire("陈总", Role.DIRECTOR)
    reps = [await hire(f"销售{n}", Role.REP) for n in range(10)]
    lead = await create(owner)

    async def hand_to(rep: Person) -> None:
        await decide(
            lambda now: reassigned(now, to=rep, by=boss, seen=now.version, now=NOON),
            by=boss,
            key=f"to:{rep.id}",
            lead=lead.id,
        )

    await asyncio.gather(*map(hand_to, reps))
    after = await leads.by_id(TENANT, lead.id)
    assert after is not None
    assert after.version == lead.version + 10
    assert await LeadEvent.all().count() == 10


async def test_what_the_rule_refuses_changes_nothing() -> None:
    owner = await hire("李明", Role.REP)
    lead = await create(owner)

    def refuse(_: LeadView) -> LeadView:
        raise RefusedError("不行")

    with pytest.raises(RefusedError):
        await decide(refuse, by=owner, key="k", lead=lead.id)
    assert await leads.by_id(TENANT, lead.id) == lead
    assert await LeadEvent.all().count() == 0


async def test_no_such_lead_and_other_tenants_leads_are_none() -> None:
    owner = await hire("李明", Role.REP)
    lead = await create(owner)
    assert await decide(lambda lead: lead, by=owner, key="k", lead=lead.id + 1) is None
    assert (
        await leads.change(
            "other", lead.id, lambda lead: lead, by=owner, action="x", key="k", now=NOON
        )
        is None
    )
    assert await leads.by_id("other", lead.id) is None


@pytest.mark.parametrize("length", [12, 200, 400, 5000])
async def test_a_reason_of_any_length_is_kept_as_far_as_it_goes(length: int) -> None:
    boss = await hire("陈总", Role.DIRECTOR)
    lead = await create(boss)
    reason = "项目取消" * (length // 4)
    after = await decide(
        lambda now: written_off(
            now, reason=reason, by=boss, seen=now.version, now=NOON, policy=LeadPolicy()
        ),
        by=boss,
        key="k",
        lead=lead.id,
    )
    assert after is not None
    row = await LeadRow.get(id=lead.id)
    assert row.status == Status.WRITTEN_OFF
    assert reason.startswith(row.reason.removesuffix("…"))
    assert len(row.reason) >= min(length, 150)


async def test_a_history_line_with_a_known_key_is_not_added() -> None:
    owner = await hire("李明", Role.REP)
    lead = await create(owner)
    for words in ("一", "二"):
        await leads.record(TENANT, lead.id, kind="heat", words=words, key="k", at=NOON)
    assert [words for _, words in await leads.history(lead.id)] == ["一"]


async def test_a_duplicate_is_the_same_number_or_the_same_company_without_one() -> None:
    owner = await hire("李明", Role.REP)
    one = await create(owner, "华东医疗", "13800001234")
    two = await create(owner, "华北电力", "")

    async def same(company: str, mobile: str) -> int:
        found = await leads.same(TENANT, company=company, mobile=mobile)
        return found.id if found else 0

    assert await same("别的公司", "13800001234") == one.id
    assert await same("华东医疗", "") == one.id
    assert await same("华东医疗", "13900000000") == 0  # another contact there
    assert await same("华北电力", "13900000000") == two.id
    assert await same("没有", "") == 0


async def test_the_same_lead_captured_at_the_same_moment_is_one() -> None:
    owners = [await hire(name, Role.REP) for name in ("李明", "王强", "周杰", "赵敏")]

    async def capture(owner: Person) -> None:
        async with transaction():
            if await leads.same(TENANT, company="华东医疗", mobile="13800001234") is None:
                new = leads.NewLead("华东医疗", mobile="13800001234")
                await leads.create(TENANT, new, owner=owner, now=NOON)

    await asyncio.gather(*(capture(owner) for owner in owners))
    assert await LeadRow.all().count() == 1


async def test_whose_leads_one_sees() -> None:
    rep = await hire("李明", Role.REP, team="华东")
    peer = await hire("王强", Role.REP, team="华东")
    far = await hire("周杰", Role.REP, team="华北")
    manager = await hire("张伟", Role.MANAGER, team="华东")
    boss = await hire("陈总", Role.DIRECTOR)
    mine = await create(rep, "华东医疗", "13800000001")
    theirs = await create(peer, "苏州机电", "13800000002")
    other = await create(far, "华北电力", "13800000003")
    for lead in (mine, theirs, other):
        await momenta.begin(TENANT, lead.id, MomentumPolicy(), now=NOON)

    async def seen(who: Person) -> set[int]:
        return {lead.id for lead in await leads.of_team(TENANT, who)}

    assert await seen(rep) == {mine.id}
    assert await seen(manager) == {mine.id, theirs.id}
    assert await seen(boss) == {mine.id, theirs.id, other.id}

    found, rest = await leads.find(TENANT, manager, f"#{theirs.id} 下周演示")
    assert (found.id, rest) == (theirs.id, "下周演示")
    found, rest = await leads.find(TENANT, rep, "华东医疗 电话沟通")
    assert (found.id, rest) == (mine.id, "电话沟通")
    with pytest.raises(NotFoundError, match="我的线索"):
        await leads.find(TENANT, rep, str(theirs.id))
    with pytest.raises(NotFoundError, match="王强"):
        await leads.find(TENANT, rep, "苏州机电")
    with pytest.raises(NotFoundError, match="登记"):
        await leads.find(TENANT, rep, "不存在公司")


async def test_times_come_back_as_they_went_in() -> None:
    owner = await hire("李明", Role.REP)
    lead = await create(owner)
    until = NOON.astimezone(ZONE) + timedelta(days=3)
    await decide(lambda view: replace(view, snoozed_until=until), by=owner, key="k", lead=lead.id)
    after = await leads.by_id(TENANT, lead.id)
    assert after is not None
    assert after.snoozed_until == until
