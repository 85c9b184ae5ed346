"""Leads by chat, as a rep types them."""

from __future__ import annotations

import asyncio

import pytest

from crm.lead import Status
from crm.person import Person, Role
from crm.refusal import NotAllowedError, NotFoundError, RefusedError
from models import lead as leads
from models import momentum
from models.lead import LeadEvent, LeadRow
from models.momentum import SignalRow
from tests.fakes import hire
from tests.office import Office

CAPTURE = "新线索 华东医疗 王主任 13800001234 预算80万 下周招标"


@pytest.fixture
async def rep(database: str) -> Person:
    return await hire("李明", Role.REP, team="华东")


async def shown(office: Office, who: Person, text: str) -> str:
    card = (await office.answer(who, text)).card
    assert card is not None
    return card.plain()


async def test_a_sentence_becomes_a_lead(office: Office, rep: Person) -> None:
    said = await shown(office, rep, CAPTURE)
    row = await LeadRow.get()
    assert (row.company, row.owner_id) == ("华东医疗", rep.id)
    assert row.mobile.endswith("13800001234")
    assert row.budget_fen == 80_000_000
    assert (row.team, row.created_at) == ("华东", office.clock.at)
    assert "线索已登记" in said
    assert f"动能 {row.id}" in said
    assert "13800001234" not in said  # cards travel; the number stays in the table
    standing = await momentum.standing(row.id)
    assert standing.next is not None
    kinds = [item.kind for item in await SignalRow.all()]
    assert kinds[0] == "capture"
    assert len(kinds) > 1


async def test_the_same_customer_again_adds_the_news_to_the_lead(
    office: Office, rep: Person
) -> None:
    await office.answer(rep, CAPTURE)
    said = await shown(office, rep, "新线索 华东医疗 王主任 13800001234 想要报价")
    assert "已合并" in said
    assert await LeadRow.all().count() == 1
    assert await SignalRow.filter(kind="capture").count() == 1


async def test_a_colleagues_customer_is_not_taken_and_the_colleague_named(
    office: Office, rep: Person
) -> None:
    await office.answer(rep, CAPTURE)
    other = await hire("王强", Role.REP, team="华东")
    with pytest.raises(RefusedError, match="李明"):
        await office.answer(other, CAPTURE)
    assert await LeadRow.all().count() == 1


@pytest.mark.parametrize("text", ["新线索", "新线索 13800001234"])
async def test_without_a_company_it_says_how(office: Office, rep: Person, text: str) -> None:
    with pytest.raises(RefusedError, match="新线索"):
        await office.answer(rep, text)
    assert await LeadRow.all().count() == 0


@pytest.mark.parametrize(
    "text",
    [
        "新线索 " + "很" * 3000,
        "新线索 华东医疗 " + "王" * 200 + " 13800001234",
        "新线索 " + "长" * 150 + "公司 王主任 13800001234 " + "需求" * 300,
        "新线索 华东医疗 王主任 13800001234 预算" + "9" * 30 + "万",
    ],
)
async def test_whatever_is_typed_is_answered(office: Office, rep: Person, text: str) -> None:
    try:
        answer = await office.answer(rep, text)
        said = answer.toast or (answer.card.title if answer.card else "")
    except RefusedError as refused:
        said = str(refused)
    assert said


async def test_a_follow_up_is_a_touch_with_its_next_step(office: Office, rep: Person) -> None:
    await office.answer(rep, CAPTURE)
    office.clock.wait(hours=5)
    said = await shown(office, rep, "跟进 华东医疗 电话沟通，下周三演示")
    row = await LeadRow.get()
    assert "演示" in row.next_step
    assert row.next_step_at is not None
    assert row.next_step_at > office.clock.at
    assert row.last_touch_at == office.clock.at
    assert row.version == 2
    assert "跟进已记录" in said
    assert len(await leads.touches(row.id)) == 1
    assert await SignalRow.filter(kind="touch").count() == 1


async def test_a_follow_up_by_number_without_words_asks_for_them(
    office: Office, rep: Person
) -> None:
    await office.answer(rep, CAPTURE)
    assert "请发送「跟进 华东医疗" in await shown(office, rep, "跟进 1")
    assert await LeadEvent.filter(kind=leads.TOUCH).count() == 0


async def test_a_follow_up_that_is_a_book_is_refused_in_words(office: Office, rep: Person) -> None:
    await office.answer(rep, CAPTURE)
    with pytest.raises(RefusedError, match="太长"):
        await office.answer(rep, "跟进 1 " + "沟通" * 2000)


@pytest.mark.parametrize("text", ["跟进 1 " + "沟通" * 450, "跟进 1 下周三" + "演示" * 300])
async def test_a_very_long_follow_up_is_kept_as_far_as_it_goes(
    office: Office, rep: Person, text: str
) -> None:
    await office.answer(rep, CAPTURE)
    assert "跟进已记录" in await shown(office, rep, text)


async def test_another_reps_lead_cannot_be_followed_up(office: Office, rep: Person) -> None:
    await office.answer(rep, CAPTURE)
    other = await hire("王强", Role.REP, team="华东")
    with pytest.raises(NotFoundError, match="李明"):
        await office.answer(other, "跟进 华东医疗 我来跟")
    with pytest.raises(NotFoundError):
        await office.answer(other, "跟进 1 我来跟")


async def test_a_closed_lead_is_not_followed_up(office: Office, rep: Person) -> None:
    await office.answer(rep, CAPTURE)
    await LeadRow.all().update(status=Status.WON)
    with pytest.raises(RefusedError, match="不能再处理"):
        await office.answer(rep, "跟进 1 再聊聊")


async def test_follow_ups_at_once_are_all_kept(office: Office, rep: Person) -> None:
    await office.answer(rep, CAPTURE)
    await asyncio.gather(*(office.answer(rep, f"跟进 1 第 {n} 次沟通") for n in range(5)))
    assert len(await leads.touches(1)) == 5
    assert (await LeadRow.get()).version == 6


async def test_my_leads_are_mine_alone(office: Office, rep: Person) -> None:
    assert "还没有线索" in await shown(office, rep, "我的线索")
    await office.answer(rep, CAPTURE)
    other = await hire("王强", Role.REP, team="华东")
    assert "华东医疗" in await shown(office, rep, "我的线索")
    assert "华东医疗" in await shown(office, rep, "线索 1")
    assert "还没有线索" in await shown(office, other, "我的线索")


@pytest.mark.parametrize("text", ["新线索 甲公司 王总", "跟进 1 沟通", "我的线索"])
async def test_store_staff_have_no_leads(office: Office, rep: Person, text: str) -> None:
    staff = await hire("店员", Role.STAFF, store="望京店")
    with pytest.raises(NotAllowedError):
        await office.answer(staff, text)


async def test_a_redelivered_sentence_is_one_lead_and_one_touch(
    office: Office, rep: Person
) -> None:
    """The same event worked twice, as after a crash before "done" was committed elsewhere."""
    for _ in range(2):
        office._said = 0  # the same event key
        await office.answer(rep, CAPTURE)
    assert await LeadRow.all().count() == 1
    assert await SignalRow.filter(kind="capture").count() == 1
