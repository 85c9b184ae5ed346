"""The people file taken in: what is counted, what is refused, who is moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crm.person import Known, PersonRow, Role
from jobs import demo
from models import lead as leads
from models import person
from models.outbox import OutboxRow
from models.person import Account, PersonRecord, batch, saving
from models.task import TaskRow
from tests import fakes
from tests.fakes import NOON, TENANT
from tests.office import Office

pytestmark = pytest.mark.usefixtures("database")


def row(name: str = "李娜", accounts: Mapping[str, str] | None = None, **more: Any) -> PersonRow:
    given = {"team": "华东", "store": "", "manager": "", "mobile": "", "skills": (), **more}
    return PersonRow(
        name=name,
        roles=given.pop("roles", frozenset({Role.REP})),
        accounts=accounts or {"wecom": "lina"},
        **given,
    )


async def counts(*rows: PersonRow) -> tuple[int, int, int, int]:
    saved = await person.save(TENANT, rows, now=NOON)
    return saved.added, saved.updated, saved.unchanged, len(saved.faults)


async def test_an_unchanged_file_changes_nothing() -> None:
    rows = demo.people()
    assert await counts(*rows) == (len(rows), 0, 0, 0)
    before = await PersonRecord.all().order_by("id").values()
    assert await counts(*reversed(rows)) == (0, 0, len(rows), 0)
    assert await PersonRecord.all().order_by("id").values() == before
    assert await TaskRow.all().count() == 0


async def test_every_change_is_an_update_once() -> None:
    await counts(row())
    for changed in (
        row(roles=frozenset({Role.REP, Role.MANAGER})),
        row(roles=frozenset({Role.REP, Role.MANAGER}), mobile="13900000101"),
        row(roles=frozenset({Role.REP}), skills=("收银",)),
        row(accounts={"wecom": "lina", "feishu": "ou_1"}),
    ):
        assert await counts(changed) == (0, 1, 0, 0)
        assert await counts(changed) == (0, 0, 1, 0)
    assert await PersonRecord.all().count() == 1


async def test_a_number_and_an_account_that_the_file_lacks_stay() -> None:
    await counts(row(accounts={"wecom": "lina", "dingtalk": "9"}, mobile="13900000101"))
    assert await counts(row()) == (0, 0, 1, 0)
    assert await Account.all().count() == 2


async def test_another_persons_account_stays_with_that_person() -> None:
    await counts(row(), row("王强", {"wecom": "wq"}))
    saved = await person.save(TENANT, [row("王强", {"wecom": "lina"}, line=5)])
    assert saved.faults[0].startswith("第 5 行 wecom_userid")
    found = await person.by_account(TENANT, "wecom", "lina")
    assert found is not None
    assert found.name == "李娜"


async def test_two_people_swap_their_places() -> None:
    one, two = row(store="望京店"), row(store="国贸店", accounts={"wecom": "lina2"})
    await counts(one, two)
    swapped = (row(store="国贸店"), row(store="望京店", accounts={"wecom": "lina2"}))
    assert await counts(*swapped) == (0, 2, 0, 0)
    found = await person.by_account(TENANT, "wecom", "lina")
    assert found is not None
    assert found.store == "国贸店"


async def test_a_new_team_moves_the_leads_and_tells_both_managers(office: Office) -> None:
    old = await fakes.hire("陈静", Role.MANAGER, team="华东", feishu="chen")
    new = await fakes.hire("钱进", Role.MANAGER, team="华南", feishu="qian")
    await counts(row())
    [who] = await person.by_name(TENANT, "李娜")
    lead = await leads.create(TENANT, leads.NewLead("甲公司"), owner=who, now=NOON)
    assert await counts(row(team="华南")) == (0, 1, 0, 0)
    await office.tasks.drain()
    seen = await leads.by_id(TENANT, lead.id)
    assert seen is not None
    assert (seen.owner_id, seen.team, seen.version) == (who.id, "华南", 2)
    assert {item.user async for item in OutboxRow.all()} == {
        old.accounts["feishu"],
        new.accounts["feishu"],
    }
    [(_, words)] = await leads.history(lead.id)
    assert "已随 李娜 调入 华南" in words


async def test_a_new_manager_alone_moves_no_lead(office: Office) -> None:
    await fakes.hire("陈静", Role.MANAGER, team="华东", feishu="chen")
    await fakes.hire("钱进", Role.MANAGER, team="华南", feishu="qian")
    await counts(row(manager="陈静"))
    [who] = await person.by_name(TENANT, "李娜")
    lead = await leads.create(TENANT, leads.NewLead("甲公司"), owner=who, now=NOON)
    await counts(row(manager="钱进"))
    await office.tasks.drain()
    seen = await leads.by_id(TENANT, lead.id)
    assert seen is not None
    assert seen.version == 1
    assert await OutboxRow.all().count() == 2


async def test_who_returns_is_the_same_person() -> None:
    await counts(row())
    await PersonRecord.all().update(left_at=NOON)
    assert await counts(row()) == (0, 1, 0, 0)
    assert await PersonRecord.filter(left_at=None).count() == 1


async def test_somebody_without_roles_may_be_read() -> None:
    await counts(row())
    await PersonRecord.all().update(roles="")
    [who] = await person.everyone(TENANT)
    assert who.roles == frozenset()


async def test_a_long_file_is_written_in_parts_and_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST", 2)
    monkeypatch.setattr(saving, "_PAUSE_SECONDS", 0)
    rows = [row(f"人{n}", {"wecom": f"u{n}"}) for n in range(5)]
    told: list[int] = []
    saved = await person.save(TENANT, rows, progress=told.append)
    assert (saved.added, told) == (5, [2, 4, 5])
    assert await counts(*rows) == (0, 0, 5, 0)


async def test_who_changes_places_stays_in_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST", 1)
    monkeypatch.setattr(saving, "_PAUSE_SECONDS", 0)
    stores = ("望京店", "国贸店", "三里屯店")
    await counts(*(row(store=s, accounts={"wecom": s}) for s in stores))
    turned = [row(store=stores[n - 1], accounts={"wecom": s}) for n, s in enumerate(stores)]
    assert await counts(*turned, row("王强", {"wecom": "wq"})) == (1, 3, 0, 0)
    assert await counts(*turned) == (0, 0, 3, 0)


async def test_what_somebody_else_changed_meanwhile_is_planned_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await counts(row())
    known = await person.on_record(TENANT)
    await PersonRecord.all().update(mobile="13900000101")
    reads = [known]

    async def on_record(tenant: str) -> list[Known]:
        return reads.pop() if reads else await person.on_record(tenant)

    monkeypatch.setattr(saving, "on_record", on_record)
    assert await counts(row(store="望京店")) == (0, 1, 0, 0)
    [after] = await person.on_record(TENANT)
    assert (after.store, after.mobile) == ("望京店", "13900000101")


async def test_an_account_taken_meanwhile_is_not_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await counts(row())
    reads: list[list[Known]] = [[]]

    async def on_record(tenant: str) -> list[Known]:
        return reads.pop() if reads else await person.on_record(tenant)

    monkeypatch.setattr(saving, "on_record", on_record)
    assert await counts(row("王强")) == (0, 0, 0, 1)
    [after] = await person.on_record(TENANT)
    assert after.name == "李娜"


async def test_who_is_always_being_changed_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await counts(row())

    async def on_record(_: str) -> list[Known]:
        return []

    monkeypatch.setattr(saving, "on_record", on_record)
    saved = await person.save(TENANT, [row(line=4)])
    assert saved.faults == ("第 4 行：这个人正在被别处修改，请稍后再导入一次",)
    assert await PersonRecord.all().count() == 1


async def test_a_departed_persons_account_goes_over_and_theirs_comes_back() -> None:
    await counts(row(mobile="13900000101"))
    await PersonRecord.all().update(left_at=NOON)
    back, heir = row(accounts={"wecom": "lina2"}, mobile="13900000101"), row("王强")
    assert await counts(heir, back) == (1, 1, 0, 0)
    owners = {who.name: who.accounts for who in await person.on_record(TENANT)}
    assert owners == {"李娜": {"wecom": "lina2"}, "王强": {"wecom": "lina"}}
