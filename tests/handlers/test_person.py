"""People by chat: who am I, departures with open work, the members nobody knows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cards.card import Card, Select, Table
from crm.lead import handed_over
from crm.person import Person, Role
from crm.refusal import NotAllowedError, NotFoundError, RefusedError
from models import audit, console, momentum, outbox, person
from models import lead as leads
from models.db import transaction
from models.outbox import OutboxRow
from models.person import ContactRow, PersonRecord
from tests import fakes
from tests.fakes import NOON, TENANT
from tests.office import Office

OWNERS = [Role.REP, Role.MANAGER, Role.DIRECTOR]


@pytest.fixture
async def admin(office: Office) -> Person:
    return await fakes.hire("周明", Role.ADMIN)


async def lead_of(owner: Person, company: str) -> int:
    lead = await leads.create(TENANT, leads.NewLead(company), owner=owner, now=NOON)
    policy = fakes.house(fakes.Clock()).policies(TENANT).momentum
    await momentum.begin(TENANT, lead.id, policy, now=NOON)
    return lead.id


async def owner_of(lead: int) -> tuple[int | None, str]:
    seen = await leads.by_id(TENANT, lead)
    assert seen is not None
    return seen.owner_id, seen.team


async def member(name: str, user: str = "new", **more: Any) -> int:
    row = await ContactRow.create(
        tenant=TENANT, platform="wecom", user=user, name=name, is_present=True, seen_at=NOON, **more
    )
    return row.id


async def test_who_am_i(office: Office) -> None:
    who = await fakes.hire("李娜", Role.REP, team="华东", manager="陈静", wecom="lina", feishu="ou")
    answer = await office.answer(who, "我是谁")
    assert answer.card is not None
    words = answer.card.plain()
    for part in ("李娜", "销售代表 · 华东", "陈静", "企业微信、飞书", "还可以绑定钉钉"):
        assert part in words


async def test_a_code_asked_for_in_a_group_comes_alone(office: Office) -> None:
    who = await fakes.hire("李娜", wecom="lina")
    ctx = office.context(who, fakes.event("绑定", who="lina", platform="wecom", chat="group"))
    assert "群里的人看不到" in str(await office.table.answer(ctx))
    assert [item.to.id for item in ctx.outgoing] == [who.id]


async def test_who_is_known_needs_no_code(office: Office) -> None:
    who = await fakes.hire("李娜", wecom="lina")
    with pytest.raises(RefusedError, match="您在这里已经是 李娜"):
        await office.answer(who, "绑定 ABCD2345")


@pytest.mark.parametrize("role", OWNERS)
async def test_open_leads_of_every_role_change_hands(
    office: Office, admin: Person, role: Role
) -> None:
    gone = await fakes.hire("李娜", role, team="华东", manager="陈静")
    boss = await fakes.hire("陈静", Role.MANAGER, team="华南")
    mine, other = await lead_of(gone, "华东医疗"), await lead_of(boss, "南海电子")
    answer, letters = await office.asked(admin, "离职 李娜")
    assert "1 条线索交给 陈静" in answer.toast
    assert await owner_of(mine) == (boss.id, "华南")
    assert await owner_of(other) == (boss.id, "华南")
    assert [(item.to.id, item.card.title) for item in letters] == [
        (boss.id, "李娜 已离职 · 1 条线索转到您名下")
    ]
    [(_, words), *_] = await leads.history(mine)
    assert words == "系统 已交给 陈静（李娜 离职）"
    [row] = await audit.trail(TENANT, f"person:{gone.id}")
    assert (row.action, row.actor) == ("person.leave", str(admin.id))
    assert (await audit.trail(TENANT, f"lead:{mine}"))[0].action == "lead.handed_over"


async def test_closed_leads_stay_where_they_were(office: Office, admin: Person) -> None:
    gone = await fakes.hire("李娜")
    lead = await lead_of(gone, "华东医疗")
    await leads.LeadRow.filter(id=lead).update(status="won")
    await office.answer(admin, "离职 李娜")
    assert (await owner_of(lead))[0] == gone.id


async def test_without_a_manager_it_is_the_director_then_the_admin(
    office: Office, admin: Person
) -> None:
    boss = await fakes.hire("孙总", Role.DIRECTOR)
    first = await lead_of(await fakes.hire("李娜", team="华东"), "甲公司")
    await office.answer(admin, "离职 李娜")
    assert (await owner_of(first))[0] == boss.id
    await office.answer(admin, "离职 孙总")
    assert (await owner_of(first))[0] == admin.id


async def test_the_departed_are_out_everywhere(office: Office, admin: Person) -> None:
    gone = await fakes.hire("李娜", Role.ADMIN, feishu="lina")
    ends = NOON + timedelta(hours=1)
    await console.open_session(gone, "secret", "csrf", now=NOON, expires_at=ends)
    await console.give_code(TENANT, gone.id, "ABCD2345", expires_at=ends)
    await office.answer(admin, "离职 李娜")
    assert await person.by_account(TENANT, "feishu", "lina") is None
    assert await console.Session.all().count() + await console.SignInCode.all().count() == 0
    with pytest.raises(NotFoundError):
        await office.answer(admin, "离职 李娜")


async def waiting(user: str, key: str, *, direct: bool = False, platform: str = "feishu") -> None:
    card = Card("该跟进了")
    message = outbox.Message(TENANT, key, platform, fakes.APP, card, user=user, direct=direct)
    await outbox.put(message, now=NOON)


async def test_unsent_messages_go_to_the_heir_or_to_nobody(office: Office, admin: Person) -> None:
    await fakes.hire("陈静", Role.MANAGER, team="华东", feishu="chen")
    await fakes.hire("李娜", team="华东", feishu="lina", wecom="lina")
    await waiting("lina", "news")
    await waiting("lina", "answer", direct=True)
    await waiting("lina", "elsewhere", platform="wecom")
    await waiting("other", "other")
    await office.answer(admin, "离职 李娜")
    rows = {row.key: row async for row in OutboxRow.all()}
    assert (rows["news"].user, rows["news"].state) == ("chen", "new")
    assert json.loads(rows["news"].card)["title"] == "〔原发给 李娜〕该跟进了"
    assert rows["news"].lane.endswith(":chen")
    for key in ("answer", "elsewhere"):
        assert (rows[key].state, rows[key].reason) == ("dropped", "收件人已离职")
    assert (rows["other"].user, rows["other"].state) == ("other", "new")


async def test_a_store_manager_is_told_and_the_roster_stays(office: Office, admin: Person) -> None:
    head = await fakes.hire("吴店长", Role.STORE_MANAGER, store="望京店")
    await fakes.hire("郑爽", Role.STAFF, store="望京店")
    _, letters = await office.asked(admin, "离职 郑爽")
    told = {item.to.id: item.card.plain() for item in letters}
    assert "已发布的班表没有改动" in told[head.id]


async def test_namesakes_are_told_apart_by_number(office: Office, admin: Person) -> None:
    one = await fakes.hire("张伟", team="华东", wecom="zw1")
    two = await fakes.hire("张伟", team="华南", wecom="zw2")
    with pytest.raises(RefusedError, match=f"离职 #{two.id}"):
        await office.answer(admin, "离职 张伟")
    await office.answer(admin, f"离职 #{two.id}")
    assert [who.id for who in await person.by_name(TENANT, "张伟")] == [one.id]


async def test_only_admins_and_not_the_last_one(office: Office, admin: Person) -> None:
    rep = await fakes.hire("李娜")
    with pytest.raises(NotAllowedError):
        await office.answer(rep, "离职 周明")
    with pytest.raises(RefusedError, match="最后一位管理员"):
        await office.answer(admin, "离职 周明")


async def test_the_heir_gives_the_leads_on(office: Office, admin: Person) -> None:
    boss = await fakes.hire("陈静", Role.MANAGER, team="华东")
    gone = await fakes.hire("李娜", team="华东")
    rep = await fakes.hire("王强", team="华东")
    one, two = await lead_of(gone, "甲公司"), await lead_of(gone, "乙公司")
    own = await lead_of(boss, "丙公司")
    _, letters = await office.asked(admin, "离职 李娜")
    card = letters[0].card
    [table] = [block for block in card.blocks if isinstance(block, Table)]
    assert len(table.rows) == 2
    [_, people] = [block for block in card.blocks if isinstance(block, Select)]
    assert (str(rep.id), "王强") in people.options
    command = card.buttons[0].command
    with pytest.raises(RefusedError, match="请先选择"):
        await office.answer(boss, command)
    answer, news = await office.asked(boss, command, lead=str(one), rep=str(rep.id))
    assert (await owner_of(one))[0] == rep.id
    assert (await owner_of(two))[0] == boss.id
    assert answer.card is not None
    assert (answer.card.ref, answer.card.title) == (card.ref, "李娜 已离职 · 1 条线索转到您名下")
    assert [item.to.id for item in news] == [rep.id]
    answer = await office.answer(boss, f"{command} 全部（1条） 王强")  # typed: there was no list
    assert answer.card is not None
    assert answer.card.title == "李娜 已离职 · 名下线索都已安排"
    assert (await owner_of(two))[0] == rep.id
    assert (await owner_of(own))[0] == boss.id
    with pytest.raises(RefusedError, match="已经不在您名下"):
        await office.answer(boss, command, lead="all", rep=str(rep.id))


async def test_only_the_owners_leads_are_handed_over(office: Office) -> None:
    gone, boss = await fakes.hire("李娜"), await fakes.hire("陈静", Role.MANAGER)
    lead = await leads.by_id(TENANT, await lead_of(boss, "甲公司"))
    assert lead is not None
    with pytest.raises(RefusedError, match="无需交接"):
        handed_over(lead, gone=gone, to=boss, now=NOON)


async def test_a_departure_that_fails_halfway_has_not_happened(
    office: Office, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = await fakes.hire("李娜")
    lead = await lead_of(gone, "甲公司")

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("models.person.moving._redirect", broken)
    with pytest.raises(RuntimeError):
        await office.answer(admin, "离职 李娜")
    assert (await owner_of(lead))[0] == gone.id
    assert await person.by_id(TENANT, gone.id) is not None


async def test_a_member_is_merged_with_whom_an_admin_names(office: Office, admin: Person) -> None:
    who = await fakes.hire("李娜", feishu="ou_1")
    number = await member("Lina")
    listing = await office.answer(admin, "未匹配")
    assert listing.card is not None
    assert "Lina" in listing.card.plain()
    await office.answer(admin, f"成员归并 {number} 李娜")
    found = await person.by_account(TENANT, "wecom", "new")
    assert found is not None
    assert found.id == who.id
    with pytest.raises(NotFoundError):
        await office.answer(admin, f"成员归并 {number} 李娜")
    with pytest.raises(RefusedError, match="另一个账号"):
        await office.answer(admin, f"成员归并 {await member('别人', 'other')} 李娜")


async def test_a_role_is_given_and_the_person_told(office: Office, admin: Person) -> None:
    number = await member("新来的", mobile="13900000109")
    with pytest.raises(RefusedError, match="请写明角色"):
        await office.answer(admin, f"成员授权 {number} 大王")
    _, letters = await office.asked(admin, f"成员授权 {number} 销售代表 华东")
    who = await person.by_account(TENANT, "wecom", "new")
    assert who is not None
    assert (who.name, who.title, letters[0].to.id) == ("新来的", "销售代表 · 华东", who.id)


async def test_who_came_back_gets_the_old_record_and_the_new_role(
    office: Office, admin: Person
) -> None:
    gone = await fakes.hire("李娜", Role.DIRECTOR, wecom="lina")
    await PersonRecord.filter(id=gone.id).update(left_at=NOON)
    number = await member("李娜", "lina")
    await office.answer(admin, f"成员授权 {number} rep 华东")
    who = await person.by_account(TENANT, "wecom", "lina")
    assert who is not None
    assert (who.id, set(who.roles)) == (gone.id, {Role.REP})


async def test_a_sync_is_asked_for(office: Office, admin: Person) -> None:
    assert "开始同步" in (await office.answer(admin, "同步通讯录 飞书")).toast
    with pytest.raises(RefusedError, match="没有「短信」"):
        await office.answer(admin, "同步通讯录 短信")
    async with transaction():
        await office.tasks.drain()  # a platform that is not set up is left alone
