"""People and their accounts: the people file brings them in, as often as it likes."""

from __future__ import annotations

import pytest

from crm.person import Person, PersonRow, Role, read_row
from models import person
from models.person import Account, PersonRecord
from tests.fakes import NOON, TENANT, hire

pytestmark = pytest.mark.usefixtures("database")


def row(**cells: str) -> PersonRow:
    found = read_row(2, {"name": "李明", "role": "rep", "wecom_userid": "liming", **cells})
    assert not isinstance(found, str)
    return found


async def load(*rows: PersonRow) -> tuple[int, int, int]:
    """(added, updated, unchanged)."""
    saved = await person.save(TENANT, rows, now=NOON)
    assert saved.faults == ()
    return saved.added, saved.updated, saved.unchanged


async def test_the_same_file_again_changes_nothing() -> None:
    rows = [row(), row(name="王强", wecom_userid="wangqiang", feishu_open_id="ou_1")]
    assert await load(*rows) == (2, 0, 0)
    before = await person.everyone(TENANT)
    assert await load(*rows) == (0, 0, 2)
    assert await person.everyone(TENANT) == before
    assert await Account.all().count() == 3


async def test_a_corrected_line_takes_effect() -> None:
    await load(row(manager="张伟"))
    await load(row(manager="陈总", role="rep|manager", mobile="138 0000 1234"))
    [found] = await person.everyone(TENANT)
    assert (found.manager, found.roles) == ("陈总", frozenset((Role.REP, Role.MANAGER)))


async def test_a_corrected_account_takes_the_place_of_the_wrong_one() -> None:
    """Else messages go to whoever has the old id, and that person speaks with our rights."""
    await load(row(feishu_open_id="ou_wrong"))
    await load(row(feishu_open_id="ou_right"))
    [found] = await person.everyone(TENANT)
    assert found.accounts == {"wecom": "liming", "feishu": "ou_right"}
    assert await person.by_account(TENANT, "feishu", "ou_wrong") is None
    right = await person.by_account(TENANT, "feishu", "ou_right")
    assert right is not None
    assert right.id == found.id


async def test_an_account_that_is_not_mentioned_stays() -> None:
    await load(row(feishu_open_id="ou_1"))
    await load(row())
    [found] = await person.everyone(TENANT)
    assert found.accounts == {"wecom": "liming", "feishu": "ou_1"}


async def test_whoever_left_and_is_in_the_file_again_is_back() -> None:
    await load(row())
    await PersonRecord.all().update(left_at=NOON)
    assert await person.everyone(TENANT) == []
    await load(row())
    assert len(await person.everyone(TENANT)) == 1


async def test_a_greeting_is_not_forgotten_by_an_import() -> None:
    await load(row())
    assert await person.greet(TENANT, "wecom", "liming", now=NOON)
    await load(row())
    assert not await person.greet(TENANT, "wecom", "liming", now=NOON)


async def test_accounts_of_another_tenant_are_strangers() -> None:
    await load(row())
    assert await person.by_account("other", "wecom", "liming") is None
    assert await person.by_account(TENANT, "feishu", "liming") is None
    assert await person.by_account(TENANT, "wecom", "liming") is not None


async def test_the_manager_is_the_one_named_else_the_teams_else_a_director() -> None:
    rep = await hire("李明", Role.REP, team="华东", manager="陈总")
    lone = await hire("周杰", Role.REP, team="西南")
    head = await hire("张伟", Role.MANAGER, team="华东")
    boss = await hire("陈总", Role.DIRECTOR)
    peer = await hire("王强", Role.REP, team="华东", manager="离职的人")

    async def manager(who: Person) -> str:
        found = await person.manager_of(who)
        return found.name if found else ""

    assert await manager(rep) == "陈总"
    assert await manager(peer) == "张伟"
    assert await manager(head) == "陈总"
    assert await manager(lone) == "陈总"
    assert await manager(boss) == ""


async def test_roles_are_whole_words() -> None:
    await hire("店长", Role.STORE_MANAGER, store="望京店")
    assert await person.with_role(TENANT, Role.MANAGER) == []
    assert len(await person.with_role(TENANT, Role.STORE_MANAGER, store="望京店")) == 1
