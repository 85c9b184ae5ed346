"""Deciding about a lead that is being lost, as a manager presses it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.adapter import Inline
from cards.card import Card
from crm.lead import Status
from crm.momentum import Heat
from crm.person import Person, Role
from crm.refusal import NotAllowedError, NotFoundError, RefusedError
from models import momentum, policy
from models.lead import LeadEvent, LeadRow
from models.momentum import MomentumRow
from tests.fakes import TENANT, hire
from tests.office import Office

CAPTURE = "新线索 华东医疗 王主任 13800001234 预算80万"


@pytest.fixture
async def rep(database: str) -> Person:
    return await hire("李明", Role.REP, team="华东", manager="张伟", wecom="liming")


@pytest.fixture
async def manager(database: str) -> Person:
    return await hire("张伟", Role.MANAGER, team="华东", feishu="zhang")


@pytest.fixture
async def fused(office: Office, rep: Person, manager: Person) -> Office:
    """A lead has cooled until its fuse card lies on the manager's and the rep's phone."""
    await office.answer(rep, CAPTURE)
    await melt(office)
    assert phone_of(office, "红色熔断") == 1
    return office


async def melt(office: Office) -> None:
    office.clock.wait(days=30)
    await office.settle()


def phone_of(office: Office, title: str, platform: str = "feishu") -> int:
    return sum(title in shown for shown in office.phone(platform).shown())


async def the_lead() -> LeadRow:
    return await LeadRow.get()


def inline(worked: object) -> Inline:
    found = getattr(worked, "inline", None)
    assert isinstance(found, Inline)
    return found


async def test_cooling_warns_the_rep_first_and_asks_the_manager_then(
    office: Office, rep: Person, manager: Person
) -> None:
    await office.answer(rep, CAPTURE)
    seen = []
    for _ in range(40):
        due = (await momentum.standing(1)).next
        if due is None:
            break
        office.clock.at = due.at
        await office.settle()
        seen.append((await momentum.standing(1)).heat)
    assert seen == [Heat.YELLOW, Heat.RED]
    wecom = office.phone("wecom").order
    assert [title.partition(" · ")[0] for title in wecom] == ["黄色预警", "红色熔断"]
    assert [title.partition(" · ")[0] for title in office.phone().order] == ["红色熔断"]
    [card] = office.phone().phones.values()
    assert "挽回话术" in card.plain()
    assert "接手 1 v1" in card.plain()
    assert "13800001234" not in card.plain()


async def test_a_sweep_at_once_from_several_processes_tells_everybody_once(
    office: Office, rep: Person, manager: Person
) -> None:
    await office.answer(rep, CAPTURE)
    office.clock.wait(days=30)
    await asyncio.gather(*(office.sweep_momentum() for _ in range(4)))
    await office.settle()
    assert len(office.phone().order) == 1
    assert (await momentum.standing(1)).fuses == 1


async def test_taking_over_changes_every_copy(fused: Office, manager: Person) -> None:
    worked = await fused.press("zhang", "接手 1 v1", "om_1")
    told = inline(worked)
    assert told.card is not None
    assert told.card.title.startswith("已处理")
    row = await the_lead()
    assert (row.owner_id, row.version) == (manager.id, 2)
    fused.clock.wait(seconds=5)
    await fused.settle()
    assert phone_of(fused, "已处理") == 1
    assert phone_of(fused, "已处理", "wecom") == 1


async def test_reassigning_by_the_cards_choice_tells_the_new_owner(fused: Office) -> None:
    peer = await hire("王强", Role.REP, team="华东", wecom="wangqiang")
    worked = await fused.press("zhang", "改派 1 v1", "om_1", form={"rep": str(peer.id)})
    assert "已改派给 王强" in inline(worked).toast
    assert (await the_lead()).owner_id == peer.id
    await fused.settle()
    assert phone_of(fused, "新派线索", "wecom") == 1


async def test_where_no_list_is_shown_a_name_or_number_is_typed(fused: Office) -> None:
    peer = await hire("王强", Role.REP, team="华东", wecom="wangqiang")
    await fused.press("zhang", "改派 1 v1", "om_1", form={"rep": "王强"})
    assert (await the_lead()).owner_id == peer.id
    other = await hire("王强", Role.REP, team="华南", wecom="wangqiang2")
    await fused.press("zhang", f"改派 1 v2 {other.id}", "om_2")
    assert (await the_lead()).owner_id == other.id


async def test_reassigning_needs_somebody(fused: Office) -> None:
    told = inline(await fused.press("zhang", "改派 1 v1", "om_1"))
    assert "请先选择" in told.toast
    assert (await the_lead()).version == 1


async def test_a_name_is_as_good_as_a_choice(fused: Office, manager: Person) -> None:
    peer = await hire("王强", Role.REP, team="华东", wecom="wangqiang")
    await fused.answer(manager, "改派 1 王强")
    assert (await the_lead()).owner_id == peer.id
    with pytest.raises(NotFoundError, match="核对姓名"):
        await fused.answer(manager, "改派 1 王小强")


async def test_one_of_two_people_of_a_name_must_be_chosen(fused: Office, manager: Person) -> None:
    for team in ("华东", "华北"):
        await hire("王强", Role.REP, team=team, wecom=f"w{team}")
    with pytest.raises(RefusedError, match="2 位"):
        await fused.answer(manager, "改派 1 王强")


async def test_two_press_at_once_and_one_is_told_it_is_outdated(fused: Office) -> None:
    await hire("陈总", Role.DIRECTOR, feishu="chen")
    pressed = await asyncio.gather(
        fused.press("zhang", "接手 1 v1", "om_1"), fused.press("chen", "接手 1 v1", "om_9")
    )
    toasts = [inline(item).toast for item in pressed]
    assert sum("已过时" in toast for toast in toasts) == 1
    assert (await the_lead()).version == 2
    assert await LeadEvent.filter(kind="take_over").count() == 1


async def test_an_old_card_shows_how_things_stand(fused: Office, manager: Person) -> None:
    await fused.answer(manager, "接手 1")
    told = inline(await fused.press("zhang", "放弃 1 v1", "om_1", form={"reason": "项目取消了"}))
    assert told.card is not None
    assert "已接手" in told.card.plain()
    assert (await the_lead()).status == Status.OPEN


async def test_giving_up_needs_a_reason_and_ends_the_crossings(
    fused: Office, manager: Person
) -> None:
    with pytest.raises(RefusedError, match="理由"):
        await fused.answer(manager, "放弃 1")
    await fused.answer(manager, "放弃 1 项目取消，客户选了 v2 方案")
    row = await the_lead()
    assert (row.status, row.reason) == (Status.WRITTEN_OFF, "项目取消，客户选了 v2 方案")
    assert await MomentumRow.filter(changes_at__not_isnull=True).count() == 0
    with pytest.raises(RefusedError, match="不能再处理"):
        await fused.answer(manager, "接手 1")


@pytest.mark.parametrize("reason", ["项目" * 400, "取" * 201])
async def test_a_long_reason_is_no_reason_to_fail(
    fused: Office, manager: Person, reason: str
) -> None:
    await fused.answer(manager, f"放弃 1 {reason}")
    assert (await the_lead()).status == Status.WRITTEN_OFF


async def test_a_snoozed_decision_comes_back(fused: Office, manager: Person) -> None:
    await fused.answer(manager, "稍后 1")
    until = (await the_lead()).snoozed_until
    assert isinstance(until, datetime)
    before = len(fused.phone().order)
    fused.clock.at = until - timedelta(seconds=1)
    await fused.settle()
    assert len(fused.phone().order) == before
    fused.clock.at = until
    await fused.settle()
    assert len(fused.phone().order) == before + 1


async def test_a_snoozed_decision_that_was_made_meanwhile_stays_away(
    fused: Office, manager: Person
) -> None:
    await fused.answer(manager, "稍后 1")
    await fused.answer(manager, "放弃 1 项目取消了")
    before = len(fused.phone().order)
    fused.clock.wait(days=60)
    await fused.settle()
    assert len(fused.phone().order) == before


@pytest.mark.parametrize("text", ["接手 1", "稍后 1", "放弃 1 项目取消", "改派 1 王强"])
async def test_a_rep_does_not_decide(fused: Office, rep: Person, text: str) -> None:
    with pytest.raises(NotAllowedError):
        await fused.answer(rep, text)


async def test_another_teams_manager_does_not_decide(fused: Office) -> None:
    far = await hire("远方", Role.MANAGER, team="华北", feishu="far")
    with pytest.raises(NotAllowedError):
        await fused.answer(far, "接手 1")
    assert (await the_lead()).version == 1


async def test_no_such_lead_is_said_so(office: Office, manager: Person) -> None:
    with pytest.raises(NotFoundError, match="线索"):
        await office.answer(manager, "接手 99")


async def test_momentum_shows_a_lead_or_the_team(
    office: Office, rep: Person, manager: Person
) -> None:
    await office.answer(rep, CAPTURE)
    for who, text in ((rep, "动能 华东医疗"), (rep, "动能 1"), (manager, "动能华东医疗")):
        card = (await office.answer(who, text)).card
        assert isinstance(card, Card)
        assert "华东医疗" in card.title
    team = (await office.answer(manager, "动能 团队")).card
    assert team is not None
    assert "1 条" in team.plain()


async def test_new_thresholds_reach_the_leads_that_are_on_their_way(
    office: Office, rep: Person, manager: Person
) -> None:
    await office.answer(rep, CAPTURE)
    before = (await momentum.standing(1)).next
    await policy.append(
        TENANT,
        {"momentum": {"yellow_below": 55.0}},
        after=0,
        author="赵敏",
        reason="",
        changed="…",
        now=office.clock.at,
    )
    await office.book.refresh(TENANT)
    await office.settle()
    standing = await momentum.standing(1)
    assert standing.policy_version == 1
    assert before is not None
    assert standing.next is not None
    assert standing.next.at < before.at


async def test_a_touch_brings_a_red_lead_back_and_says_so(fused: Office, rep: Person) -> None:
    await fused.answer(rep, "跟进 1 客户约了演示，要招标，问了价格和预算80万")
    for _ in range(3):
        fused.clock.wait(hours=24)
        await fused.settle()
    assert (await momentum.standing(1)).heat is not Heat.RED
