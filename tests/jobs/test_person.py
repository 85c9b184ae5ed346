"""Contacts: read to the end, page by page; nobody leaves by a fault; events follow at once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.adapter import Department, Member, Page, TransientError, UndeliverableError
from bot.event import Kind
from crm.person import Person, Role
from jobs import JOBS
from jobs.person.hand import leave_now, sync_now
from jobs.person.tasks import sweep
from jobs.task import Tasks
from models import lead as leads
from models import momentum, person, task
from models.audit import AuditRow
from models.outbox import OutboxRow
from models.person import Account, BindCode, ContactRow, ContactRun, DepartmentRow, PersonRecord
from models.person import contact as contacts
from models.task import TaskRow
from tests import fakes
from tests.fakes import NOON, TENANT, event
from tests.office import Office

ROOT = Department("1", "全公司")


@dataclass
class Directory:
    """A platform's contacts in pages; `faults` are raised at the n-th call, once."""

    name: str = "wecom"
    app: str = fakes.APP
    pages: list[tuple[Member, ...]] = field(default_factory=list)
    departments: tuple[Department, ...] = (ROOT,)
    faults: dict[int, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def directory(self, cursor: str) -> Page:
        self.asked.append(cursor)
        if fault := self.faults.pop(len(self.asked), None):
            raise fault
        number = int(cursor or 0)
        after = str(number + 1) if number + 1 < len(self.pages) else ""
        found = self.departments if not cursor else ()
        return Page(self.pages[number] if self.pages else (), found, after)


@dataclass
class Company:
    """An office with contacts to read."""

    office: Office
    book: Directory

    async def sync(self, name: str = "") -> None:
        """A sync asked for by an admin, worked to its end, retries and all."""
        key = f"sync:{name}{self.office.clock.at.isoformat()}"
        args = {"platform": self.book.name, "is_manual": True}
        await task.ask(TENANT, "person.sync", key=key, now=self.office.clock.at, args=args, at=None)
        await self.work()

    async def work(self) -> None:
        for _ in range(8):
            await self.office.tasks.drain()
            self.office.clock.wait(minutes=10)

    async def state(self) -> str:
        run = await ContactRun.all().order_by("-id").first()
        return run.state if run else ""


@pytest.fixture
def company(office: Office) -> Company:
    book = Directory()
    adapters: Any = {("wecom", fakes.APP): book}
    office.house = replace(office.house, adapters=adapters)
    office.tasks = Tasks(office.house, JOBS, fakes.silence)
    return Company(office, book)


def members(*names: str, **more: Any) -> tuple[Member, ...]:
    return tuple(Member(f"u-{name}", name, **more) for name in names)


async def hire(name: str, *roles: Role, **more: Any) -> Person:
    return await fakes.hire(name, *roles, **({"feishu": name} | more))


async def present() -> set[str]:
    return {who.name for who in await person.everyone(TENANT)}


async def cards() -> list[str]:
    rows = await OutboxRow.all().order_by("id")
    return [json.dumps(json.loads(row.card), ensure_ascii=False) for row in rows]


async def lead_of(owner: Person, company_name: str = "华东医疗") -> int:
    lead = await leads.create(TENANT, leads.NewLead(company_name), owner=owner, now=NOON)
    policy = fakes.house(fakes.Clock()).policies(TENANT).momentum
    await momentum.begin(TENANT, lead.id, policy, now=NOON)
    return lead.id


async def test_members_become_accounts_by_mobile_and_by_name(company: Company) -> None:
    await hire("周明", Role.ADMIN)
    one = await hire("李娜")
    await PersonRecord.filter(id=one.id).update(mobile="13900000101")
    await hire("王强")
    company.book.pages = [
        (Member("lina", "Li Na", "+86 13900000101"), *members("王强")),
        members("新来的"),
    ]
    await company.sync()
    assert {item.user async for item in Account.filter(platform="wecom")} == {"lina", "u-王强"}
    assert (await company.state(), company.book.asked) == ("done", ["", "1"])
    [stranger] = await contacts.unmatched(TENANT)
    assert (stranger.name, stranger.person_id) == ("新来的", None)
    [report] = await cards()
    assert "新来的" in report
    assert "13900000101" not in report
    assert (await DepartmentRow.get()).name == "全公司"
    assert await person.by_account(TENANT, "wecom", "u-新来的") is None


async def test_a_second_sync_changes_nothing_and_says_so_to_nobody(company: Company) -> None:
    await hire("周明", Role.ADMIN)
    company.book.pages = [members("周明", "别人")]
    await company.sync()
    before = [row.user async for row in Account.all()], len(await cards())
    args = {"platform": "wecom"}
    now = company.office.clock.at
    await task.ask(TENANT, "person.sync", key="daily", now=now, args=args, at=None)
    await company.work()
    assert ([row.user async for row in Account.all()], len(await cards())) == (before)


async def test_a_fault_in_the_middle_costs_one_page(company: Company) -> None:
    company.book.pages = [members("甲"), members("乙"), members("丙")]
    company.book.faults = {2: TransientError("忙"), 4: TransientError("忙")}
    await company.sync()
    assert company.book.asked == ["", "1", "1", "2", "2"]
    assert await company.state() == "done"
    assert await ContactRow.filter(is_present=True).count() == 3


async def test_a_platform_that_stays_away_takes_nobody_away(company: Company) -> None:
    await hire("周明", Role.ADMIN)
    company.book.pages = [members("周明", "李娜", "王强")]
    await hire("李娜")
    await company.sync()
    company.book.asked.clear()
    company.book.faults = {n: TransientError("断网") for n in range(1, 20)}
    await company.sync("again")
    assert await present() == {"周明", "李娜"}
    assert await company.state() == "failed"
    assert "断网" in (await cards())[-1]


async def test_a_refusal_is_told_with_advice_and_ends_the_walk(company: Company) -> None:
    await hire("周明", Role.ADMIN)
    company.book.pages = [members("周明"), members("李娜")]
    company.book.faults = {2: UndeliverableError("60011", "没有通讯录权限", "请在后台开通")}
    await company.sync()
    assert await company.state() == "failed"
    assert "没有通讯录权限。请在后台开通" in (await cards())[-1]
    assert await TaskRow.filter(state="dead").count() == 0


async def test_an_empty_directory_takes_nobody_away(company: Company) -> None:
    await hire("周明", Role.ADMIN)
    company.book.pages = [members("周明")]
    await company.sync()
    company.book.pages = []
    await company.sync("again")
    assert (await present(), await company.state()) == ({"周明"}, "failed")


async def test_one_who_is_missing_has_left(company: Company) -> None:
    admin = await hire("周明", Role.ADMIN)
    gone = await hire("李娜")
    lead = await lead_of(gone)
    company.book.pages = [members("周明", "李娜", "王强", "赵敏")]
    await company.sync()
    company.book.pages = [members("周明", "王强", "赵敏")]
    await company.sync("again")
    assert await present() == {"周明"}
    kept = await leads.by_id(TENANT, lead)
    assert kept is not None
    assert kept.owner_id == admin.id
    await company.sync("third")
    assert await AuditRow.filter(action="person.leave").count() == 1


async def test_who_is_still_on_another_platform_only_loses_the_account(company: Company) -> None:
    who = await fakes.hire("李娜", wecom="u-李娜", feishu="ou_1")
    company.book.pages = [members("李娜", "周明", "王强")]
    await company.sync()
    await ContactRow.create(
        tenant=TENANT,
        platform="feishu",
        user="ou_1",
        person_id=who.id,
        is_present=True,
        seen_at=NOON,
    )
    company.book.pages = [members("周明", "王强")]
    await company.sync("again")
    [still] = await person.by_name(TENANT, "李娜")
    assert still.accounts == {"feishu": "ou_1"}
    company.book.pages = [members("周明", "王强", "李娜")]
    await company.sync("back")
    [back] = await person.by_name(TENANT, "李娜")
    assert back.accounts == {"feishu": "ou_1", "wecom": "u-李娜"}


async def test_the_never_activated_have_not_left(company: Company) -> None:
    await fakes.hire("李娜", wecom="u-李娜")
    company.book.pages = [(*members("李娜", is_active=False), *members("周明"))]
    await company.sync()
    assert await present() == {"李娜"}
    company.book.pages = [members("李娜", "周明")]
    await company.sync("active")
    company.book.pages = [(*members("李娜", is_active=False), *members("周明"))]
    await company.sync("frozen")
    assert await present() == set()


async def half_missing(company: Company) -> tuple[Person, int]:
    """Ten were there, five are; the sync is held."""
    admin = await hire("周明", Role.ADMIN)
    names = [f"员{n}" for n in range(9)]
    for name in names:
        await hire(name)
    company.book.pages = [members("周明", *names)]
    await company.sync()
    company.book.pages = [members("周明", *names[:4])]
    await company.sync("again")
    assert len(await present()) == 10
    assert await company.state() == "held"
    assert "确认离开" in (await cards())[-1]
    run = await ContactRun.all().order_by("-id").first()
    return admin, run.id if run else 0


async def test_too_many_at_once_wait_for_an_admin(company: Company) -> None:
    admin, run = await half_missing(company)
    answer = await company.office.answer(admin, f"确认离开 {run}")
    assert answer.card is not None
    assert "5 人离职" in answer.card.title
    assert len(await present()) == 5


async def test_who_came_back_before_the_answer_stays(company: Company) -> None:
    admin, run = await half_missing(company)
    company.book.pages = [members("周明", *[f"员{n}" for n in range(8)])]
    await company.sync("back")
    await company.office.answer(admin, f"确认离开 {run}")
    assert len(await present()) == 9


async def test_an_admin_may_keep_them(company: Company) -> None:
    admin, run = await half_missing(company)
    await company.office.answer(admin, f"保留成员 {run}")
    assert len(await present()) == 10


async def test_the_command_line_reads_to_the_end_and_may_be_sure(company: Company) -> None:
    await half_missing(company)
    company.book.faults = {len(company.book.asked) + 1: TransientError("忙")}
    house = company.office.house
    lines = await sync_now(house, TENANT, "wecom", is_sure=True)
    assert "离职 5 人" in lines[0]
    assert len(await present()) == 5


async def test_a_long_directory_is_read_in_turns(company: Company) -> None:
    company.book.pages = [members(f"员{n}") for n in range(45)]
    await company.sync()
    assert await ContactRow.filter(is_present=True).count() == 45
    assert await TaskRow.filter(name="person.sync", state="done").count() == 3


async def test_somebody_in_two_departments_is_one_member(company: Company) -> None:
    company.book.pages = [
        members("李娜", departments=("1",)),
        members("李娜", departments=("2",)),
    ]
    await company.sync()
    assert (await ContactRow.get()).departments == "1,2"


async def test_the_team_follows_the_department_if_the_policy_says_so(company: Company) -> None:
    office = company.office
    policies = office.book.current(TENANT)
    follows = replace(policies, person=replace(policies.person, follow_departments=True))
    office.house = replace(office.house, policies=lambda _: follows)
    office.tasks = Tasks(office.house, JOBS, fakes.silence)
    old = await hire("陈静", Role.MANAGER, team="华东")
    new = await hire("钱进", Role.MANAGER, team="华南")
    who = await hire("李娜", team="华东")
    lead = await lead_of(who)
    company.book.departments = (ROOT, Department("7", "华南", "1"))
    company.book.pages = [members("李娜", departments=("7",))]
    await company.sync()
    seen = await leads.by_id(TENANT, lead)
    assert seen is not None
    assert (seen.team, seen.owner_id) == ("华南", who.id)
    told = {row.user async for row in OutboxRow.filter(key__startswith="person.moved")}
    assert told == {old.accounts["feishu"], new.accounts["feishu"]}


async def test_the_daily_sync_is_planned_once_for_the_hour(company: Company) -> None:
    drain = sweep(company.office.house, fakes.silence)
    await drain()
    await drain()
    await sweep(company.office.house, fakes.silence)()
    row = await TaskRow.get()
    assert row.key == f"person.sync:{TENANT}:wecom:2026-03-03"
    assert row.not_before == NOON + timedelta(hours=16)  # 04:00 in Shanghai


def notice(change: str, user: str, **facts: str) -> Any:
    origin = {"change_type": change, "user": user, **facts}
    key = f"notice:{change}:{user}:{len(facts)}"
    return event("contact", key=key, who="", kind=Kind.NOTICE, platform="wecom", origin=origin)


async def test_a_deleted_member_has_left_at_once(company: Company) -> None:
    boss = await hire("陈静", Role.MANAGER, team="华东")
    gone = await fakes.hire("李娜", team="华东", wecom="lina")
    lead = await lead_of(gone)
    await company.office.receive(notice("deleted", "lina,unknown"))
    await company.work()
    kept = await leads.by_id(TENANT, lead)
    assert kept is not None
    assert (kept.owner_id, await present()) == (boss.id, {"陈静"})


async def test_a_new_member_waits_for_a_role_and_the_admin_is_told(company: Company) -> None:
    admin = await hire("周明", Role.ADMIN)
    await company.office.receive(notice("created", "new", name="新来的"))
    await company.work()
    [card] = await cards()
    assert "新成员待授权" in card
    row = await ContactRow.get()
    answer = await company.office.answer(admin, f"成员授权 {row.id} 销售代表|店长 望京店")
    assert "新来的 已开通" in answer.toast
    who = await person.by_account(TENANT, "wecom", "new")
    assert who is not None
    assert (set(who.roles), who.store) == ({Role.REP, Role.STORE_MANAGER}, "望京店")


async def test_a_created_member_with_a_known_number_is_that_person(company: Company) -> None:
    who = await hire("李娜")
    await PersonRecord.filter(id=who.id).update(mobile="13900000101")
    facts = {"name": "Lina", "mobile": "13900000101"}
    await company.office.receive(notice("created", "lina", **facts))
    await company.work()
    found = await person.by_account(TENANT, "wecom", "lina")
    assert found is not None
    assert found.id == who.id


async def test_a_member_with_a_new_id_is_still_the_person(company: Company) -> None:
    who = await fakes.hire("李娜", wecom="old")
    await company.office.receive(notice("update_user", "old", new_user="new"))
    await company.work()
    found = await person.by_account(TENANT, "wecom", "new")
    assert found is not None
    assert found.id == who.id


async def test_other_notices_ask_for_nothing(company: Company) -> None:
    await company.office.receive(notice("updated", "", department="7"))
    assert await TaskRow.all().count() == 0


async def test_the_command_line_lets_somebody_leave(company: Company) -> None:
    await hire("陈静", Role.MANAGER, team="华东")
    await lead_of(await hire("李娜", team="华东"))
    words = await leave_now(company.office.house, TENANT, "李娜")
    assert "1 条线索交给 陈静" in words
    assert await OutboxRow.filter(user="陈静").count() == 1


async def code_for(office: Office, who: Person, platform: str) -> str:
    said = event("绑定", who=who.accounts[platform], platform=platform, key=f"c{office.clock.at}")
    await office.receive(said)
    row = await OutboxRow.filter(user=who.accounts[platform]).order_by("-id").first()
    card = json.loads(row.card) if row else {}
    [pairs] = [block["pairs"] for block in card["blocks"] if block["is"] == "Fields"]
    return str(pairs[0][1])


async def said(office: Office, text: str, *, who: str = "staff-9", number: int = 1) -> str:
    """What a stranger on DingTalk is answered."""
    key = f"b{number}{text}"
    await office.receive(event(text, who=who, platform="dingtalk", key=key))
    row = await OutboxRow.filter(user=who).order_by("-id").first()
    return str(json.loads(row.card)["title"]) if row else ""


async def test_a_stranger_with_a_code_is_the_person_who_got_it(office: Office) -> None:
    who = await fakes.hire("李娜", wecom="lina")
    code = await code_for(office, who, "wecom")
    assert await said(office, f"绑定 {code.lower()}") == "绑定成功 · 李娜"
    found = await person.by_account(TENANT, "dingtalk", "staff-9")
    assert found is not None
    assert found.accounts == {"wecom": "lina", "dingtalk": "staff-9"}
    told = await OutboxRow.filter(user="lina", platform="wecom").order_by("-id").first()
    assert told is not None
    assert "您的钉钉账号已绑定" in told.card
    assert await AuditRow.filter(action="person.bind").count() == 1
    assert "已经用过" in await said(office, f"绑定 {code}", who="thief")


async def test_the_code_is_not_kept_as_it_is(office: Office) -> None:
    code = await code_for(office, await fakes.hire("李娜", wecom="lina"), "wecom")
    row = await BindCode.get()
    assert code.replace("-", "") not in (row.digest, row.user)


async def test_codes_expire_and_wrong_ones_are_told(office: Office) -> None:
    code = await code_for(office, await fakes.hire("李娜", wecom="lina"), "wecom")
    office.clock.wait(minutes=10)
    assert "已过期" in await said(office, f"绑定 {code}")
    assert "绑定码不对" in await said(office, "绑定 ABCD2345")
    assert await Account.filter(platform="dingtalk").count() == 0


async def test_a_new_code_voids_the_old_one(office: Office) -> None:
    who = await fakes.hire("李娜", wecom="lina")
    old = await code_for(office, who, "wecom")
    office.clock.wait(seconds=1)
    await code_for(office, who, "wecom")
    assert "绑定码不对" in await said(office, f"绑定 {old}")


async def test_whoever_guesses_is_slowed_down(office: Office) -> None:
    code = await code_for(office, await fakes.hire("李娜", wecom="lina"), "wecom")
    for number in range(5):
        assert "绑定码不对" in await said(office, "绑定 WRNG2345", number=number)
    assert "尝试太频繁" in await said(office, f"绑定 {code}", number=9)
    assert "绑定成功" in await said(office, f"绑定 {code}", who="other", number=10)


async def test_a_second_account_on_a_platform_is_refused(office: Office) -> None:
    who = await fakes.hire("李娜", wecom="lina", dingtalk="staff-1")
    code = await code_for(office, who, "wecom")
    assert "另一个账号" in await said(office, f"绑定 {code}")


async def test_the_departed_bind_nothing(office: Office) -> None:
    who = await fakes.hire("李娜", wecom="lina")
    code = await code_for(office, who, "wecom")
    await PersonRecord.filter(id=who.id).update(left_at=NOON)
    assert "绑定码不对" in await said(office, f"绑定 {code}")


async def test_a_stranger_is_told_of_both_ways_in(office: Office) -> None:
    words = await said(office, "你好")
    assert "请把下面的编号发给管理员" in words
    assert "绑定" in words
    await ContactRow.create(
        tenant=TENANT,
        platform="dingtalk",
        user="staff-9",
        name="郑爽",
        is_present=True,
        seen_at=NOON,
    )
    assert "还没有动能的角色" in await said(office, "你好", number=2)
