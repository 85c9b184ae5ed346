"""The people file taken in: what is counted, what is refused, who is moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crm.person import PersonRow, Role
from jobs import demo
from models import lead as leads
from models import person
from models.outbox import OutboxRow
from models.person import Account, PersonRecord
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
