"""Rosters in the chat, as a store manager and the staff type them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.commands import OutdatedError
from cards.card import Card
from crm.person import Person, Role
from crm.refusal import NotAllowedError, NotFoundError, RefusedError
from crm.roster import RosterPolicy, Solution, Week, solve
from jobs import roster as job
from models import roster as rosters
from models.roster import RosterRow
from models.task import TaskRow
from tests.fakes import TENANT, event, hire
from tests.office import Office

STORE = "望京店"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same solver, in this process and for a moment only."""

    async def solved(week: Week, policy: RosterPolicy, *, seed: int) -> Solution:
        return solve(week, policy, seed=seed, effort=0.05)

    monkeypatch.setattr(job, "_solved", solved)


@pytest.fixture
async def boss(database: str) -> Person:
    return await hire("孙店", Role.STORE_MANAGER, store=STORE, dingtalk="sun")


@pytest.fixture
async def staff(boss: Person) -> list[Person]:
    return [await hire(f"店员{n}", Role.STAFF, store=STORE, dingtalk=f"staff{n}") for n in range(8)]


async def card(office: Office, who: Person, text: str) -> Card:
    found = (await office.answer(who, text)).card
    assert found is not None
    return found


async def drafted(office: Office, boss: Person) -> int:
    """Ask for a roster and wait for its draft."""
    await office.answer(boss, "排班")
    await office.settle()
    row = await RosterRow.all().order_by("-id").first()
    assert row is not None
    assert row.state == rosters.DRAFT
    return row.id


async def test_the_card_that_says_making_becomes_the_draft(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    await office.receive(event("排班", who="sun", platform="dingtalk"))
    await office.postman.drain()
    phone = office.phone("dingtalk")
    [making] = phone.shown()
    await office.settle()
    [draft] = phone.phones.values()
    assert draft.title != making
    assert draft.buttons[0].command.startswith("发布排班 1")
    [row] = await RosterRow.all()
    assert (row.state, row.version, row.author) == (rosters.DRAFT, 1, "孙店")
    assert row.week == office.clock.at.date() + timedelta(days=7)  # next Monday


async def test_asking_twice_makes_it_once(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    await office.answer(boss, "排班")
    await office.answer(boss, "排班")
    assert await RosterRow.all().count() == await TaskRow.all().count() == 1


async def test_a_run_that_says_nothing_may_be_asked_for_again(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    await office.answer(boss, "排班")
    office.clock.wait(minutes=4)
    await office.answer(boss, "排班")
    assert [row.version for row in await RosterRow.all().order_by("id")] == [1, 2]


async def test_pressed_three_times_at_once_it_is_published_once(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    number = await drafted(office, boss)
    answers = await asyncio.gather(
        *(office.answer(boss, f"发布排班 {number}") for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(item, RefusedError) for item in answers) == 2
    assert await RosterRow.filter(state=rosters.PUBLISHED).count() == 1


async def test_publishing_sends_one_card_a_colleague(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    number = await drafted(office, boss)
    _, outgoing = await office.asked(boss, f"发布排班 {number}")
    told = [item.to.name for item in outgoing]
    assert sorted(told) == [f"店员{n}" for n in range(8)]
    assert len({item.key for item in outgoing}) == 8


async def test_an_unfinished_roster_cannot_be_published(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    await office.answer(boss, "排班")
    with pytest.raises(RefusedError, match="还在生成"):
        await office.answer(boss, "发布排班 1")


async def test_the_buttons_of_an_older_version_are_outdated(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    old = await drafted(office, boss)
    await office.answer(boss, f"重排 {old}")
    await office.settle()
    with pytest.raises(OutdatedError, match="已更新"):
        await office.answer(boss, f"发布排班 {old}")
    assert await RosterRow.filter(state=rosters.PUBLISHED).count() == 0


async def test_another_stores_roster_is_not_found(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    number = await drafted(office, boss)
    other = await hire("钱店", Role.STORE_MANAGER, store="国贸店", dingtalk="qian")
    with pytest.raises(NotFoundError):
        await office.answer(other, f"发布排班 {number}")
    with pytest.raises(NotFoundError):
        await office.answer(boss, "发布排班 999")


async def test_before_anything_is_published_the_staff_are_told_so(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    await drafted(office, boss)
    shown = await card(office, staff[0], "我的班")
    assert "班" in shown.title
    assert not shown.buttons


async def test_without_people_or_store_it_says_what_is_missing(
    office: Office, database: str
) -> None:
    lone = await hire("赵店", Role.STORE_MANAGER, dingtalk="zhao")
    with pytest.raises(RefusedError, match="归属门店"):
        await office.answer(lone, "排班")


@pytest.mark.parametrize("text", ["排班", "发布排班 1", "重排 1"])
async def test_staff_do_not_make_rosters(office: Office, staff: list[Person], text: str) -> None:
    with pytest.raises(NotAllowedError):
        await office.answer(staff[0], text)


async def test_a_roster_that_was_made_twice_is_kept_once(
    office: Office, boss: Person, staff: list[Person]
) -> None:
    """The task ran to its end on two workers: the second changes nothing."""
    number = await drafted(office, boss)
    before = (await RosterRow.get(id=number)).body
    assert not await rosters.finish(TENANT, number, {"cells": []}, now=office.clock.at)
    assert (await RosterRow.get(id=number)).body == before
